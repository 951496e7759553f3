/* Rule definitions: names, parameters, shape. How a rule is judged is one file in
 * worker/executor/rules/. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_RULE_DEF_H
#define ASSAY_RULES_RULE_DEF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/json/json.h"

enum assay_param_kind {
    ASSAY_PARAM_VALUE, /* a constant of the field's type, kept as its source text */
    ASSAY_PARAM_INT,
    ASSAY_PARAM_SIZE, /* an integer ≥ 0 */
    ASSAY_PARAM_NUMBER,
    ASSAY_PARAM_BOOL,
    ASSAY_PARAM_TEXT,
    ASSAY_PARAM_PATTERN,    /* RE2 */
    ASSAY_PARAM_EXPRESSION, /* boolean or scalar SQL expression */
    ASSAY_PARAM_FIELD,      /* name of another field */
    ASSAY_PARAM_LIST,       /* of constants */
    ASSAY_PARAM_SCHEMA,     /* of names or {name, type} */
    ASSAY_PARAM_CHOICE,
    ASSAY_PARAM_FIELDS, /* names of fields, at least one */
    ASSAY_PARAM_MAP,    /* of parameters of its own */
};

struct assay_param {
    const char *key;
    enum assay_param_kind kind;
    bool required;
    const char *fallback;
    const char *choices;               /* CHOICE only, "a|b" */
    const struct assay_param *members; /* MAP only; ends with key NULL */
    const char *doc;
};

enum assay_fields_shape {
    ASSAY_FIELDS_NONE,
    ASSAY_FIELDS_ONE,
    ASSAY_FIELDS_MANY,
    ASSAY_FIELDS_COMPUTED
};

/* Bits of the logical types that a rule takes. */
enum {
    ASSAY_ON_INTEGRAL = 1 << 0,
    ASSAY_ON_FRACTIONAL = 1 << 1,
    ASSAY_ON_STRING = 1 << 2,
    ASSAY_ON_DATE = 1 << 3,
    ASSAY_ON_TIMESTAMP = 1 << 4,
    ASSAY_ON_BOOLEAN = 1 << 5,
    ASSAY_ON_ARRAY = 1 << 6,
    ASSAY_ON_STRUCT = 1 << 7,
    ASSAY_ON_NUMBER = ASSAY_ON_INTEGRAL | ASSAY_ON_FRACTIONAL,
    ASSAY_ON_TIME = ASSAY_ON_DATE | ASSAY_ON_TIMESTAMP,
    ASSAY_ON_ALL = 0xFF,
};

struct assay_check_input; /* check_params.h */

struct assay_rule_def {
    const char *name;  /* camelCase, as in REST */
    const char *title; /* "Between" */
    const char *doc;   /* one sentence */
    enum assay_fields_shape fields;
    unsigned on;                      /* ASSAY_ON_… bits */
    const struct assay_param *params; /* ends with key NULL; may be NULL */
    bool record;                      /* judges records one by one (else the whole container) */
    bool filter, coverage;            /* may they be set? */
    int weight;                       /* of an anomaly that it finds */
    /** What the parameters must be together (min ≤ max); NULL = nothing. properties: normal
     * form. */
    int (*agree)(const struct assay_check_input *in, const json_t *given, const json_t *properties);
    const char *example; /* one YAML flow line: "{rule: notNull, fields: [id]}" */
};

/** All rules, sorted by name; ends with a row whose name is NULL. */
extern const struct assay_rule_def assay_rule_defs[];
const struct assay_rule_def *assay_rule_def_find(const char *name);
/** The nearest valid name for a wrong one (edit distance), or NULL. */
const char *assay_rule_nearest(const char *name);
/** The parameter of that key, NULL when the rule has none. */
const struct assay_param *assay_rule_param(const struct assay_rule_def *def, const char *key);

#endif
