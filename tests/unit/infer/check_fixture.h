/* Made containers for the tests of check inference: columns of up to 4,000 values become
 * statistics, these become fields, and these offers. For one program at a time; all is static. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_CHECK_FIXTURE_H
#define ASSAY_TESTS_CHECK_FIXTURE_H

#include "tests/unit/kernels/kernel_fixture.h"

#include <stdio.h>

#include "common/rules/check_validate.h"
#include "worker/executor/infer/check_infer.h"
#include "worker/executor/infer/check_offer.h"

#define ROWS   4000
#define NOW_US (INT64_C(20000) * 86400000000) /* 2024-10-04 */

static double reals[ROWS];
static int64_t ints[ROWS];
static int32_t days[ROWS];
static struct assay_text texts[ROWS];
static unsigned char valid[ROWS];

enum fill { REALS, INTS, DAYS, TEXTS };

static struct assay_field_stats *stats_for(enum fill fill, size_t rows, bool nulls)
{
    static const struct {
        enum assay_layout layout;
        size_t size;
        const void *values;
    } kinds[] = {{ASSAY_LAYOUT_DOUBLE, 8, reals},
                 {ASSAY_LAYOUT_INT64, 8, ints},
                 {ASSAY_LAYOUT_DATE, 4, days},
                 {ASSAY_LAYOUT_TEXT, sizeof *texts, texts}};
    const struct whole whole = {.layout = kinds[fill].layout,
                                .value_bytes = kinds[fill].size,
                                .values = kinds[fill].values,
                                .valid = nulls ? valid : NULL,
                                .rows = rows};
    return count_whole(&whole);
}

static double uniform(uint64_t *random)
{
    return (double)(assay_random_next(random) >> 11) * 0x1p-53;
}

static struct assay_infer_field field_of(const char *name, const struct assay_field_stats *stats)
{
    return (struct assay_infer_field){.name = name, .type = stats->type, .stats = stats};
}

static json_t *infer(const struct assay_infer_field *fields, size_t count,
                     enum assay_infer_level level)
{
    struct assay_error err = {0};
    json_t *checks = NULL, *check;
    size_t i;
    const struct assay_infer_options options = {
        .level = level, .container = "made.csv", .seed = SEED, .now_us = NOW_US};
    assert_int_equal(assay_checks_infer(fields, count, &options, &checks, &err), ASSAY_OK);
    json_array_foreach(checks, i, check)
    { /* each one is a check that the product takes */
        json_t *normal = NULL;
        if (assay_check_validate(check, NULL, ASSAY_CHECK_FROM_FILE, &normal, &err) != ASSAY_OK)
            fail_msg("%s", err.text);
        json_decref(normal);
    }
    return checks;
}

/* The n-th check of that rule on that field; NULL when there is none. */
static const json_t *find(const json_t *checks, const char *rule, const char *field)
{
    size_t i;
    json_t *check;
    json_array_foreach((json_t *)(uintptr_t)checks, i, check)
    {
        const json_t *fields = json_object_get(check, "fields");
        if (!strcmp(assay_json_str(check, "rule", ""), rule) &&
            !strcmp(json_string_value(json_array_get(fields, 0)), field))
            return check;
    }
    return NULL;
}

static const json_t *property(const json_t *check, const char *key)
{
    return json_object_get(json_object_get(check, "properties"), key);
}

static double number_of(const json_t *check, const char *key)
{
    return strtod(json_string_value(property(check, key)), NULL);
}

#endif
