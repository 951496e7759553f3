// Estimates keep their stated errors over many seeds, before and after merges.
// ASSAY_TEST_SEEDS=1000 runs the full proof (docs/performance.md, Accuracy).
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <stdio.h>

#include "worker/executor/kernels/distinct.h"
#include "worker/executor/kernels/hll.h"
#include "worker/executor/kernels/quantile.h"

enum { BATCH = 2048, SHARDS_MAX = 64 };

static bool is_full_proof(void)
{
    return getenv("ASSAY_TEST_SEEDS") != NULL;
}

static size_t seeds(size_t usual)
{
    const char *text = getenv("ASSAY_TEST_SEEDS");
    return text ? (size_t)strtoul(text, NULL, 10) : usual;
}

/* --- merging parts: one after the other, from the last, or pairwise --- */

enum tree { FORWARD, BACKWARD, PAIRS, TREES };

/* The merge of this step: `from` goes into `into`. */
static void merge_step(enum tree tree, size_t shards, size_t step, size_t *ret_into,
                       size_t *ret_from)
{
    if (tree == FORWARD) {
        *ret_into = 0;
        *ret_from = step + 1;
        return;
    }
    if (tree == BACKWARD) {
        *ret_into = shards - 1;
        *ret_from = shards - 2 - step;
        return;
    }
    size_t width = 1; /* parts at multiples of 2·width take those at odd multiples of width */
    for (;; width *= 2) {
        const size_t pairs = (shards + width - 1) / (2 * width);
        if (step < pairs)
            break;
        step -= pairs;
    }
    *ret_into = 2 * width * step;
    *ret_from = *ret_into + width;
}

static size_t merge_root(enum tree tree, size_t shards)
{
    return tree == BACKWARD ? shards - 1 : 0;
}

/* 1 to 64. */
static size_t shards_of(uint64_t seed)
{
    static const size_t shards[] = {1, 2, 3, 7, 16, 33, 64};
    return shards[seed % ASSAY_COUNT(shards)];
}

/* --- distinct values --- */

/* Add `count` distinct integers of a seed, from the first-th on. */
static void add_integers(struct assay_distinct *distinct, uint64_t seed, size_t first, size_t count)
{
    int64_t values[BATCH];
    uint64_t hashes[BATCH];
    for (size_t done = 0; done < count;) {
        const size_t part = count - done < BATCH ? count - done : BATCH;
        for (size_t i = 0; i < part; i++)
            values[i] = (int64_t)(seed << 32 | (first + done + i));
        assay_hash_ints(values, part, hashes);
        assert_true(assay_distinct_add_words(distinct, hashes,
                                             (const uint64_t *)(const void *)values, part));
        done += part;
    }
}

static double estimate_of(const struct assay_distinct *distinct)
{
    struct assay_distinct_figures figures;
    assay_distinct_figures(distinct, &figures);
    return figures.distinct;
}

static void open_distinct(struct assay_distinct *distinct)
{
    assert_true(assay_distinct_init(distinct, 4096, 512, 2048, false, 0));
}

/* The distinct values of a seed in parts, a third of them twice (so that the number of
 * values is no help), merged as the tree says. */
static void merged_distinct(struct assay_distinct *total, uint64_t seed, size_t size, size_t shards,
                            enum tree tree)
{
    struct assay_distinct parts[SHARDS_MAX];
    for (size_t p = 0; p < shards; p++) {
        const size_t from = size * p / shards, to = size * (p + 1) / shards;
        open_distinct(&parts[p]);
        add_integers(&parts[p], seed, from, to - from);
        add_integers(&parts[p], seed, from, (to - from) / 3);
    }
    for (size_t step = 0; step + 1 < shards; step++) {
        size_t into, from;
        merge_step(tree, shards, step, &into, &from);
        assert_true(assay_distinct_merge(&parts[into], &parts[from]));
        assay_distinct_release(&parts[from]);
    }
    *total = parts[merge_root(tree, shards)];
}

/* Error of one seed relative to the size, merged from parts. Of every eighth seed the whole must
 * give the same: registers do not depend on splits. */
static double distinct_error_of(uint64_t seed, size_t size)
{
    struct assay_distinct total;
    merged_distinct(&total, seed, size, shards_of(seed), (enum tree)(seed % TREES));
    const double estimate = estimate_of(&total);
    if (seed % 8 == 0) {
        struct assay_distinct whole;
        open_distinct(&whole);
        add_integers(&whole, seed, 0, size);
        add_integers(&whole, seed, 0, size / 3);
        assert_true(estimate_of(&whole) == estimate);
        assay_distinct_release(&whole);
    }
    assay_distinct_release(&total);
    return estimate / (double)size - 1;
}

