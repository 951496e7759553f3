// Spill: buckets of one file, each a list of extents.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/lookup/spill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"

struct bucket {
    unsigned char *buffer; /* the last extent, until it is written */
    size_t used_bytes;
    uint64_t *extents; /* offsets in the file */
    size_t extents_count, extents_room;
    uint64_t records;
};

struct assay_spill {
    int fd;
    size_t record_bytes;
    uint64_t end; /* of the file */
    struct bucket buckets[ASSAY_SPILL_BUCKETS];
};

/* --- the file --- */

int assay_spill_write(int fd, const void *data, size_t size_bytes, uint64_t offset,
                      struct assay_error *err)
{
    for (size_t done = 0; done < size_bytes;) {
        const ssize_t put =
            pwrite(fd, (const char *)data + done, size_bytes - done, (off_t)(offset + done));
        if (put < 0 && errno != EINTR)
            return assay_fail_errno(err, ASSAY_IO, errno, "writing temporary data");
        done += put > 0 ? (size_t)put : 0;
    }
    return ASSAY_OK;
}

int assay_spill_read(int fd, void *data, size_t size_bytes, uint64_t offset,
                     struct assay_error *err)
{
    for (size_t done = 0; done < size_bytes;) {
        const ssize_t got =
            pread(fd, (char *)data + done, size_bytes - done, (off_t)(offset + done));
        if (got == 0 || (got < 0 && errno != EINTR))
            return assay_fail_errno(err, ASSAY_IO, got ? errno : EIO, "reading temporary data");
        done += got > 0 ? (size_t)got : 0;
    }
    return ASSAY_OK;
}

/* --- buckets --- */

int assay_spill_new(size_t record_bytes, struct assay_spill **ret_spill, struct assay_error *err)
{
    struct assay_spill *spill = assay_calloc(1, sizeof *spill);
    if (!spill)
        return assay_fail_memory(err);
    spill->record_bytes = record_bytes;
    const int code = assay_file_unnamed("values of references", &spill->fd, err);
    if (code != ASSAY_OK) {
        assay_free(spill);
        return code;
    }
    *ret_spill = spill;
    return ASSAY_OK;
}

void assay_spill_free(struct assay_spill *spill)
{
    if (!spill)
        return;
    for (size_t i = 0; i < ASSAY_SPILL_BUCKETS; i++) {
        assay_free(spill->buckets[i].buffer);
        assay_free(spill->buckets[i].extents);
    }
    (void)close(spill->fd);
    assay_free(spill);
}

static int write_extent(struct assay_spill *spill, struct bucket *bucket, struct assay_error *err)
{
    if (bucket->extents_count == bucket->extents_room) {
        const size_t room = bucket->extents_room ? 2 * bucket->extents_room : 8;
        uint64_t *extents = assay_reallocarray(bucket->extents, room, sizeof *extents);
        if (!extents)
            return assay_fail_memory(err);
        bucket->extents = extents;
        bucket->extents_room = room;
    }
    ASSAY_TRY(assay_spill_write(spill->fd, bucket->buffer, bucket->used_bytes, spill->end, err));
    bucket->extents[bucket->extents_count++] = spill->end;
    spill->end += ASSAY_SPILL_EXTENT_BYTES;
    bucket->used_bytes = 0;
    return ASSAY_OK;
}

int assay_spill_add(struct assay_spill *spill, size_t number, const void *record,
                    struct assay_error *err)
{
    struct bucket *bucket = &spill->buckets[number];
    if (!bucket->buffer && !(bucket->buffer = assay_malloc(ASSAY_SPILL_EXTENT_BYTES)))
        return assay_fail_memory(err);
    memcpy(bucket->buffer + bucket->used_bytes, record, spill->record_bytes);
    bucket->used_bytes += spill->record_bytes;
    bucket->records++;
    return bucket->used_bytes < ASSAY_SPILL_EXTENT_BYTES ? ASSAY_OK
                                                         : write_extent(spill, bucket, err);
}

int assay_spill_finish(struct assay_spill *spill, struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_SPILL_BUCKETS; i++) {
        struct bucket *bucket = &spill->buckets[i];
        if (bucket->used_bytes)
            ASSAY_TRY(write_extent(spill, bucket, err));
        assay_free(bucket->buffer);
        bucket->buffer = NULL;
    }
    return ASSAY_OK;
}

uint64_t assay_spill_count(const struct assay_spill *spill, size_t bucket)
{
    return spill->buckets[bucket].records;
}

int assay_spill_next(const struct assay_spill *spill, size_t number, size_t *at, void *records,
                     size_t *ret_count, struct assay_error *err)
{
    const struct bucket *bucket = &spill->buckets[number];
    const size_t whole = ASSAY_SPILL_EXTENT_BYTES / spill->record_bytes;
    *ret_count = 0;
    if (*at == bucket->extents_count)
        return ASSAY_OK;
    const uint64_t left = bucket->records - (uint64_t)*at * whole;
    const size_t count = left < whole ? (size_t)left : whole;
    ASSAY_TRY(assay_spill_read(spill->fd, records, count * spill->record_bytes,
                               bucket->extents[*at], err));
    (*at)++;
    *ret_count = count;
    return ASSAY_OK;
}
