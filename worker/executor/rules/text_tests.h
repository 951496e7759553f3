/* Tests of texts that SQL has no words for, as functions of the session. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_RULE_TEXT_TESTS_H
#define ASSAY_EXECUTOR_RULE_TEXT_TESTS_H

#include <duckdb.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

/** Make the functions known to a connection's database, each VARCHAR → BOOLEAN (NULL → NULL):
 * assay_is_card, assay_has_card, assay_is_integral, assay_is_fractional, assay_is_boolean,
 * assay_is_date, assay_is_timestamp. */
ASSAY_MUST_CHECK int assay_text_tests_register(duckdb_connection connection,
                                               struct assay_error *err);

/** 13 to 19 digits, in groups separated by single blanks or dashes, with a valid check digit
 * (ISO/IEC 7812-1 annex B). */
bool assay_text_is_card(const char *text, size_t size_bytes);
/** Such a number somewhere in the text, not touching other digits. */
bool assay_text_has_card(const char *text, size_t size_bytes);

#endif
