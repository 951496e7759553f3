// Files that change while they are read: what became of them is told.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>

#include "tests/unit/connect/folder.h"
#include "worker/executor/connect/file_set.h"

static char path[256];

static void write_file(const char *where, const char *text)
{
    FILE *file = fopen(where, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Times of files have the grain of the machine: set by hand. */
static void set_time(int seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static struct assay_set_file remembered(void)
{
    struct assay_set_file file = {.path = path, .spool = -1};
    write_file(path, "a\n1\n2\n");
    set_time(1000);
    assay_set_file_remember(&file);
    return file;
}

static void changes_are_told(void **state)
{
    char other[300];
    struct folder folder;
    (void)state;
    folder_make(&folder);
    (void)snprintf(path, sizeof path, "%s", folder_path(&folder, "file.csv"));
    (void)snprintf(other, sizeof other, "%s.new", path);
    struct assay_set_file file = remembered();
    assert_string_equal(file.opened, "6:1000000000000");
    assert_int_equal(assay_set_file_change(&file, file.opened), ASSAY_FILE_SAME);
    set_time(1001);
    assert_int_equal(assay_set_file_change(&file, file.opened), ASSAY_FILE_CHANGED);
    write_file(path, "a\n1\n2\n3\n");
    assert_int_equal(assay_set_file_change(&file, file.opened), ASSAY_FILE_CHANGED);
    assert_int_equal(truncate(path, 4), 0);
    assert_int_equal(assay_set_file_change(&file, file.opened), ASSAY_FILE_SHORTER);
    write_file(other, "a\n1\n2\n");
    assert_int_equal(rename(other, path), 0);
    set_time(1000);
    assert_int_equal(assay_set_file_change(&file, file.opened), ASSAY_FILE_REPLACED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(assay_set_file_change(&file, file.opened), ASSAY_FILE_GONE);
    file.spool = 3; /* standard input, copied */
    assert_int_equal(assay_set_file_change(&file, file.opened), ASSAY_FILE_SAME);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
