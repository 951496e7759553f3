// Texts: lengths, blanks, malformed bytes, extremes; patterns; granularity; normality.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include "worker/executor/kernels/granularity.h"
#include "worker/executor/kernels/normality.h"
#include "worker/executor/kernels/pattern.h"
#include "worker/executor/kernels/text_scan.h"

static void scan(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t length;
        bool blank, malformed;
    } cases[] = {
        {"", 0, false, false},
        {"a", 1, false, false},
        {" ", 1, true, false},
        {"\t\r\n ", 4, true, false},
        {"\xC2\xA0", 1, true, false},      /* no-break space */
        {"\xE3\x80\x80 ", 2, true, false}, /* ideographic space */
        {"\xE2\x80\x8B", 1, false, false}, /* zero width space is no white space */
        {" x", 2, false, false},
        {"\xF0\x9F\x98\x80", 1, false, false},
        {"1234567\xC3\xA9", 8, false, false},
        {"12345678\xC3\xA9", 9, false, false},
        {"123456789012345\xC3\xA9", 16, false, false},
        {"1234567890123456\xC3\xA9", 17, false, false},
        {"\x80", 1, false, true},
        {"ab\xED\xA0\x80", 5, false, true}, /* a surrogate: three malformed bytes */
        {"12345678901234567\xFF", 18, false, true},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_text_scan one;
        uint64_t hash;
        const struct assay_text text = text_of(cases[i].text);
        assay_text_scan_init(&one, false, ASSAY_EXTREME_KEEP_BYTES);
        assert_true(assay_text_scan_add(&one, &text, 1, &hash));
        if (one.lengths.max != cases[i].length || one.blank != cases[i].blank ||
            one.invalid_utf8 != cases[i].malformed || one.empty != !text.size_bytes)
            fail_msg("case %zu: length %zu", i, (size_t)one.lengths.max);
        assert_true(hash == assay_hash_text(text.data, text.size_bytes));
        assay_text_scan_release(&one);
    }
}

static void extremes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "category-2", "category-10", "category-1", "a",       "",  "category-",
        "abc",        "abcdefgh",    "abcdefghi",  "abcdefg", "z", "category-1\x01",
        "\xFF",       "\x7F",
    };
    for (size_t rotate = 0; rotate < ASSAY_COUNT(texts); rotate++) {
        struct assay_text_scan all;
        const char *min = NULL, *max = NULL;
        uint64_t hash;
        assay_text_scan_init(&all, false, 64);
        for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
            const char *text = texts[(i + rotate) % ASSAY_COUNT(texts)];
            const struct assay_text value = text_of(text);
            assert_true(assay_text_scan_add(&all, &value, 1, &hash));
            min = !min || strcmp(text, min) < 0 ? text : min;
            max = !max || strcmp(text, max) > 0 ? text : max;
            assert_int_equal(all.min.size_bytes, strlen(min));
            assert_memory_equal(all.min.data, min, strlen(min));
            assert_int_equal(all.max.size_bytes, strlen(max));
            assert_memory_equal(all.max.data, max, strlen(max));
        }
        assay_text_scan_release(&all);
    }
}

/* NULs count: "a" < "a\0" < "a\0b". */
static void nul_bytes(void **state)
{
    (void)state;
    const struct assay_text values[] = {{.data = "a\0", .size_bytes = 2},
                                        {.data = "a\0b", .size_bytes = 3},
                                        {.data = "a", .size_bytes = 1}};
    struct assay_text_scan all;
    uint64_t hashes[3];
    assay_text_scan_init(&all, false, 64);
    assert_true(assay_text_scan_add(&all, values, 3, hashes));
    assert_int_equal(all.min.size_bytes, 1);
    assert_int_equal(all.max.size_bytes, 3);
    assert_true(hashes[0] != hashes[1] && hashes[0] != hashes[2]);
    assay_text_scan_release(&all);
}

