// What is estimated keeps its bounds on adversarial streams; the sample of records is uniform; a
// histogram holds every value once.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include "worker/executor/kernels/distinct.h"
#include "worker/executor/kernels/quantile.h"
#include "worker/executor/kernels/sample.h"

/* --- top values on adversarial streams --- */

enum { STREAM = 240000, DOMAIN = 70000 };

static uint32_t *stream, *truth; /* values in order, and how often each occurs */
static size_t stream_size;

static int make_memory(void **state)
{
    (void)state;
    stream = assay_calloc(STREAM, sizeof *stream);
    truth = assay_calloc(DOMAIN, sizeof *truth);
    return stream && truth ? 0 : -1;
}

static int free_memory(void **state)
{
    (void)state;
    assay_free(stream);
    assay_free(truth);
    return 0;
}

static void say(uint32_t value, size_t times)
{
    for (size_t i = 0; i < times && stream_size < STREAM; i++) {
        stream[stream_size++] = value;
        truth[value]++;
    }
}

/* Values that occur once come first, the frequent ones when all room is taken. */
static void flood_first(void)
{
    for (uint32_t v = 100; v < 60000; v++)
        say(v, 1);
    for (uint32_t v = 0; v < 20; v++)
        say(v, 2000 + v);
}

/* The frequent ones first, then forgotten? */
static void flood_last(void)
{
    for (uint32_t v = 0; v < 20; v++)
        say(v, 2000 + v);
    for (uint32_t v = 100; v < 60000; v++)
        say(v, 2);
}

/* One more equally frequent value than there is room for, in turn: nothing is frequent. */
static void round_robin(void)
{
    for (uint32_t round = 0; round < 50; round++) {
        for (uint32_t v = 0; v < 4097; v++)
            say(v, 1);
    }
}

/* Each value overtakes the one before. */
static void ever_more(void)
{
    for (uint32_t v = 0; v < 690; v++)
        say(v, v);
}

/* The frequent value shares its cell with all others. */
static void one_cell(void)
{
    uint32_t found = 0;
    for (uint32_t v = 0; v < 5000; v++)
        say(v, 1);
    for (uint32_t v = 5000; v < DOMAIN && found < 12; v++) {
        if ((assay_hash_int(v) >> 32 & (ASSAY_FREQUENCY_CELLS - 1)) == 7) {
            say(v, found == 5 ? 3000 : 40);
            found++;
        }
    }
    assert_int_equal(found, 12);
}

/* A frequent value that comes once among many others, over and over. */
static void hidden(void)
{
    for (uint32_t i = 0; i < 4000; i++) {
        say(1, 1);
        for (uint32_t v = 0; v < 50; v++)
            say(2 + (i * 50 + v) % 60000, 1);
    }
}

static void add_part(struct assay_distinct *distinct, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const uint64_t word = stream[i], hash = assay_hash_int((int64_t)word);
        assert_true(assay_distinct_add_words(distinct, &hash, &word, 1));
    }
}

static void check_bounds(const struct assay_distinct *distinct, const char *name, size_t shards,
                         bool thin)
{
    const struct assay_frequency *table = &distinct->frequency;
    const uint64_t bound = assay_frequency_bound(table);
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(DOMAIN, 1);
    unsigned char *watched = memory;
    uint64_t widest = 0, most = 0;
    for (uint32_t i = 0; i < table->slots_count; i++) {
        if (!table->slots[i].hash)
            continue;
        const uint64_t value = table->words[i], count = table->slots[i].count,
                       error = table->errors ? table->errors[i] : 0;
        watched[value] = 1;
        if (truth[value] < count || truth[value] > count + error)
            fail_msg("%s in %zu parts: %u is not in %zu + %zu", name, shards, truth[value],
                     (size_t)count, (size_t)error);
        widest = error > widest ? error : widest;
    }
    for (uint32_t v = 0; v < DOMAIN; v++) {
        if (!watched[v] && truth[v] > bound)
            fail_msg("%s in %zu parts: %u occurs %u times, more than %zu", name, shards, v,
                     truth[v], (size_t)bound);
        most = truth[v] > most ? truth[v] : most;
    }
    if (shards == 1 && !thin)
        print_message("top values, %s: most frequent %zu, bound of others %zu, widest %zu\n", name,
                      (size_t)most, (size_t)bound, (size_t)widest);
}

/* Parts merged one after the other; thin: as kept for partitions. */
static void check_stream(const char *name, size_t shards, bool thin)
{
    struct assay_distinct total;
    assert_true(assay_distinct_init(&total, 4096, 512, 2048, false, 0));
    for (size_t p = 0; p < shards; p++) {
        struct assay_distinct part;
        assert_true(assay_distinct_init(&part, 4096, 512, 2048, false, 0));
        add_part(&part, stream_size * p / shards, stream_size * (p + 1) / shards);
        if (thin)
            assert_true(assay_distinct_thin(&part, 256, 256, 64));
        assert_true(assay_distinct_merge(&total, &part));
        assay_distinct_release(&part);
    }
    assert_true(total.count == stream_size);
    check_bounds(&total, name, shards, thin);
    assay_distinct_release(&total);
}

