/* Connector definitions: what a person fills in, what is secret, what the source can do. No access
 * code here. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECTORS_CONNECTOR_DEF_H
#define ASSAY_CONNECTORS_CONNECTOR_DEF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/json/json.h"

enum assay_property_kind {
    ASSAY_PROPERTY_TEXT,
    ASSAY_PROPERTY_INT,
    ASSAY_PROPERTY_BOOL,
    ASSAY_PROPERTY_CHOICE
};
enum assay_property_level { ASSAY_LEVEL_CONNECTION, ASSAY_LEVEL_DATASTORE };

struct assay_property {
    const char *key; /* REST key ("password"); "parameters.sslmode" for nested ones */
    enum assay_property_kind kind;
    enum assay_property_level level;
    bool required;
    bool secret;          /* encrypted at rest, never returned, never logged */
    const char *fallback; /* default as text, NULL = none */
    const char *choices;  /* "disable|require|verify-full", CHOICE only */
    const char *doc;      /* one sentence without a full stop */
};

struct assay_connector_def {
    const char *name;                        /* REST `type`: "postgresql", "file" */
    const char *title;                       /* "PostgreSQL" */
    const char *store_type;                  /* "jdbc", "dfs", "native" */
    const struct assay_property *properties; /* ends with key NULL */
    const char *proof;                       /* level of proof: "real server in CI", … */
    const char *doc;
    bool can_write; /* may hold enrichment (later) */
};

/** All definitions, sorted by name; ends with a row whose name is NULL. */
extern const struct assay_connector_def assay_connector_defs[];
const struct assay_connector_def *assay_connector_def_find(const char *name);
/** The property of that key or NULL. */
const struct assay_property *assay_connector_property(const struct assay_connector_def *def,
                                                      const char *key);
/** Check a connection body: required keys, kinds, choices; unknown keys are let through
 * (read-modify-write clients). ASSAY_INVALID names the key and what it takes. */
ASSAY_MUST_CHECK int assay_connector_validate(const struct assay_connector_def *def,
                                              const json_t *properties,
                                              enum assay_property_level level,
                                              struct assay_error *err);

#endif
