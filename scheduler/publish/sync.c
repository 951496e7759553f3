// Sync's results: containers added, updated, brought back or gone; declared fields.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/publish/parts.h"

struct counts {
    json_int_t found, added, updated, recreated, unreadable, pruned, missing;
    char first_problem[300];
};

/* What is known of a found container. */
struct known {
    int64_t id;
    bool deleted, profiled;
};

static int look_up(struct assay_publishing *p, const char *name, struct known *ret_known,
                   struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(p->conn,
                           "SELECT id, deleted_at, latest_profile_id FROM container WHERE "
                           "datastore_id = $1 AND name = $2",
                           &rows, err, assay_db_int(p->task->source_id), assay_db_text(name)));
    *ret_known = (struct known){.id = assay_db_get_int(rows, 0, 0),
                                .deleted = !assay_db_is_null(rows, 0, 1),
                                .profiled = !assay_db_is_null(rows, 0, 2)};
    return ASSAY_OK;
}

/* The names of the fields that are there now differ from those of the last profile. */
static int fields_differ(struct assay_publishing *p, int64_t id, const json_t *fields,
                         bool *ret_differ, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(p->conn,
                           "SELECT name FROM field WHERE container_id = $1 AND status IN "
                           "('active', 'masked', 'excluded') "
                           "AND column_origin = 'declared'",
                           &rows, err, assay_db_int(id)));
    ASSAY_AUTO(assay_json_decref) json_t *names = json_object();
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        ASSAY_TRY(assay_json_set(names, assay_db_get_text(rows, row, 0), json_true(), err));
    size_t i, same = 0;
    json_t *field;
    json_array_foreach(fields, i, field) same +=
        json_object_get(names, assay_json_str(field, "name", "")) != NULL;
    *ret_differ = same != json_object_size(names) || same != json_array_size(fields);
    return ASSAY_OK;
}

static int write_fields(struct assay_publishing *p, int64_t container_id, const json_t *fields,
                        struct assay_error *err)
{
    size_t i;
    json_t *field;
    int64_t id = 0;
    json_array_foreach(fields, i, field)
        ASSAY_TRY(assay_publish_field(p, container_id, field, (int64_t)i, false, &id, err));
    return json_array_size(fields) ? assay_publish_missing_fields(p, container_id, err) : ASSAY_OK;
}

static int insert_container(struct assay_publishing *p, const json_t *found, const char *status,
                            const char *details, int64_t *ret_id, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        p->conn,
        "INSERT INTO container (datastore_id, name, container_type, status, status_message, "
        "details, record_count, "
        "size_bytes, modified_us, cataloged_at, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10) RETURNING id",
        &rows, err, assay_db_int(p->task->source_id),
        assay_db_text(assay_json_str(found, "name", "")),
        assay_db_text(assay_json_str(found, "container_type", "table")), assay_db_text(status),
        assay_db_text(assay_json_str(found, "error", NULL)), assay_db_text(details),
        assay_publish_int(found, "records_estimate"), assay_publish_int(found, "size_bytes"),
        assay_publish_int(found, "modified_us"), assay_db_int(p->now)));
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

/* The source's own facts; what a person set is in columns that are not touched here. */
static int update_container(struct assay_publishing *p, int64_t id, const json_t *found,
                            const char *status, const char *details, struct assay_error *err)
{
    return assay_db_run(
        p->conn,
        "UPDATE container SET container_type = $2, status = $3, status_message = $4, details = $5, "
        "record_count = CASE WHEN latest_profile_id IS NULL THEN coalesce($6, record_count) ELSE "
        "record_count END, "
        "size_bytes = $7, modified_us = $8, cataloged_at = $9, updated_at = $9, deleted_at = NULL "
        "WHERE id = $1",
        NULL, err, assay_db_int(id),
        assay_db_text(assay_json_str(found, "container_type", "table")), assay_db_text(status),
        assay_db_text(assay_json_str(found, "error", NULL)), assay_db_text(details),
        assay_publish_int(found, "records_estimate"), assay_publish_int(found, "size_bytes"),
        assay_publish_int(found, "modified_us"), assay_db_int(p->now));
}

static void note_problem(struct counts *counts, const json_t *found)
{
    const char *problem = assay_json_str(found, "error", NULL);
    if (!problem)
        return;
    if (!counts->unreadable++)
        (void)snprintf(counts->first_problem, sizeof counts->first_problem, "%.100s: %.180s",
                       assay_json_str(found, "name", ""), problem);
}

