/* Small files read whole, written whole; room on the disk that has no name. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/error.h"

/** Append the whole file to buf (up to buf->max_bytes). ASSAY_NOT_FOUND, ASSAY_DENIED, ASSAY_IO,
 * ASSAY_LIMIT; the text names the path and the system's reason. */
ASSAY_MUST_CHECK int assay_file_read(const char *path, struct assay_buf *buf,
                                     struct assay_error *err);
/** Append all that can be read from fd until its end. `name` stands in errors. */
ASSAY_MUST_CHECK int assay_fd_read_all(int fd, const char *name, struct assay_buf *buf,
                                       struct assay_error *err);
/** Write all bytes, again after EINTR and short writes. */
ASSAY_MUST_CHECK int assay_fd_write_all(int fd, const char *name, const void *data,
                                        size_t size_bytes, struct assay_error *err);
/** Replace the file in one step: write beside it, fsync, rename. Nothing half-written is ever
 * seen. */
ASSAY_MUST_CHECK int assay_file_write(const char *path, const void *data, size_t size_bytes,
                                      mode_t mode, struct assay_error *err);
/** A new empty file for this process alone, below $TMPDIR, else /tmp; its name is gone at once, so
 * nothing stays behind. `what` will be in it (errors say "making room for …"). *ret_fd: close().
 * ASSAY_IO. (O_TMPFILE would do, but not on NFS or on overlay file systems of older kernels.) */
ASSAY_MUST_CHECK int assay_file_unnamed(const char *what, int *ret_fd, struct assay_error *err);
/** The code for an errno of open(2) and its like: NOT_FOUND, DENIED, else IO. */
int assay_code_of_errno(int errnum);

#endif
