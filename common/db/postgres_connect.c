// Connecting to PostgreSQL without blocking: a frozen server holds no thread.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/db/postgres.h"

/* What holds unless the URL says otherwise. tcp_user_timeout acts where keepalives do not: while
 * data is unacknowledged. */
static const struct option {
    const char *keyword, *value;
} options[] = {
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "15000"},
    {"target_session_attrs", "read-write"},
    {"application_name", "assay"},
    {"client_encoding", "UTF8"},
};
enum { PARAMETERS_MAX = 96 };

static const char session_sql[] =
    "SET statement_timeout = '15s'; SET lock_timeout = '5s';"
    "SET idle_in_transaction_session_timeout = '30s'; SET timezone = 'UTC';"
    "SET client_min_messages = 'warning'; SET standard_conforming_strings = on";

int64_t assay_postgres_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * ASSAY_NS_PER_S + now.tv_nsec;
}

int assay_postgres_poll(struct assay_db_conn *conn, short events, int64_t deadline_ns,
                        struct assay_error *err)
{
    struct pollfd place = {.fd = PQsocket(conn->handle), .events = events};
    if (place.fd < 0)
        return assay_postgres_lost(conn, "catalog", err);
    for (;;) {
        const int64_t left_ns = deadline_ns - assay_postgres_clock_ns();
        const int ready = left_ns > 0 ? poll(&place, 1, (int)(left_ns / 1000000 + 1)) : 0;
        if (ready > 0)
            return ASSAY_OK;
        if (ready < 0 && errno == EINTR)
            continue;
        conn->broken = true;
        return assay_fail(err, ASSAY_UNAVAILABLE, "catalog: the PostgreSQL server does not answer");
    }
}

static bool given(const PQconninfoOption *parsed, const char *keyword)
{
    for (; parsed->keyword; parsed++)
        if (!strcmp(parsed->keyword, keyword))
            return parsed->val != NULL;
    return false;
}

/* The URL's own parameters and our defaults beside them, as the two lists that libpq takes. */
static int start(struct assay_db_conn *conn, const char *url, struct assay_error *err)
{
    PQconninfoOption *parsed =
        PQconninfoParse(url, NULL); /* its message may quote a password: not shown */
    if (!parsed)
        return assay_fail(err, ASSAY_INVALID,
                          "opening the catalog: the postgresql:// URL is malformed");
    const char *keywords[PARAMETERS_MAX + 1], *values[PARAMETERS_MAX + 1];
    size_t count = 0;
    for (const PQconninfoOption *option = parsed; option->keyword; option++) {
        if (!option->val || count == PARAMETERS_MAX)
            continue;
        keywords[count] = option->keyword;
        values[count++] = option->val;
    }
    for (size_t i = 0; i < ASSAY_COUNT(options); i++) {
        if (given(parsed, options[i].keyword) || count == PARAMETERS_MAX)
            continue;
        keywords[count] = options[i].keyword;
        values[count++] = options[i].value;
    }
    keywords[count] = values[count] = NULL;
    conn->handle = PQconnectStartParams(keywords, values, 0);
    PQconninfoFree(parsed);
    return conn->handle ? ASSAY_OK : assay_fail_memory(err);
}

static int refused(struct assay_db_conn *conn, struct assay_error *err)
{
    const char *why = PQerrorMessage(conn->handle);
    return assay_fail(err, ASSAY_UNAVAILABLE, "connecting to the catalog: %.*s",
                      (int)strcspn(why, "\n"), why);
}

static int handshake(struct assay_db_conn *conn, struct assay_error *err)
{
    const int64_t deadline_ns =
        assay_postgres_clock_ns() + ASSAY_POSTGRES_CONNECT_MS * INT64_C(1000000);
    PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
    if (PQstatus(conn->handle) == CONNECTION_BAD)
        return refused(conn, err);
    while (wants != PGRES_POLLING_OK) {
        ASSAY_TRY(assay_postgres_poll(conn, wants == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                                      deadline_ns, err));
        wants = PQconnectPoll(conn->handle);
        if (wants == PGRES_POLLING_FAILED)
            return refused(conn, err);
    }
    return PQsetnonblocking(conn->handle, 1) == 0 ? ASSAY_OK : refused(conn, err);
}

static void drop_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

int assay_postgres_connect(struct assay_db_conn *conn, const char *url, struct assay_error *err)
{
    ASSAY_TRY(start(conn, url, err));
    (void)PQsetNoticeProcessor(conn->handle, drop_notice, NULL);
    ASSAY_TRY(handshake(conn, err));
    if (!PQsendQuery(conn->handle, session_sql))
        return assay_postgres_lost(conn, "catalog", err);
    ASSAY_AUTO(assay_postgres_clear) PGresult *result = NULL;
    ASSAY_TRY(assay_postgres_wait(conn, ASSAY_POSTGRES_CONNECT_MS, &result, err));
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return assay_postgres_fail(conn, result, err);
    return ASSAY_OK;
}
