// Frames between a supervisor and its executor.
// SPDX-License-Identifier: Apache-2.0
#include "common/msg/frame.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"

enum { HEADER_BYTES = 5, READ_STEP = 65536 };

int assay_frame_write(int fd, enum assay_frame_type type, const void *payload, size_t size_bytes,
                      struct assay_error *err)
{
    if (size_bytes > ASSAY_FRAME_MAX_BYTES)
        return assay_fail(err, ASSAY_LIMIT, "a frame of %zu bytes is above the limit of %u",
                          size_bytes, (unsigned)ASSAY_FRAME_MAX_BYTES);
    unsigned char header[HEADER_BYTES];
    for (int i = 0; i < 4; i++)
        header[i] = (unsigned char)(size_bytes >> (8 * i));
    header[4] = (unsigned char)type;
    ASSAY_TRY(assay_fd_write_all(fd, "a frame", header, sizeof header, err));
    return assay_fd_write_all(fd, "a frame", payload, size_bytes, err);
}

int assay_frame_parse(const struct assay_buf *buf, struct assay_frame *ret_frame,
                      size_t *ret_used_bytes, struct assay_error *err)
{
    if (buf->size < HEADER_BYTES) {
        *ret_used_bytes = 0;
        return ASSAY_OK;
    }
    const unsigned char *header = (const unsigned char *)buf->data;
    const uint32_t size_bytes = (uint32_t)header[0] | (uint32_t)header[1] << 8 |
                                (uint32_t)header[2] << 16 | (uint32_t)header[3] << 24;
    if (size_bytes > ASSAY_FRAME_MAX_BYTES || !header[4] || !strchr("TSCXKPRLED", header[4]))
        return assay_fail(err, ASSAY_FORMAT, "malformed frame: type %u, %u bytes", header[4],
                          size_bytes);
    if (buf->size - HEADER_BYTES < size_bytes) {
        *ret_used_bytes = 0;
        return ASSAY_OK;
    }
    *ret_frame = (struct assay_frame){.type = (enum assay_frame_type)header[4],
                                      .payload = buf->data + HEADER_BYTES,
                                      .size_bytes = size_bytes};
    *ret_used_bytes = HEADER_BYTES + size_bytes;
    return ASSAY_OK;
}

/* A frame that was delivered stays at the front of buf until the next read; its length is found
 * again. */
static void drop_delivered(struct assay_buf *buf, const struct assay_frame *frame)
{
    if (frame->payload && buf->data && frame->payload == buf->data + HEADER_BYTES)
        assay_buf_consume(buf, HEADER_BYTES + frame->size_bytes);
}

int assay_frame_read(int fd, struct assay_buf *buf, struct assay_frame *ret_frame, bool *ret_end,
                     struct assay_error *err)
{
    drop_delivered(buf, ret_frame);
    *ret_frame = (struct assay_frame){0};
    *ret_end = false;
    for (;;) {
        size_t used_bytes;
        ASSAY_TRY(assay_frame_parse(buf, ret_frame, &used_bytes, err));
        if (used_bytes)
            return ASSAY_OK;
        if (!assay_buf_reserve(buf, READ_STEP))
            return assay_fail_memory(err);
        const ssize_t got = read(fd, buf->data + buf->size, READ_STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return assay_fail_errno(err, ASSAY_IO, errno, "reading a frame");
        if (got == 0) {
            if (buf->size)
                return assay_fail(err, ASSAY_FORMAT, "the stream ended inside a frame");
            *ret_end = true;
            return ASSAY_OK;
        }
        buf->size += (size_t)got;
        buf->data[buf->size] = '\0';
    }
}
