// Quantiles by compactors over a sampler.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/quantile.h"

#include <math.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/kernels/sort.h"

#define BLOCK     ASSAY_QUANTILE_BLOCK
#define INPUT_MAX (ASSAY_QUANTILE_INPUT_BLOCKS * BLOCK)

int64_t assay_key_of_real(double value)
{
    int64_t bits;
    value += 0.0; /* −0.0 is 0.0 */
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((bits >> 63) & INT64_MAX);
}

double assay_real_of_key(int64_t key)
{
    const int64_t bits = key ^ ((key >> 63) & INT64_MAX);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void assay_quantile_init(struct assay_quantile *quantile, uint32_t exact_capacity, uint64_t seed)
{
    *quantile =
        (struct assay_quantile){.exact_capacity = exact_capacity, .exact = true, .random = seed};
}

void assay_quantile_release(struct assay_quantile *quantile)
{
    assay_free(quantile->input);
    for (size_t i = 0; i < ASSAY_QUANTILE_LEVELS; i++)
        assay_free(quantile->blocks[i]);
    *quantile = (struct assay_quantile){0};
}

/* The weight (log2) of sampled keys once `count` values were seen. */
static uint32_t level_for(uint64_t count)
{
    const uint32_t log2_count = count ? 63 - (uint32_t)__builtin_clzll(count) : 0;
    return log2_count < ASSAY_QUANTILE_ALL_LOG2 ? 0 : log2_count - ASSAY_QUANTILE_ALL_LOG2 + 1;
}

static bool reserve_input(struct assay_quantile *quantile, uint32_t count)
{
    if (count <= quantile->input_capacity)
        return true;
    uint32_t capacity = quantile->input_capacity ? quantile->input_capacity : 64;
    while (capacity < count)
        capacity *= 2;
    int64_t *input = assay_reallocarray(quantile->input, capacity, sizeof *input);
    if (!input)
        return false;
    quantile->input = input;
    quantile->input_capacity = capacity;
    return true;
}

static void sort_keys(int64_t *keys, size_t n)
{
    int64_t scratch[INPUT_MAX];
    assay_sort_ints(keys, n, scratch);
}

/* Every other key, the first or the second by chance: each left over stands for two. */
static size_t halve(struct assay_quantile *quantile, int64_t *sorted, size_t n)
{
    size_t kept = 0;
    for (size_t i = assay_random_next(&quantile->random) >> 63; i < n; i += 2)
        sorted[kept++] = sorted[i];
    return kept;
}

/* Merge two full blocks and keep every other key, into `into`: the lower half from the front, the
 * upper from the back, so that the processor has two chains to work on and nothing to guess. */
static void merge_halve(struct assay_quantile *quantile, int64_t *into, const int64_t *other)
{
    int64_t merged[2 * BLOCK];
    size_t a = 0, b = 0, a_end = BLOCK, b_end = BLOCK;
    for (size_t i = 0; i < BLOCK; i++) {
        const int64_t low_a = into[a], low_b = other[b];
        const int64_t high_a = into[a_end - 1], high_b = other[b_end - 1];
        const bool take_a = low_a <= low_b, take_b_end = high_a <= high_b;
        merged[i] = take_a ? low_a : low_b;
        merged[2 * BLOCK - 1 - i] = take_b_end ? high_b : high_a;
        a += take_a;
        b += !take_a;
        a_end -= !take_b_end;
        b_end -= take_b_end;
    }
    halve(quantile, merged, 2 * BLOCK);
    memcpy(into, merged, BLOCK * sizeof *into);
}

/* Put a full sorted block (taken over) at its level; two of one level become one of the next. */
static void carry(struct assay_quantile *quantile, int64_t *block, uint32_t level)
{
    while (quantile->blocks[level] && level + 1 < ASSAY_QUANTILE_LEVELS) {
        merge_halve(quantile, block, quantile->blocks[level]);
        assay_free(quantile->blocks[level]);
        quantile->blocks[level++] = NULL;
    }
    quantile->blocks[level] = block;
}

/* The input is full: of its sorted keys every w-th, from the first w by chance, makes a block of w
 * times their weight. */
static bool flush_input(struct assay_quantile *quantile)
{
    const uint32_t step = quantile->exact_capacity / BLOCK;
    int64_t *block = assay_calloc(BLOCK, sizeof *block);
    if (!block)
        return false;
    sort_keys(quantile->input, quantile->exact_capacity);
    const uint64_t first = step > 1 ? assay_random_next(&quantile->random) & (step - 1) : 0;
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = quantile->input[first + i * step];
    quantile->input_count = 0;
    carry(quantile, block, quantile->input_level + (uint32_t)__builtin_ctz(step));
    return true;
}

static bool push(struct assay_quantile *quantile, const int64_t *keys, size_t n)
{
    if (!reserve_input(quantile, quantile->exact_capacity))
        return false;
    while (n > 0) {
        const size_t room = quantile->exact_capacity - quantile->input_count;
        const size_t part = n < room ? n : room;
        memcpy(quantile->input + quantile->input_count, keys, part * sizeof *keys);
        quantile->input_count += (uint32_t)part;
        keys += part;
        n -= part;
        if (quantile->input_count == quantile->exact_capacity && !flush_input(quantile))
            return false;
    }
    return true;
}

/* Sorted keys (changed) of a level at or below the input's, thinned to its weight. */
static bool push_up(struct assay_quantile *quantile, int64_t *sorted, size_t n, uint32_t level)
{
    for (; level < quantile->input_level; level++)
        n = halve(quantile, sorted, n);
    return push(quantile, sorted, n);
}

static void start_groups(struct assay_quantile *quantile)
{
    const uint64_t group = UINT64_C(1) << quantile->input_level;
    quantile->group_offset = (uint32_t)(assay_random_next(&quantile->random) & (group - 1));
    quantile->to_skip = quantile->group_offset;
}

/* From here on keys of at least this level: what lies below is thinned. */
static bool raise_input(struct assay_quantile *quantile, uint32_t level)
{
    if (level <= quantile->input_level)
        return true;
    int64_t keys[INPUT_MAX];
    const uint32_t count = quantile->input_count, was = quantile->input_level;
    if (count)
        memcpy(keys, quantile->input, count * sizeof *keys);
    sort_keys(keys, count);
    quantile->input_count = 0;
    quantile->input_level = level;
    start_groups(quantile);
    if (!push_up(quantile, keys, count, was))
        return false;
    for (uint32_t below = was; below < level; below++) {
        ASSAY_AUTO(assay_free) void *block = ASSAY_TAKE(quantile->blocks[below]);
        if (block && !push_up(quantile, block, BLOCK, below))
            return false;
    }
    return true;
}

/* The values kept so far become keys of weight 1. */
static bool leave_exact(struct assay_quantile *quantile)
{
    quantile->exact = false;
    return quantile->input_count < quantile->exact_capacity || flush_input(quantile);
}

/* Take values while they all can be kept. Returns how many were. */
static size_t fill_exact(struct assay_quantile *quantile, size_t n, int64_t **ret_into)
{
    const size_t room = quantile->exact_capacity - quantile->input_count;
    const size_t part = n < room ? n : room;
    if (!reserve_input(quantile, quantile->input_count + (uint32_t)part))
        return SIZE_MAX;
    *ret_into = quantile->input + quantile->input_count;
    quantile->input_count += (uint32_t)part;
    return part;
}

/* Indexes of those of n values that the sampler takes: one of each group of 2^input_level. */
static size_t choose(struct assay_quantile *quantile, size_t n, uint32_t *ret_chosen)
{
    const uint64_t last = (UINT64_C(1) << quantile->input_level) - 1;
    size_t chosen = 0, i = 0;
    while (quantile->to_skip < n - i) {
        i += quantile->to_skip;
        ret_chosen[chosen++] = (uint32_t)i++;
        const uint64_t offset = assay_random_next(&quantile->random) & last;
        quantile->to_skip = last - quantile->group_offset + offset;
        quantile->group_offset = (uint32_t)offset;
    }
    quantile->to_skip -= n - i;
    return chosen;
}

/* How many of n values come before the sampler's groups grow; sets the level for them. 0 when out
 * of memory. */
static size_t stage(struct assay_quantile *quantile, size_t n)
{
    const uint32_t level = level_for(quantile->count);
    if (!leave_exact(quantile) || !raise_input(quantile, level))
        return 0;
    const uint64_t left = (UINT64_C(1) << (ASSAY_QUANTILE_ALL_LOG2 + level)) - quantile->count;
    const size_t most = n < BLOCK ? n : BLOCK;
    return left < most ? (size_t)left : most;
}

/* The key of a value: of the integer itself, of a real its order. */
static inline int64_t key_at(const void *values, bool real, size_t i)
{
    return real ? assay_key_of_real(((const double *)values)[i]) : ((const int64_t *)values)[i];
}

/* `real` is a constant at each call, so that each kind gets loops of its own. */
static inline __attribute__((always_inline)) bool
add_values(struct assay_quantile *quantile, const void *values, bool real, size_t n)
{
    size_t at = 0;
    if (quantile->exact && n) {
        int64_t *into = NULL;
        const size_t part = fill_exact(quantile, n, &into);
        if (part == SIZE_MAX)
            return false;
        for (; at < part; at++)
            into[at] = key_at(values, real, at);
        quantile->count += part;
    }
    while (at < n) {
        uint32_t chosen[BLOCK];
        int64_t taken[BLOCK];
        const size_t part = stage(quantile, n - at);
        if (!part)
            return false;
        const size_t count = choose(quantile, part, chosen);
        for (size_t i = 0; i < count; i++)
            taken[i] = key_at(values, real, at + chosen[i]);
        if (!push(quantile, taken, count))
            return false;
        quantile->count += part;
        at += part;
    }
    return true;
}

bool assay_quantile_add_ints(struct assay_quantile *quantile, const int64_t *keys, size_t n)
{
    return add_values(quantile, keys, false, n);
}

bool assay_quantile_add_reals(struct assay_quantile *quantile, const double *values, size_t n)
{
    return add_values(quantile, values, true, n);
}

/* Push the keys of every `step`-th rank. */
static bool push_ranks(struct assay_quantile *quantile, const struct assay_quantile_view *view,
                       uint64_t first, uint64_t step)
{
    int64_t keys[BLOCK];
    size_t count = 0, at = 0;
    for (uint64_t rank = first; rank < view->total; rank += step) {
        while (view->keys[at].weight <= rank)
            at++;
        keys[count++] = view->keys[at].key;
        if (count == BLOCK) {
            if (!push(quantile, keys, count))
                return false;
            count = 0;
        }
    }
    return push(quantile, keys, count);
}

bool assay_quantile_fill(struct assay_quantile *quantile, const struct assay_quantile_view *view)
{
    quantile->count = view->total;
    if (view->total > quantile->exact_capacity) {
        quantile->exact = false;
        return raise_input(quantile, level_for(view->total)) &&
               push_ranks(quantile, view, quantile->group_offset,
                          UINT64_C(1) << quantile->input_level);
    }
    if (!reserve_input(quantile, (uint32_t)view->total))
        return false;
    for (size_t i = 0; i < view->count; i++) {
        while (quantile->input_count < view->keys[i].weight)
            quantile->input[quantile->input_count++] = view->keys[i].key;
    }
    return true;
}

/* Take over the keys of another sketch, which has left exactness. */
static bool merge_keys(struct assay_quantile *quantile, const struct assay_quantile *other)
{
    for (uint32_t level = 0; level < ASSAY_QUANTILE_LEVELS; level++) {
        if (!other->blocks[level])
            continue;
        ASSAY_AUTO(assay_free)
        void *block = assay_memdup(other->blocks[level], BLOCK * sizeof(int64_t));
        if (!block)
            return false;
        if (level >= quantile->input_level)
            carry(quantile, ASSAY_TAKE(block), level);
        else if (!push_up(quantile, block, BLOCK, level))
            return false;
    }
    int64_t keys[INPUT_MAX];
    if (!other->input_count)
        return true;
    memcpy(keys, other->input, other->input_count * sizeof *keys);
    sort_keys(keys, other->input_count);
    return push_up(quantile, keys, other->input_count, other->input_level);
}

bool assay_quantile_merge(struct assay_quantile *quantile, const struct assay_quantile *other)
{
    if (other->exact) {
        const uint64_t before = quantile->count;
        if (quantile->exact || !level_for(before + other->count))
            return assay_quantile_add_ints(quantile, other->input, other->input_count);
        int64_t keys[INPUT_MAX];
        if (other->input_count)
            memcpy(keys, other->input, other->input_count * sizeof *keys);
        sort_keys(keys, other->input_count);
        quantile->count += other->count;
        return raise_input(quantile, level_for(quantile->count)) &&
               push_up(quantile, keys, other->input_count, 0);
    }
    if (!leave_exact(quantile))
        return false;
    quantile->count += other->count;
    const uint32_t level = level_for(quantile->count);
    return raise_input(quantile, level > other->input_level ? level : other->input_level) &&
           merge_keys(quantile, other);
}

static uint64_t weight_of(const struct assay_quantile *quantile)
{
    uint64_t total = (uint64_t)quantile->input_count << quantile->input_level;
    for (uint32_t level = 0; level < ASSAY_QUANTILE_LEVELS; level++)
        total += quantile->blocks[level] ? (uint64_t)BLOCK << level : 0;
    return total;
}

bool assay_quantile_thin(struct assay_quantile *quantile, uint32_t most)
{
    if (quantile->exact && quantile->count <= most)
        return true;
    if (!leave_exact(quantile))
        return false;
    uint32_t level = quantile->input_level;
    while (weight_of(quantile) >> level > most)
        level++;
    return raise_input(quantile, level);
}

static void save_keys(const int64_t *keys, size_t n, struct assay_buf *buf)
{
    for (size_t i = 0; i < n; i++)
        assay_put_u64(buf, (uint64_t)keys[i]);
}

void assay_quantile_save(const struct assay_quantile *quantile, struct assay_buf *buf)
{
    assay_put_varint(buf, quantile->count);
    assay_put_u8(buf, quantile->exact);
    assay_put_u64(buf, quantile->random);
    assay_put_varint(buf, quantile->to_skip);
    assay_put_varint(buf, quantile->group_offset);
    assay_put_varint(buf, quantile->input_level);
    assay_put_varint(buf, quantile->input_count);
    save_keys(quantile->input, quantile->input_count, buf);
    for (uint32_t level = 0; level < ASSAY_QUANTILE_LEVELS; level++) {
        if (!quantile->blocks[level])
            continue;
        assay_put_u8(buf, (uint8_t)(level + 1));
        save_keys(quantile->blocks[level], BLOCK, buf);
    }
    assay_put_u8(buf, 0);
}

static void load_keys(int64_t *keys, size_t n, struct assay_bytes *in)
{
    for (size_t i = 0; i < n; i++)
        keys[i] = (int64_t)assay_get_u64(in);
}

static bool is_sorted(const int64_t *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (keys[i - 1] > keys[i])
            return false;
    }
    return true;
}

