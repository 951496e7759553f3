/* Cell decimals: fractions of text read as exact decimals, where the texts are short enough. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CELL_DECIMAL_H
#define ASSAY_EXECUTOR_CELL_DECIMAL_H

#include "worker/executor/infer/type_decide.h"

#define ASSAY_DECIMAL_DIGITS      19 /* of a value read from text: products of two stay within 38 */
#define ASSAY_LONG_DECIMAL_DIGITS 38 /* of a declared decimal, that is only counted and added */

/** How long the numbers of a column are, as a sample shows. Begins zeroed. */
struct assay_decimal_shape {
    unsigned whole, fraction; /* most digits before and behind the point */
    bool seen;                /* a plain number */
    bool other;               /* an exponent, NaN or an infinity */
};

/** Take a cell into account; what is no number is passed over. */
void assay_decimal_shape_add(struct assay_decimal_shape *shape, const struct assay_cell *cell);
/** Can the column be read as DECIMAL128 of ASSAY_DECIMAL_DIGITS? Its scale then. */
bool assay_decimal_fits(const struct assay_decimal_shape *shape, uint8_t *ret_scale);
/** [+-]digits[.digits], ".5" and "5." at a scale; false when digits would be lost, or there are
 * more than ASSAY_DECIMAL_DIGITS. Pure, any bytes. */
bool assay_decimal_read(const char *data, size_t size_bytes, unsigned scale, assay_i128 *ret_value);
/** The same with at most ASSAY_LONG_DECIMAL_DIGITS. */
bool assay_long_decimal_read(const char *data, size_t size_bytes, unsigned scale,
                             assay_i128 *ret_value);

/** Take one cell into account; NULL, '' and what the source gives as text and is no number are
 * passed over. */
void assay_long_decimals_add(struct assay_long_decimals *decimals, const struct assay_cell *cell);
void assay_long_decimals_merge(struct assay_long_decimals *decimals,
                               const struct assay_long_decimals *from);
/** Do all values fit one DECIMAL128? Its scale then: the same for all columns of common lengths, so
 * that parts of a container agree without having seen each other. */
bool assay_long_decimals_fit(const struct assay_long_decimals *decimals, uint8_t *ret_scale);

#endif
