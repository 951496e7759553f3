// Tests of the type decision: columns by hand, the user's word, merged counts, and the belief from
// a sample.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "worker/executor/infer/type_count.h"
#include "worker/executor/infer/type_sample.h"

/* Count the cells of "1|2|x*30": by bars, "*n" repeats; an empty one is NULL. */
static void count_cells(const char *text, struct assay_type_profile *profile)
{
    struct assay_error err = {0};
    for (const char *at = text;; at++) {
        const char *end = strchrnul(at, '|'), *star = memchr(at, '*', (size_t)(end - at));
        const size_t size = (size_t)((star ? star : end) - at);
        const struct assay_cell cell = {at, (uint32_t)size,
                                        size ? ASSAY_CELL_PLAIN : ASSAY_CELL_NULL};
        for (int i = star ? atoi(star + 1) : 1; i > 0; i--)
            assert_int_equal(assay_type_profile_add(profile, &cell, &err), ASSAY_OK);
        if (!*end)
            return;
        at = end;
    }
}

static const struct {
    const char *cells;
    enum assay_type type;
    enum assay_layout layout;
    double confidence;
    uint64_t misfits;
    const char *date_format;
    bool ambiguous, mixed;
} cases[] = {
    {"", ASSAY_TYPE_UNKNOWN, ASSAY_LAYOUT_NULL, 1, 0, "", false, false},
    {"1|2|-3|", ASSAY_TYPE_INTEGRAL, ASSAY_LAYOUT_INT64, 1, 0, "", false, false},
    {"1*99|x", ASSAY_TYPE_INTEGRAL, ASSAY_LAYOUT_INT64, 0.99, 1, "", false, false},
    {"1*9|x", ASSAY_TYPE_STRING, ASSAY_LAYOUT_TEXT, 1, 0, "", false, false},
    {"1*5|NA*5", ASSAY_TYPE_INTEGRAL, ASSAY_LAYOUT_INT64, 1, 5, "", false, false},
    {"1*99|2.5", ASSAY_TYPE_FRACTIONAL, ASSAY_LAYOUT_DOUBLE, 1, 0, "", false, false},
    {"1.5|NaN|-", ASSAY_TYPE_FRACTIONAL, ASSAY_LAYOUT_DOUBLE, 1, 1, "", false, false},
    {"NaN|nan", ASSAY_TYPE_FRACTIONAL, ASSAY_LAYOUT_DOUBLE, 1, 0, "", false, false},
    {"NA*3", ASSAY_TYPE_STRING, ASSAY_LAYOUT_TEXT, 1, 0, "", false, false},
    {"1*999|007", ASSAY_TYPE_STRING, ASSAY_LAYOUT_TEXT, 1, 0, "", false, false},
    {"1|9223372036854775808", ASSAY_TYPE_INTEGRAL, ASSAY_LAYOUT_INT128, 1, 0, "", false, false},
    {"1*99|999999999999999999999999999999999999999999", ASSAY_TYPE_FRACTIONAL, ASSAY_LAYOUT_DOUBLE,
     1, 0, "", false, false},
    {"999999999999999999999999999999999999999999*9", ASSAY_TYPE_STRING, ASSAY_LAYOUT_TEXT, 1, 0, "",
     false, false},
    {"true|FALSE", ASSAY_TYPE_BOOLEAN, ASSAY_LAYOUT_BOOL, 1, 0, "", false, false},
    {"true*5|1*5", ASSAY_TYPE_STRING, ASSAY_LAYOUT_TEXT, 1, 0, "", false, false},
    {"2026-11-20|2026-11-21", ASSAY_TYPE_DATE, ASSAY_LAYOUT_DATE, 1, 0, "yyyy-MM-dd", false, false},
    {"2026-11-20|2026-11-20 10:00:00", ASSAY_TYPE_TIMESTAMP, ASSAY_LAYOUT_TIMESTAMP, 1, 0,
     "yyyy-MM-dd HH:mm:ss", false, false},
    {"2026-11-20T10:00:00Z*3", ASSAY_TYPE_TIMESTAMP, ASSAY_LAYOUT_INSTANT, 1, 0,
     "yyyy-MM-dd HH:mm:ssXXX", false, false},
    {"01/02/2026|03/04/2026", ASSAY_TYPE_DATE, ASSAY_LAYOUT_DATE, 1, 0, "MM/dd/yyyy", true, false},
    {"01/02/2026*50|13/04/2026", ASSAY_TYPE_DATE, ASSAY_LAYOUT_DATE, 1, 0, "dd/MM/yyyy", false,
     false},
    {"01/02/2026*50|04/13/2026", ASSAY_TYPE_DATE, ASSAY_LAYOUT_DATE, 1, 0, "MM/dd/yyyy", false,
     false},
    {"2026-11-20*99|20.11.2026", ASSAY_TYPE_DATE, ASSAY_LAYOUT_DATE, 0.99, 1, "yyyy-MM-dd", false,
     true},
    {"2026-11-20*6|20.11.2026*4", ASSAY_TYPE_STRING, ASSAY_LAYOUT_TEXT, 1, 0, "", false, true},
    {"1,234*9", ASSAY_TYPE_STRING, ASSAY_LAYOUT_TEXT, 1, 0, "", false, false},
};

