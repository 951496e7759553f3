/* Profile plan: is the container to be profiled in splits, and in which
 * (docs/executor-protocol.md, "Plan"). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_PROFILE_PLAN_H
#define ASSAY_PROFILE_PROFILE_PLAN_H

#include "worker/executor/profile/profile_run.h"

/** because: why all is read although states were kept, NULL = nothing was; refused: a state was
 * damaged. The merge tells it.
 * Emit a plan and say so in *ret_planned; false: the container is small, or cannot be cut, or only
 * a part of it is wanted, and nothing was emitted. The run's source is open and its fields are
 * chosen. */
ASSAY_MUST_CHECK int assay_profile_plan(struct assay_profile_run *run, const char *because,
                                        bool refused, bool *ret_planned, struct assay_error *err);

#endif
