// `assay scan`: from the options to the documents.
// SPDX-License-Identifier: Apache-2.0
#include "cli/scan/scan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report/json_out.h"
#include "cli/report/output.h"
#include "cli/run/config_args.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/number.h"

#define FORMATS "json\0junit\0sarif\0html\0markdown\0github\0text\0"

const struct assay_cli_option assay_scan_options[] = {
    {.name = "checks", .value = "FILE", .repeats = true, .doc = "checks file (YAML or JSON)"},
    {.name = "check",
     .value = "CHECK",
     .repeats = true,
     .doc = "one check, such as '{rule: notNull, fields: [id]}'"},
    {.name = "format", .value = "FORMAT", .choices = "text|json", .doc = "text (default) or json"},
    {.name = "report",
     .value = "FORMAT=FILE",
     .repeats = true,
     .doc = "one more document: json, junit, sarif, html, markdown, github"},
    {.name = "failing",
     .value = "FILE",
     .doc = "every failing record, without a cap (.csv, .jsonl, .parquet)"},
    {.name = "var",
     .value = "K=V",
     .repeats = true,
     .doc = "a variable of the checks' expressions"},
    {.name = "ref",
     .value = "NAME=INPUT",
     .repeats = true,
     .doc = "a container that checks refer to"},
    {.name = "where", .value = "EXPR", .doc = "only records for which this SQL expression is true"},
    {.name = "max-anomalies",
     .value = "N",
     .doc = "failing records shown for each check (default 10)"},
    {.name = "examples",
     .value = "WHAT",
     .choices = "none|keys|fields|all",
     .doc = "what is shown of a failing record: none, keys, "
            "fields (key and tested fields, default), all"},
    {.name = "mask", .value = "FIELD", .repeats = true, .doc = "never show values of this field"},
    {.name = "baseline",
     .value = "FILE",
     .doc = "say what is new, still failing or gone since an earlier --failing or JSON file"},
    {.name = "fail-on",
     .value = "WHAT",
     .choices = "error|warning|unasserted|rejected|never",
     .doc = "what exits with 1: error (failed checks and rejected records, default), warning "
            "(failed warnings too), unasserted "
            "(those too), rejected (only rejected records), never"},
    {.name = "dry-run", .doc = "read the checks, show what would run, run nothing"},
    {.name = "explain", .doc = "show how each check is judged, run nothing"},
    {.name = NULL},
};

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

/* ---- options ---- */

/* What is wrong in a checks file is wrong usage; its text begins with the file's name. */
static int as_usage(int rc, struct assay_error *err)
{
    struct assay_error why = {0};
    if (rc == ASSAY_OK || rc == ASSAY_NO_MEMORY || !err)
        return rc;
    const bool opened = strncmp(err->text, "opening ", strlen("opening ")) != 0;
    (void)assay_fail(&why, ASSAY_USAGE, "%s%s", opened ? "reading " : "", err->text);
    *err = why;
    return ASSAY_USAGE;
}

static int read_checks(struct assay_scan_run *run, const struct assay_args *args,
                       struct assay_error *err)
{
    const char *text;
    for (size_t i = 0; (text = assay_args_nth(args, "checks", i)); i++)
        ASSAY_TRY(as_usage(assay_check_file_read(text, &run->checks, err), err));
    for (size_t i = 0; (text = assay_args_nth(args, "check", i)); i++)
        ASSAY_TRY(as_usage(assay_check_file_add(text, &run->checks, err), err));
    if (!json_array_size(run->checks.checks))
        return assay_fail(err, ASSAY_USAGE,
                          "reading the checks: there are none: give --checks FILE or --check "
                          "'{rule: notNull, fields: "
                          "[id]}'");
    return ASSAY_OK;
}

static int put_texts(json_t *settings, const char *key, const char *option,
                     const struct assay_args *args, struct assay_error *err)
{
    json_t *list = json_array();
    ASSAY_TRY(assay_json_set(settings, key, list, err));
    const char *text;
    for (size_t i = 0; (text = assay_args_nth(args, option, i)); i++)
        ASSAY_TRY(assay_json_push(list, assay_json_safe_string(text, strlen(text)), err));
    return ASSAY_OK;
}

static int put_variables(json_t *settings, const struct assay_args *args, struct assay_error *err)
{
    json_t *variables = json_object();
    ASSAY_TRY(assay_json_set(settings, "variables", variables, err));
    const char *text;
    for (size_t i = 0; (text = assay_args_nth(args, "var", i)); i++) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text)
            return assay_fail(err, ASSAY_USAGE,
                              "reading --var %.60s: there is no K=V in it: write --var limit=10",
                              text);
        if (json_object_setn_new_nocheck(variables, text, (size_t)(equals - text),
                                         assay_json_safe_string(equals + 1, strlen(equals + 1))))
            return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

