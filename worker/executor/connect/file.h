/* The `file` connector, and what the profile needs of it beyond the common face. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_FILE_H
#define ASSAY_CONNECT_FILE_H

#include "worker/executor/connect/connector.h"
#include "worker/executor/connect/file_set.h"

extern const struct assay_connector assay_file_connector;

/** The opened container, shared by all readers of this connection, which keeps it until it is
 * closed. Any thread. Errors as of assay_file_set_open(). */
ASSAY_MUST_CHECK int assay_file_conn_set(struct assay_conn *conn, const json_t *container,
                                         const json_t *reader_options,
                                         struct assay_file_set **ret_set, struct assay_error *err);

#endif
