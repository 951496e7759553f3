// The test of Jarque and Bera.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/normality.h"

#include <math.h>

#include "worker/executor/kernels/moments.h"

double assay_jarque_bera_p(const double *values, size_t n)
{
    struct assay_moments moments = {0};
    if (n < ASSAY_NORMALITY_VALUES_MIN)
        return NAN;
    for (size_t i = 0; i < n; i++)
        assay_moments_put(&moments, values[i], 1);
    const double skewness = assay_moments_skewness(&moments);
    const double kurtosis = assay_moments_kurtosis(&moments);
    const double statistic = (double)n / 6 * (skewness * skewness + kurtosis * kurtosis / 4);
    return exp(-statistic / 2);
}
