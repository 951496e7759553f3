/* HTTP client over libcurl: time limits, bounded answers, retries of what may be repeated, and no
 * secret in any error text. TLS certificates are always verified. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_HTTP_HTTP_H
#define ASSAY_HTTP_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/base/error.h"

#define ASSAY_HTTP_MAX_BODY_BYTES                                                                  \
    ((size_t)16 << 20) /* of an answer, unless the request says else */

/** A client keeps connections open between requests. One thread at a time. */
struct assay_http;

struct assay_http_options {
    const char *ca_file; /* PEM file of trusted authorities; NULL = the system's */
};

/** options may be NULL. ASSAY_INTERNAL when libcurl cannot start. */
ASSAY_MUST_CHECK int assay_http_open(const struct assay_http_options *options,
                                     struct assay_http **ret_http, struct assay_error *err);
void assay_http_close(struct assay_http *http);
ASSAY_DEFINE_CLEANUP(struct assay_http, assay_http_close)

/** Takes a piece of a successful (2xx) answer as it comes. Not ASSAY_OK ends the request, which
 *  returns that code. */
typedef int assay_http_data_fn(const char *data, size_t size_bytes, void *context,
                               struct assay_error *err);

/** Zero-initialise; everything is borrowed for the call. */
struct assay_http_request {
    const char *method;         /* "GET", … */
    const char *url;            /* http:// or https:// */
    const char *const *headers; /* "Name: value"; ends with NULL; may be NULL */
    const void *body;
    size_t size_bytes;
    bool idempotent; /* a POST that may be repeated; GET, HEAD, PUT, DELETE, OPTIONS always may */
    int attempts;    /* at most; 0 = 3 for what may be repeated, else 1 */
    int64_t timeout_ms;          /* for everything, retries and pauses included; 0 = 30 s */
    int64_t connect_ms;          /* 0 = 5 s */
    size_t max_body_bytes;       /* of the answer; 0 = ASSAY_HTTP_MAX_BODY_BYTES. Not for on_data */
    bool follow_redirects;       /* at most 5, never from https to http */
    assay_http_data_fn *on_data; /* NULL = collect the body in the response */
    void *context;               /* for on_data */
    const atomic_bool *cancelled; /* NULL, or: set → ASSAY_CANCELLED within a second */
    const char *const
        *secrets; /* texts that must not show in errors; ends with NULL; may be NULL */
};

/** Zero-initialise; release with assay_http_response_release(). */
struct assay_http_response {
    int status;               /* 200, 404, … */
    struct assay_buf body;    /* also of errors when on_data is given */
    struct assay_buf headers; /* as received, lines end in CRLF */
};
void assay_http_response_release(struct assay_http_response *response);

/** Send and receive. Any HTTP status is ASSAY_OK; see assay_http_check().
 *  Repeated with a growing, jittered pause (200 ms to 5 s; Retry-After up to 30 s) after no
 * connection, a time-out, 429, 502, 503 and 504, unless data was already handed to on_data.
 *  ASSAY_UNAVAILABLE: not reached. ASSAY_TIMEOUT. ASSAY_DENIED: TLS refused. ASSAY_LIMIT: answer
 * too large. ASSAY_CANCELLED. ASSAY_INVALID: not an http URL. Texts name method, host and path
 * only. */
ASSAY_MUST_CHECK int assay_http_send(struct assay_http *http,
                                     const struct assay_http_request *request,
                                     struct assay_http_response *ret_response,
                                     struct assay_error *err);

/** An answer's status as an error: ASSAY_OK below 400, else the code that fits, with the beginning
 * of the answer's `detail` or `message` (or of its text), secrets of the request left out. */
ASSAY_MUST_CHECK int assay_http_check(const struct assay_http_request *request,
                                      const struct assay_http_response *response,
                                      struct assay_error *err);

/** Value of a header (any case) of the last answer into *ret_value, heap; NULL when absent. */
ASSAY_MUST_CHECK int assay_http_header(const struct assay_http_response *response, const char *name,
                                       char **ret_value, struct assay_error *err);

/** Append a URL without user, password, query and fragment. */
void assay_http_append_location(struct assay_buf *buf, const char *url);
/** Append text percent-encoded for one path segment or query value (RFC 3986 unreserved kept). */
void assay_http_append_encoded(struct assay_buf *buf, const char *text);
/** Append text with each of the secrets (ends with NULL, may be NULL) replaced by "***". */
void assay_http_append_redacted(struct assay_buf *buf, const char *text, size_t size_bytes,
                                const char *const *secrets);

#endif
