// Connecting, querying and copying with deadlines.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/postgres_session.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/connect/postgres_error.h"

enum { SLICE_MS = 100, SETUP_TIMEOUT_MS = 30000, READ_TIMEOUT_S = 3600, DRAIN_TIMEOUT_MS = 3000 };

/* Wait until the socket is ready, *deadline_ns has passed, or the task is cancelled. */
static int wait_ready(const struct pg_session *session, short events, int64_t deadline_ns,
                      const char *doing, struct assay_error *err)
{
    struct pollfd item = {PQsocket(session->conn), events, 0};
    for (;;) {
        if (session->cancelled && atomic_load(session->cancelled))
            return assay_fail(err, ASSAY_CANCELLED, "%s: cancelled", doing);
        const int64_t left_ms = (deadline_ns - assay_monotonic_ns()) / 1000000;
        if (left_ms <= 0)
            return assay_fail(err, ASSAY_TIMEOUT, "%s: the server does not answer in time", doing);
        const int got = poll(&item, 1, left_ms < SLICE_MS ? (int)left_ms : SLICE_MS);
        if (got > 0)
            return ASSAY_OK;
        if (got < 0 && errno != EINTR)
            return assay_fail_errno(err, ASSAY_IO, errno, "%s: waiting for the server", doing);
    }
}

static int64_t deadline_in(int64_t timeout_ms)
{
    return assay_monotonic_ns() + timeout_ms * 1000000;
}

/* --- asking the server to stop --- */

struct stop_request {
    PGcancel *cancel;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done, left; /* the thread has finished; nobody waits any more */
};

static void free_request(struct stop_request *request)
{
    PQfreeCancel(request->cancel);
    (void)pthread_cond_destroy(&request->changed);
    (void)pthread_mutex_destroy(&request->lock);
    assay_free(request);
}

static void *send_request(void *argument)
{
    struct stop_request *request = argument;
    char ignored[256];
    (void)PQcancel(request->cancel, ignored,
                   sizeof ignored); /* may block for as long as the server likes */
    (void)pthread_mutex_lock(&request->lock);
    request->done = true;
    const bool left = request->left;
    (void)pthread_cond_signal(&request->changed);
    (void)pthread_mutex_unlock(&request->lock);
    if (left)
        free_request(request);
    return NULL;
}

/* PQcancel() blocks, so a thread of its own sends it; a server that hangs is left to itself after a
 * second. */
static void ask_to_stop(struct pg_session *session)
{
    struct stop_request *request = assay_calloc(1, sizeof *request);
    PGcancel *cancel = request ? PQgetCancel(session->conn) : NULL;
    pthread_t thread;
    if (!cancel) {
        assay_free(request);
        return;
    }
    request->cancel = cancel;
    (void)pthread_mutex_init(&request->lock, NULL);
    (void)pthread_cond_init(&request->changed, NULL);
    if (pthread_create(&thread, NULL, send_request, request)) {
        free_request(request);
        return;
    }
    (void)pthread_detach(thread);
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    (void)pthread_mutex_lock(&request->lock);
    while (!request->done && pthread_cond_timedwait(&request->changed, &request->lock, &until) == 0)
        continue;
    const bool done = request->done;
    request->left = true;
    (void)pthread_mutex_unlock(&request->lock);
    if (done)
        free_request(request);
}

/* --- connecting --- */

enum { MAX_KEYWORDS = 24 };

struct keywords {
    const char *names[MAX_KEYWORDS + 1], *values[MAX_KEYWORDS + 1];
    size_t count;
};

static void add(struct keywords *keywords, const char *name, const char *value)
{
    if (!value || !*value || keywords->count == MAX_KEYWORDS)
        return;
    keywords->names[keywords->count] = name;
    keywords->values[keywords->count++] = value;
}

