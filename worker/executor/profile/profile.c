// Profile: one container, from opened source to the document of interface.md §2.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "worker/executor/infer/check_infer.h"
#include "worker/executor/profile/belief.h"
#include "worker/executor/profile/document.h"
#include "worker/executor/profile/groups.h"
#include "worker/executor/profile/profile_parts.h"
#include "worker/executor/profile/selection_where.h"
#include "worker/executor/profile/warnings.h"

enum { DOCUMENTS_HELD = 32 };

/* Everything of one run. */
struct run {
    struct assay_task *task;
    struct assay_profile_source source;
    struct assay_profile_result result;
    struct assay_selection selection;
    struct assay_where *where; /* NULL without an expression */
    struct assay_groups groups;
    size_t groups_count;
    enum assay_infer_level infer_level;
    json_t *field_documents; /* in the order of the fields, those not emitted yet */
    bool fields_emitted;
    json_t *field_warnings;
};

/* --- fields --- */

static int unknown_field(const struct assay_schema *schema, const char *name,
                         struct assay_error *err)
{
    struct assay_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < schema->count; i++)
        assay_nearest_offer(&nearest, schema->fields[i].name);
    return assay_fail(err, ASSAY_NOT_FOUND, "there is no field %.100s%s%.100s%s", name,
                      nearest.best ? ": do you mean " : "", nearest.best ? nearest.best : "",
                      nearest.best ? "?" : "");
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

static int choose_fields(struct run *run, struct assay_error *err)
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

static void plan_fields(struct run *run, struct assay_profile_field *const *fields, size_t count)
{
    const int64_t values = assay_json_int(run->task->settings, "histogram_max_distinct_values", 0);
    for (size_t i = 0; i < count; i++)
        assay_profile_field_plan(fields[i], run->task->seed, run->groups.state_bytes,
                                 values > 0 && values <= 10000 ? (uint32_t)values : 0);
}

static void reset_fields(struct assay_profile_field *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assay_profile_field_reset(fields[i]);
}

/* One pass; a wrong guess about where records begin is repaired by proving the cuts and reading
 * again. */
static int read_once(struct run *run, struct assay_profile_field *const *fields, size_t count,
                     struct assay_pass_result *ret_pass, struct assay_error *err)
{
    struct assay_pass_result pass = {0};
    plan_fields(run, fields, count);
    ASSAY_TRY(assay_pass_run(&run->source, &run->selection, fields, count, &pass, err));
    run->result.passes++;
    run->result.bytes_read += pass.bytes;
    if (!pass.wrong_guess) {
        *ret_pass = pass;
        return ASSAY_OK;
    }
    assay_pass_result_release(&pass);
    reset_fields(fields, count);
    ASSAY_TRY(assay_profile_parts_plan(&run->source, false, err));
    return read_once(run, fields, count, ret_pass, err);
}

/* Fields whose type turned out otherwise than believed, after all values were seen. */
static size_t find_changed(struct assay_profile_field *const *fields, size_t count,
                           struct assay_profile_field **changed)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        bool differs;
        assay_belief_decide(fields[i], &differs);
        if (differs)
            changed[found++] = fields[i];
    }
    return found;
}

static int read_group(struct run *run, struct assay_profile_field **fields, size_t count,
                      struct assay_error *err)
{
    struct assay_pass_result pass = {0};
    ASSAY_TRY(read_once(run, fields, count, &pass, err));
    if (run->result.pass.first_rows) {
        assay_pass_result_release(&pass);
    } else {
        run->result.pass = pass;
        run->result.records_processed = pass.selected;
    }
    const size_t changed = find_changed(fields, count, fields);
    if (!changed)
        return ASSAY_OK;
    atomic_store(&run->task->progress.phase, "reading again");
    reset_fields(fields, changed);
    ASSAY_TRY(read_once(run, fields, changed, &pass, err));
    assay_pass_result_release(&pass);
    (void)find_changed(fields, changed, fields);
    return ASSAY_OK;
}

/* --- results of a group --- */

