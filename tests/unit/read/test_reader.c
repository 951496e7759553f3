// Tests of the list of rejected records: bounds, safe text, merging of parts, failing memory.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/read/reader.h"

static void bounds_and_safety(void **unused)
{
    (void)unused;
    struct assay_rejections list = {0};
    static char raw[ASSAY_RAW_BYTES * 2];
    memset(raw, 'x', sizeof raw);
    raw[0] = '\0';
    raw[1] = '\xFF';
    for (uint64_t i = 0; i < ASSAY_REJECTIONS_KEPT + 5; i++)
        assert_true(
            assay_rejections_add(&list, 3, i + 1, i * 10, raw, sizeof raw, "%d cells", (int)i));
    assert_int_equal(list.count, ASSAY_REJECTIONS_KEPT + 5);
    assert_int_equal(list.kept, ASSAY_REJECTIONS_KEPT);
    assert_string_equal(list.items[7].reason, "7 cells");
    assert_int_equal(list.items[7].file, 3);
    assert_int_equal(list.items[7].byte_offset, 70);
    assert_memory_equal(list.items[0].raw, " \xEF\xBF\xBDxx", 6);
    assert_int_equal(strlen(list.items[0].raw), ASSAY_RAW_BYTES + 2);
    assay_rejections_release(&list);
    assert_int_equal(list.count, 0);
}

static void merging(void **unused)
{
    (void)unused;
    struct assay_rejections all = {0}, part = {0};
    assert_true(assay_rejections_add(&all, 0, 4, 40, "a", 1, "first"));
    for (uint64_t i = 0; i < ASSAY_REJECTIONS_KEPT; i++)
        assert_true(assay_rejections_add(&part, 0, i + 1, 100 + i, "", 0, "second"));
    assert_true(assay_rejections_merge(&all, &part, 10));
    assert_int_equal(all.count, ASSAY_REJECTIONS_KEPT + 1);
    assert_int_equal(all.kept, ASSAY_REJECTIONS_KEPT);
    assert_int_equal(all.items[0].line, 4);
    assert_int_equal(all.items[1].line, 11);
    assert_int_equal(part.count, 0);
    assert_null(part.items);
    assay_rejections_release(&all);
}

static void failing_memory(void **unused)
{
    (void)unused;
    for (int64_t nth = 1; nth < 20; nth++) {
        struct assay_rejections list = {0}, part = {0};
        assay_memory_fail_at(nth);
        const bool added = assay_rejections_add(&part, 0, 1, 0, "raw", 3, "reason");
        const bool merged = assay_rejections_merge(&list, &part, 1);
        const bool over = assay_memory_count() < nth;
        assay_memory_fail_at(0);
        assert_int_equal(list.count, 1); /* counted all the same */
        assert_int_equal(added && merged, over);
        assay_rejections_release(&list);
        if (over)
            return;
    }
    fail_msg("allocations never end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bounds_and_safety),
                                       cmocka_unit_test(merging), cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
