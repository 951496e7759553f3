/* Budget: a task whose least need does not fit its memory is refused before it reads. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_BUDGET_H
#define ASSAY_ENGINE_BUDGET_H

#include <stdint.h>

#include "common/base/error.h"

/** ASSAY_OK when the budget is at least `least_bytes`; else ASSAY_LIMIT: "the memory budget of
 * 64 MiB does not hold <what>: at least 80 MiB are needed". what: as by printf. Thread-safe. */
ASSAY_MUST_CHECK int assay_budget_check(uint64_t budget_bytes, uint64_t least_bytes,
                                        struct assay_error *err, const char *what, ...)
    ASSAY_PRINTF(4, 5);

#endif
