// Tests of connections and datastores.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/source_test.h"

#include "common/base/memory.h"

int assay_source_ping(struct assay_request *request, const struct assay_connection_draft *draft,
                      const json_t *scope, struct assay_inspected *ret_inspected,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_deep_copy(draft->open_part);
    if (!properties || (scope && json_object_update(properties, (json_t *)scope) != 0))
        return assay_fail_memory(err);
    struct assay_plan_inspect question = {
        .what = "ping", .connector = draft->def->name, .properties = properties};
    return assay_inspect(request, &question, draft->secret, ret_inspected, err);
}

bool assay_source_refused(const struct assay_inspected *inspected, struct assay_answer *answer)
{
    if (inspected->result)
        return false;
    answer->status = 400;
    answer->json = json_pack("{s:b, s:s}", "connected", 0, "message", inspected->refused.text);
    return true;
}

void assay_source_answer(const struct assay_inspected *inspected, struct assay_answer *answer)
{
    if (!assay_source_refused(inspected, answer))
        answer->status = 204;
}

int assay_source_draft(struct assay_request *request, int64_t connection_id, const json_t *body,
                       struct assay_connection_draft *ret_draft, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    return assay_connection_draft(conn, request->with->keyring, connection_id, body, ret_draft,
                                  err);
}
