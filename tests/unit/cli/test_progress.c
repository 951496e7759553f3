// The line of progress: what is counted, or how long nothing came.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs setjmp, stdarg and stddef
#include <cmocka.h>

#include "cli/run/progress.h"

static void says_what_there_is(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        double seconds;
        const char *text;
    } cases[] = {
        {"{\"phase\":\"connecting\",\"records\":0,\"bytes\":0,\"bytes_total\":null}", 12.9,
         "a: connecting for 12 s"},
        {"{\"phase\":\"starting\",\"records\":0,\"bytes\":0}", 0.4, "a: starting"},
        {"{\"phase\":\"listing\",\"records\":7,\"bytes\":0}", 2, "a: listing, 7 records"},
        {"{\"phase\":\"reading\",\"records\":1234,\"bytes\":300000000,\"bytes_total\":600000000}",
         10, "a: reading, 50 %, 1,234 records, 30.0 MB/s, 10 s left"},
        {"{\"phase\":\"reading\",\"records\":0,\"bytes\":0,\"bytes_total\":500}", 4,
         "a: reading, 0 %, 0 records"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_error err = {0};
        json_t *body = NULL;
        char text[256];
        assert_int_equal(
            assay_json_parse(cases[i].body, strlen(cases[i].body), "body", &body, &err), ASSAY_OK);
        assay_progress_describe("a", body, cases[i].seconds, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        json_decref(body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_there_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
