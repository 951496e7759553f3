// Session: one private DuckDB inside this process, locked down.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/duckdb_session.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "worker/executor/engine/scratch.h"

enum { CONNECTIONS_MAX = 64, WATCH_MS = 25, MESSAGE_BYTES = 400 };
#define DEFAULT_MEMORY_BYTES (UINT64_C(512) << 20)
#define LEAST_KEPT_BYTES     (UINT64_C(1) << 20)
#define STREAM_BYTES         (UINT64_C(64) << 20)
#define STREAM_SHARE         16

struct assay_session {
    duckdb_database database;
    duckdb_connection own;
    char *scratch; /* folder for spilled data */
    const atomic_bool *cancelled;
    pthread_t watcher;
    bool watched;
    pthread_mutex_t lock; /* guards closing and connections */
    pthread_cond_t wake;
    bool closing;
    duckdb_connection connections[CONNECTIONS_MAX]; /* interrupted on cancel */
    size_t connections_count;
};

/* --- texts in SQL --- */

static void append_quoted(struct assay_buf *sql, const char *text, char quote)
{
    assay_buf_char(sql, quote);
    for (; *text; text++) {
        if (*text == quote)
            assay_buf_char(sql, quote);
        assay_buf_char(sql, *text);
    }
    assay_buf_char(sql, quote);
}

void assay_sql_name(struct assay_buf *sql, const char *name)
{
    append_quoted(sql, name, '"');
}

void assay_sql_text(struct assay_buf *sql, const char *text)
{
    append_quoted(sql, text, '\'');
}

/* --- errors --- */

/* DuckDB's types of errors that say more than "the statement's own fault". */
static const struct {
    duckdb_error_type type;
    int code;
} error_codes[] = {
    {DUCKDB_ERROR_INTERRUPT, ASSAY_CANCELLED},
    {DUCKDB_ERROR_OUT_OF_MEMORY, ASSAY_NO_MEMORY},
    {DUCKDB_ERROR_PERMISSION, ASSAY_DENIED},
    {DUCKDB_ERROR_SERIALIZATION, ASSAY_FORMAT},
    {DUCKDB_ERROR_INTERNAL, ASSAY_FORMAT},
    {DUCKDB_ERROR_FATAL, ASSAY_INTERNAL},
    {DUCKDB_ERROR_NOT_IMPLEMENTED, ASSAY_UNSUPPORTED},
};

static int io_code(const char *message)
{
    if (strstr(message, "No files found") || strstr(message, "No such file"))
        return ASSAY_NOT_FOUND;
    return strstr(message, "Permission denied") ? ASSAY_DENIED : ASSAY_IO;
}

/* Where DuckDB goes on to name settings that nobody can change here. */
static size_t length_without_advice(const char *message)
{
    const char *advice = strstr(message, "Possible solutions:");
    return advice ? (size_t)(advice - message) : strlen(message);
}

/* The message without the statement that DuckDB quotes behind it ("\n\nLINE 1: …"). Values in it
 * may hold newlines of their own. */
static void one_line(const char *message, char text[MESSAGE_BYTES + 1])
{
    const char *quoted = strstr(message, "\nLINE ");
    size_t size = quoted ? (size_t)(quoted - message) : length_without_advice(message);
    while (size && (message[size - 1] == '\n' || message[size - 1] == ' '))
        size--;
    size = assay_utf8_cut(message, size, MESSAGE_BYTES);
    memcpy(text, message, size);
    text[size] = '\0';
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
}

int assay_session_fail(duckdb_error_type type, const char *message, struct assay_error *err)
{
    if (!message)
        message = "no reason given";
    int code = ASSAY_INVALID;
    if (type == DUCKDB_ERROR_IO)
        code = io_code(message);
    for (size_t i = 0; i < ASSAY_COUNT(error_codes); i++)
        if (error_codes[i].type == type)
            code = error_codes[i].code;
    if (strstr(message, "Out of Memory Error")) /* inside of another one */
        code = ASSAY_NO_MEMORY;
    char text[MESSAGE_BYTES + 1];
    one_line(message, text);
    return assay_fail(err, code, "%s%s", text,
                      code == ASSAY_NO_MEMORY ? ": raise --memory, or lower --threads" : "");
}

