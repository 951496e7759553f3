// Parquet: column chunks, from the footer's own bytes.
// Names and numbers of fields are those of parquet.thrift (apache/parquet-format); the encoding is
// Thrift's compact protocol.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/parquet_chunks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"

enum { TAIL_BYTES = 8, MAGIC_BYTES = 4, DEPTH_MAX = 16, VARINT_BITS = 64, LONG_LIST = 15 };

/* Types of the compact protocol that have a size of their own; the others are varints. */
enum type {
    TYPE_STOP,
    TYPE_TRUE,
    TYPE_FALSE,
    TYPE_BYTE,
    TYPE_DOUBLE = 7,
    TYPE_BINARY,
    TYPE_LIST,
    TYPE_SET,
    TYPE_MAP,
    TYPE_STRUCT,
    TYPE_UUID
};

enum {
    FILE_ROW_GROUPS = 4,
    GROUP_COLUMNS = 1,
    CHUNK_META_DATA = 3,
    META_TYPE = 1,
    META_PATH = 3,
    META_VALUES = 5,
    META_PLAIN = 6,
    META_COMPRESSED = 7,
    META_DATA_PAGE = 9,
    META_DICTIONARY_PAGE = 11,
    TYPE_BYTE_ARRAY = 6, /* of META_TYPE */
};

struct cursor {
    const unsigned char *at, *end;
    bool bad; /* the bytes are no footer; everything reads as 0 from there on */
};

struct field {
    int64_t id;
    enum type type;
};

struct walk {
    struct cursor cursor;
    struct assay_parquet_chunk chunk;
    assay_parquet_chunk_fn *take;
    void *context;
};

/* --- the compact protocol --- */

static void fail(struct cursor *cursor)
{
    cursor->bad = true;
    cursor->at = cursor->end;
}

static unsigned take_byte(struct cursor *cursor)
{
    if (cursor->at < cursor->end)
        return *cursor->at++;
    fail(cursor);
    return 0;
}

static uint64_t take_varint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < VARINT_BITS; shift += 7) {
        const unsigned byte = take_byte(cursor);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    fail(cursor);
    return 0;
}

static int64_t take_signed(struct cursor *cursor)
{
    const uint64_t zigzag = take_varint(cursor);
    return (int64_t)(zigzag >> 1 ^ -(zigzag & 1));
}

static void skip_bytes(struct cursor *cursor, uint64_t count)
{
    if (count > (uint64_t)(cursor->end - cursor->at))
        fail(cursor);
    else
        cursor->at += count;
}

/* The next field of a struct; false at its end. */
static bool take_field(struct cursor *cursor, struct field *field)
{
    const unsigned header = take_byte(cursor);
    field->type = (enum type)(header & 15);
    if (field->type == TYPE_STOP)
        return false;
    field->id = header >> 4 ? field->id + (header >> 4) : take_signed(cursor);
    return !cursor->bad;
}

/* Every element takes a byte at least, so a count beyond the bytes that are left is nonsense. */
static uint64_t take_count(struct cursor *cursor, enum type *ret_type)
{
    const unsigned header = take_byte(cursor);
    const uint64_t count = header >> 4 == LONG_LIST ? take_varint(cursor) : header >> 4;
    *ret_type = (enum type)(header & 15);
    if (count <= (uint64_t)(cursor->end - cursor->at))
        return count;
    fail(cursor);
    return 0;
}

static void skip(struct cursor *cursor, enum type type, bool in_list, unsigned depth);

static void skip_list(struct cursor *cursor, unsigned depth)
{
    enum type type;
    for (uint64_t left = take_count(cursor, &type); left && !cursor->bad; left--)
        skip(cursor, type, true, depth);
}

static void skip_map(struct cursor *cursor, unsigned depth)
{
    uint64_t left = take_varint(cursor);
    const unsigned types = left ? take_byte(cursor) : 0;
    for (; left && !cursor->bad; left--) {
        skip(cursor, (enum type)(types >> 4), true, depth);
        skip(cursor, (enum type)(types & 15), true, depth);
    }
}

static void skip_struct(struct cursor *cursor, unsigned depth)
{
    struct field field = {0};
    while (take_field(cursor, &field))
        skip(cursor, field.type, false, depth);
}

/* A truth value lies in the header of its field, but is a byte in a list. */
static void skip(struct cursor *cursor, enum type type, bool in_list, unsigned depth)
{
    if (depth == DEPTH_MAX || type == TYPE_STOP || type > TYPE_UUID) {
        fail(cursor);
        return;
    }
    switch (type) {
    case TYPE_TRUE:
    case TYPE_FALSE:
        skip_bytes(cursor, in_list);
        break;
    case TYPE_BYTE:
        skip_bytes(cursor, 1);
        break;
    case TYPE_DOUBLE:
        skip_bytes(cursor, sizeof(double));
        break;
    case TYPE_BINARY:
        skip_bytes(cursor, take_varint(cursor));
        break;
    case TYPE_LIST:
    case TYPE_SET:
        skip_list(cursor, depth + 1);
        break;
    case TYPE_MAP:
        skip_map(cursor, depth + 1);
        break;
    case TYPE_STRUCT:
        skip_struct(cursor, depth + 1);
        break;
    case TYPE_UUID:
        skip_bytes(cursor, 16);
        break;
    default:
        (void)take_varint(cursor);
    }
}

/* --- the footer --- */

