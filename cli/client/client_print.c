// Answers of a server for a person: tables that fit, one thing as lines.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <unistd.h>

#include "cli/client/verbs.h"
#include "cli/report/json_out.h"
#include "cli/report/output.h"
#include "cli/report/text_out.h"
#include "common/base/datetime.h"
#include "common/base/memory.h"

enum { MOST_COLUMNS = 12, LEAST_WIDTH = 6, KEY_COLUMNS = 28 };

/* "datastore.name" */
static const json_t *value_at(const json_t *object, const char *path)
{
    const char *point = strchr(path, '.');
    if (!point)
        return json_object_get(object, path);
    return json_object_get(json_object_getn(object, path, (size_t)(point - path)), point + 1);
}

/* "2026-11-21T01:14:20.361511Z" → "2026-11-21 01:14:20" */
static void append_text(struct assay_buf *text, const char *words)
{
    int64_t us;
    bool zone;
    const size_t size_bytes = strlen(words);
    if (size_bytes < 20 || size_bytes > 32 ||
        !assay_parse_timestamp(words, size_bytes, &us, &zone)) {
        assay_buf_text(text, words);
        return;
    }
    assay_buf_append(text, words, strlen("2026-11-21"));
    assay_buf_char(text, ' ');
    assay_buf_append(text, words + strlen("2026-11-21T"), strlen("01:14:20"));
}

static void append_value(struct assay_buf *text, const json_t *value)
{
    if (json_is_string(value))
        append_text(text, json_string_value(value));
    else if (json_is_real(value))
        assay_buf_printf(text, "%.6g", json_real_value(value));
    else if (json_is_integer(value))
        assay_buf_printf(text, "%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        assay_buf_text(text, json_is_true(value) ? "yes" : "no");
    else if (json_is_object(value))
        append_value(text, json_object_get(value, "name"));
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
        assay_buf_text(text, i ? ", " : "");
        append_value(text, json_array_get(value, i));
    }
}

/* One column that is shown. */
struct shown {
    const struct assay_client_column *column;
    size_t width;
};

static size_t width_of(const json_t *items, const struct assay_client_column *column)
{
    size_t width = 0;
    for (size_t i = 0; i < json_array_size(items); i++) {
        struct assay_buf text = {0};
        append_value(&text, value_at(json_array_get(items, i), column->path));
        const size_t used = assay_text_columns(assay_buf_str(&text), text.size);
        width = used > width ? used : width;
        assay_buf_release(&text);
    }
    return width;
}

/* The widest but the first, which is the id, gives way until all fit. */
static void narrow(struct shown *shown, size_t count, size_t sum, size_t width)
{
    while (count > 1 && sum > width) {
        size_t widest = 1;
        for (size_t i = 2; i < count; i++)
            widest = shown[i].width > shown[widest].width ? i : widest;
        if (shown[widest].width <= LEAST_WIDTH)
            return;
        shown[widest].width--;
        sum--;
    }
}

/* Each column as wide as it needs; columns without any value are left out. */
static size_t lay_out(const json_t *items, const struct assay_client_column *columns, int width,
                      struct shown shown[MOST_COLUMNS])
{
    size_t count = 0, sum = 0;
    for (; columns->title && count < MOST_COLUMNS; columns++) {
        const size_t used = width_of(items, columns), title = strlen(columns->title);
        if (!used && json_array_size(items))
            continue;
        shown[count] = (struct shown){columns, used > title ? used : title};
        sum += shown[count].width + (count ? 2 : 0);
        count++;
    }
    narrow(shown, count, sum, (size_t)width);
    return count;
}

static void end_line(struct assay_buf *out)
{
    while (out->size && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    assay_buf_char(out, '\n');
}

void assay_client_append_table(const json_t *items, const struct assay_client_column *columns,
                               struct assay_buf *out)
{
    const struct assay_style style = assay_style_of(STDOUT_FILENO);
    struct shown shown[MOST_COLUMNS];
    const size_t count = lay_out(items, columns, style.width, shown);
    for (size_t i = 0; i < count; i++) {
        assay_buf_text(out, i ? "  " : "");
        assay_text_cell(out, &style, shown[i].column->title, shown[i].width,
                        shown[i].column->right);
    }
    end_line(out);
    for (size_t row = 0; row < json_array_size(items); row++) {
        for (size_t i = 0; i < count; i++) {
            struct assay_buf text = {0};
            append_value(&text, value_at(json_array_get(items, row), shown[i].column->path));
            assay_buf_text(out, i ? "  " : "");
            assay_text_cell(out, &style, assay_buf_str(&text), shown[i].width,
                            shown[i].column->right);
            assay_buf_release(&text);
        }
        end_line(out);
    }
}

void assay_client_append_object(const json_t *object, struct assay_buf *out)
{
    const struct assay_style style = assay_style_of(STDOUT_FILENO);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (json_is_null(value))
            continue;
        struct assay_buf text = {0};
        if (json_is_object(value) || json_is_array(value))
            ASSAY_IGNORE(assay_json_append(value, &text, NULL));
        else
            append_value(&text, value);
        assay_text_cell(out, &style, key, KEY_COLUMNS, false);
        assay_buf_char(out, ' ');
        assay_text_safe(out, &style, assay_buf_str(&text));
        assay_buf_char(out, '\n');
        assay_buf_release(&text);
    }
}

int assay_client_print(const struct assay_args *args, const json_t *answer,
                       const struct assay_client_column *columns, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    const char *format = assay_args_text(args, "format");
    if (format && strcmp(format, "json") == 0)
        ASSAY_TRY(assay_json_append_pretty(answer, &text, err));
    else if (columns)
        assay_client_append_table(answer, columns, &text);
    else
        assay_client_append_object(answer, &text);
    return assay_output_write(NULL, &text, err);
}
