// The active checks of a container as a scan's spec holds them, with what they refer to.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/rules/check_validate.h"
#include "scheduler/plan/source.h"

static int fields_of(struct assay_db_conn *conn, int64_t check_id, json_t **ret_fields,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT f.name FROM check_field x JOIN field f ON f.id = x.field_id WHERE x.check_id = $1 "
        "ORDER BY x.position",
        &rows, err, assay_db_int(check_id)));
    ASSAY_AUTO(assay_json_decref) json_t *fields = json_array();
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        ASSAY_TRY(assay_json_push(fields, json_string(assay_db_get_text(rows, row, 0)), err));
    *ret_fields = ASSAY_TAKE(fields);
    return ASSAY_OK;
}

static int parse_cell(const struct assay_db_rows *rows, size_t row, size_t column,
                      json_t **ret_json, struct assay_error *err)
{
    const char *text = assay_db_get_text(rows, row, column);
    return assay_json_parse(text, strlen(text), "check", ret_json, err);
}

/* Columns: id, rule_type, coverage, filter, properties, status, additional_metadata, description,
 * anomaly_message_field. */
static int stored_body(struct assay_db_conn *conn, const struct assay_db_rows *rows, size_t row,
                       json_t **ret_body, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = json_object();
    json_t *fields = NULL, *properties = NULL, *metadata = NULL;
    ASSAY_TRY(assay_json_set(body, "rule", json_string(assay_db_get_text(rows, row, 1)), err));
    ASSAY_TRY(fields_of(conn, assay_db_get_int(rows, row, 0), &fields, err));
    if (!json_array_size(fields)) {
        json_decref(fields);
    } else {
        ASSAY_TRY(assay_json_set(body, "fields", fields, err));
    }
    if (!assay_db_is_null(rows, row, 2))
        ASSAY_TRY(
            assay_json_set(body, "coverage", json_real(assay_db_get_real(rows, row, 2)), err));
    if (!assay_db_is_null(rows, row, 3))
        ASSAY_TRY(
            assay_json_set(body, "filter", json_string(assay_db_get_text(rows, row, 3)), err));
    ASSAY_TRY(parse_cell(rows, row, 4, &properties, err));
    ASSAY_TRY(assay_json_set(body, "properties", properties, err));
    ASSAY_TRY(parse_cell(rows, row, 6, &metadata, err));
    ASSAY_TRY(assay_json_set(body, "additional_metadata", metadata, err));
    ASSAY_TRY(
        assay_json_set(body, "description", json_string(assay_db_get_text(rows, row, 7)), err));
    if (!assay_db_is_null(rows, row, 8))
        ASSAY_TRY(assay_json_set(body, "anomaly_message_field",
                                 json_string(assay_db_get_text(rows, row, 8)), err));
    *ret_body = ASSAY_TAKE(body);
    return ASSAY_OK;
}

/* A check that the definitions of this build refuse goes as it is stored: the executor reports it
 * as errored. */
static int add_check(struct assay_db_conn *conn, const struct assay_db_rows *rows, size_t row,
                     json_t *checks, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *normal = NULL;
    ASSAY_TRY(stored_body(conn, rows, row, &body, err));
    const int rc = assay_check_validate(body, NULL, ASSAY_CHECK_FROM_REST, &normal, NULL);
    if (rc == ASSAY_NO_MEMORY)
        return assay_fail_memory(err);
    json_t *check = rc == ASSAY_OK ? normal : body;
    ASSAY_TRY(assay_json_set(check, "id", json_integer(assay_db_get_int(rows, row, 0)), err));
    return assay_json_push(checks, json_incref(check), err);
}

/* A reference by ids becomes one by name, with the other container's source beside it. */
static int resolve_reference(struct assay_db_conn *conn, json_t *check, json_t *refs,
                             struct assay_error *err)
{
    json_t *properties = json_object_get(check, "properties");
    const int64_t container_id = assay_json_int(properties, "ref_container_id", 0);
    char name[ASSAY_PLAN_REFERENCE_BYTES];
    if (!container_id)
        return ASSAY_OK;
    ASSAY_TRY(assay_plan_reference(conn, container_id, refs, name, err));
    return assay_json_set(properties, "ref_container", json_string(name), err);
}

int assay_plan_mask(struct assay_db_conn *conn, int64_t container_id, json_t *settings,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT name FROM field WHERE container_id = $1 AND status = 'masked' ORDER BY position",
        &rows, err, assay_db_int(container_id)));
    ASSAY_AUTO(assay_json_decref) json_t *names = json_array();
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        ASSAY_TRY(assay_json_push(names, json_string(assay_db_get_text(rows, row, 0)), err));
    return json_array_size(names) ? assay_json_set(settings, "mask", ASSAY_TAKE(names), err)
                                  : ASSAY_OK;
}

static int add_key(struct assay_db_conn *conn, int64_t container_id, json_t *settings,
                   struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    json_t *key = NULL;
    ASSAY_TRY(assay_db_run(
        conn, "SELECT key_fields FROM container WHERE id = $1 AND key_fields IS NOT NULL", &rows,
        err, assay_db_int(container_id)));
    if (assay_db_rows_count(rows) == 0)
        return ASSAY_OK;
    ASSAY_TRY(parse_cell(rows, 0, 0, &key, err));
    return assay_json_set(settings, "key", key, err);
}

int assay_plan_checks(struct assay_db_conn *conn, int64_t container_id, json_t *spec,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *checks = json_array();
    ASSAY_AUTO(assay_json_decref) json_t *refs = json_object();
    json_t *settings = json_object_get(spec, "settings");
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT id, rule_type, coverage, filter, properties, status, additional_metadata, "
        "description, anomaly_message_field FROM quality_check "
        "WHERE container_id = $1 AND status = 'Active' AND deleted_at IS NULL ORDER BY id",
        &rows, err, assay_db_int(container_id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        ASSAY_TRY(add_check(conn, rows, row, checks, err));
        ASSAY_TRY(resolve_reference(conn, json_array_get(checks, row), refs, err));
    }
    ASSAY_TRY(assay_json_set(spec, "checks", ASSAY_TAKE(checks), err));
    if (json_object_size(refs))
        ASSAY_TRY(assay_json_set(settings, "refs", ASSAY_TAKE(refs), err));
    ASSAY_TRY(assay_plan_mask(conn, container_id, settings, err));
    return add_key(conn, container_id, settings, err);
}
