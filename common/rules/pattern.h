/* Regular expressions of checks: RE2 syntax, as the executor's engine evaluates them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_PATTERN_H
#define ASSAY_RULES_PATTERN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** 0 when the pattern compiles; else not 0, with RE2's words in message (always ended by NUL).
 * Thread-safe. */
int assay_pattern_check(const char *pattern, size_t size_bytes, char *message,
                        size_t message_bytes);

#ifdef __cplusplus
}
#endif

#endif
