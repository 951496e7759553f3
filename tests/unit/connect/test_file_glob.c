// Globbing by token: names in, groups out, written down by hand.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "worker/executor/connect/file_glob.h"

static const struct {
    const char *label, *names[10];
    bool whole_folders;
    const char *groups; /* "name=members name=members", by name */
} cases[] = {
    {"nothing", {0}, false, ""},
    {"one token stays", {"a1.csv", "a2.csv"}, false, "a1.csv=1 a2.csv=1"},
    {"dates vary",
     {"orders_2024.csv", "orders_2025.csv", "orders_x.csv"},
     false,
     "orders_*.csv=2 orders_x.csv=1"},
    {"two families", {"c_1.csv", "c_2.csv", "o_1.csv", "o_2.csv"}, false, "c_*.csv=2 o_*.csv=2"},
    {"extensions apart",
     {"o_1.csv", "o_2.csv", "o_3.tsv", "o_4.csv.gz", "o_5.csv.gz"},
     false,
     "o_*.csv=2 o_*.csv.gz=2 o_3.tsv=1"},
    {"folders apart",
     {"a/o_1.csv", "a/o_2.csv", "b/o_1.csv", "b/o_2.csv"},
     false,
     "a/o_*.csv=2 b/o_*.csv=2"},
    {"hyphens",
     {"orders-01.json", "orders-02.json", "plain.json"},
     false,
     "orders-*.json=2 plain.json=1"},
    {"hyphens in dates",
     {"orders_2024-01-01.csv", "orders_2024-01-02.csv"},
     false,
     "orders_*.csv=2"},
    {"common digits stay", {"v2_orders_1.csv", "v2_orders_2.csv"}, false, "v2_orders_*.csv=2"},
    {"letters unique first", {"eu_sales.csv", "us_sales.csv"}, false, "*_sales.csv=2"},
    {"larger group wins",
     {"eu_sales.csv", "us_sales.csv", "ch_sales.csv", "eu_costs.csv"},
     false,
     "*_sales.csv=3 eu_costs.csv=1"},
    {"tie goes right", {"a_x.csv", "a_y.csv", "b_x.csv", "b_y.csv"}, false, "a_*.csv=2 b_*.csv=2"},
    {"more tokens apart",
     {"a_1.csv", "a_2.csv", "a_1_x.csv", "a_2_x.csv"},
     false,
     "a_*.csv=2 a_*_x.csv=2"},
    {"single digits keep name", {"orders_2024.csv"}, false, "orders_2024.csv=1"},
    {"upper-case extension", {"o_1.CSV", "o_2.CSV"}, false, "o_*.CSV=2"},
    {"whole folder", {"a/x.csv", "a/y.csv", "z.csv", "w.json"}, true, "a/*.csv=2 w.json=1 z.csv=1"},
    {"empty tokens", {"__.csv", "_1_.csv", "_2_.csv"}, false, "_*_.csv=2 __.csv=1"},
};

static void groups(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        size_t count = 0;
        while (cases[i].names[count])
            count++;
        struct assay_glob_groups found = {0};
        struct assay_error err = {0};
        assert_int_equal(
            assay_glob_group(cases[i].names, count, cases[i].whole_folders, &found, &err),
            ASSAY_OK);
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        for (size_t g = 0; g < found.count; g++)
            assay_buf_printf(&text, "%s%s=%zu", g ? " " : "", found.items[g].name,
                             found.items[g].count);
        print_message("%s: %s\n", cases[i].label, assay_buf_str(&text));
        assert_string_equal(assay_buf_str(&text), cases[i].groups);
        assay_glob_groups_release(&found);
    }
}

static void every_file_is_in_one_group(void **state)
{
    (void)state;
    enum { FILES = 600 };
    static char texts[FILES][32];
    static const char *names[FILES];
    uint32_t seed = 1;
    for (size_t i = 0; i < FILES; i++) {
        seed = seed * 1664525 + 1013904223;
        (void)snprintf(texts[i], sizeof texts[i], "%c%c%c_%zu%s.csv", 'a' + (char)(seed >> 30),
                       "_-x"[seed >> 8 & 1], 'a' + (char)(seed >> 28 & 3), i,
                       seed >> 20 & 1 ? "_z" : "");
        names[i] = texts[i];
    }
    struct assay_glob_groups found = {0};
    assert_int_equal(assay_glob_group(names, FILES, false, &found, NULL), ASSAY_OK);
    uint8_t seen[FILES] = {0};
    for (size_t g = 0; g < found.count; g++)
        for (size_t m = 0; m < found.items[g].count; m++)
            seen[found.items[g].members[m]]++;
    for (size_t i = 0; i < FILES; i++)
        assert_int_equal(seen[i], 1);
    assay_glob_groups_release(&found);
}

static void extensions(void **state)
{
    (void)state;
    static const struct {
        const char *name, *extension, *format;
    } names[] = {
        {"a.csv", "csv", "csv"},
        {"d/a.b.TSV", "TSV", "tsv"},
        {"a.csv.gz", "csv.gz", "csv"},
        {"a.ndjson.zst", "ndjson.zst", "jsonl"},
        {"a.parquet", "parquet", "parquet"},
        {"a.parquet.gz", NULL, NULL},
        {"a.gz", NULL, NULL},
        {".csv", NULL, NULL},
        {"a", NULL, NULL},
        {"a.csv/b", NULL, NULL},
        {"a.xcsv", NULL, NULL},
        {".gz", NULL, NULL},
        {"x.txt", "txt", "txt"},
        {"x.json", "json", "json"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        const char *format = NULL;
        const char *extension = assay_glob_extension(names[i].name, &format);
        if (!names[i].extension) {
            assert_null(extension);
            continue;
        }
        assert_string_equal(extension, names[i].extension);
        assert_string_equal(format, names[i].format);
    }
}

static void out_of_memory(void **state)
{
    (void)state;
    static const char *const names[] = {"o_1.csv", "o_2.csv", "x.csv", "eu_a.csv", "us_a.csv"};
    for (int64_t nth = 1;; nth++) {
        struct assay_glob_groups found = {0};
        assay_memory_fail_at(nth);
        const int rc = assay_glob_group(names, ASSAY_COUNT(names), false, &found, NULL);
        const int64_t made = assay_memory_count();
        assay_memory_fail_at(0);
        assay_glob_groups_release(&found);
        if (made < nth)
            break;
        assert_int_equal(rc, ASSAY_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups),
        cmocka_unit_test(every_file_is_in_one_group),
        cmocka_unit_test(extensions),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