/* Properties by libpq's names. The URI goes first, so that the others win over its parts. */
static void collect(const json_t *properties, const char *port, struct keywords *keywords)
{
    static const char *const passed[] = {
        "sslmode", "sslrootcert",          "sslcert",    "sslkey",         "sslpassword",
        "options", "target_session_attrs", "krbsrvname", "channel_binding"};
    const json_t *parameters = json_object_get(properties, "parameters");
    add(keywords, "dbname", assay_json_str(properties, "uri", NULL));
    add(keywords, "host", assay_json_str(properties, "host", NULL));
    add(keywords, "port", port);
    add(keywords, "user", assay_json_str(properties, "username", NULL));
    add(keywords, "password", assay_json_str(properties, "password", NULL));
    add(keywords, "dbname", assay_json_str(properties, "database", NULL));
    for (size_t i = 0; i < ASSAY_COUNT(passed); i++)
        add(keywords, passed[i], assay_json_str(parameters, passed[i], NULL));
    add(keywords, "client_encoding", "UTF8");
    add(keywords, "application_name", "assay");
    add(keywords, "keepalives_idle", "30");
    add(keywords, "keepalives_interval", "10");
    add(keywords, "keepalives_count", "3");
    add(keywords, "tcp_user_timeout", "60000");
}

/* A number that may be typed as text. */
static int64_t whole_number(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = assay_json_get(object, key);
    int64_t number = assay_json_int(object, key, fallback);
    if (json_is_string(value) &&
        !assay_parse_i64(json_string_value(value), json_string_length(value), &number))
        return fallback;
    return number;
}

/* The password inside a URI, percent signs as they stand. */
static char *uri_password(const char *uri)
{
    const char *authority = uri ? strstr(uri, "://") : NULL;
    const char *at = authority ? strchr(authority + 3, '@') : NULL;
    const char *colon = at ? memchr(authority + 3, ':', (size_t)(at - authority - 3)) : NULL;
    return colon && at > colon + 1 ? assay_strndup(colon + 1, (size_t)(at - colon - 1)) : NULL;
}

static void remember_secrets(struct pg_session *session, const json_t *properties)
{
    const char *uri = assay_json_str(properties, "uri", NULL);
    session->secrets[0] = assay_strdup(assay_json_str(properties, "password", NULL));
    session->secrets[1] = assay_strdup(uri);
    session->secrets[2] = uri_password(uri);
    session->secrets[3] = assay_strdup(
        assay_json_str(json_object_get(properties, "parameters"), "sslpassword", NULL));
}

static int connect_in_steps(struct pg_session *session, int64_t deadline_ns,
                            struct assay_error *err)
{
    for (PostgresPollingStatusType step = PGRES_POLLING_WRITING; step != PGRES_POLLING_OK;
         step = PQconnectPoll(session->conn)) {
        if (step == PGRES_POLLING_FAILED)
            return pg_fail_connect(session, err);
        ASSAY_TRY(wait_ready(session, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ns,
                             "connecting", err));
    }
    return PQsetnonblocking(session->conn, 1) ? pg_fail_connect(session, err) : ASSAY_OK;
}

static int set_up(struct pg_session *session, const json_t *properties, struct assay_error *err)
{
    const int64_t statement_s =
        whole_number(json_object_get(properties, "parameters"), "statement_timeout", 0);
    char timeout[32];
    (void)snprintf(timeout, sizeof timeout, "%lld",
                   (long long)(statement_s > 0 ? statement_s * 1000 : 0));
    const char *const params[] = {timeout};
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    return pg_query(
        session,
        "SELECT pg_catalog.set_config(name, value, false) FROM (VALUES ('TimeZone', 'UTC'), "
        "('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'iso_8601'), ('extra_float_digits', '1'), "
        "('bytea_output', 'hex'), ('xmloption', 'content'), ('lock_timeout', '30s'), "
        "('default_transaction_read_only', 'on'), ('statement_timeout', $1)) AS s (name, value)",
        params, 1, SETUP_TIMEOUT_MS, "setting the session up", &result, err);
}

