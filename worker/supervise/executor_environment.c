// The environment an executor may see.
// SPDX-License-Identifier: Apache-2.0
#include "worker/supervise/executor_environment.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* A name, or with '*' at its end the beginning of names. */
static const char *const allowed[] = {
    "PATH",         "LANG",         "LANGUAGE",        "LC_*",          "TZ",
    "TZDIR",        "TMPDIR",       "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS",   "TSAN_OPTIONS",
};

static bool matches(const char *name, size_t size_bytes, const char *pattern)
{
    const size_t pattern_bytes = strlen(pattern);
    if (pattern[pattern_bytes - 1] == '*')
        return size_bytes >= pattern_bytes - 1 && memcmp(name, pattern, pattern_bytes - 1) == 0;
    return size_bytes == pattern_bytes && memcmp(name, pattern, size_bytes) == 0;
}

static bool is_allowed(const char *setting)
{
    const char *equals = strchr(setting, '=');
    if (!equals)
        return false;
    for (size_t i = 0; i < ASSAY_COUNT(allowed); i++)
        if (matches(setting, (size_t)(equals - setting), allowed[i]))
            return true;
    return false;
}

char **assay_executor_environment(struct assay_arena *arena)
{
    size_t count = 0;
    for (char **setting = environ; *setting; setting++)
        count += is_allowed(*setting);
    char **envp = assay_arena_zalloc(arena, (count + 2) * sizeof *envp);
    if (!envp)
        return NULL;
    size_t used = 0;
    for (char **setting = environ; *setting; setting++)
        if (is_allowed(*setting))
            envp[used++] = *setting;
    envp[used] = assay_arena_strdup(arena, "HOME=/nonexistent");
    return envp[used] ? envp : NULL;
}
