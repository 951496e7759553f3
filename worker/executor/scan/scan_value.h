/* Values of a captured record: as text for messages, as JSON, and as the canonical text that
 * fingerprints are made of. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SCAN_VALUE_H
#define ASSAY_EXECUTOR_SCAN_VALUE_H

#include "common/base/buf.h"
#include "common/json/json.h"
#include "worker/executor/batch/batch.h"

/** Append the value as people read it: numbers in full (10001.0), dates in ISO 8601, texts as they
 * are with malformed bytes replaced. False when it is null. */
bool assay_value_text(const struct assay_column *column, size_t row, struct assay_buf *text);
/** A decimal that was read from text, as a double is written: no zeros at its end, but one digit
 * behind the point. */
void assay_value_decimal_text(const struct assay_column *column, size_t row,
                              struct assay_buf *text);
/** The same as JSON: a number where a double holds all its digits, else text. The caller's. */
json_t *assay_value_decimal_json(const struct assay_column *column, size_t row);
/** The value as JSON: numbers where JSON holds them exactly, else text; NULL when out of memory.
 * The caller's. */
json_t *assay_value_json(const struct assay_column *column, size_t row);
/** Append the canonical form: shortest decimal without trailing zeros, UTC µs, raw bytes; with a
 * mark in front that keeps null, '' and the kinds apart. */
void assay_value_canonical(const struct assay_column *column, size_t row, struct assay_buf *bytes);

#endif
