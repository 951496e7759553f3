// Tests of candidates: which records they are judged on, what is offered, what is known from
// before.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/memory.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/task.h"

enum { RECORDS = 9000, FIRST = 100 }; /* more than a sample holds */

/* What the judge answers, and what it was asked for. */
static struct {
    uint64_t records, identities;
    int code;
    bool fails;
    struct assay_verify_scope scope;
    size_t times, checks;
} judge;

/* What came out. */
static struct {
    size_t offered, verified, unjudged, warned;
} seen;

static char path[] = "/tmp/assay_candidates_XXXXXX";
static uint64_t identities; /* of the records from FIRST on */

static int verify(struct assay_task *task, const json_t *checks,
                  const struct assay_verify_scope *scope, struct assay_verdict *ret_verdicts,
                  struct assay_verified *ret_records, struct assay_error *err)
{
    (void)task;
    judge.scope = *scope;
    judge.times++;
    judge.checks += json_array_size(checks);
    for (size_t i = 0; i < json_array_size(checks); i++)
        ret_verdicts[i] = (struct assay_verdict){.holds = !judge.fails, .passed = judge.records};
    *ret_records = (struct assay_verified){judge.records, judge.identities};
    return judge.code == ASSAY_OK ? ASSAY_OK : assay_fail(err, judge.code, "it does not fit");
}

static int64_t verified_of(const json_t *check)
{
    return assay_json_int(assay_json_get(assay_json_get(check, "additional_metadata"), "inference"),
                          "verified_records", -1);
}

static int take(const char *chunk, size_t size_bytes, void *context, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    (void)context;
    assert_int_equal(assay_json_parse(chunk, size_bytes, "chunk", &body, err), ASSAY_OK);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(body, "checks"), i, item)
    {
        if (strcmp(assay_json_str(item, "rule", ""), "unique") != 0)
            continue;
        seen.offered++;
        seen.verified += (size_t)verified_of(item);
    }
    seen.unjudged += json_array_size(json_object_get(body, "unjudged"));
    json_array_foreach(json_object_get(body, "warnings"), i, item) seen.warned +=
        !strcmp(assay_json_str(item, "code", ""), "checks_not_judged");
    return ASSAY_OK;
}

static void log_nothing(void *context, enum assay_log_level level, const char *event,
                        const struct assay_log_field *fields)
{
    (void)context, (void)level, (void)event, (void)fields;
}

static void run(const char *settings)
{
    struct assay_task task = {0};
    struct assay_error err = {0};
    ASSAY_AUTO(assay_json_decref) json_t *parsed = NULL;
    const struct assay_task_outlet outlet = {.result = take, .log = log_nothing};
    memset(&seen, 0, sizeof seen);
    judge.times = judge.checks = 0;
    assert_int_equal(assay_json_parse(settings, strlen(settings), "settings", &parsed, &err),
                     ASSAY_OK);
    json_t *spec = json_pack("{s:i, s:s, s:s, s:I, s:{s:s, s:{s:s, s:[{s:s}]}}, s:O}", "v", 1,
                             "kind", "profile", "now", "2026-11-20T10:00:00Z", "seed",
                             (json_int_t)7, "source", "connector", "file", "container", "name",
                             "ids.csv", "files", "path", path, "settings", parsed);
    assert_int_equal(assay_task_init(&task, spec, NULL, &outlet, &err), ASSAY_OK);
    task.verify = verify;
    if (assay_profile_run(&task, &err) != ASSAY_OK)
        fail_msg("%s: %s", settings, err.text);
    assay_task_release(&task);
}

static const struct {
    const char *label, *settings;
    uint64_t records; /* that the judge saw; 0 = those that were counted, and so below */
    int64_t identities;
    int code;
    bool fails;
    size_t offered, unjudged;
    uint64_t limit;
} cases[] = {
    {"all", "{}", RECORDS, 0, ASSAY_OK, false, 1, 0, 0},
    {"one fails", "{}", RECORDS, 0, ASSAY_OK, true, 0, 0, 0},
    {"no memory", "{}", RECORDS, 0, ASSAY_NO_MEMORY, false, 0, 1, 0},
    {"the same", "{\"where\": \"id >= 100\"}", RECORDS - FIRST, 0, ASSAY_OK, false, 1, 0, 0},
    {"fewer", "{\"where\": \"id >= 100\"}", RECORDS - FIRST - 1, 0, ASSAY_OK, false, 0, 1, 0},
    {"others", "{\"where\": \"id >= 100\"}", RECORDS - FIRST, 1, ASSAY_OK, false, 0, 1, 0},
    {"where fails", "{\"where\": \"id >= 100\"}", 0, 0, ASSAY_INVALID, false, 0, 1, 0},
    {"a limit", "{\"limit\": 8000}", 8000, 1, ASSAY_OK, false, 0, 1, 8000},
    {"a limit above", "{\"limit\": 9500, \"where\": \"id >= 100\"}", RECORDS - FIRST, 0, ASSAY_OK,
     false, 1, 0, 0},
};

static void judged_on_what_was_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const bool where = strstr(cases[i].settings, "where") != NULL;
        judge.records = cases[i].records;
        judge.identities = identities + (uint64_t)cases[i].identities;
        judge.code = cases[i].code;
        judge.fails = cases[i].fails;
        run(cases[i].settings);
        if (seen.offered != cases[i].offered || seen.unjudged != cases[i].unjudged ||
            seen.warned != cases[i].unjudged ||
            seen.verified != cases[i].offered * cases[i].records || judge.times != 1 ||
            judge.scope.limit != cases[i].limit ||
            judge.scope.identify != (where || cases[i].limit))
            fail_msg("%s: %zu offered for %zu records, %zu unjudged, %zu times", cases[i].label,
                     seen.offered, seen.verified, seen.unjudged, judge.times);
    }
}

/* Unique ids; identities by the definition: the seed, the file's number, the first byte. */
static int write_file(void **state)
{
    (void)state;
    const int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return -1;
    uint64_t offset = (uint64_t)fprintf(file, "id\n");
    for (int i = 0; i < RECORDS; i++) {
        identities += i < FIRST ? 0 : assay_hash_identity(7, 0, offset);
        offset += (uint64_t)fprintf(file, "%d\n", i);
    }
    return fclose(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judged_on_what_was_counted)};
    return cmocka_run_group_tests(tests, write_file, remove_file);
}
