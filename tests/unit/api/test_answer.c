// Tests of error answers: which status a fault gets, and what of it is told.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/memory.h"
#include "scheduler/api/route.h"

static const struct {
    const char *label;
    struct assay_error error;
    int status;
    const char *says, *hides; /* NULL = nothing */
} cases[] = {
    {"SQLite's disk is full",
     {.code = ASSAY_IO, .sqlstate = "53100", .text = "storing a check: database or disk is full"},
     507,
     "free some space",
     NULL},
    {"PostgreSQL's disk is full",
     {.code = ASSAY_TRANSIENT, .sqlstate = "53100", .text = "could not extend file base/5/16384"},
     507,
     "free some space",
     "base/5"},
    {"another fault of the disk",
     {.code = ASSAY_IO, .sqlstate = "58030", .text = "reading /var/lib/assay.db"},
     500,
     "the server's log",
     "/var/lib"},
    {"a database that is away",
     {.code = ASSAY_UNAVAILABLE, .text = "connecting: refused"},
     503,
     "refused",
     NULL},
};

static void faults_table(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_request request = {0};
        struct assay_answer answer = {0};
        print_message("%s\n", cases[i].label);
        assay_answer_error(&request, &answer, &cases[i].error);
        const char *detail = assay_json_str(answer.json, "detail", "");
        assert_int_equal(answer.status, cases[i].status);
        assert_non_null(strstr(detail, cases[i].says));
        if (cases[i].hides)
            assert_null(strstr(detail, cases[i].hides));
        assay_answer_release(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(faults_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
