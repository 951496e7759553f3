// A scan for a person: per container the checks with their outcome, the first failing records, and
// what was not judged.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/run/progress.h"
#include "cli/scan/scan.h"

enum {
    RECORDS_SHOWN = 5,
    SIGN_COLUMNS = 9,
    COUNT_COLUMNS = 22,
    MESSAGE_COLUMN = 11,
    RECORD_LINES = 3,
    MESSAGE_LINES = 12
};

/* How each outcome looks. */
static const struct look {
    const char *outcome, *word;
    enum assay_paint paint;
} looks[] = {
    {"passed", "passed", ASSAY_GREEN},    {"failed", "FAILED", ASSAY_RED},
    {"warning", "warning", ASSAY_YELLOW}, {"errored", "ERRORED", ASSAY_RED},
    {"unasserted", "-", ASSAY_DIM},
};

static const struct look *look_of(const json_t *check)
{
    const char *outcome = assay_json_str(check, "outcome", "errored");
    if (strcmp(outcome, "failed") == 0 && !assay_scan_is_error(check))
        outcome = "warning";
    for (size_t i = 0; i < ASSAY_COUNT(looks); i++)
        if (strcmp(looks[i].outcome, outcome) == 0)
            return &looks[i];
    return &looks[3];
}

static void add_counts(const json_t *check, struct assay_buf *text)
{
    char failing[32], asserted[32];
    const double anomalous = assay_json_num(check, "anomalous_records_count", 0);
    const json_t *looked_at = assay_json_get(check, "asserted_records_count");
    if (anomalous > 0)
        assay_buf_printf(text, "%s of %s", assay_human_count(anomalous, failing),
                         looked_at ? assay_human_count(json_number_value(looked_at), asserted)
                                   : "?");
    else if (looked_at)
        assay_buf_printf(text, "%s", assay_human_count(json_number_value(looked_at), asserted));
}

static void add_check(const json_t *check, const struct assay_style *style, struct assay_buf *out)
{
    struct assay_buf name = {0}, counts = {0};
    const struct look *look = look_of(check);
    assay_scan_check_name(check, &name);
    add_counts(check, &counts);
    assay_buf_text(out, "  ");
    assay_text_paint_begin(out, style, look->paint);
    assay_text_cell(out, style, look->word, SIGN_COLUMNS, false);
    assay_text_paint_end(out, style);
    assay_text_cell(out, style, assay_buf_str(&name),
                    (size_t)style->width - SIGN_COLUMNS - COUNT_COLUMNS - 3, false);
    assay_buf_char(out, ' ');
    assay_text_cell(out, style, assay_buf_str(&counts), COUNT_COLUMNS, true);
    assay_buf_char(out, '\n');
    assay_buf_release(&name);
    assay_buf_release(&counts);
    const bool passed = strcmp(look->outcome, "passed") == 0;
    const char *message = assay_json_str(check, "message", NULL);
    if (passed) /* all-null and empty ones must not look judged */
        message = assay_json_get(check, "asserted_records_count") &&
                          assay_json_int(check, "asserted_records_count", 1) == 0
                      ? "no record was there to be judged"
                      : NULL;
    if (message) {
        assay_buf_printf(out, "%*s", MESSAGE_COLUMN, "");
        assay_text_wrapped(out, style, message, MESSAGE_COLUMN, MESSAGE_LINES);
    }
}

/* ---- failing records ---- */

static bool breaks(const json_t *anomaly, int64_t index)
{
    const json_t *failed = json_object_get(anomaly, "failed_checks");
    for (size_t i = 0; i < json_array_size(failed); i++)
        if (assay_json_int(json_array_get(failed, i), "index", -1) == index)
            return true;
    return false;
}

static const char *message_of(const json_t *anomaly, int64_t index)
{
    const json_t *failed = json_object_get(anomaly, "failed_checks");
    for (size_t i = 0; i < json_array_size(failed); i++)
        if (assay_json_int(json_array_get(failed, i), "index", -1) == index)
            return assay_json_str(json_array_get(failed, i), "message", "");
    return "";
}

/* Does the message of a check say all that the record holds? It quotes the value of a rule's only
 * field. */
static bool is_told(const json_t *record, const json_t *check)
{
    const json_t *fields = json_object_get(check, "fields");
    return json_object_size(record) == 1 && json_array_size(fields) == 1 &&
           json_object_get(record, json_string_value(json_array_get(fields, 0)));
}

