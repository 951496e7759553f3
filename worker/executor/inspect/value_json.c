// Values of any layout as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/inspect/value_json.h"

#include <math.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/utf8.h"
#include "worker/executor/batch/special.h"

enum { SHOWN_BYTES = 4096, SHOWN_ITEMS = 100 };

static json_t *text_json(const char *data, size_t size)
{
    return assay_json_safe_string(data, assay_utf8_cut(data, size, SHOWN_BYTES));
}

static json_t *bytes_json(const struct assay_text *bytes)
{
    static const char digits[] = "0123456789abcdef";
    char hex[SHOWN_BYTES];
    size_t size = 0;
    for (uint32_t i = 0; i < bytes->size_bytes && size + 2 <= sizeof hex; i++) {
        hex[size++] = digits[(unsigned char)bytes->data[i] >> 4];
        hex[size++] = digits[bytes->data[i] & 15];
    }
    return json_stringn_nocheck(hex, size);
}

static json_t *double_json(double value)
{
    char text[ASSAY_NUMBER_TEXT];
    if (isfinite(value))
        return json_real(value);
    return json_stringn_nocheck(text, assay_format_double(value, text));
}

static json_t *decimal_json(enum assay_layout layout, assay_i128 value, unsigned scale)
{
    char text[ASSAY_NUMBER_TEXT];
    const char *special = assay_special_text(layout, value);
    return special ? json_string(special)
                   : json_stringn_nocheck(text, assay_format_i128(value, scale, text));
}

static json_t *date_json(int32_t days)
{
    char text[ASSAY_DATETIME_TEXT];
    const char *special = assay_special_text(ASSAY_LAYOUT_DATE, days);
    return special ? json_string(special)
                   : json_stringn_nocheck(text, assay_format_date(days, text));
}

static json_t *time_json(int64_t us, const char *zone)
{
    char text[ASSAY_DATETIME_TEXT];
    const char *special = assay_special_text(ASSAY_LAYOUT_TIMESTAMP, us);
    return special ? json_string(special)
                   : json_stringn_nocheck(text, assay_format_timestamp(us, zone, text));
}

/* JSON's own numbers, truths and nested values come back as they were where that loses nothing. */
static json_t *cell_json(const struct assay_cell *cell)
{
    int64_t integer;
    switch ((enum assay_cell_kind)cell->kind) {
    case ASSAY_CELL_NULL:
        return json_null();
    case ASSAY_CELL_BOOL:
        return json_boolean(cell->size_bytes == 4);
    case ASSAY_CELL_NUMBER:
        if (assay_parse_i64(cell->data, cell->size_bytes, &integer))
            return json_integer(integer);
        break;
    case ASSAY_CELL_NESTED:
        if (cell->size_bytes <= SHOWN_BYTES) {
            json_t *nested = json_loadb(cell->data, cell->size_bytes, JSON_DECODE_ANY, NULL);
            if (nested)
                return nested;
        }
        break;
    case ASSAY_CELL_PLAIN:
    case ASSAY_CELL_QUOTED:
    case ASSAY_CELL_STRING:
        break;
    }
    return text_json(cell->data, cell->size_bytes);
}

static json_t *list_json(const struct assay_column *column, const struct assay_list *list)
{
    ASSAY_AUTO(assay_json_decref) json_t *items = json_array();
    for (uint32_t i = 0; items && i < list->count && i < SHOWN_ITEMS; i++)
        if (json_array_append_new(items, assay_value_json(column->child, list->offset + i)))
            return NULL;
    return ASSAY_TAKE(items);
}

#define AT(type) (((const type *)column->values)[row])

json_t *assay_value_json(const struct assay_column *column, size_t row)
{
    if (column->layout == ASSAY_LAYOUT_NULL || !assay_is_valid(column->validity, row))
        return json_null();
    switch (column->layout) {
    case ASSAY_LAYOUT_NULL:
        return json_null();
    case ASSAY_LAYOUT_BOOL:
        return json_boolean(AT(uint8_t));
    case ASSAY_LAYOUT_INT64:
        return json_integer(AT(int64_t));
    case ASSAY_LAYOUT_INT128:
        return decimal_json(column->layout, AT(assay_i128), 0);
    case ASSAY_LAYOUT_DECIMAL64:
        return decimal_json(column->layout, AT(int64_t), column->scale);
    case ASSAY_LAYOUT_DECIMAL128:
        return decimal_json(column->layout, AT(assay_i128), column->scale);
    case ASSAY_LAYOUT_FLOAT:
        return double_json((double)AT(float));
    case ASSAY_LAYOUT_DOUBLE:
        return double_json(AT(double));
    case ASSAY_LAYOUT_TEXT:
        return text_json(AT(struct assay_text).data, AT(struct assay_text).size_bytes);
    case ASSAY_LAYOUT_BYTES:
        return bytes_json(&AT(struct assay_text));
    case ASSAY_LAYOUT_DATE:
        return date_json(AT(int32_t));
    case ASSAY_LAYOUT_TIMESTAMP:
        return time_json(AT(int64_t), "");
    case ASSAY_LAYOUT_INSTANT:
        return time_json(AT(int64_t), "Z");
    case ASSAY_LAYOUT_LIST:
        return list_json(column, &AT(struct assay_list));
    case ASSAY_LAYOUT_STRUCT:
        return json_object();
    case ASSAY_LAYOUT_CELL:
        return cell_json(&AT(struct assay_cell));
    }
    return json_null();
}
