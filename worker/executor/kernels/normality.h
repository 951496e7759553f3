/* Is a sample far from a normal distribution? C. Jarque and A. Bera, "A test for normality of
 * observations and regression residuals" (1987): n/6 · (g1² + g2²/4) against χ² with two degrees of
 * freedom. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_NORMALITY_H
#define ASSAY_KERNELS_NORMALITY_H

#include <stddef.h>

#define ASSAY_NORMALITY_VALUES_MIN 20   /* fewer are not judged */
#define ASSAY_NORMALITY_P          0.01 /* below it: not normal */

/** The p value; NaN for fewer values, or all equal. */
double assay_jarque_bera_p(const double *values, size_t n);

#endif
