/* Comparators: how near two values must be to be the same. Internal to common/rules. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_CHECK_COMPARATORS_H
#define ASSAY_RULES_CHECK_COMPARATORS_H

#include "common/rules/check_params.h"

/** `agree` of rules that take comparators: an epsilon is not negative. */
int assay_check_comparators(const struct assay_check_input *in, const json_t *given,
                            const json_t *properties);
/** `agree` of dataDiff: as above; comparators need id_field_names, which hold no name twice. */
int assay_check_difference(const struct assay_check_input *in, const json_t *given,
                           const json_t *properties);

#endif
