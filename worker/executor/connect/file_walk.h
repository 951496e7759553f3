/* The data files below a folder, and the fence around it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_FILE_WALK_H
#define ASSAY_CONNECT_FILE_WALK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/json/json.h"

/** Folders that files may be reached in, resolved (no symbolic links, no ".."). None: no fence. */
struct assay_fence {
    char **folders;
    size_t count;
};
void assay_fence_release(struct assay_fence *fence);
/** Add a folder, resolved. ASSAY_NOT_FOUND, ASSAY_DENIED, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_fence_add(struct assay_fence *fence, const char *folder,
                                     struct assay_error *err);
/** The real path of a file or folder on the heap. ASSAY_DENIED when it leads out of the fence
 * ("leads outside of the folders allowed"), ASSAY_NOT_FOUND, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_fence_resolve(const struct assay_fence *fence, const char *path,
                                         char **ret_path, struct assay_error *err);

/** A data file, or a place that could not be looked at. Texts are heap. */
struct assay_walk_file {
    char *name;          /* relative to the root, '/' between folders */
    char *path;          /* real path; NULL with an error */
    int64_t size_bytes;  /* -1 with an error */
    int64_t modified_us; /* -1 with an error */
    char *error;         /* NULL, or why it cannot be read */
};
struct assay_walk {
    struct assay_walk_file *files; /* by name */
    size_t count;
};
void assay_walk_release(struct assay_walk *walk);

/** Every file of a known extension below root (a real path), at most 64 folders deep. Left out:
 * names that begin with a dot, folders that begin with '_' (unfinished output and logs of other
 * engines), what is no regular file. Symbolic links are followed where they stay within the fence;
 * to folders only where these are not below root anyway. A file or folder that cannot be read, or a
 * link that leads out, is listed with its error. *cancelled (may be NULL) is looked at for each
 * entry. ASSAY_NOT_FOUND, ASSAY_DENIED (the root itself), ASSAY_CANCELLED, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_walk_folder(const char *root, const struct assay_fence *fence,
                                       const atomic_bool *cancelled, struct assay_walk *ret_walk,
                                       struct assay_error *err);

#endif
