/* Tests of sources: a hidden inspect task, awaited. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_INSPECT_H
#define ASSAY_API_INSPECT_H

#include "scheduler/api/request.h"
#include "scheduler/plan/plan.h"

/** What a worker said: a result, or why the source refused. */
struct assay_inspected {
    json_t *result;             /* the executor's `inspect` chunk; NULL when refused */
    struct assay_error refused; /* code 0 when there is a result */
};
void assay_inspected_release(struct assay_inspected *inspected);

/** Ask, and wait at most 30 s. secret: of an unsaved connection, sealed until the task is claimed;
 *  NULL = none. question->ciphertext and triggered_by are filled in here. ASSAY_OK: a worker
 * judged. ASSAY_TIMEOUT: none answered in time; ASSAY_UNAVAILABLE: too many wait already. No
 * database connection is held meanwhile. */
ASSAY_MUST_CHECK int assay_inspect(struct assay_request *request,
                                   struct assay_plan_inspect *question, const json_t *secret,
                                   struct assay_inspected *ret_inspected, struct assay_error *err);

#endif
