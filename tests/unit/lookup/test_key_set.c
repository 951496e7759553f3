// Key sets: no key is lost or invented, full or not; numbers are sorted; keys of values.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/executor/lookup/key_set.h"
#include "worker/executor/lookup/sort_words.h"

enum { N = 40000, CALL = 2048 };

/* The i-th of a permutation of 64 bits (an odd multiplier). */
static struct assay_key key_at(uint64_t i)
{
    return (struct assay_key){.high = (i + 1) * UINT64_C(0x9e3779b97f4a7c15), .low = i % 3};
}

/* Every key twice, in calls; how many were taken before it was full. */
static size_t fill(struct assay_key_set *set, size_t different)
{
    struct assay_error err = {0};
    struct assay_key keys[CALL];
    size_t at = 0, taken = CALL;
    while (at < 2 * different && taken == CALL) {
        for (size_t i = 0; i < CALL; i++)
            keys[i] = key_at((at + i) % different);
        assert_int_equal(assay_key_set_add(set, keys, CALL, &taken, &err), ASSAY_OK);
        at += taken;
    }
    return at;
}

static void all_keys_are_there_once(void **state)
{
    static const size_t differents[] = {1, 7, 5000, 8192, N};
    struct assay_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof differents / sizeof *differents; i++) {
        struct assay_key_set set = {.most = 2 * N};
        const size_t different = differents[i];
        assert_true(fill(&set, different) >= 2 * different);
        assert_int_equal(assay_key_set_finish(&set, &err), ASSAY_OK);
        assert_int_equal(set.count, different);
        for (uint64_t j = 0; j < 2 * N; j++) {
            struct assay_key key = key_at(j);
            assert_int_equal(assay_key_set_has(&set, key), j < different);
            key.low += 3;
            assert_false(assay_key_set_has(&set, key));
        }
        assay_key_set_release(&set);
    }
}

/* What was taken until then is there. */
static void a_full_set_says_so(void **state)
{
    struct assay_key_set set = {.most = ASSAY_KEY_SET_LEAST};
    struct assay_error err = {0};
    (void)state;
    const size_t taken = fill(&set, N);
    assert_true(taken >= ASSAY_KEY_SET_LEAST / 8 * 6 && taken <= ASSAY_KEY_SET_LEAST);
    assert_int_equal(set.room, ASSAY_KEY_SET_LEAST);
    assert_int_equal(assay_key_set_finish(&set, &err), ASSAY_OK);
    assert_int_equal(set.count, taken);
    for (uint64_t j = 0; j < N; j++)
        assert_int_equal(assay_key_set_has(&set, key_at(j)), j < taken);
    assay_key_set_release(&set);
}

static void an_empty_set_has_nothing(void **state)
{
    struct assay_key_set set = {.most = ASSAY_KEY_SET_LEAST};
    struct assay_error err = {0};
    (void)state;
    assert_int_equal(assay_key_set_finish(&set, &err), ASSAY_OK);
    assert_false(assay_key_set_has(&set, (struct assay_key){0}));
    assay_key_set_release(&set);
}

static int by_words(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return a[0] != b[0] ? (a[0] < b[0] ? -1 : 1) : a[1] < b[1] ? -1 : a[1] > b[1];
}

static int by_word(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return a[0] < b[0] ? -1 : a[0] > b[0];
}

/* As the library sorts; few values and equal first words among them. */
static void numbers_are_sorted(void **state)
{
    static const uint64_t kinds[] = {UINT64_MAX, 3, 1, UINT64_C(0xff00ff)};
    static uint64_t ours[2 * N], theirs[2 * N];
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (uint64_t i = 0; i < 2 * N; i++)
            ours[i] = (i + 1) * UINT64_C(0xd6e8feb86659fd93) >> 7 & kinds[k];
        memcpy(theirs, ours, sizeof ours);
        qsort(theirs, N, 2 * sizeof *theirs, by_words);
        assay_sort_pairs(ours, N);
        assert_memory_equal(ours, theirs, sizeof ours);
        for (uint64_t i = 0; i < 2 * N; i++)
            theirs[i] = ours[i] = (i + 1) * UINT64_C(0xd6e8feb86659fd93) & kinds[k];
        qsort(theirs, 2 * N, sizeof *theirs, by_word);
        assay_sort_words(ours, 2 * N);
        assert_memory_equal(ours, theirs, sizeof ours);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_are_there_once),
        cmocka_unit_test(a_full_set_says_so),
        cmocka_unit_test(an_empty_set_has_nothing),
        cmocka_unit_test(numbers_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
