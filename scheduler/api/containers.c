// Routes of containers, their fields and profiles.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "scheduler/api/handlers.h"
#include "scheduler/api/source_test.h"
#include "scheduler/catalog/container.h"
#include "scheduler/catalog/tag.h"

static int read_list(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    return assay_container_page(conn, request->params, ret_json, err);
}

static int read_names(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                      struct assay_error *err)
{
    return assay_container_names(conn, request->params, ret_json, err);
}

static int read_one(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                    struct assay_error *err)
{
    return assay_container_get(conn, request->id, ret_json, err);
}

static int read_fields(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                       struct assay_error *err)
{
    return assay_container_fields(conn, request->id, ret_json, err);
}

static int read_profiles(struct assay_db_conn *conn, struct assay_request *request,
                         json_t **ret_json, struct assay_error *err)
{
    return assay_container_field_profiles(conn, request->id, request->params, ret_json, err);
}

static int read_field(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                      struct assay_error *err)
{
    return assay_field_get(conn, request->id, ret_json, err);
}

int assay_containers_list(struct assay_request *request, struct assay_answer *answer,
                          struct assay_error *err)
{
    return assay_read(request, read_list, answer, err);
}

int assay_containers_names(struct assay_request *request, struct assay_answer *answer,
                           struct assay_error *err)
{
    return assay_read(request, read_names, answer, err);
}

int assay_containers_get(struct assay_request *request, struct assay_answer *answer,
                         struct assay_error *err)
{
    return assay_read(request, read_one, answer, err);
}

int assay_containers_fields(struct assay_request *request, struct assay_answer *answer,
                            struct assay_error *err)
{
    return assay_read(request, read_fields, answer, err);
}

int assay_containers_field_profiles(struct assay_request *request, struct assay_answer *answer,
                                    struct assay_error *err)
{
    return assay_read(request, read_profiles, answer, err);
}

int assay_fields_get(struct assay_request *request, struct assay_answer *answer,
                     struct assay_error *err)
{
    return assay_read(request, read_field, answer, err);
}

/* Only computed kinds are made by hand, and none of them is built. */
static int check_kind(const json_t *body, struct assay_error *err)
{
    static const char *const computed[] = {"computed_table", "computed_file", "computed_join",
                                           "computed_joined"};
    const char *type;
    ASSAY_TRY(assay_json_need_str(body, "container_type", &type, err));
    for (size_t i = 0; i < ASSAY_COUNT(computed); i++)
        if (strcmp(computed[i], type) == 0)
            return assay_fail(err, ASSAY_UNSUPPORTED, "computed containers are not built yet");
    if (strcmp(type, "table") != 0 && strcmp(type, "view") != 0 && strcmp(type, "file") != 0)
        return assay_fail(err, ASSAY_INVALID, "\"container_type\" must be one of table|view|file");
    return ASSAY_OK;
}

/* Id of the container if the catalog knows it, else 0. */
static int known_container(struct assay_request *request, int64_t datastore_id, const char *name,
                           int64_t *ret_id, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT id FROM container WHERE datastore_id = $1 AND name = $2 AND deleted_at IS NULL",
        &rows, err, assay_db_int(datastore_id), assay_db_text(name)));
    *ret_id = assay_db_rows_count(rows) > 0 ? assay_db_get_int(rows, 0, 0) : 0;
    return ASSAY_OK;
}

/* Can the source show the container's fields? */
int assay_containers_validate(struct assay_request *request, struct assay_answer *answer,
                              struct assay_error *err)
{
    ASSAY_SCOPED(assay_inspected_release) struct assay_inspected inspected = {0};
    struct assay_plan_inspect question = {.what = "schema"};
    json_t *body;
    const char *name;
    ASSAY_TRY(assay_json_need_object(request->body, "container", &body, err));
    ASSAY_TRY(check_kind(body, err));
    ASSAY_TRY(assay_json_need_int(body, "datastore_id", &question.datastore_id, err));
    ASSAY_TRY(assay_json_need_str(body, "name", &name, err));
    ASSAY_TRY(known_container(request, question.datastore_id, name, &question.container_id, err));
    question.container = question.container_id ? NULL : name;
    ASSAY_TRY(assay_inspect(request, &question, NULL, &inspected, err));
    assay_source_answer(&inspected, answer);
    return ASSAY_OK;
}

static int write_patches(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    (void)context;
    size_t i;
    json_t *patch;
    json_array_foreach(request->body, i, patch)
    {
        int64_t id, found;
        ASSAY_TRY(assay_json_need_int(patch, "id", &id, err));
        ASSAY_TRY(assay_select_int(conn,
                                   "SELECT id FROM container WHERE id = $1 AND deleted_at IS NULL",
                                   id, 0, &found, err));
        if (!found)
            return assay_fail(err, ASSAY_NOT_FOUND, "container %lld is not in the catalog",
                              (long long)id);
        ASSAY_TRY(assay_tags_replace(conn, ASSAY_TAGGED_CONTAINER, id,
                                     json_object_get(patch, "tags"), err));
    }
    return ASSAY_OK;
}

int assay_containers_patch(struct assay_request *request, struct assay_answer *answer,
                           struct assay_error *err)
{
    (void)answer;
    return assay_in_transaction(request, write_patches, NULL, err);
}

static int write_changes(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    (void)context;
    return assay_container_update(conn, request->id, request->body, err);
}

int assay_containers_update(struct assay_request *request, struct assay_answer *answer,
                            struct assay_error *err)
{
    ASSAY_TRY(assay_in_transaction(request, write_changes, NULL, err));
    return assay_read(request, read_one, answer, err);
}

static int write_deletion(struct assay_db_conn *conn, struct assay_request *request, void *context,
                          struct assay_error *err)
{
    (void)context;
    return assay_container_delete(conn, request->id, err);
}

int assay_containers_delete(struct assay_request *request, struct assay_answer *answer,
                            struct assay_error *err)
{
    (void)answer;
    return assay_in_transaction(request, write_deletion, NULL, err);
}
