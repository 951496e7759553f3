// Reading: one pass over the container, with threads over its parts or DuckDB's threads over its
// row groups.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/reading.h"

#include <pthread.h>

#include "common/base/memory.h"
#include "worker/executor/profile/coded.h"
#include "worker/executor/profile/each_field.h"
#include "worker/executor/profile/groups.h"
#include "worker/executor/profile/lane.h"
#include "worker/executor/profile/profile_parts.h"

/* What one part had to say when it was read to its end. */
struct part {
    uint64_t records, lines, stop;
    struct assay_rejections rejections;
    json_t *warnings;
};

struct pass {
    struct assay_profile_source *source;
    const struct assay_selection *selection; /* NULL = all records */
    bool search;                             /* of the threshold for a sample */
    bool as_values;                          /* no field comes as codes */
    struct assay_coded coded;
    struct assay_profile_field **lost; /* fields that codes did not do for; a place for each */
    size_t lost_count;
    struct assay_profile_field *const *fields;
    const char **names; /* of the fields, for the projection */
    size_t fields_count;
    struct part *parts;
    size_t parts_count;
    atomic_size_t next_part;
    atomic_bool failed;
    atomic_uint_fast64_t records, selected, bytes;
    pthread_mutex_t lock; /* guards error */
    struct assay_error error;
};

struct worker {
    struct pass *pass;
    struct assay_lane *lane;
    struct assay_hash_bottom bottom; /* of a search */
    pthread_t thread;
    bool started;
};

void assay_pass_result_release(struct assay_pass_result *result)
{
    assay_rejections_release(&result->rejections);
    json_decref(result->warnings);
    assay_free(result->first_rows);
    *result = (struct assay_pass_result){0};
}

static void record_failure(struct pass *pass, const struct assay_error *error)
{
    (void)pthread_mutex_lock(&pass->lock);
    if (!atomic_exchange(&pass->failed, true))
        pass->error = *error;
    (void)pthread_mutex_unlock(&pass->lock);
}

/* --- a part --- */

/* Records that may still be counted; 0 = no limit. */
static uint64_t still_wanted(struct pass *pass)
{
    return pass->selection && pass->selection->limit
               ? pass->selection->limit - atomic_load(&pass->selected)
               : 0;
}

static bool is_full(struct pass *pass)
{
    return pass->selection && pass->selection->limit &&
           atomic_load(&pass->selected) >= pass->selection->limit;
}

static int add_batch(struct worker *worker, const struct assay_batch *batch, size_t part,
                     struct assay_error *err)
{
    struct pass *pass = worker->pass;
    size_t rows;
    ASSAY_TRY(assay_task_check(pass->source->task, err));
    if (is_full(pass))
        return ASSAY_OK;
    ASSAY_TRY(assay_lane_add(worker->lane, batch, part, still_wanted(pass), &rows, err));
    atomic_fetch_add(&pass->source->task->progress.records, batch->rows);
    atomic_fetch_add(&pass->records, batch->rows);
    atomic_fetch_add(&pass->selected, rows);
    return ASSAY_OK;
}

static int add_batches(struct worker *worker, struct assay_reader *reader, size_t index,
                       struct assay_error *err)
{
    struct pass *pass = worker->pass;
    for (uint64_t bytes = 0; !is_full(pass);) {
        const struct assay_batch *batch;
        if (atomic_load(&pass->failed))
            return assay_fail(err, ASSAY_CANCELLED, "another thread failed");
        ASSAY_TRY(assay_reader_next(reader, &batch, err));
        atomic_fetch_add(&pass->source->task->progress.bytes, reader->bytes_read - bytes);
        atomic_fetch_add(&pass->bytes, reader->bytes_read - bytes);
        bytes = reader->bytes_read;
        if (!batch)
            return ASSAY_OK;
        ASSAY_TRY(add_batch(worker, batch, index, err));
        pass->parts[index].records += batch->rows;
    }
    return ASSAY_OK;
}

static int read_part(struct worker *worker, struct assay_conn *conn, size_t index,
                     struct assay_error *err)
{
    struct pass *pass = worker->pass;
    const struct assay_profile_source *source = pass->source;
    const struct assay_task *task = source->task;
    struct part *part = &pass->parts[index];
    json_t *bounds = json_array_get(source->bounds, index);
    const struct assay_split split = {.split_no = (int)index,
                                      .split_count = (int)pass->parts_count,
                                      .bounds = json_is_null(bounds) ? NULL : bounds};
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    ASSAY_TRY(conn->connector->read(conn, task->container, task->reader, &split, pass->names,
                                    pass->fields_count, &reader, err));
    reader->cancelled = &task->cancelled;
    ASSAY_TRY(add_batches(worker, reader, index, err));
    part->lines = reader->lines_read;
    part->stop = reader->stop;
    part->rejections = reader->rejections;
    reader->rejections = (struct assay_rejections){0};
    part->warnings = json_incref(reader->warnings);
    return ASSAY_OK;
}

