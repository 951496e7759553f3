// Parquet: a parallel scan. One aggregate function takes all columns: DuckDB decodes and calls it
// on each of its threads with vectors that it keeps, so that nothing is copied or handed from
// thread to thread.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/memory.h"
#include "worker/executor/engine/parquet_request.h"

#define PAUSE_NS 100000

/* A lane of the sink with the conversion that goes with it. */
struct lane {
    void *sink;
    struct assay_vectors_lane *vectors;
    struct assay_batch batch;
    struct lane *next; /* free lanes form a list */
};

struct scan {
    const struct assay_parquet_request *request;
    const struct assay_parquet_sink *sink;
    struct assay_parquet_plan plan;
    struct lane *lanes;
    pthread_mutex_t lock; /* guards the list of free lanes and the error */
    pthread_cond_t freed;
    struct lane *free;
    bool failed;
    struct assay_error error;
};

static void scan_release(struct scan *scan)
{
    for (int i = 0; scan->lanes && i < scan->sink->lanes_count; i++)
        assay_vectors_lane_free(scan->lanes[i].vectors);
    assay_free(scan->lanes);
    assay_parquet_plan_release(&scan->plan);
    (void)pthread_cond_destroy(&scan->freed);
    (void)pthread_mutex_destroy(&scan->lock);
}

static int scan_init(struct scan *scan, struct assay_session *session, struct assay_error *err)
{
    if (pthread_mutex_init(&scan->lock, NULL) || pthread_cond_init(&scan->freed, NULL))
        return assay_fail_memory(err);
    ASSAY_TRY(assay_parquet_plan_init(session, scan->request, &scan->plan, err));
    scan->lanes = assay_calloc((size_t)scan->sink->lanes_count, sizeof *scan->lanes);
    if (!scan->lanes)
        return assay_fail_memory(err);
    for (int i = 0; i < scan->sink->lanes_count; i++) {
        struct lane *lane = &scan->lanes[i];
        lane->sink = scan->sink->lanes[i];
        ASSAY_TRY(assay_vectors_lane_new(scan->plan.vectors, &lane->vectors, err));
        lane->next = scan->free;
        scan->free = lane;
    }
    return ASSAY_OK;
}

/* NULL once the scan has failed. */
static struct lane *take_lane(struct scan *scan)
{
    struct lane *lane = NULL;
    (void)pthread_mutex_lock(&scan->lock);
    while (!scan->free && !scan->failed)
        (void)pthread_cond_wait(&scan->freed, &scan->lock);
    if (!scan->failed) {
        lane = scan->free;
        scan->free = lane->next;
    }
    (void)pthread_mutex_unlock(&scan->lock);
    return lane;
}

static void give_lane(struct scan *scan, struct lane *lane, const struct assay_error *error)
{
    (void)pthread_mutex_lock(&scan->lock);
    lane->next = scan->free;
    scan->free = lane;
    if (error->code != ASSAY_OK && !scan->failed) {
        scan->failed = true;
        scan->error = *error;
    }
    if (scan->failed)
        (void)pthread_cond_broadcast(&scan->freed);
    else
        (void)pthread_cond_signal(&scan->freed);
    (void)pthread_mutex_unlock(&scan->lock);
}

static int take_chunk(struct scan *scan, struct lane *lane, duckdb_data_chunk chunk,
                      struct assay_error *err)
{
    struct assay_batch *batch = &lane->batch;
    batch->rows = duckdb_data_chunk_get_size(chunk);
    batch->columns_count = assay_vectors_schema(scan->plan.vectors)->count;
    batch->first_row += batch->rows; /* where the place is not known: a number of the lane's own */
    assay_parquet_place(&scan->plan, scan->request, chunk, batch);
    ASSAY_TRY(assay_vectors_convert(lane->vectors, chunk, batch->rows, &batch->columns, err));
    return scan->sink->batch(lane->sink, batch, err);
}

/* --- the aggregate function's face to DuckDB; its state holds nothing --- */

static idx_t state_size(duckdb_function_info info)
{
    (void)info;
    return sizeof(int64_t);
}

static void state_init(duckdb_function_info info, duckdb_aggregate_state state)
{
    (void)info;
    memset(state, 0, sizeof(int64_t));
}

static void update(duckdb_function_info info, duckdb_data_chunk chunk,
                   duckdb_aggregate_state *states)
{
    (void)states;
    struct scan *scan = duckdb_aggregate_function_get_extra_info(info);
    struct assay_error error = {0};
    struct lane *lane = take_lane(scan);
    if (lane) {
        ASSAY_IGNORE(take_chunk(scan, lane, chunk, &error));
        give_lane(scan, lane, &error);
    }
    if (!lane || error.code != ASSAY_OK)
        duckdb_aggregate_function_set_error(info, "stopped");
}

static void combine(duckdb_function_info info, duckdb_aggregate_state *source,
                    duckdb_aggregate_state *target, idx_t count)
{
    (void)info;
    (void)source;
    (void)target;
    (void)count;
}

static void finalize(duckdb_function_info info, duckdb_aggregate_state *source,
                     duckdb_vector result, idx_t count, idx_t offset)
{
    (void)info;
    (void)source;
    int64_t *values = duckdb_vector_get_data(result);
    for (idx_t i = 0; i < count; i++)
        values[offset + i] = 0;
}

