// Routes of quality checks.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/handlers.h"
#include "scheduler/api/removal.h"
#include "scheduler/catalog/check.h"

static int read_list(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    return assay_check_page(conn, request->params, ret_json, err);
}

static int read_one(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                    struct assay_error *err)
{
    return assay_check_get(conn, request->id, ret_json, err);
}

int assay_checks_list(struct assay_request *request, struct assay_answer *answer,
                      struct assay_error *err)
{
    return assay_read(request, read_list, answer, err);
}

int assay_checks_get(struct assay_request *request, struct assay_answer *answer,
                     struct assay_error *err)
{
    return assay_read(request, read_one, answer, err);
}

static int write_new(struct assay_db_conn *conn, struct assay_request *request, void *context,
                     struct assay_error *err)
{
    (void)context;
    const struct assay_editor editor = assay_request_editor(request);
    return assay_check_create(conn, request->body, &editor, &request->id, err);
}

int assay_checks_create(struct assay_request *request, struct assay_answer *answer,
                        struct assay_error *err)
{
    ASSAY_TRY(assay_in_transaction(request, write_new, NULL, err));
    return assay_read(request, read_one, answer, err);
}

static int write_changes(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    (void)context;
    const struct assay_editor editor = assay_request_editor(request);
    return assay_check_update(conn, request->id, request->body, &editor, err);
}

int assay_checks_update(struct assay_request *request, struct assay_answer *answer,
                        struct assay_error *err)
{
    ASSAY_TRY(assay_in_transaction(request, write_changes, NULL, err));
    return assay_read(request, read_one, answer, err);
}

static int remove_check(struct assay_db_conn *conn, const struct assay_request *request, int64_t id,
                        const struct assay_removal *removal, struct assay_error *err)
{
    const struct assay_editor editor = assay_request_editor(request);
    return assay_check_remove(conn, id, removal, &editor, err);
}

static int write_removal(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    return remove_check(conn, request, request->id, context, err);
}

int assay_checks_delete(struct assay_request *request, struct assay_answer *answer,
                        struct assay_error *err)
{
    (void)answer;
    struct assay_removal removal;
    ASSAY_TRY(assay_removal_of_query(request, "Discarded", &removal, err));
    return assay_in_transaction(request, write_removal, &removal, err);
}

int assay_checks_delete_many(struct assay_request *request, struct assay_answer *answer,
                             struct assay_error *err)
{
    (void)answer;
    return assay_remove_listed(request, "Discarded", remove_check, err);
}
