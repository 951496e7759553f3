// Fast reading: the table of months.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/cell_fast.h"

#include <pthread.h>

#include "common/base/datetime.h"

int32_t assay_fast_months[ASSAY_FAST_YEARS * 12 + 1];

static void make_months(void)
{
    for (unsigned i = 0; i <= ASSAY_FAST_YEARS * 12; i++)
        assay_fast_months[i] =
            (int32_t)assay_days_from_civil(ASSAY_FAST_YEAR + i / 12, i % 12 + 1, 1);
}

void assay_fast_setup(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_months);
}
