/* The properties of a check, by the rule's table of parameters. Internal to common/rules. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_CHECK_PARAMS_H
#define ASSAY_RULES_CHECK_PARAMS_H

#include "common/rules/rule_def.h"
#include "common/yaml/yaml.h"

/** What a validation knows: the document for lines (NULL = none), and where errors go. */
struct assay_check_input {
    const struct assay_yaml *yaml;
    const char *rule; /* NULL until known */
    struct assay_error *err;
};

/** ASSAY_INVALID with "line 7: rule between: " in front, as far as known. object, key: the place
 * (key may be NULL). */
int assay_check_fail(const struct assay_check_input *in, const json_t *object, const char *key,
                     const char *format, ...) ASSAY_PRINTF(4, 5);

/** Fill `ret_properties` (an empty object) from `given` (an object, or NULL) in normal form. */
ASSAY_MUST_CHECK int assay_check_params(const struct assay_check_input *in,
                                        const struct assay_rule_def *def, const json_t *check,
                                        const json_t *given, json_t *ret_properties);

/** `"mni" is not known: did you mean "min"?` */
int assay_check_unknown(const struct assay_check_input *in, const json_t *object, const char *what,
                        const char *key, const char *nearest);

#endif
