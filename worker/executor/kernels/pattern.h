/* Character-class patterns: "AB-1234" is "A{2}-9{4}". Upper-case letters are A, lower-case a,
 * decimal digits 9, all else stands for itself; a run of one class is counted. Letters are those of
 * Latin, Greek and Cyrillic blocks. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_PATTERN_H
#define ASSAY_KERNELS_PATTERN_H

#include <stddef.h>

#include "worker/executor/batch/batch.h"

#define ASSAY_PATTERN_TEXT 160 /* bytes that hold any pattern; a longer one ends in "…" */

/** Returns the length; malformed bytes stand as U+FFFD. */
size_t assay_pattern_of(struct assay_text text, char pattern[ASSAY_PATTERN_TEXT]);

#endif
