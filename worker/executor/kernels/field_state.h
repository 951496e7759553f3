/* The composite kernel: all statistics of one field, batch by batch, merged from parts, saved and
 * loaded.
 *
 * Exact: counts, min, max, sums (integers, decimals, decimals read as doubles while they have at
 * most 15 digits, and doubles correctly rounded), moments (NIST
 * sets to ≥ 12 digits of mean and ≥ 9 of deviation, also merged), lengths; distinct values, values
 * that occur once, entropy, top values and quantiles while a field is small
 * (ASSAY_FIELD_EXACT_VALUES distinct values or values). Estimated beyond: distinct by HyperLogLog
 * (relative standard error 0.81 %), quantiles by KLL (rank error ASSAY_QUANTILE_RANK_ERROR at 99
 * %), unique ratio and entropy by a hash sample of the distinct values, top values by filtered
 * space-saving with a bound for each, patterns and normality by a bottom-k sample of the records.
 *
 * What must be equal is equal: the same records under the same seed give the same counts, extremes,
 * exact sums, distinct values and sample for any split and any order of merging; quantile sketches
 * and moments within the stated error; and the same splits merged in the same order give the same
 * bytes. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_FIELD_STATE_H
#define ASSAY_KERNELS_FIELD_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/error.h"
#include "worker/executor/batch/batch.h"
#include "worker/executor/kernels/field_stats.h"

/* Distinct values, and values for quantiles, up to which figures are exact. */
#define ASSAY_FIELD_EXACT_VALUES 4096
#define ASSAY_FIELD_SAMPLE       1024                 /* values of the uniform sample */
#define ASSAY_FIELD_STATE_BYTES  ((size_t)1280 << 10) /* default ceiling of one field */

/** What to leave out of a field's statistics (each saves time and memory; its figures stay without
 * value). */
enum {
    ASSAY_LEAVE_MOMENTS = 1 << 0,
    ASSAY_LEAVE_QUANTILES = 1 << 1, /* and the histogram by width */
    ASSAY_LEAVE_DISTINCT =
        1 << 2, /* distinct, unique ratio, entropy, top values, histogram by value */
    ASSAY_LEAVE_SAMPLE = 1 << 3, /* patterns, normality, the sample itself */
};

/** How a field is to be counted. Zero means the default everywhere but in layout. Merged states
 * must agree in all. */
struct assay_field_plan {
    enum assay_layout layout;               /* any but CELL */
    uint8_t scale;                          /* decimals */
    uint64_t seed;                          /* of the sample and the sketches' choices */
    size_t memory_max_bytes;                /* ceiling of one state; lowers capacities. At least
                                               100 (boolean) to 290 KiB (128-bit) are used;
                                               0 = default */
    uint32_t histogram_max_distinct_values; /* 0 = 100 */
    uint32_t top_values_max;                /* listed by finish; 0 = 128 */
    unsigned leave_out;                     /* ASSAY_LEAVE_… */
    bool decimals; /* doubles that were read from decimal text: their sum is that of the decimals */
};

/** Most memory that one state with this plan ever takes, known before the run (heap overhead
 * apart). For LIST the elements are counted in. */
size_t assay_field_state_bytes(const struct assay_field_plan *plan);

/* --- the records of a batch, as kernels see them --------------------------------------------- */

/** Row identities of the current batch, hashed, and scratch memory of one thread. Set once for each
 * batch, used for all its fields. */
struct assay_kernel_rows;

/** NULL when out of memory. One for each thread. */
struct assay_kernel_rows *assay_kernel_rows_new(void);
void assay_kernel_rows_free(struct assay_kernel_rows *rows);
ASSAY_DEFINE_CLEANUP(struct assay_kernel_rows, assay_kernel_rows_free)

/** Take the identities of `rows` (≤ ASSAY_BATCH_ROWS) records: file number with the byte offset of
 * each record when `offset` is given, else with first_row + i. Give what does not depend on how the
 * container was split: offsets in a text file, row numbers of a Parquet file, a physical row number
 * of a table. */
