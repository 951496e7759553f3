// Check inference on made containers: what is offered at which level, what is not, and the
// evidence.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/infer/check_fixture.h"

static char bytes[ROWS][32];

static void put_text(size_t row, const char *format, unsigned value)
{
    const int size = snprintf(bytes[row], sizeof bytes[row], format, value);
    texts[row] = (struct assay_text){.data = bytes[row], .size_bytes = (uint32_t)size};
}

static void levels(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int want;
    } cases[] = {{"off", 0}, {"Medium", 2}, {"max", 5}, {"3", 3}, {"6", -1}, {"", -1}, {"12", -1}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        enum assay_infer_level level = ASSAY_INFER_OFF;
        const bool known = assay_infer_level_parse(cases[i].text, &level);
        assert_int_equal(known ? (int)level : -1, cases[i].want);
    }
    for (size_t i = 0; i < ROWS; i++)
        ints[i] = (int64_t)(i % 4);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *stats = stats_for(INTS, ROWS, false);
    const struct assay_infer_field field = field_of("kind", stats);
    size_t before = 0;
    for (enum assay_infer_level level = ASSAY_INFER_OFF; level <= ASSAY_INFER_MAX; level++) {
        ASSAY_AUTO(assay_json_decref) json_t *checks = infer(&field, 1, level);
        assert_true(json_array_size(checks) >= before); /* cumulative */
        assert_true(level || !json_array_size(checks));
        before = json_array_size(checks);
    }
}

static void measures(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = 10 + 90 * uniform(&random);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *stats = stats_for(REALS, ROWS, false);
    const struct assay_infer_field field = field_of("amount", stats);
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(&field, 1, ASSAY_INFER_MEDIUM);
    assert_non_null(find(checks, "notNull", "amount"));
    assert_non_null(find(checks, "notNegative", "amount"));
    const json_t *between = find(checks, "between", "amount");
    assert_non_null(between);
    /* a tenth of the range beyond each side, rounded outward */
    assert_true(number_of(between, "min") <= 1.1 && number_of(between, "min") >= 0);
    assert_true(number_of(between, "max") >= 108.9 && number_of(between, "max") <= 120);
    assert_null(find(checks, "expectedValues", "amount"));
    assert_null(find(checks, "unique", "amount")); /* measures are unique by chance */
    const json_t *evidence =
        json_object_get(json_object_get(between, "additional_metadata"), "inference");
    assert_int_equal(assay_json_int(evidence, "support", 0), ROWS);
    assert_true(assay_json_int(evidence, "tested", 0) > 300);
    assert_int_equal(assay_json_int(evidence, "tested", 0), assay_json_int(evidence, "passed", -1));
    assert_int_equal(assay_json_int(evidence, "level", 0), 2);
    /* by hand, Beta(0.07, 1): 1 − (4001 / 8001)^0.07, and 0.07 / 4001.07 */
    assert_close(assay_json_num(evidence, "false_alarm_rate", 1), 0.0473537, 1e-6);
    assert_close(assay_json_num(evidence, "failing_share", 1), 1.74953e-05, 1e-10);
    assert_true(json_real_value(json_array_get(json_object_get(evidence, "held_interval"), 0)) >
                0.999);
}

/* Values that do not fit the type fail every rule: none is offered but with coverage. */
static void misfits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        ints[i] = (int64_t)(i % 37);
        valid[i] = i % 20 != 0;
    }
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *stats = stats_for(INTS, ROWS, true);
    struct assay_infer_field fields[] = {field_of("a", stats), field_of("b", stats)};
    ASSAY_AUTO(assay_json_decref) json_t *fitting = infer(fields, 2, ASSAY_INFER_MAX);
    assert_non_null(find(fitting, "notNegative", "a"));
    assert_non_null(find(fitting, "equalToField", "a"));
    fields[0].misfits = ROWS / 20;
    fields[1].misfits = ROWS / 20;
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 2, ASSAY_INFER_MAX);
    assert_int_equal(json_array_size(checks), 2);
    assert_non_null(find(checks, "notNull", "a"));
    assert_true(assay_json_num(find(checks, "notNull", "a"), "coverage", 1) < 0.95);
}

/* Nine values, one of them seen six times: 2^−6 new ones are expected, and what the prior says,
 * Beta(0.1, 1). Seen twice: a quarter. */
static void rare_categories(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        put_text(i, "value %u", (unsigned)(i < 6 ? 99 : i % 8));
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *six = stats_for(TEXTS, ROWS, false);
    for (size_t i = 2; i < 6; i++)
        put_text(i, "value %u", (unsigned)(i % 8));
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *two = stats_for(TEXTS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("six", six), field_of("two", two)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 2, ASSAY_INFER_MAX);
    const json_t *list = find(checks, "expectedValues", "six");
    assert_non_null(list);
    assert_close(
        assay_json_num(json_object_get(json_object_get(list, "additional_metadata"), "inference"),
                       "false_alarm_rate", 1),
        1 - exp(-1.0 / 64) * pow(4001.0 / 8001, 0.1), 1e-6);
    const json_t *shape = find(checks, "expectedValues", "two");
    assert_true(shape && assay_json_num(shape, "coverage", 1) < 1);
}

