// Budget: the refusal of a task that its memory does not hold.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/budget.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define STEP_BYTES (UINT64_C(16) << 20) /* budgets that are named are multiples of it */

int assay_budget_check(uint64_t budget_bytes, uint64_t least_bytes, struct assay_error *err,
                       const char *what, ...)
{
    char text[512];
    va_list args;
    if (budget_bytes >= least_bytes)
        return ASSAY_OK;
    va_start(args, what);
    (void)vsnprintf(text, sizeof text, what, args);
    va_end(args);
    const uint64_t named = (least_bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
    return assay_fail(err, ASSAY_LIMIT,
                      "the memory budget of %" PRIu64 " MiB does not hold %s: at least %" PRIu64
                      " MiB are needed",
                      budget_bytes >> 20, text, named >> 20);
}