static void table(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_type_profile profile = {0};
        struct assay_type_decision decision;
        count_cells(cases[i].cells, &profile);
        assay_type_decide(&profile, NULL, &decision);
        print_message("%s: %s %s\n", cases[i].cells, assay_type_name(decision.type),
                      decision.date_format);
        assert_int_equal(decision.type, cases[i].type);
        assert_int_equal(decision.target.layout, cases[i].layout);
        assert_true(decision.confidence > cases[i].confidence - 1e-9 &&
                    decision.confidence < cases[i].confidence + 1e-9);
        assert_int_equal(decision.misfits, cases[i].misfits);
        assert_string_equal(decision.date_format, cases[i].date_format);
        assert_int_equal(decision.ambiguous_date, cases[i].ambiguous);
        assert_int_equal(decision.mixed_dates, cases[i].mixed);
        assay_type_profile_release(&profile);
    }
}

static void the_users_word(void **unused)
{
    (void)unused;
    static const struct {
        const char *options;
        int rc;
        bool given;
        struct assay_cell_target target;
    } rows[] = {
        {"{}", ASSAY_OK, false, {0}},
        {"{\"types.x\": \"Integral\"}",
         ASSAY_OK,
         true,
         {.layout = ASSAY_LAYOUT_INT64, .leading_zeros = true}},
        {"{\"types\": {\"x\": \"string\"}}", ASSAY_OK, true, {.layout = ASSAY_LAYOUT_TEXT}},
        {"{\"types.x\": \"Date(dd/MM/yyyy)\"}",
         ASSAY_OK,
         true,
         {.layout = ASSAY_LAYOUT_DATE, .format = ASSAY_DATE_DMY_SLASH}},
        {"{\"types.x\": \"Date(yyyyMMdd)\"}",
         ASSAY_OK,
         true,
         {.layout = ASSAY_LAYOUT_DATE, .format = ASSAY_DATE_COMPACT}},
        {"{\"types.x\": \"Timestamp\"}",
         ASSAY_OK,
         true,
         {.layout = ASSAY_LAYOUT_TIMESTAMP, .format = ASSAY_DATE_FORMATS}},
        {"{\"infer_datatypes\": \"false\"}", ASSAY_OK, true, {.layout = ASSAY_LAYOUT_TEXT}},
        {"{\"types.x\": \"Money\"}", ASSAY_INVALID, false, {0}},
        {"{\"types.x\": \"Date(dd)\"}", ASSAY_INVALID, false, {0}},
        {"{\"types.x\": 1}", ASSAY_INVALID, false, {0}},
    };
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *options = json_loads(rows[i].options, 0, NULL);
        struct assay_cell_target target = {0};
        struct assay_error err = {0};
        bool given = false;
        assert_int_equal(assay_type_given(options, "x", &given, &target, &err), rows[i].rc);
        assert_int_equal(given, rows[i].given);
        if (given)
            assert_true(assay_cell_target_equal(&target, &rows[i].target));
    }
}

