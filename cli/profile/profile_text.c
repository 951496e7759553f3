// A profile for a person: a line per container, a table of fields with bars, warnings and rejected
// records.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/profile/profile.h"
#include "cli/run/progress.h"
#include "common/base/number.h"

enum {
    NAME_LEAST = 5,
    NAME_SHORT = 16, /* longer ones give way to values */
    NAME_MOST = 32,
    TYPE_MOST = 13,
    VALUES_LEAST = 12,
    VALUES_GOOD = 23, /* two dates */
    VALUES_MOST = 64,
    NULL_COLUMNS = 5,
    DISTINCT_COLUMNS = 8,
    MEAN_COLUMNS = 10
};
enum {
    BARS_LEAST = 8,
    BARS_MOST = 20,
    BARS_FROM_WIDTH = 70,
    MEAN_FROM_WIDTH = 110,
    TOP_SHOWN = 3,
    WARNINGS_SHOWN = 20,
    WARNING_LINES = 6,
    REJECTIONS_SHOWN = 5
};

/* What is being written. */
struct page {
    const struct assay_style *style;
    struct assay_buf *out;
    size_t name_columns, type_columns, mean_columns, values_columns, bars_columns;
};

static void add(const struct page *page, const char *text)
{
    assay_buf_text(page->out, text);
}

static void add_cell(const struct page *page, const char *text, size_t columns, bool right)
{
    assay_text_cell(page->out, page->style, text, columns, right);
}

static void end_line(const struct page *page)
{
    while (page->out->size && page->out->data[page->out->size - 1] == ' ')
        page->out->data[--page->out->size] = '\0';
    add(page, "\n");
}

static const char *plural(double count)
{
    return count == 1 ? "" : "s";
}

/* ---- layout ---- */

static const char *name_of(const json_t *field)
{
    return assay_json_str(field, "name", "");
}

static const char *type_of(const json_t *field)
{
    return assay_json_str(field, "semantic_type", assay_json_str(field, "type", "Unknown"));
}

static size_t longest(const json_t *fields, const char *(*text_of)(const json_t *field),
                      size_t least, size_t most)
{
    size_t columns = least;
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const char *text = text_of(json_array_get(fields, i));
        const size_t used = assay_text_columns(text, strlen(text));
        columns = used > columns ? used : columns;
    }
    return columns < most ? columns : most;
}

/* Names get what they need up to a quarter, long ones less where values lack room; the rest goes to
 * values and bars. */
static void lay_out(struct page *page, const json_t *fields)
{
    const size_t width = (size_t)page->style->width;
    page->name_columns =
        longest(fields, name_of, NAME_LEAST, width / 4 > NAME_MOST ? NAME_MOST : width / 4);
    page->type_columns = longest(fields, type_of, strlen("type"), TYPE_MOST);
    page->mean_columns = width >= MEAN_FROM_WIDTH ? MEAN_COLUMNS : 0;
    page->bars_columns = width >= MEAN_FROM_WIDTH   ? BARS_MOST
                         : width >= BARS_FROM_WIDTH ? BARS_LEAST
                                                    : 0;
    const size_t used = 1 + page->name_columns + 1 + page->type_columns + 1 + NULL_COLUMNS + 1 +
                        DISTINCT_COLUMNS + 2 + (page->mean_columns ? page->mean_columns + 1 : 0) +
                        (page->bars_columns ? 1 + page->bars_columns : 0);
    size_t values = width > used ? width - used : 0;
    while (values < VALUES_GOOD && page->name_columns > NAME_SHORT) {
        page->name_columns--;
        values++;
    }
    page->values_columns = values < VALUES_LEAST  ? VALUES_LEAST
                           : values > VALUES_MOST ? VALUES_MOST
                                                  : values;
}

/* ---- the container's line ---- */

