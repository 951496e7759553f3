/* Where: records for which a user's expression is true. Checked and judged by DuckDB: within its
 * scan for Parquet, over the typed rows of a database, and for text files as a pass of its own that
 * remembers one bit for each record. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_SELECTION_WHERE_H
#define ASSAY_PROFILE_SELECTION_WHERE_H

#include "worker/executor/profile/profile_field.h"
#include "worker/executor/profile/selection.h"

/** What has to live while the source is read under an expression. */
struct assay_where;

/** Compile `expression` (borrowed until the end) and set selection->where or ->sets, and
 * source->from for databases. *ret_where: to be freed after the last pass and before the source is
 * closed. ASSAY_INVALID, ASSAY_NOT_FOUND: the expression's fault. */
ASSAY_MUST_CHECK int assay_where_open(struct assay_profile_source *source, const char *expression,
                                      struct assay_selection *selection,
                                      struct assay_where **ret_where, struct assay_error *err);
/** After a pass. Databases: were decimals of the expression NaN or infinite? They are doubles in
 * the expression then, and all that was selected has to be selected again (*ret_again). */
ASSAY_MUST_CHECK int assay_where_again(struct assay_where *where, struct assay_selection *selection,
                                       bool *ret_again, struct assay_error *err);
/** Databases: fields that come as cells reach the lanes typed, as they were believed to be. Tell
 * the fields. */
void assay_where_type_fields(const struct assay_where *where, struct assay_profile_field *fields,
                             size_t fields_count);
/** Databases: records that the source delivered so far, whether the expression was true for them or
 * not. */
uint64_t assay_where_records(const struct assay_where *where);
void assay_where_free(struct assay_where *where);

#endif
