// Quality checks: creation, change, removal.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/check.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/rules/check_validate.h"
#include "common/rules/expression_syntax.h"
#include "common/rules/rule_def.h"
#include "scheduler/catalog/tag.h"
#include "scheduler/catalog/team.h"

const struct assay_writable assay_check_writables[] = {
    {"container_id", NULL, ASSAY_WRITE_INT, .required = true, .doc = "the container it judges"},
    {"rule", NULL, ASSAY_WRITE_TEXT, .doc = "as `assay rules` lists them; stays"},
    {"rule_type", NULL, ASSAY_WRITE_TEXT, .doc = "the same as rule"},
    {"description", "description", ASSAY_WRITE_TEXT, .max = 4096, .doc = "what a person reads"},
    {"fields", NULL, ASSAY_WRITE_LIST, .doc = "names"},
    {"coverage", "coverage", ASSAY_WRITE_REAL, .nullable = true,
     .doc = "share of records that must pass, 0 to 1"},
    {"filter", "filter", ASSAY_WRITE_TEXT, .nullable = true, .max = 65536,
     .doc = "which records are judged"},
    {"properties", "properties", ASSAY_WRITE_OBJECT, .doc = "the rule's own"},
    {"status", NULL, ASSAY_WRITE_CHOICE, .choices = "Active|Draft|Archived|Invalid|Discarded",
     .doc = "Active or Draft"},
    {"anomaly_message_field", "anomaly_message_field", ASSAY_WRITE_TEXT, .nullable = true,
     .doc = "field whose value stands in place of the message"},
    {"additional_metadata", "additional_metadata", ASSAY_WRITE_OBJECT,
     .doc = "free keys and values; severity is one"},
    {"owner_id", "owner_id", ASSAY_WRITE_INT, .doc = "the caller unless given"},
    {"default_anomaly_assignee_id", "default_anomaly_assignee_id", ASSAY_WRITE_INT,
     .nullable = true, .doc = "a user's id"},
    {"tags", NULL, ASSAY_WRITE_LIST, .doc = "names; replaces the list"},
    {.key = NULL},
};

/* A check in the making: what is stored with the body over it, and what follows from that. */
struct making {
    int64_t container_id;
    char *container; /* name */
    json_t
        *body; /* rule, fields (names), coverage, filter, properties, status, metadata: complete */
    json_t *normal; /* common/rules' form */
    int64_t uid;
};

static void release_making(struct making *making)
{
    assay_free(making->container);
    json_decref(making->body);
    json_decref(making->normal);
}

/* Keys that common/rules judges, from the body over the stored ones. */
static int overlay(const json_t *stored, const json_t *body, json_t *into, struct assay_error *err)
{
    static const char *const keys[] = {"fields",     "coverage",    "filter",
                                       "properties", "status",      "additional_metadata",
                                       "tags",       "description", "anomaly_message_field"};
    const char *rule = assay_json_str(
        stored, "rule_type", assay_json_str(body, "rule", assay_json_str(body, "rule_type", NULL)));
    if (!rule)
        return assay_fail(err, ASSAY_INVALID, "\"rule\" is missing");
    ASSAY_TRY(assay_json_set(into, "rule", json_string(rule), err));
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        json_t *value = json_object_get(body, keys[i]);
        value = value ? value : json_object_get(stored, keys[i]);
        if (value && !json_is_null(value))
            ASSAY_TRY(assay_json_set(into, keys[i], json_incref(value), err));
    }
    const char *status = assay_json_str(into, "status", "Active");
    if (strcmp(status, "Draft") != 0)
        ASSAY_TRY(assay_json_set(into, "status", json_string("Active"), err));
    return ASSAY_OK;
}

/* A rule that takes no coverage or filter ignores a client that sends the usual ones. */
static void drop_unused(json_t *body)
{
    const struct assay_rule_def *def = assay_rule_def_find(assay_json_str(body, "rule", ""));
    if (def && !def->coverage)
        (void)json_object_del(body, "coverage");
    if (def && !def->filter && !*assay_json_str(body, "filter", ""))
        (void)json_object_del(body, "filter");
    if (def && def->fields == ASSAY_FIELDS_NONE &&
        json_array_size(json_object_get(body, "fields")) == 0)
        (void)json_object_del(body, "fields");
    if (!*assay_json_str(body, "filter", " "))
        (void)json_object_del(body, "filter");
}

