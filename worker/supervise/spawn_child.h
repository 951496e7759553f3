/* What a new child does between fork and exec. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SUPERVISE_SPAWN_CHILD_H
#define ASSAY_SUPERVISE_SPAWN_CHILD_H

#include "worker/supervise/spawner.h"

/** Become the program, or write errno (an int) to report_fd and end. Only async-signal-safe calls:
 * other threads of the parent may have held any lock at the fork. */
_Noreturn void assay_spawn_become(const struct assay_spawn *spawn, pid_t parent, int report_fd);

#endif
