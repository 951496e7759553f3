// Executor process: hand it one task, take its frames, and make sure that it ends.
// SPDX-License-Identifier: Apache-2.0
#include "worker/supervise/executor_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "worker/supervise/executor_pipes.h"
#include "worker/supervise/memory_watch.h"
#include "worker/supervise/output_tail.h"
#include "worker/supervise/spawner.h"

enum { TICK_MS = 50, ENDING_TICK_MS = 2, MEMORY_EVERY_MS = 250, FIRST_CREDITS = 2 };
#define DEFAULT_GRACE_MS INT64_C(10000)
#define NS_PER_MS        INT64_C(1000000)

/* One task in one child; everything is owned by the thread that runs it. */
struct run {
    const struct assay_execution *execution;
    pid_t pid;
    struct assay_pipes pipes;
    struct assay_buf outgoing; /* frames not yet written to the child */
    struct assay_buf incoming; /* bytes of frames not yet whole */
    struct assay_output_tail tail;
    struct assay_error stop;  /* why it is being stopped; code 0 = it is not */
    struct assay_error error; /* the child's ERROR frame */
    int64_t started_ns, stopping_ns, terminated_ns, finished_ns,
        memory_checked_ns; /* 0 = not yet */
    bool done, killed, over_memory, stopped;
};

static int64_t ms_since(int64_t ns)
{
    return (assay_monotonic_ns() - ns) / NS_PER_MS;
}

static int64_t grace_ms(const struct run *run)
{
    return run->execution->grace_ms ? run->execution->grace_ms : DEFAULT_GRACE_MS;
}

/* ---- to the child ---- */

static void queue_frame(struct run *run, enum assay_frame_type type, const void *payload,
                        size_t size_bytes)
{
    const unsigned char header[] = {(unsigned char)size_bytes, (unsigned char)(size_bytes >> 8),
                                    (unsigned char)(size_bytes >> 16),
                                    (unsigned char)(size_bytes >> 24), (unsigned char)type};
    assay_buf_append(&run->outgoing, header, sizeof header);
    assay_buf_append(&run->outgoing, payload, size_bytes);
}

static int queue_json(struct run *run, enum assay_frame_type type, const json_t *body,
                      struct assay_error *err)
{
    char *text = body ? assay_json_text(body) : assay_strdup("{}");
    if (!text)
        return assay_fail_memory(err);
    const size_t size_bytes = strlen(text);
    const bool fits = size_bytes <= ASSAY_FRAME_MAX_BYTES;
    if (fits)
        queue_frame(run, type, text, size_bytes);
    assay_wipe(text, size_bytes);
    assay_free(text);
    return fits ? assay_buf_check(&run->outgoing, err)
                : assay_fail(
                      err, ASSAY_LIMIT,
                      "the task is larger than a frame of %u bytes: give it fewer checks or files",
                      (unsigned)ASSAY_FRAME_MAX_BYTES);
}

static void queue_credits(struct run *run, unsigned credits)
{
    const unsigned char count[] = {(unsigned char)credits, 0, 0, 0};
    queue_frame(run, ASSAY_FRAME_CREDIT, count, sizeof count);
}

static int queue_task(struct run *run, struct assay_error *err)
{
    run->outgoing.max_bytes = 3 * (size_t)ASSAY_FRAME_MAX_BYTES;
    ASSAY_TRY(queue_json(run, ASSAY_FRAME_TASK, run->execution->task, err));
    ASSAY_TRY(queue_json(run, ASSAY_FRAME_SECRETS, run->execution->secrets, err));
    queue_credits(run, FIRST_CREDITS);
    return assay_buf_check(&run->outgoing, err);
}

/* What cannot be delivered is dropped: the child closed its end, and its frames or its exit say
 * why. */
