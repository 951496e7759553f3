// Leadership: advisory lock, renewed row, local trust.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/dispatch/leader.h"

#include "common/base/clock.h"
#include "common/base/memory.h"

enum { TRY_MS = 1000, RENEW_MS = 3000, TRUST_MS = 10000, DEPOSE_MS = 15000, NS_PER_MS = 1000000 };

struct assay_leader {
    struct assay_job_store *store;
    struct assay_leader_options options;
    struct assay_db_conn *conn; /* holds the lock; NULL = not connected */
    bool locked;
    int64_t epoch;
    int64_t renewed_ns, tried_ns; /* 0 = never */
};

/* The lock belongs to the duty: two numbers, ours and a hash of its name. */
static const char lock_sql[] = "SELECT pg_try_advisory_lock(41575941, hashtext($1))";
static const char unlock_sql[] = "SELECT pg_advisory_unlock(41575941, hashtext($1))";
/* Does the session that we talk to hold it? Not so behind transaction pooling. */
static const char held_sql[] =
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 41575941 "
    "AND pid = pg_backend_pid() AND granted";

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value ? value : fallback;
}

int assay_leader_open(struct assay_job_store *store, const struct assay_leader_options *options,
                      struct assay_leader **ret_leader, struct assay_error *err)
{
    struct assay_leader *leader = assay_calloc(1, sizeof *leader);
    if (!leader)
        return assay_fail_memory(err);
    leader->store = store;
    leader->options = *options;
    leader->options.try_ms = or_default(options->try_ms, TRY_MS);
    leader->options.renew_ms = or_default(options->renew_ms, RENEW_MS);
    leader->options.trust_ms = or_default(options->trust_ms, TRUST_MS);
    leader->options.depose_ms = or_default(options->depose_ms, DEPOSE_MS);
    *ret_leader = leader;
    return ASSAY_OK;
}

static bool is_postgres(const struct assay_leader *leader)
{
    return assay_db_kind(assay_job_store_db(leader->store)) == ASSAY_DB_POSTGRES;
}

static void step_down(struct assay_leader *leader)
{
    if (leader->conn && leader->locked && is_postgres(leader))
        ASSAY_IGNORE(assay_db_run(leader->conn, unlock_sql, NULL, NULL,
                                  assay_db_text(leader->options.name)));
    assay_db_release(leader->conn);
    leader->conn = NULL;
    leader->locked = false;
}

void assay_leader_close(struct assay_leader *leader)
{
    if (!leader)
        return;
    step_down(leader);
    assay_free(leader);
}

static bool elapsed(int64_t since_ns, int64_t ms)
{
    return !since_ns || assay_monotonic_ns() - since_ns >= ms * NS_PER_MS;
}

static int check_held(struct assay_leader *leader, struct assay_error *err)
{
    for (int i = 0; i < 2; i++) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        ASSAY_TRY(assay_db_run(leader->conn, held_sql, &rows, err));
        if (assay_db_get_int(rows, 0, 0) == 0)
            return assay_fail(
                err, ASSAY_UNSUPPORTED,
                "the session lock does not hold: the scheduler needs a direct connection to "
                "PostgreSQL, not one through a transaction pooler");
    }
    return ASSAY_OK;
}

static int try_lock(struct assay_leader *leader, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(leader->conn, lock_sql, &rows, err, assay_db_text(leader->options.name)));
    leader->locked = assay_db_get_int(rows, 0, 0) != 0;
    return leader->locked ? check_held(leader, err) : ASSAY_OK;
}

/* A holder that does not renew is ended; its lock is free at the next attempt. */
static int depose(struct assay_leader *leader, struct assay_error *err)
{
    bool deposed = false;
    return assay_job_depose(leader->store, leader->options.name, leader->options.depose_ms,
                            &deposed, err);
}

static int take(struct assay_leader *leader, struct assay_error *err)
{
    const int64_t now_ns = assay_monotonic_ns();
    leader->tried_ns = now_ns;
    if (!leader->conn)
        ASSAY_TRY(assay_db_acquire(assay_job_store_db(leader->store), &leader->conn, err));
    if (is_postgres(leader))
        ASSAY_TRY(try_lock(leader, err));
    else
        leader->locked = true;
    if (!leader->locked)
        return depose(leader, err);
    ASSAY_TRY(assay_job_lead(leader->conn, leader->options.name, leader->options.holder,
                             &leader->epoch, err));
    leader->renewed_ns = now_ns;
    return ASSAY_OK;
}

static int renew(struct assay_leader *leader, struct assay_error *err)
{
    if (!elapsed(leader->renewed_ns, leader->options.renew_ms))
        return ASSAY_OK;
    const int64_t sent_ns = assay_monotonic_ns();
    ASSAY_TRY(assay_job_renew(leader->conn, leader->options.name, leader->epoch, err));
    leader->renewed_ns = sent_ns;
    return ASSAY_OK;
}

int assay_leader_tick(struct assay_leader *leader, bool *ret_leads, struct assay_error *err)
{
    int rc = ASSAY_OK;
    if (leader->locked)
        rc = renew(leader, err);
    else if (elapsed(leader->tried_ns, leader->options.try_ms))
        rc = take(leader, err);
    if (rc != ASSAY_OK) {
        step_down(leader);
        return rc;
    }
    *ret_leads = leader->locked && !elapsed(leader->renewed_ns, leader->options.trust_ms);
    return ASSAY_OK;
}

int64_t assay_leader_term(const struct assay_leader *leader)
{
    return leader->epoch;
}