static bool load_blocks(struct assay_quantile *quantile, struct assay_bytes *in)
{
    for (unsigned previous = 0, mark; (mark = assay_get_u8(in)) != 0; previous = mark) {
        if (mark <= previous || mark > 48 || in->failed)
            return false;
        int64_t *block = assay_calloc(BLOCK, sizeof *block);
        if (!block)
            return false;
        quantile->blocks[mark - 1] = block;
        load_keys(block, BLOCK, in);
        if (in->failed || !is_sorted(block, BLOCK))
            return false;
    }
    return !in->failed;
}

/* Weights that no save wrote would run over. */
static bool is_plausible(const struct assay_quantile *quantile)
{
    long double total = ldexpl(quantile->input_count, (int)quantile->input_level);
    for (uint32_t level = 0; level < ASSAY_QUANTILE_LEVELS; level++) {
        if (quantile->blocks[level] && (quantile->exact || level < quantile->input_level))
            return false;
        total += quantile->blocks[level] ? ldexpl(BLOCK, (int)level) : 0;
    }
    if (quantile->exact)
        return quantile->input_level == 0 && quantile->input_count == quantile->count;
    return quantile->input_level >= level_for(quantile->count) &&
           quantile->count < UINT64_C(1) << 58 && total <= 4 * (long double)quantile->count + 4096;
}

bool assay_quantile_load(struct assay_quantile *quantile, struct assay_bytes *in)
{
    quantile->count = assay_get_varint(in);
    const uint8_t exact = assay_get_u8(in);
    quantile->exact = exact == 1;
    quantile->random = assay_get_u64(in);
    quantile->to_skip = assay_get_varint(in);
    quantile->group_offset = assay_get_count(in, UINT32_MAX);
    quantile->input_level = assay_get_count(in, 32);
    const uint32_t count = assay_get_count(in, quantile->exact_capacity - (exact ? 0 : 1));
    if (in->failed || exact > 1 || quantile->to_skip >> 34 ||
        (uint64_t)quantile->group_offset >> quantile->input_level ||
        !reserve_input(quantile, count))
        return false;
    quantile->input_count = count;
    load_keys(quantile->input, count, in);
    return load_blocks(quantile, in) && is_plausible(quantile);
}
