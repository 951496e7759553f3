// A scan, from top to bottom: open the source, make the checks ready, read it once, judge, report.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "worker/executor/scan/scan_capture.h"
#include "worker/executor/scan/scan_failing.h"

#define ANOMALIES_DEFAULT 10

static size_t max_anomalies(const struct assay_task *task)
{
    const int64_t most = assay_json_int(task->settings, "max_anomalies", ANOMALIES_DEFAULT);
    return most < 0 ? ANOMALIES_DEFAULT : (size_t)most;
}

/* Were numbers read that decimals do not hold? Their fields are doubles then; all fields, should it
 * happen again (a database that changes meanwhile). */
static int note_doubles(const struct assay_scan *scan, struct assay_scan_doubles *doubles,
                        bool *ret_again, struct assay_error *err)
{
    const size_t count = scan->scope.fields_count;
    const bool all = doubles->fields != NULL;
    bool any = false;
    for (size_t i = 0; scan->table && i < count; i++)
        any |= atomic_load(&scan->inexact[i]);
    *ret_again = any;
    if (!any)
        return ASSAY_OK;
    assay_free(doubles->fields);
    doubles->fields = assay_calloc(count, sizeof *doubles->fields);
    doubles->count = count;
    if (!doubles->fields)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        doubles->fields[i] = all || atomic_load(&scan->inexact[i]);
    return ASSAY_OK;
}

static int scan_container(struct assay_scan *scan, struct assay_scan_doubles *doubles,
                          bool *ret_again, struct assay_error *err)
{
    atomic_store(&scan->task->progress.phase, "opening");
    ASSAY_TRY(assay_scan_open(scan, err));
    ASSAY_TRY(assay_scan_compile(scan, err));
    atomic_store(&scan->task->progress.phase, "reading");
    ASSAY_TRY(assay_scan_pass(scan, err));
    assay_scan_place_parts(scan);
    atomic_store(&scan->task->progress.phase, "judging");
    ASSAY_TRY(assay_scan_judge(scan, err));
    ASSAY_TRY(note_doubles(scan, doubles, ret_again, err));
    if (*ret_again)
        return ASSAY_OK;
    if (scan->failing)
        ASSAY_TRY(assay_failing_finish(scan->failing, scan, err));
    scan->task->done.records = scan->records;
    return assay_scan_report(scan, doubles->started_us, err);
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

static int run_once(struct assay_task *task, struct assay_scan_doubles *doubles, bool *ret_again,
                    struct assay_error *err)
{
    struct assay_scan scan = {
        .task = task, .max_anomalies = max_anomalies(task), .doubles = doubles};
    *ret_again = false;
    task->done.bytes = 0;
    (void)pthread_mutex_init(&scan.lock, NULL);
    int code = scan_container(&scan, doubles, ret_again, err);
    if (code != ASSAY_OK)
        code = assay_context(err, code, "scanning %s",
                             assay_json_str(task->container, "name", "the container"));
    assay_failing_free(scan.failing);
    release_checks(&scan);
    assay_scan_close(&scan);
    (void)pthread_mutex_destroy(&scan.lock);
    return code;
}

int assay_scan_run(struct assay_task *task, struct assay_error *err)
{
    struct assay_scan_doubles doubles = {.started_us = assay_now_us()};
    int code = ASSAY_OK;
    for (bool again = true; again && code == ASSAY_OK;)
        code = run_once(task, &doubles, &again, err);
    assay_free(doubles.fields);
    return code;
}
