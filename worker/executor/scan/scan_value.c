// Values of a captured record, by their layout.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan_value.h"

#include <math.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/utf8.h"
#include "worker/executor/batch/special.h"

#define SHOWN_BYTES  400 /* of a text in a message */
#define EXACT_DIGITS 15  /* that any double holds */

static void append_int(struct assay_buf *text, assay_i128 value, unsigned scale)
{
    char digits[ASSAY_NUMBER_TEXT];
    assay_buf_append(text, digits, assay_format_i128(value, scale, digits));
}

static bool as_integer(const struct assay_column *column, size_t row, assay_i128 *ret_value)
{
    if (column->layout == ASSAY_LAYOUT_INT64 || column->layout == ASSAY_LAYOUT_DECIMAL64)
        *ret_value = ((const int64_t *)column->values)[row];
    else if (column->layout == ASSAY_LAYOUT_INT128 || column->layout == ASSAY_LAYOUT_DECIMAL128)
        memcpy(ret_value, (const char *)column->values + row * sizeof *ret_value,
               sizeof *ret_value);
    else
        return false;
    return true;
}

static bool as_real(const struct assay_column *column, size_t row, double *ret_value)
{
    if (column->layout == ASSAY_LAYOUT_FLOAT)
        *ret_value = (double)((const float *)column->values)[row];
    else if (column->layout == ASSAY_LAYOUT_DOUBLE)
        *ret_value = ((const double *)column->values)[row];
    else
        return false;
    return true;
}

static void append_real(const struct assay_column *column, size_t row, struct assay_buf *text)
{
    char digits[ASSAY_NUMBER_TEXT];
    const size_t size = column->layout == ASSAY_LAYOUT_FLOAT
                            ? assay_format_float(((const float *)column->values)[row], digits)
                            : assay_format_double(((const double *)column->values)[row], digits);
    assay_buf_append(text, digits, size);
}

static void append_time(const struct assay_column *column, size_t row, struct assay_buf *text)
{
    char digits[ASSAY_DATETIME_TEXT];
    const bool date = column->layout == ASSAY_LAYOUT_DATE;
    const int64_t value =
        date ? ((const int32_t *)column->values)[row] : ((const int64_t *)column->values)[row];
    const char *special = assay_special_text(column->layout, value);
    const size_t size =
        date ? assay_format_date(value, digits)
             : assay_format_timestamp(value, column->layout == ASSAY_LAYOUT_INSTANT ? "Z" : "",
                                      digits);
    if (special)
        assay_buf_text(text, special);
    else
        assay_buf_append(text, digits, size);
}

static bool is_time(enum assay_layout layout)
{
    return layout == ASSAY_LAYOUT_DATE || layout == ASSAY_LAYOUT_TIMESTAMP ||
           layout == ASSAY_LAYOUT_INSTANT;
}

static void append_bytes(const struct assay_text *value, struct assay_buf *text)
{
    const size_t size = value->size_bytes < SHOWN_BYTES / 2 ? value->size_bytes : SHOWN_BYTES / 2;
    assay_buf_text(text, "0x");
    for (size_t i = 0; i < size; i++)
        assay_buf_printf(text, "%02x", (unsigned char)value->data[i]);
    assay_buf_text(text, size < value->size_bytes ? "…" : "");
}

static void append_list(const struct assay_column *column, size_t row, struct assay_buf *text)
{
    json_t *list = assay_value_json(column, row);
    if (list)
        ASSAY_IGNORE(assay_json_append(list, text, NULL));
    json_decref(list);
}

bool assay_value_text(const struct assay_column *column, size_t row, struct assay_buf *text)
{
    assay_i128 integer;
    double real;
    if (column->layout == ASSAY_LAYOUT_NULL || !assay_is_valid(column->validity, row))
        return false;
    if (as_integer(column, row, &integer)) {
        append_int(text, integer, column->scale);
    } else if (as_real(column, row, &real)) {
        append_real(column, row, text);
    } else if (is_time(column->layout)) {
        append_time(column, row, text);
    } else if (column->layout == ASSAY_LAYOUT_BOOL) {
        assay_buf_text(text, ((const uint8_t *)column->values)[row] ? "true" : "false");
    } else if (column->layout == ASSAY_LAYOUT_BYTES) {
        append_bytes(&((const struct assay_text *)column->values)[row], text);
    } else if (column->layout == ASSAY_LAYOUT_TEXT) {
        const struct assay_text *value = &((const struct assay_text *)column->values)[row];
        const size_t size = assay_utf8_cut(value->data, value->size_bytes, SHOWN_BYTES);
        assay_utf8_append_safe(text, value->data, size);
        assay_buf_text(text, size < value->size_bytes ? "…" : "");
    } else if (column->layout == ASSAY_LAYOUT_LIST) {
        append_list(column, row, text);
    } else {
        assay_buf_text(text, "{…}");
    }
    return true;
}

