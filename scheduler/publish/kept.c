// Kept states: those of this profile take the place of those before.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/publish/parts.h"

enum { GONE = -1 }; /* position of a state that the profile does not name */

static int keep_known(struct assay_publishing *p, int64_t container_id, const json_t *states,
                      struct assay_error *err)
{
    size_t i;
    json_t *state;
    ASSAY_TRY(assay_db_run(p->conn, "UPDATE kept_state SET position = $2 WHERE container_id = $1",
                           NULL, err, assay_db_int(container_id), assay_db_int(GONE)));
    json_array_foreach(states, i, state)
    {
        const int64_t id = assay_json_int(state, "id", 0);
        if (id)
            ASSAY_TRY(assay_db_run(p->conn,
                                   "UPDATE kept_state SET position = $3, operation_id = $4 WHERE "
                                   "id = $1 AND container_id = $2",
                                   NULL, err, assay_db_int(id), assay_db_int(container_id),
                                   assay_db_int((int64_t)i), assay_db_int(p->task->operation_id)));
    }
    return assay_db_run(p->conn, "DELETE FROM kept_state WHERE container_id = $1 AND position = $2",
                        NULL, err, assay_db_int(container_id), assay_db_int(GONE));
}

static int insert_state(struct assay_publishing *p, int64_t container_id, const json_t *state,
                        size_t position, int64_t *ret_id, struct assay_error *err)
{
    const json_t *keep = assay_json_get(assay_json_get(p->spec, "settings"), "keep");
    ASSAY_AUTO(assay_free_text)
    char *partitions = assay_json_text(assay_json_get(state, "partitions"));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    if (!partitions)
        return assay_fail(err, ASSAY_FORMAT, "a state to be kept names no partitions");
    ASSAY_TRY(assay_db_run(
        p->conn,
        "INSERT INTO kept_state (container_id, position, settings_hash, partitions, records, "
        "bytes, as_of, operation_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "RETURNING id",
        &rows, err, assay_db_int(container_id), assay_db_int((int64_t)position),
        assay_db_text(assay_json_str(keep, "hash", "")), assay_db_text(partitions),
        assay_db_int(assay_json_int(state, "records", 0)),
        assay_db_int(assay_json_int(state, "bytes", 0)),
        assay_db_text(assay_json_str(state, "as_of", "")), assay_db_int(p->task->operation_id),
        assay_db_int(p->now)));
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

/* Ids of the new states by the number that the executor gave them. */
static int insert_new(struct assay_publishing *p, int64_t container_id, const json_t *states,
                      json_t *ids, struct assay_error *err)
{
    size_t i;
    json_t *state;
    json_array_foreach(states, i, state)
    {
        char number[32];
        int64_t id = 0;
        if (assay_json_get(state, "id"))
            continue;
        ASSAY_TRY(insert_state(p, container_id, state, i, &id, err));
        (void)snprintf(number, sizeof number, "%lld", (long long)assay_json_int(state, "no", 0));
        ASSAY_TRY(assay_json_set(ids, number, json_integer((json_int_t)id), err));
    }
    return ASSAY_OK;
}

static int insert_part(struct assay_publishing *p, const json_t *ids, const char *body, size_t size,
                       size_t position, struct assay_error *err)
{
    static const char mark[] = "{\"t\":\"kept_part\"";
    ASSAY_AUTO(assay_json_decref) json_t *part = NULL;
    char number[32];
    if (size < sizeof mark || memcmp(body, mark, sizeof mark - 1) != 0)
        return ASSAY_OK;
    ASSAY_TRY(assay_json_parse(body, size, "a state's part", &part, err));
    (void)snprintf(number, sizeof number, "%lld", (long long)assay_json_int(part, "no", -1));
    const int64_t id = assay_json_int(ids, number, 0);
    if (!id)
        return assay_fail(err, ASSAY_FORMAT, "a part of a state comes without the state");
    return assay_db_run(
        p->conn, "INSERT INTO kept_state_part (state_id, position, body) VALUES ($1, $2, $3)", NULL,
        err, assay_db_int(id), assay_db_int((int64_t)position), assay_db_blob(body, size));
}

/* --- nothing changed --- */

/* The run whose profile the states are of, when all are of one and that profile is of these
 * partitions, no more: a file that is gone since would still be counted. 0 = there is none. */
static int find_run(struct assay_publishing *p, int64_t container_id, int64_t partitions,
                    int64_t *ret_run, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    *ret_run = 0;
    ASSAY_TRY(assay_db_run(p->conn,
                           "SELECT operation_id, partitions_count, body FROM container_profile "
                           "WHERE container_id = $1 AND result = 'success' AND operation_id = "
                           "(SELECT max(operation_id) FROM kept_state WHERE container_id = $1 "
                           "HAVING min(operation_id) = max(operation_id))",
                           &rows, err, assay_db_int(container_id)));
    if (!assay_db_rows_count(rows))
        return ASSAY_OK;
    const char *text = assay_db_get_text(rows, 0, 2);
    ASSAY_TRY(assay_json_parse(text, strlen(text), "a container's profile", &body, err));
    const int64_t of_run = assay_db_is_null(rows, 0, 1) /* it was read in splits */
                               ? assay_json_int(body, "partitions", 0)
                               : assay_db_get_int(rows, 0, 1);
    *ret_run = of_run == partitions ? assay_db_get_int(rows, 0, 0) : 0;
    return ASSAY_OK;
}

static int read_fields(struct assay_publishing *p, int64_t container_id, int64_t run,
                       json_t *fields, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(p->conn,
                           "SELECT f.body FROM field_profile f JOIN container_profile c ON c.id = "
                           "f.container_profile_id WHERE c.container_id = $1 AND c.operation_id = "
                           "$2 AND c.result = 'success' ORDER BY f.position",
                           &rows, err, assay_db_int(container_id), assay_db_int(run)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        json_t *field = NULL;
        const char *body = assay_db_get_text(rows, row, 0);
        ASSAY_TRY(assay_json_parse(body, strlen(body), "a field's profile", &field, err));
        ASSAY_TRY(assay_json_push(fields, field, err));
    }
    return ASSAY_OK;
}

/* Checks were inferred from those figures, and are to be now, by the same options. *ret_checks: how
 * many; -1 = not so. */
static int same_inference(struct assay_publishing *p, int64_t container_id, int64_t run,
                          int64_t *ret_checks, struct assay_error *err)
{
    static const char *const keys[] = {"ai_effort", "inference_threshold", "infer_as_draft"};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *settings = NULL;
    *ret_checks = -1;
    ASSAY_TRY(assay_db_run(p->conn,
                           "SELECT o.settings, c.checks_synchronized FROM operation o JOIN "
                           "container_profile c ON c.operation_id = o.id WHERE o.id = $1 AND "
                           "c.container_id = $2",
                           &rows, err, assay_db_int(run), assay_db_int(container_id)));
    if (!assay_db_rows_count(rows))
        return ASSAY_OK;
    const char *text = assay_db_get_text(rows, 0, 0);
    ASSAY_TRY(assay_json_parse(text, strlen(text), "settings", &settings, err));
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        const json_t *now = assay_json_get(p->settings, keys[i]),
                     *then = assay_json_get(settings, keys[i]);
        if (now != then && !json_equal(now, then))
            return ASSAY_OK;
    }
    *ret_checks = assay_db_get_int(rows, 0, 1);
    return ASSAY_OK;
}

