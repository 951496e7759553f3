// Profile run: how a run ends.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/profile_run.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "worker/executor/profile/candidates.h"
#include "worker/executor/profile/each_field.h"
#include "worker/executor/profile/keep/keep_run.h"
#include "worker/executor/profile/nested_text.h"
#include "worker/executor/profile/sketches.h"
#include "worker/executor/profile/warnings.h"

enum { DOCUMENTS_HELD = 32 };

int assay_profile_run_init(struct assay_profile_run *ret_run, struct assay_task *task,
                           struct assay_error *err)
{
    *ret_run = (struct assay_profile_run){.task = task,
                                          .field_documents = json_array(),
                                          .field_warnings = json_array(),
                                          .candidates = json_array(),
                                          .judged = json_object(),
                                          .sketched = json_array(),
                                          .sketches = json_array()};
    ret_run->result = (struct assay_profile_result){
        .task = task,
        .started_us = assay_now_us(),
        .no_values = assay_json_bool(task->settings, "no_values", false)};
    if (!ret_run->field_documents || !ret_run->field_warnings || !ret_run->candidates ||
        !ret_run->judged || !ret_run->sketched || !ret_run->sketches)
        return assay_fail_memory(err);
    const char *level = assay_json_str(task->settings, "infer", "medium");
    if (!assay_infer_level_parse(level, &ret_run->infer_level))
        return assay_fail(err, ASSAY_INVALID,
                          "infer takes off, low, medium, high, xhigh or max, not %.50s", level);
    return ASSAY_OK;
}

void assay_profile_run_release(struct assay_profile_run *run)
{
    for (size_t i = 0; i < run->result.fields_count; i++)
        assay_profile_field_release(&run->result.fields[i]);
    assay_free(run->result.fields);
    assay_pass_result_release(&run->result.pass);
    json_decref(run->field_documents);
    json_decref(run->field_warnings);
    json_decref(run->candidates);
    json_decref(run->judged);
    json_decref(run->sketched);
    json_decref(run->sketches);
    assay_selection_release(&run->selection);
    assay_where_free(run->where);
    assay_keep_free(run->keep);
    json_decref(run->result.kept);
    assay_profile_source_close(&run->source);
}

/* --- results of a group --- */

static int emit_documents(struct assay_profile_run *run, struct assay_error *err)
{
    ASSAY_TRY(assay_task_emit_list(run->task, "fields", "fields", run->field_documents, err));
    run->fields_emitted = true;
    return json_array_clear(run->field_documents) ? assay_fail_memory(err) : ASSAY_OK;
}

/* Fields that are worked on together; what they are worked out to is held for so many at most. */
struct lot {
    const struct assay_profile_run *run;
    struct assay_profile_field *fields;
    size_t count;
    assay_field_work *work;
    struct assay_profile_source *leaving; /* its session is closed beside the fields; NULL = none */
    json_t *documents[DOCUMENTS_HELD];
};

/* Closing a session takes as long as finishing some fields: it is the first piece of the work. */
static int do_piece(void *context, size_t piece, struct assay_error *err)
{
    struct lot *lot = context;
    if (!lot->leaving)
        return lot->work(lot, piece, err);
    if (piece)
        return lot->work(lot, piece - 1, err);
    assay_profile_source_end_session(lot->leaving);
    return ASSAY_OK;
}

/* The work for each field of a lot by all threads, then what is done with them in order. */
static int in_lots(struct assay_profile_run *run, struct assay_profile_field *fields, size_t count,
                   assay_field_work *work,
                   int (*take)(struct assay_profile_run *, struct lot *, struct assay_error *),
                   struct assay_profile_source *leaving, struct assay_error *err)
{
    const size_t threads = run->task->is_split ? 1 : (size_t)run->task->threads;
    for (size_t done = 0; done < count; done += DOCUMENTS_HELD) {
        const size_t left = count - done;
        struct lot lot = {.run = run,
                          .fields = &fields[done],
                          .count = left < DOCUMENTS_HELD ? left : DOCUMENTS_HELD,
                          .work = work,
                          .leaving = done ? NULL : leaving};
        int rc = assay_each_field(lot.count + !!lot.leaving, threads, do_piece, &lot, err);
        if (rc == ASSAY_OK && take)
            rc = take(run, &lot, err);
        for (size_t i = 0; i < lot.count; i++)
            json_decref(lot.documents[i]);
        ASSAY_TRY(rc);
    }
    return ASSAY_OK;
}

static int finish_field(void *context, size_t index, struct assay_error *err)
{
    const struct lot *lot = context;
    struct assay_profile_field *field = &lot->fields[index];
    ASSAY_TRY(assay_task_check(lot->run->task, err));
    return assay_field_state_finish(field->state, &field->stats, err);
}

