/* The endings of English plurals, for messages that count: "1 value is", "2 values are". */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_PLURAL_H
#define ASSAY_BASE_PLURAL_H

#include <stdint.h>

/** "value%s": "" for one, else "s". */
static inline const char *assay_plural_s(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/** "is" for one, else "are". */
static inline const char *assay_plural_are(uint64_t count)
{
    return count == 1 ? "is" : "are";
}

#endif
