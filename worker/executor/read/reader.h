/* Reader: the face of everything that delivers record batches: text files, JSON, a database's rows.
 * A reader reads one split of one container, front to back. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_READER_H
#define ASSAY_EXECUTOR_READER_H

#include <stdatomic.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "worker/executor/batch/batch.h"

/** A record that could not be read: counted, located, its raw text kept (bounded). */
struct assay_rejection {
    uint32_t file;
    uint64_t line;        /* from 1 */
    uint64_t byte_offset; /* of the record's first byte */
    char *reason;         /* "3 cells where the header has 5" */
    char *raw;            /* at most ASSAY_RAW_BYTES, UTF-8 made safe */
};
#define ASSAY_RAW_BYTES       1024
#define ASSAY_REJECTIONS_KEPT 100 /* all are counted, the first ones are kept */

struct assay_rejections {
    uint64_t count;
    struct assay_rejection *items; /* the first ASSAY_REJECTIONS_KEPT, by position */
    size_t kept;
};
void assay_rejections_release(struct assay_rejections *rejections);
/** Add a rejection; raw is copied, bounded and made safe. False when out of memory (it is counted
 * all the same). */
bool assay_rejections_add(struct assay_rejections *rejections, uint32_t file, uint64_t line,
                          uint64_t byte_offset, const char *raw, size_t raw_bytes,
                          const char *reason_format, ...) ASSAY_PRINTF(7, 8);
/** Move the first ones of `from` over (lines grow by line_shift: a range's own become the file's)
 * and add its count; `from` is empty after. Call in order of position. False when out of memory
 * (the count is right all the same). */
bool assay_rejections_merge(struct assay_rejections *rejections, struct assay_rejections *from,
                            uint64_t line_shift);

struct assay_reader;

/** What an implementation gives. The struct assay_reader is the first member of its own struct. */
struct assay_reader_ops {
    int (*next)(struct assay_reader *reader, const struct assay_batch **ret_batch,
                struct assay_error *err);
    void (*close)(struct assay_reader *reader);
};

struct assay_reader {
    const struct assay_reader_ops *ops;
    struct assay_schema schema;         /* known after open; the reader's */
    struct assay_rejections rejections; /* grows while reading */
    uint64_t records_read;              /* delivered in batches so far (without rejected ones) */
    uint64_t bytes_read;                /* of the source */
    uint64_t lines_read;                /* text files: lines consumed so far */
    struct json_t *warnings; /* NULL, or [{"code","field","message"}]: counted oddities that are no
                                rejections; whole at the end of the data; the implementation's */
    uint64_t
        stop; /* CSV ranges, at the end of the data: offset of the first record after the range */
    const atomic_bool *cancelled; /* NULL, or checked at least once a batch */
};

/** Read the next batch. *ret_batch is the reader's, valid until the next call; NULL at the end of
 * the data. One thread per reader. Never logs. ASSAY_CANCELLED when *cancelled is set.
 * ASSAY_UNAVAILABLE, ASSAY_TIMEOUT, ASSAY_IO: may be retried. ASSAY_FORMAT, ASSAY_SCHEMA_CHANGED:
 * never. */
ASSAY_MUST_CHECK int assay_reader_next(struct assay_reader *reader,
                                       const struct assay_batch **ret_batch,
                                       struct assay_error *err);
/** Close and free; NULL is allowed. */
void assay_reader_close(struct assay_reader *reader);
ASSAY_DEFINE_CLEANUP(struct assay_reader, assay_reader_close)

#endif