static json_t *list_json(const struct assay_column *column, size_t row)
{
    const struct assay_list *list = &((const struct assay_list *)column->values)[row];
    json_t *array = json_array();
    for (uint32_t i = 0; array && i < list->count && column->child; i++)
        if (json_array_append_new(array, assay_value_json(column->child, list->offset + i))) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *shown_text(const struct assay_column *column, size_t row)
{
    struct assay_buf text = {0};
    assay_value_text(column, row, &text);
    json_t *value = text.failed ? NULL : json_stringn(assay_buf_str(&text), text.size);
    assay_buf_release(&text);
    return value;
}

json_t *assay_value_json(const struct assay_column *column, size_t row)
{
    assay_i128 integer;
    double real;
    if (column->layout == ASSAY_LAYOUT_NULL || !assay_is_valid(column->validity, row))
        return json_null();
    if (column->layout == ASSAY_LAYOUT_TEXT) {
        const struct assay_text *value = &((const struct assay_text *)column->values)[row];
        return assay_json_safe_string(value->data, value->size_bytes);
    }
    if (column->layout == ASSAY_LAYOUT_BOOL)
        return json_boolean(((const uint8_t *)column->values)[row]);
    if (column->layout == ASSAY_LAYOUT_LIST)
        return list_json(column, row);
    if (as_integer(column, row, &integer) && !column->scale && integer >= INT64_MIN &&
        integer <= INT64_MAX)
        return json_integer((json_int_t)integer);
    if (column->layout == ASSAY_LAYOUT_DOUBLE && as_real(column, row, &real) && isfinite(real))
        return json_real(real);
    return shown_text(column, row);
}

/* Digits without trailing zeros behind the point; a whole number has no point. */
static void append_shortest(struct assay_buf *bytes, size_t start)
{
    char *text = bytes->failed ? NULL : bytes->data + start;
    if (!text || !memchr(text, '.', bytes->size - start) || strpbrk(text, "eE"))
        return;
    while (bytes->data[bytes->size - 1] == '0')
        bytes->size--;
    if (bytes->data[bytes->size - 1] == '.')
        bytes->size--;
    bytes->data[bytes->size] = '\0';
}

void assay_value_decimal_text(const struct assay_column *column, size_t row, struct assay_buf *text)
{
    const size_t start = text->size;
    assay_value_text(column, row, text);
    append_shortest(text, start);
    if (!text->failed && !memchr(text->data + start, '.', text->size - start))
        assay_buf_text(text, ".0");
}

json_t *assay_value_decimal_json(const struct assay_column *column, size_t row)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    double value;
    assay_value_decimal_text(column, row, &text);
    if (text.failed)
        return NULL;
    const char *digits = assay_buf_str(&text);
    if (text.size <= EXACT_DIGITS && assay_parse_double(digits, text.size, &value))
        return json_real(value);
    return json_stringn(digits, text.size);
}

void assay_value_canonical(const struct assay_column *column, size_t row, struct assay_buf *bytes)
{
    if (column->layout == ASSAY_LAYOUT_NULL || !assay_is_valid(column->validity, row)) {
        assay_buf_append(bytes, "n\0", 2);
        return;
    }
    double real;
    assay_i128 integer;
    if (column->layout == ASSAY_LAYOUT_TEXT || column->layout == ASSAY_LAYOUT_BYTES) {
        const struct assay_text *value = &((const struct assay_text *)column->values)[row];
        assay_buf_char(bytes, 't');
        assay_buf_append(bytes, &value->size_bytes, sizeof value->size_bytes);
        assay_buf_append(bytes, value->data, value->size_bytes);
        return;
    }
    assay_buf_char(bytes, 'v');
    const size_t start = bytes->size;
    if (column->layout == ASSAY_LAYOUT_TIMESTAMP || column->layout == ASSAY_LAYOUT_INSTANT)
        append_int(bytes, ((const int64_t *)column->values)[row], 0);
    else if (as_real(column, row, &real) && real == 0)
        assay_buf_char(bytes, '0'); /* -0.0 too */
    else
        assay_value_text(column, row, bytes);
    if (as_integer(column, row, &integer) || as_real(column, row, &real))
        append_shortest(bytes, start);
    assay_buf_char(bytes, '\0');
}
