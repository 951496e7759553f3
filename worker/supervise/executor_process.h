/* Executor process: start assay-execute, hand it one task, take its frames, and make sure it
 * ends. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SUPERVISE_EXECUTOR_PROCESS_H
#define ASSAY_SUPERVISE_EXECUTOR_PROCESS_H

#include <stdatomic.h>

#include "common/base/error.h"
#include "common/json/json.h"
#include "common/msg/frame.h"

/** How a child ended. */
struct assay_exit {
    bool signalled;
    int signal; /* when signalled */
    int status; /* else */
    bool oom; /* SIGKILL that we did not send: most likely the kernel's out-of-memory killer, or RSS
                 above the budget */
};

/** Called for each frame. Not ASSAY_OK stops the task (cancel, then kill) and is returned by the
 * run. RESULT frames are credited again when the call returns. */
typedef int assay_on_frame_fn(const struct assay_frame *frame, void *context,
                              struct assay_error *err);

struct assay_execution {
    const char *program;   /* NULL = beside this program, or libexec/ */
    const json_t *task;    /* docs/executor-protocol.md */
    const json_t *secrets; /* NULL = none */
    uint64_t memory_bytes; /* budget, 0 = no limit; RLIMIT_DATA = 1.5 × + 256 MiB, killed when RSS
                              is above 1.25 × + 128 MiB */
    int64_t deadline_ms;   /* 0 = none; then cancel and, after the grace, kill */
    int data_fd;           /* the child's fd 0; -1 = /dev/null */
    const atomic_bool *cancelled; /* NULL, or: set → cancel; SIGTERM to the group after half the
                                     grace; SIGKILL half a grace after that */
    const atomic_bool *suspended; /* NULL, or: while set, the child's group is stopped (SIGSTOP);
                                     cancel and deadline then kill it after the grace */
    int64_t grace_ms;             /* between asking to end and SIGKILL; 0 = 10 s */
    assay_on_frame_fn *on_frame;
    void *context;
};

/** Run one task to its end, in the calling thread (each call polls its own pipes; spawning and
 * waiting is done by the one spawner thread of the process). ASSAY_OK: a DONE frame came and the
 * child exited. An ERROR frame gives its code and text. Died of a signal, ended without DONE or
 * sent what is no frame: ASSAY_INTERNAL with the last lines of its output in the text; above the
 * memory limit: ASSAY_LIMIT. ASSAY_CANCELLED, ASSAY_TIMEOUT (deadline). ASSAY_NOT_FOUND: no such
 * program. *ret_exit is filled whenever a child was started. The child and its group are gone when
 * this returns. Values of `secrets` are replaced by *** in error texts. Many threads may run tasks
 * at the same time. */
ASSAY_MUST_CHECK int assay_execution_run(const struct assay_execution *execution,
                                         struct assay_exit *ret_exit, struct assay_error *err);
/** Path of assay-execute: $ASSAY_EXECUTE (tests), beside this program, ../libexec. Heap. */
ASSAY_MUST_CHECK int assay_executor_path(char **ret_path, struct assay_error *err);

#endif
