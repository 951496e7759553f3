// Buffers, arena, UTF-8, errors and files; and each of their allocations failing in turn.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"

static void a_buffer_stops_at_its_ceiling(void **state)
{
    (void)state;
    struct assay_buf buf = {.max_bytes = 8};
    assay_buf_text(&buf, "12345678");
    assert_int_equal(assay_buf_check(&buf, NULL), ASSAY_OK);
    assay_buf_char(&buf, '9');
    assert_int_equal(assay_buf_check(&buf, NULL), ASSAY_NO_MEMORY);
    assert_string_equal(assay_buf_str(&buf), "12345678");
    assay_buf_clear(&buf);
    assay_buf_printf(&buf, "%d-%s", 42, "x");
    assay_buf_consume(&buf, 3);
    assert_string_equal(assay_buf_str(&buf), "x");
    assay_buf_release(&buf);
}

static void an_arena_aligns_and_stops(void **state)
{
    (void)state;
    struct assay_arena arena = {.max_bytes = 100000};
    for (int i = 1; i < 200; i++) {
        char *memory = assay_arena_alloc(&arena, (size_t)i);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        memset(memory, i, (size_t)i);
    }
    assert_null(assay_arena_alloc(&arena, 100000));
    assert_null(assay_arena_alloc(&arena, SIZE_MAX));
    assay_arena_clear(&arena);
    assert_string_equal(assay_arena_printf(&arena, "%s %d", "a", 1), "a 1");
    assay_arena_release(&arena);
}

/* Cases of the Unicode standard's table 3-7 and its examples of ill-formed sequences. */
static void utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
        size_t length;
    } cases[] = {
        {"", true, 0},
        {"abc", true, 3},
        {"é", true, 1},
        {"€uro-sign", true, 9},
        {"\xF0\x9F\x98\x80", true, 1},
        {"\xC0\x80", false, 2},
        {"\xED\xA0\x80", false, 3},
        {"\xF4\x90\x80\x80", false, 4},
        {"\xE2\x82", false, 2},
        {"long ascii text \xFF end", false, 21},
        {"\xF4\x8F\xBF\xBF", true, 1},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const size_t size = strlen(cases[i].text);
        assert_int_equal(assay_utf8_valid(cases[i].text, size), cases[i].valid);
        assert_int_equal(assay_utf8_length(cases[i].text, size), cases[i].length);
        struct assay_buf safe = {0};
        assay_utf8_append_safe(&safe, cases[i].text, size);
        assert_true(assay_utf8_valid(assay_buf_str(&safe), safe.size));
        assay_buf_release(&safe);
    }
    assert_int_equal(assay_utf8_cut("a€b", 5, 3), 1);
    assert_int_equal(assay_utf8_cut("a€b", 5, 4), 4);
}

static void errors_keep_the_first_and_gain_context(void **state)
{
    (void)state;
    struct assay_error err = {0};
    assert_int_equal(assay_fail_errno(&err, ASSAY_NOT_FOUND, ENOENT, "opening %s", "x.csv"),
                     ASSAY_NOT_FOUND);
    assert_int_equal(assay_fail(&err, ASSAY_IO, "second"), ASSAY_IO);
    assert_int_equal(assay_context(&err, ASSAY_IO, "profiling"), ASSAY_NOT_FOUND);
    assert_string_equal(err.text, "profiling: opening x.csv: No such file or directory");
    assert_int_equal(assay_code_by_name(assay_code_name(ASSAY_STALE)), ASSAY_STALE);
    assert_int_equal(assay_code_http(ASSAY_CONFLICT), 409);
    assert_int_equal(assay_code_retry(ASSAY_UNAVAILABLE), ASSAY_RETRY_SOURCE_DOWN);
}

static void a_file_is_replaced_whole(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-base.XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/f", folder);
    struct assay_buf buf = {0};
    struct assay_error err = {0};
    assert_int_equal(assay_file_read(path, &buf, &err), ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(assay_file_write(path, "one", 3, 0600, NULL), ASSAY_OK);
    assert_int_equal(assay_file_write(path, "second", 6, 0600, NULL), ASSAY_OK);
    assert_int_equal(assay_file_read(path, &buf, NULL), ASSAY_OK);
    assert_string_equal(buf.data, "second");
    buf.max_bytes = 4;
    assay_buf_clear(&buf);
    assert_int_equal(assay_file_read(path, &buf, NULL), ASSAY_LIMIT);
    buf.max_bytes = 6; /* exactly its size: smaller than one step of reading */
    assay_buf_clear(&buf);
    assert_int_equal(assay_file_read(path, &buf, NULL), ASSAY_OK);
    assert_string_equal(buf.data, "second");
    assay_buf_release(&buf);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing was left beside it */
}

/* Work that uses all of the base; returns ASSAY_OK or ASSAY_NO_MEMORY. */
static int work(void)
{
    struct assay_buf buf = {0};
    struct assay_arena arena = {0};
    for (int i = 0; i < 50; i++)
        assay_buf_printf(&buf, "%d,", i);
    const char *copy = assay_arena_strdup(&arena, assay_buf_str(&buf));
    char *heap = assay_strdup(assay_buf_str(&buf));
    const bool good = !buf.failed && copy && heap && !strcmp(copy, heap);
    assay_free(heap);
    assay_arena_release(&arena);
    assay_buf_release(&buf);
    return good ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assay_memory_fail_at(0);
    assert_int_equal(work(), ASSAY_OK);
    const int64_t allocations = assay_memory_count();
    assert_true(allocations > 3);
    for (int64_t nth = 1; nth <= allocations; nth++) {
        assay_memory_fail_at(nth);
        assert_int_equal(work(), ASSAY_NO_MEMORY);
    }
    assay_memory_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_stops_at_its_ceiling),
        cmocka_unit_test(an_arena_aligns_and_stops),
        cmocka_unit_test(utf8),
        cmocka_unit_test(errors_keep_the_first_and_gain_context),
        cmocka_unit_test(a_file_is_replaced_whole),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
