// NaN and infinities in columns of decimals, dates and times.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/batch/special.h"

#include <math.h>

#define EXACT_DOUBLE ((assay_i128)1 << 53) /* integers up to here are doubles */

/* Where +infinity lies; 0: the layout has none. */
static assay_i128 infinity_of(enum assay_layout layout)
{
    switch (layout) {
    case ASSAY_LAYOUT_DATE:
        return ASSAY_DATE_INFINITY;
    case ASSAY_LAYOUT_TIMESTAMP:
    case ASSAY_LAYOUT_INSTANT:
        return ASSAY_TIME_INFINITY;
    case ASSAY_LAYOUT_DECIMAL64:
        return ASSAY_DECIMAL64_INFINITY;
    case ASSAY_LAYOUT_DECIMAL128:
        return ASSAY_DECIMAL128_INFINITY;
    default:
        return 0;
    }
}

bool assay_decimal_is_special(const struct assay_column *column, size_t row)
{
    return column->layout == ASSAY_LAYOUT_DECIMAL64
               ? assay_decimal64_is_special(((const int64_t *)column->values)[row])
               : assay_decimal128_is_special(((const assay_i128 *)column->values)[row]);
}

const char *assay_special_text(enum assay_layout layout, assay_i128 value)
{
    const assay_i128 infinity = infinity_of(layout);
    if (!infinity || (value < infinity && value > -infinity))
        return NULL;
    if (!assay_is_decimal(layout))
        return value == infinity ? "infinity" : value == -infinity ? "-infinity" : NULL;
    return value > infinity ? "NaN" : value == infinity ? "Infinity" : "-Infinity";
}

double assay_decimal_number(enum assay_layout layout, uint8_t scale, assay_i128 value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}; /* all exact */
    const assay_i128 infinity = infinity_of(layout);
    char text[ASSAY_NUMBER_TEXT];
    double number = 0;
    if (value >= infinity)
        return value > infinity ? NAN : INFINITY;
    if (value <= -infinity)
        return -INFINITY;
    if (scale < sizeof powers / sizeof *powers && value <= EXACT_DOUBLE && value >= -EXACT_DOUBLE)
        return (double)value / powers[scale];
    (void)assay_parse_double(text, assay_format_i128(value, scale, text), &number);
    return number;
}
