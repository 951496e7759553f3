// The file connector against the suite, with CSV, JSON lines and a JSON array.
// SPDX-License-Identifier: Apache-2.0
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "tests/conformance/connect/suite.h"

enum { WIDE_COLUMNS = 2000 };

static char root[] = "/tmp/assay-connect-XXXXXX";

static void write_file(const char *name, struct assay_buf *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(assay_file_write(path, assay_buf_str(text), text->size, 0600, NULL), ASSAY_OK);
    assay_buf_release(text);
}

static void write_csv(void)
{
    struct assay_buf text = {0};
    assay_buf_text(&text, "id,label\n");
    write_file("empty.csv", &text);
    assay_buf_text(&text, "id,label\n");
    for (int i = 0; i < SUITE_MANY_ROWS; i++)
        assay_buf_printf(&text, "%d,row %d\n", i, i);
    write_file("many.csv", &text);
    for (int row = -1; row < SUITE_WIDE_ROWS; row++)
        for (int i = 0; i < WIDE_COLUMNS; i++) {
            const char end = i + 1 == WIDE_COLUMNS ? '\n' : ',';
            if (row < 0)
                assay_buf_printf(&text, "c%d%c", i, end);
            else
                assay_buf_printf(&text, "%d:%d%c", row, i, end);
        }
    write_file("wide.csv", &text);
    assay_buf_text(&text, "\"odd \"\"field\"\"\nName\"\nfine\n");
    write_file("odd name's \xc3\xbc.csv", &text);
}

static void write_json(bool lines)
{
    struct assay_buf text = {0};
    assay_buf_text(&text, lines ? "" : "[");
    for (int i = 0; i < SUITE_MANY_ROWS; i++)
        assay_buf_printf(&text, "%s{\"id\":%d,\"label\":\"row %d\"}\n", i && !lines ? "," : "", i,
                         i);
    assay_buf_text(&text, lines ? "" : "]");
    write_file(lines ? "many.jsonl" : "many.json", &text);
    assay_buf_text(&text, lines ? "" : "[");
    for (int row = 0; row < SUITE_WIDE_ROWS; row++)
        for (int i = 0; i < WIDE_COLUMNS; i++)
            assay_buf_printf(&text, "%s\"c%d\":\"%d:%d\"%s",
                             i               ? ","
                             : row && !lines ? ",{"
                                             : "{",
                             i, row, i, i + 1 == WIDE_COLUMNS ? "}\n" : "");
    assay_buf_text(&text, lines ? "" : "]");
    write_file(lines ? "wide.jsonl" : "wide.json", &text);
    assay_buf_printf(&text, lines ? "%s\n" : "[%s]", "{\"odd \\\"field\\\"\\nName\":\"fine\"}");
    write_file(lines ? "odd name's \xc3\xbc.jsonl" : "odd name's \xc3\xbc.json", &text);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

int main(void)
{
    if (!mkdtemp(root))
        return 1;
    write_csv();
    write_json(true);
    write_json(false);
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_pack("{s:s}", "root", root);
    struct suite_quirks quirks = {.connector = "file",
                                  .properties = properties,
                                  .product = "local folder",
                                  .container_type = "file",
                                  .wide_columns = WIDE_COLUMNS,
                                  .many = "many.csv",
                                  .empty = "empty.csv",
                                  .wide = "wide.csv",
                                  .odd = "odd name's \xc3\xbc.csv",
                                  .odd_field = "odd \"field\"\nName"};
    int failed = suite_run(&quirks);
    quirks.many = "many.jsonl";
    quirks.wide = "wide.jsonl";
    quirks.odd = "odd name's \xc3\xbc.jsonl";
    failed += suite_run(&quirks);
    quirks.many = "many.json";
    quirks.wide = "wide.json";
    quirks.odd = "odd name's \xc3\xbc.json";
    failed += suite_run(&quirks);
    (void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
