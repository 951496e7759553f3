// Marks and spilled records come back as they were, in memory and in the file.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/memory.h"
#include "worker/executor/lookup/marks.h"
#include "worker/executor/lookup/spill.h"

enum { PLACES = 4000, RECORDS = 200000 };

/* Places in several parts and files, far apart, in no order. */
static struct assay_marks_place place_at(uint64_t i)
{
    return (struct assay_marks_place){
        .part = (uint32_t)(i % 3), .file = (uint32_t)(i % 5), .row = i * 7919 % 3000017};
}

static void marked_are_those_that_were_set(void **state)
{
    static const uint64_t memories[] = {0, ASSAY_MARKS_BLOCK_BYTES * 3, 64 << 20};
    struct assay_error err = {0};
    (void)state;
    for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
        struct assay_marks *marks;
        struct assay_marks_reader reader = {0};
        assert_int_equal(assay_marks_new(memories[m], &marks, &err), ASSAY_OK);
        for (uint64_t round = 0; round < 2; round++)
            for (uint64_t i = 0; i < PLACES; i++) {
                const struct assay_marks_place place = place_at(i);
                assert_int_equal(assay_marks_set(marks, &place, &err), ASSAY_OK);
            }
        assert_int_equal(assay_marks_finish(marks, &err), ASSAY_OK);
        for (uint64_t i = 0; i < 2 * PLACES; i++) {
            const struct assay_marks_place place = place_at(i);
            bool marked;
            assert_int_equal(assay_marks_get(marks, &reader, &place, &marked, &err), ASSAY_OK);
            assert_int_equal(marked, i < PLACES);
        }
        assay_marks_free(marks);
    }
}

static void records_come_back(void **state)
{
    struct assay_error err = {0};
    struct assay_spill *spill;
    uint64_t sum = 0, count = 0;
    uint64_t *records = assay_malloc(ASSAY_SPILL_EXTENT_BYTES);
    (void)state;
    assert_int_equal(assay_spill_new(2 * sizeof *records, &spill, &err), ASSAY_OK);
    for (uint64_t i = 0; i < RECORDS; i++) {
        const uint64_t record[2] = {i, ~i};
        assert_int_equal(assay_spill_add(spill, i % 7 * 36, record, &err), ASSAY_OK);
    }
    assert_int_equal(assay_spill_finish(spill, &err), ASSAY_OK);
    for (size_t bucket = 0; bucket < ASSAY_SPILL_BUCKETS; bucket++) {
        uint64_t before = count;
        for (size_t at = 0, got = 1; got; count += got) {
            assert_int_equal(assay_spill_next(spill, bucket, &at, records, &got, &err), ASSAY_OK);
            for (size_t i = 0; i < got; i++) {
                assert_int_equal(records[2 * i] % 7 * 36, bucket);
                assert_int_equal(records[2 * i], ~records[2 * i + 1]);
                sum += records[2 * i];
            }
        }
        assert_int_equal(count - before, assay_spill_count(spill, bucket));
    }
    assert_int_equal(count, RECORDS);
    assert_int_equal(sum, (uint64_t)RECORDS * (RECORDS - 1) / 2);
    assay_spill_free(spill);
    assay_free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marked_are_those_that_were_set),
        cmocka_unit_test(records_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
