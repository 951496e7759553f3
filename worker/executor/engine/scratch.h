/* Scratch: the name of a private folder, made by the engine when it first spills and removed with
 * the session. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_SCRATCH_H
#define ASSAY_ENGINE_SCRATCH_H

#include "common/base/error.h"

/** A path below $TMPDIR (else /tmp) that does not exist and cannot be guessed. Nothing is made:
 * most sessions never spill, and a killed process leaves nothing behind. *ret_path is the caller's,
 * heap. ASSAY_IO. */
ASSAY_MUST_CHECK int assay_scratch_name(char **ret_path, struct assay_error *err);
/** Remove the folder and all below it, if it is there; NULL is allowed. Does not follow links. */
void assay_scratch_remove(const char *path);

#endif
