/* Values that are no number and no day: NaN and the infinities, as they lie in columns of decimals,
 * dates and times. Those of dates and times are DuckDB's own. Those of decimals are integers that
 * no 18 or 38 digits reach, in the order of PostgreSQL and DuckDB: -Infinity below, Infinity above
 * all numbers, NaN above Infinity. FLOAT and DOUBLE have IEEE's. Pure. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SPECIAL_H
#define ASSAY_EXECUTOR_SPECIAL_H

#include "worker/executor/batch/batch.h"

#define ASSAY_DATE_INFINITY       INT32_MAX /* -infinity is the negative, here and below */
#define ASSAY_TIME_INFINITY       INT64_MAX
#define ASSAY_DECIMAL64_NAN       INT64_MAX
#define ASSAY_DECIMAL64_INFINITY  (INT64_MAX - 1)
#define ASSAY_DECIMAL128_NAN      ((assay_i128)(~(assay_u128)0 >> 1))
#define ASSAY_DECIMAL128_INFINITY (ASSAY_DECIMAL128_NAN - 1)

static inline bool assay_is_decimal(enum assay_layout layout)
{
    return layout == ASSAY_LAYOUT_DECIMAL64 || layout == ASSAY_LAYOUT_DECIMAL128;
}
static inline bool assay_decimal64_is_special(int64_t value)
{
    return value >= ASSAY_DECIMAL64_INFINITY || value <= -ASSAY_DECIMAL64_INFINITY;
}
static inline bool assay_decimal128_is_special(assay_i128 value)
{
    return value >= ASSAY_DECIMAL128_INFINITY || value <= -ASSAY_DECIMAL128_INFINITY;
}
/** Of row `row` (not null) of a column of decimals. */
bool assay_decimal_is_special(const struct assay_column *column, size_t row);

/** "NaN", "Infinity", "-Infinity" of decimals, "infinity", "-infinity" of dates and times, each a
 * value in its layout's unit; NULL for all others. */
const char *assay_special_text(enum assay_layout layout, assay_i128 value);
/** The double nearest to a decimal; NaN and infinities as such. */
double assay_decimal_number(enum assay_layout layout, uint8_t scale, assay_i128 value);

#endif
