// Sync and inspect as tasks: what comes out as chunks.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "tests/unit/connect/folder.h"
#include "worker/executor/task.h"

static struct folder root;

/* The outlet keeps every chunk, a line each. */
static int keep_chunk(const char *chunk, size_t size_bytes, void *context, struct assay_error *err)
{
    struct assay_buf *chunks = context;
    assay_buf_append(chunks, chunk, size_bytes);
    assay_buf_char(chunks, '\n');
    return assay_buf_check(chunks, err);
}

static void keep_log(void *context, enum assay_log_level level, const char *event,
                     const struct assay_log_field *fields)
{
    (void)context;
    (void)level;
    (void)event;
    (void)fields;
}

/* Run a task over the folder; its one chunk in *ret_chunk, or its code. */
static int run(const char *kind, json_t *settings, const char *container, json_t **ret_chunk,
               struct assay_error *err)
{
    struct assay_buf chunks = {0};
    const struct assay_task_outlet outlet = {
        .result = keep_chunk, .log = keep_log, .context = &chunks};
    json_t *source =
        json_pack("{s:s, s:{s:s}}", "connector", "file", "properties", "root", root.path);
    if (container)
        json_object_set_new(source, "container", json_pack("{s:s}", "name", container));
    json_t *spec = json_pack("{s:i, s:s, s:s, s:o, s:o}", "v", 1, "kind", kind, "now",
                             "2026-11-20T10:00:00.000000Z", "source", source, "settings", settings);
    struct assay_task task = {0};
    int rc = assay_task_init(&task, spec, NULL, &outlet, err);
    if (rc == ASSAY_OK)
        rc = strcmp(kind, "sync") == 0 ? assay_sync_run(&task, err) : assay_inspect_run(&task, err);
    if (rc == ASSAY_OK) {
        assert_ptr_equal(strchr(chunks.data, '\n'), chunks.data + chunks.size - 1);
        assert_int_equal(assay_json_parse(chunks.data, chunks.size, "chunk", ret_chunk, err),
                         ASSAY_OK);
    }
    assay_task_release(&task);
    assay_buf_release(&chunks);
    return rc;
}

static int set_up(void **state)
{
    (void)state;
    folder_make(&root);
    folder_write(&root, "o_1.csv", "id,name\n1,a\n");
    folder_write(&root, "o_2.csv", "name,id\nb,2\n");
    folder_write(&root, "o_3.csv", "id,name,more\n3,c,x\n");
    folder_write(&root, "o_4.csv", "");
    folder_write(&root, "j.jsonl", "{\"a\":1,\"b\":[true]}\n{\"a\":1e2}\n");
    folder_write(&root, "broken.csv.gz", "\x1f\x8b\x08 this is no gzip");
    assert_int_equal(symlink("/etc/passwd", folder_path(&root, "leak.txt")), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(&root);
    return 0;
}

static const json_t *found(const json_t *chunk, const char *name)
{
    size_t i;
    const json_t *container;
    json_array_foreach(json_object_get(chunk, "containers"), i,
                       container) if (strcmp(assay_json_str(container, "name", ""), name) ==
                                      0) return container;
    fail_msg("%s is not listed", name);
    return NULL;
}

static void sync_of_a_folder(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_json_decref) json_t *chunk = NULL;
    struct assay_error err = {0};
    if (run("sync", json_object(), NULL, &chunk, &err) != ASSAY_OK)
        fail_msg("%s", err.text);
    assert_string_equal(assay_json_str(chunk, "t", ""), "found");
    assert_int_equal(json_array_size(json_object_get(chunk, "containers")), 5);
    /* the same names in another order agree; the file with one more field is a container of its
     * own */
    const json_t *group = found(chunk, "o_*.csv"), *apart = found(chunk, "o_3.csv");
    assert_int_equal(json_array_size(json_object_get(json_object_get(group, "details"), "files")),
                     3);
    assert_int_equal(json_array_size(json_object_get(group, "fields")), 2);
    assert_non_null(
        strstr(assay_json_str(json_object_get(group, "details"), "note", ""), "3 of the 4 files"));
    assert_int_equal(json_array_size(json_object_get(apart, "fields")), 3);
    assert_null(assay_json_get(group, "error"));
    assert_int_equal(json_array_size(json_object_get(found(chunk, "j.jsonl"), "fields")), 2);
    assert_non_null(assay_json_get(found(chunk, "broken.csv.gz"), "error"));
    assert_non_null(strstr(assay_json_str(found(chunk, "leak.txt"), "error", ""), "leads outside"));
}

