// Walking a folder within its fence.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/file_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "worker/executor/connect/file_glob.h"

enum { MAX_DEPTH = 64 };

static void free_libc_text(char *text)
{
    free(text); /* realpath(3) allocates past our door */
}
ASSAY_DEFINE_CLEANUP(char, free_libc_text)

static bool lies_in(const char *folder, const char *path)
{
    const size_t size = strlen(folder);
    return strncmp(folder, path, size) == 0 &&
           (path[size] == '/' || path[size] == '\0' || folder[size - 1] == '/');
}

static int real_path(const char *path, char **ret_path, struct assay_error *err)
{
    ASSAY_AUTO(free_libc_text) char *real = realpath(path, NULL);
    if (!real)
        return assay_fail_errno(err, assay_code_of_errno(errno), errno, "%s", path);
    char *copy = assay_strdup(real);
    if (!copy)
        return assay_fail_memory(err);
    *ret_path = copy;
    return ASSAY_OK;
}

int assay_fence_add(struct assay_fence *fence, const char *folder, struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *real = NULL;
    ASSAY_TRY(real_path(folder, &real, err));
    char **folders = assay_reallocarray(fence->folders, fence->count + 1, sizeof *folders);
    if (!folders)
        return assay_fail_memory(err);
    fence->folders = folders;
    folders[fence->count++] = ASSAY_TAKE(real);
    return ASSAY_OK;
}

int assay_fence_resolve(const struct assay_fence *fence, const char *path, char **ret_path,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *real = NULL;
    ASSAY_TRY(real_path(path, &real, err));
    bool inside = fence->count == 0;
    for (size_t i = 0; i < fence->count && !inside; i++)
        inside = lies_in(fence->folders[i], real);
    if (!inside)
        return assay_fail(err, ASSAY_DENIED, "%s leads outside of the folders allowed (file.roots)",
                          path);
    *ret_path = ASSAY_TAKE(real);
    return ASSAY_OK;
}

void assay_fence_release(struct assay_fence *fence)
{
    for (size_t i = 0; i < fence->count; i++)
        assay_free(fence->folders[i]);
    assay_free(fence->folders);
    *fence = (struct assay_fence){0};
}

static void release_file(struct assay_walk_file *file)
{
    assay_free(file->name);
    assay_free(file->path);
    assay_free(file->error);
}

void assay_walk_release(struct assay_walk *walk)
{
    for (size_t i = 0; i < walk->count; i++)
        release_file(&walk->files[i]);
    assay_free(walk->files);
    *walk = (struct assay_walk){0};
}

struct walker {
    const char *root;
    const struct assay_fence *fence;
    const atomic_bool *cancelled;
    struct assay_walk *walk;
    struct assay_error *err;
};

static int add_file(struct walker *walker, const char *name, const char *path,
                    const struct stat *info, const char *error)
{
    struct assay_walk *walk = walker->walk;
    if ((walk->count & (walk->count - 1)) == 0) { /* grow at every power of two */
        struct assay_walk_file *files =
            assay_reallocarray(walk->files, walk->count ? walk->count * 2 : 1, sizeof *files);
        if (!files)
            return assay_fail_memory(walker->err);
        walk->files = files;
    }
    struct assay_walk_file file = {.name = assay_strdup(name),
                                   .path = error ? NULL : assay_strdup(path),
                                   .size_bytes = error ? -1 : info->st_size,
                                   .modified_us = error ? -1
                                                        : info->st_mtim.tv_sec * ASSAY_US_PER_S +
                                                              info->st_mtim.tv_nsec / 1000,
                                   .error = assay_strdup(error)};
    if (!file.name || (error ? !file.error : !file.path)) {
        release_file(&file);
        return assay_fail_memory(walker->err);
    }
    walk->files[walk->count++] = file;
    return ASSAY_OK;
}

static int walk_into(struct walker *walker, const char *folder, const char *prefix, int depth);

static char *joined(const char *folder, const char *separator, const char *name)
{
    struct assay_buf path = {0};
    assay_buf_printf(&path, "%s%s%s", folder, separator, name);
    return assay_buf_take(&path);
}