static int fail_result(duckdb_result *result, struct assay_error *err)
{
    const int code =
        assay_session_fail(duckdb_result_error_type(result), duckdb_result_error(result), err);
    duckdb_destroy_result(result);
    return code;
}

/* --- the watcher: turns `cancelled` into interrupts --- */

static void interrupt_all(struct assay_session *session)
{
    for (size_t i = 0; i < session->connections_count; i++)
        duckdb_interrupt(session->connections[i]);
}

static void *watch(void *context)
{
    struct assay_session *session = context;
    (void)pthread_mutex_lock(&session->lock);
    while (!session->closing) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WATCH_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_cond_timedwait(&session->wake, &session->lock, &until);
        if (atomic_load(session->cancelled))
            interrupt_all(session);
    }
    (void)pthread_mutex_unlock(&session->lock);
    return NULL;
}

static int start_watcher(struct assay_session *session, struct assay_error *err)
{
    if (!session->cancelled)
        return ASSAY_OK;
    if (pthread_create(&session->watcher, NULL, watch, session))
        return assay_fail(err, ASSAY_NO_MEMORY, "cannot start a thread");
    session->watched = true;
    return ASSAY_OK;
}

static void stop_watcher(struct assay_session *session)
{
    (void)pthread_mutex_lock(&session->lock);
    session->closing = true;
    (void)pthread_cond_signal(&session->wake);
    (void)pthread_mutex_unlock(&session->lock);
    if (session->watched)
        (void)pthread_join(session->watcher, NULL);
}

/* --- open and close --- */

static void append_list(struct assay_buf *sql, const char *setting, const char *const *texts,
                        size_t count)
{
    assay_buf_printf(sql, "SET %s=[", setting);
    for (size_t i = 0; i < count; i++) {
        assay_buf_text(sql, i ? "," : "");
        assay_sql_text(sql, texts[i]);
    }
    assay_buf_text(sql, "];");
}

static int set_timezone(struct assay_session *session, const char *timezone,
                        struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    struct assay_error why = {0};
    assay_buf_text(&sql, "SET TimeZone=");
    assay_sql_text(&sql, timezone);
    ASSAY_TRY(assay_buf_check(&sql, err));
    const int rc = assay_session_exec(session, sql.data, &why);
    if (rc == ASSAY_OK)
        return rc;
    return strstr(why.text, "TimeZone")
               ? assay_fail(err, ASSAY_INVALID,
                            "the time zone \"%.60s\" is not known: give a name such as UTC or "
                            "Europe/Zurich",
                            timezone)
               : assay_fail(err, rc, "preparing the engine: %s", why.text);
}

/* A small share leaves nothing to keep: what is freed goes back to the system. */
static void append_thrift(uint64_t memory_bytes, struct assay_buf *sql)
{
    const uint64_t kept = memory_bytes / 8 > LEAST_KEPT_BYTES ? memory_bytes / 8 : LEAST_KEPT_BYTES;
    if (!memory_bytes || memory_bytes >= ASSAY_SESSION_SMALL_BYTES)
        return;
    assay_buf_printf(sql,
                     "SET allocator_flush_threshold='%" PRIu64
                     "B';SET allocator_bulk_deallocation_flush_threshold='%" PRIu64 "B';",
                     kept, kept);
}

/* Rows that wait for the one who pulls them; the engine does not count them. */
static uint64_t stream_bytes(uint64_t memory_bytes)
{
    const uint64_t share = memory_bytes / STREAM_SHARE;
    return share && share < STREAM_BYTES ? share : STREAM_BYTES;
}