static int read_parts(struct worker *worker, struct assay_error *err)
{
    struct pass *pass = worker->pass;
    const struct assay_profile_source *source = pass->source;
    struct assay_conn *own = NULL;
    int rc = ASSAY_OK;
    for (;;) {
        const size_t index = atomic_fetch_add(&pass->next_part, 1);
        if (index >= pass->parts_count || atomic_load(&pass->failed) || is_full(pass))
            break;
        if (source->one_reader && index && !own)
            rc = assay_profile_source_connect(source, &own, err);
        if (rc == ASSAY_OK)
            rc = read_part(worker, own ? own : source->conn, index, err);
        if (rc != ASSAY_OK)
            break;
    }
    if (own)
        own->connector->close(own);
    return rc;
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    struct assay_error error = {0};
    if (read_parts(worker, &error) != ASSAY_OK)
        record_failure(worker->pass, &error);
    return NULL;
}

/* --- threads --- */

static void run_workers(struct worker *workers, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        workers[i].started = !pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
        /* a thread that does not start leaves its work to the others */
    }
    (void)worker_main(&workers[0]);
    for (size_t i = 1; i < count; i++)
        if (workers[i].started)
            (void)pthread_join(workers[i].thread, NULL);
}

static int open_lanes(struct pass *pass, struct worker *workers, size_t count,
                      struct assay_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct worker *worker = &workers[i];
        worker->pass = pass;
        if (pass->search)
            ASSAY_TRY(
                assay_hash_bottom_init(&worker->bottom, (size_t)pass->selection->sample, err));
        ASSAY_TRY(assay_lane_new(pass->fields, pass->fields_count, pass->source->task->seed,
                                 pass->selection, pass->search ? &worker->bottom : NULL,
                                 &worker->lane, err));
        assay_lane_identify(worker->lane, pass->source->file_ids, pass->source->range_id);
    }
    return ASSAY_OK;
}

struct lanes {
    const struct assay_coded *coded;
    struct worker *workers;
    size_t count;
};

static int merge_lanes(void *context, size_t field, struct assay_error *err)
{
    const struct lanes *lanes = context;
    if (assay_coded_is_lost(lanes->coded, field))
        return ASSAY_OK;
    for (size_t i = 0; i < lanes->count; i++)
        ASSAY_TRY(assay_lane_merge_field(lanes->workers[i].lane, field, err));
    return ASSAY_OK;
}

/* --- by the engine: Parquet, and databases with an expression --- */

static int take_from_engine(void *worker, const struct assay_batch *batch, struct assay_error *err)
{
    return add_batch(worker, batch, 0, err);
}

/* A sample thins records out after SQL: then the lanes count to the limit. */
static uint64_t sql_limit(const struct assay_selection *selection)
{
    return selection && !selection->by_hash ? selection->limit : 0;
}

static int scan_by_engine(struct pass *pass, struct worker *workers, size_t count,
                          struct assay_error *err)
{
    struct assay_profile_source *source = pass->source;
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(count, sizeof(void *));
    void **lanes = memory;
    if (!lanes)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        lanes[i] = &workers[i];
    if (!pass->as_values)
        assay_coded_choose(source, pass->names, pass->fields_count, &pass->coded);
    const struct assay_parquet_request request = {.files = source->files,
                                                  .first_file = source->first_file,
                                                  .from = source->from,
                                                  .whole = source->vectors,
                                                  .fields = pass->names,
                                                  .fields_count = pass->fields_count,
                                                  .where = pass->selection ? pass->selection->where
                                                                           : NULL,
                                                  .limit = sql_limit(pass->selection),
                                                  .first_row = source->first_row,
                                                  .end_row = source->end_row,
                                                  .dictionaries = pass->coded.dictionaries};
    const struct assay_parquet_sink sink = {
        .batch = take_from_engine, .lanes = lanes, .lanes_count = (int)count};
    ASSAY_TRY(assay_parquet_scan(source->session, &request, &sink, err));
    if (!source->from) {
        atomic_store(&pass->bytes, source->pass_bytes);
        atomic_fetch_add(&source->task->progress.bytes, source->pass_bytes);
    }
    return ASSAY_OK;
}