static void ping_and_version(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_json_decref) json_t *chunk = NULL, *version = NULL;
    assert_int_equal(run("inspect", json_pack("{s:s}", "what", "ping"), NULL, &chunk, NULL),
                     ASSAY_OK);
    assert_true(assay_json_bool(chunk, "connected", false));
    assert_string_equal(assay_json_str(chunk, "product", ""), "local folder");
    assert_int_equal(run("inspect", json_pack("{s:s}", "what", "version"), NULL, &version, NULL),
                     ASSAY_OK);
    assert_string_equal(assay_json_str(version, "assay", ""), ASSAY_VERSION);
}

static void schema_and_preview(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_json_decref) json_t *schema = NULL, *preview = NULL;
    assert_int_equal(run("inspect", json_pack("{s:s}", "what", "schema"), "o_1.csv", &schema, NULL),
                     ASSAY_OK);
    assert_int_equal(json_array_size(json_object_get(schema, "fields")), 2);
    assert_int_equal(run("inspect", json_pack("{s:s, s:i}", "what", "preview", "limit", 1),
                         "j.jsonl", &preview, NULL),
                     ASSAY_OK);
    ASSAY_AUTO(assay_json_decref) json_t *expected = json_pack("[{s:i, s:[b]}]", "a", 1, "b", 1);
    assert_true(json_equal(json_object_get(preview, "records"), expected));
}

static void wrong_questions(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_json_decref) json_t *chunk = NULL;
    assert_int_equal(run("inspect", json_pack("{s:s}", "what", "weather"), NULL, &chunk, NULL),
                     ASSAY_INVALID);
    assert_int_equal(run("inspect", json_pack("{s:s}", "what", "schema"), NULL, &chunk, NULL),
                     ASSAY_INVALID);
    assert_int_equal(
        run("inspect", json_pack("{s:s}", "what", "schema"), "nosuch.csv", &chunk, NULL),
        ASSAY_NOT_FOUND);
}

/* Threads of the task, of the reader, and what finding the fields may take. */
static const struct {
    const char *kind;
    int task, reader, most;
} reader_threads[] = {
    {"profile", 1, 0, 1}, {"profile", 3, 0, 3}, {"profile", 3, 2, 2}, {"profile.split", 3, 0, 1}};

static void readers_keep_to_the_tasks_threads(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(reader_threads); i++) {
        const struct assay_task_outlet outlet = {.result = keep_chunk, .log = keep_log};
        struct assay_error err = {0};
        struct assay_task task = {0};
        json_t *spec =
            json_pack("{s:i, s:s, s:s, s:{s:i}}", "v", 1, "kind", reader_threads[i].kind, "now",
                      "2026-11-20T10:00:00.000000Z", "limits", "threads", reader_threads[i].task);
        if (reader_threads[i].reader)
            json_object_set_new(spec, "reader",
                                json_pack("{s:i}", "threads", reader_threads[i].reader));
        assert_int_equal(assay_task_init(&task, spec, NULL, &outlet, &err), ASSAY_OK);
        assert_int_equal(assay_json_int(task.reader, "threads", 0), reader_threads[i].most);
        assay_task_release(&task);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_keep_to_the_tasks_threads),
        cmocka_unit_test(sync_of_a_folder),
        cmocka_unit_test(ping_and_version),
        cmocka_unit_test(schema_and_preview),
        cmocka_unit_test(wrong_questions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
