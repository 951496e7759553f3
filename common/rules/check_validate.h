/* One check, from a checks file or a REST body, becomes a normal form, or an error that names what
 * is wrong. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_CHECK_VALIDATE_H
#define ASSAY_RULES_CHECK_VALIDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/json/json.h"
#include "common/yaml/yaml.h"

enum assay_check_origin {
    ASSAY_CHECK_FROM_FILE, /* unknown keys are errors */
    ASSAY_CHECK_FROM_REST, /* keys that are not the check's own (container_id, owner_id, …) are the
                              caller's affair */
};

/** The normal form, as it travels to the executor (docs/executor-protocol.md):
 *
 *   {"rule", "fields": [names], "properties": {…}, "filter": text or null, "coverage": number,
 * "severity": "error" or "warning", "status": "Active" or "Draft", "description": text, "tags":
 * [texts], "additional_metadata": {…}, "container": text (files, when given),
 * "anomaly_message_field": text (when given)}
 *
 *  Every property of the rule that has a fallback is filled in; those without are absent when not
 * given. Constants (ASSAY_PARAM_VALUE, ASSAY_PARAM_LIST) are texts: the source text in files, the
 * shortest exact text of a JSON number in REST; null items of a list stay null. `coverage_base`
 * (all, non_null) is a property of every rule that takes a coverage. body: an object with at least
 * `rule`; `fields` may hold names or {"name"}. yaml: the document that body is of, for lines and
 * source texts; NULL = none. *ret_check is the caller's. ASSAY_INVALID: the text names the key
 * (with its line) and the nearest valid one. Thread-safe. */
ASSAY_MUST_CHECK int assay_check_validate(const json_t *body, const struct assay_yaml *yaml,
                                          enum assay_check_origin origin, json_t **ret_check,
                                          struct assay_error *err);

/** Checks of one container that mean the same have the same uid: a hash of container, rule, sorted
 * fields, filter, element context and "coverage < 1"; of the expression too where a rule has no
 * fields of its own; of the container that it refers to and the field there. Two checks of one
 * container with the same uid are duplicates.
 * check: normal form. XXH3-64; the same on every machine. 0 never. */
uint64_t assay_check_uid(const json_t *check, const char *container);

#endif
