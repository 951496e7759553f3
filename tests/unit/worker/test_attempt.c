// Attempt: the task as the executor gets it.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "common/base/memory.h"
#include "worker/attempt.h"

static const char *const roots[] = {"/data", "/more"};
static const struct assay_worker_options options = {
    .slots = 1, .file_roots = roots, .file_roots_count = 2, .task_memory_bytes = 1 << 20};

static json_t *task_of(char *kind, char *spec)
{
    const struct assay_job_claim claim = {.task_id = 9,
                                          .operation_id = 8,
                                          .source_id = 7,
                                          .container_id = 6,
                                          .attempts = 2,
                                          .kind = kind,
                                          .spec = spec};
    json_t *task = NULL;
    assert_int_equal(assay_attempt_task(&options, &claim, 1000, &task, NULL), ASSAY_OK);
    return task;
}

static void expect(const json_t *object, const char *key, const char *expected)
{
    char *text = assay_json_text(json_object_get(object, key));
    assert_string_equal(text ? text : "(absent)", expected);
    assay_free(text);
}

static void the_claim_wins_over_the_spec(void **state)
{
    (void)state;
    json_t *task = task_of("scan", "{\"kind\":\"profile\",\"task_id\":1,\"checks\":[1]}");
    expect(task, "kind", "\"scan\"");
    expect(task, "task_id", "9");
    expect(task, "datastore_id", "7");
    expect(task, "container_id", "6");
    expect(task, "attempt", "2");
    expect(task, "checks", "[1]");
    json_decref(task);
}

/* Whatever a spec says, and for every source that the task reads. */
static void folders_are_the_workers_own(void **state)
{
    static char spec[] =
        "{\"source\":{\"connector\":\"file\",\"properties\":{\"roots\":[\"/\"]}},\"settings\":"
        "{\"refs\":{\"container:4\":{\"properties\":{\"roots\":[\"/etc\"],\"uri\":\"u\"}},"
        "\"container:5\":{}}}}";
    static char *const kinds[] = {"scan", "profile.relate"};
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(kinds); i++) {
        json_t *task = task_of(kinds[i], spec);
        const json_t *refs = json_object_get(json_object_get(task, "settings"), "refs");
        expect(json_object_get(task, "source"), "properties", "{\"roots\":[\"/data\",\"/more\"]}");
        expect(json_object_get(refs, "container:4"), "properties",
               "{\"roots\":[\"/data\",\"/more\"],\"uri\":\"u\"}");
        expect(json_object_get(refs, "container:5"), "properties",
               "{\"roots\":[\"/data\",\"/more\"]}");
        json_decref(task);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_claim_wins_over_the_spec),
        cmocka_unit_test(folders_are_the_workers_own),
    };
    return cmocka_run_group_tests_name("worker: attempt", tests, NULL, NULL);
}
