/* Progress on stderr: one line that moves on a terminal, one line every ten seconds elsewhere. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_PROGRESS_H
#define ASSAY_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/json/json.h"

/** Zero-initialise; one thread. */
struct assay_progress_line {
    bool silent, terminal, shown;
    const char *name; /* what is being read; borrowed */
    int64_t started_ns, said_ns;
};

/** Begin a task. */
void assay_progress_line_begin(struct assay_progress_line *line, const char *name);
/** Show a PROGRESS frame's body. */
void assay_progress_line_show(struct assay_progress_line *line, const json_t *body);
/** What it says: "orders.csv: reading, 45 %, 12.3 M records, 210 MB/s, 0:12 left", or, while there
 * is nothing to count, "postgresql://db: connecting for 12 s". seconds: since the task began. */
void assay_progress_describe(const char *name, const json_t *body, double seconds, char *text,
                             size_t size_bytes);
/** Take the line off the terminal; also before anything else is written to stderr. */
void assay_progress_line_clear(struct assay_progress_line *line);

/** "12.3 M", "1,234": for people. text: at least 32 bytes. */
const char *assay_human_count(double count, char text[static 32]);
/** "3.2 MB": powers of ten. */
const char *assay_human_bytes(double bytes, char text[static 32]);
/** "0.45 s", "1:05", "2:03:04". */
const char *assay_human_seconds(double seconds, char text[static 32]);

#endif
