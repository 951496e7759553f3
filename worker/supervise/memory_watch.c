// Memory of an executor: its limits, and what it has taken.
// SPDX-License-Identifier: Apache-2.0
#include "worker/supervise/memory_watch.h"

#include <stdio.h>
#include <string.h>

#include "common/base/file.h"

#define MIB (UINT64_C(1) << 20)

#ifdef ASSAY_SANITIZED
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

uint64_t assay_memory_data_limit_bytes(uint64_t budget_bytes)
{
    return SANITIZED || !budget_bytes ? 0 : budget_bytes + budget_bytes / 2 + 256 * MIB;
}

uint64_t assay_memory_limit_bytes(uint64_t budget_bytes)
{
    const uint64_t limit_bytes = budget_bytes + budget_bytes / 4 + 128 * MIB;
    return SANITIZED ? 4 * limit_bytes : limit_bytes;
}

/* "RssAnon:     123 kB" */
static uint64_t line_kib(const char *status, const char *name)
{
    const char *line = strstr(status, name);
    unsigned long long kib = 0;
    return line && sscanf(line + strlen(name), "%llu", &kib) == 1 ? kib : 0;
}

uint64_t assay_memory_used_bytes(pid_t pid)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    struct assay_buf status = {0};
    uint64_t kib = 0;
    if (assay_file_read(path, &status, NULL) == ASSAY_OK)
        kib = line_kib(assay_buf_str(&status), "RssAnon:") +
              line_kib(assay_buf_str(&status), "RssShmem:");
    assay_buf_release(&status);
    return kib * 1024;
}
