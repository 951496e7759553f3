/* The environment an executor may see. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SUPERVISE_EXECUTOR_ENVIRONMENT_H
#define ASSAY_SUPERVISE_EXECUTOR_ENVIRONMENT_H

#include "common/base/arena.h"

/** A new environment from `environ`: only names of an allow-list (paths, language, time zone,
 * certificates, sanitizers), and a HOME that does not exist, so that no library finds credentials
 * in it. Ends with NULL; the arena's. NULL: no memory. */
char **assay_executor_environment(struct assay_arena *arena);

#endif
