// Channel: the executor's two pipes and the thread that listens on them.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "worker/executor/sandbox.h"

enum { PROGRESS_MS = 500, FRAME_HEADER_BYTES = 5, FRAMES_HELD_BYTES = 1 << 20 };

static const char *const retry_names[] = {[ASSAY_RETRY_NEVER] = "never",
                                          [ASSAY_RETRY_TRANSIENT] = "transient",
                                          [ASSAY_RETRY_SOURCE_DOWN] = "source_down"};
static const char *const level_names[] = {[ASSAY_LOG_DEBUG] = "debug",
                                          [ASSAY_LOG_INFO] = "info",
                                          [ASSAY_LOG_WARNING] = "warning",
                                          [ASSAY_LOG_ERROR] = "error"};

int assay_channel_init(struct assay_channel *channel, int control_fd, int frames_fd,
                       struct assay_error *err)
{
    *channel = (struct assay_channel){.control_fd = control_fd, .frames_fd = frames_fd};
    /* So that a frame is out of the way at once; a pipe that stays as it was does too. */
    (void)fcntl(frames_fd, F_SETPIPE_SZ, FRAMES_HELD_BYTES);
    channel->input.max_bytes = (size_t)ASSAY_FRAME_MAX_BYTES * 2;
    channel->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (channel->wake_fd < 0)
        return assay_fail_errno(err, ASSAY_IO, errno, "making an event");
    if (pthread_mutex_init(&channel->lock, NULL) || pthread_cond_init(&channel->credited, NULL))
        return assay_fail_memory(err);
    return ASSAY_OK;
}

void assay_channel_release(struct assay_channel *channel)
{
    (void)pthread_cond_destroy(&channel->credited);
    (void)pthread_mutex_destroy(&channel->lock);
    (void)close(channel->wake_fd);
    if (channel->input.data)
        assay_wipe(channel->input.data, channel->input.capacity);
    assay_buf_release(&channel->input);
}

/* --- writing --- */

/* The lock is held. */
static int write_locked(struct assay_channel *channel, enum assay_frame_type type,
                        const void *payload, size_t size_bytes, struct assay_error *err)
{
    const int rc = assay_frame_write(channel->frames_fd, type, payload, size_bytes, err);
    if (rc != ASSAY_OK)
        channel->peer_gone = true;
    return rc;
}

static void send_json(struct assay_channel *channel, enum assay_frame_type type, json_t *body)
{
    char *text = assay_json_text(body);
    json_decref(body);
    if (!text)
        return;
    (void)pthread_mutex_lock(&channel->lock);
    if (!channel->peer_gone)
        ASSAY_IGNORE(write_locked(channel, type, text, strlen(text), NULL));
    (void)pthread_mutex_unlock(&channel->lock);
    assay_free(text);
}

static int send_result(const char *chunk, size_t size_bytes, void *context, struct assay_error *err)
{
    struct assay_channel *channel = context;
    (void)pthread_mutex_lock(&channel->lock);
    while (!channel->credits && !channel->peer_gone && !atomic_load(&channel->task->cancelled))
        (void)pthread_cond_wait(&channel->credited, &channel->lock);
    int rc;
    if (atomic_load(&channel->task->cancelled)) {
        rc = assay_fail(err, ASSAY_CANCELLED, "cancelled");
    } else if (channel->peer_gone) {
        rc = assay_fail(err, ASSAY_IO, "the supervisor takes no results any more");
    } else {
        channel->credits--;
        rc = write_locked(channel, ASSAY_FRAME_RESULT, chunk, size_bytes, err);
    }
    (void)pthread_mutex_unlock(&channel->lock);
    return rc;
}

static json_t *field_json(const struct assay_log_field *field)
{
    switch (field->kind) {
    case ASSAY_FIELD_INT:
        return json_integer(field->as.integer);
    case ASSAY_FIELD_DOUBLE:
        return assay_json_real_or_null(field->as.real);
    case ASSAY_FIELD_BOOL:
        return json_boolean(field->as.truth);
    case ASSAY_FIELD_TEXT:
        break;
    }
    const char *text = field->as.text ? field->as.text : "";
    return assay_json_safe_string(text, strlen(text));
}

static void send_log(void *context, enum assay_log_level level, const char *event,
                     const struct assay_log_field *fields)
{
    json_t *members = json_object();
    for (; fields && fields->name; fields++)
        (void)json_object_set_new(members, fields->name, field_json(fields));
    send_json(context, ASSAY_FRAME_LOG,
              json_pack("{s:s, s:s, s:o}", "level", level_names[level], "event", event, "fields",
                        members));
}

struct assay_task_outlet assay_channel_outlet(struct assay_channel *channel)
{
    return (struct assay_task_outlet){.result = send_result, .log = send_log, .context = channel};
}

static void send_progress(struct assay_channel *channel)
{
    struct assay_task_progress *progress = &channel->task->progress;
    const int64_t total = atomic_load(&progress->bytes_total);
    json_t *body = json_pack("{s:s, s:I, s:I, s:o}", "phase", atomic_load(&progress->phase),
                             "records", (json_int_t)atomic_load(&progress->records), "bytes",
                             (json_int_t)atomic_load(&progress->bytes), "bytes_total",
                             total < 0 ? json_null() : json_integer(total));
    send_json(channel, ASSAY_FRAME_PROGRESS, body);
}

/* --- reading --- */

static void add_credits(struct assay_channel *channel, const struct assay_frame *frame)
{
    uint32_t credits = 0;
    for (uint32_t i = 0; i < frame->size_bytes && i < 4; i++)
        credits |= (uint32_t)(unsigned char)frame->payload[i] << (8 * i);
    (void)pthread_mutex_lock(&channel->lock);
    channel->credits += credits;
    (void)pthread_cond_broadcast(&channel->credited);
    (void)pthread_mutex_unlock(&channel->lock);
}

