// Byte source: opens the stack of layers for a file, a descriptor or memory, and lets the caller
// look ahead.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "worker/executor/read/source_layer.h"

enum { LEAST_PAIRS = 4 }; /* of bytes, to see UTF-16 */

/* The lowest layer: a descriptor, or memory. */
struct raw_layer {
    struct assay_layer layer;
    int fd; /* -1 = memory */
    bool owns_fd;
    bool seekable;    /* by pread */
    const char *data; /* memory */
    uint64_t size;    /* of memory or of a seekable file */
    uint64_t at;      /* next byte */
};

struct assay_source {
    struct raw_layer raw;
    struct assay_layer *top; /* &raw.layer, or a layer over it */
    char *name;
    char *encoding;
    const char *compression;
    uint64_t text_begin;
    struct assay_buf ahead; /* bytes looked at and not taken */
    size_t ahead_at;
};

int assay_layer_read(struct assay_layer *layer, void *buffer, size_t size_bytes, size_t *ret_size,
                     struct assay_error *err)
{
    if (layer->lead_at == layer->lead_size)
        return layer->ops->read(layer, buffer, size_bytes, ret_size, err);
    const size_t left = layer->lead_size - layer->lead_at;
    const size_t size = left < size_bytes ? left : size_bytes;
    memcpy(buffer, layer->lead + layer->lead_at, size);
    layer->lead_at += size;
    *ret_size = size;
    return ASSAY_OK;
}

int assay_layer_fill_lead(struct assay_layer *layer, struct assay_error *err)
{
    while (layer->lead_size < sizeof layer->lead) {
        size_t got;
        ASSAY_TRY(layer->ops->read(layer, layer->lead + layer->lead_size,
                                   sizeof layer->lead - layer->lead_size, &got, err));
        if (!got)
            break;
        layer->lead_size += got;
    }
    return ASSAY_OK;
}

void assay_layer_skip_lead(struct assay_layer *layer, size_t size_bytes)
{
    layer->lead_at += size_bytes;
}

void assay_layer_close(struct assay_layer *layer)
{
    while (layer) {
        struct assay_layer *below = layer->below;
        layer->ops->close(layer);
        layer = below;
    }
}

