// Tests of the byte source: files, streams, gzip, zstd, encodings, truncation, failing memory.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "worker/executor/read/source.h"

/* Read everything in pieces of `piece` bytes. */
static int read_all(struct assay_source *source, size_t piece, struct assay_buf *text,
                    struct assay_error *err)
{
    for (;;) {
        char buffer[4096];
        size_t got;
        ASSAY_TRY(assay_source_read(source, buffer, piece, &got, err));
        if (!got)
            return assay_buf_check(text, err);
        assay_buf_append(text, buffer, got);
    }
}

static int decode(const void *data, size_t size, const char *encoding, size_t piece,
                  struct assay_buf *text, struct assay_error *err)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    ASSAY_TRY(assay_source_open_memory(data, size, "data.csv", encoding, &source, err));
    return read_all(source, piece, text, err);
}

static const struct {
    const char *label, *data;
    size_t size;
    const char *encoding, *expected, *said;
} encodings[] = {
    {"utf-8", "a\xC3\xA4", 3, NULL, "a\xC3\xA4", "utf-8"},
    {"utf-8 with mark",
     "\xEF\xBB\xBF"
     "a",
     4, NULL, "a", "utf-8"},
    {"utf-16 little-endian by mark",
     "\xFF\xFE"
     "a\0\xE4\0",
     6, NULL, "a\xC3\xA4", "utf-16le"},
    {"utf-16 big-endian by mark",
     "\xFE\xFF"
     "\0a\0\xE4",
     6, NULL, "a\xC3\xA4", "utf-16be"},
    {"utf-16 big-endian by name", "\0a\0b", 4, "UTF-16BE", "ab", "utf-16be"},
    {"surrogate pair", "\xFF\xFE\x3D\xD8\x00\xDE", 6, NULL, "\xF0\x9F\x98\x80", "utf-16le"},
    {"lone surrogate is malformed UTF-8",
     "\xFF\xFE\x3D\xD8"
     "a\0",
     6, NULL,
     "\xED\xA0\xBD"
     "a",
     "utf-16le"},
    {"latin-1", "a\xE4", 2, "latin-1", "a\xC3\xA4", "latin1"},
    {"windows-1252", "\x80", 1, "cp1252", "\xE2\x82\xAC", "windows-1252"},
    {"empty", "", 0, NULL, "", "utf-8"},
    {"utf-16 little-endian without mark", "a\0,\0b\0\n\0\xE4\0", 10, NULL, "a,b\n\xC3\xA4",
     "utf-16le"},
    {"utf-16 big-endian without mark", "\0a\0,\0b\0\n\0\xE4", 10, NULL, "a,b\n\xC3\xA4",
     "utf-16be"},
    {"utf-32 little-endian by mark", "\xFF\xFE\0\0a\0\0\0\xE4\0\0\0", 12, NULL, "a\xC3\xA4",
     "utf-32le"},
    {"utf-32 big-endian by mark", "\0\0\xFE\xFF\0\0\0a", 8, NULL, "a", "utf-32be"},
};

/* Where each character of the text stands in the file: hand-counted. */
static const struct {
    const char *label, *data;
    size_t size;
    const char *encoding;
    struct {
        uint64_t text, file;
    } places[6];
} places[] = {
    {"utf-8 as it is", "a\xC3\xA4z", 4, NULL, {{0, 0}, {1, 1}, {3, 3}}},
    {"utf-16 behind its mark",
     "\xFF\xFE"
     "a\0\xE4\0z\0",
     8,
     NULL,
     {{0, 2}, {1, 4}, {3, 6}, {4, 8}}},
    {"a surrogate pair, then a lone one",
     "\xFF\xFE\x3D\xD8\x00\xDE\x3D\xD8z\0",
     10,
     NULL,
     {{0, 2}, {4, 6}, {7, 8}, {8, 10}}},
    {"latin-1", "\xE4\xE4z", 3, "latin-1", {{0, 0}, {2, 1}, {4, 2}, {5, 3}}},
};