static void adversaries(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*make)(void);
    } streams[] = {
        {"flood first", flood_first}, {"flood last", flood_last}, {"round robin", round_robin},
        {"ever more", ever_more},     {"one cell", one_cell},     {"hidden", hidden},
    };
    static const size_t shards[] = {1, 2, 7, 64};
    for (size_t s = 0; s < ASSAY_COUNT(streams); s++) {
        stream_size = 0;
        memset(truth, 0, DOMAIN * sizeof *truth);
        streams[s].make();
        for (size_t p = 0; p < ASSAY_COUNT(shards); p++) {
            check_stream(streams[s].name, shards[p], false);
            check_stream(streams[s].name, shards[p], true);
        }
    }
}

/* Exact up to the capacity, in any parts: counts of all values. */
static void exact_to_capacity(void **state)
{
    (void)state;
    for (uint32_t distinct = 4095; distinct <= 4097; distinct++) {
        stream_size = 0;
        memset(truth, 0, DOMAIN * sizeof *truth);
        for (uint32_t round = 0; round < 3; round++) {
            for (uint32_t v = 0; v < distinct; v++)
                say(v, v % 5 + 1);
        }
        for (size_t shards = 1; shards <= 64; shards *= 4) {
            struct assay_distinct total;
            assert_true(assay_distinct_init(&total, 4096, 512, 2048, false, 0));
            for (size_t p = 0; p < shards; p++) {
                struct assay_distinct part;
                assert_true(assay_distinct_init(&part, 4096, 512, 2048, false, 0));
                add_part(&part, stream_size * p / shards, stream_size * (p + 1) / shards);
                assert_true(assay_distinct_merge(&total, &part));
                assay_distinct_release(&part);
            }
            assert_int_equal(assay_distinct_exact(&total), distinct <= 4096);
            if (distinct <= 4096)
                assert_int_equal(assay_frequency_bound(&total.frequency), 0);
            check_bounds(&total, "capacity", shards, false);
            assay_distinct_release(&total);
        }
    }
}

/* --- values that occur once, entropy --- */

/* The share of values that occur once lies within the stated standard error as often as it should,
 * and the error is never stated as nothing. once_in: one of so many values occurs twice; 0 = none
 * does. */
static void once_error(void **state)
{
    (void)state;
    static const uint32_t once_in[] = {2, 10, 1000, 0};
    const size_t runs = 200, size = 20000;
    for (size_t o = 0; o < ASSAY_COUNT(once_in); o++) {
        size_t within_two = 0, within_four = 0;
        double squares = 0, stated = 0;
        for (uint64_t seed = 0; seed < runs; seed++) {
            struct assay_distinct distinct;
            struct assay_distinct_figures figures;
            size_t once = 0;
            assert_true(assay_distinct_init(&distinct, 4096, 512, 2048, false, 0));
            for (uint64_t i = 0; i < size; i++) {
                const uint64_t word = seed << 32 | i, hash = assay_hash_int((int64_t)word);
                const bool twice = once_in[o] && i % once_in[o] == 0;
                once += !twice;
                assert_true(assay_distinct_put_word(&distinct, hash, word, twice ? 2 : 1));
            }
            assay_distinct_figures(&distinct, &figures);
            const double error = figures.ratio - (double)once / (double)size;
            assert_true(!figures.exact && figures.ratio_error > 0 && figures.ratio_error < 0.02);
            within_two += fabs(error) <= 2 * figures.ratio_error;
            within_four += fabs(error) <= 4 * figures.ratio_error;
            squares += error * error;
            stated += figures.ratio_error * figures.ratio_error;
            assay_distinct_release(&distinct);
        }
        print_message("once, 1 of %u twice: RMS error %.2f of the stated one, %zu of %zu within "
                      "two\n",
                      once_in[o], sqrt(squares / stated), within_two, runs);
        assert_true(within_two * 100 >= runs * 92 && within_four == runs);
        assert_true(sqrt(squares / stated) <= 1.1);
    }
}

/* --- the uniform sample --- */

/* Over many seeds every position is equally likely to be sampled, and so is every pair of halves:
 * χ² of the positions' counts against equal shares. */
