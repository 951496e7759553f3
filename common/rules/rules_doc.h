/* What is generated from the table of rules: docs/rules.md, schemas/rules.json, `assay rules`. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_RULES_DOC_H
#define ASSAY_RULES_RULES_DOC_H

#include "common/base/buf.h"
#include "common/rules/rule_def.h"

/** Append docs/rules.md. */
void assay_rules_markdown(struct assay_buf *text);
/** Append what `assay rules RULE` shows of one rule: the section of docs/rules.md. */
void assay_rule_markdown(const struct assay_rule_def *def, struct assay_buf *text);
/** schemas/rules.json: {"rules": [{"name", "title", "doc", "fields": "none|one|many|computed",
 * "types": […], "record", "filter", "coverage", "weight", "example", "params": [{"key", "kind",
 * "required", "default", "choices", "doc"}]}]}. The caller's; NULL when out of memory. */
json_t *assay_rules_json(void);

#endif