static void distinct_error(void **state)
{
    (void)state;
    static const size_t sizes[] = {10,    100,    1000,   4096,   4097,    5000,    20000,   41000,
                                   60000, 100000, 300000, 700000, 1000000, 3000000, 10000000};
    const size_t runs = seeds(60);
    for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
        double squares = 0, sum = 0;
        if (!is_full_proof() && sizes[s] > 300000)
            break;
        for (size_t seed = 0; seed < runs; seed++) {
            const double error = distinct_error_of(seed, sizes[s]);
            squares += error * error;
            sum += error;
        }
        /* few runs: the RMS itself scatters by 1/√(2·runs) */
        const double rms = sqrt(squares / (double)runs) / ASSAY_HLL_STANDARD_ERROR;
        const double allowed = 1.1 + (runs < 1000 ? 2.5 / sqrt(2 * (double)runs) : 0);
        print_message("distinct %zu: RMS error %.3f of the stated one, bias %+.4f %%\n", sizes[s],
                      rms, 100 * sum / (double)runs);
        assert_true(rms <= allowed && (sizes[s] > 4096 || rms == 0));
    }
}

/* Texts through a field's whole state, in parts: distinct ones by the million (10 in the proof). */
static double texts_error_of(uint64_t seed, size_t size)
{
    static char bytes[BATCH][24];
    static struct assay_text texts[BATCH];
    const size_t shards = shards_of(seed);
    const struct assay_field_plan plan = {.layout = ASSAY_LAYOUT_TEXT, .seed = SEED};
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *rows = assay_kernel_rows_new();
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *total = state_of(&plan);
    for (size_t p = 0; p < shards; p++) {
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *part = state_of(&plan);
        for (size_t at = size * p / shards; at < size * (p + 1) / shards;) {
            const size_t left = size * (p + 1) / shards - at, n = left < BATCH ? left : BATCH;
            for (size_t i = 0; i < n; i++)
                texts[i] = (struct assay_text){
                    bytes[i], (uint32_t)snprintf(bytes[i], sizeof bytes[i], "%u-key%zu",
                                                 (unsigned)seed, at + i)};
            const struct assay_column column = {.layout = ASSAY_LAYOUT_TEXT, .values = texts};
            assay_kernel_rows_set(rows, SEED, 0, at, NULL, n);
            assert_int_equal(assay_field_state_add(part, &column, rows, NULL), ASSAY_OK);
            at += n;
        }
        assert_int_equal(assay_field_state_merge(total, part, NULL), ASSAY_OK);
    }
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(total);
    assert_int_equal(stats->records_count, size);
    assert_true(stats->unique_distinct_ratio == 1 && stats->unique_distinct_ratio_error > 0);
    assert_true(fabs(stats->entropy - log((double)size)) < 0.01);
    return stats->distinct / (double)size - 1;
}

static void distinct_texts(void **state)
{
    (void)state;
    const size_t size = is_full_proof() ? 10000000 : 100000, runs = is_full_proof() ? 30 : 8;
    double squares = 0;
    for (size_t seed = 0; seed < runs; seed++) {
        const double error = texts_error_of(seed, size);
        squares += error * error;
    }
    const double rms = sqrt(squares / (double)runs) / ASSAY_HLL_STANDARD_ERROR;
    print_message("distinct %zu texts: RMS error %.3f of the stated one over %zu seeds\n", size,
                  rms, runs);
    assert_true(rms <= 1.1 + 2.5 / sqrt(2 * (double)runs));
}

/* --- quantiles --- */

enum order { SHUFFLED, ASCENDING, DESCENDING, ZOOM, SAWTOOTH, ORDERS };

/* Which of n values comes i-th: a permutation of 0 … n−1 (n a power of two, odd factor). */
static size_t index_at(enum order order, size_t i, size_t n, uint64_t seed)
{
    switch (order) {
    case ASCENDING:
        return i;
    case DESCENDING:
        return n - 1 - i;
    case ZOOM:
        return i % 2 ? n - 1 - i / 2 : i / 2;
    case SAWTOOTH: /* 128 ascending runs over the whole range */
        return i % (n / 128) * 128 + i / (n / 128);
    default:
        return (i * (2 * (seed * 7919 + 12345) + 1) + seed) & (n - 1);
    }
}

enum shape { DIFFERENT, ZIPF, NORMAL, SHAPES };
static const char *const shape_names[] = {"different integers", "Zipf", "normal"};

