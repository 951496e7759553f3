// Values from the environment: ASSAY_CATALOG_URL is catalog.url, ASSAY_CATALOG_URL_FILE names a
// file that holds it.
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "common/base/nearest.h"
#include "common/config/config_internal.h"

#define PREFIX       "ASSAY_"
#define KAFKA_PREFIX "ASSAY_QUEUE_KAFKA_"

/* Variables that are read elsewhere; with '*' at its end the beginning of names. */
static const char *const others[] = {"ASSAY_SERVER", "ASSAY_TOKEN", "ASSAY_EXECUTE",
                                     "ASSAY_TEST_*"};

char *assay_config_variable(struct assay_arena *arena, const char *key)
{
    char *name = assay_arena_printf(arena, PREFIX "%s", key);
    for (char *at = name; at && *at; at++)
        *at = *at == '.' ? '_' : (char)toupper((unsigned char)*at);
    return name;
}

static bool is_other(const char *name)
{
    for (size_t i = 0; i < ASSAY_COUNT(others); i++) {
        const size_t size_bytes = strlen(others[i]);
        if (others[i][size_bytes - 1] == '*' ? strncmp(name, others[i], size_bytes - 1) == 0
                                             : strcmp(name, others[i]) == 0)
            return true;
    }
    return false;
}

/* The option's key of a variable, or "KEY_file"; the arena's. NULL when there is none. */
static int key_of(struct assay_config *config, const char *name, const char **ret_key,
                  struct assay_error *err)
{
    *ret_key = NULL;
    for (const struct assay_option *option = assay_options; option->key; option++) {
        const char *variable = assay_config_variable(&config->arena, option->key);
        if (!variable)
            return assay_fail_memory(err);
        const size_t size_bytes = strlen(variable);
        if (strcmp(name, variable) == 0)
            *ret_key = option->key;
        else if (option->secret && strncmp(name, variable, size_bytes) == 0 &&
                 strcmp(name + size_bytes, "_FILE") == 0 &&
                 !(*ret_key = assay_arena_printf(&config->arena, "%s_file", option->key)))
            return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

/* ASSAY_QUEUE_KAFKA_SASL_PASSWORD → queue.kafka.sasl.password: librdkafka's names are made of words
 * and points. */
static int put_kafka(struct assay_config *config, const char *name, const char *text,
                     struct assay_error *err)
{
    char *key = assay_arena_printf(&config->arena, "queue.kafka.%s", name + strlen(KAFKA_PREFIX));
    char *origin = assay_arena_printf(&config->arena, "environment %s", name);
    if (!key || !origin)
        return assay_fail_memory(err);
    for (char *at = key; *at; at++)
        *at = *at == '_' ? '.' : (char)tolower((unsigned char)*at);
    return assay_config_put(config, key, text, origin, err);
}

static int warn_unknown(struct assay_config *config, const char *name, struct assay_error *err)
{
    struct assay_nearest nearest = {.wanted = name};
    for (const struct assay_option *option = assay_options; option->key; option++) {
        const char *variable = assay_config_variable(&config->arena, option->key);
        if (!variable)
            return assay_fail_memory(err);
        assay_nearest_offer(&nearest, variable);
    }
    assay_buf_printf(&config->warnings, "the variable %s is no option%s%s%s\n", name,
                     nearest.best ? ": did you mean " : "", nearest.best ? nearest.best : "",
                     nearest.best ? "?" : "");
    return assay_buf_check(&config->warnings, err);
}

static int put_variable(struct assay_config *config, const char *name, const char *text,
                        struct assay_error *err)
{
    if (is_other(name))
        return ASSAY_OK;
    if (strncmp(name, KAFKA_PREFIX, strlen(KAFKA_PREFIX)) == 0)
        return put_kafka(config, name, text, err);
    const char *key;
    ASSAY_TRY(key_of(config, name, &key, err));
    if (!key)
        return warn_unknown(config, name, err);
    const char *origin = assay_arena_printf(&config->arena, "environment %s", name);
    return origin ? assay_config_put(config, key, text, origin, err) : assay_fail_memory(err);
}

int assay_config_put_environment(struct assay_config *config, struct assay_error *err)
{
    for (char **setting = environ; *setting; setting++) {
        const char *equals = strchr(*setting, '=');
        if (!equals || strncmp(*setting, PREFIX, strlen(PREFIX)) != 0)
            continue;
        const char *name =
            assay_arena_strndup(&config->arena, *setting, (size_t)(equals - *setting));
        if (!name)
            return assay_fail_memory(err);
        ASSAY_TRY(put_variable(config, name, equals + 1, err));
    }
    return ASSAY_OK;
}