static int publish_found(struct assay_publishing *p, const json_t *found, struct counts *counts,
                         struct assay_error *err)
{
    const char *name = NULL;
    struct known known;
    bool differ = false;
    const json_t *fields = assay_json_get(found, "fields");
    const bool readable = !assay_json_get(found, "error");
    ASSAY_TRY(assay_json_need_str(found, "name", &name, err));
    ASSAY_TRY(look_up(p, name, &known, err));
    counts->found++;
    note_problem(counts, found);
    if (known.deleted && !assay_json_bool(p->settings, "recreate", false))
        return ASSAY_OK;
    ASSAY_AUTO(assay_free_text) char *details = assay_json_text(assay_json_get(found, "details"));
    if (known.id && known.profiled && readable)
        ASSAY_TRY(fields_differ(p, known.id, fields, &differ, err));
    const char *status = !readable ? "unloadable" : differ ? "changed" : "available";
    if (!known.id) {
        ASSAY_TRY(insert_container(p, found, status, details ? details : "{}", &known.id, err));
        counts->added++;
    } else {
        ASSAY_TRY(update_container(p, known.id, found, status, details ? details : "{}", err));
        *(known.deleted ? &counts->recreated : &counts->updated) += 1;
    }
    ASSAY_TRY(assay_publish_touch(p, "container", known.id, err));
    return known.profiled ? ASSAY_OK : write_fields(p, known.id, fields, err);
}

/* Only what this sync looked for can be gone: with `include` it looked at some kinds. */
static bool looked_for(const struct assay_publishing *p, const char *container_type)
{
    const json_t *include = assay_json_get(p->settings, "include");
    size_t i;
    json_t *kind;
    json_array_foreach(include, i,
                       kind) if (!strcmp(json_string_value(kind), container_type)) return true;
    return !json_array_size(include) || !strcmp(container_type, "file");
}

static int publish_gone(struct assay_publishing *p, struct counts *counts, struct assay_error *err)
{
    const bool prune = assay_json_bool(p->settings, "prune", false);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        p->conn,
        "SELECT id, container_type FROM container WHERE datastore_id = $1 AND deleted_at IS NULL",
        &rows, err, assay_db_int(p->task->source_id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        if (assay_publish_touched(p, "container", assay_db_get_int(rows, row, 0)) ||
            !looked_for(p, assay_db_get_text(rows, row, 1)))
            continue;
        *(prune ? &counts->pruned : &counts->missing) += 1;
        ASSAY_TRY(
            assay_db_run(p->conn,
                         prune ? "DELETE FROM container WHERE id = $1"
                               : "UPDATE container SET status = 'inaccessible', "
                                 "status_message = 'the last sync did not find it' WHERE id = $1",
                         NULL, err, assay_db_int(assay_db_get_int(rows, row, 0))));
    }
    return ASSAY_OK;
}

/* Kept with the operation until it is closed: the counters, and what is to be said. */
static int keep_counts(struct assay_publishing *p, const struct counts *counts,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *status =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "total_containers", counts->found,
                  "containers_analyzed", counts->found - counts->unreadable, "records_processed",
                  (json_int_t)0, "containers_added", counts->added, "containers_updated",
                  counts->updated, "containers_recreated", counts->recreated, "containers_pruned",
                  counts->pruned, "containers_missing", counts->missing);
    if (!status)
        return assay_fail_memory(err);
    char message[512];
    if (counts->unreadable)
        (void)snprintf(message, sizeof message, "%lld of %lld containers could not be read; %s",
                       (long long)counts->unreadable, (long long)counts->found,
                       counts->first_problem);
    ASSAY_AUTO(assay_free_text) char *text = assay_json_text(status);
    return assay_db_run(p->conn, "UPDATE operation SET counters = $2, message = $3 WHERE id = $1",
                        NULL, err, assay_db_int(p->task->operation_id), assay_db_text(text),
                        assay_db_text(counts->unreadable ? message : NULL));
}

static int note_connected(struct assay_publishing *p, bool connected, struct assay_error *err)
{
    return assay_db_run(p->conn, "UPDATE datastore SET connected = $2 WHERE id = $1", NULL, err,
                        assay_db_int(p->task->source_id), assay_db_bool(connected));
}

int assay_publish_sync(struct assay_publishing *p, struct assay_error *err)
{
    struct counts counts = {0};
    size_t i;
    json_t *found;
    if (!p->document)
        return strcmp(p->task->state, "cancelled") ? note_connected(p, false, err) : ASSAY_OK;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(p->conn, "SELECT 1 FROM datastore WHERE id = $1", &rows, err,
                           assay_db_int(p->task->source_id)));
    if (assay_db_rows_count(rows) == 0)
        return ASSAY_OK; /* deleted meanwhile */
    json_array_foreach(assay_json_get(assay_json_get(p->document, "found"), "containers"), i, found)
        ASSAY_TRY(publish_found(p, found, &counts, err));
    ASSAY_TRY(publish_gone(p, &counts, err));
    ASSAY_TRY(keep_counts(p, &counts, err));
    return note_connected(p, true, err);
}
