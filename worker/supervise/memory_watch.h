/* Memory of an executor: its limits, and what it has taken. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SUPERVISE_MEMORY_WATCH_H
#define ASSAY_SUPERVISE_MEMORY_WATCH_H

#include <stdint.h>
#include <sys/types.h>

/** RLIMIT_DATA for a budget: 1.5 × + 256 MiB; 0 (none) without a budget and under sanitizers, whose
 * shadow memory counts. */
uint64_t assay_memory_data_limit_bytes(uint64_t budget_bytes);
/** Resident memory above which an executor is killed: 1.25 × + 128 MiB, four times that under
 * sanitizers. */
uint64_t assay_memory_limit_bytes(uint64_t budget_bytes);
/** Anonymous and shared resident memory of a process (without mapped files), 0 when it cannot be
 * read. */
uint64_t assay_memory_used_bytes(pid_t pid);

#endif