/* infer_datatypes=false makes texts of texts, not of a source's own numbers. */
static void numbers_of_the_source_stay(void **unused)
{
    (void)unused;
    const struct assay_cell_target texts = {.layout = ASSAY_LAYOUT_TEXT, .texts_only = true};
    const struct assay_cell cells[] = {
        {"1", 1, ASSAY_CELL_NUMBER}, {"2.5", 3, ASSAY_CELL_NUMBER}, {"3", 1, ASSAY_CELL_STRING}};
    struct assay_type_profile profile = {0};
    struct assay_type_decision decision;
    struct assay_error err = {0};
    for (size_t i = 0; i < ASSAY_COUNT(cells); i++) {
        assert_int_equal(assay_type_profile_add(&profile, &cells[i], &err), ASSAY_OK);
        assay_type_decide(&profile, &texts, &decision);
        assert_int_equal(decision.type, i == 0   ? ASSAY_TYPE_INTEGRAL
                                        : i == 1 ? ASSAY_TYPE_FRACTIONAL
                                                 : ASSAY_TYPE_STRING);
    }
    assay_type_profile_release(&profile);
}

static void given_types_are_measured(void **unused)
{
    (void)unused;
    const struct assay_cell_target target = {.layout = ASSAY_LAYOUT_INT64, .leading_zeros = true};
    struct assay_type_profile profile = {0};
    struct assay_type_decision decision;
    count_cells("007|12|x|NA", &profile);
    assay_type_decide(&profile, &target, &decision);
    assert_true(decision.given);
    assert_int_equal(decision.type, ASSAY_TYPE_INTEGRAL);
    assert_int_equal(decision.fits, 2);
    assert_int_equal(decision.misfits, 2);
    assay_type_profile_release(&profile);
}

/* Parts counted apart and merged in any order give the counts of the whole, and the first
 * misfits. */
static void merging(void **unused)
{
    (void)unused;
    struct assay_type_profile parts[3] = {0}, forward = {0}, backward = {0};
    struct assay_error err = {0};
    for (uint64_t part = 0; part < 3; part++) {
        count_cells("1|x|NA|-|2026-11-20|01/02/2026|", &parts[part]);
        for (uint64_t row = 0; row < 6; row++)
            assert_int_equal(assay_type_count_misfit(&parts[part], row, "v", 1, &err), ASSAY_OK);
        assay_type_profile_shift(&parts[part], part * 10);
    }
    for (int part = 0; part < 3; part++) {
        assert_int_equal(assay_type_profile_merge(&forward, &parts[part], &err), ASSAY_OK);
        assert_int_equal(assay_type_profile_merge(&backward, &parts[2 - part], &err), ASSAY_OK);
    }
    assert_memory_equal(forward.counts, backward.counts, sizeof forward.counts);
    assert_memory_equal(forward.formats, backward.formats, sizeof forward.formats);
    assert_int_equal(forward.misfit_count, 18);
    assert_int_equal(forward.misfits_kept, ASSAY_MISFITS_KEPT);
    static const uint64_t rows[ASSAY_MISFITS_KEPT] = {0, 1, 2, 3, 4, 5, 10, 11, 12, 13};
    for (size_t i = 0; i < ASSAY_MISFITS_KEPT; i++) {
        assert_int_equal(forward.misfits[i].row, rows[i]);
        assert_int_equal(backward.misfits[i].row, rows[i]);
    }
    assert_int_equal(forward.null_likes_kept, 2);
    assert_string_equal(forward.null_likes[0].spelling, "NA");
    assert_int_equal(forward.null_likes[0].count, 3);
    for (int part = 0; part < 3; part++)
        assay_type_profile_release(&parts[part]);
    assay_type_profile_release(&forward);
    assay_type_profile_release(&backward);
}

/* The belief sees records all over the file: the type of a column that turns text half-way is
 * text. */
