// Queries to the quantiles: all keys sorted, with cumulative weights.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/kernels/quantile.h"
#include "worker/executor/kernels/sort.h"

#define BLOCK     ASSAY_QUANTILE_BLOCK
#define INPUT_MAX (ASSAY_QUANTILE_INPUT_BLOCKS * BLOCK)

static void merge_view(struct assay_weighted_key *into, size_t *count, const int64_t *sorted,
                       size_t n, uint64_t weight)
{
    size_t a = *count, b = n, at = a + b;
    while (b > 0) {
        if (a > 0 && into[a - 1].key > sorted[b - 1]) {
            into[--at] = into[--a];
        } else {
            into[--at] = (struct assay_weighted_key){.key = sorted[--b], .weight = weight};
        }
    }
    *count += n;
}

bool assay_quantile_view(const struct assay_quantile *quantile,
                         struct assay_quantile_view *ret_view)
{
    size_t most = quantile->input_count + 1;
    for (size_t i = 0; i < ASSAY_QUANTILE_LEVELS; i++)
        most += quantile->blocks[i] ? BLOCK : 0;
    struct assay_weighted_key *keys = assay_calloc(most, sizeof *keys);
    int64_t input[INPUT_MAX], scratch[INPUT_MAX];
    if (!keys)
        return false;
    if (quantile->input_count)
        memcpy(input, quantile->input, quantile->input_count * sizeof *input);
    assay_sort_ints(input, quantile->input_count, scratch);
    size_t count = 0;
    merge_view(keys, &count, input, quantile->input_count, UINT64_C(1) << quantile->input_level);
    for (size_t i = 0; i < ASSAY_QUANTILE_LEVELS; i++) {
        if (quantile->blocks[i])
            merge_view(keys, &count, quantile->blocks[i], BLOCK, UINT64_C(1) << i);
    }
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        keys[i].weight = total += keys[i].weight;
    *ret_view = (struct assay_quantile_view){
        .keys = keys, .count = count, .total = total, .exact = quantile->exact};
    return true;
}

/* The first key up to which the weights come to `target`. */
static int64_t key_at(const struct assay_quantile_view *view, uint64_t target)
{
    size_t low = 0, high = view->count - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (view->keys[middle].weight < target)
            low = middle + 1;
        else
            high = middle;
    }
    return view->keys[low].key;
}

void assay_quantile_at(const struct assay_quantile_view *view, double q, int64_t *ret_low,
                       int64_t *ret_high, double *ret_between)
{
    if (!view->exact) {
        *ret_low = *ret_high = key_at(view, (uint64_t)ceil(q * (double)view->total));
        *ret_between = 0;
        return;
    }
    const double h = (double)(view->total - 1) * q, low = floor(h);
    const uint64_t rank = (uint64_t)low;
    *ret_low = key_at(view, rank + 1);
    *ret_high = key_at(view, rank + 2 < view->total ? rank + 2 : view->total);
    *ret_between = h - low;
}

uint64_t assay_quantile_rank(const struct assay_quantile_view *view, int64_t key, bool or_equal)
{
    size_t low = 0, high = view->count; /* keys that lie below */
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int64_t at = view->keys[middle].key;
        if (at < key || (or_equal && at == key))
            low = middle + 1;
        else
            high = middle;
    }
    return low ? view->keys[low - 1].weight : 0;
}
