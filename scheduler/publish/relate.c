// Relations between containers: what the sketches of an operation's profiles suggest becomes tasks
// of the operation, once, before it closes.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/relate/relate.h"
#include "scheduler/plan/plan.h"
#include "scheduler/publish/parts.h"

/* Of one operation: fields that are compared (3 KB each), containers that are read once more, and
 * candidates of one of them. */
enum { SKETCHES_MAX = 10000, TASKS_MAX = 200, CANDIDATES_MAX = 100 };

/* What follows from an operation, before it is written. */
struct relating {
    struct assay_job_store *store;
    int64_t operation_id, datastore_id;
    json_t *known;    /* containers with sketches, as assay_relate() takes them */
    json_t *profiled; /* ids of those that this operation profiled */
    json_t *settings; /* of the tasks */
    char **specs;
    struct assay_job_task_new *tasks;
    size_t count;
    size_t uncompared, left_out, cut; /* containers: not looked at, not read, read for a part */
    bool incomplete;                  /* not all that could be suggested is: nothing is discarded */
    struct assay_buf message;
    bool extended;
};

static void release_relating(struct relating *r)
{
    for (size_t i = 0; r->specs && i < r->count; i++)
        assay_free(r->specs[i]);
    assay_free(r->specs);
    assay_free(r->tasks);
    json_decref(r->known);
    json_decref(r->profiled);
    json_decref(r->settings);
    assay_buf_release(&r->message);
}

/* *ret_relates: it is a profile that may still be extended. */
static int read_operation(struct assay_db_conn *conn, struct relating *r, bool *ret_relates,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *request = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT source_id, settings FROM operation WHERE id = $1 AND kind = 'profile' AND "
        "extended_at IS NULL AND cancel_requested_at IS NULL AND EXISTS "
        "(SELECT 1 FROM container_sketch WHERE operation_id = $1)",
        &rows, err, assay_db_int(r->operation_id)));
    *ret_relates = assay_db_rows_count(rows) > 0;
    if (!*ret_relates)
        return ASSAY_OK;
    const char *text = assay_db_get_text(rows, 0, 1);
    r->datastore_id = assay_db_get_int(rows, 0, 0);
    ASSAY_TRY(assay_json_parse(text, strlen(text), "settings", &request, err));
    r->settings =
        json_pack("{s:b}", "infer_as_draft", assay_json_bool(request, "infer_as_draft", false));
    r->profiled = json_array();
    return r->settings && r->profiled ? ASSAY_OK : assay_fail_memory(err);
}

static const json_t *known_at(const struct relating *r, int64_t index)
{
    return index < 0 ? NULL : json_array_get(r->known, (size_t)index);
}

static int list_profiled(struct relating *r, struct assay_error *err)
{
    size_t i;
    json_t *container;
    json_array_foreach(r->known, i, container)
    {
        if (assay_json_bool(container, "profiled", false))
            ASSAY_TRY(
                assay_json_push(r->profiled, json_incref(json_object_get(container, "id")), err));
    }
    return ASSAY_OK;
}

/* --- candidates, by the container that is to be checked --- */

/* A candidate concerns the operation when its container is of the datastore, and one of the pair
 * was profiled. */
static bool concerns(const struct relating *r, const json_t *of, const json_t *ref)
{
    return of && ref && assay_json_int(of, "datastore", 0) == r->datastore_id &&
           (assay_json_bool(of, "profiled", false) || assay_json_bool(ref, "profiled", false));
}

static int add_reference(json_t *check, const json_t *of, const json_t *ref,
                         struct assay_error *err)
{
    json_t *properties = json_object_get(check, "properties");
    if (of == ref)
        return ASSAY_OK;
    ASSAY_TRY(assay_json_set(properties, "ref_container_id",
                             json_integer(assay_json_int(ref, "id", 0)), err));
    return assay_json_set(properties, "ref_datastore_id",
                          json_integer(assay_json_int(ref, "datastore", 0)), err);
}

