// A scan, from top to bottom: open the source, make the checks ready, read it once, judge, report.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "worker/executor/profile/file_check.h"
#include "worker/executor/scan/scan_capture.h"
#include "worker/executor/scan/scan_failing.h"
#include "worker/executor/scan/scan_reference.h"

#define ANOMALIES_DEFAULT 10

/* Where verdicts go that are all that is asked for; those of task->checks, in their order. */
struct verification {
    const struct assay_verify_scope *scope;
    struct assay_verdict *verdicts;
    struct assay_verified *records;
};

static size_t max_anomalies(const struct assay_task *task)
{
    const int64_t most = assay_json_int(task->settings, "max_anomalies", ANOMALIES_DEFAULT);
    return most < 0 ? ANOMALIES_DEFAULT : (size_t)most;
}

/* Were numbers read that decimals do not hold? Their fields are doubles then. */
static int note_doubles(const struct assay_scan *scan, const struct assay_scan_known *known,
                        bool *ret_again, struct assay_error *err)
{
    const bool own = assay_scan_container_is_inexact(&scan->own);
    *ret_again = own;
    if (own)
        ASSAY_TRY(assay_scan_container_note_doubles(&scan->own, &known->doubles[0], err));
    return assay_scan_references_note_doubles(scan, known, ret_again, err);
}

static void enter(struct assay_scan *scan, const char *phase)
{
    atomic_store(&scan->task->progress.phase, scan->only_verdicts ? "verifying" : phase);
}

/* A verification is a reading of a profile. */
static const char *advice(const struct assay_scan *scan)
{
    return scan->only_verdicts ? "profile it again" : "scan it again";
}

static int judge_container(struct assay_scan *scan, struct assay_scan_known *known, bool *ret_again,
                           struct assay_error *err)
{
    enter(scan, "opening");
    ASSAY_TRY(assay_scan_validate(scan, err));
    ASSAY_TRY(assay_scan_open(scan, known, err));
    ASSAY_TRY(assay_scan_compile(scan, err));
    ASSAY_TRY(note_doubles(scan, known, ret_again, err));
    known->copies_database |= scan->wants_copy;
    *ret_again |= scan->wants_copy;
    if (*ret_again)
        return ASSAY_OK;
    ASSAY_TRY(assay_scan_references_check_files(scan, advice(scan), scan->file_warnings, err));
    enter(scan, "reading");
    ASSAY_TRY(scan->only_verdicts ? assay_scan_verify_pass(scan, err) : assay_scan_pass(scan, err));
    assay_scan_container_place_parts(&scan->own);
    enter(scan, "judging");
    ASSAY_TRY(assay_scan_judge(scan, err));
    return note_doubles(scan, known, ret_again, err);
}

static void tell(const struct assay_scan *scan, const struct verification *verification)
{
    *verification->records = (struct assay_verified){scan->records, scan->identities};
    for (size_t i = 0; i < scan->checks_count; i++) {
        const struct assay_scan_check *check = &scan->checks[i];
        const bool by_record = check->rule && check->rule->rule->predicate;
        verification->verdicts[i] =
            (struct assay_verdict){.holds = check->outcome == ASSAY_OUTCOME_PASSED,
                                   .passed = by_record ? check->passed : 0,
                                   .failing = by_record ? check->failing : 0};
        if (check->outcome == ASSAY_OUTCOME_ERRORED)
            (void)snprintf(verification->verdicts[i].reason,
                           sizeof verification->verdicts[i].reason, "%s",
                           check->message ? check->message : "it cannot be judged");
    }
}

static int scan_container(struct assay_scan *scan, struct assay_scan_known *known,
                          const struct verification *verification, bool *ret_again,
                          struct assay_error *err)
{
    ASSAY_TRY(judge_container(scan, known, ret_again, err));
    if (*ret_again)
        return ASSAY_OK;
    ASSAY_TRY(assay_file_check(&scan->own.source, advice(scan), scan->file_warnings, err));
    if (verification) {
        tell(scan, verification);
        return ASSAY_OK;
    }
    if (scan->failing)
        ASSAY_TRY(assay_failing_finish(scan->failing, scan, err));
    scan->task->done.records = scan->records;
    return assay_scan_report(scan, known->started_us, err);
}

