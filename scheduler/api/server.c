// One door: connections by libmicrohttpd, handlers on threads of our own.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/server.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "scheduler/api/listen.h"

enum {
    CONNECTIONS_MAX = 2000,
    IDLE_SECONDS = 30,     /* of a silent client */
    RECEIVE_SECONDS = 120, /* for a whole body, however slowly it drips */
    HEADERS_BYTES = 64 << 10,
    QUEUE_MAX = 512,  /* requests that wait for a thread */
    SEND_SECONDS = 2, /* for the last answers when the server stops */
    EPOLL_THREADS = 2,
    THREADS_MAX = 64,
};

/* A request from its first byte to the end of its answer. Owned by libmicrohttpd's thread until it
 * is queued, by a handler thread until `done`, then by libmicrohttpd's again. */
struct exchange {
    struct assay_server *server;
    struct MHD_Connection *connection;
    struct exchange *next; /* in the queue */
    char *uri;
    char *method;
    struct assay_buf body;
    int64_t deadline_ns; /* for the body */
    int refused;         /* status without a handler: 413, 408, 503 */
    bool started;
    atomic_bool queued, done;
    struct assay_answer answer;
};

struct assay_server {
    struct MHD_Daemon *daemon;
    assay_serve_fn *serve;
    void *context;
    char url[96];
    int port;
    char *certificate, *key;
    pthread_t threads[THREADS_MAX];
    int threads_count;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wakeup, idle;
    struct exchange *first, **last;
    int waiting, open; /* in the queue; queued and not yet answered */
    bool stopping;
};

static void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    assay_free(exchange->uri);
    assay_free(exchange->method);
    if (exchange->body.data)
        assay_wipe(exchange->body.data, exchange->body.size); /* may hold a password */
    assay_buf_release(&exchange->body);
    assay_answer_release(&exchange->answer);
    assay_free(exchange);
}

