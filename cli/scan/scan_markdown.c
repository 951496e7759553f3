// Markdown for a pull request's comment or a job's summary, and GitHub's workflow commands for
// annotations.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/scan/scan.h"

enum { ANNOTATIONS = 50 };

/* In a table cell: '|' and line ends would end it, '<' would begin HTML. */
static void add_cell(struct assay_buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|\\`*_[]<>", *text))
            assay_buf_char(out, '\\');
        assay_buf_char(out, *text == '\n' || *text == '\r' ? ' ' : *text);
    }
}

static const char *sign_of(const json_t *check)
{
    const char *outcome = assay_json_str(check, "outcome", "errored");
    if (strcmp(outcome, "failed") == 0)
        return assay_scan_is_error(check) ? "❌ failed" : "⚠️ warning";
    if (strcmp(outcome, "passed") == 0)
        return "✅ passed";
    return strcmp(outcome, "unasserted") == 0 ? "➖ unasserted" : "💥 errored";
}

static void add_check(struct assay_buf *out, const json_t *check)
{
    struct assay_buf name = {0};
    assay_scan_check_name(check, &name);
    assay_buf_printf(out, "| %s | ", sign_of(check));
    add_cell(out, assay_buf_str(&name));
    assay_buf_printf(out, " | %lld of %lld | ",
                     (long long)assay_json_int(check, "anomalous_records_count", 0),
                     (long long)assay_json_int(check, "asserted_records_count", 0));
    if (strcmp(assay_json_str(check, "outcome", ""), "passed") != 0)
        add_cell(out, assay_json_str(check, "message", ""));
    assay_buf_text(out, " |\n");
    assay_buf_release(&name);
}

static void add_container(struct assay_buf *out, const json_t *container)
{
    const json_t *checks = json_object_get(container, "checks");
    assay_buf_text(out, "\n### ");
    add_cell(out, assay_json_str(container, "name", ""));
    const long long records = assay_json_int(container, "records_count", 0);
    assay_buf_printf(out, "\n\n%lld record%s", records, records == 1 ? "" : "s");
    if (assay_json_num(container, "rejected_records", 0) > 0)
        assay_buf_printf(out, ", **%.0f rejected**",
                         assay_json_num(container, "rejected_records", 0));
    assay_buf_text(out, "\n\n| Outcome | Check | Failing | Message |\n|---|---|---:|---|\n");
    for (size_t i = 0; i < json_array_size(checks); i++)
        add_check(out, json_array_get(checks, i));
}

void assay_scan_markdown(const json_t *document, struct assay_buf *out)
{
    const json_t *summary = json_object_get(document, "summary"),
                 *containers = json_object_get(document, "containers");
    const json_t *errors = json_object_get(document, "errors");
    assay_buf_printf(out,
                     "## Data quality: %s\n\n%lld checks: %lld passed, %lld failed, %lld with a "
                     "warning, %lld errored, %lld "
                     "unasserted\n",
                     assay_json_str(document, "outcome", ""),
                     (long long)assay_json_int(summary, "checks", 0),
                     (long long)assay_json_int(summary, "passed", 0),
                     (long long)assay_json_int(summary, "failed", 0),
                     (long long)assay_json_int(summary, "warnings", 0),
                     (long long)assay_json_int(summary, "errored", 0),
                     (long long)assay_json_int(summary, "unasserted", 0));
    for (size_t i = 0; i < json_array_size(errors); i++) {
        assay_buf_text(out, "\n- ");
        add_cell(out, assay_json_str(json_array_get(errors, i), "message", ""));
    }
    if (json_array_size(errors))
        assay_buf_char(out, '\n');
    for (size_t i = 0; i < json_array_size(containers); i++)
        add_container(out, json_array_get(containers, i));
}

/* ---- ::error file=…,line=…::message ---- */

static void add_escaped(struct assay_buf *out, const char *text, bool property)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '%' || c < 0x20 || (property && (c == ',' || c == ':')))
            assay_buf_printf(out, "%%%02X", c);
        else
            assay_buf_char(out, *text);
    }
}

static void add_annotation(struct assay_buf *out, const char *level, const json_t *container,
                           const json_t *anomaly, const char *message)
{
    const char *location =
        assay_json_str(container, "location", assay_json_str(container, "name", ""));
    assay_buf_printf(out, "::%s file=", level);
    add_escaped(out, anomaly ? assay_json_str(anomaly, "file", location) : location, true);
    if (anomaly && assay_json_get(anomaly, "line"))
        assay_buf_printf(out, ",line=%lld", (long long)assay_json_int(anomaly, "line", 1));
    assay_buf_text(out, ",title=assay::");
    add_escaped(out, message, false);
    assay_buf_char(out, '\n');
}

static size_t add_anomaly(struct assay_buf *out, const json_t *container, const json_t *anomaly)
{
    const json_t *failed = json_object_get(anomaly, "failed_checks");
    for (size_t i = 0; i < json_array_size(failed); i++) {
        const json_t *entry = json_array_get(failed, i);
        const json_t *check = assay_scan_check_of(container, assay_json_int(entry, "index", -1));
        add_annotation(out, check && !assay_scan_is_error(check) ? "warning" : "error", container,
                       anomaly, assay_json_str(entry, "message", ""));
    }
    return json_array_size(failed);
}

void assay_scan_github(const json_t *document, struct assay_buf *out)
{
    const json_t *containers = json_object_get(document, "containers"),
                 *errors = json_object_get(document, "errors");
    size_t written = 0;
    for (size_t i = 0; i < json_array_size(containers); i++) {
        const json_t *container = json_array_get(containers, i),
                     *checks = json_object_get(container, "checks");
        const json_t *anomalies = json_object_get(container, "anomalies");
        for (size_t j = 0; j < json_array_size(anomalies) && written < ANNOTATIONS; j++)
            written += add_anomaly(out, container, json_array_get(anomalies, j));
        for (size_t j = 0; j < json_array_size(checks); j++)
            if (strcmp(assay_json_str(json_array_get(checks, j), "outcome", ""), "errored") == 0)
                add_annotation(out, "error", container, NULL,
                               assay_json_str(json_array_get(checks, j), "message", ""));
    }
    for (size_t i = 0; i < json_array_size(errors); i++)
        add_annotation(out, "error", json_array_get(errors, i), NULL,
                       assay_json_str(json_array_get(errors, i), "message", ""));
}
