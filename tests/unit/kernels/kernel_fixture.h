/* What the tests of kernels share: arrays fed in batches, split into shards, merged. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_KERNEL_FIXTURE_H
#define ASSAY_TESTS_KERNEL_FIXTURE_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/kernels/field_state.h"
#include "worker/executor/kernels/hash.h"

#define SEED 42

/* A whole column: rows values of one layout, with a byte each for valid (NULL = all). */
struct whole {
    enum assay_layout layout;
    uint8_t scale;
    size_t value_bytes;
    const void *values;
    const unsigned char *valid;
    size_t rows;
    bool decimals; /* doubles read from decimal text */
};

/* Relative and absolute closeness. */
static inline void assert_close(double got, double want, double tolerance)
{
    if (isnan(want)) {
        assert_true(isnan(got));
        return;
    }
    if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
        fail_msg("%.17g is not %.17g", got, want);
}

static inline void assert_text(struct assay_value_text value, const char *want)
{
    if (!want) {
        assert_null(value.text);
        return;
    }
    assert_non_null(value.text);
    assert_string_equal(value.text, want);
    assert_int_equal(value.size_bytes, strlen(want));
}

static inline struct assay_text text_of(const char *text)
{
    return (struct assay_text){.data = text, .size_bytes = (uint32_t)strlen(text)};
}

static inline struct assay_field_state *state_of(const struct assay_field_plan *plan)
{
    struct assay_error err = {0};
    struct assay_field_state *state = NULL;
    assert_int_equal(assay_field_state_new(plan, &state, &err), ASSAY_OK);
    return state;
}

/* Rows from … to of the column, in batches. */
static inline void feed(struct assay_field_state *state, const struct whole *whole, size_t from,
                        size_t to)
{
    struct assay_error err = {0};
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *rows = assay_kernel_rows_new();
    assert_non_null(rows);
    while (from < to) {
        uint64_t validity[ASSAY_BATCH_ROWS / 64] = {0};
        const size_t count = to - from < ASSAY_BATCH_ROWS ? to - from : ASSAY_BATCH_ROWS;
        for (size_t i = 0; i < count; i++) {
            if (!whole->valid || whole->valid[from + i])
                validity[i / 64] |= UINT64_C(1) << (i % 64);
        }
        const struct assay_column column = {.layout = whole->layout,
                                            .scale = whole->scale,
                                            .validity = whole->valid ? validity : NULL,
                                            .values = (const char *)whole->values +
                                                      from * whole->value_bytes};
        assay_kernel_rows_set(rows, SEED, 0, from, NULL, count);
        assert_int_equal(assay_field_state_add(state, &column, rows, &err), ASSAY_OK);
        from += count;
    }
}

static inline struct assay_field_stats *stats_of(const struct assay_field_state *state)
{
    struct assay_error err = {0};
    struct assay_field_stats *stats = NULL;
    assert_int_equal(assay_field_state_finish(state, &stats, &err), ASSAY_OK);
    return stats;
}

/* Neighbours first, then pairs of pairs. */
static inline struct assay_field_state *count_pairwise(const struct whole *whole, size_t from,
                                                       size_t to, size_t shards)
{
    const struct assay_field_plan plan = {
        .layout = whole->layout, .scale = whole->scale, .seed = SEED, .decimals = whole->decimals};
    if (shards == 1) {
        struct assay_field_state *leaf = state_of(&plan);
        feed(leaf, whole, from, to);
        return leaf;
    }
    const size_t half = shards / 2, middle = from + (to - from) * half / shards;
    struct assay_field_state *left = count_pairwise(whole, from, middle, half);
    ASSAY_AUTO(assay_field_state_free)
    struct assay_field_state *right = count_pairwise(whole, middle, to, shards - half);
    assert_int_equal(assay_field_state_merge(left, right, NULL), ASSAY_OK);
    return left;
}

/* The column in `shards` parts of nearly equal size, merged in order (or from the last). */
static inline struct assay_field_state *count_sharded(const struct whole *whole, size_t shards,
                                                      bool backwards)
{
    struct assay_error err = {0};
    const struct assay_field_plan plan = {
        .layout = whole->layout, .scale = whole->scale, .seed = SEED, .decimals = whole->decimals};
    struct assay_field_state *total = state_of(&plan);
    for (size_t i = 0; i < shards; i++) {
        const size_t shard = backwards ? shards - 1 - i : i;
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *part = state_of(&plan);
        feed(part, whole, whole->rows * shard / shards, whole->rows * (shard + 1) / shards);
        assert_int_equal(assay_field_state_merge(total, part, &err), ASSAY_OK);
    }
    return total;
}

static inline struct assay_field_stats *count_whole(const struct whole *whole)
{
    ASSAY_AUTO(assay_field_state_free)
    struct assay_field_state *state = count_sharded(whole, 1, false);
    return stats_of(state);
}

#endif
