// Sandbox: what the executor process takes away from itself before it touches foreign data.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int limit(__rlimit_resource_t resource, rlim_t most, const char *what,
                 struct assay_error *err)
{
    struct rlimit now;
    if (getrlimit(resource, &now))
        return assay_fail_errno(err, ASSAY_INTERNAL, errno, "reading the limit of %s", what);
    if (now.rlim_max != RLIM_INFINITY && most > now.rlim_max)
        most = now.rlim_max;
    now.rlim_cur = now.rlim_max = most;
    if (setrlimit(resource, &now))
        return assay_fail_errno(err, ASSAY_INTERNAL, errno, "limiting %s", what);
    return ASSAY_OK;
}

int assay_sandbox_enter(pid_t supervisor, struct assay_error *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL))
        return assay_fail_errno(err, ASSAY_INTERNAL, errno, "binding to the supervisor");
    if (getppid() != supervisor)
        return assay_fail(err, ASSAY_CANCELLED, "the supervisor is gone");
    (void)setpgid(0, 0); /* fails only where the supervisor has done it already */
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    if (setenv("HOME", "/nonexistent", 1))
        return assay_fail_memory(err);
    return limit(RLIMIT_CORE, 0, "core files", err);
}

int assay_sandbox_limit(uint64_t memory_bytes, struct assay_error *err)
{
#ifdef ASSAY_SANITIZED
    (void)memory_bytes;
    (void)err;
    return ASSAY_OK;
#else
    const uint64_t most = memory_bytes + memory_bytes / 2 + (UINT64_C(256) << 20);
    return limit(RLIMIT_DATA, most < memory_bytes ? RLIM_INFINITY : most, "memory", err);
#endif
}

uint64_t assay_sandbox_peak_bytes(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long long kib = 0;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
            break;
    if (status)
        (void)fclose(status);
    return (uint64_t)kib * 1024;
}