static void sample_is_uniform(void **state)
{
    (void)state;
    enum { ROWS = 50000, BINS = 100, K = 512, RUNS = 400 };
    double counts[BINS] = {0}, first_half_squares = 0;
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        struct assay_sample sample;
        struct assay_sample_item items[ASSAY_SAMPLE_MAX];
        size_t first_half = 0;
        assert_true(assay_sample_init(&sample, K, false));
        for (uint64_t row = 0; row < ROWS; row++) {
            const uint64_t hash = assay_hash_identity(seed, 0, row);
            if (hash < sample.threshold)
                assay_sample_put_word(&sample, hash, row);
        }
        assert_int_equal(assay_sample_sorted(&sample, items), K);
        for (size_t i = 0; i < K; i++) {
            counts[items[i].word * BINS / ROWS]++;
            first_half += items[i].word < ROWS / 2;
        }
        first_half_squares += ((double)first_half - K / 2.0) * ((double)first_half - K / 2.0);
        assay_sample_release(&sample);
    }
    const double expected = (double)RUNS * K / BINS, left = 1 - (double)K / ROWS;
    double chi2 = 0;
    for (size_t bin = 0; bin < BINS; bin++)
        chi2 += (counts[bin] - expected) * (counts[bin] - expected) / (expected * left);
    /* 99 degrees of freedom: 0.1 % lie below 61.1, 0.1 % above 148.2 */
    print_message("sample: chi-square %.1f of 99 degrees\n", chi2);
    assert_true(chi2 > 61.1 && chi2 < 148.2);
    /* hypergeometric: K/4 · (1 − K/ROWS); the mean of 400 squares scatters by √(2/400) = 7 % */
    assert_close(first_half_squares / RUNS / (K / 4.0 * left), 1, 0.14);
}

/* --- histograms --- */

enum { VALUES = 30000 };

static double value_of(unsigned shape, size_t i, uint64_t *random)
{
    const double uniform = (double)(assay_random_next(random) >> 11) * 0x1p-53;
    switch (shape) {
    case 0:
        return (double)(i % 100); /* by value, up to the limit */
    case 1:
        return (double)(i % 101); /* one more */
    case 2:
        return -log(1 - uniform); /* a long tail */
    case 3:
        return i % 200 ? 5 : uniform * 1e9; /* nearly constant */
    default:
        return ldexp(uniform - 0.5, (int)(i % 1200) - 600); /* all magnitudes */
    }
}

/* Buckets side by side, ends at the extremes, counts that add up; each bucket's count within the
 * rank error of the two ranks that it is the difference of. */
static void check_buckets(const struct assay_field_stats *stats, const double *values, bool exact)
{
    const double slack = exact ? 0 : 2 * ASSAY_QUANTILE_RANK_ERROR * VALUES;
    uint64_t sum = 0;
    for (size_t b = 0; b < stats->buckets_count; b++) {
        const struct assay_bucket *bucket = &stats->buckets[b];
        const bool last = b + 1 == stats->buckets_count || stats->buckets[b + 1].tail;
        size_t count = 0;
        sum += bucket->count;
        if (bucket->value.text) {
            for (size_t i = 0; i < VALUES; i++)
                count += values[i] == bucket->from_number;
            assert_int_equal(bucket->count, count);
            continue;
        }
        const bool top_tail = bucket->tail && b > 0;
        for (size_t i = 0; i < VALUES; i++)
            count +=
                (top_tail ? values[i] > bucket->from_number : values[i] >= bucket->from_number) &&
                (values[i] < bucket->to_number ||
                 (values[i] == bucket->to_number && (last || top_tail) &&
                  !(bucket->tail && !top_tail)));
        if (fabs((double)bucket->count - (double)count) > slack)
            fail_msg("bucket %zu: %zu, not %zu", b, (size_t)bucket->count, count);
        if (b > 0)
            assert_true(bucket->from_number == stats->buckets[b - 1].to_number);
    }
    assert_int_equal(sum, VALUES);
}

static void histograms(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(VALUES, sizeof(double));
    double *values = memory;
    for (unsigned shape = 0; shape < 5; shape++) {
        uint64_t random = shape;
        for (size_t i = 0; i < VALUES; i++)
            values[i] = value_of(shape, i, &random);
        const struct whole whole = {
            .layout = ASSAY_LAYOUT_DOUBLE, .value_bytes = 8, .values = values, .rows = VALUES};
        for (size_t shards = 1; shards <= 64; shards *= 8) {
            ASSAY_AUTO(assay_field_state_free)
            struct assay_field_state *merged = count_pairwise(&whole, 0, VALUES, shards);
            ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(merged);
            assert_true((stats->buckets[0].value.text != NULL) == (shape == 0));
            const bool exact = stats->distinct_method == ASSAY_METHOD_EXACT;
            assert_true(exact || shape != 0);
            assert_int_equal(stats->buckets_method,
                             exact ? ASSAY_METHOD_EXACT : ASSAY_METHOD_SKETCH);
            check_buckets(stats, values, exact);
            const struct assay_bucket *last = &stats->buckets[stats->buckets_count - 1];
            if (stats->buckets[0].tail)
                assert_true(stats->buckets[0].from_number == stats->min_number);
            if (last->tail)
                assert_true(last->to_number == stats->max_number);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adversaries), cmocka_unit_test(exact_to_capacity),
        cmocka_unit_test(once_error),  cmocka_unit_test(sample_is_uniform),
        cmocka_unit_test(histograms),
    };
    return cmocka_run_group_tests(tests, make_memory, free_memory);
}