static int check_expression(const char *place, const char *key, const char *text,
                            struct assay_error *err)
{
    struct assay_error own = {0};
    const int rc = text ? assay_expression_syntax(text, &own) : ASSAY_OK;
    return rc == ASSAY_OK
               ? rc
               : assay_fail(err, rc, "\"%s\"%s%s: %s", place, *key ? ", " : "", key, own.text);
}

/* What no scan could judge, whatever the container's fields are. */
static int check_expressions(const json_t *normal, struct assay_error *err)
{
    const struct assay_rule_def *def = assay_rule_def_find(assay_json_str(normal, "rule", ""));
    const json_t *properties = assay_json_get(normal, "properties");
    ASSAY_TRY(check_expression("filter", "", assay_json_str(normal, "filter", NULL), err));
    for (const struct assay_param *param = def ? def->params : NULL; param && param->key; param++)
        if (param->kind == ASSAY_PARAM_EXPRESSION)
            ASSAY_TRY(check_expression("properties", param->key,
                                       assay_json_str(properties, param->key, NULL), err));
    return ASSAY_OK;
}

static int make(struct assay_db_conn *conn, int64_t container_id, const json_t *stored,
                const json_t *body, struct making *making, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_write_check(assay_check_writables, body, false, err));
    ASSAY_TRY(assay_db_run(conn, "SELECT name FROM container WHERE id = $1 AND deleted_at IS NULL",
                           &rows, err, assay_db_int(container_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_INVALID, "\"container_id\" must be the id of a container");
    making->container_id = container_id;
    making->container = assay_strdup(assay_db_get_text(rows, 0, 0));
    making->body = json_object();
    if (!making->container || !making->body)
        return assay_fail_memory(err);
    ASSAY_TRY(overlay(stored, body, making->body, err));
    drop_unused(making->body);
    ASSAY_TRY(
        assay_check_validate(making->body, NULL, ASSAY_CHECK_FROM_REST, &making->normal, err));
    ASSAY_TRY(check_expressions(making->normal, err));
    making->uid = (int64_t)assay_check_uid(making->normal, making->container);
    ASSAY_TRY(assay_user_check(conn, "owner_id", assay_json_int(body, "owner_id", 0), err));
    return assay_user_check(conn, "default_anomaly_assignee_id",
                            assay_json_int(body, "default_anomaly_assignee_id", 0), err);
}

static int link_fields(struct assay_db_conn *conn, int64_t id, const struct making *making,
                       struct assay_error *err)
{
    size_t i;
    json_t *name;
    ASSAY_TRY(assay_db_run(conn, "DELETE FROM check_field WHERE check_id = $1", NULL, err,
                           assay_db_int(id)));
    json_array_foreach(json_object_get(making->normal, "fields"), i, name)
    {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        ASSAY_TRY(assay_db_run(conn,
                               "INSERT INTO check_field (check_id, field_id, position) SELECT $1, "
                               "f.id, $2 FROM field f WHERE "
                               "f.container_id = $3 AND f.name = $4 ON CONFLICT DO NOTHING",
                               &rows, err, assay_db_int(id), assay_db_int((int64_t)i),
                               assay_db_int(making->container_id),
                               assay_db_text(json_string_value(name))));
        if (assay_db_rows_changed(rows) == 0)
            return assay_fail(
                err, ASSAY_INVALID,
                "\"fields\" must be fields of %.120s, each once, and \"%.120s\" is none",
                making->container, json_string_value(name));
    }
    return ASSAY_OK;
}

/* A unique identity was taken: say by what. */
static int duplicate(int rc, const struct making *making, struct assay_error *err)
{
    if (rc != ASSAY_CONFLICT || !err)
        return rc;
    assay_error_clear(err);
    return assay_fail(
        err, rc,
        "%.120s has a check of rule %s with the same fields, filter and kind of coverage already",
        making->container, assay_json_str(making->normal, "rule", ""));
}

/* The coverage as it was sent, 1 where none was; NULL where the rule takes none. */
static struct assay_db_value coverage_of(const json_t *normal)
{
    const struct assay_rule_def *def = assay_rule_def_find(assay_json_str(normal, "rule", ""));
    return def && def->coverage ? assay_db_real(assay_json_num(normal, "coverage", 1.0))
                                : assay_db_null();
}

static struct assay_db_value element_context_of(const json_t *normal)
{
    return assay_db_bool(
        assay_json_bool(json_object_get(normal, "properties"), "is_element_context", false));
}

/* Columns that follow from the check itself, beside those that the body gives. */
static const struct assay_writable insert_writables[] = {
    {"description", "description", ASSAY_WRITE_TEXT, .max = 4096},
    {"filter", "filter", ASSAY_WRITE_TEXT, .nullable = true, .max = 65536},
    {"properties", "properties", ASSAY_WRITE_OBJECT, .doc = NULL},
    {"anomaly_message_field", "anomaly_message_field", ASSAY_WRITE_TEXT, .nullable = true},
    {"additional_metadata", "additional_metadata", ASSAY_WRITE_OBJECT, .doc = NULL},
    {.key = NULL},
};

int assay_check_create(struct assay_db_conn *conn, const json_t *body,
                       const struct assay_editor *editor, int64_t *ret_id, struct assay_error *err)
{
    ASSAY_SCOPED(release_making) struct making making = {0};
    int64_t container_id, id;
    ASSAY_TRY(assay_json_need_int(body, "container_id", &container_id, err));
    ASSAY_TRY(make(conn, container_id, NULL, body, &making, err));
    const int64_t owner = assay_json_int(body, "owner_id", editor->user_id);
    const int64_t assignee = assay_json_int(body, "default_anomaly_assignee_id", 0);
    const struct assay_write_fixed fixed[] = {
        {"container_id", assay_db_int(container_id)},
        {"rule_type", assay_db_text(assay_json_str(making.normal, "rule", ""))},
        {"check_uid", assay_db_int(making.uid)},
        {"coverage", coverage_of(making.normal)},
        {"status", assay_db_text(assay_json_str(making.body, "status", "Active"))},
        {"is_element_context", element_context_of(making.normal)},
        {"owner_id", owner ? assay_db_int(owner) : assay_db_null()},
        {"default_anomaly_assignee_id", assignee ? assay_db_int(assignee) : assay_db_null()},
        {"last_editor", assay_db_text(editor->name)},
        {"created_at", assay_db_int(assay_now_us())},
        {"updated_at", assay_db_int(assay_now_us())},
        {.column = NULL}};
    const int rc =
        assay_write_insert(conn, "quality_check", insert_writables, making.body, fixed, &id, err);
    ASSAY_TRY(duplicate(rc, &making, err));
    ASSAY_TRY(link_fields(conn, id, &making, err));
    ASSAY_TRY(assay_tags_replace(conn, ASSAY_TAGGED_CHECK, id, json_object_get(body, "tags"), err));
    *ret_id = id;
    return ASSAY_OK;
}

/* Names of a check's fields instead of objects, so that stored and sent compare. */
static int plain_fields(json_t *check, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *names = json_array();
    size_t i;
    json_t *field;
    json_array_foreach(json_object_get(check, "fields"), i, field)
        ASSAY_TRY(assay_json_push(names, json_string(assay_member_name(field)), err));
    return assay_json_set(check, "fields", ASSAY_TAKE(names), err);
}

/* Does what the check judges differ from what is stored? Description, tags, metadata, owner and
 * status do not count. */
static bool judges_otherwise(const json_t *stored, const struct making *making)
{
    static const char *const keys[] = {"fields", "properties", "filter", "coverage"};
    ASSAY_AUTO(assay_json_decref) json_t *before = json_object();
    ASSAY_AUTO(assay_json_decref) json_t *normal = NULL;
    if (overlay(stored, NULL, before, NULL) != ASSAY_OK)
        return true;
    drop_unused(before);
    if (assay_check_validate(before, NULL, ASSAY_CHECK_FROM_REST, &normal, NULL) != ASSAY_OK)
        return true;
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++)
        if (!json_equal(json_object_get(normal, keys[i]), json_object_get(making->normal, keys[i])))
            return true;
    return false;
}