/* All values in ascending order. Zipf: value v about n/(v·ln n) times. Normal: as doubles. */
static void make_sorted(enum shape shape, size_t n, int64_t *sorted)
{
    for (size_t i = 0; i < n; i++) {
        const double p = ((double)i + 0.5) / (double)n;
        if (shape == DIFFERENT)
            sorted[i] = (int64_t)i;
        else if (shape == ZIPF)
            sorted[i] = (int64_t)exp(p * log((double)n));
        else /* logistic: the normal's shape with a known inverse */
            sorted[i] = assay_key_of_real(log(p / (1 - p)));
    }
}

struct stream {
    const int64_t *sorted;
    size_t n;
    enum order order;
    enum shape shape;
    uint64_t seed;
};

static void fill(struct assay_quantile *quantile, const struct stream *stream, size_t from,
                 size_t to)
{
    int64_t keys[BATCH];
    double reals[BATCH];
    while (from < to) {
        const size_t part = to - from < BATCH ? to - from : BATCH;
        for (size_t i = 0; i < part; i++) {
            const size_t at = index_at(stream->order, from + i, stream->n, stream->seed);
            keys[i] = stream->shape == DIFFERENT ? (int64_t)at : stream->sorted[at];
            if (stream->shape == NORMAL)
                reals[i] = assay_real_of_key(keys[i]);
        }
        assert_true(stream->shape == NORMAL ? assay_quantile_add_reals(quantile, reals, part)
                                            : assay_quantile_add_ints(quantile, keys, part));
        from += part;
    }
}