static void places_in_the_file(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(places); i++) {
        ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        struct assay_error err = {0};
        print_message("%s\n", places[i].label);
        assert_int_equal(assay_source_open_memory(places[i].data, places[i].size, "t",
                                                  places[i].encoding, &source, &err),
                         ASSAY_OK);
        assert_int_equal(read_all(source, 64, &text, &err), ASSAY_OK);
        for (int round = 0; round < 2; round++) /* rising, and from the beginning again */
            for (size_t j = 0; j < 6 && (j == 0 || places[i].places[j].text); j++)
                assert_int_equal(assay_source_file_offset(source, places[i].places[j].text),
                                 places[i].places[j].file);
    }
}

/* Many blocks of two-byte characters: a place far behind is found from a place near it. */
static void places_far_behind(void **unused)
{
    (void)unused;
    enum { CHARACTERS = 300000 };
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0}, text = {0};
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    struct assay_error err = {0};
    assay_buf_append(&data, "\xFF\xFE", 2);
    for (int i = 0; i < CHARACTERS; i++)
        assay_buf_append(&data, i % 3 ? "a\0" : "\xE4\0", 2);
    assert_int_equal(assay_source_open_memory(data.data, data.size, "t", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(read_all(source, 4096, &text, &err), ASSAY_OK);
    assert_int_equal(text.size, CHARACTERS / 3 * 4);
    for (uint64_t third = 0; third < CHARACTERS / 3; third += 7777) /* each of 4 bytes of text */
        assert_int_equal(assay_source_file_offset(source, 4 * third), 2 + 6 * third);
    assert_int_equal(assay_source_file_offset(source, 4), 8);
}

static void encodings_table(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(encodings); i++) {
        for (size_t piece = 1; piece <= 4096; piece *= 8) {
            ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
            struct assay_error err = {0};
            print_message("%s, %zu bytes a piece\n", encodings[i].label, piece);
            assert_int_equal(decode(encodings[i].data, encodings[i].size, encodings[i].encoding,
                                    piece, &text, &err),
                             ASSAY_OK);
            assert_string_equal(assay_buf_str(&text), encodings[i].expected);
        }
        ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
        struct assay_error err = {0};
        assert_int_equal(assay_source_open_memory(encodings[i].data, encodings[i].size, "t",
                                                  encodings[i].encoding, &source, &err),
                         ASSAY_OK);
        assert_string_equal(assay_source_encoding(source), encodings[i].said);
        assert_int_equal(assay_source_seekable(source), !strcmp(encodings[i].said, "utf-8"));
    }
}

static void gzip(const void *data, size_t size, struct assay_buf *out)
{
    z_stream stream = {0};
    unsigned char room[8192];
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)(uintptr_t)data;
    stream.avail_in = (unsigned)size;
    stream.next_out = room;
    stream.avail_out = sizeof room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assay_buf_append(out, room, sizeof room - stream.avail_out);
    (void)deflateEnd(&stream);
}

static void zstd(const void *data, size_t size, struct assay_buf *out)
{
    char room[8192];
    const size_t made = ZSTD_compress(room, sizeof room, data, size, 3);
    assert_false(ZSTD_isError(made));
    assay_buf_append(out, room, made);
}

typedef void compress_fn(const void *data, size_t size, struct assay_buf *out);

/* Two members, every size of piece; then cut at every byte: never a crash, always an error that
 * names file and byte. */
static void compressed(compress_fn *compress, const char *name)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0}, text = {0};
    struct assay_error err = {0};
    compress("first member, ", 14, &data);
    const size_t first = data.size;
    compress("second member", 13, &data);
    for (size_t piece = 1; piece <= 64; piece *= 4) {
        assay_buf_clear(&text);
        assert_int_equal(decode(data.data, data.size, NULL, piece, &text, &err), ASSAY_OK);
        assert_string_equal(assay_buf_str(&text), "first member, second member");
    }
    for (size_t cut = 5; cut < data.size; cut++) {
        assay_buf_clear(&text);
        assay_error_clear(&err);
        const int rc = decode(data.data, cut, NULL, 64, &text, &err);
        if (cut == first) {
            assert_int_equal(rc, ASSAY_OK);
            continue;
        }
        assert_int_equal(rc, ASSAY_FORMAT);
        assert_non_null(strstr(err.text, "data.csv"));
        assert_non_null(strstr(err.text, name));
        assert_non_null(strstr(err.text, "byte"));
    }
}

