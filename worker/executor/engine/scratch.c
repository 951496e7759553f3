// Scratch: the name of a private folder, made by the engine when it first spills and removed with
// the session.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/memory.h"

int assay_scratch_name(char **ret_path, struct assay_error *err)
{
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return assay_fail_errno(err, ASSAY_IO, errno, "asking the system for random bytes");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    const char *base = getenv("TMPDIR");
    assay_buf_printf(&path, "%s/assay-%d-%016" PRIx64 "%016" PRIx64, base && *base ? base : "/tmp",
                     (int)getpid(), random[0], random[1]);
    ASSAY_TRY(assay_buf_check(&path, err));
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
