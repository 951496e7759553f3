// Distinct values: exact table, then HyperLogLog, hash sample and filtered counting.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/distinct.h"

#include <math.h>

bool assay_distinct_init(struct assay_distinct *distinct, uint32_t exact_capacity,
                         uint32_t lossy_capacity, uint32_t sample_capacity, bool blob,
                         uint32_t blobs_max_bytes)
{
    *distinct = (struct assay_distinct){.sample_capacity = sample_capacity};
    return assay_frequency_init(&distinct->frequency, exact_capacity, lossy_capacity, blob,
                                blobs_max_bytes);
}

void assay_distinct_release(struct assay_distinct *distinct)
{
    assay_frequency_release(&distinct->frequency);
    assay_hll_release(&distinct->hll);
    assay_hash_sample_release(&distinct->sample);
}

static void add_exact_table(struct assay_distinct *distinct, const struct assay_frequency *table)
{
    for (uint32_t i = 0; i < table->slots_count; i++) {
        if (!table->slots[i].hash)
            continue;
        assay_hll_add(&distinct->hll, &table->slots[i].hash, 1);
        assay_hash_sample_put(&distinct->sample, table->slots[i].hash, table->slots[i].count);
    }
}

/* The table is full: from here on sketches. */
static bool go_inexact(struct assay_distinct *distinct)
{
    if (!assay_distinct_exact(distinct))
        return true;
    if (!assay_hash_sample_init(&distinct->sample, distinct->sample_capacity) ||
        !assay_hll_init(&distinct->hll))
        return false;
    add_exact_table(distinct, &distinct->frequency);
    return assay_frequency_go_lossy(&distinct->frequency);
}

static void add_sketches(struct assay_distinct *distinct, const uint64_t *hashes, size_t n)
{
    assay_hll_add(&distinct->hll, hashes, n);
    assay_hash_sample_add(&distinct->sample, hashes, n);
}

bool assay_distinct_add_words(struct assay_distinct *distinct, const uint64_t *hashes,
                              const uint64_t *words, size_t n)
{
    bool failed = false;
    size_t done = 0;
    distinct->count += n;
    if (assay_distinct_exact(distinct)) {
        done = assay_frequency_add_words(&distinct->frequency, hashes, words, n, &failed);
        if (done == n)
            return true;
        if (failed || !go_inexact(distinct))
            return false;
    }
    add_sketches(distinct, hashes + done, n - done);
    return done + assay_frequency_add_words(&distinct->frequency, hashes + done, words + done,
                                            n - done, &failed) ==
           n;
}

bool assay_distinct_add_texts(struct assay_distinct *distinct, const uint64_t *hashes,
                              const struct assay_text *texts, size_t n)
{
    bool failed = false;
    size_t done = 0;
    distinct->count += n;
    if (assay_distinct_exact(distinct)) {
        done = assay_frequency_add_texts(&distinct->frequency, hashes, texts, n, &failed);
        if (done == n)
            return true;
        if (failed || !go_inexact(distinct))
            return false;
    }
    add_sketches(distinct, hashes + done, n - done);
    return done + assay_frequency_add_texts(&distinct->frequency, hashes + done, texts + done,
                                            n - done, &failed) ==
           n;
}

size_t assay_distinct_add_exact(struct assay_distinct *distinct, const uint64_t *hashes,
                                const uint64_t *words, size_t n, bool *ret_failed)
{
    *ret_failed = false;
    const size_t done =
        assay_frequency_add_words(&distinct->frequency, hashes, words, n, ret_failed);
    distinct->count += done;
    return done;
}

bool assay_distinct_has_room(const struct assay_distinct *distinct, uint64_t hash)
{
    return assay_distinct_exact(distinct) && assay_frequency_has_room(&distinct->frequency, hash);
}

bool assay_distinct_merges_exact(const struct assay_distinct *distinct,
                                 const struct assay_distinct *other)
{
    return assay_distinct_exact(distinct) && assay_distinct_exact(other) &&
           assay_frequency_merges_exact(&distinct->frequency, &other->frequency);
}

