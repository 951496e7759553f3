/* SQL in the making: text, and values bound to $1…$n. Values never become part of the text. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_QUERY_H
#define ASSAY_CATALOG_QUERY_H

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/db/db.h"
#include "common/json/json.h"

#define ASSAY_QUERY_MAX_VALUES 2000 /* what a list filter may hold in all */

/** Zero-initialise; release with assay_query_release(). One thread. The first failure is kept and
 *  shows when the query is run. */
struct assay_query {
    struct assay_buf sql;
    struct assay_db_value *values;
    size_t values_count, values_capacity;
    struct assay_arena texts; /* texts that had to be made */
    int failed;               /* code of the first failure */
};
void assay_query_release(struct assay_query *query);

/** Append SQL as it stands. */
void assay_query_text(struct assay_query *query, const char *sql);
/** Append "$n" and bind the value to it; texts are borrowed until the query is run. */
void assay_query_bind(struct assay_query *query, struct assay_db_value value);
/** The same with a copy of the text. */
void assay_query_bind_copy(struct assay_query *query, const char *text);
/** Append sql with its one "%s" replaced by the placeholder (list: "$1, $2"). */
void assay_query_bind_in(struct assay_query *query, const char *sql,
                         const struct assay_db_value *values, size_t count);

/** Run it. ret_rows may be NULL. */
ASSAY_MUST_CHECK int assay_query_run(struct assay_query *query, struct assay_db_conn *conn,
                                     struct assay_db_rows **ret_rows, struct assay_error *err);

#endif
