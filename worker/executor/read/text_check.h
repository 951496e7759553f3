/* Text check: files that are no text, known by their first bytes. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_TEXT_CHECK_H
#define ASSAY_EXECUTOR_TEXT_CHECK_H

#include <stddef.h>

#include "common/base/error.h"

/** The first bytes of a file that is to be read as text, decompressed. ASSAY_FORMAT where they are
 * those of a format that is none: the text names the file, the place, the format and what to do. */
ASSAY_MUST_CHECK int assay_text_check(const char *first, size_t size_bytes, const char *name,
                                      struct assay_error *err);

#endif
