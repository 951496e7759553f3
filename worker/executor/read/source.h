/* Source: the bytes of a text file or stream as UTF-8 text, decompressed and decoded on the way. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SOURCE_H
#define ASSAY_EXECUTOR_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

/** An open byte source. Offsets count bytes of the text that it delivers: of the file itself when
 * the file is plain UTF-8 (a byte order mark included), else of the decompressed and decoded text.
 * One thread. */
struct assay_source;

/** Open a file; path "-" is fd 0. `encoding`: NULL (byte order mark, else UTF-16 where every second
 * byte is 0 in front, else "utf-8"), "utf-8",
 * "utf-16", "utf-16le", "utf-16be", "latin-1", "windows-1252" or any name iconv(3) knows.
 * Compression is seen by content: gzip (several members), zstd (several frames). The text never
 * holds the byte order mark. ASSAY_NOT_FOUND, ASSAY_DENIED, ASSAY_IO, ASSAY_INVALID (unknown
 * encoding). */
ASSAY_MUST_CHECK int assay_source_open(const char *path, const char *encoding,
                                       struct assay_source **ret_source, struct assay_error *err);
/** As above over an open descriptor that stays the caller's; `name` stands in errors. Works on
 * pipes. */
ASSAY_MUST_CHECK int assay_source_open_fd(int fd, const char *name, const char *encoding,
                                          struct assay_source **ret_source,
                                          struct assay_error *err);
/** Over memory that stays the caller's and outlives the source. */
ASSAY_MUST_CHECK int assay_source_open_memory(const void *data, size_t size_bytes, const char *name,
                                              const char *encoding,
                                              struct assay_source **ret_source,
                                              struct assay_error *err);
void assay_source_close(struct assay_source *source);
ASSAY_DEFINE_CLEANUP(struct assay_source, assay_source_close)

/** Up to size_bytes (≥ 1) bytes into buffer; *ret_size 0 is the end of the data. ASSAY_IO;
 * ASSAY_FORMAT for truncated or damaged compression or encoding, naming the file and the
 * position. */
ASSAY_MUST_CHECK int assay_source_read(struct assay_source *source, void *buffer, size_t size_bytes,
                                       size_t *ret_size, struct assay_error *err);
/** Look at the next bytes without taking them: up to size_bytes, fewer only at the end of the data.
 * *ret_data is the source's, valid until its next call. size_bytes may grow from call to call.
 * Errors as of reading. */
ASSAY_MUST_CHECK int assay_source_peek(struct assay_source *source, size_t size_bytes,
                                       const char **ret_data, size_t *ret_size,
                                       struct assay_error *err);
/** Plain UTF-8 file (or memory) that can be read from anywhere: only such a source has ranges. */
bool assay_source_seekable(const struct assay_source *source);
/** Bytes of a seekable source, as it was when opened. */
uint64_t assay_source_size(const struct assay_source *source);
/** Go to a byte of a seekable source. ASSAY_UNSUPPORTED for others. */
ASSAY_MUST_CHECK int assay_source_seek(struct assay_source *source, uint64_t offset,
                                       struct assay_error *err);

const char *assay_source_name(const struct assay_source *source);
const char *assay_source_encoding(const struct assay_source *source); /* "utf-8", "utf-16le", … */
const char *
assay_source_compression(const struct assay_source *source); /* "none", "gzip", "zstd" */
/** Bytes read of the file itself, compressed or not. */
uint64_t assay_source_raw_bytes(const struct assay_source *source);
/** Where byte text_offset of the delivered text, at which a character begins, stands in the file:
 * other than text_offset only for decoded files that are not compressed. Quickest for rising
 * offsets. */
uint64_t assay_source_file_offset(struct assay_source *source, uint64_t text_offset);
/** Bytes of the byte order mark in front of the text: where the text of a seekable source
 * begins. */
uint64_t assay_source_text_begin(const struct assay_source *source);

#endif
