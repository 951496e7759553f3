// Closing: what an operation came to, counted once, at the end.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/publish/parts.h"

enum { MESSAGE_BYTES = 2000, REASONS_SHOWN = 5 };

struct summary {
    char kind[16], result[16];
    bool cancelled;
    int64_t tasks, succeeded, stopped; /* containers; a sync's task */
    bool relations_stopped;            /* a task that judges relations was cancelled */
    struct assay_buf message;
    json_t *counters;
};

static void release_summary(struct summary *s)
{
    assay_buf_release(&s->message);
    json_decref(s->counters);
}

static int read_operation(struct assay_db_conn *conn, int64_t id, struct summary *s,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn, "SELECT kind, cancel_requested_at, counters, message FROM operation WHERE id = $1",
        &rows, err, assay_db_int(id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "the operation is gone");
    (void)snprintf(s->kind, sizeof s->kind, "%s", assay_db_get_text(rows, 0, 0));
    s->cancelled = !assay_db_is_null(rows, 0, 1);
    const char *counters = assay_db_get_text(rows, 0, 2);
    const char *message = assay_db_get_text(rows, 0, 3);
    if (message)
        assay_buf_text(&s->message, message);
    return assay_json_parse(counters, strlen(counters), "counters", &s->counters, err);
}

static void add_remark(struct summary *s, const char *name, const char *reason, int64_t *shown)
{
    if ((*shown)++ >= REASONS_SHOWN || s->message.size > MESSAGE_BYTES)
        return;
    assay_buf_printf(&s->message, "%s%s%s%.300s", s->message.size ? "; " : "", name ? name : "",
                     name ? ": " : "", reason);
}

/* How many reasons there were beyond those shown. */
static void add_rest(struct summary *s, int64_t reasons)
{
    if (reasons > REASONS_SHOWN)
        assay_buf_printf(&s->message, "; and %lld more", (long long)(reasons - REASONS_SHOWN));
}

/* What a task came to. */
struct outcome {
    bool failed, stopped;
    const char *error; /* JSON; NULL = none */
};

static struct outcome outcome_of(const struct assay_db_rows *rows, size_t row)
{
    const char *state = assay_db_get_text(rows, row, 0);
    struct outcome outcome = {.stopped = !strcmp(state, "cancelled"),
                              .error = assay_db_get_text(rows, row, 1)};
    /* a success with an error could not be published */
    outcome.failed = !outcome.stopped && (strcmp(state, "succeeded") != 0 || outcome.error);
    return outcome;
}

/* what: before the reason. */
static void add_reason(struct summary *s, const struct assay_db_rows *rows, size_t row,
                       const char *what, const struct outcome *outcome, int64_t *shown)
{
    char text[512];
    ASSAY_AUTO(assay_json_decref) json_t *reason = NULL;
    if (outcome->error)
        ASSAY_IGNORE(
            assay_json_parse(outcome->error, strlen(outcome->error), "error", &reason, NULL));
    (void)snprintf(text, sizeof text, "%s%s", what,
                   assay_json_str(reason, "text", assay_db_get_text(rows, row, 0)));
    add_remark(s, assay_db_get_text(rows, row, 2), text, shown);
}

/* What each container's tasks came to, with the reasons of those that did not succeed. A split's
 * failure is its merge's. */
static int read_tasks(struct assay_db_conn *conn, int64_t id, struct summary *s,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    int64_t shown = 0;
    struct outcome whole = {0};
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT t.state, t.last_error, c.name, t.container_id FROM task t LEFT "
                           "JOIN container c ON c.id = t.container_id WHERE t.op_id = $1 AND "
                           "t.kind NOT IN ('profile.split', 'profile.relate') ORDER BY "
                           "t.container_id, t.id",
                           &rows, err, assay_db_int(id)));
    const size_t count = assay_db_rows_count(rows);
    for (size_t row = 0; row < count; row++) {
        const struct outcome outcome = outcome_of(rows, row);
        const int64_t container = assay_db_get_int(rows, row, 3);
        whole.failed |= outcome.failed;
        whole.stopped |= outcome.stopped;
        if (outcome.failed)
            add_reason(s, rows, row, "", &outcome, &shown);
        if (container && row + 1 < count && assay_db_get_int(rows, row + 1, 3) == container)
            continue;
        s->tasks++;
        s->stopped += whole.stopped && !whole.failed;
        s->succeeded += !whole.stopped && !whole.failed;
        whole = (struct outcome){0};
    }
    add_rest(s, shown);
    return ASSAY_OK;
}

/* Relations that could not be judged are a remark: the containers' profiles stand. */
static int read_relations(struct assay_db_conn *conn, int64_t id, struct summary *s,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    int64_t shown = 0;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT t.state, t.last_error, c.name FROM task t LEFT JOIN container c "
                           "ON c.id = t.container_id WHERE t.op_id = $1 AND t.kind = "
                           "'profile.relate' ORDER BY c.name",
                           &rows, err, assay_db_int(id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        const struct outcome outcome = outcome_of(rows, row);
        s->relations_stopped |= outcome.stopped;
        if (outcome.failed)
            add_reason(s, rows, row, "relations could not be judged: ", &outcome, &shown);
    }
    add_rest(s, shown);
    return ASSAY_OK;
}

/* What the containers' own messages say: rejected records, checks that could not be judged, results
 * that could not be published. */
