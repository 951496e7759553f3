/* Inside of the configuration: values, and how a source of values puts one in. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONFIG_CONFIG_INTERNAL_H
#define ASSAY_CONFIG_CONFIG_INTERNAL_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/config/config.h"

/* One option's value in force; texts are the arena's. */
struct assay_config_value {
    const char *text; /* NULL = unset */
    const char *origin;
    const char **list; /* LIST only */
    size_t list_count;
    int64_t number; /* INT, BOOL, DURATION (ms) */
    uint64_t bytes; /* BYTES */
};

struct assay_config {
    struct assay_arena arena;
    struct assay_config_value *values; /* as assay_options */
    json_t *free;                      /* {"queue.kafka": {…}, "connections": {…}} */
    struct assay_buf warnings;
};

/** Index in assay_options, or -1. */
int assay_config_index(const char *key);
/** The prefix of a free subtree that the key lies below ("queue.kafka"), or NULL. */
const char *assay_config_free_prefix(const char *key);
/** Is the key itself such a prefix? */
bool assay_config_is_free_root(const char *key);
/** Set a key from its text, by name: an option, `KEY_file` of a secret one (the file is read), or
 * below a free prefix. Errors name `origin`, the key, and what it takes. */
ASSAY_MUST_CHECK int assay_config_put(struct assay_config *config, const char *key,
                                      const char *text, const char *origin,
                                      struct assay_error *err);
/** Is this key the file form of a secret option? Then the option's index, else -1. */
int assay_config_file_index(const char *key);

/** The sources, in the order in which they are put in. */
ASSAY_MUST_CHECK int assay_config_put_defaults(struct assay_config *config, const char *role,
                                               struct assay_error *err);
ASSAY_MUST_CHECK int assay_config_put_file(struct assay_config *config, const char *path,
                                           struct assay_error *err);
ASSAY_MUST_CHECK int assay_config_put_environment(struct assay_config *config,
                                                  struct assay_error *err);
ASSAY_MUST_CHECK int assay_config_put_set(struct assay_config *config, const char *set,
                                          struct assay_error *err);

/** What belongs together: TLS or loopback, which role needs which kind of catalog and queue. */
ASSAY_MUST_CHECK int assay_config_check(const struct assay_config *config, const char *role,
                                        struct assay_error *err);

/** Parse a text by the option's kind into *ret_value (its origin is left alone). ASSAY_USAGE says
 * what the option takes. */
ASSAY_MUST_CHECK int assay_config_parse(const struct assay_option *option, const char *text,
                                        struct assay_arena *arena,
                                        struct assay_config_value *ret_value,
                                        struct assay_error *err);

/** "ASSAY_CATALOG_URL" of "catalog.url"; the arena's, NULL = no memory. */
char *assay_config_variable(struct assay_arena *arena, const char *key);

#endif