/* A coverage leaves room for the error of both counts of records: 90 % of 400 are seen, and one of
 * a hundred scans of as many falls below. By simulation. */
static void coverages(void **state)
{
    (void)state;
    uint64_t random = 8;
    size_t alarms = 0;
    for (size_t trial = 0; trial < 4000; trial++) {
        uint64_t seen = 0, then = 0;
        for (size_t i = 0; i < 400; i++) {
            seen += uniform(&random) < 0.9;
            then += uniform(&random) < 0.9;
        }
        const struct assay_evidence evidence = {.support = 400, .held = seen, .judged = 400};
        alarms += (double)then < assay_coverage_of(&evidence) * 400;
    }
    assert_in_range(alarms, 1, 40);
    const struct assay_evidence whole = {.support = 400, .held = 400, .judged = 400};
    assert_true(assay_coverage_of(&whole) < 1);
}

static void categories(void **state)
{
    (void)state;
    static const char *const colours[] = {"red", "green", "blue"};
    for (size_t i = 0; i < ROWS; i++)
        texts[i] = text_of(colours[i % 3]);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *three = stats_for(TEXTS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        put_text(i, "value %u", (unsigned)(i % 150));
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *many = stats_for(TEXTS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        texts[i] = text_of("same");
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *constant = stats_for(TEXTS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("colour", three), field_of("many", many),
                                               field_of("constant", constant)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 3, ASSAY_INFER_MEDIUM);
    assert_int_equal(json_array_size(property(find(checks, "expectedValues", "colour"), "list")),
                     3);
    assert_null(find(checks, "expectedValues", "many")); /* more than 120 */
    assert_int_equal(json_array_size(property(find(checks, "expectedValues", "constant"), "list")),
                     1);
    assert_null(find(checks, "matchesPattern", "colour"));
}

static void identifiers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        ints[i] = (int64_t)i + 1;
        put_text(i, "AB-%05u", (unsigned)(i * 17 % 99991));
    }
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *id = stats_for(INTS, ROWS, false);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *code = stats_for(TEXTS, ROWS, false);
    ints[7] = ints[8];
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *twice = stats_for(INTS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("id", id), field_of("code", code),
                                               field_of("twice", twice)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 3, ASSAY_INFER_MEDIUM);
    assert_non_null(find(checks, "unique", "id"));
    assert_null(find(checks, "between", "id")); /* tomorrow's identifiers lie beyond */
    assert_null(find(checks, "unique", "twice"));
    const json_t *pattern = find(checks, "matchesPattern", "code");
    assert_non_null(pattern);
    assert_string_equal(json_string_value(property(pattern, "pattern")), "^[A-Z]{2}-[0-9]{5}$");
    /* a sample of some thousand stands for all 4,000: 1 − (1025 / 5025)^0.05 at the most */
    const double rate = assay_json_num(
        json_object_get(json_object_get(pattern, "additional_metadata"), "inference"),
        "false_alarm_rate", 1);
    assert_true(rate > 0.04 && rate < 0.09);
}

