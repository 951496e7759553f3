/* Relations: candidates between containers (common/relate/relate.h), judged on all records of the
 * one that refers to another. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_RELATIONS_H
#define ASSAY_EXECUTOR_RELATIONS_H

#include "worker/executor/task.h"

/** The run of kind profile.relate. The task's checks are candidates with their references set
 * (settings.refs, as for a scan); its verify hook judges them. Those that hold for all records
 * leave as one list "inferred", in their order and with their properties, evidence added; one that
 * could not be judged under "unjudged" beside it, with the reason. One that fails, or has fewer
 * than 20 records with a value, is left out. Errors: the source's. */
ASSAY_MUST_CHECK int assay_relations_run(struct assay_task *task, struct assay_error *err);

#endif