static int raw_read(struct assay_layer *layer, void *buffer, size_t size_bytes, size_t *ret_size,
                    struct assay_error *err)
{
    struct raw_layer *raw = (struct raw_layer *)layer;
    if (raw->fd < 0) {
        const uint64_t left = raw->at < raw->size ? raw->size - raw->at : 0;
        const size_t size = left < size_bytes ? (size_t)left : size_bytes;
        if (size)
            memcpy(buffer, raw->data + raw->at, size);
        raw->at += size;
        *ret_size = size;
        return ASSAY_OK;
    }
    ssize_t got;
    const size_t most = size_bytes < INT_MAX ? size_bytes : INT_MAX;
    do {
        got = raw->seekable ? pread(raw->fd, buffer, most, (off_t)raw->at)
                            : read(raw->fd, buffer, most);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return assay_fail_errno(err, ASSAY_IO, errno, "reading %s at byte %llu", layer->name,
                                (unsigned long long)raw->at);
    raw->at += (uint64_t)got;
    *ret_size = (size_t)got;
    return ASSAY_OK;
}

static int raw_read_at(struct assay_layer *layer, uint64_t offset, void *buffer, size_t size_bytes,
                       size_t *ret_size, struct assay_error *err)
{
    const struct raw_layer *raw = (const struct raw_layer *)layer;
    if (!raw->seekable)
        return assay_fail(err, ASSAY_UNSUPPORTED, "reading %s: a stream is read once", layer->name);
    struct raw_layer view = *raw;
    view.at = offset;
    return raw_read(&view.layer, buffer, size_bytes, ret_size, err);
}

static void raw_close(struct assay_layer *layer)
{
    const struct raw_layer *raw = (const struct raw_layer *)layer;
    if (raw->owns_fd)
        (void)close(raw->fd);
}

/* "UTF8", "utf_16", "ISO-8859-1" … as names of our own; others as they are, in lower case. */
static char *encoding_name(const char *text)
{
    static const struct {
        const char *spelling, *name;
    } rows[] = {
        {"utf8", "utf-8"},       {"utf-8", "utf-8"},         {"utf_8", "utf-8"},
        {"utf-8-sig", "utf-8"},  {"ascii", "utf-8"},         {"us-ascii", "utf-8"},
        {"utf16", "utf-16"},     {"utf_16", "utf-16"},       {"utf-16", "utf-16"},
        {"utf16le", "utf-16le"}, {"utf-16-le", "utf-16le"},  {"utf-16le", "utf-16le"},
        {"utf16be", "utf-16be"}, {"utf-16-be", "utf-16be"},  {"utf-16be", "utf-16be"},
        {"latin1", "latin1"},    {"latin-1", "latin1"},      {"iso-8859-1", "latin1"},
        {"iso8859-1", "latin1"}, {"cp1252", "windows-1252"}, {"windows-1252", "windows-1252"}};
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (!strcasecmp(text, rows[i].spelling))
            return assay_strdup(rows[i].name);
    return assay_strdup(text);
}

static int add_decompression(struct assay_source *source, struct assay_error *err)
{
    static const unsigned char gzip_magic[] = {0x1f, 0x8b};
    static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    struct assay_layer *raw = source->top;
    ASSAY_TRY(assay_layer_fill_lead(raw, err));
    source->compression = "none";
    if (raw->lead_size >= sizeof gzip_magic && !memcmp(raw->lead, gzip_magic, sizeof gzip_magic)) {
        ASSAY_TRY(assay_layer_gzip(raw, &source->top, err));
        source->compression = "gzip";
    } else if (raw->lead_size >= sizeof zstd_magic &&
               !memcmp(raw->lead, zstd_magic, sizeof zstd_magic)) {
        ASSAY_TRY(assay_layer_zstd(raw, &source->top, err));
        source->compression = "zstd";
    }
    return source->top == raw ? ASSAY_OK : assay_layer_fill_lead(source->top, err);
}

struct mark {
    const char *encoding;
    unsigned char bytes[4];
    size_t size;
};

static const struct mark *find_mark(const struct assay_layer *layer)
{
    static const struct mark marks[] = {{"utf-8", {0xEF, 0xBB, 0xBF}, 3},
                                        {"utf-32le", {0xFF, 0xFE, 0, 0}, 4},
                                        {"utf-32be", {0, 0, 0xFE, 0xFF}, 4},
                                        {"utf-16le", {0xFF, 0xFE}, 2},
                                        {"utf-16be", {0xFE, 0xFF}, 2}};
    for (size_t i = 0; i < ASSAY_COUNT(marks); i++)
        if (layer->lead_size >= marks[i].size &&
            !memcmp(layer->lead, marks[i].bytes, marks[i].size))
            return &marks[i];
    return NULL;
}

/* UTF-16 without a mark: most of the first characters are ASCII, so that every second byte is 0. */
static const char *unmarked_encoding(const struct assay_layer *layer)
{
    size_t little = 0, big = 0;
    const size_t pairs = layer->lead_size / 2;
    for (size_t i = 0; i < pairs; i++) {
        const unsigned char first = layer->lead[2 * i], second = layer->lead[2 * i + 1];
        little += first && !second;
        big += !first && second;
    }
    if (pairs < LEAST_PAIRS || (little && big))
        return "utf-8";
    return 4 * little >= 3 * pairs ? "utf-16le" : 4 * big >= 3 * pairs ? "utf-16be" : "utf-8";
}

/* The mark decides unless another encoding was asked for by name. */
static int add_decoding(struct assay_source *source, const char *encoding, struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text)
    char *asked = encoding && *encoding ? encoding_name(encoding) : NULL;
    if (encoding && *encoding && !asked)
        return assay_fail_memory(err);
    const struct mark *mark = find_mark(source->top);
    const bool any = !asked || !strcmp(asked, "utf-16") || !strcmp(asked, "utf-8");
    if (mark && (any || !strcmp(asked, mark->encoding))) {
        assay_layer_skip_lead(source->top, mark->size);
        source->text_begin = mark->size;
        source->encoding = assay_strdup(mark->encoding);
    } else {
        const char *name = !asked                     ? unmarked_encoding(source->top)
                           : !strcmp(asked, "utf-16") ? "utf-16le"
                                                      : asked;
        source->encoding = assay_strdup(name);
    }
    if (!source->encoding)
        return assay_fail_memory(err);
    if (!strcmp(source->encoding, "utf-8"))
        return ASSAY_OK;
    source->text_begin = 0;
    return assay_layer_decode(source->top, source->encoding, &source->top, err);
}

static int open_layers(struct assay_source *source, const char *encoding, struct assay_error *err)
{
    ASSAY_TRY(add_decompression(source, err));
    ASSAY_TRY(add_decoding(source, encoding, err));
    struct raw_layer *raw = &source->raw;
    if (assay_source_seekable(source)) { /* no lead from here on: reads go straight to pread() */
        raw->at = source->text_begin;
        raw->layer.lead_at = raw->layer.lead_size = 0;
    }
    return ASSAY_OK;
}

static struct assay_source *source_new(const char *name)
{
    static const struct assay_layer_ops ops = {
        .read = raw_read, .close = raw_close, .read_at = raw_read_at};
    struct assay_source *source = assay_calloc(1, sizeof *source);
    if (!source)
        return NULL;
    source->name = assay_strdup(name);
    source->raw.layer.ops = &ops;
    source->raw.layer.name = source->name;
    source->raw.fd = -1;
    source->top = &source->raw.layer;
    if (!source->name) {
        assay_source_close(source);
        return NULL;
    }
    return source;
}

