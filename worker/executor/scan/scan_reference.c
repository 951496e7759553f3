// The containers that checks refer to: found, opened on first use, and blamed for their own faults.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan_reference.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "worker/executor/profile/file_check.h"

enum state { STATE_UNUSED, STATE_FOUND, STATE_OPEN, STATE_FAILED };

struct reference {
    const char *key, *name; /* in settings.refs; as people know it */
    const json_t *source;
    size_t place; /* in settings.refs */
    enum state state;
    struct assay_error why; /* it failed: what its checks say */
    struct assay_task task;
    struct assay_scan_container container;
    struct assay_rule_scope scope;
};

struct assay_scan_references {
    size_t count;
    struct reference items[];
};

/* --- which one --- */

static struct reference *of_key(const struct assay_scan *scan, const char *key)
{
    for (size_t i = 0; key && i < scan->references->count; i++)
        if (!strcmp(scan->references->items[i].key, key))
            return &scan->references->items[i];
    return NULL;
}

/* That of the datastore it names, "DATASTORE/CONTAINER", goes before one of the same name. */
static struct reference *of_check(const struct assay_scan *scan, const json_t *check)
{
    const json_t *properties = json_object_get(check, "properties");
    const char *container = assay_json_str(properties, "ref_container", NULL);
    const char *datastore = assay_json_str(properties, "ref_datastore", NULL);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf key = {0};
    if (container && datastore)
        assay_buf_printf(&key, "%s/%s", datastore, container);
    struct reference *ref = key.size ? of_key(scan, assay_buf_str(&key)) : NULL;
    return ref ? ref : of_key(scan, container);
}

/* The properties name a container that the task does not know. */
static int unknown(const struct assay_scan *scan, const json_t *properties, struct assay_error *err)
{
    const char *wanted = assay_json_str(properties, "ref_container", NULL);
    const int64_t id = assay_json_int(properties, "ref_container_id", 0);
    if (id)
        return assay_fail(err, ASSAY_NOT_FOUND,
                          "the container %" PRId64
                          " that it refers to is not there any more: refer "
                          "to another one, or archive the check",
                          id);
    if (!wanted)
        return assay_fail(
            err, ASSAY_INVALID,
            "the reference has a datastore but no container: name it (ref_container)");
    struct assay_nearest nearest = {.wanted = wanted};
    for (size_t i = 0; i < scan->references->count; i++)
        assay_nearest_offer(&nearest, scan->references->items[i].key);
    if (nearest.best)
        return assay_fail(err, ASSAY_NOT_FOUND,
                          "the reference `%.200s` is not known: did you mean `%.200s`?", wanted,
                          nearest.best);
    return assay_fail(err, ASSAY_NOT_FOUND,
                      "the reference `%.200s` is not known: scan it too, or give it by --ref "
                      "%.200s=INPUT",
                      wanted, wanted);
}

/* --- faults --- */

/* The check's own fault from here on, whatever the source says; but a cancelled scan ends. */
static void fail(struct reference *ref, const struct assay_error *reason)
{
    ref->state = STATE_FAILED;
    if (reason->code == ASSAY_CANCELLED) {
        ref->why = *reason;
        return;
    }
    ASSAY_IGNORE(assay_fail(&ref->why, ASSAY_INVALID, "the reference `%.200s` cannot be read: %s",
                            ref->name, reason->text));
}

static int give_fault(const struct reference *ref, struct assay_error *err)
{
    *err = ref->why;
    return err->code;
}

static bool names_its_file(const struct reference *ref, const char *text)
{
    const struct assay_parquet_files *files = &ref->container.source.files;
    for (size_t i = 0; i < files->count; i++)
        if (strstr(text, files->paths[i]))
            return true;
    return false;
}

void assay_scan_reference_blame(struct assay_scan *scan, const json_t *check,
                                struct assay_error *inner)
{
    struct reference *ref = of_check(scan, check);
    struct assay_error own = {0};
    if (!ref || ref->state != STATE_OPEN || inner->code == ASSAY_CANCELLED)
        return;
    if (ref->container.table && assay_reader_table_error(ref->container.table, &own) != ASSAY_OK)
        fail(ref, &own);
    else if (names_its_file(ref, inner->text))
        fail(ref, inner);
    else
        return;
    *inner = ref->why;
}

/* --- found --- */