/* Put those that concern the operation into the lists of their containers ("candidates"). */
static int sort_out(struct relating *r, const json_t *candidates, struct assay_error *err)
{
    size_t i;
    json_t *candidate;
    json_array_foreach(candidates, i, candidate)
    {
        const json_t *of = known_at(r, assay_json_int(candidate, "of", -1));
        const json_t *ref = known_at(r, assay_json_int(candidate, "ref", -1));
        json_t *check = json_object_get(candidate, "check");
        if (!concerns(r, of, ref))
            continue;
        json_t *own = json_array_get(r->known, (size_t)assay_json_int(candidate, "of", 0));
        if (!json_object_get(own, "candidates"))
            ASSAY_TRY(assay_json_set(own, "candidates", json_array(), err));
        ASSAY_TRY(add_reference(check, of, ref, err));
        ASSAY_TRY(assay_json_push(json_object_get(own, "candidates"), json_incref(check), err));
    }
    return ASSAY_OK;
}

/* --- tasks --- */

/* Whose checks a container's task may discard, by what they refer to: nobody's where not everything
 * was looked at. NULL (all) for a container that was profiled. */
static json_t *considered_of(const struct relating *r, const json_t *container, bool complete)
{
    if (!complete || r->incomplete)
        return json_array();
    return assay_json_bool(container, "profiled", false) ? json_null() : json_incref(r->profiled);
}

static int add_task(struct assay_db_conn *conn, struct relating *r, const json_t *container,
                    json_t *candidates, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *settings = json_copy(r->settings);
    const int64_t id = assay_json_int(container, "id", 0);
    const bool complete = json_array_size(candidates) <= CANDIDATES_MAX;
    struct assay_error own = {0};
    r->cut += !complete;
    while (json_array_size(candidates) > CANDIDATES_MAX)
        (void)json_array_remove(candidates, json_array_size(candidates) - 1);
    ASSAY_TRY(assay_json_set(settings, "considered", considered_of(r, container, complete), err));
    const int rc = assay_plan_relate(conn, r->datastore_id, id, candidates, settings, &spec, &own);
    if (rc == ASSAY_NOT_FOUND) /* deleted meanwhile */
        return ASSAY_OK;
    if (rc != ASSAY_OK)
        return assay_fail(err, rc, "%s", own.text);
    r->specs[r->count] = assay_json_text(spec);
    if (!r->specs[r->count])
        return assay_fail_memory(err);
    r->tasks[r->count] = (struct assay_job_task_new){.kind = "profile.relate",
                                                     .container_id = id,
                                                     .spec = r->count,
                                                     .split_count = 1,
                                                     .unblocks = -1};
    r->count++;
    return ASSAY_OK;
}

/* Those that were profiled first, where there are more than may be read. */
static int add_tasks(struct assay_db_conn *conn, struct relating *r, struct assay_error *err)
{
    r->specs = assay_calloc(TASKS_MAX, sizeof *r->specs);
    r->tasks = assay_calloc(TASKS_MAX, sizeof *r->tasks);
    if (!r->specs || !r->tasks)
        return assay_fail_memory(err);
    for (int profiled = 1; profiled >= 0; profiled--) {
        size_t i;
        json_t *container;
        json_array_foreach(r->known, i, container)
        {
            json_t *candidates = json_object_get(container, "candidates");
            if (!candidates || assay_json_bool(container, "profiled", false) != profiled)
                continue;
            if (r->count == TASKS_MAX)
                r->left_out++;
            else
                ASSAY_TRY(add_task(conn, r, container, candidates, err));
        }
    }
    return ASSAY_OK;
}

static void say(struct relating *r, size_t containers, const char *what)
{
    if (containers)
        assay_buf_printf(&r->message, "%s%zu container%s %s", r->message.size ? "; " : "",
                         containers, containers == 1 ? "" : "s", what);
}

