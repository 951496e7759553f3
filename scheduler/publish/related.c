// Checks between containers: those that hold on all records become the container's.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "scheduler/publish/parts.h"

/* A reference by its ids alone, as REST has it: the name was the task's own. */
static void drop_names(const json_t *checks)
{
    size_t i;
    json_t *check;
    json_array_foreach(checks, i, check)(void)
        json_object_del(json_object_get(check, "properties"), "ref_container");
}

int assay_publish_related(struct assay_publishing *p, struct assay_error *err)
{
    struct assay_publish_container container;
    const json_t *settings = assay_json_get(p->spec, "settings");
    const struct assay_publish_inference inference = {
        .checks = assay_json_get(assay_json_get(p->document, "inferred"), "checks"),
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
    drop_names(inference.checks);
    ASSAY_TRY(assay_publish_inferred(p, &container, &inference, &count, err));
    return assay_db_run(p->conn,
                        "UPDATE container_profile SET relations_synchronized = $3 WHERE "
                        "container_id = $1 AND operation_id = $2",
                        NULL, err, assay_db_int(container.id), assay_db_int(p->task->operation_id),
                        assay_db_int(count));
}
