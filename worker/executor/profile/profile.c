// Profile: one container, from opened source to the document of docs/documents.md.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "worker/executor/profile/belief.h"
#include "worker/executor/profile/file_check.h"
#include "worker/executor/profile/keep/keep_run.h"
#include "worker/executor/profile/profile_passes.h"
#include "worker/executor/profile/profile_plan.h"
#include "worker/executor/profile/state.h"

enum { NAMES_SHOWN = 8 };
enum { KEEP_STATES = 2 }; /* of a field beside those of the lanes: a group's and the container's */
#define KEEP_SHARE 0.25   /* of the container's bytes to be read, up to which it is not cut */

/* --- fields --- */

static int unknown_field(const struct assay_schema *schema, const char *name,
                         struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf names = {0};
    struct assay_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < schema->count; i++) {
        assay_nearest_offer(&nearest, schema->fields[i].name);
        if (i < NAMES_SHOWN)
            assay_buf_printf(&names, "%s%.40s", i ? ", " : "", schema->fields[i].name);
    }
    if (nearest.best)
        return assay_fail(err, ASSAY_INVALID, "there is no field %.100s: do you mean %.100s?", name,
                          nearest.best);
    return assay_fail(err, ASSAY_INVALID, "there is no field %.100s: it has %s%s", name,
                      assay_buf_str(&names), schema->count > NAMES_SHOWN ? ", …" : "");
}

/* A name asked for means the field and, when it is a struct, its children. */
static bool is_wanted(const char *name, const json_t *wanted)
{
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const char *text = json_string_value(json_array_get(wanted, i));
        const size_t size = text ? strlen(text) : 0;
        if (text && !strncmp(name, text, size) && (!name[size] || name[size] == '.'))
            return true;
    }
    return !json_array_size(wanted);
}

static int choose_fields(struct assay_profile_run *run, struct assay_error *err)
{
    const struct assay_schema *schema = &run->source.schema;
    const json_t *wanted = assay_json_get(run->task->settings, "fields");
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const char *name = json_string_value(json_array_get(wanted, i));
        if (!name || assay_schema_find(schema, name) < 0)
            return unknown_field(schema, name ? name : "", err);
    }
    run->result.fields = assay_calloc(schema->count + 1, sizeof *run->result.fields);
    if (!run->result.fields)
        return assay_fail_memory(err);
    for (size_t i = 0; i < schema->count; i++)
        if (is_wanted(schema->fields[i].name, wanted))
            assay_profile_field_init(&run->result.fields[run->result.fields_count++],
                                     &schema->fields[i],
                                     assay_profile_source_is_json(&run->source));
    return ASSAY_OK;
}

/* --- passes --- */

static int read_group(struct assay_profile_run *run, struct assay_profile_field **fields,
                      size_t count, struct assay_error *err)
{
    struct assay_pass_result pass = {0};
    ASSAY_TRY(assay_profile_read_once(run, fields, count, &pass, err));
    if (run->result.pass.first_rows) {
        assay_pass_result_release(&pass);
    } else {
        run->result.pass = pass;
        run->result.records_processed = pass.selected;
    }
    /* a split keeps to the belief, which all splits share: the merge decides */
    const size_t changed = run->as_state ? 0 : assay_profile_find_changed(fields, count, fields);
    if (!changed)
        return ASSAY_OK;
    atomic_store(&run->task->progress.phase, "reading again");
    assay_profile_reset_fields(fields, changed);
    ASSAY_TRY(assay_profile_read_once(run, fields, changed, &pass, err));
    assay_pass_result_release(&pass);
    (void)assay_profile_find_changed(fields, changed, fields);
    return ASSAY_OK;
}

/* What decoding a column takes shows when it is done: where that is more than the engine's share,
 * half as many fields are read at once from then on. */
static int read_fitting(struct assay_profile_run *run, struct assay_profile_field **fields,
                        size_t *count, struct assay_error *err)
{
    for (;;) {
        struct assay_error inner = {0};
        const int rc = read_group(run, fields, *count, &inner);
        if (rc != ASSAY_NO_MEMORY || *count < 2 || run->as_state ||
            !assay_profile_source_by_engine(&run->source)) {
            if (rc != ASSAY_OK && err)
                *err = inner;
            return rc;
        }
        assay_profile_reset_fields(fields, *count);
        *count /= 2;
        run->groups.group_fields = *count;
    }
}

/* A split's counts leave as they are; a merge task finishes them. */
static int state_group(struct assay_profile_run *run, struct assay_profile_field *fields,
                       size_t count, struct assay_error *err)
{
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_state_emit_field(run->task, &fields[i], err));
        assay_profile_field_reset(&fields[i]);
    }
    return ASSAY_OK;
}

