// `assay profile`: from the options to the documents.
// SPDX-License-Identifier: Apache-2.0
#include "cli/profile/profile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/input/input.h"
#include "cli/profile/profile_relate.h"
#include "cli/report/output.h"
#include "cli/run/documents.h"
#include "common/base/memory.h"
#include "common/base/number.h"
#include "common/rules/check_file.h"

#define INFER_LEVELS "off|low|medium|high|xhigh|max"

const struct assay_cli_option assay_profile_options[] = {
    {.name = "format",
     .value = "FORMAT",
     .choices = "text|json|html",
     .doc = "text (default), json or html"},
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .doc = "where the profile goes (default: standard output)"},
    {.name = "report",
     .value = "FORMAT=FILE",
     .repeats = true,
     .doc = "one more document: text, json or html"},
    {.name = "field", .value = "NAME", .repeats = true, .doc = "only this field"},
    {.name = "where", .value = "EXPR", .doc = "only records for which this SQL expression is true"},
    {.name = "limit", .value = "N", .doc = "only the first N records"},
    {.name = "sample", .value = "N|P%", .doc = "a sample of N records, or of P percent"},
    {.name = "infer",
     .value = "LEVEL",
     .choices = INFER_LEVELS,
     .doc = "how many checks --checks-out gets: off, low, medium (default), "
            "high, xhigh, max"},
    {.name = "checks-out",
     .value = "FILE",
     .doc = "write the inferred checks as a checks file: JSON in FILE.json, else YAML"},
    {.name = "compare", .value = "OLD.json", .doc = "what changed since an earlier --format json"},
    {.name = "no-values",
     .doc = "no values of the data in the output: counts and shapes only (the checks of "
            "--checks-out have theirs)"},
    {.name = NULL},
};

static int append_document(const json_t *document, const char *format,
                           const struct assay_style *style, struct assay_buf *out,
                           struct assay_error *err)
{
    if (strcmp(format, "html") == 0)
        assay_profile_html(document, out);
    else
        assay_profile_text(document, style, out);
    return assay_buf_check(out, err);
}

static const struct assay_documents documents = {"text\0json\0html\0", append_document};

/* One run of the command. */
struct profile_run {
    struct assay_session session;
    struct assay_inputs inputs;
    json_t *settings;
    json_t *document; /* docs/documents.md, "Profile" */
    json_t *checks;   /* inferred */
    json_t *old;      /* the document to compare with; NULL = none */
    struct assay_profile_relations relations;
    size_t done;
    bool interrupted;
};

static void release(struct profile_run *run)
{
    assay_inputs_release(&run->inputs);
    json_decref(run->settings);
    json_decref(run->document);
    json_decref(run->checks);
    json_decref(run->old);
    assay_profile_relations_release(&run->relations);
    assay_session_release(&run->session);
}

/* ---- options ---- */

static int put_limit(json_t *settings, const struct assay_args *args, struct assay_error *err)
{
    const char *text = assay_args_text(args, "limit");
    int64_t limit;
    if (!text)
        return ASSAY_OK;
    if (!assay_parse_i64(text, strlen(text), &limit) || limit < 1)
        return assay_fail(
            err, ASSAY_USAGE,
            "reading --limit: \"%.40s\" is not a number of records: give one such as 10000", text);
    return assay_json_set(settings, "limit", json_integer(limit), err);
}

/* "1000", "1%", "0.5%" */
static int put_sample(json_t *settings, const struct assay_args *args, struct assay_error *err)
{
    const char *text = assay_args_text(args, "sample");
    if (!text)
        return ASSAY_OK;
    const size_t size_bytes = strlen(text);
    int64_t count;
    double percent;
    if (size_bytes && text[size_bytes - 1] == '%') {
        if (assay_parse_double(text, size_bytes - 1, &percent) && percent > 0 && percent <= 100)
            return assay_json_set(settings, "sample", json_string(text), err);
    } else if (assay_parse_i64(text, size_bytes, &count) && count > 0) {
        return assay_json_set(settings, "sample", json_string(text), err);
    }
    return assay_fail(
        err, ASSAY_USAGE,
        "reading --sample: \"%.40s\" is neither a number of records nor a share: give 10000 or 1%%",
        text);
}

