// Publisher's small parts: the container, result words, times, partitions.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/publish/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/datetime.h"

int assay_publish_lock_container(struct assay_publishing *p,
                                 struct assay_publish_container *ret_container,
                                 struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(p->conn,
                     "UPDATE container SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL "
                     "RETURNING name, datastore_id, latest_profile_id",
                     &rows, err, assay_db_int(p->task->container_id), assay_db_int(p->now)));
    *ret_container = (struct assay_publish_container){
        .found = assay_db_rows_count(rows) > 0,
        .id = p->task->container_id,
        .datastore_id = assay_db_get_int(rows, 0, 1),
        .latest_profile_id = assay_db_get_int(rows, 0, 2),
    };
    const char *name = assay_db_get_text(rows, 0, 0);
    (void)snprintf(ret_container->name, sizeof ret_container->name, "%s", name ? name : "");
    return ASSAY_OK;
}

const char *assay_publish_result(const struct assay_publishing *p)
{
    if (!strcmp(p->task->state, "succeeded"))
        return "success";
    return strcmp(p->task->state, "cancelled") ? "failure" : "aborted";
}

const char *assay_publish_reason(const struct assay_publishing *p, char *text, size_t size_bytes)
{
    if (!strcmp(p->task->state, "succeeded"))
        return NULL;
    ASSAY_AUTO(assay_json_decref) json_t *error = NULL;
    if (p->task->last_error)
        ASSAY_IGNORE(assay_json_parse(p->task->last_error, strlen(p->task->last_error), "error",
                                      &error, NULL));
    const char *fallback =
        strcmp(p->task->state, "cancelled") ? "failed without a reason" : "aborted";
    (void)snprintf(text, size_bytes, "%s", assay_json_str(error, "text", fallback));
    return text;
}

void assay_publish_times(const json_t *container, int64_t *ret_started_us, int64_t *ret_ended_us)
{
    const json_t *run = assay_json_get(container, "run");
    const char *started = assay_json_str(run, "started_at", "");
    bool zone = false;
    *ret_started_us = *ret_ended_us = 0;
    if (!assay_parse_timestamp(started, strlen(started), ret_started_us, &zone))
        return;
    *ret_ended_us = *ret_started_us + assay_json_int(run, "duration_ms", 0) * 1000;
}

int64_t assay_publish_partitions(const struct assay_publishing *p)
{
    const json_t *container = assay_json_get(assay_json_get(p->spec, "source"), "container");
    const size_t files = json_array_size(assay_json_get(container, "files"));
    return files ? (int64_t)files : 1;
}

struct assay_db_value assay_publish_int(const json_t *object, const char *key)
{
    const json_t *value = assay_json_get(object, key);
    return json_is_integer(value) ? assay_db_int(json_integer_value(value)) : assay_db_null();
}

int assay_publish_touch(struct assay_publishing *p, const char *table, int64_t id,
                        struct assay_error *err)
{
    char key[64];
    (void)snprintf(key, sizeof key, "%s:%" PRId64, table, id);
    return assay_json_set(p->touched, key, json_true(), err);
}

bool assay_publish_touched(const struct assay_publishing *p, const char *table, int64_t id)
{
    char key[64];
    (void)snprintf(key, sizeof key, "%s:%" PRId64, table, id);
    return json_object_get(p->touched, key) != NULL;
}
