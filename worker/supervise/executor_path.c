// Where assay-execute is.
// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "worker/supervise/executor_process.h"

/* Relative to the folder of the running program. */
static const char *const places[] = {"/assay-execute", "/../libexec/assay-execute"};

static int own_folder(char folder[PATH_MAX], struct assay_error *err)
{
    const ssize_t size_bytes = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (size_bytes < 0)
        return assay_fail(err, ASSAY_NOT_FOUND,
                          "looking for assay-execute: /proc/self/exe cannot be read");
    folder[size_bytes] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    return ASSAY_OK;
}

int assay_executor_path(char **ret_path, struct assay_error *err)
{
    const char *named = getenv("ASSAY_EXECUTE");
    if (named && *named) {
        char *copy = assay_strdup(named);
        if (!copy)
            return assay_fail_memory(err);
        *ret_path = copy;
        return ASSAY_OK;
    }
    char folder[PATH_MAX];
    ASSAY_TRY(own_folder(folder, err));
    for (size_t i = 0; i < ASSAY_COUNT(places); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
        assay_buf_printf(&path, "%s%s", folder, places[i]);
        ASSAY_TRY(assay_buf_check(&path, err));
        if (access(path.data, X_OK) == 0) {
            *ret_path = assay_buf_take(&path);
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_NOT_FOUND,
                      "looking for assay-execute: it is neither in %s nor in ../libexec: install "
                      "it there, or name it in "
                      "ASSAY_EXECUTE",
                      folder);
}
