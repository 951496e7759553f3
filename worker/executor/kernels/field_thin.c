// A field's state made small, to be kept for each partition.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/field_internal.h"

#define EXACT_VALUES  256
#define HASHES        128
#define WATCHED       64
#define QUANTILE_KEYS 400
#define SAMPLE        128
#define EXTREME_BYTES 2048

int assay_field_state_thin(struct assay_field_state *state, struct assay_error *err)
{
    if (state->elements)
        ASSAY_TRY(assay_field_state_thin(state->elements, err));
    assay_field_settle(state);
    if (assay_field_has_sample(state))
        assay_sample_thin(&state->sample, SAMPLE);
    if (state->class == ASSAY_CLASS_TEXT)
        assay_text_scan_thin(&state->text, EXTREME_BYTES);
    if (assay_field_quantiles_wait(state) && state->distinct.frequency.used > EXACT_VALUES &&
        !assay_field_quantiles_start(state))
        return assay_fail_memory(err);
    if (assay_field_has_distinct(state) &&
        !assay_distinct_thin(&state->distinct, EXACT_VALUES, HASHES, WATCHED))
        return assay_fail_memory(err);
    if (assay_field_has_quantiles(state) && !assay_quantile_thin(&state->quantile, QUANTILE_KEYS))
        return assay_fail_memory(err);
    return ASSAY_OK;
}
