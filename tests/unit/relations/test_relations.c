// A task of candidates: which are offered, by what a hook says of them, and with which evidence.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/relate/relations.h"

#define CANDIDATES 600 /* more than one reading judges */
#define RECORDS    1000

static size_t unjudged; /* that came */

/* The n-th candidate's field says how it is judged. */
static const struct {
    const char *field;
    struct assay_verdict verdict;
    bool offered;
} kinds[] = {
    {"holds", {.holds = true, .passed = 990}, true},
    {"fails", {.holds = false, .passed = 989, .failing = 1}, false},
    {"errs", {.holds = false, .reason = "no such field"}, false},
    {"covered", {.holds = true, .passed = 989, .failing = 1}, false},
    {"few", {.holds = true, .passed = 19}, false},
    {"whole", {.holds = true}, true}, /* isReplicaOf: judged as a whole */
};

static int verify(struct assay_task *task, const json_t *checks,
                  const struct assay_verify_scope *scope, struct assay_verdict *ret_verdicts,
                  struct assay_verified *ret_records, struct assay_error *err)
{
    (void)err;
    assert_int_equal(scope->memory_bytes, task->memory_bytes);
    assert_false(scope->split || scope->limit || scope->by_hash); /* all records */
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *fields = json_object_get(json_array_get(checks, i), "fields");
        for (size_t k = 0; k < ASSAY_COUNT(kinds); k++)
            if (!strcmp(json_string_value(json_array_get(fields, 0)), kinds[k].field))
                ret_verdicts[i] = kinds[k].verdict;
    }
    task->done.bytes = 10;
    ret_records->records = RECORDS;
    return ASSAY_OK;
}

static int refuse(struct assay_task *task, const json_t *checks,
                  const struct assay_verify_scope *scope, struct assay_verdict *ret_verdicts,
                  struct assay_verified *ret_records, struct assay_error *err)
{
    (void)task, (void)checks, (void)scope, (void)ret_verdicts, (void)ret_records;
    return assay_fail(err, ASSAY_UNAVAILABLE, "the source is away");
}

static int take(const char *chunk, size_t size_bytes, void *context, struct assay_error *err)
{
    json_t *body = NULL;
    assert_int_equal(assay_json_parse(chunk, size_bytes, "chunk", &body, err), ASSAY_OK);
    assert_string_equal(assay_json_str(body, "t", ""), "inferred");
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(body, "unjudged"), i, item)
    {
        const json_t *check = json_object_get(item, "check");
        assert_string_equal(json_string_value(json_array_get(json_object_get(check, "fields"), 0)),
                            "errs");
        assert_string_equal(assay_json_str(item, "message", ""), "no such field");
        unjudged++;
    }
    if (json_object_get(body, "checks"))
        assert_int_equal(json_array_extend(context, json_object_get(body, "checks")), 0);
    json_decref(body);
    return ASSAY_OK;
}

static json_t *spec_of(size_t count, bool draft)
{
    json_t *checks = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            checks, json_pack("{s:s, s:[s], s:{s:s, s:s, s:I}, s:{s:{s:s, s:i}}}", "rule",
                              i % ASSAY_COUNT(kinds) == 5 ? "isReplicaOf" : "existsIn", "fields",
                              kinds[i % ASSAY_COUNT(kinds)].field, "properties", "field_name", "id",
                              "ref_container", "customers", "ref_container_id", (json_int_t)i,
                              "additional_metadata", "inference", "method", "overlap", "level", 4));
    return json_pack("{s:i, s:s, s:s, s:{s:s, s:{s:s}}, s:{s:b}, s:o}", "v", 1, "kind",
                     "profile.relate", "now", "2026-11-20T10:00:00Z", "source", "connector", "file",
                     "container", "name", "orders.csv", "settings", "infer_as_draft", (int)draft,
                     "checks", checks);
}

