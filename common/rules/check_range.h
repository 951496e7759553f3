/* Bounds that must agree with each other. Internal to common/rules. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_CHECK_RANGE_H
#define ASSAY_RULES_CHECK_RANGE_H

#include "common/rules/check_params.h"

/** `agree` of between and betweenTimes: at least one bound; the same kind; the lower one not above
 * the upper one. */
int assay_check_range(const struct assay_check_input *in, const json_t *given,
                      const json_t *properties);
/** `agree` of timeDistributionSize: min_size, max_size or both, in order. */
int assay_check_sizes(const struct assay_check_input *in, const json_t *given,
                      const json_t *properties);
/** `agree` of predictedBy: the tolerance is not negative. */
int assay_check_tolerance(const struct assay_check_input *in, const json_t *given,
                          const json_t *properties);

#endif
