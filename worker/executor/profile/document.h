/* Document: what was counted, as the JSON of docs/documents.md: every key always there, null where
 * it has no meaning. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_DOCUMENT_H
#define ASSAY_PROFILE_DOCUMENT_H

#include "common/json/json.h"
#include "worker/executor/profile/profile_field.h"
#include "worker/executor/profile/reading.h"

/** What a document is made of. */
struct assay_profile_result {
    const struct assay_task *task;
    const struct assay_profile_source
        *source; /* NULL in a merge: then the two below are what the splits said */
    const json_t *format, *dialect;
    struct assay_profile_field *fields; /* finished: stats are there */
    size_t fields_count;
    struct assay_pass_result pass;
    uint64_t records_count;     /* in the container */
    uint64_t records_processed; /* counted */
    bool sampled;               /* not all records were looked at */
    bool no_values;             /* values of the data are left out */
    int64_t started_us, duration_ms;
    unsigned passes; /* over the source */
    uint64_t bytes_read;
    json_t *kept; /* what was not read because it is known, as members of `run`; NULL = nothing */
};

/** The container without its lists. *ret_container is the caller's. */
ASSAY_MUST_CHECK int assay_document_container(const struct assay_profile_result *result,
                                              json_t *warnings, json_t **ret_container,
                                              struct assay_error *err);
/** The dialect of a text file, JSON null for others; NULL when out of memory. */
json_t *assay_document_dialect(const struct assay_profile_source *source);
/** One field. */
ASSAY_MUST_CHECK int assay_document_field(const struct assay_profile_result *result,
                                          const struct assay_profile_field *field,
                                          json_t **ret_field, struct assay_error *err);
/** Values of the field that are neither null nor counted because they do not fit its type. */
uint64_t assay_document_nulls(const struct assay_profile_field *field);

#endif