/* Active and Draft bring an archived check back; without a status it stays where it is. */
static int write_status(struct assay_db_conn *conn, int64_t id, const json_t *body,
                        const struct making *making, struct assay_error *err)
{
    const char *status = assay_json_str(body, "status", NULL);
    if (!status)
        return ASSAY_OK;
    if (strcmp(status, "Active") == 0 || strcmp(status, "Draft") == 0)
        return duplicate(
            assay_db_run(conn,
                         "UPDATE quality_check SET status = $1, deleted_at = NULL WHERE id = $2",
                         NULL, err, assay_db_text(status), assay_db_int(id)),
            making, err);
    const struct assay_removal removal = {
        .archive = true, .status = strcmp(status, "Invalid") == 0 ? status : "Discarded"};
    return assay_check_remove(conn, id, &removal, NULL, err);
}

int assay_check_update(struct assay_db_conn *conn, int64_t id, const json_t *body,
                       const struct assay_editor *editor, struct assay_error *err)
{
    ASSAY_SCOPED(release_making) struct making making = {0};
    ASSAY_AUTO(assay_json_decref) json_t *stored = NULL;
    ASSAY_TRY(assay_check_get(conn, id, &stored, err));
    ASSAY_TRY(plain_fields(stored, err));
    ASSAY_TRY(make(conn, assay_json_int(stored, "container_id", 0), stored, body, &making, err));
    const bool authored =
        !assay_json_bool(stored, "inferred", false) || judges_otherwise(stored, &making);
    const bool taken_over = authored && assay_json_bool(stored, "inferred", false);
    struct assay_write_fixed fixed[10] = {{"check_uid", assay_db_int(making.uid)},
                                          {"coverage", coverage_of(making.normal)},
                                          {"inferred", assay_db_bool(!authored)},
                                          {"last_editor", assay_db_text(editor->name)},
                                          {"updated_at", assay_db_int(assay_now_us())}};
    size_t count = 5;
    fixed[count++] =
        (struct assay_write_fixed){"is_element_context", element_context_of(making.normal)};
    const int64_t owner = assay_json_int(body, "owner_id", taken_over ? editor->user_id : 0);
    if (owner)
        fixed[count++] = (struct assay_write_fixed){"owner_id", assay_db_int(owner)};
    if (json_object_get(body, "default_anomaly_assignee_id")) {
        const int64_t assignee = assay_json_int(body, "default_anomaly_assignee_id", 0);
        fixed[count++] = (struct assay_write_fixed){
            "default_anomaly_assignee_id", assignee ? assay_db_int(assignee) : assay_db_null()};
    }
    const int rc =
        assay_write_update(conn, "quality_check", id, insert_writables, body, fixed, err);
    ASSAY_TRY(duplicate(rc, &making, err));
    ASSAY_TRY(link_fields(conn, id, &making, err));
    ASSAY_TRY(write_status(conn, id, body, &making, err));
    return assay_tags_replace(conn, ASSAY_TAGGED_CHECK, id, json_object_get(body, "tags"), err);
}

