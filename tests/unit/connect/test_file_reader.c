// Several files read as one table: fields unified by name, places per file, what differs is said.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "tests/unit/connect/folder.h"
#include "worker/executor/connect/connector.h"

static struct folder root;

static int set_up(void **state)
{
    (void)state;
    folder_make(&root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(&root);
    return 0;
}

static json_t *container_of(const char *const *names)
{
    json_t *files = json_array();
    for (size_t i = 0; names[i]; i++)
        json_array_append_new(files, json_pack("{s:s}", "path", folder_path(&root, names[i])));
    return json_pack("{s:s, s:o}", "name", "all", "files", files);
}

/* "file@offset:row a|b" for each record, then the warnings. */
static int read_all(const char *const *names, const char *const *fields, size_t fields_count,
                    struct assay_buf *text, struct assay_error *err)
{
    const struct assay_connector *connector = assay_connector_find("file");
    ASSAY_AUTO(assay_json_decref)
    json_t *properties = json_object(), *container = container_of(names);
    struct assay_conn *conn = NULL;
    ASSAY_TRY(connector->open(properties, 1000, NULL, &conn, err));
    struct assay_reader *reader = NULL;
    const struct assay_split all = {0, 1, NULL};
    int rc = connector->read(conn, container, NULL, &all, fields, fields_count, &reader, err);
    const struct assay_batch *batch = NULL;
    while (rc == ASSAY_OK && (rc = assay_reader_next(reader, &batch, err)) == ASSAY_OK && batch)
        for (size_t row = 0; row < batch->rows; row++) {
            assay_buf_printf(text, "%u@%llu:%llu ", batch->file,
                             (unsigned long long)batch->offset[row],
                             (unsigned long long)(batch->first_row + row));
            for (size_t i = 0; i < batch->columns_count; i++) {
                const struct assay_cell *cell =
                    &((const struct assay_cell *)batch->columns[i].values)[row];
                assay_buf_printf(text, "%s%.*s", i ? "|" : "",
                                 cell->kind ? (int)cell->size_bytes : 4,
                                 cell->kind ? cell->data : "NULL");
            }
            assay_buf_char(text, '\n');
        }
    size_t i;
    const json_t *warning;
    if (reader)
        json_array_foreach(reader->warnings, i, warning)
            assay_buf_printf(text, "%s %s\n", assay_json_str(warning, "code", ""),
                             assay_json_str(warning, "field", ""));
    for (size_t n = 0; reader && n < reader->rejections.kept; n++)
        assay_buf_printf(text, "rejected %u@%llu\n", reader->rejections.items[n].file,
                         (unsigned long long)reader->rejections.items[n].byte_offset);
    assay_reader_close(reader);
    connector->close(conn);
    return rc;
}

static void headers_that_differ(void **state)
{
    (void)state;
    folder_write(&root, "1.csv", "a,b\n1,2\n");
    folder_write(&root, "2.csv", "b,c\n3,4\n5\n");
    folder_write(&root, "3.csv", "");
    static const char *const names[] = {"1.csv", "2.csv", "3.csv", NULL}, *const fields[] = {"c",
                                                                                             "a"};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf all = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf some = {0};
    struct assay_error err = {0};
    if (read_all(names, NULL, 0, &all, &err) != ASSAY_OK)
        fail_msg("%s", err.text);
    assert_string_equal(assay_buf_str(&all),
                        "0@4:0 1|2|NULL\n1@4:1 NULL|3|4\nheader_adds_field c\nheader_lacks_field "
                        "c\nheader_lacks_field a\nrejected 1@8\n");
    assert_int_equal(read_all(names, fields, 2, &some, NULL), ASSAY_OK);
    assert_memory_equal(assay_buf_str(&some), "0@4:0 NULL|1\n1@4:1 4|NULL\n", 26);
}

static void json_of_several_files(void **state)
{
    (void)state;
    folder_write(&root, "1.jsonl", "{\"a\":1}\n");
    folder_write(&root, "2.jsonl", "{\"b\":[1],\"a\":{\"x\":1}}\n{\"a\":}\n");
    static const char *const names[] = {"1.jsonl", "2.jsonl", NULL}, *const fields[] = {"a"};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf all = {0};
    assert_int_equal(read_all(names, fields, 1, &all, NULL), ASSAY_OK);
    assert_string_equal(assay_buf_str(&all), "0@0:0 1\n1@0:1 {\"x\":1}\nrejected 1@22\n");
}

static void formats_that_do_not_mix(void **state)
{
    (void)state;
    folder_write(&root, "1.csv", "a,b\n1,2\n");
    folder_write(&root, "1.jsonl", "{\"a\":1}\n");
    static const char *const names[] = {"1.csv", "1.jsonl", NULL}, *const missing[] = {"none.csv",
                                                                                       NULL};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf all = {0};
    struct assay_error err = {0};
    assert_int_equal(read_all(names, NULL, 0, &all, &err), ASSAY_INVALID);
    assert_non_null(strstr(err.text, "files of one format"));
    err = (struct assay_error){0};
    assert_int_equal(read_all(missing, NULL, 0, &all, &err), ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.text, "none.csv"));
}

/* Every allocation of opening, unifying and reading fails once: no crash, no leak, and never a
 * shorter table. */
static void out_of_memory(void **state)
{
    (void)state;
    folder_write(&root, "1.csv", "a,b\n1,2\n");
    folder_write(&root, "2.csv", "b,c\n3,4\n5\n");
    folder_write(&root, "1.jsonl", "{\"a\":1,\"b\":[{\"c\":2}]}\n{\"a\":}\n");
    static const char *const csv[] = {"1.csv", "2.csv", NULL}, *const json[] = {"1.jsonl", NULL};
    static const char *const *const containers[] = {csv, json};
    static const char *const fields[] = {"a"};
    for (size_t c = 0; c < ASSAY_COUNT(containers); c++)
        for (int64_t nth = 1;; nth++) {
            ASSAY_SCOPED(assay_buf_release) struct assay_buf all = {0};
            assert_true(assay_buf_reserve(&all, 4096));
            assay_memory_fail_at(nth);
            const int rc = read_all(containers[c], fields, 1, &all, NULL);
            const int64_t made = assay_memory_count();
            assay_memory_fail_at(0);
            if (made < nth)
                break;
            if (rc != ASSAY_NO_MEMORY)
                print_message("allocation %lld of %zu: %d\n%s", (long long)nth, c, rc,
                              assay_buf_str(&all));
            assert_int_equal(rc, ASSAY_NO_MEMORY);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_that_differ),
        cmocka_unit_test(json_of_several_files),
        cmocka_unit_test(formats_that_do_not_mix),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
