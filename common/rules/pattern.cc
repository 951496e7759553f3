// Regular expressions of checks: the one question that C asks of RE2.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/pattern.h"

#include <cstdio>
#include <re2/re2.h>

int assay_pattern_check(const char *pattern, size_t size_bytes, char *message, size_t message_bytes)
{
    try {
        const RE2 compiled(re2::StringPiece(pattern, size_bytes), RE2::Quiet);
        if (compiled.ok())
            return 0;
        std::snprintf(message, message_bytes, "%s", compiled.error().c_str());
    } catch (...) {
        std::snprintf(message, message_bytes, "out of memory");
    }
    return -1;
}
