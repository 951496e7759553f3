// Addresses without their secrets.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka.h needs setjmp, stdarg and stddef
#include <cmocka.h>

#include "common/config/url_redact.h"

static void secrets_are_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"postgresql://me:pw@host/db", "postgresql://me:***@host/db"},
        {"postgresql://me@host/db", "postgresql://me@host/db"},
        {"postgresql://host:5432/db", "postgresql://host:5432/db"},
        {"postgresql://me:p@w@host/db", "postgresql://me:***@host/db"},
        {"postgresql://me:p/w?x@host/db", "postgresql://me:***@host/db"},
        {"postgresql://host/db?password=pw&sslmode=require",
         "postgresql://host/db?password=***&sslmode=require"},
        {"s3://bucket/key?X-Amz-Signature=abc#part", "s3://bucket/key?X-Amz-Signature=***#part"},
        {"redis://:pw@host/1", "redis://:***@host/1"},
        {"sqlite:assay.db", "sqlite:assay.db"},
        {"orders.csv", "orders.csv"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf shown = {0};
        assay_url_redact(cases[i].url, &shown);
        assert_string_equal(assay_buf_str(&shown), cases[i].shown);
        assert_int_equal(assay_url_has_password(cases[i].url),
                         strcmp(cases[i].url, cases[i].shown) != 0);
        assay_buf_release(&shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(secrets_are_replaced)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
