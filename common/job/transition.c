// The state machine of a running task: what follows from what happened to it.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/clock.h"
#include "common/job/store.h"

/* Pauses after the first, second … handled failure, in seconds; the last one repeats. */
static const int64_t backoff_s[] = {10, 30, 120, 600, 1800, 3600};
enum { SECOND_CRASH_PAUSE_S = 60, PRIORITY_AFTER_CRASH = 3, PRIORITY_AFTER_RELEASE = 4 };

static int64_t backoff_us(int failures, double jitter)
{
    const size_t last = ASSAY_COUNT(backoff_s) - 1;
    const size_t step = (size_t)failures - 1 < last ? (size_t)failures - 1 : last;
    return (int64_t)((double)backoff_s[step] * (0.5 + jitter) * (double)ASSAY_US_PER_S);
}

static int front(int priority, int least)
{
    return priority < least ? priority : least;
}

/* Somebody waits for an inspect task: it is never repeated. */
static bool repeatable(const struct assay_job_row *row)
{
    return strcmp(row->kind, "inspect") != 0;
}

static bool past_deadline(const struct assay_job_row *row)
{
    return row->deadline_at && row->deadline_at <= row->now;
}

static void after_failure(const struct assay_job_row *row, double jitter,
                          struct assay_job_change *change)
{
    change->failures++;
    change->run_at = row->now + backoff_us(change->failures, jitter);
    if (!repeatable(row))
        change->state = "failed";
    else if (change->failures >= row->max_failures || past_deadline(row))
        change->state = "dead";
}

static void after_crash(const struct assay_job_row *row, struct assay_job_change *change)
{
    change->crashes++;
    change->priority = front(change->priority, PRIORITY_AFTER_CRASH);
    if (!repeatable(row) || change->crashes >= row->max_crashes || past_deadline(row))
        change->state = "dead";
    else if (change->crashes >= 2) {
        change->quarantine = true;
        change->run_at = row->now + SECOND_CRASH_PAUSE_S * ASSAY_US_PER_S;
    }
}

static void after_source_down(const struct assay_job_row *row, struct assay_job_change *change)
{
    change->trips_breaker = repeatable(row);
    if (!repeatable(row))
        change->state = "failed";
    else if (past_deadline(row))
        change->state = "dead";
}

static void apply(const struct assay_job_row *row, enum assay_job_event event, double jitter,
                  struct assay_job_change *change)
{
    switch (event) {
    case ASSAY_JOB_COMPLETED:
        change->state = "succeeded";
        change->result_epoch = row->epoch;
        break;
    case ASSAY_JOB_FAILED_TRANSIENT:
        after_failure(row, jitter, change);
        break;
    case ASSAY_JOB_FAILED_PERMANENT:
        change->state = "failed";
        break;
    case ASSAY_JOB_SOURCE_DOWN:
        after_source_down(row, change);
        break;
    case ASSAY_JOB_CRASHED:
    case ASSAY_JOB_REAPED:
        after_crash(row, change);
        break;
    case ASSAY_JOB_RELEASED:
    case ASSAY_JOB_STOPPED:
        change->releases++;
        change->priority = front(change->priority, PRIORITY_AFTER_RELEASE);
        break;
    case ASSAY_JOB_PAST_DEADLINE:
        change->state = "dead";
        break;
    }
}

void assay_job_transition(const struct assay_job_row *row, enum assay_job_event event,
                          double jitter, struct assay_job_change *ret_change)
{
    struct assay_job_change change = {
        .state = "ready",
        .epoch = row->epoch + (event == ASSAY_JOB_REAPED),
        .run_at = row->now,
        .failures = row->failures,
        .crashes = row->crashes,
        .releases = row->releases,
        .priority = row->priority,
        .quarantine = row->quarantine,
    };
    apply(row, event, jitter, &change);
    if (row->cancel_requested_at && event != ASSAY_JOB_COMPLETED)
        change.state = "cancelled";
    if (strcmp(change.state, "ready") != 0)
        change.finished_at = row->now;
    *ret_change = change;
}
