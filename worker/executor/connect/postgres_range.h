/* Ranges of an incremental field in PostgreSQL. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_POSTGRES_RANGE_H
#define ASSAY_CONNECT_POSTGRES_RANGE_H

#include "worker/executor/connect/postgres_catalog.h"

/** Append conditions (" AND …") that leave the records of a range (connector.h, watermark). Its
 * values are compared as the column's type. ASSAY_NOT_FOUND, ASSAY_INVALID. */
ASSAY_MUST_CHECK int pg_append_range(struct pg_session *session, const struct pg_relation *relation,
                                     const json_t *range, struct assay_buf *sql,
                                     struct assay_error *err);
/** Greatest value of a column as text, and the records up to `until` (NULL = not counted). */
ASSAY_MUST_CHECK int pg_watermark(struct pg_session *session, const struct pg_relation *relation,
                                  const char *field, const char *until,
                                  struct assay_watermark *ret_mark, struct assay_error *err);

#endif