static int read_settings(struct profile_run *run, const struct assay_args *args,
                         struct assay_error *err)
{
    run->settings = json_object();
    json_t *fields = json_array();
    if (!run->settings || json_object_set_new(run->settings, "fields", fields))
        return assay_fail_memory(err);
    const char *text;
    for (size_t i = 0; (text = assay_args_nth(args, "field", i)); i++)
        ASSAY_TRY(assay_json_push(fields, assay_json_safe_string(text, strlen(text)), err));
    if ((text = assay_args_text(args, "where")))
        ASSAY_TRY(assay_json_set(run->settings, "where", assay_json_safe_string(text, strlen(text)),
                                 err));
    text = assay_args_text(args, "infer");
    if (!text)
        text = assay_args_given(args, "checks-out") ? "medium" : "off";
    ASSAY_TRY(assay_json_set(run->settings, "infer", json_string(text), err));
    ASSAY_TRY(assay_json_set(run->settings, "no_values",
                             json_boolean(assay_args_given(args, "no-values")), err));
    ASSAY_TRY(put_limit(run->settings, args, err));
    return put_sample(run->settings, args, err);
}

static int probe_outputs(const struct assay_args *args, struct assay_error *err)
{
    ASSAY_TRY(assay_output_probe(assay_args_text(args, "output"), err));
    ASSAY_TRY(assay_output_probe(assay_args_text(args, "checks-out"), err));
    return assay_documents_probe(&documents, args, err);
}

/* ---- running ---- */

static int keep_checks(struct profile_run *run, const struct assay_input *input, json_t *document,
                       struct assay_error *err)
{
    json_t *checks = json_object_get(json_object_get(document, "inferred"), "checks");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        json_t *check = json_array_get(checks, i);
        if (!assay_json_get(check, "container"))
            ASSAY_TRY(assay_json_set(
                check, "container", assay_json_safe_string(input->name, strlen(input->name)), err));
        ASSAY_TRY(assay_json_push(run->checks, json_incref(check), err));
    }
    return ASSAY_OK;
}

static int keep_container(struct profile_run *run, const struct assay_input *input,
                          json_t *document, struct assay_error *err)
{
    json_t *container = json_object_get(document, "container");
    if (!container)
        return assay_fail(err, ASSAY_INTERNAL, "profiling %s: the executor sent no profile",
                          input->location);
    ASSAY_TRY(assay_json_set(container, "location",
                             assay_json_safe_string(input->location, strlen(input->location)),
                             err));
    if (!json_object_get(container, "fields"))
        ASSAY_TRY(assay_json_set(container, "fields", json_array(), err));
    ASSAY_TRY(
        assay_json_push(json_object_get(run->document, "containers"), json_incref(container), err));
    run->done++;
    return keep_checks(run, input, document, err);
}

static int profile_input(struct profile_run *run, size_t index, struct assay_error *err)
{
    const struct assay_input *input = &run->inputs.items[index];
    ASSAY_AUTO(assay_json_decref) json_t *document = NULL;
    struct assay_error why = {0};
    const struct assay_session_task task = {
        .kind = "profile",
        .name = input->name,
        .source = input->source,
        .secrets = input->secrets,
        .settings = run->settings,
        .from_stdin = input->from_stdin,
    };
    int rc = assay_session_run(&run->session, &task, &document, NULL, &why);
    if (rc == ASSAY_OK)
        rc = keep_container(run, input, document, &why);
    if (rc == ASSAY_OK)
        rc = assay_profile_relations_take(&run->relations, &run->inputs, index, document, &why);
    return assay_inputs_ended(&run->inputs, "profiling", input, rc, &why, &run->interrupted, NULL,
                              err);
}