int pg_session_open(struct pg_session *session, const json_t *properties, int64_t timeout_ms,
                    const atomic_bool *cancelled, struct assay_error *err)
{
    const json_t *parameters = json_object_get(properties, "parameters");
    const int64_t own_s = whole_number(parameters, "connect_timeout", 30);
    const int64_t port = whole_number(properties, "port", 0);
    char port_text[32] = "";
    struct keywords keywords = {0};
    *session = (struct pg_session){.cancelled = cancelled};
    session->read_timeout_ms = whole_number(parameters, "read_timeout", READ_TIMEOUT_S) * 1000;
    if (port < 0 || port > 65535)
        return assay_fail(err, ASSAY_INVALID, "port is %lld: give 1 to 65535", (long long)port);
    if (port)
        (void)snprintf(port_text, sizeof port_text, "%d", (int)port);
    remember_secrets(session, properties);
    collect(properties, port_text, &keywords);
    session->conn = PQconnectStartParams(keywords.names, keywords.values, 1);
    if (!session->conn)
        return assay_fail_memory(err);
    if (PQstatus(session->conn) == CONNECTION_BAD)
        return pg_fail_connect(session, err);
    (void)PQsetErrorVerbosity(session->conn,
                              PQERRORS_VERBOSE); /* the only way to a SQLSTATE while connecting */
    const int64_t own_ms = own_s > 0 ? own_s * 1000 : timeout_ms;
    ASSAY_TRY(
        connect_in_steps(session, deadline_in(own_ms < timeout_ms ? own_ms : timeout_ms), err));
    (void)PQsetErrorVerbosity(session->conn, PQERRORS_DEFAULT);
    return set_up(session, properties, err);
}

void pg_session_close(struct pg_session *session)
{
    PQfinish(session->conn);
    for (size_t i = 0; i < ASSAY_COUNT(session->secrets); i++)
        if (session->secrets[i]) {
            assay_wipe(session->secrets[i], strlen(session->secrets[i]));
            assay_free(session->secrets[i]);
        }
    *session = (struct pg_session){0};
}

/* --- statements --- */

static int send_all(struct pg_session *session, int64_t deadline_ns, const char *doing,
                    struct assay_error *err)
{
    for (;;) {
        const int left = PQflush(session->conn);
        if (left == 0)
            return ASSAY_OK;
        if (left < 0)
            return pg_fail(session, NULL, doing, err);
        ASSAY_TRY(wait_ready(session, POLLIN | POLLOUT, deadline_ns, doing, err));
        if (!PQconsumeInput(session->conn))
            return pg_fail(session, NULL, doing, err);
    }
}

/* The next result when it is whole; NULL at the end of the statement. */
static int next_result(struct pg_session *session, int64_t deadline_ns, const char *doing,
                       PGresult **ret_result, struct assay_error *err)
{
    while (PQisBusy(session->conn)) {
        ASSAY_TRY(wait_ready(session, POLLIN, deadline_ns, doing, err));
        if (!PQconsumeInput(session->conn))
            return pg_fail(session, NULL, doing, err);
    }
    *ret_result = PQgetResult(session->conn);
    return ASSAY_OK;
}