static void gzip_members(void **unused)
{
    (void)unused;
    compressed(gzip, "gzip");
}

static void zstd_frames(void **unused)
{
    (void)unused;
    compressed(zstd, "zstd");
}

static void damaged(void **unused)
{
    (void)unused;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0}, text = {0};
    struct assay_error err = {0};
    gzip("some text to be damaged", 23, &data);
    data.data[data.size - 6] ^= 0x55; /* the checksum */
    assert_int_equal(decode(data.data, data.size, NULL, 64, &text, &err), ASSAY_FORMAT);
    assert_non_null(strstr(err.text, "damaged"));
}

static void errors(void **unused)
{
    (void)unused;
    struct assay_source *source;
    struct assay_error err = {0};
    assert_int_equal(assay_source_open("/no/such/file.csv", NULL, &source, &err), ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.text, "/no/such/file.csv"));
    assay_error_clear(&err);
    assert_int_equal(assay_source_open("/tmp", NULL, &source, &err), ASSAY_INVALID);
    assay_error_clear(&err);
    assert_int_equal(assay_source_open_memory("a", 1, "t", "klingon", &source, &err),
                     ASSAY_INVALID);
    assert_non_null(strstr(err.text, "klingon"));
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_error_clear(&err);
    assert_int_equal(decode("\xFF\xFE"
                            "a",
                            3, NULL, 64, &text, &err),
                     ASSAY_FORMAT);
    assert_non_null(strstr(err.text, "byte"));
}

static void file_and_pipe(void **unused)
{
    (void)unused;
    char path[] = "/tmp/assay-source-XXXXXX";
    const int fd = mkstemp(path);
    ASSAY_AUTO(assay_source_close) struct assay_source *file = NULL, *stream = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    struct assay_error err = {0};
    int ends[2];
    const char *ahead;
    size_t size;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    assert_int_equal(assay_source_open(path, NULL, &file, &err), ASSAY_OK);
    assert_true(assay_source_seekable(file));
    assert_int_equal(assay_source_size(file), 10);
    assert_int_equal(assay_source_seek(file, 4, &err), ASSAY_OK);
    assert_int_equal(assay_source_peek(file, 3, &ahead, &size, &err), ASSAY_OK);
    assert_memory_equal(ahead, "456", 3);
    assert_int_equal(assay_source_peek(file, 100, &ahead, &size, &err), ASSAY_OK);
    assert_int_equal(size, 6);
    assert_int_equal(read_all(file, 4, &text, &err), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "456789");
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    (void)close(ends[1]);
    assay_buf_clear(&text);
    assert_int_equal(assay_source_open_fd(ends[0], "pipe", NULL, &stream, &err), ASSAY_OK);
    assert_false(assay_source_seekable(stream));
    assert_int_equal(assay_source_seek(stream, 0, &err), ASSAY_UNSUPPORTED);
    assert_int_equal(read_all(stream, 2, &text, &err), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "abc");
    (void)close(ends[0]);
    (void)close(fd);
    (void)unlink(path);
}

static void failing_memory(void **unused)
{
    (void)unused;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf packed = {0};
    gzip("\xFF\xFE"
         "a\0b\0",
         6, &packed);
    for (int64_t nth = 1;; nth++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        struct assay_error err = {0};
        assay_memory_fail_at(nth);
        const int rc = decode(packed.data, packed.size, "utf-16", 64, &text, &err);
        const bool over = assay_memory_count() < nth;
        assay_memory_fail_at(0);
        if (over) {
            assert_string_equal(assay_buf_str(&text), "ab");
            break;
        }
        assert_int_equal(rc, ASSAY_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_table),
        cmocka_unit_test(gzip_members),
        cmocka_unit_test(zstd_frames),
        cmocka_unit_test(damaged),
        cmocka_unit_test(errors),
        cmocka_unit_test(file_and_pipe),
        cmocka_unit_test(failing_memory),
        cmocka_unit_test(places_in_the_file),
        cmocka_unit_test(places_far_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
