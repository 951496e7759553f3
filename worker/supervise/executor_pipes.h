/* Pipes between a supervisor and one executor, and the start that connects them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SUPERVISE_EXECUTOR_PIPES_H
#define ASSAY_SUPERVISE_EXECUTOR_PIPES_H

#include <sys/types.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "worker/supervise/executor_process.h"

/** Our ends; -1 = closed. control: a socket (no SIGPIPE); frames and output: the child's fd 4, and
 * its fds 1 and 2. */
struct assay_pipes {
    int control, frames, output;
};
#define ASSAY_PIPES_NONE ((struct assay_pipes){.control = -1, .frames = -1, .output = -1})

/** Make the pipes and start the execution's program with them. Scratch memory is the arena's. */
ASSAY_MUST_CHECK int assay_pipes_start(struct assay_pipes *pipes,
                                       const struct assay_execution *execution,
                                       struct assay_arena *arena, pid_t *ret_pid,
                                       struct assay_error *err);
void assay_pipes_close(struct assay_pipes *pipes);

/** Append what can be read without waiting (at most 64 KiB). False when nothing came; at the end of
 * the stream the fd is closed and becomes -1. */
bool assay_pipe_read(int *fd, struct assay_buf *buf);
bool assay_pipe_has_data(int fd);

#endif
