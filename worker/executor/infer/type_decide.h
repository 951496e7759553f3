/* Type decision: from the counted classes of a column's cells to its type, with confidence. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_TYPE_DECIDE_H
#define ASSAY_EXECUTOR_TYPE_DECIDE_H

#include "common/json/json.h"
#include "worker/executor/infer/type_profile.h"

/** How cells of a column are read: a layout and, for DATE, TIMESTAMP and INSTANT, the way dates are
 * written. */
struct assay_cell_target {
    enum assay_layout layout; /* INT64, INT128, DOUBLE, BOOL, DATE, TIMESTAMP, INSTANT or TEXT;
                                 NULL: no value at all. In a scan also DECIMAL128 */
    enum assay_date_format format;
    bool leading_zeros; /* "007" is 7: only where the user gave the type */
    bool texts_only; /* given by infer_datatypes=false: numbers of the source itself stay numbers */
    uint8_t scale;   /* DECIMAL128 only (cell_decimal.h) */
    bool long_decimals; /* declared decimals of any length: DECIMAL128 with up to 38 digits */
};

struct assay_type_decision {
    struct assay_cell_target target;
    enum assay_type type; /* Unknown when every cell is NULL */
    bool given;           /* by types.<field> */
    bool ambiguous_date; /* day and month could be swapped in every value; format is the likelier by
                            table order */
    bool mixed_dates;    /* values of several formats */
    bool precision_warning; /* integers beyond 128 bits, or beyond 2^53 among fractions, become
                               doubles */
    bool not_decimal;       /* declared decimals become doubles: no 38 digits hold them all
                         (assay_type_profile.decimals says why) */
    double confidence; /* share of the values (without NULL, '' and null-like spellings) that fit; 1
                          when none */
    uint64_t formatted; /* values with separators, a currency, a percent sign or parentheses, where
                           they and plain numbers make up the column; 0 = it is no such column */
    uint64_t values, fits; /* that the share is made of */
    uint64_t misfits;      /* values, null-like spellings included, that do not fit the type */
    char date_format[40];  /* "yyyy-MM-dd HH:mm:ss"; "" when none */
};

#define ASSAY_TYPE_THRESHOLD 0.95 /* share of the values that must fit a type other than text */

/** Decide from all values, or from a sample's. Any value with a leading zero makes digits text.
 * `given`: the user's type, or NULL. Pure. */
void assay_type_decide(const struct assay_type_profile *profile,
                       const struct assay_cell_target *given,
                       struct assay_type_decision *ret_decision);
/** Do two decisions read cells the same way? When the decision from all values differs from the
 * belief under which they were converted, the column is to be read again. */
bool assay_cell_target_equal(const struct assay_cell_target *a, const struct assay_cell_target *b);

/** The user's word for a field among the reader options ("types.<field>": "Integral" or
 * "Date(dd/MM/yyyy)"); false in *ret_given when there is none. With "infer_datatypes": false
 * everything is String. ASSAY_INVALID names what is allowed. */
ASSAY_MUST_CHECK int assay_type_given(const json_t *reader_options, const char *field,
                                      bool *ret_given, struct assay_cell_target *ret_target,
                                      struct assay_error *err);

#endif
