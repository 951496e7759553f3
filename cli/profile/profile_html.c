// A profile as one HTML page: a table of fields with charts; each field opens to all its figures.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/profile/profile.h"
#include "cli/report/html_out.h"
#include "cli/run/progress.h"

enum {
    SMALL_WIDTH = 160,
    SMALL_HEIGHT = 32,
    LARGE_WIDTH = 560,
    LARGE_HEIGHT = 120,
    LISTED_VALUES = 20,
    LISTED_WARNINGS = 12
};

static void text(struct assay_buf *out, const char *words)
{
    assay_buf_text(out, words);
}

/* ---- one field's figures ---- */

static const struct figure {
    const char *label, *key;
} figures[] = {
    {"Native type", "native_type"},
    {"Type from", "type_source"},
    {"Semantic type", "semantic_type"},
    {"Type confidence", "type_confidence"},
    {"Date format", "date_format"},
    {"Nulls", "null_count"},
    {"Completeness", "completeness"},
    {"Empty", "empty_count"},
    {"Blank", "blank_count"},
    {"Zero", "zero_count"},
    {"Negative", "negative_count"},
    {"NaN", "nan_count"},
    {"Infinite", "inf_count"},
    {"Invalid UTF-8", "invalid_utf8_count"},
    {"Distinct", "approximate_distinct_values"},
    {"Standard error of distinct", "distinct_standard_error"},
    {"Once of distinct", "unique_distinct_ratio"},
    {"Entropy (nats)", "entropy"},
    {"Least", "min"},
    {"Greatest", "max"},
    {"Sum", "sum"},
    {"Mean", "mean"},
    {"Standard deviation", "std_dev"},
    {"Skewness", "skewness"},
    {"Kurtosis", "kurtosis"},
    {"Not normal", "is_not_normal"},
    {"First quartile", "q1"},
    {"Median", "median"},
    {"Third quartile", "q3"},
    {"Rank error of quantiles", "quantile_rank_error"},
    {"Shortest", "min_length"},
    {"Longest", "max_length"},
    {"Mean length", "mean_length"},
    {"Standard deviation of lengths", "std_dev_length"},
};

static void add_pair(struct assay_buf *out, const char *label, const json_t *value)
{
    text(out, "<div><span class=\"dim\">");
    assay_html_text(out, label);
    text(out, "</span><span>");
    assay_html_value(out, value);
    text(out, "</span></div>");
}

static void add_figures(struct assay_buf *out, const json_t *field)
{
    text(out, "<div class=\"grid\">");
    for (size_t i = 0; i < ASSAY_COUNT(figures); i++) {
        const json_t *value = assay_json_get(field, figures[i].key);
        if (value)
            add_pair(out, figures[i].label, value);
    }
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(field, "quantiles"), key, value)
    {
        char label[64];
        (void)snprintf(label, sizeof label, "Quantile %.20s", key);
        if (!json_is_null(value))
            add_pair(out, label, value);
    }
    text(out, "</div>");
}

static void add_counts(struct assay_buf *out, const char *title, const char *key,
                       const json_t *entries)
{
    const size_t count = json_array_size(entries);
    if (!count)
        return;
    text(out, "<table><tr><th>");
    text(out, title);
    text(out, "</th><th class=\"n\">count</th></tr>");
    for (size_t i = 0; i < count && i < LISTED_VALUES; i++) {
        const json_t *entry = json_array_get(entries, i);
        text(out, "<tr><td class=\"v\"><code>");
        assay_html_value(out, json_object_get(entry, key));
        text(out, "</code></td><td class=\"n\">");
        assay_html_value(out, json_object_get(entry, "count"));
        text(out, "</td></tr>");
    }
    text(out, "</table>");
}

static void add_elements(struct assay_buf *out, const json_t *elements)
{
    text(out, "<p><span class=\"dim\">Elements</span> ");
    assay_html_text(out, assay_json_str(elements, "type", ""));
    text(out, ", ");
    assay_html_value(out, json_object_get(elements, "count"));
    text(out, "</p>");
    add_figures(out, elements);
    add_counts(out, "Value of an element", "value", assay_json_get(elements, "top_values"));
}

