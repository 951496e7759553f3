// Small files read whole, written whole; room on the disk that has no name.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/memory.h"

enum { READ_STEP = 65536 };

int assay_code_of_errno(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR ? ASSAY_NOT_FOUND
           : errnum == EACCES || errnum == EPERM ? ASSAY_DENIED
           : errnum == ENOMEM                    ? ASSAY_NO_MEMORY
                                                 : ASSAY_IO;
}

/* Bytes to ask for next; 0 when the ceiling is reached and one byte more would pass it. */
static size_t next_step(const struct assay_buf *buf)
{
    const size_t max = buf->max_bytes ? buf->max_bytes : ASSAY_BUF_DEFAULT_MAX;
    return max - buf->size < READ_STEP ? max - buf->size : READ_STEP;
}

int assay_fd_read_all(int fd, const char *name, struct assay_buf *buf, struct assay_error *err)
{
    for (;;) {
        char beyond;
        const size_t step = next_step(buf);
        if (!assay_buf_reserve(buf, step))
            return assay_fail_memory(err);
        const ssize_t got = read(fd, step ? buf->data + buf->size : &beyond, step ? step : 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return assay_fail_errno(err, assay_code_of_errno(errno), errno, "reading %s", name);
        if (got == 0)
            return ASSAY_OK;
        if (!step)
            return assay_fail(err, ASSAY_LIMIT, "%s is larger than the %zu bytes allowed here",
                              name, buf->size);
        buf->size += (size_t)got;
        buf->data[buf->size] = '\0';
    }
}

int assay_file_read(const char *path, struct assay_buf *buf, struct assay_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return assay_fail_errno(err, assay_code_of_errno(errno), errno, "opening %s", path);
    const int rc = assay_fd_read_all(fd, path, buf, err);
    (void)close(fd);
    return rc;
}

int assay_fd_write_all(int fd, const char *name, const void *data, size_t size_bytes,
                       struct assay_error *err)
{
    for (const char *at = data; size_bytes;) {
        const ssize_t put = write(fd, at, size_bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return assay_fail_errno(err, ASSAY_IO, errno, "writing %s", name);
        at += put;
        size_bytes -= (size_t)put;
    }
    return ASSAY_OK;
}

int assay_file_write(const char *path, const void *data, size_t size_bytes, mode_t mode,
                     struct assay_error *err)
{
    struct assay_buf beside = {0};
    assay_buf_printf(&beside, "%s.XXXXXX", path);
    if (beside.failed)
        return assay_fail_memory(err);
    const int fd = mkostemp(beside.data, O_CLOEXEC);
    int rc = fd < 0 ? assay_fail_errno(err, assay_code_of_errno(errno), errno, "creating %s", path)
                    : assay_fd_write_all(fd, path, data, size_bytes, err);
    if (rc == ASSAY_OK && (fchmod(fd, mode) || fsync(fd)))
        rc = assay_fail_errno(err, ASSAY_IO, errno, "writing %s", path);
    if (fd >= 0 && close(fd) && rc == ASSAY_OK)
        rc = assay_fail_errno(err, ASSAY_IO, errno, "closing %s", path);
    if (rc == ASSAY_OK && rename(beside.data, path))
        rc = assay_fail_errno(err, assay_code_of_errno(errno), errno, "renaming to %s", path);
    if (rc != ASSAY_OK && fd >= 0)
        (void)unlink(beside.data);
    assay_buf_release(&beside);
    return rc;
}

int assay_file_unnamed(const char *what, int *ret_fd, struct assay_error *err)
{
    const char *folder = getenv("TMPDIR");
    folder = folder && *folder ? folder : "/tmp";
    char path[PATH_MAX];
    const int length = snprintf(path, sizeof path, "%s/assay-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path)
        return assay_fail(err, ASSAY_IO, "TMPDIR is longer than a path may be");
    const int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return assay_fail_errno(err, ASSAY_IO, errno, "making room for %s in %s", what, folder);
    (void)unlink(path);
    *ret_fd = fd;
    return ASSAY_OK;
}
