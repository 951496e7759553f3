// Profile's results: the container's profile, its fields and their statistics, inferred checks.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/publish/parts.h"

enum { REASON_BYTES = 600 };

/* The container object without its list, and how many partitions it was read from. */
static char *body_of(const struct assay_publishing *p, const json_t *container)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = json_copy((json_t *)container);
    if (!body)
        return assay_strdup("{}");
    (void)json_object_del(body, "fields");
    if (json_object_set_new(body, "partitions", json_integer(assay_publish_partitions(p))))
        return NULL;
    return assay_json_text(body);
}

/* What a reader of the profile should know: what was not read again, what could not be read. NULL =
 * nothing. */
static const char *remarks(const json_t *container, char *text, size_t size_bytes)
{
    const char *notice = assay_json_str(assay_json_get(container, "run"), "notice", "");
    const json_int_t rejected = assay_json_int(container, "rejected_records", 0);
    (void)snprintf(text, size_bytes, "%.400s", notice);
    const size_t used = strlen(text);
    if (rejected)
        (void)snprintf(text + used, size_bytes - used,
                       "%s%lld record%s could not be read and %s rejected", used ? "; " : "",
                       (long long)rejected, rejected == 1 ? "" : "s",
                       rejected == 1 ? "was" : "were");
    return *text ? text : NULL;
}

/* *ret_id 0: this operation's profile of the container is there already. */
static int insert_profile(struct assay_publishing *p,
                          const struct assay_publish_container *container, const json_t *found,
                          int64_t *ret_id, struct assay_error *err)
{
    char reason[REASON_BYTES];
    int64_t started = 0, ended = 0;
    const json_t *run = assay_json_get(found, "run");
    assay_publish_times(found, &started, &ended);
    const char *message = found ? remarks(found, reason, sizeof reason)
                                : assay_publish_reason(p, reason, sizeof reason);
    ASSAY_AUTO(assay_free_text) char *body = body_of(p, found);
    if (!body)
        return assay_fail_memory(err);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        p->conn,
        "INSERT INTO container_profile (container_id, operation_id, parent_profile_id, result, "
        "message, records_count, "
        "records_processed, rejected_records, field_profiles_count, body, started_at, ended_at, "
        "created_at, partitions_count, partitions_read, records_read) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
        "ON CONFLICT (operation_id, container_id) DO NOTHING RETURNING id",
        &rows, err, assay_db_int(container->id), assay_db_int(p->task->operation_id),
        container->latest_profile_id ? assay_db_int(container->latest_profile_id) : assay_db_null(),
        assay_db_text(assay_publish_result(p)), assay_db_text(message),
        assay_publish_int(found, "records_count"), assay_publish_int(found, "records_processed"),
        assay_publish_int(found, "rejected_records"),
        assay_db_int((int64_t)json_array_size(assay_json_get(found, "fields"))),
        assay_db_text(body), started ? assay_db_int(started) : assay_db_null(),
        ended ? assay_db_int(ended) : assay_db_null(), assay_db_int(p->now),
        assay_publish_int(run, "partitions"), assay_publish_int(run, "partitions_read"),
        assay_publish_int(run, "records_read")));
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int publish_field(struct assay_publishing *p, int64_t container_id, int64_t profile_id,
                         const json_t *field, int64_t position, struct assay_error *err)
{
    int64_t field_id = 0;
    ASSAY_TRY(assay_publish_field(p, container_id, field, position, true, &field_id, err));
    ASSAY_AUTO(assay_free_text) char *body = assay_json_text(field);
    if (!body)
        return assay_fail_memory(err);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        p->conn,
        "INSERT INTO field_profile (container_profile_id, field_id, position, body, created_at) "
        "VALUES ($1, $2, $3, $4, $5) RETURNING id",
        &rows, err, assay_db_int(profile_id), assay_db_int(field_id), assay_db_int(position),
        assay_db_text(body), assay_db_int(p->now)));
    return assay_db_run(p->conn, "UPDATE field SET latest_profile_id = $2 WHERE id = $1", NULL, err,
                        assay_db_int(field_id), assay_db_int(assay_db_get_int(rows, 0, 0)));
}

static int publish_fields(struct assay_publishing *p, int64_t container_id, int64_t profile_id,
                          const json_t *fields, struct assay_error *err)
{
    size_t i;
    json_t *field;
    json_array_foreach(fields, i, field)
        ASSAY_TRY(publish_field(p, container_id, profile_id, field, (int64_t)i, err));
    return assay_publish_missing_fields(p, container_id, err);
}

static int finish_container(struct assay_publishing *p, int64_t container_id, int64_t profile_id,
                            const json_t *found, int64_t checks, struct assay_error *err)
{
    ASSAY_TRY(assay_db_run(
        p->conn,
        "UPDATE container SET latest_profile_id = $2, record_count = coalesce($3, record_count), "
        "status = 'available', status_message = NULL WHERE id = $1",
        NULL, err, assay_db_int(container_id), assay_db_int(profile_id),
        assay_publish_int(found, "records_count")));
    return assay_db_run(p->conn,
                        "UPDATE container_profile SET checks_synchronized = $2 WHERE id = $1", NULL,
                        err, assay_db_int(profile_id), assay_db_int(checks));
}

/* The task's answer was tasks: splits, or the same once more. Their merge has the profile. */
static bool goes_on(const struct assay_publishing *p)
{
    return assay_json_get(p->document, "plan") || assay_json_get(p->document, "again");
}

/* Checks between containers are judged by themselves, where the level has them. */
static int publish_inferred(struct assay_publishing *p,
                            const struct assay_publish_container *container, int64_t *ret_checks,
                            struct assay_error *err)
{
    const char *level = assay_json_str(assay_json_get(p->spec, "settings"), "infer", "");
    const json_t *inferred = assay_json_get(p->document, "inferred");
    const struct assay_publish_inference inference = {
        .checks = assay_json_get(inferred, "checks"),
        .unjudged = assay_json_get(inferred, "unjudged"),
        .rules =
            !strcmp(level, "xhigh") || !strcmp(level, "max") ? ASSAY_RULES_OWN : ASSAY_RULES_ALL};
    return inference.checks ? assay_publish_inferred(p, container, &inference, ret_checks, err)
                            : ASSAY_OK;
}

int assay_publish_profile(struct assay_publishing *p, struct assay_error *err)
{
    struct assay_publish_container container;
    int64_t profile_id = 0, checks = 0;
    if (goes_on(p))
        return ASSAY_OK;
    ASSAY_TRY(assay_publish_lock_container(p, &container, err));
    if (!container.found)
        return ASSAY_OK;
    json_t *found = assay_json_get(p->document, "container");
    if (p->document && !found)
        return assay_fail(err, ASSAY_FORMAT, "the executor sent no profile");
    ASSAY_TRY(assay_publish_known(p, container.id, found, &checks, err));
    ASSAY_TRY(insert_profile(p, &container, found, &profile_id, err));
    if (!profile_id || !found)
        return ASSAY_OK;
    ASSAY_TRY(publish_fields(p, container.id, profile_id, assay_json_get(found, "fields"), err));
    if (checks < 0)
        ASSAY_TRY(publish_inferred(p, &container, &checks, err));
    ASSAY_TRY(assay_publish_kept(p, container.id, err));
    ASSAY_TRY(assay_publish_sketches(p, container.id, err));
    return finish_container(p, container.id, profile_id, found, checks > 0 ? checks : 0, err);
}