static int take_sketches(struct assay_profile_run *run, struct lot *lot, struct assay_error *err)
{
    for (size_t i = 0; i < lot->count; i++) {
        ASSAY_TRY(assay_sketches_take(run, &lot->fields[i], err));
        assay_field_state_free(ASSAY_TAKE(lot->fields[i].state));
    }
    return ASSAY_OK;
}

static int judge_field(void *context, size_t index, struct assay_error *err)
{
    const struct lot *lot = context;
    struct assay_profile_field *field = &lot->fields[index];
    (void)err;
    assay_nested_text_forget(field);
    field->semantic = assay_semantic_judge(field->name, field->stats, NULL);
    return ASSAY_OK;
}

static int document_field(void *context, size_t index, struct assay_error *err)
{
    struct lot *lot = context;
    return assay_document_field(&lot->run->result, &lot->fields[index], &lot->documents[index],
                                err);
}

/* Documents are large: they leave in small lots, not all at the end. */
static int take_documents(struct assay_profile_run *run, struct lot *lot, struct assay_error *err)
{
    for (size_t i = 0; i < lot->count; i++) {
        ASSAY_TRY(assay_json_push(run->field_documents, ASSAY_TAKE(lot->documents[i]), err));
        ASSAY_TRY(assay_warnings_of_field(&lot->fields[i], run->field_warnings, err));
        assay_profile_field_reset(&lot->fields[i]);
        if (json_array_size(run->field_documents) >= DOCUMENTS_HELD)
            ASSAY_TRY(emit_documents(run, err));
    }
    return ASSAY_OK;
}

/* Bytes are shown as texts; no rule takes them but those that take a struct. */
static enum assay_type type_of_checks(const struct assay_profile_field *field)
{
    return field->layout == ASSAY_LAYOUT_BYTES ? ASSAY_TYPE_STRUCT
                                               : assay_profile_field_type(field);
}

static int infer_checks(struct assay_profile_run *run, const struct assay_profile_field *fields,
                        size_t count, struct assay_error *err)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(count + 1, sizeof(struct assay_infer_field));
    struct assay_infer_field *inputs = memory;
    json_t *checks = NULL;
    if (!inputs)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        inputs[i] = (struct assay_infer_field){
            .name = fields[i].name,
            .type = type_of_checks(&fields[i]),
            .semantic_type = fields[i].semantic ? fields[i].semantic->name : NULL,
            .stats = fields[i].stats,
            .misfits = fields[i].layout == ASSAY_LAYOUT_CELL ? fields[i].types.misfit_count : 0};
    const struct assay_infer_options options = {
        .level = run->infer_level,
        .container = assay_json_str(run->task->container, "name", NULL),
        .seed = run->task->seed,
        .now_us = run->task->now_us,
        .testing_share = assay_json_num(run->task->settings, "percent_testing_threshold", 0),
        .draft = assay_json_bool(run->task->settings, "infer_as_draft", false)};
    ASSAY_TRY(assay_checks_infer(inputs, count, &options, &checks, err));
    const int rc = assay_candidates_take(run, checks, err);
    json_decref(checks);
    return rc;
}

/* Will nothing be read by the engine's session any more? */
static bool is_read(const struct assay_profile_run *run, const struct assay_profile_field *end)
{
    return end == &run->result.fields[run->result.fields_count] && !run->keep &&
           assay_profile_source_is_parquet(&run->source) && assay_selection_is_all(&run->selection);
}

int assay_profile_finish(struct assay_profile_run *run, struct assay_profile_field *fields,
                         size_t count, struct assay_error *err)
{
    struct assay_profile_source *leaving = is_read(run, &fields[count]) ? &run->source : NULL;
    atomic_store(&run->task->progress.phase, "finishing");
    ASSAY_TRY(in_lots(run, fields, count, finish_field, take_sketches, leaving, err));
    ASSAY_TRY(in_lots(run, fields, count, judge_field, NULL, NULL, err));
    if (run->infer_level != ASSAY_INFER_OFF)
        ASSAY_TRY(infer_checks(run, fields, count, err));
    return in_lots(run, fields, count, document_field, take_documents, NULL, err);
}

/* --- the container --- */

int assay_profile_emit(struct assay_profile_run *run, struct assay_error *err)
{
    struct assay_profile_result *result = &run->result;
    json_t *warnings = NULL;
    json_t *container = NULL;
    ASSAY_TRY(assay_sketches_emit(run, err));
    ASSAY_TRY(assay_candidates_emit(run, err));
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

int assay_profile_done(struct assay_profile_run *run, struct assay_error *err)
{
    const struct assay_profile_result *result = &run->result;
    struct assay_task_done *done = &run->task->done;
    done->records = result->records_processed;
    done->bytes = result->bytes_read;
    done->coverage = json_pack("{s:I, s:I}", "fields", (json_int_t)result->fields_count,
                               "fields_covered", (json_int_t)result->fields_count);
    return done->coverage ? ASSAY_OK : assay_fail_memory(err);
}