void assay_kernel_rows_set(struct assay_kernel_rows *rows, uint64_t seed, uint64_t file,
                           uint64_t first_row, const uint64_t *offset, size_t rows_count);
/** The hashes, one for each row of the batch; equal seeds and identities give equal hashes. */
const uint64_t *assay_kernel_rows_hashes(const struct assay_kernel_rows *rows);

/* --- a field's state ------------------------------------------------------------------------ */

struct assay_field_state;

/** ASSAY_INVALID for a layout that cannot be counted; ASSAY_NO_MEMORY. One thread at a time. */
ASSAY_MUST_CHECK int assay_field_state_new(const struct assay_field_plan *plan,
                                           struct assay_field_state **ret_state,
                                           struct assay_error *err);
void assay_field_state_free(struct assay_field_state *state);
ASSAY_DEFINE_CLEANUP(struct assay_field_state, assay_field_state_free)

/** Count the values of a column: as many as assay_kernel_rows_set() was told. The column's layout
 * and scale must be the plan's (a LAYOUT_NULL column is taken as all null by any). Nothing of the
 * column is kept, but of a column of codes: its counts wait for assay_field_state_settle(), and
 * until then the dictionary must live. Never logs. ASSAY_INVALID on another layout, or another
 * dictionary than before, ASSAY_NO_MEMORY (the state is then useless: free it). */
ASSAY_MUST_CHECK int assay_field_state_add(struct assay_field_state *state,
                                           const struct assay_column *column,
                                           struct assay_kernel_rows *rows, struct assay_error *err);

/** When columns came as codes: count their texts, before anything else is done with the state.
 * ASSAY_NO_MEMORY as above. */
ASSAY_MUST_CHECK int assay_field_state_settle(struct assay_field_state *state,
                                              struct assay_error *err);

/** Take the counts of `other` (unchanged) in. ASSAY_INVALID when the plans differ,
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_field_state_merge(struct assay_field_state *state,
                                             const struct assay_field_state *other,
                                             struct assay_error *err);

/** All figures. The state is unchanged and may go on. *ret_stats is the caller's. */
ASSAY_MUST_CHECK int assay_field_state_finish(const struct assay_field_state *state,
                                              struct assay_field_stats **ret_stats,
                                              struct assay_error *err);

/** The HyperLogLog registers of the field's values (NULL left out) folded to 2^precision: equal for
 * equal values of any source, and they show containment (common/relate/sketch.h). ASSAY_INVALID for
 * a field whose distinct values are not counted; ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_field_state_registers(const struct assay_field_state *state,
                                                 unsigned precision, uint8_t *ret_registers,
                                                 struct assay_error *err);

/** Make the state small enough to be kept for each partition: at most about 16 KiB once compressed.
 * Counts, extremes, sums, moments and lengths stay; up to 256 distinct values and 400 values for
 * quantiles stay exact, the rest becomes coarser within its stated error: 128 sampled values,
 * wider bounds of top values, texts of extremes cut at 2 KiB. It merges with states of the same
 * plan, thin or not. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_field_state_thin(struct assay_field_state *state,
                                            struct assay_error *err);

/** Append the state as bytes: version byte, plan, parts, checksum; byte order is little-endian
 * everywhere. */
ASSAY_MUST_CHECK int assay_field_state_save(const struct assay_field_state *state,
                                            struct assay_buf *buf, struct assay_error *err);
/** Read one saved state from the front of the bytes; *ret_used is its size. ASSAY_FORMAT for
 * another version, a layout or checksum that does not fit, or anything else that no save wrote.
 * Hostile bytes are safe. */
ASSAY_MUST_CHECK int assay_field_state_load(const void *data, size_t size_bytes, size_t *ret_used,
                                            struct assay_field_state **ret_state,
                                            struct assay_error *err);

const struct assay_field_plan *assay_field_state_plan(const struct assay_field_state *state);

#endif
