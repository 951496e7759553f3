// Estimates keep their stated errors over many seeds, before and after merges.
// ASSAY_TEST_SEEDS=1000 runs the full proof.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include "worker/executor/kernels/distinct.h"
#include "worker/executor/kernels/hll.h"
#include "worker/executor/kernels/quantile.h"

static size_t seeds(size_t usual)
{
    const char *text = getenv("ASSAY_TEST_SEEDS");
    return text ? (size_t)strtoul(text, NULL, 10) : usual;
}

/* Hashes of `count` distinct values under a seed. */
static void add_hashes(struct assay_hll *hll, uint64_t seed, size_t count)
{
    uint64_t hashes[1024];
    for (size_t done = 0; done < count;) {
        const size_t part = count - done < 1024 ? count - done : 1024;
        for (size_t i = 0; i < part; i++)
            hashes[i] = assay_hash_identity(seed, 0, done + i);
        assay_hll_add(hll, hashes, part);
        done += part;
    }
}

static void distinct_error(void **state)
{
    (void)state;
    static const size_t sizes[] = {100, 1000, 5000, 20000, 41000, 60000, 100000, 300000};
    const size_t runs = seeds(60);
    for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
        double squares = 0;
        for (size_t seed = 0; seed < runs; seed++) {
            struct assay_hll hll = {0}, parts[2] = {{0}, {0}};
            assert_true(assay_hll_init(&hll));
            add_hashes(&hll, seed, sizes[s]);
            const double error = assay_hll_estimate(&hll) / (double)sizes[s] - 1;
            squares += error * error;
            if (seed % 10 == 0) { /* merged registers are those of the whole */
                assert_true(assay_hll_init(&parts[0]) && assay_hll_init(&parts[1]));
                add_hashes(&parts[0], seed, sizes[s] / 3);
                add_hashes(&parts[1], seed, sizes[s]);
                assay_hll_merge(&parts[0], &parts[1]);
                assert_memory_equal(parts[0].registers, hll.registers, ASSAY_HLL_REGISTERS);
                assay_hll_release(&parts[0]);
                assay_hll_release(&parts[1]);
            }
            assay_hll_release(&hll);
        }
        /* few runs: the RMS itself scatters by 1/√(2·runs) */
        const double rms = sqrt(squares / (double)runs) / ASSAY_HLL_STANDARD_ERROR;
        const double allowed = 1.1 + (runs < 1000 ? 2.5 / sqrt(2 * (double)runs) : 0);
        print_message("distinct %zu: RMS error %.3f of the stated one\n", sizes[s], rms);
        assert_true(rms <= allowed);
    }
}

enum order { SHUFFLED, ASCENDING, ZOOM };

/* The i-th of n values, whose rank among them is known: a permutation of 0 … n−1 (n a power of two,
 * odd factor). */
static int64_t value_at(enum order order, size_t i, size_t n, uint64_t seed)
{
    if (order == ASCENDING)
        return (int64_t)i;
    if (order == ZOOM)
        return (int64_t)(i % 2 ? n - 1 - i / 2 : i / 2);
    return (int64_t)((i * (2 * (seed * 7919 + 12345) + 1) + seed) & (n - 1));
}

static void fill(struct assay_quantile *quantile, enum order order, size_t from, size_t to,
                 size_t n, uint64_t seed)
{
    int64_t keys[2048];
    for (size_t done = from; done < to;) {
        const size_t part = to - done < 2048 ? to - done : 2048;
        for (size_t i = 0; i < part; i++)
            keys[i] = value_at(order, done + i, n, seed);
        assert_true(assay_quantile_add_ints(quantile, keys, part));
        done += part;
    }
}

/* Queries beyond the stated error among 99. */
static size_t misses(const struct assay_quantile *quantile, size_t n)
{
    struct assay_quantile_view view;
    size_t count = 0;
    assert_true(assay_quantile_view(quantile, &view));
    for (int percent = 1; percent < 100; percent++) {
        int64_t low, high;
        double between;
        assay_quantile_at(&view, percent / 100.0, &low, &high, &between);
        const double rank = (double)low / (double)n;
        count += fabs(rank - percent / 100.0) > ASSAY_QUANTILE_RANK_ERROR;
    }
    assay_free(view.keys);
    return count;
}

static void quantile_error(void **state)
{
    (void)state;
    static const size_t sizes[] = {1 << 13, 1 << 17, 1 << 20};
    static const size_t shards[] = {1, 2, 17, 64};
    const size_t runs = seeds(8);
    for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
        const size_t n = sizes[s];
        for (size_t p = 0; p < ASSAY_COUNT(shards); p++) {
            size_t missed = 0, asked = 0;
            for (size_t seed = 0; seed < runs; seed++) {
                struct assay_quantile total;
                assay_quantile_init(&total, 4096, seed);
                for (size_t shard = 0; shard < shards[p]; shard++) {
                    struct assay_quantile part;
                    assay_quantile_init(&part, 4096, seed * 64 + shard);
                    fill(&part, (enum order)(seed % 3), n * shard / shards[p],
                         n * (shard + 1) / shards[p], n, seed);
                    assert_true(assay_quantile_merge(&total, &part));
                    assay_quantile_release(&part);
                }
                assert_true(total.count == n);
                missed += misses(&total, n);
                asked += 99;
                assay_quantile_release(&total);
            }
            print_message("quantiles of %zu in %zu parts: %.3f %% beyond the stated error\n", n,
                          shards[p], 100.0 * (double)missed / (double)asked);
            assert_true(missed * 100 <= asked);
        }
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
        fill(&total, SHUFFLED, 0, 1 << 14, 1 << 14, round);
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
        cmocka_unit_test(distinct_error),   cmocka_unit_test(quantile_error),
        cmocka_unit_test(quantiles_exact),  cmocka_unit_test(quantile_memory),
        cmocka_unit_test(once_and_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