static int put_max_anomalies(json_t *settings, const struct assay_args *args,
                             struct assay_error *err)
{
    const char *text = assay_args_text(args, "max-anomalies");
    int64_t most;
    if (!text)
        return ASSAY_OK;
    if (!assay_parse_i64(text, strlen(text), &most) || most < 0 || most > 1000000)
        return assay_fail(err, ASSAY_USAGE,
                          "reading --max-anomalies: \"%.40s\" is not a number from 0 to 1000000",
                          text);
    return assay_json_set(settings, "max_anomalies", json_integer(most), err);
}

/* The executor works in another folder: an absolute path. */
static int put_failing(struct assay_scan_run *run, const struct assay_args *args,
                       struct assay_error *err)
{
    run->failing = assay_args_text(args, "failing");
    if (!run->failing)
        return ASSAY_OK;
    const char *point = strrchr(run->failing, '.');
    if (!point || (strcmp(point, ".csv") != 0 && strcmp(point, ".jsonl") != 0 &&
                   strcmp(point, ".parquet") != 0))
        return assay_fail(
            err, ASSAY_USAGE,
            "reading --failing %s: its ending tells no format: end it in .csv, .jsonl or .parquet",
            run->failing);
    return assay_output_probe(run->failing, err);
}

static int read_fail_on(struct assay_scan_run *run, const struct assay_args *args)
{
    static const struct {
        const char *name;
        struct assay_fail_on line;
    } lines[] = {
        {"error", {.error = true, .rejected = true}},
        {"warning", {.error = true, .rejected = true, .warning = true}},
        {"unasserted", {.error = true, .rejected = true, .warning = true, .unasserted = true}},
        {"rejected", {.rejected = true}},
        {"never", {.error = false}},
    };
    const char *text = assay_args_text(args, "fail-on");
    for (size_t i = 0; i < ASSAY_COUNT(lines); i++)
        if (strcmp(lines[i].name, text ? text : "error") == 0)
            run->fail_on = lines[i].line;
    return ASSAY_OK;
}

static int read_settings(struct assay_scan_run *run, const struct assay_args *args,
                         struct assay_error *err)
{
    run->settings = json_object();
    if (!run->settings)
        return assay_fail_memory(err);
    const char *where = assay_args_text(args, "where"),
               *examples = assay_args_text(args, "examples");
    if (where)
        ASSAY_TRY(assay_json_set(run->settings, "where",
                                 assay_json_safe_string(where, strlen(where)), err));
    ASSAY_TRY(assay_json_set(run->settings, "examples", json_string(examples ? examples : "fields"),
                             err));
    ASSAY_TRY(put_texts(run->settings, "mask", "mask", args, err));
    ASSAY_TRY(put_variables(run->settings, args, err));
    ASSAY_TRY(put_max_anomalies(run->settings, args, err));
    ASSAY_TRY(put_failing(run, args, err));
    return read_fail_on(run, args);
}

static int probe_reports(const struct assay_args *args, struct assay_error *err)
{
    const char *text, *path;
    char format[16];
    for (size_t i = 0; (text = assay_args_nth(args, "report", i)); i++)
        ASSAY_TRY(assay_output_split(text, FORMATS, format, &path, err));
    return ASSAY_OK;
}

/* ---- references ---- */

static int add_ref(struct assay_scan_run *run, const char *text, struct assay_error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return assay_fail(err, ASSAY_USAGE,
                          "reading --ref %.60s: there is no NAME=INPUT in it: write --ref "
                          "customers.csv=data/customers.csv",
                          text);
    struct assay_inputs one = {0};
    const char *input = equals + 1;
    int rc = assay_inputs_resolve(&run->session, run->session.config, &input, 1, true, &one, err);
    if (rc == ASSAY_OK && one.count != 1)
        rc = assay_fail(
            err, ASSAY_USAGE,
            "reading --ref %.60s: it is not one container: name one file, glob or table", text);
    if (rc == ASSAY_OK) {
        assay_free(one.items[0].name);
        one.items[0].name = assay_strndup(text, (size_t)(equals - text));
        rc = assay_inputs_add(&run->refs, &one.items[0], err);
        one.count = rc == ASSAY_OK ? 0 : one.count;
    }
    assay_inputs_release(&one);
    return rc;
}

/* Every container of the run is one that checks may refer to. Their secrets travel under ids of
 * their own. */
static int put_refs(struct assay_scan_run *run, const struct assay_inputs *inputs, json_t *refs,
                    struct assay_error *err)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (inputs->items[i].from_stdin)
            continue;
        json_t *source = json_copy(inputs->items[i].source);
        ASSAY_TRY(assay_json_set(refs, inputs->items[i].name, source, err));
        const json_int_t id = (json_int_t)json_object_size(refs);
        if (inputs->items[i].secrets)
            ASSAY_TRY(assay_json_set(source, "datastore_id", json_integer(id), err));
    }
    (void)run;
    return ASSAY_OK;
}