/* A text of 100 MB: its length is exact, its extreme is kept up to the bound and says so. */
static void huge_text(void **state)
{
    (void)state;
    const uint32_t size = 100u << 20;
    ASSAY_AUTO(assay_free) void *memory = assay_malloc(size);
    memset(memory, 'x', size);
    const struct assay_text values[] = {
        {.data = memory, .size_bytes = size}, text_of("y"), text_of("x")};
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_TEXT, .value_bytes = sizeof *values, .values = values, .rows = 3};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_int_equal(stats->max_length, size);
    assert_text(stats->max, "y");
    assert_text(stats->min, "x");
    const struct whole alone = {
        .layout = ASSAY_LAYOUT_TEXT, .value_bytes = sizeof *values, .values = values, .rows = 1};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *long_one = count_whole(&alone);
    assert_true(long_one->max.cut && long_one->min.cut && long_one->top_values[0].value.cut);
    assert_int_equal(long_one->max.size_bytes, ASSAY_EXTREME_KEEP_BYTES);
}

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pattern;
    } cases[] = {
        {"", ""},
        {"AB-1234", "A{2}-9{4}"},
        {"a1", "a9"},
        {"1321", "9{4}"},
        {"Z\xC3\xBCrich", "Aa{5}"},
        {"\xC3\x84rger 2", "Aa{4} 9"},
        {"x@y.ch", "a@a.a{2}"},
        {"--", "-{2}"},
        {"\xE4\xB8\xAD\xE6\x96\x87", "\xE4\xB8\xAD\xE6\x96\x87"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"\xD0\x9C\xD0\xBE\xD1\x81", "Aa{2}"}, /* Мос */
    };
    char pattern[ASSAY_PATTERN_TEXT];
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        assert_int_equal(assay_pattern_of(text_of(cases[i].text), pattern),
                         strlen(cases[i].pattern));
        assert_string_equal(pattern, cases[i].pattern);
    }
    char mixed[400];
    for (size_t i = 0; i < sizeof mixed; i++)
        mixed[i] = i % 2 ? 'a' : 'A';
    const size_t size = assay_pattern_of((struct assay_text){mixed, sizeof mixed}, pattern);
    assert_true(size < ASSAY_PATTERN_TEXT && !strcmp(pattern + size - 3, "\xE2\x80\xA6"));
}

static void granularity(void **state)
{
    (void)state;
    static const struct {
        int64_t values[3];
        enum assay_granularity want;
    } cases[] = {
        {{0, 86400000000, -86400000000}, ASSAY_GRANULARITY_DAY},
        {{0, 3600000000, -86400000000}, ASSAY_GRANULARITY_HOUR},
        {{0, 3600000000, -60000000}, ASSAY_GRANULARITY_MINUTE},
        {{1000000, 0, 0}, ASSAY_GRANULARITY_SECOND},
        {{1000, 86400000000, 0}, ASSAY_GRANULARITY_MILLISECOND},
        {{0, 0, -1}, ASSAY_GRANULARITY_MICROSECOND},
        {{INT64_MAX, 3600000000, -INT64_MAX}, ASSAY_GRANULARITY_HOUR}, /* ±infinity */
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        enum assay_granularity got = ASSAY_GRANULARITY_DAY;
        assay_granularity_add(&got, cases[i].values, 3);
        assert_int_equal(got, cases[i].want);
    }
    static const struct {
        int64_t days[4];
        enum assay_granularity want;
    } days[] = {
        {{0, 7, 14, 70}, ASSAY_GRANULARITY_WEEK},      /* Thursdays */
        {{0, 31, 59, 90}, ASSAY_GRANULARITY_MONTH},    /* firsts of January to April 1970 */
        {{0, 365, 730, 1096}, ASSAY_GRANULARITY_YEAR}, /* 1972 was a leap year */
        {{0, 1, 2, 3}, ASSAY_GRANULARITY_DAY},
        {{0, 0, 7, 7}, ASSAY_GRANULARITY_DAY}, /* too few different days */
    };
    for (size_t i = 0; i < ASSAY_COUNT(days); i++) {
        uint64_t weekdays[7];
        assert_int_equal(assay_granularity_of_days(days[i].days, 4, weekdays), days[i].want);
        assert_int_equal(weekdays[3], i == 0 ? 4 : i == 1 ? 1 : weekdays[3]);
    }
    assert_int_equal(assay_day_of_instant(-1), -1);
    assert_string_equal(assay_granularity_name(ASSAY_GRANULARITY_DAY), "day");
    assert_null(assay_granularity_name(ASSAY_GRANULARITY_NONE));
}

static void normality(void **state)
{
    (void)state;
    double normal[500], skewed[500];
    uint64_t random = 8;
    for (size_t i = 0; i < 500; i++) {
        double sum = 0; /* of twelve uniform numbers */
        for (size_t j = 0; j < 12; j++)
            sum += (double)(assay_random_next(&random) >> 11) * 0x1p-53;
        normal[i] = sum;
        skewed[i] = exp(sum - 6);
    }
    assert_true(assay_jarque_bera_p(normal, 500) > ASSAY_NORMALITY_P);
    assert_true(assay_jarque_bera_p(skewed, 500) < ASSAY_NORMALITY_P);
    assert_true(isnan(assay_jarque_bera_p(normal, ASSAY_NORMALITY_VALUES_MIN - 1)));
    static const double equal[30] = {0};
    assert_true(isnan(assay_jarque_bera_p(equal, 30)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan),      cmocka_unit_test(extremes), cmocka_unit_test(nul_bytes),
        cmocka_unit_test(huge_text), cmocka_unit_test(patterns), cmocka_unit_test(granularity),
        cmocka_unit_test(normality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
