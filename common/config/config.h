/* Configuration: one table of options gives flags, environment, file and docs.
 * Order: --set > environment > file > default. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONFIG_CONFIG_H
#define ASSAY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/json/json.h"

enum assay_option_kind {
    ASSAY_OPTION_TEXT,
    ASSAY_OPTION_INT,
    ASSAY_OPTION_BOOL,
    ASSAY_OPTION_BYTES,
    ASSAY_OPTION_DURATION,
    ASSAY_OPTION_LIST,
    ASSAY_OPTION_CHOICE,
};

struct assay_option {
    const char *key; /* "catalog.url" → ASSAY_CATALOG_URL; a secret one also "catalog.url_file" */
    enum assay_option_kind kind;
    bool secret;
    const char *fallback;       /* default as text; NULL = none */
    const char *serve_fallback; /* default under `assay serve` where it differs */
    const char *choices;
    const char *doc;
};
/** All options, sorted by key; ends with key NULL. Keys below "queue.kafka." and "connections." are
 * free. */
extern const struct assay_option assay_options[];

struct assay_config;

/** role: "serve", "scheduler", "worker" or "" (client). file: NULL = ./assay.yaml, else
 * /etc/assay/assay.yaml, else none. sets: "key=value" texts. Unknown keys: ASSAY_USAGE naming the
 * place and the nearest key; unknown ASSAY_ variables are listed in the warnings. */
ASSAY_MUST_CHECK int assay_config_load(const char *role, const char *file, const char *const *sets,
                                       size_t sets_count, struct assay_config **ret_config,
                                       struct assay_error *err);
void assay_config_free(struct assay_config *config);
ASSAY_DEFINE_CLEANUP(struct assay_config, assay_config_free)

/** Values in force; the key must be in the table (assert). Texts are the config's; NULL when
 * unset. */
const char *assay_config_text(const struct assay_config *config, const char *key);
int64_t assay_config_int(const struct assay_config *config, const char *key);
bool assay_config_bool(const struct assay_config *config, const char *key);
uint64_t assay_config_bytes(const struct assay_config *config, const char *key);
int64_t assay_config_duration_ms(const struct assay_config *config, const char *key);
/** LIST: *ret_count texts, the config's. */
const char *const *assay_config_list(const struct assay_config *config, const char *key,
                                     size_t *ret_count);
/** Where a value came from: "default", "file assay.yaml:12", "environment ASSAY_X", "--set". */
const char *assay_config_origin(const struct assay_config *config, const char *key);
/** Free subtree as an object of texts ("queue.kafka", "connections"); borrowed, NULL when empty. */
const json_t *assay_config_subtree(const struct assay_config *config, const char *prefix);
/** Warnings of the load, one a line; "" when none. */
const char *assay_config_warnings(const struct assay_config *config);

#endif