/* {"0": the scanned source's, "<datastore_id>": each reference's} */
static int secrets_of(const struct assay_scan_run *run, const struct assay_input *input,
                      json_t **ret_secrets, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *secrets = input->secrets ? json_copy(input->secrets) : json_object();
    if (!secrets)
        return assay_fail_memory(err);
    const json_t *refs = json_object_get(run->settings, "refs");
    const struct assay_inputs *both[] = {&run->inputs, &run->refs};
    for (size_t b = 0; b < ASSAY_COUNT(both); b++)
        for (size_t i = 0; i < both[b]->count; i++) {
            const json_t *ref = json_object_get(refs, both[b]->items[i].name);
            const int64_t id = assay_json_int(ref, "datastore_id", 0);
            char key[24];
            (void)snprintf(key, sizeof key, "%lld", (long long)id);
            json_t *own = json_object_get(both[b]->items[i].secrets, "0");
            if (id && own)
                ASSAY_TRY(assay_json_set(secrets, key, json_incref(own), err));
        }
    *ret_secrets = ASSAY_TAKE(secrets);
    return ASSAY_OK;
}

static int read_refs(struct assay_scan_run *run, const struct assay_args *args,
                     struct assay_error *err)
{
    const char *text;
    for (size_t i = 0; (text = assay_args_nth(args, "ref", i)); i++)
        ASSAY_TRY(add_ref(run, text, err));
    json_t *refs = json_object();
    ASSAY_TRY(assay_json_set(run->settings, "refs", refs, err));
    ASSAY_TRY(put_refs(run, &run->inputs, refs, err));
    return put_refs(run, &run->refs, refs, err);
}

/* ---- running ---- */

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
    ASSAY_TRY(secrets_of(run, input, &secrets, err));
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
    if (rc == ASSAY_CANCELLED)
        run->interrupted = true;
    if (rc == ASSAY_OK || rc == ASSAY_CANCELLED)
        return ASSAY_OK;
    if (rc == ASSAY_USAGE || rc == ASSAY_INVALID) { /* an option that the source does not take */
        *err = why;
        return rc;
    }
    return assay_inputs_add_error(&run->inputs, "scanning", input->name, input->location, &why,
                                  err);
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

static int make_document(const struct assay_scan_run *run, const char *format, int fd,
                         struct assay_buf *text, struct assay_error *err)
{
    static const struct {
        const char *format;
        void (*append)(const json_t *document, struct assay_buf *out);
    } plain[] = {{"junit", assay_scan_junit},
                 {"html", assay_scan_html},
                 {"markdown", assay_scan_markdown},
                 {"github", assay_scan_github}};
    if (strcmp(format, "json") == 0)
        return assay_json_append_pretty(run->document, text, err);
    if (strcmp(format, "sarif") == 0)
        return assay_scan_sarif(run->document, text, err);
    for (size_t i = 0; i < ASSAY_COUNT(plain); i++)
        if (strcmp(plain[i].format, format) == 0)
            plain[i].append(run->document, text);
    if (strcmp(format, "text") == 0) {
        const struct assay_style style = assay_style_of(fd);
        assay_scan_text(run->document, &style, text);
    }
    return assay_buf_check(text, err);
}

static int write_document(const struct assay_scan_run *run, const char *format, const char *path,
                          struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_TRY(make_document(run, format, path ? -1 : STDOUT_FILENO, &text, err));
    return assay_output_write(path, &text, err);
}

static int write_all(const struct assay_scan_run *run, const struct assay_args *args,
                     struct assay_error *err)
{
    const char *format = assay_args_text(args, "format");
    ASSAY_TRY(write_document(run, format ? format : "text", NULL, err));
    const char *text, *path;
    char report[16];
    for (size_t i = 0; (text = assay_args_nth(args, "report", i)); i++) {
        ASSAY_TRY(assay_output_split(text, FORMATS, report, &path, err));
        ASSAY_TRY(write_document(run, report, path, err));
    }
    return ASSAY_OK;
}

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
    ASSAY_TRY(probe_reports(args, err));
    ASSAY_TRY(read_checks(run, args, err));
    ASSAY_TRY(assay_session_open(&run->session, args, err));
    ASSAY_TRY(read_settings(run, args, err));
    const char *baseline = assay_args_text(args, "baseline");
    if (baseline)
        ASSAY_TRY(assay_scan_read_baseline(run, baseline, err));
    ASSAY_TRY(assay_inputs_resolve(&run->session, run->session.config, args->arguments,
                                   args->arguments_count, assay_args_given(args, "union"),
                                   &run->inputs, err));
    ASSAY_TRY(read_refs(run, args, err));
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
    return write_all(run, args, err);
}

int assay_scan_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    struct assay_scan_run run = {0};
    const int rc = scan(&run, args, ret_exit, err);
    release(&run);
    return rc;
}