static void find(struct assay_scan *scan, struct reference *ref,
                 const struct assay_scan_known *known)
{
    struct assay_error reason = {0};
    const char *unread = assay_json_str(ref->source, "error", NULL);
    const char *table = assay_arena_printf(&scan->arena, "_assay_ref_%zu", ref->place);
    int code = unread  ? assay_fail(&reason, ASSAY_NOT_FOUND, "%s", unread)
               : table ? assay_task_init_reference(&ref->task, scan->task, ref->source, &reason)
                       : assay_fail_memory(&reason);
    if (code == ASSAY_OK)
        code = assay_scan_container_find(&ref->container, &ref->task, scan->task, &scan->arena,
                                         table, &known->doubles[ref->place + 1], &reason);
    if (code == ASSAY_OK)
        ref->state = STATE_FOUND;
    else
        fail(ref, &reason);
}

int assay_scan_references_find(struct assay_scan *scan, const struct assay_scan_known *known,
                               struct assay_error *err)
{
    json_t *refs = assay_json_get(scan->task->settings, "refs");
    scan->references =
        assay_calloc(1, sizeof *scan->references +
                            (json_object_size(refs) + 1) * sizeof *scan->references->items);
    if (!scan->references)
        return assay_fail_memory(err);
    const char *key;
    json_t *source;
    json_object_foreach(refs, key, source)
    {
        struct reference *ref = &scan->references->items[scan->references->count];
        ref->key = key;
        ref->name = assay_json_str(source, "name", key);
        ref->source = source;
        ref->place = scan->references->count++;
    }
    for (size_t i = 0; i < scan->checks_count; i++) {
        struct reference *ref = of_check(scan, scan->checks[i].json);
        if (ref && ref->state == STATE_UNUSED)
            find(scan, ref, known);
    }
    return assay_task_check(scan->task, err);
}

void assay_scan_references_close(struct assay_scan *scan)
{
    for (size_t i = 0; scan->references && i < scan->references->count; i++) {
        assay_scan_container_close(&scan->references->items[i].container);
        assay_task_release(&scan->references->items[i].task);
    }
    assay_free(scan->references);
    scan->references = NULL;
}

static const struct assay_scan_container *container_at(const struct assay_scan *scan, size_t i)
{
    return &scan->references->items[i].container;
}

size_t assay_scan_references_paths(const struct assay_scan *scan, const char **paths)
{
    size_t count = 0;
    for (size_t i = 0; i < scan->references->count; i++) {
        const struct assay_parquet_files *files = &container_at(scan, i)->source.files;
        for (size_t j = 0; j < files->count; j++, count++)
            if (paths)
                paths[count] = files->paths[j];
    }
    return count;
}

uint64_t assay_scan_references_bytes(const struct assay_scan *scan)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < scan->references->count; i++)
        bytes += container_at(scan, i)->source.files_bytes;
    return bytes;
}

/* --- opened --- */

/* Does any text of the check hold the name? Then it may mean the field. */
static bool mentions(const json_t *value, const char *name)
{
    const char *key;
    size_t i;
    json_t *member;
    if (json_is_string(value))
        return strcasestr(json_string_value(value), name) != NULL;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key,
                            member) if (mentions(member, name)) return true;
    } else if (json_is_array(value)) {
        json_array_foreach((json_t *)(uintptr_t)value, i,
                           member) if (mentions(member, name)) return true;
    }
    return false;
}

/* A name with quotes may be written in several ways. */
static bool is_needed(const struct assay_scan *scan, const struct reference *ref, const char *name)
{
    for (size_t i = 0; i < scan->checks_count; i++) {
        const json_t *check = scan->checks[i].json;
        const struct assay_rule *rule = assay_rule_find(assay_json_str(check, "rule", NULL));
        if (rule && of_check(scan, check) == ref &&
            (!rule->names_foreign || strchr(name, '"') || mentions(check, name)))
            return true;
    }
    return false;
}

/* A database is read once, those of its fields that checks may mean. */
static int spool(const struct assay_scan *scan, struct reference *ref, struct assay_error *err)
{
    struct assay_scan_container *of = &ref->container;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const char *copy = assay_arena_printf(of->arena, "%s_copy", of->table_name);
    if (!copy)
        return assay_fail_memory(err);
    assay_buf_printf(&sql, "CREATE TEMP TABLE %s AS SELECT 1 AS nothing", copy);
    for (size_t i = 0; i < of->source.schema.count; i++) {
        if (!is_needed(scan, ref, of->fields[i].name))
            continue;
        assay_buf_printf(&sql, ", c%zu", i);
        if (of->fields[i].misfit_sql)
            assay_buf_printf(&sql, ", %s", of->fields[i].misfit_sql);
    }
    assay_buf_printf(&sql, " FROM %s", of->from);
    ASSAY_TRY(assay_buf_check(&sql, err));
    ASSAY_TRY(assay_session_exec(of->session, assay_buf_str(&sql), err));
    of->from = copy;
    return ASSAY_OK;
}

