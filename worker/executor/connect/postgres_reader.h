/* Reading a relation by COPY … (FORMAT binary). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_POSTGRES_READER_H
#define ASSAY_CONNECT_POSTGRES_READER_H

#include "worker/executor/connect/postgres_catalog.h"

/** Open a reader over one split, projected to `fields` (NULL = all). The session must outlive it;
 * takes the relation over. Memory: one batch (at most some 8 MiB, or one row). ASSAY_NOT_FOUND: a
 * field that the relation lacks. */
ASSAY_MUST_CHECK int pg_reader_open(struct pg_session *session, struct pg_relation *relation,
                                    const json_t *bounds, const char *const *fields,
                                    size_t fields_count, const atomic_bool *cancelled,
                                    struct assay_reader **ret_reader, struct assay_error *err);

#endif