static void two_fields(void **state)
{
    (void)state;
    uint64_t random = 5;
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(ROWS, sizeof(double));
    double *first = memory;
    for (size_t i = 0; i < ROWS; i++)
        first[i] = reals[i] = 100 * uniform(&random);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *low = stats_for(REALS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = first[i] + 1 + 50 * uniform(&random);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *high = stats_for(REALS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = 1000 + uniform(&random);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *far = stats_for(REALS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("low", low), field_of("high", high),
                                               field_of("far", far), field_of("copy", low)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 4, ASSAY_INFER_HIGH);
    const json_t *order = find(checks, "lessThanField", "low");
    assert_non_null(order);
    assert_string_equal(json_string_value(property(order, "field_name")), "high");
    assert_null(find(checks, "lessThanField", "high")); /* far is always greater: says nothing */
    assert_string_equal(
        json_string_value(property(find(checks, "equalToField", "low"), "field_name")), "copy");
    ASSAY_AUTO(assay_json_decref) json_t *medium = infer(fields, 4, ASSAY_INFER_MEDIUM);
    assert_null(find(medium, "lessThanField", "low"));
}

/* y = 3x + 7 within 0.5, and a field that follows nothing. */
static void predictions(void **state)
{
    (void)state;
    uint64_t random = 9;
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(ROWS, sizeof(double));
    double *x = memory;
    for (size_t i = 0; i < ROWS; i++)
        x[i] = reals[i] = 100 * uniform(&random);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *by = stats_for(REALS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = 3 * x[i] + 7 + uniform(&random) - 0.5;
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *line = stats_for(REALS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = uniform(&random);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *noise = stats_for(REALS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("x", by), field_of("y", line),
                                               field_of("noise", noise)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 3, ASSAY_INFER_MAX);
    const json_t *check = find(checks, "predictedBy", "y");
    assert_non_null(check);
    double slope = 0, intercept = 0;
    const char *text = json_string_value(property(check, "expression"));
    assert_int_equal(sscanf(text, "%lf * `x` + (%lf)", &slope, &intercept), 2);
    assert_close(slope, 3, 0.01);
    assert_close(intercept, 7, 0.05);
    const double tolerance = json_real_value(property(check, "tolerance"));
    assert_true(tolerance > 0.5 && tolerance < 1.5);
    assert_null(find(checks, "predictedBy", "noise"));
    assert_null(find(checks, "predictedBy", "x")); /* the same line again */
    ASSAY_AUTO(assay_json_decref) json_t *high = infer(fields, 3, ASSAY_INFER_HIGH);
    assert_null(find(high, "predictedBy", "y"));
    for (size_t i = 0; i < ROWS; i += 100)
        reals[i] = 0; /* reals is noise: two of a hundred records far off the line */
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = 3 * x[i] + (i % 200 ? 0.01 * reals[i] : 30);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *off = stats_for(REALS, ROWS, false);
    const struct assay_infer_field outliers[] = {field_of("x", by), field_of("off", off)};
    ASSAY_AUTO(assay_json_decref) json_t *none = infer(outliers, 2, ASSAY_INFER_XHIGH);
    assert_null(find(none, "predictedBy", "off"));
}

static void nulls(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        put_text(i, "t%u", (unsigned)(i % 5));
        valid[i] = i % 10 < 6;
    }
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *phone = stats_for(TEXTS, ROWS, true);
    for (size_t i = 0; i < ROWS; i++)
        valid[i] = i % 10 >= 5;
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *email = stats_for(TEXTS, ROWS, true);
    for (size_t i = 0; i < ROWS; i++)
        valid[i] = i % 7 != 0;
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *other = stats_for(TEXTS, ROWS, true);
    const struct assay_infer_field fields[] = {field_of("phone", phone), field_of("email", email),
                                               field_of("other", other)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 3, ASSAY_INFER_MAX);
    const json_t *any = find(checks, "anyNotNull", "phone");
    assert_non_null(any);
    assert_string_equal(json_string_value(json_array_get(json_object_get(any, "fields"), 1)),
                        "email");
    assert_null(find(checks, "anyNotNull", "email"));
    const json_t *shape = find(checks, "notNull", "other");
    assert_non_null(shape);
    assert_true(assay_json_num(shape, "coverage", 0) < 6.0 / 7 &&
                assay_json_num(shape, "coverage", 0) > 0.8);
}

/* Nine of ten texts follow a pattern; nineteen of twenty are common. */
static void shapes(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (size_t i = 0; i < ROWS; i++)
        put_text(i, i % 10 ? "N%07u" : "see note %u",
                 (unsigned)(assay_random_next(&random) % 9000000 + 1000000));
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *mostly = stats_for(TEXTS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        put_text(i, "t%u", (unsigned)(i % 20 ? i % 3 : i));
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *common = stats_for(TEXTS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("mostly", mostly),
                                               field_of("common", common)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 2, ASSAY_INFER_MAX);
    const json_t *pattern = find(checks, "matchesPattern", "mostly");
    assert_non_null(pattern);
    assert_non_null(strstr(json_string_value(property(pattern, "pattern")), "[A-Z][0-9]{7}"));
    const json_t *values = find(checks, "expectedValues", "common");
    assert_non_null(values);
    assert_int_equal(json_array_size(property(values, "list")), 3);
    const double coverage = assay_json_num(values, "coverage", 0);
    assert_true(coverage >= 0.9 && coverage <= 0.95);
    ASSAY_AUTO(assay_json_decref) json_t *lower = infer(fields, 2, ASSAY_INFER_XHIGH);
    assert_null(find(lower, "expectedValues", "common"));
}

static void nothing(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *empty = stats_for(REALS, 0, false);
    memset(valid, 0, sizeof valid);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *all_null = stats_for(TEXTS, ROWS, true);
    const struct assay_infer_field fields[] = {field_of("empty", empty),
                                               field_of("all_null", all_null)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 2, ASSAY_INFER_MAX);
    assert_int_equal(json_array_size(checks), 0);
    ASSAY_AUTO(assay_json_decref) json_t *none = infer(fields, 0, ASSAY_INFER_MAX);
    assert_int_equal(json_array_size(none), 0);
}

/* By hand: 9 of 10, z = 1.96: 0.5958 … 0.9821. */
static void wilson(void **state)
{
    (void)state;
    double low, high;
    assay_wilson_interval(9, 10, &low, &high);
    assert_close(low, 0.5958, 1e-4);
    assert_close(high, 0.9821, 1e-4);
    assay_wilson_interval(0, 0, &low, &high);
    assert_true(low == 0 && high == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),     cmocka_unit_test(measures),
        cmocka_unit_test(categories), cmocka_unit_test(identifiers),
        cmocka_unit_test(two_fields), cmocka_unit_test(nulls),
        cmocka_unit_test(nothing),    cmocka_unit_test(wilson),
        cmocka_unit_test(shapes),     cmocka_unit_test(predictions),
        cmocka_unit_test(misfits),    cmocka_unit_test(rare_categories),
        cmocka_unit_test(coverages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
