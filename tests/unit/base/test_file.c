// Files: room without a name is nobody else's, and is refused where there is none.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"

static size_t names_in(const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t count = 0;
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count - 2; /* . and .. */
}

static void unnamed(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("TMPDIR", folder, 1), 0);
    struct assay_error err = {0};
    int fd = -1;
    assert_int_equal(assay_file_unnamed("a test", &fd, &err), ASSAY_OK);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_nlink, 0);
    assert_int_equal(names_in(folder), 0);
    assert_int_equal(assay_fd_write_all(fd, "it", "kept", 4, &err), ASSAY_OK);
    char back[4];
    assert_int_equal(pread(fd, back, sizeof back, 0), 4);
    assert_memory_equal(back, "kept", 4);
    (void)close(fd);

    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(assay_file_unnamed("a test", &fd, &err), ASSAY_IO);
    assert_non_null(strstr(err.text, "making room for a test"));
    assert_non_null(strstr(err.text, folder));
    assert_int_equal(unsetenv("TMPDIR"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(unnamed)};
    return cmocka_run_group_tests_name("base: file", tests, NULL, NULL);
}
