// Tally: an aggregate function over statuses and hashes of keys.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan_tally.h"

#include <stdatomic.h>
#include <stdio.h>

#include "common/base/memory.h"

#define STATUSES 8 /* a power of two above all of enum assay_status */

/* What one thread counts. */
struct lane {
    struct lane *next, *next_free;
    uint64_t records, identities;
    uint64_t (*counts)[STATUSES];    /* of each judged check */
    struct assay_repeats_lane *keys; /* of each open key */
};

struct tally {
    size_t judged_count, keys_count;
    struct assay_tally_key **keys;
    pthread_mutex_t lock; /* guards the lists and the error */
    struct lane *all, *free;
    struct assay_error error;
};

/* --- lanes: as many as threads work at once --- */

static struct lane *new_lane(const struct tally *tally)
{
    struct lane *lane = assay_calloc(1, sizeof *lane);
    if (!lane)
        return NULL;
    lane->counts = assay_calloc(tally->judged_count + 1, sizeof *lane->counts);
    lane->keys = assay_calloc(tally->keys_count + 1, sizeof *lane->keys);
    if (lane->counts && lane->keys)
        return lane;
    assay_free(lane->counts);
    assay_free(lane->keys);
    assay_free(lane);
    return NULL;
}

static void free_lanes(struct tally *tally)
{
    while (tally->all) {
        struct lane *lane = tally->all;
        tally->all = lane->next;
        for (size_t i = 0; i < tally->keys_count; i++)
            assay_repeats_lane_release(&lane->keys[i]);
        assay_free(lane->counts);
        assay_free(lane->keys);
        assay_free(lane);
    }
}

static struct lane *take_lane(struct tally *tally)
{
    (void)pthread_mutex_lock(&tally->lock);
    struct lane *lane = tally->free;
    if (lane) {
        tally->free = lane->next_free;
    } else if ((lane = new_lane(tally))) {
        lane->next = tally->all;
        tally->all = lane;
    }
    (void)pthread_mutex_unlock(&tally->lock);
    return lane;
}

static void give_lane(struct tally *tally, struct lane *lane, const struct assay_error *error)
{
    (void)pthread_mutex_lock(&tally->lock);
    if (lane) {
        lane->next_free = tally->free;
        tally->free = lane;
    }
    if (error->code != ASSAY_OK && tally->error.code == ASSAY_OK)
        tally->error = *error;
    (void)pthread_mutex_unlock(&tally->lock);
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
    *(int64_t *)state = 0;
}

static int count_chunk(const struct tally *tally, struct lane *lane, duckdb_data_chunk chunk,
                       struct assay_error *err)
{
    const size_t rows = duckdb_data_chunk_get_size(chunk);
    const uint64_t *identities = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    lane->records += rows;
    for (size_t row = 0; row < rows; row++)
        lane->identities += identities[row];
    for (size_t i = 0; i < tally->judged_count; i++) {
        const uint8_t *codes = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, i + 1));
        for (size_t row = 0; row < rows; row++)
            lane->counts[i][codes[row] & (STATUSES - 1)]++;
    }
    for (size_t i = 0; i < tally->keys_count; i++) {
        duckdb_vector hashes = duckdb_data_chunk_get_vector(chunk, 1 + tally->judged_count + i);
        ASSAY_TRY(assay_repeats_add(&tally->keys[i]->repeats, &lane->keys[i],
                                    duckdb_vector_get_data(hashes),
                                    duckdb_vector_get_validity(hashes), rows, err));
    }
    return ASSAY_OK;
}

static void update(duckdb_function_info info, duckdb_data_chunk chunk,
                   duckdb_aggregate_state *states)
{
    (void)states;
    struct tally *tally = duckdb_aggregate_function_get_extra_info(info);
    struct assay_error error = {0};
    struct lane *lane = take_lane(tally);
    const int code = lane ? count_chunk(tally, lane, chunk, &error) : assay_fail_memory(&error);
    give_lane(tally, lane, &error);
    if (code != ASSAY_OK)
        duckdb_aggregate_function_set_error(info, "stopped");
}

static void combine(duckdb_function_info info, duckdb_aggregate_state *source,
                    duckdb_aggregate_state *target, idx_t count)
{
    (void)info, (void)source, (void)target, (void)count;
}

static void finalize(duckdb_function_info info, duckdb_aggregate_state *source,
                     duckdb_vector result, idx_t count, idx_t offset)
{
    (void)info, (void)source;
    int64_t *values = duckdb_vector_get_data(result);
    for (idx_t i = 0; i < count; i++)
        values[offset + i] = 0;
}

static void add_parameters(duckdb_aggregate_function function, duckdb_type id, size_t count)
{
    duckdb_logical_type type = duckdb_create_logical_type(id);
    for (size_t i = 0; i < count; i++)
        duckdb_aggregate_function_add_parameter(function, type);
    duckdb_destroy_logical_type(&type);
}

static int register_function(struct tally *tally, struct assay_session *session, const char *name,
                             struct assay_error *err)
{
    duckdb_aggregate_function function = duckdb_create_aggregate_function();
    duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    duckdb_aggregate_function_set_name(function, name);
    add_parameters(function, DUCKDB_TYPE_UBIGINT, 1);
    add_parameters(function, DUCKDB_TYPE_UTINYINT, tally->judged_count);
    add_parameters(function, DUCKDB_TYPE_UBIGINT, tally->keys_count);
    duckdb_aggregate_function_set_return_type(function, bigint);
    duckdb_aggregate_function_set_functions(function, state_size, state_init, update, combine,
                                            finalize);
    duckdb_aggregate_function_set_special_handling(function);
    duckdb_aggregate_function_set_extra_info(function, tally, NULL);
    const duckdb_state state =
        duckdb_register_aggregate_function(assay_session_connection(session), function);
    duckdb_destroy_aggregate_function(&function);
    duckdb_destroy_logical_type(&bigint);
    return state == DuckDBSuccess
               ? ASSAY_OK
               : assay_fail(err, ASSAY_INTERNAL, "the engine refuses the aggregate %s", name);
}