static void add_parameters(const struct assay_parquet_plan *plan,
                           duckdb_aggregate_function function)
{
    const size_t columns = assay_vectors_columns(plan->vectors);
    duckdb_logical_type code = duckdb_create_logical_type(DUCKDB_TYPE_USMALLINT);
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    for (size_t i = 0; i < columns; i++)
        duckdb_aggregate_function_add_parameter(function,
                                                plan->coded_columns && plan->coded_columns[i]
                                                    ? code
                                                    : assay_vectors_column_type(plan->vectors, i));
    for (size_t i = columns; i < assay_parquet_plan_columns(plan); i++)
        duckdb_aggregate_function_add_parameter(function, bigint);
    duckdb_aggregate_function_set_return_type(function, bigint);
    duckdb_destroy_logical_type(&code);
    duckdb_destroy_logical_type(&bigint);
}

static int register_function(struct scan *scan, struct assay_session *session, const char *name,
                             struct assay_error *err)
{
    duckdb_aggregate_function function = duckdb_create_aggregate_function();
    duckdb_aggregate_function_set_name(function, name);
    add_parameters(&scan->plan, function);
    duckdb_aggregate_function_set_functions(function, state_size, state_init, update, combine,
                                            finalize);
    duckdb_aggregate_function_set_special_handling(function);
    duckdb_aggregate_function_set_extra_info(function, scan, NULL);
    const duckdb_state state =
        duckdb_register_aggregate_function(assay_session_connection(session), function);
    duckdb_destroy_aggregate_function(&function);
    return state == DuckDBSuccess
               ? ASSAY_OK
               : assay_fail(err, ASSAY_INTERNAL, "the engine refuses the aggregate %s", name);
}

/* This thread works on the statement like DuckDB's own. When nothing is left for it while they
 * still work it sleeps: duckdb_query() would spin, and take their lock and their processor. */
static int run_tasks(duckdb_pending_result pending, struct assay_error *err)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    for (;;) {
        const duckdb_pending_state state = duckdb_pending_execute_task(pending);
        if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE)
            (void)nanosleep(&pause, NULL);
        else if (state != DUCKDB_PENDING_RESULT_NOT_READY)
            break;
    }
    duckdb_result result;
    duckdb_error_type type = DUCKDB_ERROR_INVALID_TYPE;
    int rc = ASSAY_OK;
    if (duckdb_execute_pending(pending, &result) != DuckDBSuccess) {
        type = duckdb_result_error_type(&result);
        rc = assay_session_fail(type, duckdb_result_error(&result), err);
    }
    duckdb_destroy_result(&result);
    return rc;
}

static int execute(struct assay_session *session, const char *sql, struct assay_error *err)
{
    duckdb_prepared_statement statement = NULL;
    duckdb_pending_result pending = NULL;
    int rc;
    if (duckdb_prepare(assay_session_connection(session), sql, &statement) != DuckDBSuccess)
        rc = assay_session_fail(DUCKDB_ERROR_INVALID, duckdb_prepare_error(statement), err);
    else if (duckdb_pending_prepared(statement, &pending) != DuckDBSuccess)
        rc = assay_session_fail(DUCKDB_ERROR_INVALID, duckdb_pending_error(pending), err);
    else
        rc = run_tasks(pending, err);
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&statement);
    return rc;
}

static int code(struct scan *scan, struct assay_session *session, const char *coder,
                struct assay_error *err)
{
    ASSAY_TRY(
        assay_parquet_plan_code(&scan->plan, session, coder, scan->request->dictionaries, err));
    for (int i = 0; i < scan->sink->lanes_count; i++)
        assay_vectors_lane_code(scan->lanes[i].vectors, scan->plan.coded);
    return ASSAY_OK;
}

static int run(struct scan *scan, struct assay_session *session, struct assay_error *err)
{
    static atomic_uint serial;
    char name[48];
    const unsigned number = atomic_fetch_add(&serial, 1);
    (void)snprintf(name, sizeof name, "assay_codes_%u_", number);
    if (scan->request->dictionaries)
        ASSAY_TRY(code(scan, session, name, err));
    (void)snprintf(name, sizeof name, "assay_scan_%u", number);
    ASSAY_TRY(register_function(scan, session, name, err));
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "SELECT %s(", name);
    assay_parquet_plan_names(&scan->plan, &sql);
    assay_buf_text(&sql, ") FROM (");
    assay_parquet_plan_sql(&scan->plan, scan->request, &sql);
    assay_buf_char(&sql, ')');
    ASSAY_TRY(assay_buf_check(&sql, err));
    struct assay_error engine_error = {0};
    const int rc = execute(session, sql.data, &engine_error);
    if (scan->failed) {
        if (err)
            *err = scan->error;
        return scan->error.code;
    }
    if (rc == ASSAY_OK)
        return ASSAY_OK;
    if (err)
        *err = engine_error;
    return assay_parquet_context(&scan->request->files, rc, err);
}

int assay_parquet_scan(struct assay_session *session, const struct assay_parquet_request *request,
                       const struct assay_parquet_sink *sink, struct assay_error *err)
{
    struct scan scan = {.request = request, .sink = sink};
    int rc = scan_init(&scan, session, err);
    if (rc == ASSAY_OK)
        rc = run(&scan, session, err);
    scan_release(&scan);
    return rc;
}
