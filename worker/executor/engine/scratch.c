// Scratch: a private folder of this process that vanishes with it.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/memory.h"

int assay_scratch_new(char **ret_path, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    const char *base = getenv("TMPDIR");
    assay_buf_printf(&path, "%s/assay-%d-XXXXXX", base && *base ? base : "/tmp", (int)getpid());
    ASSAY_TRY(assay_buf_check(&path, err));
    if (!mkdtemp(path.data))
        return assay_fail_errno(err, ASSAY_IO, errno, "making the folder %s", path.data);
    *ret_path = assay_buf_take(&path);
    return ASSAY_OK;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *position)
{
    (void)status;
    (void)kind;
    (void)position;
    return remove(path) && errno != ENOENT ? -1 : 0;
}

void assay_scratch_remove(const char *path)
{
    if (path)
        (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
