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
    if (twin.inferred && (!twin.archived || twin.by_platform))
        return refresh(in, &twin, check, err);
    return ASSAY_OK; /* a person's check, or one that a person threw away */
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

/* Inferred checks that this profile no longer offers go, unless they ever found something. */
static int discard_others(struct inferring *in, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        in->p->conn,
        "SELECT q.id FROM quality_check q WHERE q.container_id = $1 AND q.inferred = 1 "
        "AND q.deleted_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM anomaly_failed_check x WHERE x.check_id = q.id)",
        &rows, err, assay_db_int(in->container->id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        if (json_object_get(in->kept, assay_db_get_text(rows, row, 0)))
            continue;
        ASSAY_TRY(assay_db_run(
            in->p->conn,
            "UPDATE quality_check SET status = 'Discarded', deleted_at = $2, updated_at = $2, "
            "last_editor = $3 WHERE id = $1",
            NULL, err, assay_db_int(assay_db_get_int(rows, row, 0)), assay_db_int(in->p->now),
            assay_db_text(PLATFORM)));
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
                           const struct assay_publish_container *container, const json_t *checks,
                           int64_t *ret_count, struct assay_error *err)
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
    json_array_foreach(checks, i, check) ASSAY_TRY(synchronize_or_skip(&in, check, err));
    ASSAY_TRY(discard_others(&in, err));
    *ret_count = (int64_t)json_object_size(kept);
    return ASSAY_OK;
}
