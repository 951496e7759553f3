/* The server that client commands talk to: its address, its token, one call. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_REST_H
#define ASSAY_CLI_REST_H

#include "cli/command.h"
#include "common/config/config.h"
#include "common/http/http.h"
#include "common/json/json.h"

/** Zero-initialise; assay_rest_close() in any case. */
struct assay_rest {
    struct assay_http *http;
    char *base;          /* "http://127.0.0.1:8080/api" */
    char *authorization; /* "Authorization: Bearer …", NULL = no token was found */
};

/** Server: --server, ASSAY_SERVER, else api.listen of the configuration. Token: ASSAY_TOKEN, else
 * the file assay.token beside the SQLite catalog of the configuration or in the working
 * directory. */
ASSAY_MUST_CHECK int assay_rest_open(struct assay_rest *rest, const struct assay_args *args,
                                     const struct assay_config *config, struct assay_error *err);
void assay_rest_close(struct assay_rest *rest);

/** Send a request; path with query, below /api. body may be NULL. *ret_answer: the JSON answer,
 * NULL when it was empty; the caller's. Answers of 400 and above are errors with the server's own
 * words. */
ASSAY_MUST_CHECK int assay_rest_call(struct assay_rest *rest, const char *method, const char *path,
                                     const json_t *body, json_t **ret_answer,
                                     struct assay_error *err);
/** All items of a list, page by page, at most `most`. path may have a query. *ret_items is the
 * caller's. */
ASSAY_MUST_CHECK int assay_rest_list(struct assay_rest *rest, const char *path, size_t most,
                                     json_t **ret_items, struct assay_error *err);
/** The id of a thing by its name, or the number itself. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK int assay_rest_id(struct assay_rest *rest, const char *path, const char *noun,
                                   const char *name_or_id, int64_t *ret_id,
                                   struct assay_error *err);

#endif
