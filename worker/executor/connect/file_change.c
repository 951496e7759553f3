// Files of a set: what changes when they do, and whether they did while they were read.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "worker/executor/connect/file_set.h"

static void write_fingerprint(const struct stat *info,
                              char fingerprint[static ASSAY_FINGERPRINT_BYTES])
{
    (void)snprintf(fingerprint, ASSAY_FINGERPRINT_BYTES, "%lld:%lld", (long long)info->st_size,
                   (long long)info->st_mtim.tv_sec * 1000000000 + (long long)info->st_mtim.tv_nsec);
}

uint64_t assay_set_file_stat(const struct assay_set_file *file,
                             char fingerprint[static ASSAY_FINGERPRINT_BYTES])
{
    struct stat info;
    if (stat(file->path, &info))
        info = (struct stat){0};
    write_fingerprint(&info, fingerprint);
    return S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
}

void assay_set_file_remember(struct assay_set_file *file)
{
    struct stat info;
    if (stat(file->path, &info))
        info = (struct stat){0};
    write_fingerprint(&info, file->opened);
    file->device = info.st_dev;
    file->inode = info.st_ino;
}

enum assay_file_change assay_set_file_change(const struct assay_set_file *file, const char *before)
{
    struct stat info;
    char now[ASSAY_FINGERPRINT_BYTES];
    if (file->spool >= 0)
        return ASSAY_FILE_SAME;
    if (stat(file->path, &info))
        return file->inode ? ASSAY_FILE_GONE : ASSAY_FILE_SAME;
    write_fingerprint(&info, now);
    if (info.st_ino != file->inode || info.st_dev != file->device)
        return ASSAY_FILE_REPLACED;
    if (!strcmp(now, before))
        return ASSAY_FILE_SAME;
    return strtoull(now, NULL, 10) < strtoull(before, NULL, 10) ? ASSAY_FILE_SHORTER
                                                                : ASSAY_FILE_CHANGED;
}