static void append_record(const json_t *record, struct assay_buf *text)
{
    const char *key;
    json_t *value;
    const char *between = " {";
    json_object_foreach((json_t *)record, key, value)
    {
        assay_buf_printf(text, "%s%s: ", between, key);
        if (json_is_string(value))
            assay_buf_text(text, json_string_value(value));
        else
            ASSAY_IGNORE(assay_json_append(value, text, NULL));
        between = ", ";
    }
    if (json_object_size(record))
        assay_buf_char(text, '}');
}

/* The file is told where the container has more than one. */
static void append_place(const json_t *anomaly, const json_t *container, struct assay_buf *text)
{
    const char *file = assay_json_str(anomaly, "file", NULL);
    if (file && strcmp(file, assay_json_str(container, "name", "")) != 0 &&
        strcmp(file, assay_json_str(container, "location", "")) != 0)
        assay_buf_printf(text, "%s, ", file);
    if (assay_json_get(anomaly, "line"))
        assay_buf_printf(text, "line %lld: ", (long long)assay_json_int(anomaly, "line", 0));
    else if (assay_json_get(anomaly, "row"))
        assay_buf_printf(text, "row %lld: ", (long long)assay_json_int(anomaly, "row", 0));
}

static void add_line(const struct assay_buf *line, const struct assay_style *style,
                     struct assay_buf *out)
{
    assay_buf_printf(out, "%*s", MESSAGE_COLUMN, "");
    assay_text_paint_begin(out, style, ASSAY_DIM);
    assay_text_wrapped(out, style, assay_buf_str(line), MESSAGE_COLUMN, RECORD_LINES);
    assay_text_paint_end(out, style);
}

static void add_record(const json_t *anomaly, const json_t *check, const json_t *container,
                       const struct assay_style *style, struct assay_buf *out)
{
    struct assay_buf line = {0};
    const json_t *record = assay_json_get(anomaly, "record");
    append_place(anomaly, container, &line);
    assay_buf_text(&line, message_of(anomaly, assay_json_int(check, "index", -1)));
    if (!is_told(record, check))
        append_record(record, &line);
    add_line(&line, style, out);
    assay_buf_release(&line);
}

/* Records that the anomaly of a whole check tells of. */
static void add_told(const json_t *anomaly, const json_t *container,
                     const struct assay_style *style, struct assay_buf *out)
{
    const json_t *records = json_object_get(anomaly, "records");
    for (size_t i = 0; i < json_array_size(records) && i < RECORDS_SHOWN; i++) {
        struct assay_buf line = {0};
        const json_t *record = json_array_get(records, i);
        append_place(record, container, &line);
        assay_buf_text(&line, assay_json_str(record, "message", ""));
        add_line(&line, style, out);
        assay_buf_release(&line);
    }
}

static void add_records(const json_t *container, const json_t *check,
                        const struct assay_style *style, struct assay_buf *out)
{
    const json_t *anomalies = json_object_get(container, "anomalies");
    size_t shown = 0;
    for (size_t i = 0; i < json_array_size(anomalies) && shown < RECORDS_SHOWN; i++) {
        const json_t *anomaly = json_array_get(anomalies, i);
        if (!breaks(anomaly, assay_json_int(check, "index", -1)))
            continue;
        if (strcmp(assay_json_str(anomaly, "type", "record"), "record") != 0) {
            add_told(anomaly, container, style, out);
            continue;
        }
        add_record(anomaly, check, container, style, out);
        shown++;
    }
}

/* Records that could not be read: anomalies without a failed check. */
static void add_rejected(const json_t *container, const struct assay_style *style,
                         struct assay_buf *out)
{
    const json_t *anomalies = json_object_get(container, "anomalies");
    size_t shown = 0;
    for (size_t i = 0; i < json_array_size(anomalies) && shown < RECORDS_SHOWN; i++) {
        const json_t *anomaly = json_array_get(anomalies, i);
        if (json_array_size(json_object_get(anomaly, "failed_checks")) ||
            !assay_json_str(anomaly, "raw", NULL))
            continue;
        struct assay_buf line = {0};
        append_place(anomaly, container, &line);
        assay_buf_printf(&line, "%s: %s", assay_json_str(anomaly, "message", "cannot be read"),
                         assay_json_str(anomaly, "raw", ""));
        assay_buf_text(out, "  ");
        assay_text_paint_begin(out, style, ASSAY_RED);
        assay_text_cell(out, style, "rejected", SIGN_COLUMNS, false);
        assay_text_paint_end(out, style);
        assay_text_wrapped(out, style, assay_buf_str(&line), MESSAGE_COLUMN, RECORD_LINES);
        assay_buf_release(&line);
        shown++;
    }
}