static void release_checks(struct assay_scan *scan)
{
    for (size_t i = 0; i < scan->checks_count; i++) {
        struct assay_scan_check *check = &scan->checks[i];
        for (size_t j = 0; j < check->lowest_count; j++)
            assay_captured_release(check->lowest[j]);
        assay_free(check->lowest);
        assay_free(check->message);
        json_decref(check->json);
    }
    assay_free(scan->checks);
}

/* The engine's own words name settings that nobody can change. */
static int say_memory(const struct assay_task *task, struct assay_error *err)
{
    assay_error_clear(err);
    return assay_fail(err, ASSAY_NO_MEMORY,
                      "the memory budget of %" PRIu64
                      " MiB does not hold what judging the records takes: raise --memory, or lower "
                      "--threads",
                      task->memory_bytes >> 20);
}

static int run_once(struct assay_task *task, struct assay_scan_known *known,
                    const struct verification *verification, bool *ret_again,
                    struct assay_error *err)
{
    struct assay_scan scan = {.task = task,
                              .max_anomalies = max_anomalies(task),
                              .file_warnings = json_array(),
                              .only_verdicts = verification ? verification->scope : NULL};
    *ret_again = false;
    task->done.bytes = 0;
    int code = scan.file_warnings ? scan_container(&scan, known, verification, ret_again, err)
                                  : assay_fail_memory(err);
    if (code == ASSAY_NO_MEMORY && strstr(err->text, "Out of Memory Error"))
        code = say_memory(task, err);
    if (code != ASSAY_OK)
        code = assay_context(err, code, "scanning %s",
                             assay_json_str(task->container, "name", "the container"));
    json_decref(scan.file_warnings);
    assay_failing_free(scan.failing);
    release_checks(&scan);
    assay_scan_close(&scan);
    return code;
}

static int run(struct assay_task *task, const struct verification *verification,
               struct assay_error *err)
{
    struct assay_scan_known known = {
        .count = json_object_size(assay_json_get(task->settings, "refs")) + 1,
        .started_us = assay_now_us()};
    known.doubles = assay_calloc(known.count, sizeof *known.doubles);
    int code = known.doubles ? ASSAY_OK : assay_fail_memory(err);
    for (bool again = true; again && code == ASSAY_OK;)
        code = run_once(task, &known, verification, &again, err);
    for (size_t i = 0; known.doubles && i < known.count; i++)
        assay_free(known.doubles[i].fields);
    assay_free(known.doubles);
    return code;
}

int assay_scan_run(struct assay_task *task, struct assay_error *err)
{
    return run(task, NULL, err);
}

/* Only which records there are, and the containers that checks may refer to: no value is shown. */
static int verifying_settings(const struct assay_task *task, json_t **ret_settings,
                              struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *settings = json_object();
    static const char *const keys[] = {"where", "refs"};
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        json_t *value = json_object_get(task->settings, keys[i]);
        if (value || !settings)
            ASSAY_TRY(assay_json_set(settings, keys[i], json_incref(value), err));
    }
    *ret_settings = ASSAY_TAKE(settings);
    return ASSAY_OK;
}

/* The task as a scan of these checks, lent. The first records are read by one thread, which keeps
 * their order. */
int assay_scan_verify(struct assay_task *task, const json_t *checks,
                      const struct assay_verify_scope *scope, struct assay_verdict *ret_verdicts,
                      struct assay_verified *ret_records, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *settings = NULL;
    const json_t *own_settings = task->settings, *own_checks = task->checks;
    const json_t *own_split = task->split;
    const uint64_t own_memory = task->memory_bytes;
    const int own_threads = task->threads;
    ASSAY_TRY(verifying_settings(task, &settings, err));
    task->settings = settings;
    task->checks = checks;
    task->split = scope->split ? scope->split : own_split;
    task->memory_bytes = scope->memory_bytes;
    task->threads = scope->limit ? 1 : own_threads;
    const struct verification verification = {scope, ret_verdicts, ret_records};
    const int code = run(task, &verification, err);
    task->settings = own_settings;
    task->checks = own_checks;
    task->split = own_split;
    task->memory_bytes = own_memory;
    task->threads = own_threads;
    return code;
}