/* --- the whole pass --- */

static int run_pass(struct pass *pass, struct worker *workers, size_t count,
                    struct assay_error *err)
{
    ASSAY_TRY(open_lanes(pass, workers, count, err));
    if (assay_profile_source_by_engine(pass->source)) {
        ASSAY_TRY(scan_by_engine(pass, workers, count, err));
    } else {
        run_workers(workers, count);
        if (atomic_load(&pass->failed)) {
            if (err)
                *err = pass->error;
            return pass->error.code;
        }
    }
    for (size_t i = 0; i < pass->fields_count; i++)
        if (assay_coded_is_lost(&pass->coded, i))
            pass->lost[pass->lost_count++] = pass->fields[i];
    struct lanes lanes = {&pass->coded, workers, count};
    return assay_each_field(pass->fields_count, count, merge_lanes, &lanes, err);
}

static int pass_init(struct pass *pass, struct assay_error *err)
{
    if (pthread_mutex_init(&pass->lock, NULL))
        return assay_fail_memory(err);
    pass->parts = assay_calloc(pass->parts_count + 1, sizeof *pass->parts);
    pass->names = assay_calloc(pass->fields_count + 1, sizeof *pass->names);
    pass->lost = assay_calloc(pass->fields_count + 1, sizeof *pass->lost);
    if (!pass->parts || !pass->names || !pass->lost)
        return assay_fail_memory(err);
    for (size_t i = 0; i < pass->fields_count; i++)
        pass->names[i] = pass->fields[i]->name;
    return ASSAY_OK;
}

static void pass_release(struct pass *pass)
{
    for (size_t i = 0; pass->parts && i < pass->parts_count; i++) {
        assay_rejections_release(&pass->parts[i].rejections);
        json_decref(pass->parts[i].warnings);
    }
    assay_coded_release(&pass->coded);
    assay_free(pass->parts);
    assay_free((void *)pass->names);
    assay_free(pass->lost);
    (void)pthread_mutex_destroy(&pass->lock);
}

/* Lines in front of each part: a range within a file counts its own lines, the file's are
 * wanted. */
static uint64_t line_base(const struct pass *pass, size_t index, size_t *file, uint64_t *lines)
{
    size_t of;
    uint64_t begin, end;
    const bool known = assay_profile_part_place(pass->source, index, &of, &begin, &end);
    const uint64_t base = known && begin && *file == of ? *lines : 0;
    *file = known ? of : SIZE_MAX;
    *lines = base + pass->parts[index].lines;
    return base;
}

/* Every reader of a container repeats what holds for the container. */
int assay_pass_add_warnings(json_t *all, const json_t *some, struct assay_error *err)
{
    for (size_t i = 0; i < json_array_size(some); i++) {
        json_t *warning = json_array_get(some, i);
        bool known = false;
        for (size_t k = 0; k < json_array_size(all) && !known; k++)
            known = json_equal(json_array_get(all, k), warning);
        if (!known)
            ASSAY_TRY(assay_json_push(all, json_incref(warning), err));
    }
    return ASSAY_OK;
}

/* Put the parts' findings together, in order. */
static int collect(struct pass *pass, struct assay_pass_result *result, struct assay_error *err)
{
    result->records = atomic_load(&pass->records);
    result->selected = atomic_load(&pass->selected);
    result->bytes = atomic_load(&pass->bytes);
    result->parts_count = pass->parts_count;
    result->first_rows = assay_calloc(pass->parts_count + 1, sizeof *result->first_rows);
    result->warnings = json_array();
    if (!result->first_rows || !result->warnings)
        return assay_fail_memory(err);
    size_t file = SIZE_MAX;
    uint64_t row = 0, lines = 0;
    for (size_t i = 0; i < pass->parts_count; i++) {
        struct part *part = &pass->parts[i];
        result->first_rows[i] = row;
        row += part->records;
        if (!assay_rejections_merge(&result->rejections, &part->rejections,
                                    line_base(pass, i, &file, &lines)))
            return assay_fail_memory(err);
        ASSAY_TRY(assay_pass_add_warnings(result->warnings, part->warnings, err));
    }
    return ASSAY_OK;
}

static int verify(struct pass *pass, bool *ret_right, struct assay_error *err)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(pass->parts_count + 1, sizeof(uint64_t));
    uint64_t *stops = memory;
    if (!stops)
        return assay_fail_memory(err);
    for (size_t i = 0; i < pass->parts_count; i++)
        stops[i] = pass->parts[i].stop;
    return assay_profile_parts_verify(pass->source, stops, ret_right, err);
}