/* *count: how many of the fields are there; how many were read. */
static int profile_group(struct assay_profile_run *run, struct assay_profile_field *fields,
                         size_t *count, struct assay_error *err)
{
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(*count + 1, sizeof(struct assay_profile_field *));
    struct assay_profile_field **pointers = memory;
    if (!pointers)
        return assay_fail_memory(err);
    for (size_t i = 0; i < *count; i++)
        pointers[i] = &fields[i];
    atomic_store(&run->task->progress.phase, "reading");
    if (!run->keep && !assay_profile_source_is_parquet(&run->source))
        ASSAY_TRY(assay_belief_form(&run->source, pointers, *count, err));
    ASSAY_TRY(run->keep ? assay_keep_read(run, pointers, *count, err)
                        : read_fitting(run, pointers, count, err));
    if (run->planned)
        return ASSAY_OK;
    return run->as_state ? state_group(run, fields, *count, err)
                         : assay_profile_finish(run, fields, *count, err);
}

static int profile_fields(struct assay_profile_run *run, struct assay_error *err)
{
    struct assay_profile_result *result = &run->result;
    run->source.spare_states = assay_json_get(run->task->settings, "keep") ? KEEP_STATES : 0;
    run->groups = assay_groups_plan(&run->source, result->fields, result->fields_count);
    run->source.dictionaries_most = run->groups.dictionaries;
    ASSAY_TRY(assay_keep_open(run, err));
    size_t done = 0;
    do { /* once at least: a container without fields has records to count */
        const size_t left = result->fields_count - done;
        size_t count = left < run->groups.group_fields ? left : run->groups.group_fields;
        ASSAY_TRY(profile_group(run, &result->fields[done], &count, err));
        run->groups_count++;
        done += count;
    } while (done < result->fields_count);
    return ASSAY_OK;
}

/* --- which records --- */

static int select_records(struct assay_profile_run *run, struct assay_error *err)
{
    const json_t *settings = run->task->settings;
    struct assay_selection *selection = &run->selection;
    const char *where = assay_json_str(settings, "where", NULL);
    ASSAY_TRY(assay_selection_parse(settings, selection, err));
    if (where && *where)
        ASSAY_TRY(assay_where_open(&run->source, where, selection, &run->where, err));
    if (run->where)
        assay_where_type_fields(run->where, run->result.fields, run->result.fields_count);
    for (bool again = selection->sample != 0; again;) {
        again = false;
        selection->by_hash = false;
        atomic_store(&run->task->progress.phase, "choosing the sample");
        ASSAY_TRY(assay_pass_sample(&run->source, selection, err));
        run->result.passes++;
        if (run->where)
            ASSAY_TRY(assay_where_again(run->where, selection, &again, err));
    }
    return ASSAY_OK;
}

/* Records of the container: those read, unless a footer knows better. After a limit has ended the
 * reading, only those counted are known. */
static int count_records(struct assay_profile_run *run, struct assay_error *err)
{
    const struct assay_pass_result *pass = &run->result.pass;
    const bool cut = run->result.sampled && run->selection.limit;
    run->result.records_count = cut ? pass->selected
                                : run->source.from
                                    ? assay_where_records(run->where) / run->result.passes
                                    : pass->records;
    if (!assay_profile_source_is_parquet(&run->source) || assay_selection_is_all(&run->selection))
        return ASSAY_OK;
    return assay_parquet_count(run->source.session, &run->source.files, &run->result.records_count,
                               NULL, err);
}

/* --- the run --- */

/* A container of which little has to be read is not cut, however large it is. */
static int plan(struct assay_profile_run *run, struct assay_error *err)
{
    double share;
    ASSAY_AUTO(assay_free_text) char *because = NULL;
    if (strcmp(run->task->kind, "profile.plan") != 0)
        return ASSAY_OK;
    ASSAY_TRY(assay_keep_share(run, &share, &because, err));
    return share > KEEP_SHARE ? assay_profile_plan(run, because, false, &run->planned, err)
                              : ASSAY_OK;
}

static int profile(struct assay_profile_run *run, struct assay_error *err)
{
    struct assay_task *task = run->task;
    struct assay_profile_result *result = &run->result;
    ASSAY_TRY(assay_profile_source_open(task, &run->source, err));
    ASSAY_TRY(choose_fields(run, err));
    ASSAY_TRY(plan(run, err));
    if (run->planned)
        return ASSAY_OK;
    ASSAY_TRY(select_records(run, err));
    ASSAY_TRY(profile_fields(run, err));
    if (run->planned)
        return ASSAY_OK;
    result->sampled = run->selection.by_hash ||
                      (run->selection.limit && result->records_processed >= run->selection.limit);
    ASSAY_TRY(count_records(run, err));
    ASSAY_TRY(assay_file_check(&run->source, "profile it again", result->pass.warnings, err));
    if (run->keep)
        ASSAY_TRY(assay_keep_json(run, &result->kept, err));
    ASSAY_TRY(run->as_state ? assay_state_emit_split(result, err) : assay_profile_emit(run, err));
    ASSAY_TRY(assay_keep_emit(run, err));
    return assay_profile_done(run, err);
}

int assay_profile_run(struct assay_task *task, struct assay_error *err)
{
    struct assay_profile_run run = {0};
    int rc = assay_profile_run_init(&run, task, err);
    run.result.source = &run.source;
    run.as_state = task->is_split;
    if (rc == ASSAY_OK)
        rc = profile(&run, err);
    if (rc != ASSAY_OK)
        rc = assay_context(err, rc, "profiling %.200s",
                           assay_json_str(task->container, "name", "the container"));
    assay_profile_run_release(&run);
    return rc;
}
