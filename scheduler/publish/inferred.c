// Inferred checks: each profile adds, refreshes and removes its own.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "common/rules/check_validate.h"
#include "scheduler/catalog/check.h"
#include "scheduler/publish/parts.h"

#define PLATFORM "assay" /* the user that owns what the platform writes */

struct inferring {
    struct assay_publishing *p;
    const struct assay_publish_container *container;
    struct assay_editor editor;
    bool draft;
    json_t *kept; /* ids of checks that this profile offers, as keys */
};

/* A check of the same identity in the container. */
struct twin {
    int64_t id;
    bool inferred, archived, by_platform;
};

static int find_twin(struct inferring *in, int64_t uid, struct twin *ret_twin,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(in->p->conn,
                     "SELECT id, inferred, deleted_at, last_editor FROM quality_check "
                     "WHERE container_id = $1 AND check_uid = $2 "
                     "ORDER BY CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END, id DESC LIMIT 1",
                     &rows, err, assay_db_int(in->container->id), assay_db_int(uid)));
    const char *editor = assay_db_get_text(rows, 0, 3);
    *ret_twin = (struct twin){.id = assay_db_get_int(rows, 0, 0),
                              .inferred = assay_db_get_int(rows, 0, 1) != 0,
                              .archived = !assay_db_is_null(rows, 0, 2),
                              .by_platform = editor && !strcmp(editor, PLATFORM)};
    return ASSAY_OK;
}

static int keep(struct inferring *in, int64_t id, struct assay_error *err)
{
    char key[24];
    (void)snprintf(key, sizeof key, "%lld", (long long)id);
    return assay_json_set(in->kept, key, json_true(), err);
}

static bool is_kept(const struct inferring *in, int64_t id)
{
    char key[24];
    (void)snprintf(key, sizeof key, "%lld", (long long)id);
    return json_object_get(in->kept, key) != NULL;
}

static int create(struct inferring *in, const json_t *check, struct assay_error *err)
{
    int64_t id = 0;
    ASSAY_AUTO(assay_json_decref) json_t *body = json_copy((json_t *)check);
    ASSAY_TRY(assay_json_set(body, "container_id", json_integer(in->container->id), err));
    ASSAY_TRY(assay_json_set(body, "status", json_string(in->draft ? "Draft" : "Active"), err));
    ASSAY_TRY(assay_check_create(in->p->conn, body, &in->editor, &id, err));
    ASSAY_TRY(assay_db_run(in->p->conn, "UPDATE quality_check SET inferred = 1 WHERE id = $1", NULL,
                           err, assay_db_int(id)));
    return keep(in, id, err);
}

/* Thresholds and evidence anew; status stays, but what the platform itself had discarded comes
 * back. */
static int refresh(struct inferring *in, const struct twin *twin, const json_t *check,
                   struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text)
    char *properties = assay_json_text(assay_json_get(check, "properties"));
    ASSAY_AUTO(assay_free_text)
    char *metadata = assay_json_text(assay_json_get(check, "additional_metadata"));
    const json_t *coverage = assay_json_get(check, "coverage");
    const char *back = in->draft ? "Draft" : "Active";
    ASSAY_TRY(assay_db_run(
        in->p->conn,
        "UPDATE quality_check SET properties = $2, additional_metadata = $3, coverage = "
        "coalesce($4, coverage), "
        "description = $5, updated_at = $6, last_editor = $7, "
        "status = CASE WHEN deleted_at IS NULL THEN status ELSE $8 END, deleted_at = NULL WHERE id "
        "= $1",
        NULL, err, assay_db_int(twin->id), assay_db_text(properties ? properties : "{}"),
        assay_db_text(metadata ? metadata : "{}"),
        json_is_number(coverage) ? assay_db_real(json_number_value(coverage)) : assay_db_null(),
        assay_db_text(assay_json_str(check, "description", "")), assay_db_int(in->p->now),
        assay_db_text(PLATFORM), assay_db_text(back)));
    return keep(in, twin->id, err);
}

static int synchronize(struct inferring *in, const json_t *check, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *normal = NULL;
    struct twin twin;
    ASSAY_TRY(assay_check_validate(check, NULL, ASSAY_CHECK_FROM_REST, &normal, err));
    ASSAY_TRY(find_twin(in, (int64_t)assay_check_uid(normal, in->container->name), &twin, err));
    if (!twin.id)
        return create(in, check, err);
    if (twin.inferred && (!twin.archived || twin.by_platform) && !is_kept(in, twin.id))
        return refresh(in, &twin, check, err);
    return ASSAY_OK; /* a person's check, one that a person threw away, or a better one stands */
}

