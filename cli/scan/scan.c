// `assay scan`: from the options to the documents.
// SPDX-License-Identifier: Apache-2.0
#include "cli/scan/scan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report/output.h"
#include "cli/run/config_args.h"
#include "cli/run/documents.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/number.h"

static void release(struct assay_scan_run *run)
{
    for (size_t i = 0; run->assigned && i < run->inputs.count; i++)
        json_decref(run->assigned[i]);
    assay_free(run->assigned);
    assay_inputs_release(&run->inputs);
    assay_inputs_release(&run->refs);
    assay_check_file_release(&run->checks);
    json_decref(run->settings);
    json_decref(run->baseline);
    json_decref(run->document);
    assay_session_release(&run->session);
}

/* ---- running ---- */

/* What the executor says of the files, and of the containers that checks refer to. */
static void say_warnings(struct assay_scan_run *run, const struct assay_input *input,
                         const json_t *container)
{
    const json_t *warnings = json_object_get(container, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++)
        assay_session_warn(&run->session, "%s: %s", input->location,
                           assay_json_str(json_array_get(warnings, i), "message", ""));
}

static int keep_container(struct assay_scan_run *run, const struct assay_input *input,
                          json_t *document, struct assay_error *err)
{
    static const char *const lists[] = {"checks", "anomalies"};
    json_t *container = json_object_get(document, "container");
    if (!container)
        return assay_fail(err, ASSAY_INTERNAL, "scanning %s: the executor sent no result",
                          input->location);
    ASSAY_TRY(assay_json_set(container, "location",
                             assay_json_safe_string(input->location, strlen(input->location)),
                             err));
    for (size_t i = 0; i < ASSAY_COUNT(lists); i++)
        if (!json_object_get(container, lists[i]))
            ASSAY_TRY(assay_json_set(container, lists[i], json_array(), err));
    run->done++;
    say_warnings(run, input, container);
    return assay_json_push(json_object_get(run->document, "containers"), json_incref(container),
                           err);
}

/* Several containers: each one's failing records in a file of their own, named after it. */
static int settings_of(const struct assay_scan_run *run, const struct assay_input *input,
                       json_t **ret_settings, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *settings = json_copy(run->settings);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    if (!settings)
        return assay_fail_memory(err);
    if (run->failing) {
        char folder[PATH_MAX];
        if (run->failing[0] != '/' && getcwd(folder, sizeof folder))
            assay_buf_printf(&path, "%s/", folder);
        const char *point = strrchr(run->failing, '.');
        assay_buf_append(&path, run->failing, (size_t)(point - run->failing));
        if (run->inputs.count > 1)
            assay_buf_char(&path, '.');
        for (const char *c = run->inputs.count > 1 ? input->name : ""; *c; c++)
            assay_buf_char(&path, strchr("/*?", *c) ? '_' : *c);
        assay_buf_text(&path, point);
        ASSAY_TRY(assay_json_set(settings, "failing",
                                 assay_json_safe_string(assay_buf_str(&path), path.size), err));
    }
    *ret_settings = ASSAY_TAKE(settings);
    return ASSAY_OK;
}

static int run_task(struct assay_scan_run *run, size_t at, json_t **ret_document,
                    struct assay_error *err)
{
    const struct assay_input *input = &run->inputs.items[at];
    ASSAY_AUTO(assay_json_decref) json_t *settings = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *secrets = NULL;
    ASSAY_TRY(settings_of(run, input, &settings, err));
    ASSAY_TRY(assay_scan_secrets(run, input, &secrets, err));
    const struct assay_session_task task = {
        .kind = "scan",
        .name = input->name,
        .source = input->source,
        .secrets = secrets,
        .settings = settings,
        .checks = run->assigned[at],
        .from_stdin = input->from_stdin,
    };
    return assay_session_run(&run->session, &task, ret_document, NULL, err);
}

static int scan_input(struct assay_scan_run *run, size_t at, struct assay_error *err)
{
    const struct assay_input *input = &run->inputs.items[at];
    ASSAY_AUTO(assay_json_decref) json_t *document = NULL;
    struct assay_error why = {0};
    int rc = run_task(run, at, &document, &why);
    if (rc == ASSAY_OK)
        rc = keep_container(run, input, document, &why);
    bool listed;
    ASSAY_TRY(assay_inputs_ended(&run->inputs, "scanning", input, rc, &why, &run->interrupted,
                                 &listed, err));
    return listed ? assay_scan_add_unread(run, at, why.text, err) : ASSAY_OK;
}

