// Claim and steal: a dispatched task becomes one worker's, under a new epoch and a lease.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/job/store.h"

enum { STEAL_TRIES = 4 };

void assay_job_claim_release(struct assay_job_claim *claim)
{
    assay_free(claim->kind);
    assay_free(claim->spec);
    assay_free(claim->split);
    assay_free(claim->checkpoint);
    *claim = (struct assay_job_claim){0};
}

struct claiming {
    struct assay_job_store *store;
    int64_t task_id;
    int dispatch_seq;
    const struct assay_job_worker *worker;
    const char *pool; /* steal: what to look for */
    unsigned lanes;
    int64_t min_age_ms;
    bool queued; /* steal: found, but not taken */
    struct assay_job_claim claim;
};

static const char take_sql[] =
    "UPDATE task SET state = 'running', epoch = epoch + 1, attempts = attempts + 1, "
    "started_at = coalesce(started_at, assay_now()) "
    "WHERE id = $1 AND dispatch_seq = $2 AND state = 'dispatched' AND cancel_requested_at IS NULL "
    "AND spec_version <= $3 AND quarantine <= $4 "
    "RETURNING epoch, op_id, source_id, connection_id, container_id, kind, split, checkpoint, "
    "spec_version, split_no, "
    "split_count, lane, attempts, crashes, deadline_at, quarantine, spec_id";

static int read_task(const struct assay_db_rows *rows, int64_t task_id,
                     struct assay_job_claim *claim, struct assay_error *err)
{
    claim->task_id = task_id;
    claim->epoch = assay_db_get_int(rows, 0, 0);
    claim->operation_id = assay_db_get_int(rows, 0, 1);
    claim->source_id = assay_db_get_int(rows, 0, 2);
    claim->connection_id = assay_db_get_int(rows, 0, 3);
    claim->container_id = assay_db_get_int(rows, 0, 4);
    ASSAY_TRY(assay_job_copy_text(rows, 0, 5, &claim->kind, err));
    ASSAY_TRY(assay_job_copy_text(rows, 0, 6, &claim->split, err));
    ASSAY_TRY(assay_job_copy_text(rows, 0, 7, &claim->checkpoint, err));
    claim->spec_version = (int)assay_db_get_int(rows, 0, 8);
    claim->split_no = (int)assay_db_get_int(rows, 0, 9);
    claim->split_count = (int)assay_db_get_int(rows, 0, 10);
    claim->lane = (int)assay_db_get_int(rows, 0, 11);
    claim->attempts = (int)assay_db_get_int(rows, 0, 12);
    claim->crashes = (int)assay_db_get_int(rows, 0, 13);
    claim->deadline_us = assay_db_get_int(rows, 0, 14);
    claim->quarantine = assay_db_get_int(rows, 0, 15) != 0;
    return ASSAY_OK;
}

static int read_spec(struct assay_db_conn *conn, int64_t spec_id, struct assay_job_claim *claim,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT s.body, o.started_at FROM task_spec s JOIN operation o ON o.id = s.op_id "
        "WHERE s.id = $1",
        &rows, err, assay_db_int(spec_id)));
    claim->operation_started_us = assay_db_get_int(rows, 0, 1);
    return assay_job_copy_text(rows, 0, 0, &claim->spec, err);
}

static int take(struct assay_db_conn *conn, struct claiming *c, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, take_sql, &rows, err, assay_db_int(c->task_id),
                           assay_db_int(c->dispatch_seq), assay_db_int(c->worker->max_spec_version),
                           assay_db_bool(c->worker->idle)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_STALE, "task %" PRId64 " is not to be had by dispatch %d",
                          c->task_id, c->dispatch_seq);
    ASSAY_TRY(read_task(rows, c->task_id, &c->claim, err));
    ASSAY_TRY(read_spec(conn, assay_db_get_int(rows, 0, 16), &c->claim, err));
    return assay_db_run(
        conn,
        "INSERT INTO task_lease (task_id, epoch, owner, lease_until) "
        "VALUES ($1, $2, $3, assay_now() + $4) ON CONFLICT (task_id) DO UPDATE SET "
        "epoch = excluded.epoch, owner = excluded.owner, lease_until = excluded.lease_until, "
        "progress = NULL",
        NULL, err, assay_db_int(c->task_id), assay_db_int(c->claim.epoch),
        assay_db_text(c->worker->owner), assay_db_int(c->worker->ttl_ms * 1000));
}