/* Everything is set before the door is closed: enable_external_access = false leaves only the
 * allowed paths, and lock_configuration refuses any later SET of a statement that a user wrote. */
static int configure(struct assay_session *session, const struct assay_session_options *options,
                     struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "SET memory_limit='%" PRIu64 "B';",
                     options->memory_bytes ? options->memory_bytes : DEFAULT_MEMORY_BYTES);
    assay_buf_printf(&sql, "SET threads=%d;", options->threads > 0 ? options->threads : 1);
    assay_buf_text(&sql, "SET temp_directory=");
    assay_sql_text(&sql, session->scratch);
    assay_buf_text(&sql,
                   ";SET autoinstall_known_extensions=false;SET autoload_known_extensions=false;"
                   "SET allow_community_extensions=false;"
                   /* files are read once; the system keeps their pages */
                   "SET enable_external_file_cache=false;");
    append_thrift(options->memory_bytes, &sql);
    if (options->unordered)
        assay_buf_printf(
            &sql, "SET preserve_insertion_order=false;SET streaming_buffer_size='%" PRIu64 "B';",
            stream_bytes(options->memory_bytes));
    if (options->guarded)
        assay_buf_text(&sql, "SET disabled_optimizers='common_subexpressions';");
    append_list(&sql, "allowed_paths", options->paths, options->paths_count);
    append_list(&sql, "allowed_directories", options->folders, options->folders_count);
    assay_buf_text(&sql, "SET enable_external_access=false;SET lock_configuration=true;");
    ASSAY_TRY(assay_buf_check(&sql, err));
    ASSAY_TRY(set_timezone(session, options->timezone ? options->timezone : "UTC", err));
    const int rc = assay_session_exec(session, sql.data, err);
    return rc == ASSAY_OK ? rc : assay_context(err, rc, "preparing the engine");
}

int assay_session_check_timezone(const char *timezone, struct assay_error *err)
{
    ASSAY_AUTO(assay_session_close) struct assay_session *session = NULL;
    if (strcmp(timezone, "UTC") == 0)
        return ASSAY_OK;
    const struct assay_session_options options = {.threads = 1, .timezone = timezone};
    return assay_session_open(&options, &session, err);
}

static int init_sync(struct assay_session *session, struct assay_error *err)
{
    pthread_condattr_t attr;
    if (pthread_mutex_init(&session->lock, NULL) || pthread_condattr_init(&attr))
        return assay_fail_memory(err);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    const int failed = pthread_cond_init(&session->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    return failed ? assay_fail_memory(err) : ASSAY_OK;
}

int assay_session_open(const struct assay_session_options *options,
                       struct assay_session **ret_session, struct assay_error *err)
{
    struct assay_session *opened = assay_calloc(1, sizeof *opened);
    if (!opened)
        return assay_fail_memory(err);
    const int rc = init_sync(opened, err);
    if (rc != ASSAY_OK) {
        assay_free(opened);
        return rc;
    }
    ASSAY_AUTO(assay_session_close) struct assay_session *session = opened;
    session->cancelled = options->cancelled;
    ASSAY_TRY(assay_scratch_name(&session->scratch, err));
    if (duckdb_open(NULL, &session->database) != DuckDBSuccess)
        return assay_fail(err, ASSAY_INTERNAL, "the engine does not start");
    ASSAY_TRY(assay_session_connect(session, &session->own, err));
    ASSAY_TRY(configure(session, options, err));
    ASSAY_TRY(start_watcher(session, err));
    *ret_session = ASSAY_TAKE(session);
    return ASSAY_OK;
}

void assay_session_close(struct assay_session *session)
{
    if (!session)
        return;
    stop_watcher(session);
    if (session->own)
        duckdb_disconnect(&session->own);
    if (session->database)
        duckdb_close(&session->database);
    assay_scratch_remove(session->scratch);
    assay_free(session->scratch);
    (void)pthread_cond_destroy(&session->wake);
    (void)pthread_mutex_destroy(&session->lock);
    assay_free(session);
}

duckdb_connection assay_session_connection(struct assay_session *session)
{
    return session->own;
}

int assay_session_connect(struct assay_session *session, duckdb_connection *ret_connection,
                          struct assay_error *err)
{
    duckdb_connection connection = NULL;
    if (duckdb_connect(session->database, &connection) != DuckDBSuccess)
        return assay_fail(err, ASSAY_NO_MEMORY, "the engine takes no further connection");
    (void)pthread_mutex_lock(&session->lock);
    if (session->connections_count < CONNECTIONS_MAX)
        session->connections[session->connections_count++] = connection;
    (void)pthread_mutex_unlock(&session->lock);
    *ret_connection = connection;
    return ASSAY_OK;
}

void assay_session_disconnect(struct assay_session *session, duckdb_connection *connection)
{
    (void)pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < session->connections_count; i++)
        if (session->connections[i] == *connection)
            session->connections[i] = session->connections[--session->connections_count];
    (void)pthread_mutex_unlock(&session->lock);
    duckdb_disconnect(connection);
}