static int scan_all(struct assay_scan_run *run, struct assay_error *err)
{
    for (size_t i = 0; i < run->inputs.count && !run->interrupted; i++)
        if (json_array_size(run->assigned[i]))
            ASSAY_TRY(scan_input(run, i, err));
        else
            assay_session_warn(&run->session, "no check means %s: it is not scanned",
                               run->inputs.items[i].location);
    if (run->interrupted)
        assay_session_say(&run->session, "interrupted: %zu of %zu containers were scanned",
                          run->done, run->inputs.count);
    return ASSAY_OK;
}

/* ---- documents ---- */

static int append_document(const json_t *document, const char *format,
                           const struct assay_style *style, struct assay_buf *out,
                           struct assay_error *err)
{
    static const struct {
        const char *format;
        void (*append)(const json_t *document, struct assay_buf *out);
    } plain[] = {{"junit", assay_scan_junit},
                 {"html", assay_scan_html},
                 {"markdown", assay_scan_markdown},
                 {"github", assay_scan_github}};
    if (strcmp(format, "sarif") == 0)
        return assay_scan_sarif(document, out, err);
    for (size_t i = 0; i < ASSAY_COUNT(plain); i++)
        if (strcmp(plain[i].format, format) == 0)
            plain[i].append(document, out);
    if (strcmp(format, "text") == 0)
        assay_scan_text(document, style, out);
    return assay_buf_check(out, err);
}

static const struct assay_documents documents = {
    "json\0junit\0sarif\0html\0markdown\0github\0text\0", append_document};

static int write_plan(const struct assay_scan_run *run, const struct assay_args *args,
                      int *ret_exit, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    const struct assay_style style = assay_style_of(STDOUT_FILENO);
    assay_scan_append_plan(run, assay_args_given(args, "explain"), &style, &text);
    *ret_exit = json_array_size(run->inputs.errors) ? ASSAY_EXIT_UNJUDGED : ASSAY_EXIT_DONE;
    return assay_output_write(NULL, &text, err);
}

static int prepare(struct assay_scan_run *run, const struct assay_args *args,
                   struct assay_error *err)
{
    ASSAY_TRY(assay_documents_probe(&documents, args, err));
    ASSAY_TRY(assay_scan_read_checks(run, args, err));
    ASSAY_TRY(assay_session_open(&run->session, args, err));
    ASSAY_TRY(assay_scan_read_settings(run, args, err));
    const char *baseline = assay_args_text(args, "baseline");
    if (baseline)
        ASSAY_TRY(assay_scan_read_baseline(run, baseline, err));
    ASSAY_TRY(assay_inputs_resolve(&run->session, run->session.config, args->arguments,
                                   args->arguments_count, assay_args_given(args, "union"),
                                   &run->inputs, err));
    ASSAY_TRY(assay_scan_read_refs(run, args, err));
    run->document =
        json_pack("{s:s, s:i, s:s, s:i, s:{}, s:[]}", "assay", ASSAY_VERSION, "format_version", 1,
                  "outcome", "passed", "exit_code", 0, "summary", "containers");
    if (!run->document)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_scan_assign(run, err));
    return assay_scan_check_fields(run, err);
}

static int scan(struct assay_scan_run *run, const struct assay_args *args, int *ret_exit,
                struct assay_error *err)
{
    ASSAY_TRY(prepare(run, args, err));
    if (assay_args_given(args, "dry-run") || assay_args_given(args, "explain"))
        return write_plan(run, args, ret_exit, err);
    ASSAY_TRY(scan_all(run, err));
    *ret_exit = ASSAY_EXIT_INTERRUPTED;
    if (run->interrupted)
        return ASSAY_OK;
    ASSAY_TRY(assay_scan_conclude(run, ret_exit, err));
    if (run->baseline)
        ASSAY_TRY(assay_scan_compare_baseline(run, err));
    return assay_documents_write(&documents, args, NULL, run->document, err);
}

int assay_scan_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    struct assay_scan_run run = {0};
    const int rc = scan(&run, args, ret_exit, err);
    release(&run);
    return rc;
}
