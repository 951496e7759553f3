/* Parquet: what planning must know of the columns of a file before it is read: one query of its
 * metadata. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_PARQUET_SURVEY_H
#define ASSAY_ENGINE_PARQUET_SURVEY_H

#include "worker/executor/engine/duckdb_session.h"

/** Zero-initialised is a file of which nothing is known; assay_parquet_survey_release(). Immutable
 * once made. */
struct assay_parquet_survey {
    /** Bytes of pages that a thread holds while it decodes one column, on average over the columns:
     * the column's largest chunk as it is stored, and a page of it decompressed. */
    uint64_t column_bytes;
    char **small; /* columns of texts with small dictionaries: names, of nested ones their paths */
    size_t small_count;
};

/** Errors as of assay_parquet_describe(). */
ASSAY_MUST_CHECK int assay_parquet_survey(struct assay_session *session, const char *path,
                                          struct assay_parquet_survey *ret_survey,
                                          struct assay_error *err);
void assay_parquet_survey_release(struct assay_parquet_survey *survey);
/** Is the field a column of texts whose dictionary is small in each row group of the file? Those of
 * all groups together, and of other files, may be larger. */
bool assay_parquet_survey_is_small(const struct assay_parquet_survey *survey, const char *field);

#endif