/* --- statements --- */

int assay_session_query(struct assay_session *session, const char *sql, duckdb_result *ret_result,
                        struct assay_error *err)
{
    if (session->cancelled && atomic_load(session->cancelled))
        return assay_fail(err, ASSAY_CANCELLED, "cancelled");
    duckdb_result result = {0};
    if (duckdb_query(session->own, sql, &result) != DuckDBSuccess)
        return fail_result(&result, err);
    *ret_result = result;
    return ASSAY_OK;
}

int assay_session_exec(struct assay_session *session, const char *sql, struct assay_error *err)
{
    duckdb_result result;
    ASSAY_TRY(assay_session_query(session, sql, &result, err));
    duckdb_destroy_result(&result);
    return ASSAY_OK;
}

int assay_session_execute(struct assay_session *session, duckdb_prepared_statement statement,
                          bool stream, duckdb_result *ret_result, struct assay_error *err)
{
    if (session->cancelled && atomic_load(session->cancelled))
        return assay_fail(err, ASSAY_CANCELLED, "cancelled");
    duckdb_pending_result pending = NULL;
    const duckdb_state state = stream ? duckdb_pending_prepared_streaming(statement, &pending)
                                      : duckdb_pending_prepared(statement, &pending);
    if (state != DuckDBSuccess) {
        const int rc = assay_session_fail(DUCKDB_ERROR_INVALID, duckdb_pending_error(pending), err);
        duckdb_destroy_pending(&pending);
        return rc;
    }
    duckdb_result result = {0};
    const duckdb_state done = duckdb_execute_pending(pending, &result);
    duckdb_destroy_pending(&pending);
    if (done != DuckDBSuccess)
        return fail_result(&result, err);
    *ret_result = result;
    return ASSAY_OK;
}

int assay_session_scalar(struct assay_session *session, const char *sql, int64_t *ret_value,
                         struct assay_error *err)
{
    duckdb_result result;
    ASSAY_TRY(assay_session_query(session, sql, &result, err));
    int rc = ASSAY_OK;
    duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
    if (!chunk || duckdb_data_chunk_get_size(chunk) != 1 ||
        duckdb_column_type(&result, 0) != DUCKDB_TYPE_BIGINT)
        rc = assay_fail(err, ASSAY_INTERNAL, "the query gave no single integer");
    else
        *ret_value = *(int64_t *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    duckdb_destroy_data_chunk(&chunk);
    duckdb_destroy_result(&result);
    return rc;
}

double assay_session_progress(struct assay_session *session)
{
    const duckdb_query_progress_type progress = duckdb_query_progress(session->own);
    return progress.percentage < 0 ? -1 : progress.percentage / 100;
}
