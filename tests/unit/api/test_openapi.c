// The OpenAPI document: of the table of routes, and whole or not at all.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include "scheduler/api/route.h"
#include "tests/unit/json/short_memory.h"

static json_t *document(void)
{
    json_t *made = NULL;
    return assay_openapi(assay_routes, &made, NULL) == ASSAY_OK ? made : NULL;
}

static void memory_that_ends(void **state)
{
    (void)state;
    assert_in_range(short_memory_try(document, 97), 20, 100000);
}

/* What may be asked of an operation stands there, what is not built does not. */
static void options_of_an_operation(void **state)
{
    (void)state;
    json_t *made = document(), *keys = NULL;
    assert_int_equal(json_unpack(made, "{s:{s:{s:{s:{s:{s:{s:{s:o}}}}}}}}", "paths",
                                 "/api/operations/run", "post", "requestBody", "content",
                                 "application/json", "schema", "properties", &keys),
                     0);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(keys, "check_variables"), "type")),
        "object");
    assert_non_null(json_object_get(keys, "incremental")); /* of a profile */
    assert_null(json_object_get(keys, "remediation"));
    json_decref(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_that_ends),
                                       cmocka_unit_test(options_of_an_operation)};
    return cmocka_run_group_tests_name("openapi", tests, NULL, NULL);
}
