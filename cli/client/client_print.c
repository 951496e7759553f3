// Answers of a server for a person: tables that fit, one thing as lines.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <unistd.h>

#include "cli/client/verbs.h"
#include "cli/report/json_out.h"
#include "cli/report/output.h"
#include "cli/report/text_out.h"
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

static void append_value(struct assay_buf *text, const json_t *value)
{
    if (json_is_string(value))
        assay_buf_text(text, json_string_value(value));
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

/* Each column as wide as it needs; the widest gives way until all fit. */
static size_t lay_out(const json_t *items, const struct assay_client_column *columns, int width,
                      size_t widths[MOST_COLUMNS])
{
    size_t count = 0, sum = 0;
    for (; columns[count].title && count < MOST_COLUMNS; count++) {
        widths[count] = strlen(columns[count].title);
        for (size_t i = 0; i < json_array_size(items); i++) {
            struct assay_buf text = {0};
            append_value(&text, value_at(json_array_get(items, i), columns[count].path));
            const size_t used = assay_text_columns(assay_buf_str(&text), text.size);
            widths[count] = used > widths[count] ? used : widths[count];
            assay_buf_release(&text);
        }
        sum += widths[count] + 2;
    }
    while (count && sum - 2 > (size_t)width) {
        size_t widest = 0;
        for (size_t i = 1; i < count; i++)
            widest = widths[i] > widths[widest] ? i : widest;
        if (widths[widest] <= LEAST_WIDTH)
            break;
        widths[widest]--;
        sum--;
    }
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
    size_t widths[MOST_COLUMNS];
    const size_t count = lay_out(items, columns, style.width, widths);
    for (size_t i = 0; i < count; i++) {
        assay_text_cell(out, &style, columns[i].title, widths[i], columns[i].right);
        assay_buf_text(out, "  ");
    }
    end_line(out);
    for (size_t row = 0; row < json_array_size(items); row++) {
        for (size_t i = 0; i < count; i++) {
            struct assay_buf text = {0};
            append_value(&text, value_at(json_array_get(items, row), columns[i].path));
            assay_text_cell(out, &style, assay_buf_str(&text), widths[i], columns[i].right);
            assay_buf_text(out, "  ");
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
