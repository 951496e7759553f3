// Spool: from stage rows to lines of a nameless file.
// SPDX-License-Identifier: Apache-2.0
#include "worker/spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"

enum { CHUNKS_A_TIME = 8 };

int assay_spool_open(struct assay_spool *ret_spool, struct assay_error *err)
{
    return assay_file_unnamed("states", &ret_spool->fd, err);
}

void assay_spool_close(struct assay_spool *spool)
{
    if (spool->fd >= 0)
        (void)close(spool->fd);
    spool->fd = -1;
}

int assay_spool_chunk(struct assay_spool *spool, const void *body, size_t size_bytes,
                      struct assay_error *err)
{
    ASSAY_TRY(assay_fd_write_all(spool->fd, "the states' file", body, size_bytes, err));
    return assay_fd_write_all(spool->fd, "the states' file", "\n", 1, err);
}

int assay_spool_task(struct assay_spool *spool, struct assay_job_store *store, int64_t task_id,
                     int64_t epoch, struct assay_error *err)
{
    for (int from = 0;;) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        ASSAY_TRY(assay_job_chunks(store, task_id, epoch, from, CHUNKS_A_TIME, &rows, err));
        const size_t count = assay_db_rows_count(rows);
        for (size_t row = 0; row < count; row++) {
            size_t size = 0;
            const char *body = assay_db_get_blob(rows, row, 1, &size);
            ASSAY_TRY(assay_spool_chunk(spool, body, size, err));
            from = (int)assay_db_get_int(rows, row, 0) + 1;
        }
        if (count < CHUNKS_A_TIME)
            return ASSAY_OK;
    }
}

static int spool_kept_state(struct assay_spool *spool, struct assay_job_store *store, int64_t id,
                            struct assay_error *err)
{
    char head[48];
    const int size = snprintf(head, sizeof head, "{\"kept\":%lld}", (long long)id);
    ASSAY_TRY(assay_spool_chunk(spool, head, (size_t)size, err));
    for (int64_t from = 0;;) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        ASSAY_TRY(assay_job_kept_parts(store, id, from, CHUNKS_A_TIME, &rows, err));
        const size_t count = assay_db_rows_count(rows);
        for (size_t row = 0; row < count; row++) {
            size_t body_size = 0;
            const char *body = assay_db_get_blob(rows, row, 1, &body_size);
            ASSAY_TRY(assay_spool_chunk(spool, body, body_size, err));
            from = assay_db_get_int(rows, row, 0) + 1;
        }
        if (count < CHUNKS_A_TIME)
            return ASSAY_OK;
    }
}

int assay_spool_kept(struct assay_spool *spool, struct assay_job_store *store, const json_t *keep,
                     struct assay_error *err)
{
    const json_t *states = assay_json_get(keep, "states");
    for (size_t i = 0; i < json_array_size(states); i++)
        ASSAY_TRY(spool_kept_state(spool, store, assay_json_int(json_array_get(states, i), "id", 0),
                                   err));
    return assay_spool_rewind(spool, err);
}

int assay_spool_rewind(struct assay_spool *spool, struct assay_error *err)
{
    return lseek(spool->fd, 0, SEEK_SET) == 0
               ? ASSAY_OK
               : assay_fail_errno(err, ASSAY_IO, errno, "rewinding the states' file");
}

/* --- the splits of a merge --- */

/* Columns of assay_job_predecessors(). */
enum { ID, SPLIT_NO, STATE, EPOCH, SPLIT, LAST_ERROR };

static json_t *cell_json(const struct assay_db_rows *rows, size_t row, size_t column)
{
    const char *text = assay_db_get_text(rows, row, column);
    json_t *json = NULL;
    if (text)
        ASSAY_IGNORE(assay_json_parse(text, strlen(text), "a split", &json, NULL));
    return json;
}

static int fail_split(const struct assay_db_rows *rows, size_t row, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *split = cell_json(rows, row, SPLIT);
    ASSAY_AUTO(assay_json_decref) json_t *error = cell_json(rows, row, LAST_ERROR);
    const json_t *partitions = assay_json_get(split, "partitions");
    const size_t more = json_array_size(partitions) > 1 ? json_array_size(partitions) - 1 : 0;
    char others[40] = "";
    if (more)
        (void)snprintf(others, sizeof others, " and %zu more", more);
    return assay_fail(err, ASSAY_INVALID, "split %lld of %zu (%.150s%s) did not succeed: %.250s",
                      (long long)assay_db_get_int(rows, row, SPLIT_NO) + 1,
                      assay_db_rows_count(rows),
                      assay_json_str(json_array_get(partitions, 0), "key", "?"), others,
                      assay_json_str(error, "text", assay_db_get_text(rows, row, STATE)));
}

/* One entry for the splits of a group, which stand together. */
static int count_split(json_t *states, json_t *split, json_int_t *group, struct assay_error *err)
{
    const json_int_t of = assay_json_int(split, "group", -1);
    if (json_array_size(states) && of >= 0 && of == *group) {
        json_t *last = json_array_get(states, json_array_size(states) - 1);
        return assay_json_set(last, "splits", json_integer(assay_json_int(last, "splits", 0) + 1),
                              err);
    }
    *group = of;
    json_t *partitions = assay_json_get(split, "partitions");
    return assay_json_push(states,
                           json_pack("{s:s, s:i, s:o}", "path", "-", "splits", 1, "partitions",
                                     partitions ? json_incref(partitions) : json_array()),
                           err);
}

/* The split that the merge fails for: the first that failed, before those that were cancelled for
 * it. The count of rows: none. */
static size_t failed_split(const struct assay_db_rows *rows)
{
    const size_t count = assay_db_rows_count(rows);
    size_t cancelled = count;
    for (size_t row = 0; row < count; row++) {
        const char *state = assay_db_get_text(rows, row, STATE);
        if (!strcmp(state, "failed") || !strcmp(state, "dead"))
            return row;
        if (strcmp(state, "succeeded") != 0 && cancelled == count)
            cancelled = row;
    }
    return cancelled;
}

int assay_spool_splits(struct assay_spool *spool, struct assay_job_store *store, int64_t merge_id,
                       json_t **ret_states, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *states = json_array();
    json_int_t group = -1;
    ASSAY_TRY(assay_job_predecessors(store, merge_id, &rows, err));
    const size_t failed = failed_split(rows);
    if (failed < assay_db_rows_count(rows))
        return fail_split(rows, failed, err);
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        ASSAY_AUTO(assay_json_decref) json_t *split = cell_json(rows, row, SPLIT);
        ASSAY_TRY(count_split(states, split, &group, err));
        ASSAY_TRY(assay_spool_task(spool, store, assay_db_get_int(rows, row, ID),
                                   assay_db_get_int(rows, row, EPOCH), err));
    }
    ASSAY_TRY(assay_spool_rewind(spool, err));
    *ret_states = ASSAY_TAKE(states);
    return ASSAY_OK;
}
