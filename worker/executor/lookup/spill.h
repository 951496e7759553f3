/* Spill: records of one size, kept in a file without a name ($TMPDIR, else /tmp), in buckets that
 * are read back one after the other. Memory: ASSAY_SPILL_BUFFER_BYTES until it is finished, then 8
 * bytes for each 16 KiB of the file. One thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_LOOKUP_SPILL_H
#define ASSAY_LOOKUP_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

#define ASSAY_SPILL_BUCKETS      256
#define ASSAY_SPILL_EXTENT_BYTES ((size_t)16 << 10) /* of one bucket, written at once */
#define ASSAY_SPILL_BUFFER_BYTES (ASSAY_SPILL_BUCKETS * ASSAY_SPILL_EXTENT_BYTES)

/** Write or read all bytes at an offset. ASSAY_IO. */
ASSAY_MUST_CHECK int assay_spill_write(int fd, const void *data, size_t size_bytes, uint64_t offset,
                                       struct assay_error *err);
ASSAY_MUST_CHECK int assay_spill_read(int fd, void *data, size_t size_bytes, uint64_t offset,
                                      struct assay_error *err);

struct assay_spill;
/** record_bytes: a divisor of ASSAY_SPILL_EXTENT_BYTES. *ret_spill: assay_spill_free(). */
ASSAY_MUST_CHECK int assay_spill_new(size_t record_bytes, struct assay_spill **ret_spill,
                                     struct assay_error *err);
void assay_spill_free(struct assay_spill *spill);
ASSAY_DEFINE_CLEANUP(struct assay_spill, assay_spill_free)

/** Add a record to a bucket, 0 to ASSAY_SPILL_BUCKETS - 1. ASSAY_IO (the disk is full),
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_spill_add(struct assay_spill *spill, size_t bucket, const void *record,
                                     struct assay_error *err);
/** Write what is still in buffers, and release them. */
ASSAY_MUST_CHECK int assay_spill_finish(struct assay_spill *spill, struct assay_error *err);
/** Records of a bucket. */
uint64_t assay_spill_count(const struct assay_spill *spill, size_t bucket);
/** Read the next extent of a finished bucket: *at is 0 first and moves on. records has room for
 * ASSAY_SPILL_EXTENT_BYTES; *ret_count of them, 0 at the end. */
ASSAY_MUST_CHECK int assay_spill_next(const struct assay_spill *spill, size_t bucket, size_t *at,
                                      void *records, size_t *ret_count, struct assay_error *err);

#endif