/* The operation before the task, as everywhere; it is written by the first claim only. */
static int claim(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct claiming *c = context;
    assay_job_claim_release(&c->claim);
    ASSAY_TRY(assay_db_run(
        conn,
        "UPDATE operation SET result = 'running', started_at = coalesce(started_at, assay_now()) "
        "WHERE id = (SELECT op_id FROM task WHERE id = $1) AND result = 'queued'",
        NULL, err, assay_db_int(c->task_id)));
    return take(conn, c, err);
}

static int run_claim(struct assay_job_store *store, assay_db_body_fn *body, struct claiming *c,
                     struct assay_job_claim *ret_claim, struct assay_error *err)
{
    const int rc = assay_db_transaction(store->db, body, c, err);
    if (rc != ASSAY_OK) {
        assay_job_claim_release(&c->claim);
        return rc;
    }
    *ret_claim = c->claim;
    return ASSAY_OK;
}

int assay_job_claim(struct assay_job_store *store, int64_t task_id, int dispatch_seq,
                    const struct assay_job_worker *worker, struct assay_job_claim *ret_claim,
                    struct assay_error *err)
{
    struct claiming c = {.task_id = task_id, .dispatch_seq = dispatch_seq, .worker = worker};
    return run_claim(store, claim, &c, ret_claim, err);
}

/* Under the candidate's lock, so that rivals take others (SKIP LOCKED). An operation that is still
 * queued has to be locked before its task: then the candidate is let go and claimed like a
 * doorbell's. */
static int steal(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct claiming *c = context;
    assay_job_claim_release(&c->claim);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(conn, c->store->sql->steal, &rows, err, assay_db_text(c->pool),
                     assay_db_int(c->lanes & 1U << ASSAY_LANE_EXPRESS ? ASSAY_LANE_EXPRESS : -1),
                     assay_db_int(c->lanes & 1U << ASSAY_LANE_BULK ? ASSAY_LANE_BULK : -1),
                     assay_db_int(c->min_age_ms * 1000), assay_db_int(c->worker->max_spec_version),
                     assay_db_bool(c->worker->idle)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "no task to take over in pool %s", c->pool);
    c->task_id = assay_db_get_int(rows, 0, 0);
    c->dispatch_seq = (int)assay_db_get_int(rows, 0, 1);
    c->queued = !strcmp(assay_db_get_text(rows, 0, 2), "queued");
    return c->queued ? ASSAY_OK : take(conn, c, err);
}

int assay_job_steal(struct assay_job_store *store, const char *pool, unsigned lanes,
                    int64_t min_age_ms, const struct assay_job_worker *worker,
                    struct assay_job_claim *ret_claim, struct assay_error *err)
{
    for (int attempt = 0; attempt < STEAL_TRIES; attempt++) {
        struct assay_error own = {0};
        struct claiming c = {.store = store,
                             .pool = pool,
                             .lanes = lanes,
                             .min_age_ms = min_age_ms,
                             .worker = worker};
        int rc = run_claim(store, steal, &c, ret_claim, &own);
        if (rc == ASSAY_OK && c.queued)
            rc = assay_job_claim(store, c.task_id, c.dispatch_seq, worker, ret_claim, &own);
        if (rc == ASSAY_STALE) /* a rival was faster */
            continue;
        return rc == ASSAY_OK ? ASSAY_OK : assay_fail(err, rc, "%s", own.text);
    }
    return assay_fail(err, ASSAY_NOT_FOUND, "no task to take over in pool %s", pool);
}