/* First callback of a request: what it returns is its exchange from now on. */
static void *on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct exchange *exchange = assay_calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->server = context;
    exchange->connection = connection;
    exchange->uri = assay_strdup(uri);
    exchange->body.max_bytes = ASSAY_BODY_MAX_BYTES;
    exchange->deadline_ns = assay_monotonic_ns() + RECEIVE_SECONDS * ASSAY_NS_PER_S;
    return exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **cls,
                         enum MHD_RequestTerminationCode why)
{
    (void)context, (void)connection, (void)why;
    struct exchange *ended = *cls;
    if (ended && atomic_load(&ended->queued)) {
        pthread_mutex_lock(&ended->server->lock);
        ended->server->open--;
        pthread_cond_broadcast(&ended->server->idle);
        pthread_mutex_unlock(&ended->server->lock);
    }
    exchange_free(ended);
    *cls = NULL;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void serve_exchange(struct exchange *exchange)
{
    const struct assay_call call = {.method = exchange->method,
                                    .uri = exchange->uri,
                                    .authorization =
                                        header_of(exchange->connection, "Authorization"),
                                    .content_type = header_of(exchange->connection, "Content-Type"),
                                    .body = assay_buf_str(&exchange->body),
                                    .body_bytes = exchange->body.size};
    exchange->server->serve(exchange->server->context, &call, &exchange->answer);
}

/* The next of the queue; NULL when the server stops. */
static struct exchange *take(struct assay_server *server)
{
    pthread_mutex_lock(&server->lock);
    while (!server->first && !server->stopping)
        pthread_cond_wait(&server->wakeup, &server->lock);
    struct exchange *exchange = server->first;
    if (exchange) {
        server->first = exchange->next;
        if (!server->first)
            server->last = &server->first;
        server->waiting--;
    }
    pthread_mutex_unlock(&server->lock);
    return exchange;
}

static void *run_handlers(void *context)
{
    struct assay_server *server = context;
    for (struct exchange *exchange; (exchange = take(server));) {
        serve_exchange(exchange);
        struct MHD_Connection *connection = exchange->connection;
        atomic_store(&exchange->done, true);
        MHD_resume_connection(connection); /* the exchange is libmicrohttpd's again */
    }
    return NULL;
}

/* Give the request to a handler thread; its connection sleeps meanwhile. */
static enum MHD_Result enqueue(struct exchange *exchange)
{
    struct assay_server *server = exchange->server;
    pthread_mutex_lock(&server->lock);
    const bool taken = !server->stopping && server->waiting < QUEUE_MAX;
    if (taken) {
        MHD_suspend_connection(exchange->connection);
        atomic_store(&exchange->queued, true);
        *server->last = exchange;
        server->last = &exchange->next;
        server->waiting++;
        server->open++;
        pthread_cond_signal(&server->wakeup);
    }
    pthread_mutex_unlock(&server->lock);
    if (!taken)
        exchange->refused = 503;
    return MHD_YES;
}

/* The body: JSON, text, or a stream. */
static struct MHD_Response *make_response(struct exchange *exchange)
{
    struct assay_answer *answer = &exchange->answer;
    if (answer->stream)
        return assay_stream_response(answer->stream, exchange->connection);
    if (answer->json && assay_json_append(answer->json, &answer->text, NULL) != ASSAY_OK)
        return NULL;
    return MHD_create_response_from_buffer(
        answer->text.size, (void *)(uintptr_t)assay_buf_str(&answer->text), MHD_RESPMEM_MUST_COPY);
}

static void add_headers(const struct assay_answer *answer, struct MHD_Response *response)
{
    const char *type = answer->json ? "application/json" : answer->content_type;
    if (type)
        (void)MHD_add_response_header(response, "Content-Type", type);
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (answer->location)
        (void)MHD_add_response_header(response, "Location", answer->location);
    if (answer->allow[0])
        (void)MHD_add_response_header(response, "Allow", answer->allow);
    if (answer->status == 401)
        (void)MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct MHD_Response *response = make_response(exchange);
    if (!response)
        return MHD_NO;
    add_headers(&exchange->answer, response);
    const enum MHD_Result queued =
        MHD_queue_response(exchange->connection, (unsigned)exchange->answer.status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result send_refusal(struct exchange *exchange)
{
    static const struct {
        int status;
        const char *text;
    } refusals[] = {{413, "the body is larger than 20 MiB"},
                    {408, "the body did not arrive in time"},
                    {503, "too many requests wait already: try again"}};
    for (size_t i = 0; i < ASSAY_COUNT(refusals); i++)
        if (refusals[i].status == exchange->refused)
            assay_answer_detail(&exchange->answer, exchange->refused, refusals[i].text);
    return send_answer(exchange);
}

/* Headers are in: refuse at once what says that it will be too large. */
static enum MHD_Result begin(struct exchange *exchange, const char *method)
{
    exchange->started = true;
    exchange->method = assay_strdup(method);
    if (!exchange->uri || !exchange->method)
        return MHD_NO;
    const char *length = header_of(exchange->connection, "Content-Length");
    if (length && strtoull(length, NULL, 10) > ASSAY_BODY_MAX_BYTES) {
        exchange->refused = 413;
        return send_refusal(exchange);
    }
    return MHD_YES;
}

static void receive(struct exchange *exchange, const char *data, size_t size_bytes)
{
    if (exchange->refused)
        return;
    assay_buf_append(&exchange->body, data, size_bytes);
    if (exchange->body.failed)
        exchange->refused = 413;
    else if (assay_monotonic_ns() > exchange->deadline_ns)
        exchange->refused = 408;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_bytes, void **cls)
{
    (void)context, (void)connection, (void)url, (void)version;
    struct exchange *exchange = *cls;
    if (!exchange)
        return MHD_NO;
    if (!exchange->started)
        return begin(exchange, method);
    if (*data_bytes > 0) {
        receive(exchange, data, *data_bytes);
        *data_bytes = 0;
        return exchange->refused == 408 ? MHD_NO : MHD_YES;
    }
    if (atomic_load(&exchange->done))
        return send_answer(exchange);
    if (!exchange->refused && !atomic_load(&exchange->queued))
        (void)enqueue(exchange);
    return exchange->refused ? send_refusal(exchange) : MHD_YES;
}

static void on_log(void *context, const char *format, va_list args)
{
    (void)context, (void)format, (void)args; /* clients that go away are no news */
}

static int read_pem(const char *path, char **ret_text, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {.max_bytes = 1 << 20};
    ASSAY_TRY(assay_file_read(path, &text, err));
    *ret_text = assay_buf_take(&text);
    return *ret_text ? ASSAY_OK : assay_fail_memory(err);
}

static int load_tls(struct assay_server *server, const struct assay_server_options *options,
                    struct assay_error *err)
{
    if (!options->tls_cert != !options->tls_key)
        return assay_fail(err, ASSAY_USAGE,
                          "api.tls_cert and api.tls_key belong together: give both or neither");
    if (!options->tls_cert)
        return ASSAY_OK;
    ASSAY_TRY(read_pem(options->tls_cert, &server->certificate, err));
    return read_pem(options->tls_key, &server->key, err);
}

static int start_daemon(struct assay_server *server, int fd, struct assay_error *err)
{
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                           MHD_USE_ERROR_LOG | (server->certificate ? MHD_USE_TLS : 0);
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)EPOLL_THREADS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_BYTES,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        NULL, MHD_OPTION_ARRAY, server->certificate ? tls : plain, MHD_OPTION_END);
    if (!server->daemon)
        return assay_fail(
            err, ASSAY_USAGE, "the HTTP server does not start%s",
            server->certificate ? ": look at the files of api.tls_cert and api.tls_key" : "");
    return ASSAY_OK;
}

static int start_threads(struct assay_server *server, int count, struct assay_error *err)
{
    while (server->threads_count < count && server->threads_count < THREADS_MAX) {
        if (pthread_create(&server->threads[server->threads_count], NULL, run_handlers, server) !=
            0)
            return assay_fail(err, ASSAY_NO_MEMORY, "starting a thread of the HTTP server");
        server->threads_count++;
    }
    return ASSAY_OK;
}

/* Listen, and refuse what other machines could overhear. fd goes over to the daemon. */
static int open_door(struct assay_server *server, const struct assay_server_options *options,
                     struct assay_error *err)
{
    struct assay_listening listening;
    ASSAY_TRY(assay_listen(options->listen, &listening, err));
    int rc = ASSAY_OK;
    if (!listening.loopback && !server->certificate && !options->insecure)
        rc = assay_fail(err, ASSAY_USAGE,
                        "%s %s is reached by other machines and has no TLS: give api.tls_cert and "
                        "api.tls_key, or "
                        "api.insecure: true behind a proxy",
                        options->name, options->listen);
    server->port = listening.port;
    (void)snprintf(server->url, sizeof server->url, "http%s://%s:%d",
                   server->certificate ? "s" : "", listening.host, listening.port);
    if (rc == ASSAY_OK)
        rc = start_daemon(server, listening.fd, err);
    if (rc != ASSAY_OK)
        close(listening.fd);
    return rc;
}

int assay_server_start(const struct assay_server_options *options, struct assay_server **ret_server,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_server_stop) struct assay_server *server = assay_calloc(1, sizeof *server);
    if (!server)
        return assay_fail_memory(err);
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)pthread_cond_init(&server->wakeup, NULL);
    (void)pthread_cond_init(&server->idle, NULL);
    server->last = &server->first;
    server->serve = options->serve;
    server->context = options->context;
    ASSAY_TRY(load_tls(server, options, err));
    ASSAY_TRY(start_threads(server, options->threads, err));
    ASSAY_TRY(open_door(server, options, err));
    *ret_server = ASSAY_TAKE(server);
    return ASSAY_OK;
}

/* Refuse what comes now, let the threads end what is queued, and give the answers a moment to
 * leave: no connection may be asleep when the daemon ends. */
static void drain(struct assay_server *server)
{
    if (server->daemon) {
        const int fd = MHD_quiesce_daemon(server->daemon);
        if (fd != MHD_INVALID_SOCKET)
            close(fd);
    }
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_cond_broadcast(&server->wakeup);
    pthread_mutex_unlock(&server->lock);
    for (int i = 0; i < server->threads_count; i++)
        (void)pthread_join(server->threads[i], NULL);
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SEND_SECONDS;
    pthread_mutex_lock(&server->lock);
    while (server->open > 0 && pthread_cond_timedwait(&server->idle, &server->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&server->lock);
}

void assay_server_stop(struct assay_server *server)
{
    if (!server)
        return;
    drain(server);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->wakeup);
    pthread_cond_destroy(&server->idle);
    if (server->key)
        assay_wipe(server->key, strlen(server->key));
    assay_free(server->key);
    assay_free(server->certificate);
    assay_free(server);
}

int assay_server_port(const struct assay_server *server)
{
    return server->port;
}

const char *assay_server_url(const struct assay_server *server)
{
    return server->url;
}
