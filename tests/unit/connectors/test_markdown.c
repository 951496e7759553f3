// docs/connectors.md is what the table says.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/connectors/markdown.h"

static void page_is_current(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf page = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf committed = {0};
    assay_connectors_markdown(&page);
    assert_int_equal(assay_file_read(ASSAY_SOURCE_DIR "/docs/connectors.md", &committed, NULL),
                     ASSAY_OK);
    assert_string_equal(assay_buf_str(&committed), assay_buf_str(&page));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(page_is_current)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