static void find_threshold(struct worker *workers, size_t count, struct assay_selection *selection)
{
    struct assay_hash_bottom *all = &workers[0].bottom;
    for (size_t i = 1; i < count; i++)
        assay_hash_bottom_merge(all, &workers[i].bottom);
    selection->by_hash = all->count == all->capacity; /* fewer records than wanted: all of them */
    selection->hash_max = selection->by_hash ? all->heap[0] : UINT64_MAX;
}

static int run_and_collect(struct pass *pass, struct worker *workers, size_t count,
                           struct assay_pass_result *result, struct assay_error *err)
{
    bool right = true;
    ASSAY_TRY(run_pass(pass, workers, count, err));
    if (!assay_profile_source_by_engine(pass->source) && !is_full(pass))
        ASSAY_TRY(verify(pass, &right, err));
    result->wrong_guess = !right;
    return right ? collect(pass, result, err) : ASSAY_OK;
}

static int run(struct pass *pass, struct assay_selection *found,
               struct assay_pass_result *ret_result, struct assay_error *err);

/* Once more, as texts. */
static int read_lost(const struct pass *pass, struct assay_pass_result *result,
                     struct assay_error *err)
{
    struct pass again = {.source = pass->source,
                         .selection = pass->selection,
                         .as_values = true,
                         .fields = pass->lost,
                         .fields_count = pass->lost_count,
                         .parts_count = pass->parts_count};
    struct assay_pass_result more = {0};
    ASSAY_TRY(run(&again, NULL, &more, err));
    result->bytes += more.bytes;
    assay_pass_result_release(&more);
    return ASSAY_OK;
}

/* `found`: where a search leaves its threshold; NULL = the pass counts. */
static int run(struct pass *pass, struct assay_selection *found,
               struct assay_pass_result *ret_result, struct assay_error *err)
{
    const bool ordered = pass->selection && pass->selection->limit;
    const size_t count = ordered ? 1 : assay_groups_lanes(pass->source);
    struct worker *workers = assay_calloc(count, sizeof *workers);
    struct assay_pass_result result = {0};
    int rc = workers ? pass_init(pass, err) : assay_fail_memory(err);
    if (rc == ASSAY_OK)
        rc = run_and_collect(pass, workers, count, &result, err);
    for (size_t i = 0; rc == ASSAY_OK && i < count; i++)
        result.identities += assay_lane_identities(workers[i].lane);
    if (rc == ASSAY_OK && found)
        find_threshold(workers, count, found);
    for (size_t i = 0; workers && i < count; i++) {
        assay_lane_free(workers[i].lane);
        assay_hash_bottom_release(&workers[i].bottom);
    }
    assay_free(workers);
    if (rc == ASSAY_OK && pass->lost_count)
        rc = read_lost(pass, &result, err);
    pass_release(pass);
    if (rc != ASSAY_OK) {
        assay_pass_result_release(&result);
        return rc;
    }
    *ret_result = result;
    return ASSAY_OK;
}

static size_t parts_of(const struct assay_profile_source *source)
{
    return assay_profile_source_by_engine(source) ? 1 : json_array_size(source->bounds);
}

int assay_pass_run(struct assay_profile_source *source, const struct assay_selection *selection,
                   struct assay_profile_field *const *fields, size_t fields_count,
                   struct assay_pass_result *ret_result, struct assay_error *err)
{
    struct pass pass = {.source = source,
                        .selection =
                            selection && !assay_selection_is_all(selection) ? selection : NULL,
                        .fields = fields,
                        .fields_count = fields_count,
                        .parts_count = parts_of(source)};
    return run(&pass, NULL, ret_result, err);
}

int assay_pass_sample(struct assay_profile_source *source, struct assay_selection *selection,
                      struct assay_error *err)
{
    struct assay_selection whole =
        *selection; /* what the sample is drawn from: a limit comes after */
    whole.limit = 0;
    struct pass pass = {
        .source = source, .selection = &whole, .search = true, .parts_count = parts_of(source)};
    struct assay_pass_result result = {0};
    ASSAY_TRY(run(&pass, selection, &result, err));
    const bool wrong = result.wrong_guess;
    assay_pass_result_release(&result);
    if (!wrong)
        return ASSAY_OK;
    ASSAY_TRY(assay_profile_parts_plan(source, false, err));
    return assay_pass_sample(source, selection, err);
}