static void add_dialect(const struct page *page, const json_t *container)
{
    const json_t *dialect = assay_json_get(container, "dialect");
    const char *delimiter = assay_json_str(dialect, "delimiter", NULL);
    if (!delimiter)
        return;
    add(page, " (");
    if (strcmp(delimiter, "\t") == 0)
        add(page, "tab");
    else if (*delimiter) {
        add(page, "\"");
        assay_text_safe(page->out, page->style, delimiter);
        add(page, "\"");
    }
    if (!assay_json_bool(dialect, "header", true))
        add(page, ", no header");
    add(page, ")");
}

static void add_rate(const struct page *page, const json_t *container)
{
    const json_t *run = assay_json_get(container, "run");
    const double ms = assay_json_num(run, "duration_ms", 0),
                 bytes = assay_json_num(run, "bytes_read", 0);
    char text[32];
    if (bytes > 0)
        assay_buf_printf(page->out, ", %s", assay_human_bytes(bytes, text));
    if (ms >= 10)
        assay_buf_printf(page->out, " in %s", assay_human_seconds(ms / 1000, text));
    if (ms >= 100 && bytes > 0 && page->style->width >= BARS_FROM_WIDTH)
        assay_buf_printf(page->out, " (%s/s)", assay_human_bytes(bytes * 1000 / ms, text));
}

static void add_header(const struct page *page, const json_t *container)
{
    char records[32], fields[32];
    const double count = assay_json_num(container, "records_count", 0);
    const double width = (double)json_array_size(json_object_get(container, "fields"));
    const double rejected = assay_json_num(container, "rejected_records", 0);
    assay_text_paint_begin(page->out, page->style, ASSAY_BOLD);
    assay_text_safe(page->out, page->style, assay_json_str(container, "name", ""));
    assay_text_paint_end(page->out, page->style);
    add(page, "\n");
    assay_buf_printf(page->out, " %s record%s %s %s field%s", assay_human_count(count, records),
                     plural(count), assay_text_sign(page->style, "×", "x"),
                     assay_human_count(width, fields), plural(width));
    if (assay_json_bool(container, "sampled", false))
        assay_buf_printf(
            page->out, ", sample of %s",
            assay_human_count(assay_json_num(container, "records_processed", 0), records));
    assay_buf_printf(page->out, ", %s", assay_json_str(container, "format", "table"));
    add_dialect(page, container);
    add_rate(page, container);
    if (rejected > 0) {
        add(page, ", ");
        assay_text_paint_begin(page->out, page->style, ASSAY_RED);
        assay_buf_printf(page->out, "%s rejected", assay_human_count(rejected, records));
        assay_text_paint_end(page->out, page->style);
    }
    add(page, "\n");
}

/* ---- the table of fields ---- */

static void add_titles(const struct page *page)
{
    add(page, "\n ");
    assay_text_paint_begin(page->out, page->style, ASSAY_DIM);
    add_cell(page, "field", page->name_columns, false);
    add(page, " ");
    add_cell(page, "type", page->type_columns, false);
    add(page, " ");
    add_cell(page, "null", NULL_COLUMNS, true);
    add(page, " ");
    add_cell(page, "distinct", DISTINCT_COLUMNS, true);
    add(page, "  ");
    if (page->mean_columns) {
        add_cell(page, "mean", page->mean_columns, true);
        add(page, " ");
    }
    add_cell(page,
             assay_text_sign(page->style, "min … max, or top values", "min to max, or top values"),
             page->values_columns, false);
    if (page->bars_columns)
        add(page, " spread");
    assay_text_paint_end(page->out, page->style);
    end_line(page);
}

static void percent_text(double share, char text[static 16])
{
    if (share <= 0)
        (void)snprintf(text, 16, "0%%");
    else if (share < 0.001)
        (void)snprintf(text, 16, "<0.1%%");
    else if (share < 0.1)
        (void)snprintf(text, 16, "%.1f%%", 100 * share);
    else if (share < 1 && share > 0.995)
        (void)snprintf(text, 16, ">99%%");
    else
        (void)snprintf(text, 16, "%.0f%%", 100 * share);
}

