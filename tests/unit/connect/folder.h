/* A scratch folder with files for tests. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_CONNECT_FOLDER_H
#define ASSAY_TESTS_CONNECT_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"

struct folder {
    char path[64];
};

static inline void folder_make(struct folder *folder)
{
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/assay-unit-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

/** The path of a name below the folder; valid until the next call. */
static inline const char *folder_path(const struct folder *folder, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    return path;
}

/** Write a file; a folder in front of the last '/' is made. */
static inline void folder_write(const struct folder *folder, const char *name, const char *text)
{
    char parent[512];
    (void)snprintf(parent, sizeof parent, "%s", folder_path(folder, name));
    *strrchr(parent, '/') = '\0';
    (void)mkdir(parent, 0700);
    assert_int_equal(assay_file_write(folder_path(folder, name), text, strlen(text), 0600, NULL),
                     ASSAY_OK);
}

static inline int folder_remove_one(const char *path, const struct stat *info, int kind,
                                    struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void folder_remove(struct folder *folder)
{
    (void)nftw(folder->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
