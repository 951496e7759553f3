// Fuzz target: frames. Any bytes give whole frames, a wish for more, or an error; what is parsed
// writes back to the same bytes.
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/msg/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A frame small enough for a pipe's buffer is written and must come back byte for byte. */
static void write_back(const struct assay_frame *frame, const char *bytes, size_t used)
{
    int fds[2];
    char again[4096];
    if (used > sizeof again || pipe(fds))
        return;
    if (assay_frame_write(fds[1], frame->type, frame->payload, frame->size_bytes, NULL) !=
            ASSAY_OK ||
        read(fds[0], again, sizeof again) != (ssize_t)used || memcmp(again, bytes, used) != 0)
        abort();
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_buf buf = {0};
    assay_buf_append(&buf, data, size);
    for (;;) {
        struct assay_frame frame = {0};
        size_t used = 0;
        struct assay_error err = {0};
        if (assay_frame_parse(&buf, &frame, &used, &err) != ASSAY_OK) {
            if (!err.text[0])
                abort();
            break;
        }
        if (!used)
            break;
        if (used > buf.size || frame.size_bytes + 5 != used)
            abort();
        write_back(&frame, buf.data, used);
        assay_buf_consume(&buf, used);
    }
    assay_buf_release(&buf);
    return 0;
}