static void distinct_text(const json_t *field, char text[static 48])
{
    const json_t *distinct = assay_json_get(field, "approximate_distinct_values");
    char count[32];
    if (!distinct) {
        (void)snprintf(text, 48, "-");
        return;
    }
    const bool estimated = assay_json_num(field, "distinct_standard_error", 0) > 0;
    const double value = json_number_value(distinct);
    if (value >= 1e4 && value < 1e6)
        (void)snprintf(count, sizeof count, "%.1f k", value / 1000);
    else
        (void)assay_human_count(value, count);
    (void)snprintf(text, 48, "%s%s", estimated ? "~" : "", count);
}

/* "1234.5678" → "1234.57" when it is a number with a long fraction */
static void append_short(struct assay_buf *text, const char *value)
{
    double number;
    const char *point = strchr(value, '.');
    if (point && strlen(point) > 5 && strspn(value, "-0123456789.") == strlen(value) &&
        assay_parse_double(value, strlen(value), &number))
        assay_buf_printf(text, "%.5g", number);
    else
        assay_buf_text(text, value);
}

static void append_top(const struct page *page, const json_t *field, double present,
                       struct assay_buf *text)
{
    const json_t *top = assay_json_get(field, "top_values");
    for (size_t i = 0; i < json_array_size(top) && i < TOP_SHOWN; i++) {
        const json_t *entry = json_array_get(top, i);
        char share[16];
        percent_text(present > 0 ? assay_json_num(entry, "count", 0) / present : 0, share);
        const char *value = assay_json_str(entry, "value", "");
        assay_buf_printf(text, "%s%s %s", i ? ", " : "", *value ? value : "\"\"", share);
    }
    (void)page;
}

static size_t columns_of(const struct assay_buf *text)
{
    return assay_text_columns(assay_buf_str(text), text->size);
}

/* "least … most": where both do not fit, each is cut to its share. */
static void append_range(const struct page *page, const json_t *field, struct assay_buf *text)
{
    const char *least = assay_json_str(field, "min", NULL),
               *most = assay_json_str(field, "max", NULL);
    const char *sign = assay_text_sign(page->style, " … ", " to ");
    if (!least || !most)
        return;
    struct assay_buf from = {0}, to = {0};
    append_short(&from, least);
    append_short(&to, most);
    const size_t room = page->values_columns - assay_text_columns(sign, strlen(sign));
    const size_t from_columns = columns_of(&from), to_columns = columns_of(&to);
    const size_t half = room / 2;
    const size_t left = to_columns < half ? room - to_columns : half;
    const size_t right = from_columns < half ? room - from_columns : room - half;
    if (strcmp(least, most) == 0) {
        assay_buf_text(text, assay_buf_str(&from));
    } else {
        assay_text_cell(text, page->style, assay_buf_str(&from),
                        from_columns < left ? from_columns : left, false);
        assay_buf_text(text, sign);
        assay_text_cell(text, page->style, assay_buf_str(&to),
                        to_columns < right ? to_columns : right, false);
    }
    assay_buf_release(&from);
    assay_buf_release(&to);
}

/* The range tells more than the most frequent values: of numbers, dates, and where nothing
 * repeats. */
static bool has_range(const json_t *field)
{
    const char *type = assay_json_str(field, "type", "");
    const json_t *top = json_array_get(assay_json_get(field, "top_values"), 0);
    if (!assay_json_str(field, "min", NULL))
        return false;
    return (strcmp(type, "String") != 0 && strcmp(type, "Boolean") != 0) ||
           assay_json_num(top, "count", 0) == 1;
}

static void append_values(const struct page *page, const json_t *field, double present,
                          struct assay_buf *text)
{
    const size_t before = text->size;
    if (!has_range(field))
        append_top(page, field, present, text);
    if (text->size == before)
        append_range(page, field, text);
}