/* Of all containers that could be profiled. Nobody asked for them without --checks-out. */
static int relate(struct profile_run *run, const char *checks_out, struct assay_error *err)
{
    struct assay_error why = {0};
    if (!checks_out || run->interrupted)
        return ASSAY_OK;
    const int rc = assay_profile_relations_find(&run->relations, &run->session, &run->inputs,
                                                run->checks, &why);
    run->interrupted = rc == ASSAY_CANCELLED;
    return rc == ASSAY_OK || run->interrupted ? ASSAY_OK : assay_fail(err, rc, "%s", why.text);
}

static int profile_all(struct profile_run *run, const char *checks_out, struct assay_error *err)
{
    for (size_t i = 0; i < run->inputs.count && !run->interrupted; i++)
        ASSAY_TRY(profile_input(run, i, err));
    ASSAY_TRY(relate(run, checks_out, err));
    if (run->interrupted)
        assay_session_say(&run->session, "interrupted: %zu of %zu containers were profiled",
                          run->done, run->inputs.count);
    return ASSAY_OK;
}

/* ---- documents ---- */

static int compare(struct profile_run *run, struct assay_error *err)
{
    json_t *comparison = NULL;
    if (!run->old)
        return ASSAY_OK;
    ASSAY_TRY(assay_profile_compare(run->document, run->old, &comparison, err));
    return assay_json_set(run->document, "comparison", comparison, err);
}

static int write_checks(struct profile_run *run, const char *path, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    if (!path)
        return ASSAY_OK;
    ASSAY_TRY(assay_check_file_write(run->checks, assay_check_form_of(path), &text, err));
    ASSAY_TRY(assay_output_write(path, &text, err));
    const size_t count = json_array_size(run->checks);
    const size_t found = run->relations.found;
    assay_session_say(&run->session, "%zu inferred check%s written to %s", count,
                      count == 1 ? "" : "s", path);
    if (found)
        assay_session_say(&run->session, "%zu of them %s between containers", found,
                          found == 1 ? "is" : "are");
    return ASSAY_OK;
}

static int write_all(struct profile_run *run, const struct assay_args *args,
                     struct assay_error *err)
{
    ASSAY_TRY(assay_documents_write(&documents, args, assay_args_text(args, "output"),
                                    run->document, err));
    return write_checks(run, assay_args_text(args, "checks-out"), err);
}

static int open_run(struct profile_run *run, const struct assay_args *args, struct assay_error *err)
{
    const char *old = assay_args_text(args, "compare");
    ASSAY_TRY(probe_outputs(args, err));
    if (old)
        ASSAY_TRY(assay_profile_read(old, &run->old, err));
    ASSAY_TRY(assay_session_open(&run->session, args, err));
    ASSAY_TRY(read_settings(run, args, err));
    run->checks = json_array();
    run->document = json_pack("{s:s, s:[]}", "assay", ASSAY_VERSION, "containers");
    return run->checks && run->document ? ASSAY_OK : assay_fail_memory(err);
}

static int profile(struct profile_run *run, const struct assay_args *args, int *ret_exit,
                   struct assay_error *err)
{
    ASSAY_TRY(open_run(run, args, err));
    ASSAY_TRY(assay_inputs_resolve(&run->session, run->session.config, args->arguments,
                                   args->arguments_count, assay_args_given(args, "union"),
                                   &run->inputs, err));
    ASSAY_TRY(profile_all(run, assay_args_text(args, "checks-out"), err));
    ASSAY_TRY(assay_json_set(run->document, "errors", json_incref(run->inputs.errors), err));
    ASSAY_TRY(compare(run, err));
    if (!run->interrupted)
        ASSAY_TRY(write_all(run, args, err));
    *ret_exit = run->interrupted                          ? ASSAY_EXIT_INTERRUPTED
                : json_array_size(run->inputs.errors) > 0 ? ASSAY_EXIT_UNJUDGED
                                                          : ASSAY_EXIT_DONE;
    return ASSAY_OK;
}

int assay_profile_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    struct profile_run run = {0};
    const int rc = profile(&run, args, ret_exit, err);
    release(&run);
    return rc;
}
