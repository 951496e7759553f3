// Pipes between a supervisor and one executor.
// SPDX-License-Identifier: Apache-2.0
#include "worker/supervise/executor_pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/memory.h"
#include "worker/supervise/executor_environment.h"
#include "worker/supervise/memory_watch.h"
#include "worker/supervise/spawner.h"

enum { READ_BYTES = 65536 };

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void assay_pipes_close(struct assay_pipes *pipes)
{
    close_fd(&pipes->control);
    close_fd(&pipes->frames);
    close_fd(&pipes->output);
}

/* The child's ends, closed here once it runs. */
struct child_ends {
    int null, control, frames, output;
};

static void close_child_ends(struct child_ends *ends)
{
    close_fd(&ends->null);
    close_fd(&ends->control);
    close_fd(&ends->frames);
    close_fd(&ends->output);
}

static bool make_pipe(int *ret_ours, int *ret_theirs)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return false;
    *ret_ours = ends[0];
    *ret_theirs = ends[1];
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
}

static int make_ends(struct assay_pipes *pipes, struct child_ends *ends, struct assay_error *err)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
        return assay_fail_errno(err, ASSAY_TRANSIENT, errno, "making the executor's pipes");
    pipes->control = sockets[0];
    ends->control = sockets[1];
    ends->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (ends->null < 0 || !make_pipe(&pipes->frames, &ends->frames) ||
        !make_pipe(&pipes->output, &ends->output))
        return assay_fail_errno(err, ASSAY_TRANSIENT, errno, "making the executor's pipes");
    return ASSAY_OK;
}

static int start_program(const struct assay_execution *execution, const char *program,
                         const struct child_ends *ends, struct assay_arena *arena, pid_t *ret_pid,
                         struct assay_error *err)
{
    char *argv[] = {assay_arena_strdup(arena, program),
                    assay_arena_printf(arena, "%ld", (long)getpid()), NULL};
    char **envp = assay_executor_environment(arena);
    if (!argv[0] || !argv[1] || !envp)
        return assay_fail_memory(err);
    const struct assay_spawn spawn = {
        .program = program,
        .argv = argv,
        .envp = envp,
        .fds = {execution->data_fd >= 0 ? execution->data_fd : ends->null, ends->output,
                ends->output, ends->control, ends->frames},
        .data_limit_bytes = assay_memory_data_limit_bytes(execution->memory_bytes),
    };
    return assay_spawn_start(&spawn, ret_pid, err);
}

int assay_pipes_start(struct assay_pipes *pipes, const struct assay_execution *execution,
                      struct assay_arena *arena, pid_t *ret_pid, struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *found = NULL;
    if (!execution->program)
        ASSAY_TRY(assay_executor_path(&found, err));
    struct child_ends ends = {-1, -1, -1, -1};
    int rc = make_ends(pipes, &ends, err);
    if (rc == ASSAY_OK)
        rc = start_program(execution, found ? found : execution->program, &ends, arena, ret_pid,
                           err);
    close_child_ends(&ends);
    return rc;
}

bool assay_pipe_read(int *fd, struct assay_buf *buf)
{
    if (!assay_buf_reserve(buf, READ_BYTES))
        return false;
    const ssize_t got = read(*fd, buf->data + buf->size, READ_BYTES);
    if (got > 0) {
        buf->size += (size_t)got;
        buf->data[buf->size] = '\0';
        return true;
    }
    if (got == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
        close_fd(fd);
    return false;
}

bool assay_pipe_has_data(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    return poll(&polled, 1, 0) > 0 && (polled.revents & POLLIN);
}
