// A scan as one HTML page: per container the checks, then the failing records.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/report/html_out.h"
#include "cli/scan/scan.h"

static void text(struct assay_buf *out, const char *words)
{
    assay_buf_text(out, words);
}

static const char *class_of(const char *outcome, bool error)
{
    if (strcmp(outcome, "failed") == 0)
        return error ? "bad" : "warn";
    return strcmp(outcome, "passed") == 0       ? "good"
           : strcmp(outcome, "unasserted") == 0 ? "dim"
                                                : "bad";
}

static void add_value_cell(struct assay_buf *out, const json_t *value)
{
    text(out, "<td class=\"n\">");
    assay_html_value(out, value);
    text(out, "</td>");
}

static void add_check(struct assay_buf *out, const json_t *check)
{
    struct assay_buf name = {0};
    const char *outcome = assay_json_str(check, "outcome", "errored");
    const bool warning = strcmp(outcome, "failed") == 0 && !assay_scan_is_error(check);
    const double asserted = assay_json_num(check, "asserted_records_count", 0);
    assay_scan_check_name(check, &name);
    assay_buf_printf(out, "<tr><td class=\"%s\"><strong>%s</strong></td><td><code>",
                     class_of(outcome, !warning), warning ? "warning" : outcome);
    assay_html_text(out, assay_buf_str(&name));
    text(out, "</code></td>");
    add_value_cell(out, json_object_get(check, "asserted_records_count"));
    add_value_cell(out, json_object_get(check, "anomalous_records_count"));
    text(out, "<td class=\"n\">");
    if (asserted > 0)
        assay_html_share(out, assay_json_num(check, "anomalous_records_count", 0) / asserted,
                         "nulls");
    text(out, "</td><td class=\"v\">");
    assay_html_text(out, assay_json_str(check, "message", ""));
    text(out, "</td></tr>\n");
    assay_buf_release(&name);
}

static void add_record(struct assay_buf *out, const json_t *record)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)record, key, value)
    {
        text(out, "<span class=\"dim\">");
        assay_html_text(out, key);
        text(out, "</span> <code>");
        if (json_is_object(value) || json_is_array(value)) {
            struct assay_buf nested = {0};
            if (assay_json_append(value, &nested, NULL) == ASSAY_OK)
                assay_html_text(out, assay_buf_str(&nested));
            assay_buf_release(&nested);
        } else {
            assay_html_value(out, value);
        }
        text(out, "</code> ");
    }
}

static void add_anomaly(struct assay_buf *out, const json_t *anomaly)
{
    const json_t *failed = json_object_get(anomaly, "failed_checks");
    text(out, "<tr>");
    add_value_cell(out, json_object_get(anomaly, "row"));
    add_value_cell(out, json_object_get(anomaly, "line"));
    text(out, "<td class=\"v\">");
    assay_html_text(out, assay_json_str(anomaly, "file", ""));
    text(out, "</td><td class=\"v\">");
    for (size_t i = 0; i < json_array_size(failed); i++) {
        text(out, "<p>");
        assay_html_text(out, assay_json_str(json_array_get(failed, i), "message", ""));
        text(out, "</p>");
    }
    if (!json_array_size(failed)) /* a record that could not be read */
        assay_html_text(out, assay_json_str(anomaly, "message", ""));
    text(out, "</td><td class=\"v\">");
    add_record(out, assay_json_get(anomaly, "record"));
    if (assay_json_str(anomaly, "raw", NULL)) {
        text(out, "<code>");
        assay_html_text(out, assay_json_str(anomaly, "raw", ""));
        text(out, "</code>");
    }
    text(out, "</td></tr>\n");
}

static void add_container(struct assay_buf *out, const json_t *container)
{
    const json_t *checks = json_object_get(container, "checks"),
                 *anomalies = json_object_get(container, "anomalies");
    text(out, "<h2>");
    assay_html_text(out, assay_json_str(container, "name", ""));
    text(out, "</h2>\n<p class=\"dim\">");
    assay_html_value(out, json_object_get(container, "records_count"));
    text(out, assay_json_int(container, "records_count", 0) == 1 ? " record" : " records");
    if (assay_json_num(container, "rejected_records", 0) > 0)
        assay_buf_printf(out, ", <span class=\"bad\">%.0f rejected</span>",
                         assay_json_num(container, "rejected_records", 0));
    text(out, "</p>\n<div class=\"scroll\"><table><tr><th>outcome</th><th>check</th><th "
              "class=\"n\">looked at</th><th class=\"n\">failing"
              "</th><th class=\"n\">share</th><th>message</th></tr>\n");
    for (size_t i = 0; i < json_array_size(checks); i++)
        add_check(out, json_array_get(checks, i));
    text(out, "</table></div>\n");
    if (!json_array_size(anomalies))
        return;
    text(out, "<div class=\"scroll\"><table><tr><th class=\"n\">row</th><th "
              "class=\"n\">line</th><th>file</th><th>why</th><th>record</th>"
              "</tr>\n");
    for (size_t i = 0; i < json_array_size(anomalies); i++)
        add_anomaly(out, json_array_get(anomalies, i));
    text(out, "</table></div>\n");
}

static void add_summary(struct assay_buf *out, const json_t *document)
{
    static const struct {
        const char *key, *word;
    } parts[] = {{"checks", "checks"},   {"passed", "passed"},
                 {"failed", "failed"},   {"warnings", "with a warning"},
                 {"errored", "errored"}, {"unasserted", "unasserted"}};
    const char *outcome = assay_json_str(document, "outcome", "");
    assay_buf_printf(out, "<p><strong class=\"%s\">%s</strong>: ", class_of(outcome, true),
                     outcome);
    for (size_t i = 0; i < ASSAY_COUNT(parts); i++) {
        text(out, i ? ", " : "");
        assay_html_value(out, json_object_get(json_object_get(document, "summary"), parts[i].key));
        assay_buf_printf(out, " %s", parts[i].word);
    }
    text(out, "</p>\n");
}

void assay_scan_html(const json_t *document, struct assay_buf *out)
{
    const json_t *containers = json_object_get(document, "containers"),
                 *errors = json_object_get(document, "errors");
    assay_html_begin(out, "Scan");
    add_summary(out, document);
    for (size_t i = 0; i < json_array_size(errors); i++) {
        text(out, "<p class=\"bad\">");
        assay_html_text(out, assay_json_str(json_array_get(errors, i), "message", ""));
        text(out, "</p>\n");
    }
    for (size_t i = 0; i < json_array_size(containers); i++)
        add_container(out, json_array_get(containers, i));
    assay_html_end(out);
}