static int emit_documents(struct run *run, struct assay_error *err)
{
    ASSAY_TRY(assay_task_emit_list(run->task, "fields", "fields", run->field_documents, err));
    run->fields_emitted = true;
    return json_array_clear(run->field_documents) ? assay_fail_memory(err) : ASSAY_OK;
}

/* Documents are large: they leave in small lots, not all at the end. */
static int document_field(struct run *run, const struct assay_profile_field *field,
                          struct assay_error *err)
{
    json_t *document = NULL;
    ASSAY_TRY(assay_document_field(&run->result, field, &document, err));
    ASSAY_TRY(assay_json_push(run->field_documents, document, err));
    ASSAY_TRY(assay_warnings_of_field(field, run->field_warnings, err));
    return json_array_size(run->field_documents) < DOCUMENTS_HELD ? ASSAY_OK
                                                                  : emit_documents(run, err);
}

static int infer_checks(struct run *run, const struct assay_profile_field *fields, size_t count,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(count + 1, sizeof(struct assay_infer_field));
    struct assay_infer_field *inputs = memory;
    json_t *checks = NULL;
    if (!inputs)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        inputs[i] = (struct assay_infer_field){
            .name = fields[i].name,
            .type = assay_profile_field_type(&fields[i]),
            .semantic_type = fields[i].semantic ? fields[i].semantic->name : NULL,
            .stats = fields[i].stats};
    const struct assay_infer_options options = {
        .level = run->infer_level,
        .container = assay_json_str(run->task->container, "name", NULL),
        .seed = run->task->seed,
        .now_us = run->task->now_us,
        .testing_share = assay_json_num(run->task->settings, "percent_testing_threshold", 0),
        .draft = assay_json_bool(run->task->settings, "infer_as_draft", false)};
    ASSAY_TRY(assay_checks_infer(inputs, count, &options, &checks, err));
    const int rc = assay_task_emit_list(run->task, "inferred", "checks", checks, err);
    json_decref(checks);
    return rc;
}

static int finish_group(struct run *run, struct assay_profile_field *fields, size_t count,
                        struct assay_error *err)
{
    atomic_store(&run->task->progress.phase, "finishing");
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_task_check(run->task, err));
        ASSAY_TRY(assay_field_state_finish(fields[i].state, &fields[i].stats, err));
        assay_field_state_free(ASSAY_TAKE(fields[i].state));
        fields[i].semantic = assay_semantic_judge(fields[i].name, fields[i].stats, NULL);
    }
    if (run->infer_level != ASSAY_INFER_OFF)
        ASSAY_TRY(infer_checks(run, fields, count, err));
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(document_field(run, &fields[i], err));
        assay_profile_field_reset(&fields[i]);
    }
    return ASSAY_OK;
}

static int profile_group(struct run *run, struct assay_profile_field *fields, size_t count,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(count + 1, sizeof(struct assay_profile_field *));
    struct assay_profile_field **pointers = memory;
    if (!pointers)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        pointers[i] = &fields[i];
    atomic_store(&run->task->progress.phase, "reading");
    if (!assay_profile_source_is_parquet(&run->source))
        ASSAY_TRY(assay_belief_form(&run->source, pointers, count, err));
    ASSAY_TRY(read_group(run, pointers, count, err));
    return finish_group(run, fields, count, err);
}

static int profile_fields(struct run *run, struct assay_error *err)
{
    struct assay_profile_result *result = &run->result;
    run->groups = assay_groups_plan(&run->source, result->fields, result->fields_count);
    size_t done = 0;
    do { /* once at least: a container without fields has records to count */
        const size_t left = result->fields_count - done;
        const size_t count = left < run->groups.group_fields ? left : run->groups.group_fields;
        ASSAY_TRY(profile_group(run, &result->fields[done], count, err));
        run->groups_count++;
        done += count;
    } while (done < result->fields_count);
    return ASSAY_OK;
}

/* --- which records --- */

