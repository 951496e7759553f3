/* UTF-8: validity, length in code points, and safe text for display. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_UTF8_H
#define ASSAY_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

/** True when all bytes are well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no overlong
 * forms). */
bool assay_utf8_valid(const char *text, size_t size_bytes);
/** Unicode code points; bytes that are not well-formed count as one each. */
size_t assay_utf8_length(const char *text, size_t size_bytes);
/** Reads one code point at text[0]: its size in bytes (1–4) and value; size 1 and U+FFFD for a
 * malformed byte. size_bytes must be ≥ 1. */
size_t assay_utf8_next(const char *text, size_t size_bytes, uint32_t *ret_code_point);
/** Append text with malformed bytes replaced by U+FFFD. */
void assay_utf8_append_safe(struct assay_buf *buf, const char *text, size_t size_bytes);
/** The greatest size ≤ max_bytes that does not cut a code point. */
size_t assay_utf8_cut(const char *text, size_t size_bytes, size_t max_bytes);

#endif