bool assay_distinct_put_word(struct assay_distinct *distinct, uint64_t hash, uint64_t word,
                             uint64_t count)
{
    bool full = false;
    if (!count)
        return true;
    distinct->count += count;
    if (assay_distinct_exact(distinct)) {
        if (!assay_frequency_put(&distinct->frequency, hash, count, 0, word, NULL, &full))
            return false;
        if (!full)
            return true;
        if (!go_inexact(distinct))
            return false;
    }
    assay_hll_add(&distinct->hll, &hash, 1);
    assay_hash_sample_put(&distinct->sample, hash, count);
    return assay_frequency_put(&distinct->frequency, hash, count, 0, word, NULL, &full);
}

bool assay_distinct_put_text(struct assay_distinct *distinct, uint64_t hash, struct assay_text text,
                             uint64_t count)
{
    bool full = false;
    distinct->count += count;
    if (assay_distinct_exact(distinct)) {
        if (!assay_frequency_put_text(&distinct->frequency, hash, count, text, &full))
            return false;
        if (!full)
            return true;
        if (!go_inexact(distinct))
            return false;
    }
    assay_hll_add(&distinct->hll, &hash, 1);
    assay_hash_sample_put(&distinct->sample, hash, count);
    return assay_frequency_put_text(&distinct->frequency, hash, count, text, &full);
}

bool assay_distinct_merge(struct assay_distinct *distinct, const struct assay_distinct *other)
{
    bool full = false;
    if (!assay_distinct_exact(other) && !go_inexact(distinct))
        return false;
    if (!assay_frequency_merge(&distinct->frequency, &other->frequency, &full))
        return false;
    if (full) {
        if (!go_inexact(distinct) ||
            !assay_frequency_merge(&distinct->frequency, &other->frequency, &full))
            return false;
    }
    distinct->count += other->count;
    if (assay_distinct_exact(distinct))
        return true;
    if (assay_distinct_exact(other)) {
        add_exact_table(distinct, &other->frequency);
        return true;
    }
    assay_hll_merge(&distinct->hll, &other->hll);
    assay_hash_sample_merge(&distinct->sample, &other->sample);
    return true;
}

bool assay_distinct_thin(struct assay_distinct *distinct, uint32_t exact_most, uint32_t hashes_most,
                         uint32_t watched_most)
{
    if (assay_distinct_exact(distinct) && distinct->frequency.used <= exact_most)
        return true;
    if (!go_inexact(distinct))
        return false;
    assay_hash_sample_thin(&distinct->sample, hashes_most);
    assay_frequency_thin(&distinct->frequency, watched_most);
    return true;
}

bool assay_distinct_registers(const struct assay_distinct *distinct, unsigned precision,
                              uint8_t *ret_registers)
{
    struct assay_hll hll = {0};
    if (!assay_distinct_exact(distinct)) {
        assay_hll_fold(&distinct->hll, precision, ret_registers);
        return true;
    }
    if (!assay_hll_init(&hll))
        return false;
    for (uint32_t i = 0; i < distinct->frequency.slots_count; i++) {
        if (distinct->frequency.slots[i].hash)
            assay_hll_add(&hll, &distinct->frequency.slots[i].hash, 1);
    }
    assay_hll_fold(&hll, precision, ret_registers);
    assay_hll_release(&hll);
    return true;
}

static double c_log_c(uint64_t count)
{
    return (double)count * log((double)count);
}

static void exact_figures(const struct assay_distinct *distinct,
                          struct assay_distinct_figures *figures)
{
    const struct assay_frequency *table = &distinct->frequency;
    double sum = 0, once = 0;
    for (uint32_t i = 0; i < table->slots_count; i++) {
        if (!table->slots[i].hash)
            continue;
        sum += c_log_c(table->slots[i].count);
        once += table->slots[i].count == 1;
    }
    const double n = (double)distinct->count;
    figures->distinct = table->used;
    figures->once = once;
    figures->ratio = table->used ? once / table->used : NAN;
    figures->entropy = distinct->count ? fmax(0, log(n) - sum / n) : NAN;
}