static int select_records(struct run *run, struct assay_error *err)
{
    const json_t *settings = run->task->settings;
    struct assay_selection *selection = &run->selection;
    const char *where = assay_json_str(settings, "where", NULL);
    ASSAY_TRY(assay_selection_parse(settings, selection, err));
    if (where && *where)
        ASSAY_TRY(assay_where_open(&run->source, where, selection, &run->where, err));
    if (selection->sample) {
        atomic_store(&run->task->progress.phase, "choosing the sample");
        ASSAY_TRY(assay_pass_sample(&run->source, selection, err));
        run->result.passes++;
    }
    return ASSAY_OK;
}

/* Records of the container: those read, unless a footer knows better. After a limit has ended the
 * reading, only those counted are known. */
static int count_records(struct run *run, struct assay_error *err)
{
    const struct assay_pass_result *pass = &run->result.pass;
    run->result.records_count =
        run->result.sampled && run->selection.limit ? pass->selected : pass->records;
    if (!assay_profile_source_is_parquet(&run->source) || assay_selection_is_all(&run->selection))
        return ASSAY_OK;
    return assay_parquet_count(run->source.session, &run->source.files, &run->result.records_count,
                               NULL, err);
}

/* --- results --- */

static int emit(struct run *run, struct assay_error *err)
{
    struct assay_profile_result *result = &run->result;
    json_t *warnings = NULL;
    json_t *container = NULL;
    result->duration_ms = (assay_now_us() - result->started_us) / 1000;
    ASSAY_TRY(assay_warnings_of_container(result, run->groups_count, &warnings, err));
    int rc = json_array_extend(warnings, run->field_warnings) ? assay_fail_memory(err) : ASSAY_OK;
    if (rc == ASSAY_OK)
        rc = assay_document_container(result, warnings, &container, err);
    json_decref(warnings);
    ASSAY_TRY(rc);
    ASSAY_TRY(assay_task_emit(run->task, "container", container, err));
    return json_array_size(run->field_documents) || !run->fields_emitted ? emit_documents(run, err)
                                                                         : ASSAY_OK;
}

static int profile(struct run *run, struct assay_error *err)
{
    struct assay_task *task = run->task;
    struct assay_profile_result *result = &run->result;
    const char *level = assay_json_str(task->settings, "infer", "medium");
    if (!assay_infer_level_parse(level, &run->infer_level))
        return assay_fail(err, ASSAY_INVALID,
                          "infer takes off, low, medium, high, xhigh or max, not %.50s", level);
    ASSAY_TRY(assay_profile_source_open(task, &run->source, err));
    ASSAY_TRY(choose_fields(run, err));
    run->field_documents = json_array();
    run->field_warnings = json_array();
    if (!run->field_documents || !run->field_warnings)
        return assay_fail_memory(err);
    ASSAY_TRY(select_records(run, err));
    ASSAY_TRY(profile_fields(run, err));
    result->sampled = run->selection.by_hash ||
                      (run->selection.limit && result->records_processed >= run->selection.limit);
    ASSAY_TRY(count_records(run, err));
    ASSAY_TRY(emit(run, err));
    task->done.records = result->records_processed;
    task->done.bytes = result->bytes_read;
    task->done.coverage = json_pack("{s:I, s:I}", "fields", (json_int_t)result->fields_count,
                                    "fields_covered", (json_int_t)result->fields_count);
    return ASSAY_OK;
}

static void run_release(struct run *run)
{
    for (size_t i = 0; i < run->result.fields_count; i++)
        assay_profile_field_release(&run->result.fields[i]);
    assay_free(run->result.fields);
    assay_pass_result_release(&run->result.pass);
    json_decref(run->field_documents);
    json_decref(run->field_warnings);
    assay_selection_release(&run->selection);
    assay_where_free(run->where);
    assay_profile_source_close(&run->source);
}

int assay_profile_run(struct assay_task *task, struct assay_error *err)
{
    struct run run = {.task = task};
    run.result = (struct assay_profile_result){
        .task = task,
        .source = &run.source,
        .started_us = assay_now_us(),
        .no_values = assay_json_bool(task->settings, "no_values", false)};
    int rc = profile(&run, err);
    if (rc != ASSAY_OK)
        rc = assay_context(err, rc, "profiling %.200s",
                           assay_json_str(task->container, "name", "the container"));
    run_release(&run);
    return rc;
}
