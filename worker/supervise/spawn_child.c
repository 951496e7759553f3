// What a new child does between fork and exec: async-signal-safe calls only.
// SPDX-License-Identifier: Apache-2.0
#include "worker/supervise/spawn_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FIRST_HIGH_FD = 10, START_FAILED = 126 };

static _Noreturn void give_up(int report_fd)
{
    const int errnum = errno;
    const ssize_t written = write(report_fd, &errnum, sizeof errnum);
    _exit(written > 0 ? START_FAILED : START_FAILED + 1);
}

/* Move all fds out of the way first, so that none is overwritten before it was copied. */
static int arrange_fds(const int fds[ASSAY_SPAWN_FDS], int report_fd)
{
    int high[ASSAY_SPAWN_FDS];
    for (int i = 0; i < ASSAY_SPAWN_FDS; i++)
        if ((high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_HIGH_FD)) < 0)
            return -1;
    const int report_high = fcntl(report_fd, F_DUPFD_CLOEXEC, FIRST_HIGH_FD);
    if (report_high < 0)
        return -1;
    for (int i = 0; i < ASSAY_SPAWN_FDS; i++)
        if (dup2(high[i], i) < 0)
            return -1;
    if (dup3(report_high, ASSAY_SPAWN_FDS, O_CLOEXEC) < 0)
        return -1;
    if (close_range(ASSAY_SPAWN_FDS + 1, ~0U, 0))
        return -1;
    return ASSAY_SPAWN_FDS;
}

/* exec resets handlers, not what is ignored or blocked. */
static void reset_signals(void)
{
    for (int signum = 1; signum < NSIG; signum++)
        if (signum != SIGKILL && signum != SIGSTOP)
            (void)signal(signum, SIG_DFL);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_limit(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit))
        return -1;
    if (limit.rlim_max != RLIM_INFINITY && most > limit.rlim_max)
        most = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = most;
    return setrlimit(resource, &limit);
}

/* Best effort: where /proc is read-only, the kernel's own choice stays. */
static void prefer_for_oom(void)
{
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, "500", 3) != 3)
        errno = 0;
    (void)close(fd);
}

void assay_spawn_become(const struct assay_spawn *spawn, pid_t parent, int report_fd)
{
    if (setpgid(0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL))
        give_up(report_fd);
    if (getppid() != parent)
        _exit(START_FAILED);
    reset_signals();
    prefer_for_oom();
    const int moved_fd = arrange_fds(spawn->fds, report_fd);
    if (moved_fd < 0)
        give_up(report_fd);
    if (set_limit(RLIMIT_CORE, 0) ||
        (spawn->data_limit_bytes && set_limit(RLIMIT_DATA, spawn->data_limit_bytes)))
        give_up(moved_fd);
    (void)execve(spawn->program, spawn->argv, spawn->envp);
    give_up(moved_fd);
}
