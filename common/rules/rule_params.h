/* Parameters of the rules, for the table in rule_def.c. Each array ends with a key of NULL. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_RULE_PARAMS_H
#define ASSAY_RULES_RULE_PARAMS_H

#include "common/rules/rule_def.h"

extern const struct assay_param assay_params_instant[];
extern const struct assay_param assay_params_range[];
extern const struct assay_param assay_params_times[];
extern const struct assay_param assay_params_bound[];
extern const struct assay_param assay_params_limit[];
extern const struct assay_param assay_params_constant[];
extern const struct assay_param assay_params_other_field[];
extern const struct assay_param assay_params_same_field[];
extern const struct assay_param assay_params_values[];
extern const struct assay_param assay_params_pattern[];
extern const struct assay_param assay_params_length[];
extern const struct assay_param assay_params_records[];
extern const struct assay_param assay_params_trimmed[];
extern const struct assay_param assay_params_expression[];
extern const struct assay_param assay_params_schema[];
extern const struct assay_param assay_params_count[];
extern const struct assay_param assay_params_total[];
extern const struct assay_param assay_params_field_type[];
extern const struct assay_param assay_params_comparison[];
extern const struct assay_param assay_params_difference[];
extern const struct assay_param assay_params_membership[];
extern const struct assay_param assay_params_prediction[];
extern const struct assay_param assay_params_interval_sizes[];

#endif
