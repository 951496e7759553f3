// Tests of the text check: what is known not to be text, and what must pass as text.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/read/text_check.h"

/* NULL = text. The marks are those of the formats' own specifications. */
static const struct {
    const char *first;
    size_t size;
    const char *says;
} cases[] = {
    {"", 0, NULL},
    {"P", 1, NULL},
    {"PAR1,x\n", 7, "Parquet"},
    {"PK,x\n", 5, NULL},
    {"PK\3\4\x14\0\6\0\10\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml", 49,
     "workbook"},
    {"PK\3\4\x14\0\6\0\10\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0data.csv", 38, "zip"},
    {"PK\3\4", 4, "zip"},
    {"BZh91AY&SY", 10, "bzip2"},
    {"BZh9,text\n", 10, NULL},
    {"\xFD"
     "7zXZ\0",
     6, "xz"},
    {"Obj\1", 4, "Avro"},
    {"Object,x\n", 9, NULL},
    {"SQLite format 3\0", 16, "SQLite"},
    {"%PDF-1.7", 8, "PDF"},
    {"id,name\n1,PAR1\n", 15, NULL},
};

static void table(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_error err = {0};
        const int code = assay_text_check(cases[i].first, cases[i].size, "x.csv", &err);
        print_message("%zu: %s\n", i, err.text);
        assert_int_equal(code, cases[i].says ? ASSAY_FORMAT : ASSAY_OK);
        if (!cases[i].says)
            continue;
        assert_non_null(strstr(err.text, cases[i].says));
        assert_non_null(strstr(err.text, "reading x.csv: from byte 0"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