static int open(const struct assay_scan *scan, struct reference *ref, struct assay_error *err)
{
    struct assay_scan_container *of = &ref->container;
    ASSAY_TRY(assay_scan_container_open(of, scan->session, err));
    of->keep_counts = true;
    if (!of->source.set) {
        const int code = spool(scan, ref, err);
        if (code != ASSAY_OK)
            return assay_reader_table_error(of->table, err);
    }
    ref->scope = scan->scope;
    ref->scope.name = ref->name;
    ref->scope.is_reference = true;
    ref->scope.fields = of->fields;
    ref->scope.fields_count = of->source.schema.count;
    ref->scope.relation = of->from;
    ref->scope.mask = assay_json_get(ref->source, "mask");
    ref->scope.reference = NULL;
    ref->scope.references = NULL;
    return ASSAY_OK;
}

int assay_scan_reference(const struct assay_rule_check *check,
                         const struct assay_rule_scope **ret_reference, struct assay_error *err)
{
    const struct assay_scan *scan = check->scope->references;
    struct reference *ref = of_check(scan, check->json);
    struct assay_error reason = {0};
    if (!ref)
        return unknown(scan, check->properties, err);
    if (ref->state == STATE_FOUND) {
        if (open(scan, ref, &reason) == ASSAY_OK)
            ref->state = STATE_OPEN;
        else
            fail(ref, &reason);
    }
    if (ref->state != STATE_OPEN)
        return give_fault(ref, err);
    *ret_reference = &ref->scope;
    return ASSAY_OK;
}

/* --- what reading them showed --- */

static int give_up_checks(struct assay_scan *scan, const struct reference *ref,
                          struct assay_error *err)
{
    for (size_t i = 0; i < scan->checks_count; i++) {
        struct assay_scan_check *check = &scan->checks[i];
        if (of_check(scan, check->json) != ref)
            continue;
        check->in_pass = false;
        check->rule = NULL;
        ASSAY_TRY(assay_scan_check_fault(check, &ref->why, err));
    }
    return ASSAY_OK;
}

int assay_scan_references_check_files(struct assay_scan *scan, const char *advice, json_t *warnings,
                                      struct assay_error *err)
{
    for (size_t i = 0; i < scan->references->count; i++) {
        struct reference *ref = &scan->references->items[i];
        struct assay_error inner = {0};
        if (ref->state != STATE_OPEN ||
            assay_file_check(&ref->container.source, advice, warnings, &inner) == ASSAY_OK)
            continue;
        fail(ref, &inner);
        ASSAY_TRY(give_up_checks(scan, ref, err));
    }
    return ASSAY_OK;
}

int assay_scan_references_note_doubles(const struct assay_scan *scan,
                                       const struct assay_scan_known *known, bool *again,
                                       struct assay_error *err)
{
    for (size_t i = 0; i < scan->references->count; i++) {
        if (!assay_scan_container_is_inexact(container_at(scan, i)))
            continue;
        *again = true;
        ASSAY_TRY(
            assay_scan_container_note_doubles(container_at(scan, i), &known->doubles[i + 1], err));
    }
    return ASSAY_OK;
}

static int push_warning(const struct reference *ref, uint64_t count, json_t *warnings,
                        struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_buf_printf(&text,
                     "%" PRIu64 " record%s of `%s`, which checks refer to, could not be read and "
                     "%s left out of the comparison",
                     count, count == 1 ? "" : "s", ref->name, count == 1 ? "is" : "are");
    for (size_t i = 0; i < ref->container.parts_count; i++) {
        const struct assay_scan_part *part = &ref->container.parts[i];
        if (!part->rejections.kept)
            continue;
        assay_buf_printf(&text, ": line %" PRIu64 ": %s",
                         part->rejections.items[0].line + part->first_line,
                         part->rejections.items[0].reason);
        break;
    }
    ASSAY_TRY(assay_buf_check(&text, err));
    return assay_json_push(warnings,
                           json_pack("{s:s, s:n, s:o}", "code", "reference_rejected", "field",
                                     "message",
                                     assay_json_safe_string(assay_buf_str(&text), text.size)),
                           err);
}

int assay_scan_references_warn(const struct assay_scan *scan, json_t *warnings,
                               struct assay_error *err)
{
    for (size_t i = 0; i < scan->references->count; i++) {
        struct reference *ref = &scan->references->items[i];
        const uint64_t count = assay_scan_container_rejected(&ref->container);
        if (!count)
            continue;
        assay_scan_container_place_parts(&ref->container);
        ASSAY_TRY(push_warning(ref, count, warnings, err));
    }
    return ASSAY_OK;
}