static void write_outgoing(struct run *run)
{
    while (run->outgoing.size) {
        const ssize_t sent = send(run->pipes.control, run->outgoing.data, run->outgoing.size,
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        const size_t drop = sent < 0 ? run->outgoing.size : (size_t)sent;
        assay_wipe(run->outgoing.data, drop);
        assay_buf_consume(&run->outgoing, drop);
    }
}

/* ---- stopping it ---- */

static void stop(struct run *run, const struct assay_error *why)
{
    if (run->stop.code)
        return;
    run->stop = *why;
    run->stopping_ns = assay_monotonic_ns();
    queue_frame(run, ASSAY_FRAME_CANCEL, NULL, 0);
}

static void kill_group(struct run *run)
{
    run->killed = true;
    (void)kill(-run->pid, SIGKILL);
}

/* Cancel was asked at stopping_ns; a child that is done gets the same grace to exit. SIGKILL comes
 * after SIGTERM, however late this thread looks. */
static void press(struct run *run)
{
    const int64_t since_ns = run->stopping_ns ? run->stopping_ns : run->finished_ns;
    if (!since_ns || run->killed)
        return;
    if (run->terminated_ns) {
        if (ms_since(run->terminated_ns) >= grace_ms(run) / 2)
            kill_group(run);
    } else if (ms_since(since_ns) >= grace_ms(run) / 2) {
        run->terminated_ns = assay_monotonic_ns();
        (void)kill(-run->pid, SIGTERM);
    }
}

static void watch_suspension(struct run *run)
{
    const atomic_bool *suspended = run->execution->suspended;
    const bool wanted = suspended && atomic_load(suspended);
    if (wanted == run->stopped)
        return;
    run->stopped = wanted;
    (void)kill(-run->pid, wanted ? SIGSTOP : SIGCONT);
}

static void watch_memory(struct run *run)
{
    if (!run->execution->memory_bytes || run->killed ||
        ms_since(run->memory_checked_ns) < MEMORY_EVERY_MS)
        return;
    run->memory_checked_ns = assay_monotonic_ns();
    const uint64_t limit_bytes = assay_memory_limit_bytes(run->execution->memory_bytes);
    const uint64_t used_bytes = assay_memory_used_bytes(run->pid);
    if (used_bytes <= limit_bytes)
        return;
    struct assay_error why = {0};
    (void)assay_fail(&why, ASSAY_LIMIT,
                     "the executor took %llu MiB, its limit is %llu MiB: give it more memory, or "
                     "fewer fields at a time",
                     (unsigned long long)(used_bytes >> 20),
                     (unsigned long long)(limit_bytes >> 20));
    stop(run, &why);
    run->over_memory = true;
    kill_group(run);
}

static void watch_limits(struct run *run)
{
    struct assay_error why = {0};
    const struct assay_execution *execution = run->execution;
    if (!run->finished_ns && execution->cancelled && atomic_load(execution->cancelled)) {
        (void)assay_fail(&why, ASSAY_CANCELLED, "cancelled");
        stop(run, &why);
    }
    if (!run->finished_ns && execution->deadline_ms &&
        ms_since(run->started_ns) >= execution->deadline_ms) {
        (void)assay_fail(&why, ASSAY_TIMEOUT,
                         "not done after %lld ms: give the task a later deadline or less to do",
                         (long long)execution->deadline_ms);
        stop(run, &why);
    }
    watch_suspension(run);
    watch_memory(run);
    press(run);
}

/* ---- from the child ---- */

static void take_error_frame(struct run *run, const struct assay_frame *frame)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    struct assay_error wrong = {0};
    if (assay_json_parse(frame->payload, frame->size_bytes, "the executor's error", &body,
                         &wrong) != ASSAY_OK) {
        run->error = wrong;
        return;
    }
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_redact(assay_json_str(body, "text", "no reason was given"), run->execution->secrets,
                 &text);
    const int code = assay_code_by_name(assay_json_str(body, "code", ""));
    (void)assay_fail(&run->error, code == ASSAY_OK ? ASSAY_INTERNAL : code, "%s",
                     assay_buf_str(&text));
    run->error.vendor_code = (int)assay_json_int(body, "vendor_code", 0);
    (void)snprintf(run->error.sqlstate, sizeof run->error.sqlstate, "%s",
                   assay_json_str(body, "sqlstate", ""));
}

