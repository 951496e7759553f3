// Top values, samples and memory of the sketches.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <malloc.h>
#include <stdio.h>
#ifdef ASSAY_SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void); /* of the sanitizers' run time */
#endif

#include "worker/executor/kernels/frequency.h"
#include "worker/executor/kernels/hash_sample.h"
#include "worker/executor/kernels/hll.h"
#include "worker/executor/kernels/sample.h"

#define VALUES 30000

/* Value v occurs VALUES / (v + 1) times, spread evenly: Zipf. */
static uint64_t occurrences(uint64_t value)
{
    return VALUES / (value + 1);
}

static size_t zipf(uint64_t *values)
{
    size_t n = 0;
    uint64_t random = 6;
    for (uint64_t value = 0; value < VALUES; value++) {
        for (uint64_t i = 0; i < occurrences(value); i++)
            values[n++] = value;
    }
    for (size_t i = n - 1; i > 0; i--) {
        const size_t j = assay_random_next(&random) % (i + 1);
        const uint64_t swap = values[i];
        values[i] = values[j];
        values[j] = swap;
    }
    return n;
}

static void add_words(struct assay_frequency *frequency, const uint64_t *words, size_t n)
{
    bool failed = false;
    for (size_t i = 0; i < n; i++) {
        const uint64_t hash = assay_hash_int((int64_t)words[i]);
        if (assay_frequency_add_words(frequency, &hash, &words[i], 1, &failed) == 1)
            continue;
        assert_true(!failed && assay_frequency_go_lossy(frequency));
        assert_int_equal(assay_frequency_add_words(frequency, &hash, &words[i], 1, &failed), 1);
    }
}

/* Every watched value lies in its bounds, no other occurs more often than the bound; the ten first
 * are there. */
static void check_bounds(const struct assay_frequency *frequency)
{
    bool seen[VALUES] = {false};
    for (uint32_t i = 0; i < frequency->slots_count; i++) {
        if (!frequency->slots[i].hash)
            continue;
        const uint64_t value = frequency->words[i], count = frequency->slots[i].count;
        seen[value] = true;
        assert_true(count <= occurrences(value) &&
                    occurrences(value) <= count + frequency->errors[i]);
    }
    for (uint64_t value = 0; value < VALUES; value++)
        assert_true(seen[value] || occurrences(value) <= assay_frequency_bound(frequency));
    for (uint64_t value = 0; value < 10; value++)
        assert_true(seen[value]);
}

static void frequent_values(void **state)
{
    (void)state;
    static uint64_t values[VALUES * 12];
    const size_t n = zipf(values);
    static const size_t shards[] = {1, 2, 8, 64};
    for (size_t s = 0; s < ASSAY_COUNT(shards); s++) {
        struct assay_frequency total;
        assert_true(assay_frequency_init(&total, 4096, 512, false, 0));
        for (size_t shard = 0; shard < shards[s]; shard++) {
            struct assay_frequency part;
            bool full;
            const size_t from = n * shard / shards[s], to = n * (shard + 1) / shards[s];
            assert_true(assay_frequency_init(&part, 4096, 512, false, 0));
            add_words(&part, values + from, to - from);
            assert_true(assay_frequency_merge(&total, &part, &full));
            if (full)
                assert_true(assay_frequency_go_lossy(&total) &&
                            assay_frequency_merge(&total, &part, &full));
            assay_frequency_release(&part);
        }
        check_bounds(&total);
        print_message("top values of %zu in %zu parts: bound %zu\n", n, shards[s],
                      (size_t)assay_frequency_bound(&total));
        assay_frequency_release(&total);
    }
}

static void hash_sample_is_exact(void **state)
{
    (void)state;
    struct assay_hash_sample whole, parts[3];
    assert_true(assay_hash_sample_init(&whole, 256));
    for (size_t p = 0; p < 3; p++)
        assert_true(assay_hash_sample_init(&parts[p], 256));
    for (int64_t i = 0; i < 60000; i++) {
        const uint64_t hash = assay_hash_int(i % 20000);
        assay_hash_sample_add(&whole, &hash, 1);
        assay_hash_sample_add(&parts[i % 3], &hash, 1);
    }
    assay_hash_sample_merge(&parts[2], &parts[0]);
    assay_hash_sample_merge(&parts[2], &parts[1]);
    assert_true(whole.used > 128 && whole.used <= 256);
    assert_int_equal(whole.used, parts[2].used);
    assert_int_equal(whole.halvings, parts[2].halvings);
    assert_close(assay_hash_sample_share(&whole) * 20000, whole.used, 0.3);
    for (uint32_t i = 0; i < whole.capacity * 2; i++)
        assert_true(!whole.slots[i].hash || whole.slots[i].count == 3);
    assay_hash_sample_release(&whole);
    for (size_t p = 0; p < 3; p++)
        assay_hash_sample_release(&parts[p]);
}