/* How many values are less than the key, or not greater. */
static size_t true_rank(const struct stream *stream, int64_t key, bool or_equal)
{
    size_t low = 0, high = stream->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int64_t at = stream->sorted[middle];
        if (at < key || (or_equal && at == key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What was asked, and how far off in ranks. */
struct tally {
    size_t asked, missed;
    double worst;
};

static void ask(const struct assay_quantile *quantile, const struct stream *stream,
                struct tally *tally)
{
    struct assay_quantile_view view;
    assert_true(assay_quantile_view(quantile, &view));
    for (int percent = 1; percent < 100; percent++) {
        int64_t low, high;
        double between;
        const double q = percent / 100.0, n = (double)stream->n;
        assay_quantile_at(&view, q, &low, &high, &between);
        const double below = (double)true_rank(stream, low, false) / n - q,
                     above = q - (double)true_rank(stream, high, true) / n;
        const double error = fmax(0, fmax(below, above));
        tally->asked++;
        tally->missed += error > ASSAY_QUANTILE_RANK_ERROR;
        tally->worst = fmax(tally->worst, error);
    }
    assay_free(view.keys);
}

/* The seven quantiles of a profile. Exact: type 7. */
static void ask_stats(const struct assay_field_stats *stats, const struct stream *stream,
                      bool exact, struct tally *tally)
{
    const double got[] = {stats->q01, stats->q05, stats->q1, stats->median,
                          stats->q3,  stats->q95, stats->q99};
    static const double asked[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    const double n = (double)stream->n;
    assert_true((stats->quantile_rank_error == 0) == exact);
    for (size_t i = 0; i < ASSAY_COUNT(asked); i++) {
        const double h = (n - 1) * asked[i];
        const int64_t low = stream->sorted[(size_t)h], high = stream->sorted[(size_t)ceil(h)];
        const double below = (double)true_rank(stream, (int64_t)ceil(got[i]), false) / n - asked[i],
                     above = asked[i] - (double)true_rank(stream, (int64_t)floor(got[i]), true) / n;
        if (exact)
            assert_close(got[i], (double)low + (h - floor(h)) * (double)(high - low), 1e-12);
        const double error = fmax(0, fmax(below, above));
        tally->asked++;
        tally->missed += error > ASSAY_QUANTILE_RANK_ERROR;
        tally->worst = fmax(tally->worst, error);
    }
}

/* thin: each part as it is kept for a partition. */
static void merged_quantiles(const struct stream *stream, size_t shards, enum tree tree, bool thin,
                             struct tally *tally)
{
    struct assay_quantile parts[SHARDS_MAX];
    for (size_t p = 0; p < shards; p++) {
        assay_quantile_init(&parts[p], 4096, stream->seed * SHARDS_MAX + p);
        fill(&parts[p], stream, stream->n * p / shards, stream->n * (p + 1) / shards);
        if (thin)
            assert_true(assay_quantile_thin(&parts[p], 400));
    }
    for (size_t step = 0; step + 1 < shards; step++) {
        size_t into, from;
        merge_step(tree, shards, step, &into, &from);
        assert_true(assay_quantile_merge(&parts[into], &parts[from]));
        assay_quantile_release(&parts[from]);
    }
    struct assay_quantile *total = &parts[merge_root(tree, shards)];
    assert_true(total->count == stream->n);
    ask(total, stream, tally);
    assay_quantile_release(total);
}

static void check_quantiles(enum shape shape, size_t n, const int64_t *sorted, size_t runs)
{
    static const size_t shards[] = {1, 2, 17, 64};
    for (size_t p = 0; p < ASSAY_COUNT(shards); p++) {
        struct tally tally = {0};
        for (size_t seed = 0; seed < runs; seed++) {
            const struct stream stream = {.sorted = sorted,
                                          .n = n,
                                          .order = (enum order)(seed % ORDERS),
                                          .shape = shape,
                                          .seed = seed};
            merged_quantiles(&stream, shards[p], (enum tree)(seed / ORDERS % TREES), false, &tally);
        }
        print_message("quantiles of %zu (%s) in %zu parts: %.3f %% beyond the stated error, "
                      "worst %.4f\n",
                      n, shape_names[shape], shards[p],
                      100.0 * (double)tally.missed / (double)tally.asked, tally.worst);
        assert_true(tally.missed * 100 <= tally.asked);
    }
}

static void quantile_error(void **state)
{
    (void)state;
    static const size_t sizes[] = {1 << 13, 1 << 17, 1 << 20, 1 << 23};
    const size_t runs = seeds(10);
    for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
        const size_t n = sizes[s];
        if (!is_full_proof() && n > 1 << 20)
            break;
        for (enum shape shape = DIFFERENT; shape < SHAPES; shape++) {
            ASSAY_AUTO(assay_free) void *memory = assay_calloc(n, sizeof(int64_t));
            if (!is_full_proof() && shape != DIFFERENT && n > 1 << 17)
                break;
            assert_non_null(memory);
            make_sorted(shape, n, memory);
            check_quantiles(shape, n, memory, n > 1 << 20 ? (runs + 9) / 10 : runs);
        }
    }
}

/* The same through a field's whole state: while distinct values are few the table of them answers,
 * from its border on the sketch goes on. Values repeat, so that parts come to the border late. */
static void field_quantile_error(void **state)
{
    (void)state;
    static const size_t distinct[] = {3000, 4096, 5000, 40000, 1 << 17};
    static const size_t shards[] = {1, 2, 17, 64};
    const size_t n = 1 << 17, runs = is_full_proof() ? seeds(1) / 4 : 5;
    ASSAY_AUTO(assay_free) void *sorted_memory = assay_calloc(n, sizeof(int64_t));
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(n, sizeof(int64_t));
    int64_t *sorted = sorted_memory, *values = memory;
    for (size_t d = 0; d < ASSAY_COUNT(distinct); d++) {
        struct tally tally = {0};
        for (size_t i = 0; i < n; i++)
            sorted[i] = (int64_t)(i * distinct[d] / n);
        for (size_t seed = 0; seed < runs; seed++) {
            const struct stream stream = {
                .sorted = sorted, .n = n, .order = (enum order)(seed % ORDERS), .seed = seed};
            for (size_t i = 0; i < n; i++)
                values[i] = sorted[index_at(stream.order, i, n, seed)];
            const struct whole whole = {
                .layout = ASSAY_LAYOUT_INT64, .value_bytes = 8, .values = values, .rows = n};
            const size_t parts = shards[seed / ORDERS % ASSAY_COUNT(shards)];
            ASSAY_AUTO(assay_field_state_free)
            struct assay_field_state *merged = seed % 2 ? count_pairwise(&whole, 0, n, parts)
                                                        : count_sharded(&whole, parts, seed % 3);
            ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(merged);
            ask_stats(stats, &stream, distinct[d] <= 4096, &tally);
        }
        print_message(
            "quantiles of a field, %zu of %zu different: %.3f %% beyond the stated error, "
            "worst %.4f\n",
            distinct[d], n, 100.0 * (double)tally.missed / (double)tally.asked, tally.worst);
        assert_true(tally.missed * 100 <= tally.asked);
    }
}

/* Partitions' states, thinned, keep the error too once merged. */
static void thin_quantiles(void **state)
{
    (void)state;
    const size_t n = 1 << 17, runs = seeds(10);
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(n, sizeof(int64_t));
    make_sorted(DIFFERENT, n, memory);
    static const size_t shards[] = {2, 8, 64};
    for (size_t p = 0; p < ASSAY_COUNT(shards); p++) {
        struct tally tally = {0};
        for (size_t seed = 0; seed < runs; seed++) {
            const struct stream stream = {
                .sorted = memory, .n = n, .order = (enum order)(seed % ORDERS), .seed = seed};
            merged_quantiles(&stream, shards[p], (enum tree)(seed / ORDERS % TREES), true, &tally);
        }
        print_message("quantiles of %zu thinned parts: %.3f %% beyond the stated error, worst "
                      "%.4f\n",
                      shards[p], 100.0 * (double)tally.missed / (double)tally.asked, tally.worst);
        assert_true(tally.missed * 100 <= tally.asked);
    }
}

/* Type 7 while exact, at the border too. */
static void quantiles_exact(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 5, 4096};
    for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
        struct assay_quantile quantile;
        struct assay_quantile_view view;
        int64_t low, high;
        double between;
        assay_quantile_init(&quantile, 4096, 1);
        for (int64_t i = (int64_t)sizes[s] - 1; i >= 0; i--)
            assert_true(assay_quantile_add_ints(&quantile, &i, 1));
        assert_true(assay_quantile_view(&quantile, &view));
        assert_true(view.exact);
        for (double q = 0; q <= 1; q += 0.125) {
            assay_quantile_at(&view, q, &low, &high, &between);
            assert_close((double)low + between * (double)(high - low), q * (double)(sizes[s] - 1),
                         1e-12);
        }
        assay_free(view.keys);
        assay_quantile_release(&quantile);
    }
}

/* Memory stays bounded: at most thirteen blocks whatever the number of values and merges. */
static void quantile_memory(void **state)
{
    (void)state;
    struct assay_quantile total;
    assay_quantile_init(&total, 4096, 9);
    for (size_t round = 0; round < 40; round++) {
        struct assay_quantile copy;
        assay_quantile_init(&copy, 4096, round);
        fill(&total, &(struct stream){.n = 1 << 14, .seed = round}, 0, 1 << 14);
        assert_true(assay_quantile_merge(&copy, &total) && assay_quantile_merge(&total, &copy));
        assay_quantile_release(&copy);
        size_t blocks = total.input_capacity / ASSAY_QUANTILE_BLOCK;
        for (size_t i = 0; i < ASSAY_QUANTILE_LEVELS; i++)
            blocks += total.blocks[i] != NULL;
        assert_true(blocks * ASSAY_QUANTILE_BLOCK * 8 <= ASSAY_QUANTILE_BYTES);
    }
    assay_quantile_release(&total);
}

/* Values i occur min(i % 7 + 1) times; ratio and entropy are known. Few and many distinct
 * values. */
static void once_and_entropy(void **state)
{
    (void)state;
    static const size_t distinct_values[] = {3000, 4096, 4097, 50000};
    for (size_t s = 0; s < ASSAY_COUNT(distinct_values); s++) {
        struct assay_distinct distinct;
        struct assay_distinct_figures figures;
        double n = 0, sum = 0, once = 0;
        assert_true(assay_distinct_init(&distinct, 4096, 512, 2048, false, 0));
        for (size_t i = 0; i < distinct_values[s]; i++) {
            const uint64_t count = i % 1000 ? i % 4 + 1 : 5000, word = i;
            for (uint64_t c = 0; c < count; c++) {
                const uint64_t hash = assay_hash_int((int64_t)i);
                assert_true(assay_distinct_add_words(&distinct, &hash, &word, 1));
            }
            n += (double)count;
            sum += (double)count * log((double)count);
            once += count == 1;
        }
        const double entropy = log(n) - sum / n;
        const double ratio = once / (double)distinct_values[s];
        assay_distinct_figures(&distinct, &figures);
        assert_int_equal(figures.exact, distinct_values[s] <= 4096);
        if (figures.exact) {
            assert_true(figures.distinct == (double)distinct_values[s] && figures.once == once);
            assert_close(figures.entropy, entropy, 1e-12);
        } else {
            assert_true(fabs(figures.ratio - ratio) < 4 * figures.ratio_error);
            assert_close(figures.distinct, (double)distinct_values[s],
                         4 * ASSAY_HLL_STANDARD_ERROR);
            assert_close(figures.entropy, entropy, 0.05);
        }
        assay_distinct_release(&distinct);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distinct_error),       cmocka_unit_test(distinct_texts),
        cmocka_unit_test(quantile_error),       cmocka_unit_test(thin_quantiles),
        cmocka_unit_test(field_quantile_error), cmocka_unit_test(quantiles_exact),
        cmocka_unit_test(quantile_memory),      cmocka_unit_test(once_and_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
