/* A request as a handler sees it, and the answer it makes. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_REQUEST_H
#define ASSAY_API_REQUEST_H

#include "common/base/buf.h"
#include "common/json/json.h"
#include "scheduler/api/api.h"
#include "scheduler/api/stream.h"
#include "scheduler/auth/token.h"
#include "scheduler/catalog/check.h"

#define ASSAY_PATH_VALUES 4

struct assay_route;

/** Borrowed by the handler for the call. */
struct assay_request {
    struct assay_api *api;
    const struct assay_api_options *with; /* database, job store, keys */
    const struct assay_route *route;
    const char *method;
    const char *values[ASSAY_PATH_VALUES]; /* of the path's placeholders, decoded */
    int64_t id;                            /* the first placeholder that is a number */
    json_t *params;                        /* query: {name: [texts]} */
    json_t *body;                          /* NULL without one */
    struct assay_identity identity;        /* who asks; all zero on open routes */
};

/** Zero-initialise. A handler sets json (its own reference goes over), or text with its type. */
struct assay_answer {
    int status;   /* 0 = the route's */
    json_t *json; /* NULL = no body, unless text */
    struct assay_buf text;
    const char *content_type;    /* of text; static */
    char *location;              /* of a redirect, heap */
    char allow[64];              /* of a 405 and of OPTIONS */
    struct assay_stream *stream; /* goes on after the handler; NULL = none */
};
void assay_answer_release(struct assay_answer *answer);

/** Errors become answers: 404, 409, …; ASSAY_INVALID and ASSAY_FORMAT are 422 with a list, as
 *  pydantic gives it. */
typedef int assay_handler_fn(struct assay_request *request, struct assay_answer *answer,
                             struct assay_error *err);

/** Fill an answer from an error: status and {"detail": …}; a 422 says where the request has it. */
void assay_answer_error(const struct assay_request *request, struct assay_answer *answer,
                        const struct assay_error *err);
/** {"detail": text} with that status. */
void assay_answer_detail(struct assay_answer *answer, int status, const char *text);

/** Query and path: text up to '?' decoded segment by segment, parameters collected. ASSAY_USAGE:
 * bad percent-encoding, NUL, or not UTF-8. */
ASSAY_MUST_CHECK int assay_params_parse(const char *query, json_t **ret_params,
                                        struct assay_error *err);
/** A percent-encoded text; plus: '+' is a blank. Heap. ASSAY_USAGE as above. */
ASSAY_MUST_CHECK int assay_percent_decode(const char *text, size_t size_bytes, bool plus,
                                          char **ret_text, struct assay_error *err);

/** A truth value among the query's parameters; fallback when absent. ASSAY_INVALID. */
ASSAY_MUST_CHECK int assay_request_truth(const struct assay_request *request, const char *name,
                                         bool fallback, bool *ret_value, struct assay_error *err);
/** Who edits, for checks. */
struct assay_editor assay_request_editor(const struct assay_request *request);

/** Run a body in a write transaction: context of assay_in_transaction(). */
typedef int assay_write_fn(struct assay_db_conn *conn, struct assay_request *request, void *context,
                           struct assay_error *err);
ASSAY_MUST_CHECK int assay_in_transaction(struct assay_request *request, assay_write_fn *body,
                                          void *context, struct assay_error *err);
/** A page, an object or a list read over a connection of its own. */
typedef int assay_read_fn(struct assay_db_conn *conn, struct assay_request *request,
                          json_t **ret_json, struct assay_error *err);
ASSAY_MUST_CHECK int assay_read(struct assay_request *request, assay_read_fn *body,
                                struct assay_answer *answer, struct assay_error *err);

#endif