/* The k lowest hashes, in any order and any parts. */
static void sample_is_bottom_k(void **state)
{
    (void)state;
    struct assay_sample whole, parts[2];
    struct assay_sample_item a[ASSAY_SAMPLE_MAX], b[ASSAY_SAMPLE_MAX];
    assert_true(assay_sample_init(&whole, 100, false) && assay_sample_init(&parts[0], 100, false) &&
                assay_sample_init(&parts[1], 100, false));
    for (uint64_t i = 0; i < 5000; i++) {
        const uint64_t hash = assay_hash_identity(1, 0, i);
        assay_sample_put_word(&whole, hash, i);
        assay_sample_put_word(&parts[i % 2], assay_hash_identity(1, 0, 4999 - i), 4999 - i);
    }
    assay_sample_merge(&parts[0], &parts[1]);
    assert_int_equal(assay_sample_sorted(&whole, a), 100);
    assert_int_equal(assay_sample_sorted(&parts[0], b), 100);
    assert_memory_equal(a, b, 100 * sizeof *a);
    size_t below = 0;
    for (uint64_t i = 0; i < 5000; i++)
        below += assay_hash_identity(1, 0, i) <= a[99].hash;
    assert_int_equal(below, 100);
    assay_sample_release(&whole);
    assay_sample_release(&parts[0]);
    assay_sample_release(&parts[1]);
}

/* Identities do not depend on how rows come in batches; offsets replace row numbers. */
static void identities(void **state)
{
    (void)state;
    const uint64_t offsets[] = {5, 17};
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *a = assay_kernel_rows_new();
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *b = assay_kernel_rows_new();
    assay_kernel_rows_set(a, 9, 3, 0, NULL, 100);
    assay_kernel_rows_set(b, 9, 3, 50, NULL, 50);
    assert_memory_equal(assay_kernel_rows_hashes(a) + 50, assay_kernel_rows_hashes(b), 50 * 8);
    assay_kernel_rows_set(b, 9, 3, 999, offsets, 2);
    assert_true(assay_kernel_rows_hashes(a)[17] == assay_kernel_rows_hashes(b)[1]);
    assay_kernel_rows_set(b, 10, 3, 0, NULL, 1);
    assert_true(assay_kernel_rows_hashes(a)[0] != assay_kernel_rows_hashes(b)[0]);
}

static size_t allocated_bytes(void)
{
#ifdef ASSAY_SANITIZED
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
}

/* Millions of distinct long texts: the state stays below what its plan says. */
static void bounded_memory(void **state)
{
    (void)state;
    const size_t rows = getenv("ASSAY_TEST_SEEDS") ? 10000000 : 200000;
    static const size_t ceilings[] = {0, 300 << 10, 1};
    for (size_t c = 0; c < ASSAY_COUNT(ceilings); c++) {
        const struct assay_field_plan plan = {
            .layout = ASSAY_LAYOUT_TEXT, .seed = SEED, .memory_max_bytes = ceilings[c]};
        const size_t most = assay_field_state_bytes(&plan);
        assert_true(!ceilings[c] || most <= ceilings[c] || most < (200 << 10));
        ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *ids = assay_kernel_rows_new();
        static char bytes[ASSAY_BATCH_ROWS][200];
        static struct assay_text texts[ASSAY_BATCH_ROWS];
        memset(bytes, 'x', sizeof bytes);
        const size_t before = allocated_bytes();
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *field = state_of(&plan);
        for (size_t row = 0; row + ASSAY_BATCH_ROWS <= rows; row += ASSAY_BATCH_ROWS) {
            for (size_t i = 0; i < ASSAY_BATCH_ROWS; i++) {
                texts[i] = (struct assay_text){bytes[i], sizeof bytes[i]};
                snprintf(bytes[i], 12, "%010zu", row + i);
            }
            const struct assay_column column = {.layout = ASSAY_LAYOUT_TEXT, .values = texts};
            assay_kernel_rows_set(ids, SEED, 0, row, NULL, ASSAY_BATCH_ROWS);
            assert_int_equal(assay_field_state_add(field, &column, ids, NULL), ASSAY_OK);
            assert_true(allocated_bytes() - before <= most);
        }
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(field);
        assert_close(stats->distinct, (double)(rows / ASSAY_BATCH_ROWS * ASSAY_BATCH_ROWS),
                     4 * ASSAY_HLL_STANDARD_ERROR);
        assert_close(stats->unique_distinct_ratio, 1, 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frequent_values),    cmocka_unit_test(hash_sample_is_exact),
        cmocka_unit_test(sample_is_bottom_k), cmocka_unit_test(identities),
        cmocka_unit_test(bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
