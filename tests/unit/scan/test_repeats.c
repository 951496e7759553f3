// Repeats: one hash that comes twice is found, whatever the memory, the lanes and the readings.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/memory.h"
#include "worker/executor/scan/repeats.h"

enum { STREAM = 50000, CALL = 2048, LANES_MAX = 3 };

static uint64_t hashes[STREAM];

/* An odd multiplier: a permutation of 64 bits, so that no hash comes twice. */
static void fill(uint64_t factor)
{
    for (uint64_t i = 0; i < STREAM; i++)
        hashes[i] = (i + 1) * factor;
}

static void read_once(struct assay_repeats *repeats, struct assay_repeats_lane *lanes, size_t count,
                      const uint64_t *validity)
{
    struct assay_error err = {0};
    for (size_t at = 0, turn = 0; at < STREAM; at += CALL, turn++) {
        const size_t n = STREAM - at < CALL ? STREAM - at : CALL;
        assert_int_equal(assay_repeats_add(repeats, &lanes[turn % count], &hashes[at],
                                           validity ? validity + at / 64 : NULL, n, &err),
                         ASSAY_OK);
    }
}

/* Readings that it took; *ret_found. */
static size_t look(size_t lane_hashes, size_t lanes_count, const uint64_t *validity,
                   bool *ret_found)
{
    struct assay_repeats repeats = {.lane_hashes = lane_hashes, .high = UINT64_MAX};
    double share = 0;
    size_t readings = 0;
    while (share < 1 && !repeats.found) {
        struct assay_repeats_lane lanes[LANES_MAX] = {0};
        struct assay_repeats_lane *pointers[LANES_MAX] = {&lanes[0], &lanes[1], &lanes[2]};
        const double before = share;
        read_once(&repeats, lanes, lanes_count, validity);
        assay_repeats_finish(&repeats, pointers, lanes_count, &share);
        for (size_t i = 0; i < lanes_count; i++) {
            assert_true(lanes[i].room <= 8192 || lanes[i].room <= lane_hashes);
            assay_repeats_lane_release(&lanes[i]);
        }
        readings++;
        assert_true(repeats.found || share > before);
        if (share < 1 && !repeats.found)
            assay_repeats_again(&repeats);
    }
    *ret_found = repeats.found;
    return readings;
}

static const struct {
    size_t lane_hashes, lanes;
    size_t least, most; /* readings of 50,000 different hashes */
} memories[] = {
    {1 << 20, 1, 1, 1}, {1 << 20, 3, 1, 1}, {8192, 1, 7, 13},
    {8192, 2, 4, 7},    {20000, 3, 1, 1},   {12345, 2, 3, 5},
};

static void test_different_hashes(void **state)
{
    (void)state;
    fill(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < ASSAY_COUNT(memories); i++) {
        bool found;
        const size_t readings = look(memories[i].lane_hashes, memories[i].lanes, NULL, &found);
        assert_false(found);
        assert_in_range(readings, memories[i].least, memories[i].most);
    }
}

static void test_one_repeated_hash(void **state)
{
    (void)state;
    static const size_t places[][2] = {{0, 1}, {0, 49999}, {2047, 2048}, {100, 30000}, {7, 4103}};
    for (size_t i = 0; i < ASSAY_COUNT(memories) * ASSAY_COUNT(places); i++) {
        const size_t *place = places[i % ASSAY_COUNT(places)];
        fill(0x9E3779B97F4A7C15);
        hashes[place[1]] = hashes[place[0]];
        bool found;
        (void)look(memories[i / ASSAY_COUNT(places)].lane_hashes,
                   memories[i / ASSAY_COUNT(places)].lanes, NULL, &found);
        assert_true(found);
    }
}

/* Small differences, zeros, ones in all bits: any digit may decide. */
static void test_close_hashes(void **state)
{
    (void)state;
    bool found;
    fill(1);
    hashes[17] = 0;
    hashes[18] = UINT64_MAX;
    (void)look(1 << 20, 2, NULL, &found);
    assert_false(found);
    hashes[40000] = UINT64_MAX;
    (void)look(1 << 20, 2, NULL, &found);
    assert_true(found);
}

static void test_missing_hashes_do_not_count(void **state)
{
    (void)state;
    static uint64_t validity[STREAM / 64 + 1];
    bool found;
    fill(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < ASSAY_COUNT(validity); i++)
        validity[i] = UINT64_MAX;
    for (size_t i = 1000; i < 3000; i++) {
        hashes[i] = 42;
        validity[i / 64] &= ~(UINT64_C(1) << (i & 63));
    }
    (void)look(8192, 2, validity, &found);
    assert_false(found);
    validity[1000 / 64] |= UINT64_C(1) << (1000 & 63);
    (void)look(8192, 2, validity, &found);
    assert_false(found);
    validity[2999 / 64] |= UINT64_C(1) << (2999 & 63);
    (void)look(8192, 2, validity, &found);
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_different_hashes),
        cmocka_unit_test(test_one_repeated_hash),
        cmocka_unit_test(test_close_hashes),
        cmocka_unit_test(test_missing_hashes_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