static void take_frame(struct run *run, const struct assay_frame *frame)
{
    struct assay_error why = {0};
    if (run->finished_ns) {
        (void)assay_fail(&why, ASSAY_INTERNAL, "the executor sent a frame after its last one");
        stop(run, &why);
        return;
    }
    if (frame->type == ASSAY_FRAME_ERROR)
        take_error_frame(run, frame);
    run->done = frame->type == ASSAY_FRAME_DONE;
    if (run->done || frame->type == ASSAY_FRAME_ERROR)
        run->finished_ns = assay_monotonic_ns();
    if (run->stop.code) /* what comes after the cancel is nobody's */
        return;
    if (run->execution->on_frame &&
        run->execution->on_frame(frame, run->execution->context, &why) != ASSAY_OK)
        stop(run, &why);
    else if (frame->type == ASSAY_FRAME_RESULT)
        queue_credits(run, 1);
}

static void take_frames(struct run *run)
{
    size_t used_bytes = 0, taken_bytes = 0;
    do {
        struct assay_frame frame;
        struct assay_error wrong = {0};
        struct assay_buf rest = run->incoming;
        if (!rest.data)
            return;
        rest.data += taken_bytes;
        rest.size -= taken_bytes;
        if (assay_frame_parse(&rest, &frame, &used_bytes, &wrong) != ASSAY_OK) {
            struct assay_error why = {0};
            (void)assay_fail(&why, ASSAY_INTERNAL, "the executor sent what is no frame: %s",
                             wrong.text);
            stop(run, &why);
            kill_group(run);
            taken_bytes = run->incoming.size;
            break;
        }
        if (used_bytes)
            take_frame(run, &frame);
        taken_bytes += used_bytes;
    } while (used_bytes);
    assay_buf_consume(&run->incoming, taken_bytes);
}

/* Read what is there; closes the pipe at its end. */
static void read_frames(struct run *run)
{
    if (assay_pipe_read(&run->pipes.frames, &run->incoming))
        take_frames(run);
    if (run->pipes.frames < 0 &&
        !run->finished_ns) /* it can say no more: it has the grace to exit */
        run->finished_ns = assay_monotonic_ns();
    if (run->incoming.failed && !run->killed) {
        struct assay_error why = {0};
        (void)assay_fail_memory(&why);
        stop(run, &why);
        kill_group(run);
    }
}

static void read_output(struct run *run)
{
    struct assay_buf text = {0};
    if (assay_pipe_read(&run->pipes.output, &text))
        assay_output_tail_add(&run->tail, text.data, text.size);
    assay_buf_release(&text);
}

static void serve_pipes(struct run *run)
{
    const short write_interest = run->outgoing.size ? POLLOUT : 0;
    struct pollfd fds[] = {{.fd = run->pipes.control, .events = write_interest},
                           {.fd = run->pipes.frames, .events = POLLIN},
                           {.fd = run->pipes.output, .events = POLLIN}};
    if (!write_interest)
        fds[0].fd = -1;
    const bool ending = run->pipes.frames < 0 || run->finished_ns;
    (void)poll(fds, ASSAY_COUNT(fds), ending ? ENDING_TICK_MS : TICK_MS);
    write_outgoing(run);
    if (fds[1].revents)
        read_frames(run);
    if (fds[2].revents)
        read_output(run);
}

/* ---- its end ---- */

/* After its exit nothing more is written, except by processes that it left behind: those go
 * first. */
