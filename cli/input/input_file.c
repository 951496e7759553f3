// Inputs that are files: standard input, one file, a glob, a folder.
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input/input.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/memory.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static json_t *file_source(const char *name, const char *location, json_t *files)
{
    return json_pack("{s:s, s:{}, s:{s:o, s:s, s:o, s:o}}", "connector", "file", "properties",
                     "container", "name", assay_json_safe_string(name, strlen(name)),
                     "container_type", "file", "location",
                     assay_json_safe_string(location, strlen(location)), "files", files);
}

static int add_files(struct assay_inputs *inputs, const char *name, const char *location,
                     json_t *files, struct assay_error *err)
{
    struct assay_input item = {.name = assay_strdup(name),
                               .location = assay_strdup(location),
                               .source = file_source(name, location, files),
                               .from_stdin = strcmp(name, "-") == 0};
    return assay_inputs_add(inputs, &item, err);
}

int assay_input_add_stdin(const struct assay_session *session, struct assay_inputs *inputs,
                          struct assay_error *err)
{
    if (!json_object_get(session->reader, "format"))
        return assay_fail(err, ASSAY_USAGE,
                          "reading standard input: it has no name that tells its format: give "
                          "--reader format=csv");
    if (isatty(STDIN_FILENO))
        return assay_fail(
            err, ASSAY_USAGE,
            "reading standard input: it is a terminal: pipe or redirect data into it");
    for (size_t i = 0; i < inputs->count; i++)
        if (inputs->items[i].from_stdin)
            return assay_fail(err, ASSAY_USAGE,
                              "reading standard input: `-` is given twice: it can be read once");
    return add_files(inputs, "-", "-", json_pack("[{s:s}]", "path", "-"), err);
}

static json_t *file_entry(const char *absolute, const char *shown, const struct stat *status)
{
    json_t *path = assay_json_safe_string(absolute, strlen(absolute));
    return json_pack(
        "{s:o, s:o, s:I, s:I}", "path", path, "shown", assay_json_safe_string(shown, strlen(shown)),
        "size_bytes", (json_int_t)status->st_size, "modified_us",
        (json_int_t)(status->st_mtim.tv_sec * ASSAY_US_PER_S + status->st_mtim.tv_nsec / 1000));
}

/* Push the entry of one file. ASSAY_UNSUPPORTED for what is no regular file. */
static int push_file(json_t *files, const char *path, const char *shown, struct assay_error *err)
{
    struct stat status;
    char absolute[PATH_MAX];
    if (stat(path, &status) == 0 && S_ISFIFO(status.st_mode)) /* a file is read more than once */
        return assay_fail(err, ASSAY_UNSUPPORTED,
                          "reading %s: it is a pipe: read it as standard input: "
                          "assay profile - --reader format=csv < %s",
                          shown, shown);
    if (!realpath(path, absolute) || stat(absolute, &status))
        return assay_fail(err, assay_code_of_errno(errno),
                          "reading %s: %s: check its name and its rights", shown, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return assay_fail(err, ASSAY_UNSUPPORTED,
                          "reading %s: it is no regular file: name a file, a folder or a glob",
                          shown);
    if (access(absolute, R_OK))
        return assay_fail(err, assay_code_of_errno(errno), "reading %s: %s: check its rights",
                          shown, strerror(errno));
    return assay_json_push(files, file_entry(absolute, shown, &status), err);
}

static int add_file(struct assay_inputs *inputs, const char *path, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *files = json_array();
    if (!files)
        return assay_fail_memory(err);
    ASSAY_TRY(push_file(files, path, path, err));
    return add_files(inputs, base_name(path), path, ASSAY_TAKE(files), err);
}

static int add_glob_matches(struct assay_inputs *inputs, const char *pattern, const glob_t *matches,
                            struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *files = json_array();
    if (!files)
        return assay_fail_memory(err);
    for (size_t i = 0; i < matches->gl_pathc; i++) {
        struct stat status;
        if (stat(matches->gl_pathv[i], &status) == 0 && S_ISDIR(status.st_mode))
            continue;
        ASSAY_TRY(push_file(files, matches->gl_pathv[i], matches->gl_pathv[i], err));
    }
    if (json_array_size(files) == 0)
        return assay_fail(err, ASSAY_USAGE, "reading %s: no file matches: check the pattern",
                          pattern);
    return add_files(inputs, base_name(pattern), pattern, ASSAY_TAKE(files), err);
}

static int add_glob(struct assay_inputs *inputs, const char *pattern, struct assay_error *err)
{
    glob_t matches = {0};
    const int rc = glob(pattern, GLOB_BRACE | GLOB_TILDE, NULL, &matches);
    int added;
    if (rc == GLOB_NOMATCH)
        added =
            assay_fail(err, ASSAY_USAGE, "reading %s: no file matches: check the pattern", pattern);
    else if (rc)
        added = assay_fail(err, rc == GLOB_NOSPACE ? ASSAY_NO_MEMORY : ASSAY_IO,
                           "reading %s: a folder cannot be read: check its rights", pattern);
    else
        added = add_glob_matches(inputs, pattern, &matches, err);
    globfree(&matches);
    return added;
}

static int add_folder(struct assay_session *session, struct assay_inputs *inputs, const char *path,
                      struct assay_error *err)
{
    char absolute[PATH_MAX];
    if (!realpath(path, absolute))
        return assay_fail(err, assay_code_of_errno(errno),
                          "reading %s: %s: check its name and its rights", path, strerror(errno));
    ASSAY_AUTO(assay_json_decref)
    json_t *source = json_pack("{s:s, s:{s:o}}", "connector", "file", "properties", "root",
                               assay_json_safe_string(absolute, strlen(absolute)));
    if (!source)
        return assay_fail_memory(err);
    const size_t before = inputs->count;
    ASSAY_TRY(assay_input_add_listed(session, inputs, source, NULL, path, err));
    if (inputs->count == before && json_array_size(inputs->errors) == 0)
        return assay_fail(err, ASSAY_USAGE,
                          "reading the folder %s: it has no data files (csv, tsv, psv, txt, json, "
                          "jsonl, parquet): "
                          "name another folder or a file",
                          path);
    return ASSAY_OK;
}

int assay_input_add_path(struct assay_session *session, struct assay_inputs *inputs,
                         const char *path, struct assay_error *err)
{
    struct stat status;
    if (stat(path, &status) == 0)
        return S_ISDIR(status.st_mode) ? add_folder(session, inputs, path, err)
                                       : add_file(inputs, path, err);
    if (errno == ENOENT && strpbrk(path, "*?[{"))
        return add_glob(inputs, path, err);
    return assay_fail(err, assay_code_of_errno(errno),
                      "reading %s: %s: check its name and its rights", path, strerror(errno));
}
