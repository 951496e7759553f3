/* Channel: the executor's two pipes. A control thread reads credits, cancel and checkpoint during
 * the run and sends progress; the run's threads send results and logs.
 *
 * Threads: `frames` (fd 4) is written under `lock` by any thread; control (fd 3) is read by main
 * until the run starts and by the control thread from then on; credits are guarded by `lock`. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CHANNEL_H
#define ASSAY_EXECUTOR_CHANNEL_H

#include <pthread.h>

#include "common/msg/frame.h"
#include "worker/executor/task.h"

struct assay_channel {
    int control_fd, frames_fd;
    int wake_fd; /* eventfd: the control thread is to end */
    struct assay_buf input;
    struct assay_frame frame;
    struct assay_task *task; /* set by start */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t credited;
    uint32_t credits;
    bool peer_gone;
};

ASSAY_MUST_CHECK int assay_channel_init(struct assay_channel *channel, int control_fd,
                                        int frames_fd, struct assay_error *err);
/** Read the T and S frames, in that order (credits between them are kept). The texts that came are
 * overwritten in the buffer. *ret_spec and *ret_secrets are the caller's. ASSAY_FORMAT. */
ASSAY_MUST_CHECK int assay_channel_receive(struct assay_channel *channel, json_t **ret_spec,
                                           json_t **ret_secrets, struct assay_error *err);
/** The outlet that writes to this channel. */
struct assay_task_outlet assay_channel_outlet(struct assay_channel *channel);
/** Start the control thread for a task; it sets task->cancelled on X and when the supervisor is
 * gone. */
ASSAY_MUST_CHECK int assay_channel_start(struct assay_channel *channel, struct assay_task *task,
                                         struct assay_error *err);
/** End the control thread. */
void assay_channel_stop(struct assay_channel *channel);
/** The last frame: D for rc ASSAY_OK, else E with the error. */
void assay_channel_finish(struct assay_channel *channel, const struct assay_task *task, int rc,
                          const struct assay_error *error);
void assay_channel_release(struct assay_channel *channel);

#endif
