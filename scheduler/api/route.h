/* Routes: one row each. The table routes requests and makes /api/openapi.json. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_ROUTE_H
#define ASSAY_API_ROUTE_H

#include "scheduler/api/request.h"
#include "scheduler/catalog/listing.h"
#include "scheduler/catalog/write.h"

enum assay_body_kind {
    ASSAY_BODY_NONE, /* what is sent is ignored */
    ASSAY_BODY_OBJECT,
    ASSAY_BODY_OPTIONAL, /* an object, or nothing */
    ASSAY_BODY_LIST,     /* a list of objects */
    ASSAY_BODY_FORM,     /* of a browser: {name: [texts]} */
};

enum assay_route_kind {
    ASSAY_ROUTE_PLAIN,
    ASSAY_ROUTE_OPEN,  /* needs no token */
    ASSAY_ROUTE_LATER, /* answers 422 and is absent from OpenAPI until it is built */
};

/** A query parameter that is no filter of a listing. */
struct assay_query_param {
    const char *name;
    const char *type; /* "boolean", "integer", "string" */
    const char *doc;
};

struct assay_route {
    const char *method;
    const char *path; /* below /api: "/connections/{id}"; {id} and {…_id} are whole numbers, other
                         placeholders texts */
    assay_handler_fn *handler;
    enum assay_route_kind kind;
    enum assay_body_kind body;
    const struct assay_writable *writables; /* the body's keys; NULL = none known */
    const struct assay_listing *listing;    /* filters, sorts and paging of a list; NULL = none */
    const struct assay_query_param *params; /* ends with name NULL; may be NULL */
    int status;                             /* of success */
    const char *doc;
};

/** All routes; ends with method NULL. */
extern const struct assay_route assay_routes[];

/** A path that was matched: its route and the values of its placeholders, in order. */
struct assay_match {
    const struct assay_route *route; /* NULL: no path like this, or not this method */
    bool path_known;                 /* some method has this path */
    char allow[64];                  /* the methods it has: "GET, PUT" */
};

/** Find the route of a path below /api (segments still percent-encoded). Literal segments win over
 *  placeholders. */
void assay_route_match(const struct assay_route *routes, const char *method, const char *path,
                       struct assay_match *ret_match);

/** The OpenAPI 3 document of a table of routes. */
ASSAY_MUST_CHECK int assay_openapi(const struct assay_route *routes, json_t **ret_document,
                                   struct assay_error *err);

#endif
