/* Frames between a supervisor and its executor: u32 payload length (little-endian), u8 type,
 * payload. docs/executor-protocol.md says what each one holds. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_MSG_FRAME_H
#define ASSAY_MSG_FRAME_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/error.h"

#define ASSAY_FRAME_MAX_BYTES                                                                      \
    (UINT32_C(64) << 20) /* a task with a thousand checks fits; anything larger is refused */
#define ASSAY_CHUNK_MAX_BYTES (UINT32_C(1) << 20) /* a result chunk */

enum assay_frame_type {
    /* to the executor (fd 3) */
    ASSAY_FRAME_TASK = 'T',       /* JSON: the task */
    ASSAY_FRAME_SECRETS = 'S',    /* JSON: {"<datastore id>": {properties}} */
    ASSAY_FRAME_CREDIT = 'C',     /* u32: result frames that may be sent */
    ASSAY_FRAME_CANCEL = 'X',     /* empty */
    ASSAY_FRAME_CHECKPOINT = 'K', /* empty */
    /* from the executor (fd 4) */
    ASSAY_FRAME_PROGRESS = 'P', /* JSON */
    ASSAY_FRAME_RESULT = 'R',   /* JSON: one chunk; costs one credit */
    ASSAY_FRAME_LOG = 'L',      /* JSON */
    ASSAY_FRAME_ERROR = 'E',    /* JSON: the task failed; ends the stream */
    ASSAY_FRAME_DONE = 'D',     /* JSON: the task is done; ends the stream */
};

struct assay_frame {
    enum assay_frame_type type;
    const char *payload; /* borrowed from the buffer or the caller */
    uint32_t size_bytes;
};

/** Write one frame, whole. Not thread-safe: callers hold their own lock per fd. ASSAY_IO (EPIPE:
 * the peer is gone). */
ASSAY_MUST_CHECK int assay_frame_write(int fd, enum assay_frame_type type, const void *payload,
                                       size_t size_bytes, struct assay_error *err);
/** Take the first whole frame of buf. *ret_frame borrows from buf; afterwards drop *ret_used_bytes
 * from it. *ret_used_bytes 0 = more bytes are needed. ASSAY_FORMAT: unknown type or a length above
 * the ceiling. */
ASSAY_MUST_CHECK int assay_frame_parse(const struct assay_buf *buf, struct assay_frame *ret_frame,
                                       size_t *ret_used_bytes, struct assay_error *err);
/** Read one frame, blocking. Zero-initialise *ret_frame and *buf before the first call and leave
 * both alone between calls: buf holds the payload until the next call (and bytes of following
 * frames). *ret_end true: the stream ended between frames. ASSAY_FORMAT when it ended inside
 * one. */
ASSAY_MUST_CHECK int assay_frame_read(int fd, struct assay_buf *buf, struct assay_frame *ret_frame,
                                      bool *ret_end, struct assay_error *err);

#endif