/* Anomalies that no other check raised go with it. */
static int delete_own_anomalies(struct assay_db_conn *conn, int64_t id, struct assay_error *err)
{
    return assay_db_run(conn,
                        "DELETE FROM anomaly WHERE id IN (SELECT x.anomaly_id FROM "
                        "anomaly_failed_check x WHERE x.check_id = $1 "
                        "AND NOT EXISTS (SELECT 1 FROM anomaly_failed_check y WHERE y.anomaly_id = "
                        "x.anomaly_id AND y.check_id "
                        "<> x.check_id))",
                        NULL, err, assay_db_int(id));
}

int assay_check_remove(struct assay_db_conn *conn, int64_t id, const struct assay_removal *removal,
                       const struct assay_editor *editor, struct assay_error *err)
{
    if (removal->delete_anomalies)
        ASSAY_TRY(delete_own_anomalies(conn, id, err));
    if (!removal->archive)
        return assay_write_delete(conn, "quality_check", id, "quality check", err);
    if (strcmp(removal->status, "Invalid") != 0 && strcmp(removal->status, "Discarded") != 0)
        return assay_fail(err, ASSAY_INVALID, "\"status\" must be one of Invalid|Discarded");
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(conn,
                     "UPDATE quality_check SET status = $1, deleted_at = $2, updated_at = $2, "
                     "last_editor = coalesce($4, last_editor) WHERE id = $3",
                     &rows, err, assay_db_text(removal->status), assay_db_int(assay_now_us()),
                     assay_db_int(id), editor ? assay_db_text(editor->name) : assay_db_null()));
    if (assay_db_rows_changed(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "quality check %" PRId64 " is not in the catalog",
                          id);
    return ASSAY_OK;
}
