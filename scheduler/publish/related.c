// Checks between containers: those that hold on all records become the container's.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/publish/parts.h"

/* A reference by its ids alone, as REST has it: the name was the task's own. */
static void drop_name(json_t *check)
{
    (void)json_object_del(json_object_get(check, "properties"), "ref_container");
}

static void drop_names(const struct assay_publish_inference *inference)
{
    size_t i;
    json_t *item;
    json_array_foreach(inference->checks, i, item) drop_name(item);
    json_array_foreach(inference->unjudged, i, item) drop_name(json_object_get(item, "check"));
}

/* What could not be judged is said where the operation's message is made. */
static int note_unjudged(struct assay_publishing *p, const json_t *unjudged,
                         struct assay_error *err)
{
    const json_t *first = json_array_get(unjudged, 0);
    if (!first)
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref)
    json_t *error = json_pack("{s:s, s:s}", "code", "UNAVAILABLE", "text",
                              assay_json_str(first, "message", "a reference could not be read"));
    ASSAY_AUTO(assay_free_text) char *text = error ? assay_json_text(error) : NULL;
    if (!text)
        return assay_fail_memory(err);
    return assay_db_run(p->conn, "UPDATE task SET last_error = $2 WHERE id = $1", NULL, err,
                        assay_db_int(p->task->task_id), assay_db_text(text));
}

int assay_publish_related(struct assay_publishing *p, struct assay_error *err)
{
    struct assay_publish_container container;
    const json_t *inferred = assay_json_get(p->document, "inferred");
    const json_t *settings = assay_json_get(p->spec, "settings");
    const struct assay_publish_inference inference = {
        .checks = assay_json_get(inferred, "checks"),
        .unjudged = assay_json_get(inferred, "unjudged"),
        .rules = ASSAY_RULES_BETWEEN,
        .considered = assay_json_get(settings, "considered")};
    int64_t count = 0;
    if (!p->document) /* what stands, stays; the operation's message has the reason */
        return ASSAY_OK;
    if (!inference.checks)
        return assay_fail(err, ASSAY_FORMAT, "the executor did not say which checks hold");
    ASSAY_TRY(assay_publish_lock_container(p, &container, err));
    if (!container.found)
        return ASSAY_OK;
    drop_names(&inference);
    ASSAY_TRY(assay_publish_inferred(p, &container, &inference, &count, err));
    ASSAY_TRY(note_unjudged(p, inference.unjudged, err));
    return assay_db_run(p->conn,
                        "UPDATE container_profile SET relations_synchronized = $3 WHERE "
                        "container_id = $1 AND operation_id = $2",
                        NULL, err, assay_db_int(container.id), assay_db_int(p->task->operation_id),
                        assay_db_int(count));
}