static int open_descriptor(int fd, bool owns_fd, const char *name, const char *encoding,
                           struct assay_source **ret_source, struct assay_error *err)
{
    struct stat status;
    ASSAY_AUTO(assay_source_close) struct assay_source *source = source_new(name);
    if (!source) {
        if (owns_fd)
            (void)close(fd);
        return assay_fail_memory(err);
    }
    source->raw.fd = fd;
    source->raw.owns_fd = owns_fd;
    if (fstat(fd, &status))
        return assay_fail_errno(err, ASSAY_IO, errno, "reading %s", name);
    if (S_ISDIR(status.st_mode))
        return assay_fail(err, ASSAY_INVALID, "reading %s: it is a folder, not a file", name);
    const off_t at = S_ISREG(status.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    source->raw.seekable = at == 0;
    source->raw.size = at == 0 ? (uint64_t)status.st_size : 0;
    if (source->raw.seekable)
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    ASSAY_TRY(open_layers(source, encoding, err));
    *ret_source = ASSAY_TAKE(source);
    return ASSAY_OK;
}

int assay_source_open(const char *path, const char *encoding, struct assay_source **ret_source,
                      struct assay_error *err)
{
    if (!strcmp(path, "-"))
        return open_descriptor(STDIN_FILENO, false, "standard input", encoding, ret_source, err);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return assay_fail_errno(err, assay_code_of_errno(errno), errno, "opening %s", path);
    return open_descriptor(fd, true, path, encoding, ret_source, err);
}

int assay_source_open_fd(int fd, const char *name, const char *encoding,
                         struct assay_source **ret_source, struct assay_error *err)
{
    return open_descriptor(fd, false, name, encoding, ret_source, err);
}

int assay_source_open_memory(const void *data, size_t size_bytes, const char *name,
                             const char *encoding, struct assay_source **ret_source,
                             struct assay_error *err)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = source_new(name);
    if (!source)
        return assay_fail_memory(err);
    source->raw.seekable = true;
    source->raw.data = data;
    source->raw.size = size_bytes;
    ASSAY_TRY(open_layers(source, encoding, err));
    *ret_source = ASSAY_TAKE(source);
    return ASSAY_OK;
}

void assay_source_close(struct assay_source *source)
{
    if (!source)
        return;
    assay_layer_close(source->top);
    assay_buf_release(&source->ahead);
    assay_free(source->name);
    assay_free(source->encoding);
    assay_free(source);
}

int assay_source_read(struct assay_source *source, void *buffer, size_t size_bytes,
                      size_t *ret_size, struct assay_error *err)
{
    const size_t left = source->ahead.size - source->ahead_at;
    if (!left)
        return assay_layer_read(source->top, buffer, size_bytes, ret_size, err);
    const size_t size = left < size_bytes ? left : size_bytes;
    memcpy(buffer, source->ahead.data + source->ahead_at, size);
    source->ahead_at += size;
    if (source->ahead_at == source->ahead.size) {
        assay_buf_release(&source->ahead);
        source->ahead_at = 0;
    }
    *ret_size = size;
    return ASSAY_OK;
}

int assay_source_peek(struct assay_source *source, size_t size_bytes, const char **ret_data,
                      size_t *ret_size, struct assay_error *err)
{
    struct assay_buf *ahead = &source->ahead;
    assay_buf_consume(ahead, source->ahead_at);
    source->ahead_at = 0;
    while (ahead->size < size_bytes) {
        size_t got;
        if (!assay_buf_reserve(ahead, size_bytes - ahead->size))
            return assay_fail_memory(err);
        ASSAY_TRY(assay_layer_read(source->top, ahead->data + ahead->size, size_bytes - ahead->size,
                                   &got, err));
        if (!got)
            break;
        ahead->size += got;
    }
    *ret_data = assay_buf_str(ahead);
    *ret_size = ahead->size < size_bytes ? ahead->size : size_bytes;
    return ASSAY_OK;
}

bool assay_source_seekable(const struct assay_source *source)
{
    return source->raw.seekable && source->top == &source->raw.layer;
}

uint64_t assay_source_size(const struct assay_source *source)
{
    return source->raw.size;
}

int assay_source_seek(struct assay_source *source, uint64_t offset, struct assay_error *err)
{
    if (!assay_source_seekable(source))
        return assay_fail(err, ASSAY_UNSUPPORTED,
                          "reading %s: a stream cannot be read from byte %llu", source->name,
                          (unsigned long long)offset);
    source->raw.at = offset;
    assay_buf_clear(&source->ahead);
    source->ahead_at = 0;
    return ASSAY_OK;
}

const char *assay_source_name(const struct assay_source *source)
{
    return source->name;
}

const char *assay_source_encoding(const struct assay_source *source)
{
    return source->encoding;
}

const char *assay_source_compression(const struct assay_source *source)
{
    return source->compression;
}

uint64_t assay_source_raw_bytes(const struct assay_source *source)
{
    return source->raw.at;
}

uint64_t assay_source_file_offset(struct assay_source *source, uint64_t text_offset)
{
    uint64_t offset;
    return strcmp(source->encoding, "utf-8") &&
                   assay_layer_decoded_from(source->top, text_offset, &offset)
               ? offset
               : text_offset;
}

uint64_t assay_source_text_begin(const struct assay_source *source)
{
    return source->text_begin;
}