/* --- one reading --- */

static int run(struct tally *tally, struct assay_scan *scan, struct assay_scan_check *const *judged,
               struct assay_error *err)
{
    static atomic_uint serial;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    char name[48];
    (void)snprintf(name, sizeof name, "_assay_tally_%u", atomic_fetch_add(&serial, 1));
    ASSAY_TRY(register_function(tally, scan->session, name, err));
    assay_buf_printf(&sql, "SELECT %s(%s", name,
                     scan->only_verdicts && scan->only_verdicts->identify ? ASSAY_SCAN_IDENTITY
                                                                          : "0::UBIGINT");
    for (size_t i = 0; i < tally->judged_count; i++) {
        assay_buf_text(&sql, ", ");
        assay_scan_status_sql(judged[i]->rule, &sql);
    }
    for (size_t i = 0; i < tally->keys_count; i++) {
        assay_buf_text(&sql, ", ");
        assay_unique_hash_sql(tally->keys[i]->check->rule, &sql);
    }
    assay_buf_printf(&sql, ") FROM %s", scan->scope.relation);
    ASSAY_TRY(assay_buf_check(&sql, err));
    const int code = assay_session_exec(scan->session, assay_buf_str(&sql), err);
    if (tally->error.code != ASSAY_OK) {
        *err = tally->error;
        return err->code;
    }
    return code != ASSAY_OK && scan->own.table ? assay_reader_table_error(scan->own.table, err)
                                               : code;
}

static int take_counts(const struct tally *tally, struct assay_scan_check *const *judged,
                       struct assay_verified *ret_records, struct assay_error *err)
{
    struct assay_verified sum = {0};
    for (const struct lane *lane = tally->all; lane; lane = lane->next) {
        sum.records += lane->records;
        sum.identities += lane->identities;
        for (size_t i = 0; i < tally->judged_count; i++) {
            const uint64_t *counts = lane->counts[i];
            struct assay_scan_check *check = judged[i];
            struct assay_error fault = {0};
            check->passed += counts[ASSAY_STATUS_PASSED];
            check->nulls += counts[ASSAY_STATUS_NULL];
            check->failing += counts[ASSAY_STATUS_FAILED];
            check->asserted += counts[ASSAY_STATUS_PASSED] + counts[ASSAY_STATUS_NULL] +
                               counts[ASSAY_STATUS_FAILED];
            if (!counts[ASSAY_STATUS_ERROR])
                continue;
            ASSAY_IGNORE(assay_fail(&fault, ASSAY_INVALID, "the expression fails on some record"));
            ASSAY_TRY(assay_scan_check_fault(check, &fault, err));
        }
    }
    *ret_records = sum;
    return ASSAY_OK;
}

static int take_keys(const struct tally *tally, struct assay_error *err)
{
    size_t count = 0, i;
    for (const struct lane *lane = tally->all; lane; lane = lane->next)
        count++;
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(count + 1, sizeof(struct assay_repeats_lane *));
    struct assay_repeats_lane **lanes = memory;
    if (!lanes)
        return assay_fail_memory(err);
    for (size_t key = 0; key < tally->keys_count; key++) {
        i = 0;
        for (const struct lane *lane = tally->all; lane; lane = lane->next)
            lanes[i++] = &lane->keys[key];
        assay_repeats_finish(&tally->keys[key]->repeats, lanes, count, &tally->keys[key]->share);
    }
    return ASSAY_OK;
}

static int read_once(struct tally *tally, struct assay_scan *scan,
                     struct assay_scan_check *const *judged, struct assay_verified *ret_records,
                     struct assay_error *err)
{
    ASSAY_TRY(run(tally, scan, judged, err));
    ASSAY_TRY(take_counts(tally, judged, ret_records, err));
    return take_keys(tally, err);
}

/* Keys that are not settled, ready for this reading. */
static void open_keys(struct tally *tally, struct assay_tally_key *keys, size_t keys_count,
                      uint64_t lane_bytes)
{
    for (size_t i = 0; i < keys_count; i++) {
        if (keys[i].repeats.found || keys[i].given_up || keys[i].share >= 1)
            continue;
        if (keys[i].share > 0)
            assay_repeats_again(&keys[i].repeats);
        else
            atomic_store(&keys[i].repeats.high, UINT64_MAX);
        tally->keys[tally->keys_count++] = &keys[i];
    }
    for (size_t i = 0; i < tally->keys_count; i++)
        tally->keys[i]->repeats.lane_hashes =
            (size_t)(lane_bytes / tally->keys_count / sizeof(uint64_t));
}

int assay_scan_tally(struct assay_scan *scan, struct assay_scan_check *const *judged,
                     size_t judged_count, struct assay_tally_key *keys, size_t keys_count,
                     uint64_t memory_bytes, struct assay_verified *ret_records,
                     struct assay_error *err)
{
    struct tally tally = {.judged_count = judged_count,
                          .keys = assay_calloc(keys_count + 1, sizeof *tally.keys)};
    if (!tally.keys)
        return assay_fail_memory(err);
    (void)pthread_mutex_init(&tally.lock, NULL);
    open_keys(&tally, keys, keys_count, memory_bytes / (uint64_t)scan->task->threads);
    const int code = read_once(&tally, scan, judged, ret_records, err);
    free_lanes(&tally);
    (void)pthread_mutex_destroy(&tally.lock);
    assay_free(tally.keys);
    return code;
}
