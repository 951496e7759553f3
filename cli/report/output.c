// Where a report goes.
// SPDX-License-Identifier: Apache-2.0
#include "cli/report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"

static bool is_stream(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static int write_stream(const char *path, const struct assay_buf *text, struct assay_error *err)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return assay_fail_errno(err, ASSAY_USAGE, errno, "writing %s", path);
    const int rc = assay_fd_write_all(fd, path, assay_buf_str(text), text->size, err);
    (void)close(fd);
    return rc;
}

int assay_output_write(const char *path, const struct assay_buf *text, struct assay_error *err)
{
    ASSAY_TRY(assay_buf_check(text, err));
    if (!path || strcmp(path, "-") == 0)
        return assay_fd_write_all(STDOUT_FILENO, "the output", assay_buf_str(text), text->size,
                                  err);
    if (is_stream(path))
        return write_stream(path, text, err);
    const int rc = assay_file_write(path, assay_buf_str(text), text->size, 0644, err);
    return rc == ASSAY_OK ? rc : assay_context(err, rc, "writing the report");
}

int assay_output_probe(const char *path, struct assay_error *err)
{
    if (!path || strcmp(path, "-") == 0)
        return ASSAY_OK;
    char *copy = assay_strdup(path);
    if (!copy)
        return assay_fail_memory(err);
    const char *folder = dirname(copy);
    struct stat status;
    int rc = ASSAY_OK;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        rc = assay_fail(err, ASSAY_USAGE, "writing %s: it is a folder: name a file", path);
    else if (access(folder, W_OK) && !is_stream(path))
        rc = assay_fail(err, ASSAY_USAGE, "writing %s: the folder %s: %s: name another place", path,
                        folder, strerror(errno));
    assay_free(copy);
    return rc;
}

static int wrong_format(const char *text, const char *formats, struct assay_error *err)
{
    char list[128] = "";
    for (const char *format = formats; *format; format += strlen(format) + 1) {
        if (*list)
            (void)strncat(list, ", ", sizeof list - strlen(list) - 1);
        (void)strncat(list, format, sizeof list - strlen(list) - 1);
    }
    return assay_fail(err, ASSAY_USAGE, "reading --report %.60s: write FORMAT=FILE with one of %s",
                      text, list);
}

int assay_output_split(const char *text, const char *formats, char ret_format[static 16],
                       const char **ret_path, struct assay_error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals || !equals[1])
        return wrong_format(text, formats, err);
    const size_t size_bytes = (size_t)(equals - text);
    for (const char *format = formats; *format; format += strlen(format) + 1)
        if (strlen(format) == size_bytes && strncmp(format, text, size_bytes) == 0) {
            memcpy(ret_format, format, size_bytes + 1);
            *ret_path = equals + 1;
            return assay_output_probe(*ret_path, err);
        }
    return wrong_format(text, formats, err);
}
