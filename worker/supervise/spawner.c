// Spawner: the one thread of a process that starts and reaps children.
// SPDX-License-Identifier: Apache-2.0
#include "worker/supervise/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/file.h"
#include "worker/supervise/spawn_child.h"

/* A request lives on its caller's stack until `done`. */
struct request {
    const struct assay_spawn *spawn; /* NULL: reap `pid` */
    pid_t pid;
    int status; /* of waitpid */
    int errnum; /* 0 = it worked */
    bool exec_failed;
    bool done;
    struct request *next;
};

/* All guarded by `lock`. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running;
    struct request *first, *last;
} spawner = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* errno of a failed exec, written by the child before it ends; nothing comes when exec worked. */
static int exec_error(int report_fd)
{
    int errnum = 0;
    ssize_t got;
    do
        got = read(report_fd, &errnum, sizeof errnum);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof errnum ? errnum : 0;
}

static void serve_start(struct request *request)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC)) {
        request->errnum = errno;
        return;
    }
    const pid_t parent = getpid();
    request->pid = fork();
    if (request->pid == 0)
        assay_spawn_become(request->spawn, parent, report[1]);
    if (request->pid < 0)
        request->errnum = errno;
    close(report[1]);
    if (request->pid > 0) {
        request->errnum = exec_error(report[0]);
        request->exec_failed = request->errnum != 0;
    }
    close(report[0]);
    if (request->exec_failed)
        (void)waitpid(request->pid, NULL, 0);
}

static void serve_reap(struct request *request)
{
    pid_t got;
    do
        got = waitpid(request->pid, &request->status, 0);
    while (got < 0 && errno == EINTR);
    request->errnum = got < 0 ? errno : 0;
}

static void *serve_requests(void *unused)
{
    (void)unused;
    (void)pthread_mutex_lock(&spawner.lock);
    for (;;) {
        while (!spawner.first)
            (void)pthread_cond_wait(&spawner.changed, &spawner.lock);
        struct request *request = spawner.first;
        spawner.first = request->next;
        (void)pthread_mutex_unlock(&spawner.lock);
        if (request->spawn)
            serve_start(request);
        else
            serve_reap(request);
        (void)pthread_mutex_lock(&spawner.lock);
        request->done = true;
        (void)pthread_cond_broadcast(&spawner.changed);
    }
    return NULL;
}

/* With the lock held. Signals of the process are for its other threads. */
static int start_thread(struct assay_error *err)
{
    if (spawner.running)
        return ASSAY_OK;
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const int errnum = pthread_create(&thread, NULL, serve_requests, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (errnum)
        return assay_fail_errno(err, ASSAY_TRANSIENT, errnum, "starting the spawner thread");
    (void)pthread_detach(thread);
    spawner.running = true;
    return ASSAY_OK;
}

static int ask(struct request *request, struct assay_error *err)
{
    (void)pthread_mutex_lock(&spawner.lock);
    const int rc = start_thread(err);
    if (rc == ASSAY_OK) {
        if (spawner.first)
            spawner.last->next = request;
        else
            spawner.first = request;
        spawner.last = request;
        (void)pthread_cond_broadcast(&spawner.changed);
        while (!request->done)
            (void)pthread_cond_wait(&spawner.changed, &spawner.lock);
    }
    (void)pthread_mutex_unlock(&spawner.lock);
    return rc;
}

int assay_spawn_start(const struct assay_spawn *spawn, pid_t *ret_pid, struct assay_error *err)
{
    struct request request = {.spawn = spawn};
    ASSAY_TRY(ask(&request, err));
    if (request.exec_failed)
        return assay_fail_errno(err, assay_code_of_errno(request.errnum), request.errnum,
                                "starting %s", spawn->program);
    if (request.errnum)
        return assay_fail_errno(err, ASSAY_TRANSIENT, request.errnum, "starting %s",
                                spawn->program);
    *ret_pid = request.pid;
    return ASSAY_OK;
}

bool assay_spawn_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

int assay_spawn_reap(pid_t pid, int *ret_status, struct assay_error *err)
{
    struct request request = {.pid = pid};
    ASSAY_TRY(ask(&request, err));
    if (request.errnum)
        return assay_fail_errno(err, ASSAY_INTERNAL, request.errnum,
                                "waiting for the executor's end");
    *ret_status = request.status;
    return ASSAY_OK;
}