static int run(json_t *spec, assay_verify_fn *hook, json_t *offered, struct assay_error *err)
{
    struct assay_task task = {0};
    const struct assay_task_outlet outlet = {.result = take, .context = offered};
    assert_int_equal(assay_task_init(&task, spec, NULL, &outlet, err), ASSAY_OK);
    task.verify = hook;
    const int rc = assay_relations_run(&task, err);
    if (rc == ASSAY_OK && json_array_size(offered)) {
        assert_int_equal(task.done.records, RECORDS);
        assert_int_equal(task.done.bytes, 10 * ((json_array_size(task.checks) + 31) / 32));
    }
    assay_task_release(&task);
    return rc;
}

static void offered_when_it_holds(void **unused)
{
    (void)unused;
    ASSAY_AUTO(assay_json_decref) json_t *offered = json_array();
    struct assay_error err = {0};
    size_t next = 0;
    assert_int_equal(run(spec_of(CANDIDATES, false), verify, offered, &err), ASSAY_OK);
    for (size_t i = 0; i < CANDIDATES; i++) {
        if (!kinds[i % ASSAY_COUNT(kinds)].offered)
            continue;
        const json_t *check = json_array_get(offered, next++);
        const json_t *properties = json_object_get(check, "properties");
        assert_int_equal(assay_json_int(properties, "ref_container_id", -1), (int64_t)i);
        assert_string_equal(assay_json_str(check, "container", ""), "orders.csv");
        assert_string_equal(assay_json_str(check, "status", ""), "Active");
    }
    assert_int_equal(json_array_size(offered), next);
    assert_int_equal(unjudged, CANDIDATES / ASSAY_COUNT(kinds));
}

/* 990 of 990: the Wilson interval begins at n / (n + z²) = 0.99613…; 1 − (991 / 1981)^0.05. */
static void evidence(void **unused)
{
    (void)unused;
    ASSAY_AUTO(assay_json_decref) json_t *offered = json_array();
    assert_int_equal(run(spec_of(1, true), verify, offered, NULL), ASSAY_OK);
    const json_t *check = json_array_get(offered, 0);
    const json_t *inference =
        json_object_get(json_object_get(check, "additional_metadata"), "inference");
    assert_string_equal(assay_json_str(check, "status", ""), "Draft");
    assert_string_equal(assay_json_str(inference, "method", ""), "overlap");
    assert_int_equal(assay_json_int(inference, "support", 0), 990);
    assert_int_equal(assay_json_int(inference, "tested", 0), 990);
    assert_int_equal(assay_json_int(inference, "passed", 0), 990);
    assert_int_equal(assay_json_int(inference, "verified_records", 0), RECORDS);
    assert_true(assay_json_num(inference, "held", 0) == 1);
    const json_t *interval = json_object_get(inference, "held_interval");
    const double low = json_number_value(json_array_get(interval, 0));
    assert_true(fabs(low - 990 / (990 + 1.959963984540054 * 1.959963984540054)) < 1e-5);
    assert_true(fabs(assay_json_num(inference, "false_alarm_rate", 0) -
                     (1 - pow(991 / 1981.0, 0.05))) < 1e-6);
}

static void nothing_to_judge(void **unused)
{
    (void)unused;
    ASSAY_AUTO(assay_json_decref) json_t *offered = json_array();
    struct assay_error err = {0};
    assert_int_equal(run(spec_of(0, false), refuse, offered, &err), ASSAY_OK);
    assert_int_equal(json_array_size(offered), 0);
}

static void source_away(void **unused)
{
    (void)unused;
    ASSAY_AUTO(assay_json_decref) json_t *offered = json_array();
    struct assay_error err = {0};
    assert_int_equal(run(spec_of(3, false), refuse, offered, &err), ASSAY_UNAVAILABLE);
    assert_int_equal(json_array_size(offered), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offered_when_it_holds), cmocka_unit_test(evidence),
        cmocka_unit_test(nothing_to_judge), cmocka_unit_test(source_away)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
