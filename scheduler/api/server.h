/* One door: a listening socket, its connections (libmicrohttpd, epoll), and the threads that run
 * handlers. A connection that waits for its handler is suspended, so that slow clients and slow
 * handlers keep nobody else waiting. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_SERVER_H
#define ASSAY_API_SERVER_H

#include "scheduler/api/request.h"

struct assay_server;

#define ASSAY_BODY_MAX_BYTES ((size_t)20 << 20) /* of any request */

/** A request as received; borrowed for the call. */
struct assay_call {
    const char *method;
    const char *uri;           /* path and query, still percent-encoded */
    const char *authorization; /* header, NULL without one */
    const char *content_type;  /* header, NULL without one */
    const char *body;          /* never NULL */
    size_t body_bytes;
};

/** Makes the answer of a request; runs on a thread of the server. */
typedef void assay_serve_fn(void *context, const struct assay_call *call,
                            struct assay_answer *answer);

struct assay_server_options {
    const char *listen;   /* "127.0.0.1:8080", ":8081", "[::1]:0" */
    const char *tls_cert; /* PEM files; NULL = plain */
    const char *tls_key;
    bool insecure;    /* plain beyond this machine is wanted */
    const char *name; /* the option, for messages: "api.listen" */
    int threads;      /* that run handlers */
    assay_serve_fn *serve;
    void *context;
};

/** ASSAY_USAGE, ASSAY_CONFLICT (address in use), ASSAY_NOT_FOUND (certificate). */
ASSAY_MUST_CHECK int assay_server_start(const struct assay_server_options *options,
                                        struct assay_server **ret_server, struct assay_error *err);
/** Refuse new connections, wait for the requests that run, end. NULL is allowed. */
void assay_server_stop(struct assay_server *server);
ASSAY_DEFINE_CLEANUP(struct assay_server, assay_server_stop)
int assay_server_port(const struct assay_server *server);
/** "http://127.0.0.1:8080". The server's. */
const char *assay_server_url(const struct assay_server *server);

#endif