/* What the bounds left out. */
static int say_limits(struct relating *r, struct assay_error *err)
{
    say(r, r->uncompared, "not compared with the others");
    say(r, r->left_out, "of which relations were not judged");
    say(r, r->cut, "of which only the first 100 relations were judged");
    return assay_buf_check(&r->message, err);
}

static int plan(struct assay_db_conn *conn, struct relating *r, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *candidates = NULL;
    ASSAY_TRY(assay_publish_known_sketches(conn, r->operation_id, r->datastore_id, SKETCHES_MAX,
                                           &r->known, &r->uncompared, err));
    r->incomplete = r->uncompared > 0;
    ASSAY_TRY(list_profiled(r, err));
    ASSAY_TRY(assay_relate(r->known, &candidates, err));
    ASSAY_TRY(sort_out(r, candidates, err));
    ASSAY_TRY(add_tasks(conn, r, err));
    return say_limits(r, err);
}

/* What cannot be derived is said; the profiles stand. */
static int plan_or_say(struct assay_db_conn *conn, struct relating *r, struct assay_error *err)
{
    struct assay_error own = {0};
    const int rc = plan(conn, r, &own);
    if (rc == ASSAY_OK)
        return ASSAY_OK;
    if (assay_code_retry(rc) != ASSAY_RETRY_NEVER || rc == ASSAY_NO_MEMORY)
        return assay_fail(err, rc, "%s", own.text);
    r->incomplete = true;
    for (; r->count; r->count--)
        assay_free(ASSAY_TAKE(r->specs[r->count - 1]));
    assay_buf_release(&r->message);
    assay_buf_printf(&r->message, "relations between containers were not looked for: %s", own.text);
    return assay_buf_check(&r->message, err);
}

/* --- what is written --- */

static bool has_task(const struct relating *r, int64_t container_id)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->tasks[i].container_id == container_id)
            return true;
    return false;
}

/* Checks of containers that nothing is suggested for any more. */
static int discard_unsuggested(struct assay_db_conn *conn, const struct relating *r,
                               struct assay_error *err)
{
    size_t i;
    json_t *container;
    json_array_foreach(r->known, i, container)
    {
        const int64_t id = assay_json_int(container, "id", 0);
        const bool profiled = assay_json_bool(container, "profiled", false);
        const struct assay_publish_inference inference = {
            .rules = ASSAY_RULES_BETWEEN, .considered = profiled ? NULL : r->profiled};
        if (assay_json_int(container, "datastore", 0) == r->datastore_id && !has_task(r, id) &&
            !json_object_get(container, "candidates"))
            ASSAY_TRY(assay_publish_discard(conn, id, &inference, NULL, err));
    }
    return ASSAY_OK;
}

static int write_extension(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct relating *r = context;
    const struct assay_job_extension extension = {
        .specs = (const char *const *)r->specs,
        .specs_count = r->count,
        .tasks = r->tasks,
        .tasks_count = r->count,
        .message = r->message.size ? assay_buf_str(&r->message) : NULL};
    ASSAY_TRY(assay_job_extend(r->store, conn, r->operation_id, &extension, &r->extended, err));
    return r->extended && !r->incomplete ? discard_unsuggested(conn, r, err) : ASSAY_OK;
}

int assay_publish_relate(struct assay_job_store *store, int64_t operation_id, bool *ret_ready,
                         struct assay_error *err)
{
    ASSAY_SCOPED(release_relating)
    struct relating r = {.store = store, .operation_id = operation_id};
    bool relates = false;
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(assay_job_store_db(store), &conn, err));
    ASSAY_TRY(read_operation(conn, &r, &relates, err));
    if (relates)
        ASSAY_TRY(plan_or_say(conn, &r, err));
    assay_db_release(ASSAY_TAKE(conn));
    if (relates)
        ASSAY_TRY(assay_db_transaction(assay_job_store_db(store), write_extension, &r, err));
    *ret_ready = !relates || (r.extended && !r.count);
    return ASSAY_OK;
}
