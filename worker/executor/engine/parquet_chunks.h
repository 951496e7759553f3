/* Parquet: what a footer says of its column chunks. It is read as it lies in the file (Thrift's
 * compact protocol): the engine's table function for it takes milliseconds to plan and run. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_PARQUET_CHUNKS_H
#define ASSAY_ENGINE_PARQUET_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

/** The pages of one column in one row group. Columns are the leaves of the schema, in its order. */
struct assay_parquet_chunk {
    size_t group, column;
    uint64_t compressed_bytes; /* as they are stored, 0 where the footer says nothing or nonsense */
    uint64_t plain_bytes;      /* decompressed */
    const char *name; /* of a column that is no part of another; NULL = it is. Not terminated, valid
                         during the call */
    size_t name_bytes;
    bool texts;                /* its values are bytes of any length */
    uint64_t values;           /* nulls among them */
    uint64_t dictionary_bytes; /* as it is stored; 0 = there is none in front of the pages */
};

typedef int assay_parquet_chunk_fn(void *context, const struct assay_parquet_chunk *chunk,
                                   struct assay_error *err);

/** Call `take` for each chunk of the file, row group by row group. Any thread. ASSAY_FORMAT when
 * the file has no footer that can be read so, maybe after some chunks (the engine says better what
 * is wrong with it); errors of open(2); the first failure of `take`. */
ASSAY_MUST_CHECK int assay_parquet_chunks(const char *path, assay_parquet_chunk_fn *take,
                                          void *context, struct assay_error *err);

#endif
