/* Cell class: what the text of one untyped cell looks like. The lexical forms here are those of
 * type inference and of the rule isType alike. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CELL_CLASS_H
#define ASSAY_EXECUTOR_CELL_CLASS_H

#include "worker/executor/batch/batch.h"

enum assay_cell_class {
    ASSAY_CLASS_NULL,         /* the source says NULL */
    ASSAY_CLASS_EMPTY,        /* '' (quoted); NULL in any column but text */
    ASSAY_CLASS_BLANK,        /* white space only */
    ASSAY_CLASS_INTEGER,      /* [+-]digits, fits 64 bits */
    ASSAY_CLASS_INTEGER128,   /* fits 128 bits */
    ASSAY_CLASS_INTEGER_HUGE, /* more */
    ASSAY_CLASS_DECIMAL,      /* [+-]digits.digits, ".5", "5." */
    ASSAY_CLASS_EXPONENT,     /* a number with e or E */
    ASSAY_CLASS_NOT_FINITE,   /* inf, infinity with or without sign, any case */
    ASSAY_CLASS_LEADING_ZERO, /* digits with a leading zero, "007", "00.5": text */
    ASSAY_CLASS_BOOLEAN,      /* true, false, any case */
    ASSAY_CLASS_DATE,
    ASSAY_CLASS_TIMESTAMP, /* without zone */
    ASSAY_CLASS_INSTANT,   /* with zone */
    ASSAY_CLASS_NAN, /* nan, any case: NaN in a Fractional column, else a null-like spelling */
    ASSAY_CLASS_NULL_LIKE, /* NA, N/A, null, None, -, ?, #N/A, … */
    ASSAY_CLASS_GROUPED,   /* 1,234.50  1'234  1.234,50: candidate for a computed field */
    ASSAY_CLASS_CURRENCY,  /* $5.00, 5 €, CHF 12, (12.50): candidate */
    ASSAY_CLASS_PERCENT,   /* 12.5 %: candidate */
    ASSAY_CLASS_ARRAY,     /* JSON array kept as text (ASSAY_CELL_NESTED only) */
    ASSAY_CLASS_STRUCT,    /* JSON object kept as text (ASSAY_CELL_NESTED only) */
    ASSAY_CLASS_TEXT,      /* everything else */
    ASSAY_CLASS_COUNT
};
const char *
assay_class_name(enum assay_cell_class class_); /* "integer", "leading_zero", … static */

/** What a cell looks like. formats: for DATE, TIMESTAMP and INSTANT one bit for each row of
 * assay_date_formats that the date part fits ("01/02/2026" fits two). Blanks around a value make it
 * text. Pure, any bytes. */
enum assay_cell_class assay_cell_classify(const struct assay_cell *cell, uint32_t *ret_formats);
/** The same for bare text as of an unquoted cell; '' is EMPTY. */
enum assay_cell_class assay_text_classify(const char *data, size_t size_bytes,
                                          uint32_t *ret_formats);

#endif