static int run(struct pg_session *session, const char *sql, const char *const *params,
               int params_count, int64_t deadline_ns, const char *doing, PGresult **result,
               struct assay_error *err)
{
    if (!PQsendQueryParams(session->conn, sql, params_count, NULL, params, NULL, NULL, 0))
        return pg_fail(session, NULL, doing, err);
    ASSAY_TRY(send_all(session, deadline_ns, doing, err));
    for (;;) {
        PGresult *next = NULL;
        ASSAY_TRY(next_result(session, deadline_ns, doing, &next, err));
        if (!next)
            break;
        PQclear(*result);
        *result = next;
        if (PQresultStatus(next) == PGRES_COPY_OUT)
            break;
    }
    const ExecStatusType status = PQresultStatus(*result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_COPY_OUT
               ? ASSAY_OK
               : pg_fail(session, *result, doing, err);
}

int pg_query(struct pg_session *session, const char *sql, const char *const *params,
             int params_count, int64_t timeout_ms, const char *doing, PGresult **ret_result,
             struct assay_error *err)
{
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    if (session->busy)
        return assay_fail(err, ASSAY_INTERNAL, "%s: a reader is open on this connection", doing);
    const int rc =
        run(session, sql, params, params_count, deadline_in(timeout_ms), doing, &result, err);
    if (rc == ASSAY_TIMEOUT || rc == ASSAY_CANCELLED)
        ask_to_stop(session);
    ASSAY_TRY(rc);
    *ret_result = ASSAY_TAKE(result);
    return ASSAY_OK;
}

int pg_copy_start(struct pg_session *session, const char *sql, const char *doing,
                  struct assay_error *err)
{
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    if (session->busy)
        return assay_fail(err, ASSAY_INTERNAL, "%s: another reader is open on this connection",
                          doing);
    const int rc =
        run(session, sql, NULL, 0, deadline_in(session->read_timeout_ms), doing, &result, err);
    if (rc == ASSAY_TIMEOUT || rc == ASSAY_CANCELLED)
        ask_to_stop(session);
    session->busy = rc == ASSAY_OK;
    return rc;
}

/* The COPY is over: was it whole? */
static int finish_copy(struct pg_session *session, const char *doing, struct assay_error *err)
{
    const int64_t deadline_ns = deadline_in(SETUP_TIMEOUT_MS);
    int rc = ASSAY_OK;
    for (;;) {
        ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
        ASSAY_TRY(next_result(session, deadline_ns, doing, &result, err));
        if (!result)
            break;
        if (rc == ASSAY_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
            rc = pg_fail(session, result, doing, err);
        if (PQstatus(session->conn) == CONNECTION_BAD)
            break;
    }
    session->busy = false;
    return rc;
}

int pg_copy_next(struct pg_session *session, const char *doing, char **ret_data, int *ret_size,
                 struct assay_error *err)
{
    for (;;) {
        char *data = NULL;
        const int size = PQgetCopyData(session->conn, &data, 1);
        if (size > 0) {
            *ret_data = data;
            *ret_size = size;
            return ASSAY_OK;
        }
        if (size < 0) {
            ASSAY_TRY(finish_copy(session, doing, err));
            if (size == -2)
                return pg_fail(session, NULL, doing, err);
            *ret_size = -1;
            return ASSAY_OK;
        }
        const int rc =
            wait_ready(session, POLLIN, deadline_in(session->read_timeout_ms), doing, err);
        if (rc != ASSAY_OK) {
            ask_to_stop(session);
            return rc;
        }
        if (!PQconsumeInput(session->conn))
            return pg_fail(session, NULL, doing, err);
    }
}

/* Take in what is still on its way, so that the session can go on. */
static int drain_copy(struct pg_session *session)
{
    const int64_t deadline_ns = deadline_in(DRAIN_TIMEOUT_MS);
    struct assay_error ignored = {0};
    for (;;) {
        char *data = NULL;
        const int size = PQgetCopyData(session->conn, &data, 1);
        PQfreemem(data);
        if (size < 0)
            break;
        if (size == 0) {
            ASSAY_TRY(wait_ready(session, POLLIN, deadline_ns, "", &ignored));
            if (!PQconsumeInput(session->conn))
                return ASSAY_UNAVAILABLE;
        }
    }
    for (;;) {
        ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
        ASSAY_TRY(next_result(session, deadline_ns, "", &result, &ignored));
        if (!result)
            return PQstatus(session->conn) == CONNECTION_OK ? ASSAY_OK : ASSAY_UNAVAILABLE;
    }
}

void pg_copy_stop(struct pg_session *session)
{
    if (!session->busy)
        return;
    session->busy = false;
    if (PQstatus(session->conn) == CONNECTION_OK) {
        ask_to_stop(session);
        if (drain_copy(session) == ASSAY_OK)
            return;
    }
    PQfinish(session->conn);
    session->conn = NULL;
}