/* "0 … 3 elements: 1 … 9" */
static void append_elements(const struct page *page, const json_t *field, struct assay_buf *text)
{
    const json_t *elements = assay_json_get(field, "elements");
    const int64_t least = assay_json_int(field, "min_length", 0),
                  most = assay_json_int(field, "max_length", 0);
    if (!assay_json_get(field, "max_length"))
        return;
    if (least != most)
        assay_buf_printf(text, "%" PRId64 "%s", least, assay_text_sign(page->style, " … ", " to "));
    assay_buf_printf(text, "%" PRId64 " element%s", most, plural((double)most));
    if (assay_json_num(elements, "count", 0) > 0)
        assay_buf_text(text, ": ");
    append_values(page, elements,
                  assay_json_num(elements, "count", 0) - assay_json_num(elements, "null_count", 0),
                  text);
}

static void add_values(const struct page *page, const json_t *field, double present)
{
    struct assay_buf text = {0};
    append_values(page, field, present, &text);
    if (strcmp(assay_json_str(field, "type", ""), "Array") == 0)
        append_elements(page, field, &text);
    add_cell(page, assay_buf_str(&text), page->values_columns, false);
    assay_buf_release(&text);
}

static void add_spread(const struct page *page, const json_t *field, double present)
{
    const json_t *buckets = assay_profile_chart(field, present);
    const size_t count = json_array_size(buckets);
    double *counts = count ? calloc(count, sizeof *counts) : NULL;
    size_t used = 0;
    for (size_t i = 0; counts && i < count; i++)
        if (!assay_json_bool(json_array_get(buckets, i), "tail", false))
            counts[used++] = assay_json_num(json_array_get(buckets, i), "count", 0);
    if (used > 1 && page->bars_columns)
        assay_text_bars(page->out, page->style, counts, used, page->bars_columns);
    free(counts);
}

/* In at most MEAN_COLUMNS. */
static void mean_text(double mean, char text[static 32])
{
    const double size = fabs(mean);
    (void)snprintf(text, 32,
                   size >= 1e6 && size < 1e9                  ? "%.0f"
                   : size >= 1e9 || (size < 1e-2 && size > 0) ? "%.3g"
                                                              : "%.6g",
                   mean);
}

static void add_mean(const struct page *page, const json_t *field)
{
    char text[32] = "";
    const json_t *mean = assay_json_get(field, "mean");
    if (!page->mean_columns)
        return;
    if (mean)
        mean_text(json_number_value(mean), text);
    add_cell(page, text, page->mean_columns, true);
    add(page, " ");
}

static void add_field(const struct page *page, const json_t *field, double records)
{
    char nulls[16], distinct[48];
    const double null_count = assay_json_num(field, "null_count", 0);
    percent_text(records > 0 ? null_count / records : 0, nulls);
    distinct_text(field, distinct);
    add(page, " ");
    add_cell(page, name_of(field), page->name_columns, false);
    add(page, " ");
    add_cell(page, type_of(field), page->type_columns, false);
    add(page, " ");
    if (null_count > 0)
        assay_text_paint_begin(page->out, page->style, ASSAY_YELLOW);
    add_cell(page, nulls, NULL_COLUMNS, true);
    if (null_count > 0)
        assay_text_paint_end(page->out, page->style);
    add(page, " ");
    add_cell(page, distinct, DISTINCT_COLUMNS, true);
    add(page, "  ");
    add_mean(page, field);
    add_values(page, field, records - null_count);
    add(page, " ");
    add_spread(page, field, records - null_count);
    end_line(page);
}

/* ---- what to look at ---- */

/* "amount: …" and "amount is …" name their field themselves, "amounts …" does not. */
static bool names_field(const char *message, const char *field)
{
    const size_t size = strlen(field);
    return strncmp(message, field, size) == 0 && strchr(": ", message[size]) != NULL;
}

