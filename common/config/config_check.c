// What belongs together in a configuration.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/config/config_internal.h"

static bool starts_with(const char *text, const char *beginning)
{
    return text && strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Host part of "host:port" or "[::1]:port". */
static bool is_loopback(const char *listen)
{
    return starts_with(listen, "127.") || starts_with(listen, "localhost:") ||
           starts_with(listen, "[::1]:");
}

static int check_api(const struct assay_config *config, struct assay_error *err)
{
    const char *cert = assay_config_text(config, "api.tls_cert");
    const char *key = assay_config_text(config, "api.tls_key");
    const char *listen = assay_config_text(config, "api.listen");
    if (!cert != !key)
        return assay_fail(
            err, ASSAY_USAGE,
            "checking the configuration: api.tls_cert and api.tls_key belong together: give both "
            "or none");
    if (!strrchr(listen, ':'))
        return assay_fail(
            err, ASSAY_USAGE,
            "checking the configuration: api.listen \"%s\" has no port: write 127.0.0.1:8080",
            listen);
    if (!cert && !is_loopback(listen) && !assay_config_bool(config, "api.insecure"))
        return assay_fail(err, ASSAY_USAGE,
                          "checking the configuration: api.listen %s is reached by other machines "
                          "and has no TLS: give "
                          "api.tls_cert and api.tls_key, or api.insecure: true behind a proxy",
                          listen);
    return ASSAY_OK;
}

/* "" = nothing to ask for. */
static const struct need {
    const char *role, *key, *beginning, *example;
} needs[] = {
    {"scheduler", "catalog.url", "postgresql://", "postgresql://USER@HOST/DB"},
    {"scheduler", "queue.url", "kafka://", "kafka://HOST:9092"},
    {"worker", "catalog.url", "postgresql://", "postgresql://USER@HOST/DB"},
    {"worker", "queue.url", "kafka://", "kafka://HOST:9092"},
};

int assay_config_check(const struct assay_config *config, const char *role, struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(needs); i++)
        if (strcmp(needs[i].role, role) == 0 &&
            !starts_with(assay_config_text(config, needs[i].key), needs[i].beginning))
            return assay_fail(
                err, ASSAY_USAGE,
                "checking the configuration: %s needs %s: set it to %s (assay serve is the one "
                "that runs without servers)",
                role, needs[i].key, needs[i].example);
    if (strcmp(role, "serve") == 0 || strcmp(role, "scheduler") == 0)
        return check_api(config, err);
    return ASSAY_OK;
}
