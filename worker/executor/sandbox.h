/* Sandbox: what the executor process takes away from itself before it touches foreign data. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SANDBOX_H
#define ASSAY_EXECUTOR_SANDBOX_H

#include <stdint.h>
#include <sys/types.h>

#include "common/base/error.h"

/** First thing of the process: die with the supervisor, own process group, no core files, no home
 * folder, private files. ASSAY_CANCELLED when the supervisor (its pid) is gone already. */
ASSAY_MUST_CHECK int assay_sandbox_enter(pid_t supervisor, struct assay_error *err);
/** Bound the data segment to 1.5 × budget + 256 MiB; nothing under sanitizers, whose
 * shadow memory counts. */
ASSAY_MUST_CHECK int assay_sandbox_limit(uint64_t memory_bytes, struct assay_error *err);
/** Most memory the process ever held: VmHWM of /proc/self/status in bytes, 0 when unknown. */
uint64_t assay_sandbox_peak_bytes(void);

#endif
