// Tests of the selection: settings, picking, the lowest hashes, and gathering.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/profile/gather.h"
#include "worker/executor/profile/selection.h"

static const struct {
    const char *settings;
    int code;
    uint64_t limit, sample;
    double share;
} settings[] = {
    {"{}", ASSAY_OK, 0, 0, 0},
    {"{\"limit\": 7}", ASSAY_OK, 7, 0, 0},
    {"{\"limit\": -1}", ASSAY_INVALID, 0, 0, 0},
    {"{\"max_records_analyzed_per_partition\": -1}", ASSAY_OK, 0, 0, 0},
    {"{\"max_records_analyzed_per_partition\": 5, \"limit\": 7}", ASSAY_OK, 5, 0, 0},
    {"{\"sample\": 100}", ASSAY_OK, 0, 100, 0},
    {"{\"sample\": \"100\"}", ASSAY_OK, 0, 100, 0},
    {"{\"sample\": \"2.5%\"}", ASSAY_OK, 0, 0, 0.025},
    {"{\"sample\": \"0%\"}", ASSAY_INVALID, 0, 0, 0},
    {"{\"sample\": \"101%\"}", ASSAY_INVALID, 0, 0, 0},
    {"{\"sample\": \"many\"}", ASSAY_INVALID, 0, 0, 0},
    {"{\"sample\": 0}", ASSAY_INVALID, 0, 0, 0},
};

static void test_settings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(settings); i++) {
        struct assay_error err = {0};
        struct assay_selection selection = {0};
        ASSAY_AUTO(assay_json_decref) json_t *json = NULL;
        const char *text = settings[i].settings;
        assert_int_equal(assay_json_parse(text, strlen(text), "settings", &json, &err), ASSAY_OK);
        if (assay_selection_parse(json, &selection, &err) != settings[i].code)
            fail_msg("%s: %s", text, err.text);
        assert_int_equal(selection.limit, settings[i].limit);
        assert_int_equal(selection.sample, settings[i].sample);
        assert_true(selection.share == settings[i].share);
        assert_int_equal(selection.by_hash, settings[i].share > 0);
    }
}

static void test_pick(void **state)
{
    (void)state;
    uint64_t hashes[100], words[ASSAY_BATCH_ROWS / 64], bits[] = {0xff00, 0, 1};
    for (size_t i = 0; i < 100; i++)
        hashes[i] = i * 10;
    const struct assay_batch batch = {.rows = 100, .first_row = 60};
    struct assay_record_set sets[] = {{0}, {.words = bits, .words_count = 3}};
    const struct assay_selection by_hash = {.by_hash = true, .hash_max = 50};
    assert_int_equal(assay_selection_pick(&by_hash, 1, &batch, hashes, words), 6);
    assert_int_equal(words[0], 0x3f);
    const struct assay_selection by_set = {.sets = sets, .sets_count = 2};
    assert_int_equal(assay_selection_pick(&by_set, 1, &batch, NULL, words),
                     1); /* record 128 is row 68 */
    assert_int_equal(words[1], 1 << 4);
    assert_int_equal(assay_selection_pick(&by_set, 0, &batch, NULL, words), 0);
}

static void test_lowest_hashes(void **state)
{
    (void)state;
    struct assay_error err = {0};
    struct assay_hash_bottom all, parts[2];
    assert_int_equal(assay_hash_bottom_init(&all, 10, &err), ASSAY_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(assay_hash_bottom_init(&parts[i], 10, &err), ASSAY_OK);
    for (uint64_t i = 0; i < 1000; i++)
        assay_hash_bottom_add(&parts[i % 2], i * 7919 % 1000); /* every number below 1000 once */
    for (int i = 0; i < 2; i++) {
        assay_hash_bottom_merge(&all, &parts[i]);
        assay_hash_bottom_release(&parts[i]);
    }
    assert_int_equal(all.count, 10);
    assert_int_equal(all.heap[0], 9);
    assay_hash_bottom_release(&all);
}

static void test_gather(void **state)
{
    (void)state;
    struct assay_error err = {0};
    const int32_t dates[] = {10, 11, 12, 13, 14};
    const struct assay_cell cells[] = {
        {"a", 1, 1}, {"b", 1, 1}, {"c", 1, 1}, {"d", 1, 1}, {"e", 1, 1}};
    const uint64_t validity = 0x1b, offsets[] = {0, 5, 9, 20, 33};
    const struct assay_column columns[] = {
        {.layout = ASSAY_LAYOUT_DATE, .values = dates, .validity = &validity},
        {.layout = ASSAY_LAYOUT_CELL, .values = cells},
        {.layout = ASSAY_LAYOUT_STRUCT, .validity = &validity},
    };
    const struct assay_batch batch = {
        .rows = 5, .columns_count = 3, .columns = columns, .first_row = 100, .offset = offsets};
    uint64_t words[ASSAY_BATCH_ROWS / 64] = {0x16}; /* rows 1, 2, 4 */
    ASSAY_AUTO(assay_gather_free) struct assay_gather *gather = NULL;
    const struct assay_batch *got = NULL;
    assert_int_equal(assay_gather_new(3, &gather, &err), ASSAY_OK);
    assert_int_equal(assay_gather_rows(gather, &batch, words, &got, &err), ASSAY_OK);
    assert_int_equal(got->rows, 3);
    assert_memory_equal(got->columns[0].values, ((const int32_t[]){11, 12, 14}), 12);
    assert_int_equal(got->columns[0].validity[0], 5);
    assert_memory_equal(((const struct assay_cell *)got->columns[1].values)[2].data, "e", 1);
    assert_null(got->columns[1].validity);
    assert_int_equal(got->columns[2].validity[0], 5);
    assert_memory_equal(got->row, ((const uint64_t[]){101, 102, 104}), 24);
    assert_memory_equal(got->offset, ((const uint64_t[]){5, 9, 33}), 24);
    assert_null(got->line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_pick),
        cmocka_unit_test(test_lowest_hashes),
        cmocka_unit_test(test_gather),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
