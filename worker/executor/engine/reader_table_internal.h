/* Reader table: its structs, shared by reader_table.c (DuckDB's face) and reader_table_fill.c
 * (values). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_READER_TABLE_INTERNAL_H
#define ASSAY_ENGINE_READER_TABLE_INTERNAL_H

#include <pthread.h>

#include "common/base/arena.h"
#include "worker/executor/engine/reader_table.h"
#include "worker/executor/infer/cell_elements.h"

enum assay_table_kind {
    ASSAY_TABLE_NOTHING, /* a column that DuckDB asks for only to count rows */
    ASSAY_TABLE_PART,
    ASSAY_TABLE_FILE,
    ASSAY_TABLE_ROW,
    ASSAY_TABLE_LINE,
    ASSAY_TABLE_OFFSET,
    ASSAY_TABLE_FIELD, /* from here on a field is read */
    ASSAY_TABLE_MISFIT,
    ASSAY_TABLE_RAW,
    ASSAY_TABLE_NUMBER,
};

struct assay_table_column {
    enum assay_table_kind kind;
    size_t field;
};

struct assay_reader_table {
    struct assay_reader_table_spec spec;
    char *name;
    struct assay_table_column *columns; /* as bound */
    size_t columns_count;
    pthread_mutex_t lock; /* guards error and calls of spec.done */
    struct assay_error error;
};

/** One scan of the table. Immutable but for next_part. */
struct assay_table_use {
    struct assay_reader_table *table;
    struct assay_table_column *columns; /* as projected */
    size_t columns_count;
    const char **names; /* of the fields that are read, and their indexes */
    size_t *fields;
    size_t fields_count;
    size_t *place; /* field → place in fields + 1; 0 = not read */
    atomic_size_t next_part;
};

/** One thread of a scan. */
struct assay_table_lane {
    struct assay_reader *reader; /* NULL between parts */
    size_t part;
    uint64_t bytes;
    struct assay_convert **converts; /* of each field that is read; NULL until needed */
    uint64_t *converted;             /* number of the batch that each one holds */
    uint64_t batches;                /* delivered so far */
    size_t converts_count;
    struct assay_elements elements; /* of the lists that are filled */
    struct assay_arena safe;        /* texts of this batch that had to be repaired */
};

struct assay_table_lane *assay_table_lane_new(void);
void assay_table_lane_free(struct assay_table_lane *lane);

enum assay_layout assay_table_layout(const struct assay_reader_table_spec *spec, size_t field);
enum assay_layout assay_table_element_layout(const struct assay_reader_table_spec *spec,
                                             size_t field);

/** Write a batch into the chunk's vectors. */
ASSAY_MUST_CHECK int assay_table_fill(const struct assay_table_use *use,
                                      struct assay_table_lane *lane,
                                      const struct assay_batch *batch, duckdb_data_chunk output,
                                      struct assay_error *err);

#endif