static void add_field_details(struct assay_buf *out, const json_t *field, const json_t *chart)
{
    text(out, "<tr class=\"d\"><td colspan=\"6\"><details><summary class=\"dim\">all figures of ");
    assay_html_text(out, assay_json_str(field, "name", ""));
    text(out, "</summary>");
    assay_html_bars(out, chart, LARGE_WIDTH, LARGE_HEIGHT);
    add_figures(out, field);
    add_counts(out, "Value", "value", assay_json_get(field, "top_values"));
    add_counts(out, "Pattern", "pattern", assay_json_get(field, "patterns"));
    add_counts(out, "Spelling of null", "value", assay_json_get(field, "null_like"));
    if (assay_json_get(field, "elements"))
        add_elements(out, json_object_get(field, "elements"));
    text(out, "</details></td></tr>\n");
}

/* ---- the table ---- */

static void add_range(struct assay_buf *out, const json_t *field)
{
    const char *least = assay_json_str(field, "min", NULL),
               *most = assay_json_str(field, "max", NULL);
    const json_t *top = json_array_get(assay_json_get(field, "top_values"), 0);
    const char *type = assay_json_str(field, "type", "");
    const bool repeats = assay_json_num(top, "count", 0) > 1;
    if (repeats && (strcmp(type, "String") == 0 || strcmp(type, "Boolean") == 0)) {
        assay_html_value(out, json_object_get(top, "value"));
        text(out, " <span class=\"dim\">(");
        assay_html_value(out, json_object_get(top, "count"));
        text(out, " times)</span>");
    } else if (least && most) {
        assay_html_text(out, least);
        text(out, " … ");
        assay_html_text(out, most);
    } else if (strcmp(type, "Array") == 0 && assay_json_get(field, "max_length")) {
        assay_html_value(out, json_object_get(field, "min_length"));
        text(out, " … ");
        assay_html_value(out, json_object_get(field, "max_length"));
        text(out, " elements");
    }
}

static void add_type(struct assay_buf *out, const json_t *field)
{
    const char *semantic = assay_json_str(field, "semantic_type", NULL);
    assay_html_text(out, assay_json_str(field, "type", "Unknown"));
    if (semantic) {
        text(out, " <span class=\"tag\">");
        assay_html_text(out, semantic);
        text(out, "</span>");
    }
}

static void add_field(struct assay_buf *out, const json_t *field, double records)
{
    const double nulls = assay_json_num(field, "null_count", 0);
    const json_t *chart = assay_profile_chart(field, records - nulls);
    text(out, "<tr class=\"f\"><td><strong>");
    assay_html_text(out, assay_json_str(field, "name", ""));
    text(out, "</strong></td><td>");
    add_type(out, field);
    text(out, "</td><td class=\"n\">");
    assay_html_share(out, records > 0 ? nulls / records : 0, "nulls");
    text(out, "</td><td class=\"n\">");
    if (assay_json_num(field, "distinct_standard_error", 0) > 0)
        text(out, "~");
    assay_html_value(out, assay_json_get(field, "approximate_distinct_values"));
    text(out, "</td><td class=\"v\">");
    add_range(out, field);
    text(out, "</td><td>");
    assay_html_bars(out, chart, SMALL_WIDTH, SMALL_HEIGHT);
    text(out, "</td></tr>\n");
    add_field_details(out, field, chart);
}

static void add_summary(struct assay_buf *out, const json_t *container)
{
    const json_t *run = assay_json_get(container, "run");
    char number[32];
    const double rejected = assay_json_num(container, "rejected_records", 0);
    text(out, "<p class=\"dim\">");
    assay_html_value(out, json_object_get(container, "records_count"));
    assay_buf_printf(out, " records × %zu fields, ",
                     json_array_size(json_object_get(container, "fields")));
    assay_html_text(out, assay_json_str(container, "format", "table"));
    assay_buf_printf(out, ", %s", assay_human_bytes(assay_json_num(run, "bytes_read", 0), number));
    assay_buf_printf(out, " in %s",
                     assay_human_seconds(assay_json_num(run, "duration_ms", 0) / 1000, number));
    if (assay_json_str(run, "started_at", NULL)) {
        text(out, ", ");
        assay_html_text(out, assay_json_str(run, "started_at", ""));
    }
    if (rejected > 0)
        assay_buf_printf(out, ", <span class=\"bad\">%.0f rejected</span>", rejected);
    text(out, "</p>\n");
}