static void add_warning(const struct page *page, const json_t *warning)
{
    struct assay_buf text = {0};
    const char *field = assay_json_str(warning, "field", NULL);
    const char *message = assay_json_str(warning, "message", "");
    if (field && !names_field(message, field))
        assay_buf_printf(&text, "%s: ", field);
    assay_buf_text(&text, message);
    add(page, " ");
    assay_text_paint(page->out, page->style, ASSAY_YELLOW, "!");
    add(page, " ");
    assay_text_wrapped(page->out, page->style, assay_buf_str(&text), 3, WARNING_LINES);
    assay_buf_release(&text);
}

static void add_warnings(const struct page *page, const json_t *warnings)
{
    const size_t count = json_array_size(warnings);
    if (count)
        add(page, "\n");
    for (size_t i = 0; i < count && i < WARNINGS_SHOWN; i++)
        add_warning(page, json_array_get(warnings, i));
    if (count > WARNINGS_SHOWN)
        assay_buf_printf(page->out, " ! and %zu more warnings: see --format json\n",
                         count - WARNINGS_SHOWN);
}

static void add_rejection(const struct page *page, const json_t *rejection)
{
    struct assay_buf line = {0};
    const json_t *file = assay_json_get(rejection, "file");
    if (json_is_string(file))
        assay_buf_printf(&line, "%s ", json_string_value(file));
    if (assay_json_get(rejection, "line"))
        assay_buf_printf(&line, "line %lld, ", (long long)assay_json_int(rejection, "line", 0));
    assay_buf_printf(&line, "byte %lld: %s", (long long)assay_json_int(rejection, "byte_offset", 0),
                     assay_json_str(rejection, "reason", ""));
    const char *raw = assay_json_str(rejection, "raw", NULL);
    if (raw)
        assay_buf_printf(&line, ": %s", raw);
    add(page, "   ");
    add_cell(page, assay_buf_str(&line), (size_t)page->style->width - 4, false);
    end_line(page);
    assay_buf_release(&line);
}

static void add_rejections(const struct page *page, const json_t *container)
{
    const json_t *rejections = json_object_get(container, "rejections");
    const size_t shown = json_array_size(rejections) < REJECTIONS_SHOWN
                             ? json_array_size(rejections)
                             : REJECTIONS_SHOWN;
    char count[32];
    if (!shown)
        return;
    add(page, "\n ");
    assay_text_paint(page->out, page->style, ASSAY_RED, "rejected");
    const double rejected = assay_json_num(container, "rejected_records", 0);
    assay_buf_printf(page->out, " %s record%s that could not be read:\n",
                     assay_human_count(rejected, count), plural(rejected));
    for (size_t i = 0; i < shown; i++)
        add_rejection(page, json_array_get(rejections, i));
}

static void add_container(struct page *page, const json_t *container)
{
    const json_t *fields = json_object_get(container, "fields");
    const double records = assay_json_num(container, "records_processed",
                                          assay_json_num(container, "records_count", 0));
    add_header(page, container);
    if (json_array_size(fields)) {
        lay_out(page, fields);
        add_titles(page);
    }
    for (size_t i = 0; i < json_array_size(fields); i++)
        add_field(page, json_array_get(fields, i), records);
    add_warnings(page, json_object_get(container, "warnings"));
    add_rejections(page, container);
}

void assay_profile_text(const json_t *document, const struct assay_style *style,
                        struct assay_buf *out)
{
    struct page page = {.style = style, .out = out};
    const json_t *containers = json_object_get(document, "containers");
    for (size_t i = 0; i < json_array_size(containers); i++) {
        if (i)
            add(&page, "\n");
        add_container(&page, json_array_get(containers, i));
    }
    const json_t *comparison = assay_json_get(document, "comparison");
    if (comparison)
        assay_comparison_text(comparison, style, out);
}
