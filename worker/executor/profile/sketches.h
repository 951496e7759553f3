/* Sketches: what a profile of a whole container says of fields that may be keys or refer to them,
 * so that containers can be compared without reading them (common/relate/relate.h).
 *
 * Chunks of t "sketches", from level xhigh of inference on; not where a part of the records or of
 * the fields was profiled. All is taken from what was counted anyway. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_SKETCHES_H
#define ASSAY_PROFILE_SKETCHES_H

#include "worker/executor/profile/profile_run.h"

/** A field whose figures are finished, while its state is there. Emits what has come together. */
ASSAY_MUST_CHECK int assay_sketches_take(struct assay_profile_run *run,
                                         const struct assay_profile_field *field,
                                         struct assay_error *err);
/** After the last field: the rest, and the container's number of records. */
ASSAY_MUST_CHECK int assay_sketches_emit(struct assay_profile_run *run, struct assay_error *err);

#endif