static void add_warning(struct assay_buf *out, const json_t *warning)
{
    text(out, "<li class=\"warn\">");
    if (assay_json_str(warning, "field", NULL)) {
        text(out, "<strong>");
        assay_html_text(out, assay_json_str(warning, "field", ""));
        text(out, "</strong> ");
    }
    assay_html_text(out, assay_json_str(warning, "message", ""));
    text(out, "</li>");
}

/* Many of them are folded: the fields are what the page is for. */
static void add_warnings(struct assay_buf *out, const json_t *warnings)
{
    const size_t count = json_array_size(warnings);
    const bool folded = count > LISTED_WARNINGS;
    if (!count)
        return;
    if (folded)
        assay_buf_printf(out, "<details><summary class=\"warn\">%zu warnings</summary>", count);
    text(out, "<ul>");
    for (size_t i = 0; i < count; i++)
        add_warning(out, json_array_get(warnings, i));
    text(out, folded ? "</ul></details>\n" : "</ul>\n");
}

static void add_rejections(struct assay_buf *out, const json_t *rejections)
{
    if (!json_array_size(rejections))
        return;
    text(out, "<details><summary class=\"bad\">rejected records</summary><table><tr><th "
              "class=\"n\">line</th><th class=\"n\">byte</th>"
              "<th>reason</th><th>text</th></tr>");
    for (size_t i = 0; i < json_array_size(rejections); i++) {
        const json_t *rejection = json_array_get(rejections, i);
        text(out, "<tr><td class=\"n\">");
        assay_html_value(out, json_object_get(rejection, "line"));
        text(out, "</td><td class=\"n\">");
        assay_html_value(out, json_object_get(rejection, "byte_offset"));
        text(out, "</td><td>");
        assay_html_value(out, json_object_get(rejection, "reason"));
        text(out, "</td><td class=\"v\"><code>");
        assay_html_value(out, json_object_get(rejection, "raw"));
        text(out, "</code></td></tr>");
    }
    text(out, "</table></details>\n");
}

static void add_container(struct assay_buf *out, const json_t *container)
{
    const json_t *fields = json_object_get(container, "fields");
    const double records = assay_json_num(container, "records_processed",
                                          assay_json_num(container, "records_count", 0));
    text(out, "<h2>");
    assay_html_text(out, assay_json_str(container, "name", ""));
    text(out, "</h2>\n");
    add_summary(out, container);
    add_warnings(out, json_object_get(container, "warnings"));
    add_rejections(out, json_object_get(container, "rejections"));
    text(out, "<div class=\"scroll\"><table><tr><th>field</th><th>type</th><th "
              "class=\"n\">null</th><th class=\"n\">distinct</th>"
              "<th>range, or most frequent</th><th>distribution</th></tr>\n");
    for (size_t i = 0; i < json_array_size(fields); i++)
        add_field(out, json_array_get(fields, i), records);
    text(out, "</table></div>\n");
}

static void add_errors(struct assay_buf *out, const json_t *errors)
{
    for (size_t i = 0; i < json_array_size(errors); i++) {
        text(out, "<p class=\"bad\">");
        assay_html_text(out, assay_json_str(json_array_get(errors, i), "message", ""));
        text(out, "</p>\n");
    }
}

void assay_profile_html(const json_t *document, struct assay_buf *out)
{
    const json_t *containers = json_object_get(document, "containers");
    assay_html_begin(out, "Profile");
    add_errors(out, json_object_get(document, "errors"));
    if (assay_json_get(document, "comparison"))
        assay_comparison_html(json_object_get(document, "comparison"), out);
    for (size_t i = 0; i < json_array_size(containers); i++)
        add_container(out, json_array_get(containers, i));
    assay_html_end(out);
}
