// Each field: every field once, by any number of threads; a failure ends the work.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "worker/executor/profile/each_field.h"

enum { FIELDS_MAX = 1000, NONE = SIZE_MAX / 2 };

struct seen {
    atomic_uint times[FIELDS_MAX];
    size_t fails_at;
};

static int see(void *context, size_t field, struct assay_error *err)
{
    struct seen *seen = context;
    atomic_fetch_add(&seen->times[field], 1);
    return field == seen->fails_at ? assay_fail(err, ASSAY_FORMAT, "field %zu", field) : ASSAY_OK;
}

static const struct {
    size_t count, threads, fails_at;
} cases[] = {
    {0, 4, NONE},  {1, 1, NONE},    {1, 8, NONE},    {2, 0, NONE},      {7, 3, NONE},
    {32, 2, NONE}, {1000, 1, NONE}, {1000, 8, NONE}, {1000, 500, NONE}, {1, 2, 0},
    {32, 2, 31},   {1000, 1, 10},   {1000, 8, 500},
};

static void every_field_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct seen seen;
        struct assay_error err = {0};
        memset(&seen, 0, sizeof seen);
        seen.fails_at = cases[i].fails_at;
        const int rc = assay_each_field(cases[i].count, cases[i].threads, see, &seen, &err);
        const bool fails = cases[i].fails_at < cases[i].count;
        assert_int_equal(rc, fails ? ASSAY_FORMAT : ASSAY_OK);
        assert_int_equal(err.code, rc);
        for (size_t field = 0; field < FIELDS_MAX; field++) {
            const unsigned times = atomic_load(&seen.times[field]);
            assert_true(times <= 1);
            if (!fails)
                assert_int_equal(times, field < cases[i].count);
            else if (field <= cases[i].fails_at)
                assert_int_equal(times, 1); /* those before it were taken */
            if (cases[i].threads == 1 && fails && field > cases[i].fails_at)
                assert_int_equal(times, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_field_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
