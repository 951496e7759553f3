// JSON for files and pipes.
// SPDX-License-Identifier: Apache-2.0
#include "cli/report/json_out.h"

#include <math.h>

#include "common/base/number.h"

static void append_value(const json_t *json, int depth, struct assay_buf *out);

static void append_line(int depth, struct assay_buf *out)
{
    assay_buf_char(out, '\n');
    for (int i = 0; i < 2 * depth; i++)
        assay_buf_char(out, ' ');
}

static void append_real(double value, struct assay_buf *out)
{
    char text[ASSAY_NUMBER_TEXT];
    if (!isfinite(value)) {
        assay_buf_text(out, "null");
        return;
    }
    assay_buf_append(out, text, assay_format_double(value, text));
}

static void append_array(const json_t *array, int depth, struct assay_buf *out)
{
    const size_t count = json_array_size(array);
    assay_buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        append_line(depth + 1, out);
        append_value(json_array_get(array, i), depth + 1, out);
        if (i + 1 < count)
            assay_buf_char(out, ',');
    }
    if (count)
        append_line(depth, out);
    assay_buf_char(out, ']');
}

static void append_text(const char *text, size_t size_bytes, struct assay_buf *out)
{
    json_t *json = json_stringn_nocheck(text, size_bytes);
    if (!json || assay_json_append(json, out, NULL) != ASSAY_OK)
        out->failed = true;
    json_decref(json);
}

static void append_object(const json_t *object, int depth, struct assay_buf *out)
{
    bool first = true;
    assay_buf_char(out, '{');
    for (void *at = json_object_iter((json_t *)object); at;
         at = json_object_iter_next((json_t *)object, at)) {
        if (!first)
            assay_buf_char(out, ',');
        first = false;
        append_line(depth + 1, out);
        append_text(json_object_iter_key(at), json_object_iter_key_len(at), out);
        assay_buf_text(out, ": ");
        append_value(json_object_iter_value(at), depth + 1, out);
    }
    if (!first)
        append_line(depth, out);
    assay_buf_char(out, '}');
}

static void append_value(const json_t *json, int depth, struct assay_buf *out)
{
    if (json_is_object(json))
        append_object(json, depth, out);
    else if (json_is_array(json))
        append_array(json, depth, out);
    else if (json_is_real(json))
        append_real(json_real_value(json), out);
    else if (assay_json_append(json, out, NULL) != ASSAY_OK)
        out->failed = true;
}

int assay_json_append_pretty(const json_t *json, struct assay_buf *out, struct assay_error *err)
{
    append_value(json, 0, out);
    assay_buf_char(out, '\n');
    return assay_buf_check(out, err);
}
