/* Scratch: a private folder of this process that vanishes with it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_SCRATCH_H
#define ASSAY_ENGINE_SCRATCH_H

#include "common/base/error.h"

/** Make a folder of mode 0700 below $TMPDIR (else /tmp). *ret_path is the caller's, heap. ASSAY_IO.
 */
ASSAY_MUST_CHECK int assay_scratch_new(char **ret_path, struct assay_error *err);
/** Remove the folder and all below it; NULL is allowed. Does not follow links. */
void assay_scratch_remove(const char *path);

#endif