static void sample(void **unused)
{
    (void)unused;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0};
    ASSAY_AUTO(assay_csv_head_free) struct assay_csv_head *head = NULL;
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    ASSAY_AUTO(assay_json_decref)
    json_t *options = json_loads("{\"types.zip\": \"Integral\"}", 0, NULL);
    struct assay_type_decision decisions[6];
    struct assay_error err = {0};
    assay_buf_text(&data, "id,turns,day,zip,\"no\nte\",none\n");
    for (int i = 0; i < 100000; i++)
        assay_buf_printf(&data, "%d,%s%d,2026-01-%02d,%05d,\"line\nline %d\",\n", i,
                         i > 50000 ? "x" : "", i, i % 28 + 1, i, i);
    assert_int_equal(assay_source_open_memory(data.data, data.size, "t", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(assay_csv_head_read(source, options, &head, &err), ASSAY_OK);
    assert_int_equal(head->schema.count, 6);
    assert_int_equal(assay_type_sample(source, head, options, decisions, &err), ASSAY_OK);
    static const enum assay_type types[] = {ASSAY_TYPE_INTEGRAL, ASSAY_TYPE_STRING,
                                            ASSAY_TYPE_DATE,     ASSAY_TYPE_INTEGRAL,
                                            ASSAY_TYPE_STRING,   ASSAY_TYPE_UNKNOWN};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(decisions[i].type, types[i]);
        assert_int_equal(decisions[i].given, i == 3);
    }
}

static void sample_with_failing_memory(void **unused)
{
    (void)unused;
    static const char data[] = "a,b\n1,\"x\"\"y\"\n2,NA\n";
    ASSAY_AUTO(assay_csv_head_free) struct assay_csv_head *head = NULL;
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    struct assay_type_decision decisions[2];
    struct assay_error err = {0};
    assert_int_equal(assay_source_open_memory(data, sizeof data - 1, "t", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(assay_csv_head_read(source, NULL, &head, &err), ASSAY_OK);
    for (int64_t nth = 1;; nth++) {
        assay_error_clear(&err);
        assay_memory_fail_at(nth);
        const int rc = assay_type_sample(source, head, NULL, decisions, &err);
        const bool over = assay_memory_count() < nth;
        assay_memory_fail_at(0);
        if (over)
            break;
        assert_int_equal(rc, ASSAY_NO_MEMORY);
    }
    assert_int_equal(decisions[0].type, ASSAY_TYPE_INTEGRAL);
}

/* Numbers written for people are text; where they and plain numbers make up the column, it is said
 * how many. */
static void formatted_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *cells;
        enum assay_type type;
        uint64_t formatted;
    } columns[] = {
        {"1,234.50|$5.00|12|999", ASSAY_TYPE_STRING, 2},
        {"12 %|5.5%|(7)", ASSAY_TYPE_STRING, 3},
        {"1*97|1,234*3", ASSAY_TYPE_INTEGRAL, 3}, /* misfits of an Integral column */
        {"1*100", ASSAY_TYPE_INTEGRAL, 0},
        {"1,234*9|about ten", ASSAY_TYPE_STRING, 0},
        {"1,234*19|about ten|NA", ASSAY_TYPE_STRING, 19},
    };
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        struct assay_type_profile profile = {0};
        struct assay_type_decision decision;
        count_cells(columns[i].cells, &profile);
        assay_type_decide(&profile, NULL, &decision);
        if (decision.type != columns[i].type || decision.formatted != columns[i].formatted)
            fail_msg("%s: %d, %d", columns[i].cells, decision.type, (int)decision.formatted);
        assay_type_profile_release(&profile);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(formatted_numbers),
                                       cmocka_unit_test(table),
                                       cmocka_unit_test(the_users_word),
                                       cmocka_unit_test(given_types_are_measured),
                                       cmocka_unit_test(numbers_of_the_source_stay),
                                       cmocka_unit_test(merging),
                                       cmocka_unit_test(sample),
                                       cmocka_unit_test(sample_with_failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
