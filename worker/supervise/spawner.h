/* Spawner: the one thread of a process that starts and reaps children. PDEATHSIG is tied to the
 * thread that forked, so that thread has to live as long as the process. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SUPERVISE_SPAWNER_H
#define ASSAY_SUPERVISE_SPAWNER_H

#include <stdint.h>
#include <sys/types.h>

#include "common/base/error.h"

enum { ASSAY_SPAWN_FDS = 5 };

struct assay_spawn {
    const char *program;       /* path */
    char *const *argv;         /* ends with NULL */
    char *const *envp;         /* ends with NULL: the whole environment */
    int fds[ASSAY_SPAWN_FDS];  /* become the child's 0 to 4; it has no others */
    uint64_t data_limit_bytes; /* RLIMIT_DATA, 0 = none */
};

/** Start a child in a process group of its own that dies with this process, dumps no core and is
 * the out-of-memory killer's first choice. ASSAY_NOT_FOUND, ASSAY_DENIED (the program cannot be
 * executed), ASSAY_TRANSIENT (no process or thread to be had). Thread-safe. */
ASSAY_MUST_CHECK int assay_spawn_start(const struct assay_spawn *spawn, pid_t *ret_pid,
                                       struct assay_error *err);
/** Has the child ended? Does not reap it: its process group can still be signalled safely.
 * Thread-safe. */
bool assay_spawn_ended(pid_t pid);
/** Wait for the child's end and reap it. *ret_status as of waitpid(2). Thread-safe. */
ASSAY_MUST_CHECK int assay_spawn_reap(pid_t pid, int *ret_status, struct assay_error *err);

#endif
