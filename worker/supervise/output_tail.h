/* The last of what an executor wrote to its stdout and stderr, without secrets. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SUPERVISE_OUTPUT_TAIL_H
#define ASSAY_SUPERVISE_OUTPUT_TAIL_H

#include "common/base/buf.h"
#include "common/json/json.h"

enum { ASSAY_TAIL_BYTES = 4096, ASSAY_TAIL_SHOWN_BYTES = 300 };

/** Zero-initialise; release with assay_output_tail_release(). Bounded whatever is added. One
 * thread. */
struct assay_output_tail {
    struct assay_buf bytes;
};
void assay_output_tail_add(struct assay_output_tail *tail, const char *text, size_t size_bytes);
/** Append the last lines, joined by " | ", at most ASSAY_TAIL_SHOWN_BYTES, safe to print, secrets
 * replaced. */
void assay_output_tail_show(const struct assay_output_tail *tail, const json_t *secrets,
                            struct assay_buf *text);
void assay_output_tail_release(struct assay_output_tail *tail);

/** Append text with every text value of `secrets` (any depth, at least 4 bytes long) replaced by
 * "***". */
void assay_redact(const char *text, const json_t *secrets, struct assay_buf *redacted);

#endif