static void drain(struct run *run)
{
    (void)kill(-run->pid, SIGKILL);
    for (int pipe_full = 0; pipe_full < 1024; pipe_full++) {
        const size_t before = run->incoming.size;
        const int64_t finished_ns = run->finished_ns;
        if (run->pipes.frames < 0)
            break;
        read_frames(run);
        if (run->incoming.size == before && run->finished_ns == finished_ns &&
            !assay_pipe_has_data(run->pipes.frames))
            break;
    }
    while (run->pipes.output >= 0 && assay_pipe_has_data(run->pipes.output))
        read_output(run);
}

static void describe_exit(const struct run *run, int status, struct assay_exit *exit_of)
{
    *exit_of = (struct assay_exit){.signalled = WIFSIGNALED(status),
                                   .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                                   .status = WIFEXITED(status) ? WEXITSTATUS(status) : 0};
    exit_of->oom = run->over_memory || (exit_of->signal == SIGKILL && !run->killed);
}

/* The child ended in a way that it should not. */
static int fail_of_exit(const struct run *run, const struct assay_exit *ended,
                        struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf tail = {0};
    assay_output_tail_show(&run->tail, run->execution->secrets, &tail);
    const char *said = tail.size ? assay_buf_str(&tail) : "it wrote no message";
    if (ended->oom)
        return assay_fail(
            err, ASSAY_INTERNAL,
            "the executor was killed, most likely because memory ran out: give it a lower "
            "memory budget or the machine more memory (%s)",
            said);
    if (ended->signalled)
        return assay_fail(err, ASSAY_INTERNAL, "the executor died of signal %d (%s): %s",
                          ended->signal, strsignal(ended->signal), said);
    return assay_fail(err, ASSAY_INTERNAL, "the executor ended with status %d %s: %s",
                      ended->status, run->done ? "after its task" : "before its task was done",
                      said);
}

static int judge(const struct run *run, const struct assay_exit *ended, struct assay_error *err)
{
    const bool clean =
        (!ended->signalled && ended->status == 0) || run->killed || run->terminated_ns;
    if (run->stop.code) {
        if (err && !err->code)
            *err = run->stop;
        return run->stop.code;
    }
    if (run->error.code) {
        if (err && !err->code)
            *err = run->error;
        return run->error.code;
    }
    return run->done && clean ? ASSAY_OK : fail_of_exit(run, ended, err);
}

static int start(struct run *run, struct assay_arena *arena, struct assay_error *err)
{
    ASSAY_TRY(queue_task(run, err));
    ASSAY_TRY(assay_pipes_start(&run->pipes, run->execution, arena, &run->pid, err));
    run->started_ns = run->memory_checked_ns = assay_monotonic_ns();
    return ASSAY_OK;
}

static int run_to_end(struct run *run, struct assay_exit *ret_exit, struct assay_error *err)
{
    while (!assay_spawn_ended(run->pid)) {
        serve_pipes(run);
        watch_limits(run);
    }
    drain(run);
    int status;
    ASSAY_TRY(assay_spawn_reap(run->pid, &status, err));
    describe_exit(run, status, ret_exit);
    return judge(run, ret_exit, err);
}

static void release(struct run *run)
{
    if (run->outgoing.data)
        assay_wipe(run->outgoing.data, run->outgoing.capacity);
    assay_buf_release(&run->outgoing);
    assay_buf_release(&run->incoming);
    assay_output_tail_release(&run->tail);
    assay_pipes_close(&run->pipes);
}

int assay_execution_run(const struct assay_execution *execution, struct assay_exit *ret_exit,
                        struct assay_error *err)
{
    struct run run = {.execution = execution, .pipes = ASSAY_PIPES_NONE};
    run.incoming.max_bytes = (size_t)ASSAY_FRAME_MAX_BYTES + (1U << 20);
    struct assay_arena arena = {0};
    int rc = start(&run, &arena, err);
    if (rc == ASSAY_OK)
        rc = run_to_end(&run, ret_exit, err);
    release(&run);
    assay_arena_release(&arena);
    return rc;
}