static int visit_folder(struct walker *walker, const char *path, const char *name, bool linked,
                        int depth)
{
    if (linked && (lies_in(walker->root, path) || lies_in(path, walker->root)))
        return ASSAY_OK; /* met at its own place, or a loop */
    ASSAY_AUTO(assay_free_text) char *prefix = joined(name, "/", "");
    if (!prefix)
        return assay_fail_memory(walker->err);
    return walk_into(walker, path, prefix, depth + 1);
}

/* One directory entry. Only running out of memory and cancelling end the walk. */
static int visit(struct walker *walker, const char *folder, const char *prefix, const char *entry,
                 int depth)
{
    ASSAY_AUTO(assay_free_text) char *path = joined(folder, "/", entry);
    ASSAY_AUTO(assay_free_text) char *name = joined(prefix, "", entry);
    if (!path || !name)
        return assay_fail_memory(walker->err);
    struct stat info;
    if (lstat(path, &info))
        return ASSAY_OK; /* went away meanwhile */
    const bool linked = S_ISLNK(info.st_mode);
    const char *format;
    const bool wanted = assay_glob_extension(entry, &format) != NULL;
    if (linked) {
        struct assay_error problem = {0};
        char *real = NULL;
        if (assay_fence_resolve(walker->fence, path, &real, &problem) != ASSAY_OK)
            return problem.code == ASSAY_NO_MEMORY ? assay_fail_memory(walker->err)
                   : problem.code == ASSAY_DENIED || wanted
                       ? add_file(walker, name, NULL, NULL, problem.text)
                       : ASSAY_OK;
        assay_free(path);
        path = real;
        if (stat(path, &info))
            return ASSAY_OK;
    }
    if (S_ISDIR(info.st_mode))
        return *entry == '_' ? ASSAY_OK : visit_folder(walker, path, name, linked, depth);
    if (!wanted || !S_ISREG(info.st_mode))
        return ASSAY_OK;
    if (!assay_utf8_valid(path, strlen(path))) /* tasks are JSON: such a path cannot be handed on */
        return add_file(walker, name, NULL, NULL, "its path is not UTF-8: rename it");
    return add_file(walker, name, path, &info, NULL);
}

static void close_folder(DIR **folder)
{
    if (*folder)
        (void)closedir(*folder);
}

static int walk_into(struct walker *walker, const char *folder, const char *prefix, int depth)
{
    ASSAY_SCOPED(close_folder) DIR *stream = depth > MAX_DEPTH ? NULL : opendir(folder);
    if (!stream) {
        const int errnum = depth > MAX_DEPTH ? ELOOP : errno;
        if (!*prefix)
            return assay_fail_errno(walker->err, assay_code_of_errno(errnum), errnum, "opening %s",
                                    folder);
        struct assay_error problem = {0};
        (void)assay_fail_errno(&problem, ASSAY_IO, errnum, "opening %s", folder);
        return add_file(walker, prefix, NULL, NULL, problem.text);
    }
    for (const struct dirent *entry; (entry = readdir(stream));) {
        if (walker->cancelled && atomic_load(walker->cancelled))
            return assay_fail(walker->err, ASSAY_CANCELLED, "listing %s: cancelled", walker->root);
        if (*entry->d_name != '.')
            ASSAY_TRY(visit(walker, folder, prefix, entry->d_name, depth));
    }
    return ASSAY_OK;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct assay_walk_file *)left)->name,
                  ((const struct assay_walk_file *)right)->name);
}

int assay_walk_folder(const char *root, const struct assay_fence *fence,
                      const atomic_bool *cancelled, struct assay_walk *ret_walk,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_walk_release) struct assay_walk walk = {0};
    struct walker walker = {root, fence, cancelled, &walk, err};
    ASSAY_TRY(walk_into(&walker, root, "", 0));
    if (walk.count)
        qsort(walk.files, walk.count, sizeof *walk.files, by_name);
    *ret_walk = walk;
    walk = (struct assay_walk){0};
    return ASSAY_OK;
}