static void add_container(const json_t *container, const struct assay_style *style,
                          struct assay_buf *out)
{
    char records[32];
    const json_t *checks = json_object_get(container, "checks");
    const double rejected = assay_json_num(container, "rejected_records", 0);
    assay_text_paint_begin(out, style, ASSAY_BOLD);
    assay_text_safe(out, style, assay_json_str(container, "name", ""));
    assay_text_paint_end(out, style);
    if (assay_json_get(container, "records_count"))
        assay_buf_printf(out, "  %s record%s",
                         assay_human_count(assay_json_num(container, "records_count", 0), records),
                         assay_json_int(container, "records_count", 0) == 1 ? "" : "s");
    if (rejected > 0) {
        assay_buf_text(out, ", ");
        assay_text_paint_begin(out, style, ASSAY_RED);
        assay_buf_printf(out, "%s rejected", assay_human_count(rejected, records));
        assay_text_paint_end(out, style);
    }
    assay_buf_char(out, '\n');
    add_rejected(container, style, out);
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        add_check(check, style, out);
        add_records(container, check, style, out);
    }
}

static void add_part(struct assay_buf *out, const json_t *summary, const char *key,
                     const char *word)
{
    const int64_t count = assay_json_int(summary, key, 0);
    if (count > 0)
        assay_buf_printf(out, ", %lld %s", (long long)count, word);
}

static void add_rejected_part(const json_t *document, struct assay_buf *out)
{
    const json_t *containers = json_object_get(document, "containers");
    double rejected = 0;
    char records[32];
    for (size_t i = 0; i < json_array_size(containers); i++)
        rejected += assay_json_num(json_array_get(containers, i), "rejected_records", 0);
    if (rejected > 0)
        assay_buf_printf(out, ", %s record%s rejected", assay_human_count(rejected, records),
                         rejected > 1 ? "s" : "");
}

static void add_baseline(const json_t *baseline, struct assay_buf *out)
{
    assay_buf_printf(out, "since the baseline: %lld new, %lld still failing, ",
                     (long long)assay_json_int(baseline, "new", 0),
                     (long long)assay_json_int(baseline, "still_failing", 0));
    if (assay_json_get(baseline, "gone"))
        assay_buf_printf(out, "%lld gone\n", (long long)assay_json_int(baseline, "gone", 0));
    else
        assay_buf_text(out, "gone unknown (a list was capped: use --failing for both)\n");
}

static void add_summary(const json_t *document, const struct assay_style *style,
                        struct assay_buf *out)
{
    const char *outcome = assay_json_str(document, "outcome", "");
    const json_t *summary = json_object_get(document, "summary");
    const bool bad = strcmp(outcome, "failed") == 0 || strcmp(outcome, "errored") == 0;
    assay_text_paint(out, style, bad ? ASSAY_RED : ASSAY_GREEN, outcome);
    assay_buf_printf(out, ": %lld check%s", (long long)assay_json_int(summary, "checks", 0),
                     assay_json_int(summary, "checks", 0) == 1 ? "" : "s");
    add_part(out, summary, "passed", "passed");
    add_part(out, summary, "failed", "failed");
    add_part(out, summary, "warnings", "with a warning");
    add_part(out, summary, "errored", "errored");
    add_part(out, summary, "unasserted", "had nothing to judge");
    add_rejected_part(document, out);
    const size_t errors = json_array_size(json_object_get(document, "errors"));
    if (errors)
        assay_buf_printf(out, ", %zu input%s not read", errors, errors == 1 ? "" : "s");
    assay_buf_char(out, '\n');
}

void assay_scan_text(const json_t *document, const struct assay_style *style, struct assay_buf *out)
{
    const json_t *containers = json_object_get(document, "containers"),
                 *baseline = assay_json_get(document, "baseline");
    for (size_t i = 0; i < json_array_size(containers); i++) {
        add_container(json_array_get(containers, i), style, out);
        assay_buf_char(out, '\n');
    }
    if (baseline)
        add_baseline(baseline, out);
    add_summary(document, style, out);
}