/* A watched value of which more was counted than may be missing: its part of the entropy is taken
 * by itself. */
static bool is_heavy(const struct assay_frequency *table, uint32_t slot)
{
    const uint64_t error = table->errors ? table->errors[slot] : 0;
    return table->slots[slot].hash && table->slots[slot].count > error;
}

static bool is_heavy_hash(const struct assay_frequency *table, uint64_t hash)
{
    const uint32_t mask = table->slots_count - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (table->slots[slot].hash && table->slots[slot].hash != hash)
        slot = (slot + 1) & mask;
    return is_heavy(table, slot);
}

/* Standard error of a share of k that is estimated from `once` of them: with one more success and
 * one more failure, so that it is above zero where none or all were found (A. Agresti and B. Coull,
 * "Approximate is better than exact for interval estimation of binomial proportions", 1998). */
static double ratio_error(double once, double k)
{
    const double share = (once + 1) / (k + 2);
    return sqrt(share * (1 - share) / (k + 2));
}

/* Entropy: heavy values by their counts; of the others the sampled ones tell mean c·ln(c) per
 * record, for the records that are left (a ratio estimate). */
static void sketch_figures(const struct assay_distinct *distinct,
                           struct assay_distinct_figures *figures)
{
    const struct assay_frequency *table = &distinct->frequency;
    double heavy = 0, heavy_records = 0, rare = 0, rare_records = 0, once = 0;
    for (uint32_t i = 0; i < table->slots_count; i++) {
        if (!is_heavy(table, i))
            continue;
        const uint64_t count = table->slots[i].count + table->errors[i] / 2;
        heavy += c_log_c(count);
        heavy_records += (double)count;
    }
    for (uint32_t i = 0; i < distinct->sample.capacity * 2; i++) {
        const struct assay_hash_count *slot = &distinct->sample.slots[i];
        if (!slot->hash)
            continue;
        once += slot->count == 1;
        if (is_heavy_hash(table, slot->hash))
            continue;
        rare += c_log_c(slot->count);
        rare_records += (double)slot->count;
    }
    const double n = (double)distinct->count, k = distinct->sample.used;
    const double left = fmax(0, n - heavy_records);
    const double sum = heavy + (rare_records > 0 ? rare / rare_records * left : 0);
    figures->distinct = fmin(n, assay_hll_estimate(&distinct->hll));
    figures->ratio = k > 0 ? once / k : NAN;
    figures->ratio_error = ratio_error(once, k);
    figures->once = figures->ratio * figures->distinct;
    figures->entropy = fmax(0, log(n) - sum / n);
}

void assay_distinct_figures(const struct assay_distinct *distinct,
                            struct assay_distinct_figures *ret_figures)
{
    *ret_figures = (struct assay_distinct_figures){.exact = assay_distinct_exact(distinct)};
    if (ret_figures->exact)
        exact_figures(distinct, ret_figures);
    else
        sketch_figures(distinct, ret_figures);
}

void assay_distinct_save(const struct assay_distinct *distinct, struct assay_buf *buf)
{
    assay_put_varint(buf, distinct->count);
    assay_put_u8(buf, assay_distinct_exact(distinct));
    if (!assay_distinct_exact(distinct)) {
        assay_hll_save(&distinct->hll, buf);
        assay_hash_sample_save(&distinct->sample, buf);
    }
    assay_frequency_save(&distinct->frequency, buf);
}

bool assay_distinct_load(struct assay_distinct *distinct, struct assay_bytes *in)
{
    distinct->count = assay_get_varint(in);
    const uint8_t exact = assay_get_u8(in);
    if (in->failed || exact > 1)
        return false;
    if (!exact && (!assay_hll_load(&distinct->hll, in) ||
                   !assay_hash_sample_load(&distinct->sample, distinct->sample_capacity, in)))
        return false;
    return assay_frequency_load(&distinct->frequency, in) &&
           assay_frequency_exact(&distinct->frequency) == (exact == 1);
}
