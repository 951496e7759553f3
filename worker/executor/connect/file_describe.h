/* Fields of a set of files, whatever their format. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_FILE_DESCRIBE_H
#define ASSAY_CONNECT_FILE_DESCRIBE_H

#include "worker/executor/connect/file_set.h"

/** The set's fields: its schema, for Parquet as DuckDB describes it. The caller's. */
ASSAY_MUST_CHECK int assay_file_set_describe(const struct assay_file_set *set,
                                             struct assay_schema *ret_schema,
                                             struct assay_error *err);
/** Copy a schema. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_schema_copy(const struct assay_schema *schema,
                                       struct assay_schema *ret_schema, struct assay_error *err);

#endif
