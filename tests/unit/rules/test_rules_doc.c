// docs/rules.md and schemas/rules.json are what the table says.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/rules/rules_doc.h"
#include "tests/unit/json/short_memory.h"

/* tests/lib/generated.py --write writes the files. */
static void same(const char *path, const struct assay_buf *made)
{
    struct assay_buf committed = {0};
    assert_int_equal(assay_file_read(path, &committed, NULL), ASSAY_OK);
    assert_string_equal(assay_buf_str(&committed), assay_buf_str(made));
    assay_buf_release(&committed);
}

static void markdown(void **state)
{
    (void)state;
    struct assay_buf made = {0};
    assay_rules_markdown(&made);
    assert_int_equal(assay_buf_check(&made, NULL), ASSAY_OK);
    same(ASSAY_SOURCE_DIR "/docs/rules.md", &made);
    assay_buf_release(&made);
}

static void json(void **state)
{
    (void)state;
    struct assay_buf made = {0};
    json_t *rules = assay_rules_json();
    assert_non_null(rules);
    char *text = json_dumps(rules, JSON_INDENT(1));
    assay_buf_printf(&made, "%s\n", text);
    same(ASSAY_SOURCE_DIR "/schemas/rules.json", &made);
    free(text);
    json_decref(rules);
    assay_buf_release(&made);
}

static void memory_that_ends(void **state)
{
    (void)state;
    assert_in_range(short_memory_try(assay_rules_json, 53), 20, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(markdown), cmocka_unit_test(json),
                                       cmocka_unit_test(memory_that_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
