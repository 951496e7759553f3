/* The record sample: the fields' uniform samples joined by the hash of the record, split into
 * training and held-out part. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_INFER_CHECK_RECORDS_H
#define ASSAY_INFER_CHECK_RECORDS_H

#include "worker/executor/infer/check_infer.h"

/** Each field's sample holds the records of lowest hash in which it has a value. Up to the lowest
 * of the samples' ends every record is known in full: what a sample lacks there is null. */
struct assay_record_sample {
    size_t count;
    bool *training;                           /* else held out */
    const struct assay_sample_value **values; /* [field × count + record]; NULL = null */
};

ASSAY_MUST_CHECK int assay_record_sample_init(struct assay_record_sample *sample,
                                              const struct assay_infer_field *fields,
                                              size_t fields_count,
                                              const struct assay_infer_options *options,
                                              struct assay_error *err);
void assay_record_sample_release(struct assay_record_sample *sample);

static inline const struct assay_sample_value *
assay_record_value(const struct assay_record_sample *sample, size_t field, size_t record)
{
    return sample->values[field * sample->count + record];
}

#endif