int assay_publish_known(struct assay_publishing *p, int64_t container_id, json_t *container,
                        int64_t *ret_checks, struct assay_error *err)
{
    const json_t *run = assay_json_get(container, "run");
    ASSAY_AUTO(assay_json_decref) json_t *fields = json_array();
    int64_t made_by = 0;
    *ret_checks = -1;
    if (assay_json_int(run, "partitions_read", -1) != 0)
        return ASSAY_OK;
    if (!fields)
        return assay_fail_memory(err);
    ASSAY_TRY(find_run(p, container_id, assay_json_int(run, "partitions", 0), &made_by, err));
    if (!made_by) /* what the states give serves */
        return ASSAY_OK;
    ASSAY_TRY(read_fields(p, container_id, made_by, fields, err));
    if (json_array_size(fields) != json_array_size(assay_json_get(container, "fields")))
        return ASSAY_OK; /* its fields are gone */
    ASSAY_TRY(assay_json_set(container, "fields", ASSAY_TAKE(fields), err));
    return same_inference(p, container_id, made_by, ret_checks, err);
}

int assay_publish_kept(struct assay_publishing *p, int64_t container_id, struct assay_error *err)
{
    const json_t *states = assay_json_get(assay_json_get(p->document, "kept"), "states");
    ASSAY_AUTO(assay_json_decref) json_t *ids = json_object();
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    if (!states) /* a profile of a part of the records: what is kept still holds */
        return ASSAY_OK;
    if (!ids)
        return assay_fail_memory(err);
    ASSAY_TRY(keep_known(p, container_id, states, err));
    ASSAY_TRY(insert_new(p, container_id, states, ids, err));
    if (!json_object_size(ids))
        return ASSAY_OK;
    ASSAY_TRY(
        assay_job_staged(p->store, p->conn, p->task->task_id, p->task->result_epoch, &rows, err));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        size_t size = 0;
        const char *body = assay_db_get_blob(rows, row, 0, &size);
        ASSAY_TRY(insert_part(p, ids, body, size, row, err));
    }
    return ASSAY_OK;
}