static int read_remarks(struct assay_db_conn *conn, int64_t id, const char *table,
                        struct summary *s, struct assay_error *err)
{
    char sql[256];
    int64_t shown = 0;
    (void)snprintf(sql, sizeof sql,
                   "SELECT c.name, p.message FROM %s p JOIN container c ON c.id = p.container_id "
                   "WHERE p.operation_id = $1 AND p.result = 'success' AND p.message IS NOT NULL "
                   "ORDER BY c.name",
                   table);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, sql, &rows, err, assay_db_int(id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        add_remark(s, assay_db_get_text(rows, row, 0), assay_db_get_text(rows, row, 1), &shown);
    add_rest(s, shown);
    return ASSAY_OK;
}

/* Counters of one row, in the order of the columns. */
static int set_counters(struct summary *s, const struct assay_db_rows *rows,
                        const char *const *names, size_t count, struct assay_error *err)
{
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(
            assay_json_set(s->counters, names[i], json_integer(assay_db_get_int(rows, 0, i)), err));
    return assay_json_set(s->counters, "total_containers", json_integer(s->tasks), err);
}

/* Partitions stand in the bodies: files of a profile, "assessed" of a scan. */
static int add_partitions(struct assay_db_conn *conn, int64_t id, const char *table,
                          const char *name, struct summary *s, struct assay_error *err)
{
    char sql[128];
    json_int_t partitions = 0;
    (void)snprintf(sql, sizeof sql,
                   "SELECT body FROM %s WHERE operation_id = $1 AND result = 'success'", table);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, sql, &rows, err, assay_db_int(id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
        const char *text = assay_db_get_text(rows, row, 0);
        ASSAY_TRY(assay_json_parse(text, strlen(text), "body", &body, err));
        partitions += assay_json_int(assay_json_get(body, "assessed"), name,
                                     assay_json_int(body, "partitions", 1));
    }
    return assay_json_set(s->counters,
                          strcmp(name, "partitions_scanned") ? "partitions_analyzed" : name,
                          json_integer(partitions), err);
}

static int count_profile(struct assay_db_conn *conn, int64_t id, struct summary *s,
                         struct assay_error *err)
{
    static const char *const names[] = {"containers_analyzed", "records_processed",
                                        "fields_profiled", "checks_synchronized"};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT count(*), coalesce(sum(records_processed), 0), "
                           "coalesce(sum(field_profiles_count), 0), "
                           "coalesce(sum(checks_synchronized + relations_synchronized), 0) FROM "
                           "container_profile "
                           "WHERE operation_id = $1 AND result = 'success'",
                           &rows, err, assay_db_int(id)));
    ASSAY_TRY(set_counters(s, rows, names, ASSAY_COUNT(names), err));
    ASSAY_TRY(read_remarks(conn, id, "container_profile", s, err));
    ASSAY_TRY(read_relations(conn, id, s, err));
    return add_partitions(conn, id, "container_profile", "partitions", s, err);
}

static int count_scan(struct assay_db_conn *conn, int64_t id, struct summary *s,
                      struct assay_error *err)
{
    static const char *const names[] = {"containers_analyzed", "records_processed",
                                        "anomalies_identified"};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT count(*), coalesce(sum(records_processed), 0), coalesce(sum(anomaly_count), 0) "
        "FROM container_scan WHERE operation_id = $1 AND result = 'success'",
        &rows, err, assay_db_int(id)));
    ASSAY_TRY(set_counters(s, rows, names, ASSAY_COUNT(names), err));
    ASSAY_TRY(read_remarks(conn, id, "container_scan", s, err));
    return add_partitions(conn, id, "container_scan", "partitions_scanned", s, err);
}

/* partial → success with the coverage, unless nothing succeeded; cancelled → aborted. */
static void judge(struct summary *s)
{
    const int64_t failed = s->tasks - s->succeeded - s->stopped;
    const bool stopped = s->stopped || s->relations_stopped;
    const char *result = s->cancelled && stopped     ? "aborted"
                         : s->tasks && !s->succeeded ? "failure"
                                                     : "success";
    (void)snprintf(s->result, sizeof s->result, "%s", result);
    if (!failed || !s->succeeded)
        return;
    struct assay_buf whole = {0};
    assay_buf_printf(&whole, "%lld of %lld containers were done; %s", (long long)s->succeeded,
                     (long long)s->tasks, assay_buf_str(&s->message));
    assay_buf_release(&s->message);
    s->message = whole;
}

static int summarize(struct assay_db_conn *conn, int64_t id, struct summary *s,
                     struct assay_error *err)
{
    ASSAY_TRY(read_operation(conn, id, s, err));
    ASSAY_TRY(read_tasks(conn, id, s, err));
    if (!strcmp(s->kind, "profile"))
        ASSAY_TRY(count_profile(conn, id, s, err));
    if (!strcmp(s->kind, "scan"))
        ASSAY_TRY(count_scan(conn, id, s, err));
    judge(s);
    return assay_buf_check(&s->message, err);
}

int assay_publish_close(struct assay_job_store *store, int64_t operation_id,
                        const char *event_topic, bool *ret_closed, struct assay_error *err)
{
    ASSAY_SCOPED(release_summary) struct summary s = {0};
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(assay_job_store_db(store), &conn, err));
    ASSAY_TRY(summarize(conn, operation_id, &s, err));
    assay_db_release(ASSAY_TAKE(conn));
    ASSAY_AUTO(assay_free_text) char *counters = assay_json_text(s.counters);
    if (!counters)
        return assay_fail_memory(err);
    const struct assay_job_closing closing = {.result = s.result,
                                              .message =
                                                  s.message.size ? assay_buf_str(&s.message) : NULL,
                                              .counters = counters,
                                              .event_topic = event_topic};
    return assay_job_close(store, NULL, operation_id, &closing, ret_closed, err);
}