static int receive_json(struct assay_channel *channel, enum assay_frame_type type, const char *name,
                        json_t **ret_json, struct assay_error *err)
{
    bool end = false;
    do {
        ASSAY_TRY(
            assay_frame_read(channel->control_fd, &channel->input, &channel->frame, &end, err));
        if (!end && channel->frame.type == ASSAY_FRAME_CREDIT)
            add_credits(channel, &channel->frame);
    } while (!end && channel->frame.type == ASSAY_FRAME_CREDIT);
    if (end || channel->frame.type != type)
        return assay_fail(err, ASSAY_FORMAT, "expected the frame %c (%s)", type, name);
    const int rc =
        assay_json_parse(channel->frame.payload, channel->frame.size_bytes, name, ret_json, err);
    assay_wipe((void *)(uintptr_t)channel->frame.payload, channel->frame.size_bytes);
    return rc;
}

int assay_channel_receive(struct assay_channel *channel, json_t **ret_spec, json_t **ret_secrets,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    ASSAY_TRY(receive_json(channel, ASSAY_FRAME_TASK, "task", &spec, err));
    ASSAY_TRY(receive_json(channel, ASSAY_FRAME_SECRETS, "secrets", ret_secrets, err));
    *ret_spec = ASSAY_TAKE(spec);
    return ASSAY_OK;
}

/* --- the control thread --- */

static void cancel(struct assay_channel *channel)
{
    (void)pthread_mutex_lock(&channel->lock);
    atomic_store(&channel->task->cancelled, true);
    (void)pthread_cond_broadcast(&channel->credited);
    (void)pthread_mutex_unlock(&channel->lock);
}

/* False when nothing more will come. A checkpoint asks for what every result frame is already: work
 * that is kept. */
static bool take_frame(struct assay_channel *channel)
{
    bool end = false;
    if (assay_frame_read(channel->control_fd, &channel->input, &channel->frame, &end, NULL) !=
            ASSAY_OK ||
        end) {
        cancel(channel); /* nobody is there to take results */
        return false;
    }
    if (channel->frame.type == ASSAY_FRAME_CREDIT)
        add_credits(channel, &channel->frame);
    else if (channel->frame.type == ASSAY_FRAME_CANCEL)
        cancel(channel);
    return true;
}

/* Whole frames that are already in the buffer would not wake poll(). */
static bool frame_waits(struct assay_channel *channel)
{
    const struct assay_buf *input = &channel->input;
    const size_t delivered =
        channel->frame.payload ? channel->frame.size_bytes + FRAME_HEADER_BYTES : 0;
    const struct assay_buf rest = {.data = input->data ? input->data + delivered : NULL,
                                   .size = input->size > delivered ? input->size - delivered : 0};
    struct assay_frame frame;
    size_t used_bytes = 0;
    return rest.size && assay_frame_parse(&rest, &frame, &used_bytes, NULL) == ASSAY_OK &&
           used_bytes;
}

static void *control(void *context)
{
    struct assay_channel *channel = context;
    struct pollfd fds[] = {{.fd = channel->wake_fd, .events = POLLIN},
                           {.fd = channel->control_fd, .events = POLLIN}};
    int64_t next_ns = assay_monotonic_ns() + PROGRESS_MS * 1000000LL;
    for (bool open = true;;) {
        if (open && frame_waits(channel)) {
            open = take_frame(channel);
            continue;
        }
        const int64_t wait_ms = (next_ns - assay_monotonic_ns()) / 1000000;
        fds[1].fd = open ? channel->control_fd : -1;
        (void)poll(fds, 2, wait_ms > 0 ? (int)wait_ms : 0);
        if (fds[0].revents)
            return NULL;
        if (open && fds[1].revents)
            open = take_frame(channel);
        if (assay_monotonic_ns() >= next_ns) {
            send_progress(channel);
            next_ns = assay_monotonic_ns() + PROGRESS_MS * 1000000LL;
        }
    }
}

int assay_channel_start(struct assay_channel *channel, struct assay_task *task,
                        struct assay_error *err)
{
    channel->task = task;
    if (pthread_create(&channel->thread, NULL, control, channel))
        return assay_fail(err, ASSAY_NO_MEMORY, "cannot start a thread");
    channel->started = true;
    return ASSAY_OK;
}

void assay_channel_stop(struct assay_channel *channel)
{
    if (!channel->started)
        return;
    const uint64_t one = 1;
    if (write(channel->wake_fd, &one, sizeof one) == (ssize_t)sizeof one)
        (void)pthread_join(channel->thread, NULL);
    channel->started = false;
}

/* --- the end --- */

static json_t *done_json(const struct assay_task *task)
{
    json_t *coverage = task->done.coverage ? json_incref(task->done.coverage) : json_object();
    return json_pack("{s:I, s:I, s:o, s:I}", "records", (json_int_t)task->done.records, "bytes",
                     (json_int_t)task->done.bytes, "coverage", coverage, "peak_bytes",
                     (json_int_t)assay_sandbox_peak_bytes());
}

static json_t *error_json(int code, const struct assay_error *error)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:i}", "code", assay_code_name(code), "retry",
                     retry_names[assay_code_retry(code)], "text",
                     assay_json_safe_string(error->text, strlen(error->text)), "sqlstate",
                     error->sqlstate, "vendor_code", error->vendor_code);
}

void assay_channel_finish(struct assay_channel *channel, const struct assay_task *task, int rc,
                          const struct assay_error *error)
{
    if (rc == ASSAY_OK)
        send_json(channel, ASSAY_FRAME_DONE, done_json(task));
    else
        send_json(channel, ASSAY_FRAME_ERROR, error_json(rc, error));
}