/* What could not be judged neither comes nor goes. */
static int keep_unjudged(struct inferring *in, const json_t *check, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *normal = NULL;
    struct twin twin;
    const int rc = assay_check_validate(check, NULL, ASSAY_CHECK_FROM_REST, &normal, NULL);
    if (rc != ASSAY_OK)
        return rc == ASSAY_NO_MEMORY ? assay_fail_memory(err) : ASSAY_OK;
    ASSAY_TRY(find_twin(in, (int64_t)assay_check_uid(normal, in->container->name), &twin, err));
    return twin.id && twin.inferred && !twin.archived ? keep(in, twin.id, err) : ASSAY_OK;
}

/* One check that cannot be kept (a field that is gone) does not cost the others. */
static int synchronize_or_skip(struct inferring *in, const json_t *check, struct assay_error *err)
{
    struct assay_error own = {0};
    ASSAY_TRY(assay_db_script(in->p->conn, "SAVEPOINT inferred_check", err));
    const int rc = synchronize(in, check, &own);
    if (rc == ASSAY_OK)
        return assay_db_script(in->p->conn, "RELEASE SAVEPOINT inferred_check", err);
    if (rc != ASSAY_INVALID && rc != ASSAY_CONFLICT)
        return assay_fail(err, rc, "%s", own.text);
    return assay_db_script(in->p->conn, "ROLLBACK TO SAVEPOINT inferred_check", err);
}

static const char *const between[] = {"existsIn", "notExistsIn", "isReplicaOf"};

bool assay_publish_is_between(const char *rule)
{
    for (size_t i = 0; i < ASSAY_COUNT(between); i++)
        if (!strcmp(rule, between[i]))
            return true;
    return false;
}

static bool has_id(const json_t *ids, int64_t id)
{
    size_t i;
    json_t *item;
    json_array_foreach(ids, i, item) if (json_integer_value(item) == id) return true;
    return false;
}

/* Does the inference speak of a check of this rule that refers to this container (0 = its own)? */
static bool speaks_of(const struct assay_publish_inference *inference, const char *rule,
                      int64_t refers_to)
{
    const bool relation = assay_publish_is_between(rule);
    if (inference->rules != ASSAY_RULES_ALL &&
        relation != (inference->rules == ASSAY_RULES_BETWEEN))
        return false;
    return !inference->considered || has_id(inference->considered, refers_to);
}

static int discard_one(struct assay_db_conn *conn, int64_t id, struct assay_error *err)
{
    return assay_db_run(conn,
                        "UPDATE quality_check SET status = 'Discarded', deleted_at = assay_now(), "
                        "updated_at = assay_now(), last_editor = $2 WHERE id = $1",
                        NULL, err, assay_db_int(id), assay_db_text(PLATFORM));
}

int assay_publish_discard(struct assay_db_conn *conn, int64_t container_id,
                          const struct assay_publish_inference *inference, const json_t *kept,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT q.id, q.rule_type, q.properties FROM quality_check q WHERE q.container_id = $1 "
        "AND q.inferred = 1 AND q.deleted_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM anomaly_failed_check x WHERE x.check_id = q.id)",
        &rows, err, assay_db_int(container_id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        ASSAY_AUTO(assay_json_decref) json_t *properties = NULL;
        const char *text = assay_db_get_text(rows, row, 2);
        if (json_object_get(kept, assay_db_get_text(rows, row, 0)))
            continue;
        ASSAY_IGNORE(assay_json_parse(text, strlen(text), "properties", &properties, NULL));
        if (speaks_of(inference, assay_db_get_text(rows, row, 1),
                      assay_json_int(properties, "ref_container_id", container_id)))
            ASSAY_TRY(discard_one(conn, assay_db_get_int(rows, row, 0), err));
    }
    return ASSAY_OK;
}

static int platform_user(struct assay_publishing *p, int64_t *ret_id, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(p->conn,
                           "SELECT id FROM user_account WHERE is_system = 1 ORDER BY id LIMIT 1",
                           &rows, err));
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

int assay_publish_inferred(struct assay_publishing *p,
                           const struct assay_publish_container *container,
                           const struct assay_publish_inference *inference, int64_t *ret_count,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *kept = json_object();
    struct inferring in = {.p = p,
                           .container = container,
                           .editor = {.name = PLATFORM},
                           .draft = assay_json_bool(p->settings, "infer_as_draft", false),
                           .kept = kept};
    size_t i;
    json_t *check;
    ASSAY_TRY(platform_user(p, &in.editor.user_id, err));
    json_array_foreach(inference->checks, i, check) ASSAY_TRY(synchronize_or_skip(&in, check, err));
    json_array_foreach(inference->unjudged, i, check)
        ASSAY_TRY(keep_unjudged(&in, assay_json_get(check, "check"), err));
    ASSAY_TRY(assay_publish_discard(p->conn, container->id, inference, kept, err));
    *ret_count = (int64_t)json_object_size(kept);
    return ASSAY_OK;
}
