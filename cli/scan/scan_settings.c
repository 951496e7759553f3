// The options of `assay scan`: their table, the checks, the settings of its tasks.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/report/output.h"
#include "cli/scan/scan.h"
#include "common/base/number.h"

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

int assay_scan_read_checks(struct assay_scan_run *run, const struct assay_args *args,
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

int assay_scan_read_settings(struct assay_scan_run *run, const struct assay_args *args,
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