/* Walks the structs of a list: `each` reads one to its end. */
static int each_struct(struct walk *walk, int (*each)(struct walk *, struct assay_error *),
                       size_t *number, struct assay_error *err)
{
    enum type type;
    const uint64_t count = take_count(&walk->cursor, &type);
    if (count && type != TYPE_STRUCT)
        fail(&walk->cursor);
    for (*number = 0; *number < count && !walk->cursor.bad; (*number)++)
        ASSAY_TRY(each(walk, err));
    return ASSAY_OK;
}

static uint64_t take_bytes(struct cursor *cursor)
{
    const int64_t bytes = take_signed(cursor);
    return bytes > 0 ? (uint64_t)bytes : 0;
}

/* The name of a column is the only one of its path. */
static void walk_path(struct walk *walk)
{
    enum type type;
    const uint64_t count = take_count(&walk->cursor, &type);
    if (count && type != TYPE_BINARY)
        fail(&walk->cursor);
    for (uint64_t i = 0; i < count && !walk->cursor.bad; i++) {
        const uint64_t size = take_varint(&walk->cursor);
        walk->chunk.name = count == 1 ? (const char *)walk->cursor.at : NULL;
        walk->chunk.name_bytes = (size_t)size;
        skip_bytes(&walk->cursor, size);
    }
}

static void walk_meta_data(struct walk *walk)
{
    struct cursor *cursor = &walk->cursor;
    struct field field = {0};
    uint64_t data_page = 0, dictionary_page = 0;
    while (take_field(cursor, &field)) {
        if (field.id == META_TYPE)
            walk->chunk.texts = take_signed(cursor) == TYPE_BYTE_ARRAY;
        else if (field.id == META_PATH && field.type == TYPE_LIST)
            walk_path(walk);
        else if (field.id == META_VALUES)
            walk->chunk.values = take_bytes(cursor);
        else if (field.id == META_PLAIN)
            walk->chunk.plain_bytes = take_bytes(cursor);
        else if (field.id == META_COMPRESSED)
            walk->chunk.compressed_bytes = take_bytes(cursor);
        else if (field.id == META_DATA_PAGE)
            data_page = take_bytes(cursor);
        else if (field.id == META_DICTIONARY_PAGE)
            dictionary_page = take_bytes(cursor);
        else
            skip(cursor, field.type, false, 0);
    }
    if (dictionary_page && data_page > dictionary_page)
        walk->chunk.dictionary_bytes = data_page - dictionary_page;
}

static int walk_chunk(struct walk *walk, struct assay_error *err)
{
    struct field field = {0};
    walk->chunk =
        (struct assay_parquet_chunk){.group = walk->chunk.group, .column = walk->chunk.column};
    while (take_field(&walk->cursor, &field))
        if (field.id == CHUNK_META_DATA && field.type == TYPE_STRUCT)
            walk_meta_data(walk);
        else
            skip(&walk->cursor, field.type, false, 0);
    return walk->cursor.bad ? ASSAY_OK : walk->take(walk->context, &walk->chunk, err);
}

static int walk_group(struct walk *walk, struct assay_error *err)
{
    struct field field = {0};
    while (take_field(&walk->cursor, &field))
        if (field.id == GROUP_COLUMNS && field.type == TYPE_LIST)
            ASSAY_TRY(each_struct(walk, walk_chunk, &walk->chunk.column, err));
        else
            skip(&walk->cursor, field.type, false, 0);
    return ASSAY_OK;
}

static int walk_file(struct walk *walk, struct assay_error *err)
{
    struct field field = {0};
    while (take_field(&walk->cursor, &field))
        if (field.id == FILE_ROW_GROUPS && field.type == TYPE_LIST)
            ASSAY_TRY(each_struct(walk, walk_group, &walk->chunk.group, err));
        else
            skip(&walk->cursor, field.type, false, 0);
    return ASSAY_OK;
}

static int no_footer(const char *path, struct assay_error *err)
{
    return assay_fail(err, ASSAY_FORMAT, "%s has no footer that can be read", path);
}

/* The footer lies in front of its length and the magic at the end of the file. */
static int read_footer(int fd, const char *path, unsigned char **ret_footer, size_t *ret_size,
                       struct assay_error *err)
{
    unsigned char tail[TAIL_BYTES];
    struct stat info;
    if (fstat(fd, &info) || info.st_size < TAIL_BYTES ||
        pread(fd, tail, TAIL_BYTES, info.st_size - TAIL_BYTES) != TAIL_BYTES ||
        memcmp(tail + MAGIC_BYTES, "PAR1", MAGIC_BYTES) != 0)
        return no_footer(path, err);
    const size_t size =
        (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    if (size > (size_t)(info.st_size - TAIL_BYTES))
        return no_footer(path, err);
    unsigned char *footer = assay_malloc(size + 1);
    if (!footer)
        return assay_fail_memory(err);
    if (pread(fd, footer, size, info.st_size - TAIL_BYTES - (off_t)size) != (ssize_t)size) {
        assay_free(footer);
        return no_footer(path, err);
    }
    *ret_footer = footer;
    *ret_size = size;
    return ASSAY_OK;
}

int assay_parquet_chunks(const char *path, assay_parquet_chunk_fn *take, void *context,
                         struct assay_error *err)
{
    unsigned char *footer = NULL;
    size_t size = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return assay_fail_errno(err, assay_code_of_errno(errno), errno, "opening %s", path);
    int rc = read_footer(fd, path, &footer, &size, err);
    (void)close(fd);
    ASSAY_TRY(rc);
    struct walk walk = {
        .cursor = {.at = footer, .end = footer + size}, .take = take, .context = context};
    rc = walk_file(&walk, err);
    assay_free(footer);
    return rc == ASSAY_OK && walk.cursor.bad ? no_footer(path, err) : rc;
}
