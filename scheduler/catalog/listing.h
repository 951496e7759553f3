/* Lists of a resource: filters, order and paging in SQL, from tables of rows. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_LISTING_H
#define ASSAY_CATALOG_LISTING_H

#include "scheduler/catalog/row.h"

enum assay_filter_kind {
    ASSAY_FILTER_ID,        /* numbers; several mean any of them */
    ASSAY_FILTER_TEXT,      /* texts; several mean any of them */
    ASSAY_FILTER_PART,      /* part of a text, either case */
    ASSAY_FILTER_BOOL,      /* sql where true, otherwise where false */
    ASSAY_FILTER_FROM,      /* date or time ≥ */
    ASSAY_FILTER_UNTIL,     /* date or time ≤; a date means the end of that day */
    ASSAY_FILTER_TIMEFRAME, /* day, week, month, quarter, year: since then */
    ASSAY_FILTER_ARCHIVED,  /* absent or false: not archived; only or true: archived; include: both
                             */
};

struct assay_filter {
    const char *param;
    enum assay_filter_kind kind;
    const char *sql; /* with "%s" where values go; ARCHIVED: the column that is NULL unless so */
    const char *otherwise; /* BOOL: condition for false. ARCHIVED: a param that, given, makes the
                              default "include" */
    const char *doc;
};

/** `param=asc|desc` */
struct assay_sort {
    const char *param;
    const char *sql;
};

/** Rows of a resource; every table in it ends with a row whose first member is NULL. */
struct assay_listing {
    const struct assay_column *columns;
    const char *from;  /* "datastore d JOIN connection k ON …" */
    const char *where; /* always, NULL = nothing */
    const char *id;    /* "d.id": unique, last in every order */
    const struct assay_filter *filters;
    const struct assay_sort *sorts;
    bool newest_first; /* without a sort */
    const char *noun;  /* "datastore", for messages */
};

#define ASSAY_PAGE_DEFAULT 50
#define ASSAY_PAGE_MAX     1000

/** A page: params is {name: [texts]} as the query string gave them, `page` from 1 and `size` among
 *  them. *ret_page: {"items", "total", "page", "size", "pages"}. Unknown names are ignored.
 *  ASSAY_INVALID: a value that is not of its kind; the text begins with the name in quotes. */
ASSAY_MUST_CHECK int assay_listing_page(struct assay_db_conn *conn,
                                        const struct assay_listing *listing, const json_t *params,
                                        json_t **ret_page, struct assay_error *err);
/** All that the filters let through, as an array. */
ASSAY_MUST_CHECK int assay_listing_all(struct assay_db_conn *conn,
                                       const struct assay_listing *listing, const json_t *params,
                                       json_t **ret_items, struct assay_error *err);
/** One by id. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK int assay_listing_get(struct assay_db_conn *conn,
                                       const struct assay_listing *listing, int64_t id,
                                       json_t **ret_item, struct assay_error *err);

/** First text of a parameter, NULL when absent. */
const char *assay_param(const json_t *params, const char *name);
/** A number, an instant and a truth value as query strings spell them. False: not one. */
bool assay_param_int(const char *text, int64_t *ret_value);
bool assay_param_time(const char *text, bool end_of_day, int64_t *ret_us);
bool assay_param_bool(const char *text, bool *ret_value);

#endif
