// Opening the files of a container and unifying their fields by name.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/file_set.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "worker/executor/connect/file_describe.h"

enum { SPOOL_STEP = 1 << 16, MAX_THREADS = 8 };

void assay_file_set_free(struct assay_file_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++) {
        assay_free(set->files[i].path);
        assay_free(set->files[i].shown);
        assay_free(set->files[i].fields);
        assay_csv_head_free(set->files[i].head);
        if (set->files[i].spool >= 0)
            (void)close(set->files[i].spool);
    }
    assay_free(set->files);
    assay_json_fields_free(set->json);
    assay_schema_release(&set->schema);
    json_decref(set->options);
    json_decref(set->warnings);
    assay_free(set);
}

/* Standard input is read more than once: fields first, then records, perhaps in ranges. A pipe's
 * bytes are kept in a file without a name, which is standard input from then on: a set may be
 * opened again. */
static int spool_stdin(struct assay_set_file *file, struct assay_error *err)
{
    struct stat info;
    if (fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode) &&
        lseek(STDIN_FILENO, 0, SEEK_CUR) == 0)
        return ASSAY_OK; /* its path below is as good as any */
    ASSAY_TRY(assay_file_unnamed("standard input", &file->spool, err));
    ASSAY_AUTO(assay_free) void *step = assay_malloc(SPOOL_STEP);
    if (!step)
        return assay_fail_memory(err);
    for (;;) {
        const ssize_t got = read(STDIN_FILENO, step, SPOOL_STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return assay_fail_errno(err, ASSAY_IO, errno, "reading standard input");
        if (got == 0)
            break;
        ASSAY_TRY(
            assay_fd_write_all(file->spool, "the copy of standard input", step, (size_t)got, err));
    }
    if (dup2(file->spool, STDIN_FILENO) < 0 || lseek(STDIN_FILENO, 0, SEEK_SET) != 0)
        return assay_fail_errno(err, ASSAY_IO, errno, "keeping standard input");
    return ASSAY_OK;
}

static int take_stdin(struct assay_set_file *file, struct assay_error *err)
{
    ASSAY_TRY(spool_stdin(file, err));
    struct assay_buf path = {0};
    assay_buf_printf(&path, "/proc/self/fd/%d", file->spool >= 0 ? file->spool : STDIN_FILENO);
    file->path = assay_buf_take(&path);
    return file->path ? ASSAY_OK : assay_fail_memory(err);
}

static int add_paths(struct assay_file_set *set, const json_t *files,
                     const struct assay_fence *fence, struct assay_error *err)
{
    set->files = assay_calloc(json_array_size(files), sizeof *set->files);
    if (!set->files)
        return assay_fail_memory(err);
    size_t i;
    const json_t *file;
    json_array_foreach(files, i, file)
    {
        const char *path = NULL;
        ASSAY_TRY(assay_json_need_str(file, "path", &path, err));
        struct assay_set_file *item = &set->files[set->count++];
        item->spool = -1;
        item->shown = assay_strdup(assay_json_str(file, "shown", path));
        ASSAY_TRY(strcmp(path, "-") == 0 ? take_stdin(item, err)
                                         : assay_fence_resolve(fence, path, &item->path, err));
        if (!item->path || !item->shown)
            return assay_fail_memory(err);
        assay_set_file_remember(item);
    }
    return ASSAY_OK;
}

static int settle_format(struct assay_file_set *set, const json_t *reader_options,
                         struct assay_error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        const char *format = NULL;
        ASSAY_TRY(
            assay_file_format(strcmp(set->files[i].shown, "-") == 0 ? "-" : set->files[i].path,
                              reader_options, &format, err));
        if (!set->format)
            set->format = format;
        else if (assay_file_family(format) != assay_file_family(set->format))
            return assay_fail(err, ASSAY_INVALID,
                              "%s is %s, %s is %s: one container holds files of one format",
                              set->files[0].shown, set->format, set->files[i].shown, format);
    }
    set->family = assay_file_family(set->format);
    set->options = reader_options ? json_copy((json_t *)reader_options) : json_object();
    return set->options ? assay_json_set(set->options, "format", json_string(set->format), err)
                        : assay_fail_memory(err);
}

static int warn(struct assay_file_set *set, const char *code, const struct assay_set_file *file,
                const char *field, const char *does, struct assay_error *err)
{
    if (!set->warnings && !(set->warnings = json_array()))
        return assay_fail_memory(err);
    return assay_json_push(
        set->warnings,
        json_pack("{s:s, s:o, s:o}", "code", code, "field",
                  assay_json_safe_string(field, strlen(field)), "message",
                  json_sprintf("the header of %s %s %s", file->shown, does, field)),
        err);
}

/* Take the fields of one more file in; the first one's order leads. */
static int unify(struct assay_file_set *set, struct assay_set_file *file, struct assay_error *err)
{
    const bool first = file == set->files;
    for (size_t i = 0; i < file->head->schema.count; i++) {
        const struct assay_field *field = &file->head->schema.fields[i];
        if (assay_schema_find(&set->schema, field->name) >= 0)
            continue;
        if (!assay_schema_add(&set->schema, field->name, field->native_type, field->type,
                              field->layout))
            return assay_fail_memory(err);
        set->schema.fields[set->schema.count - 1].nullable = true;
        if (!first)
            ASSAY_TRY(warn(set, "header_adds_field", file, field->name, "adds", err));
    }
    return ASSAY_OK;
}

/* Once all fields are known: which of them the file has. */
static int map_fields(struct assay_file_set *set, struct assay_set_file *file,
                      struct assay_error *err)
{
    file->fields = assay_calloc(set->schema.count + 1, sizeof *file->fields);
    if (!file->fields)
        return assay_fail_memory(err);
    for (size_t i = 0; i < set->schema.count; i++) {
        const char *name = set->schema.fields[i].name;
        const ptrdiff_t at = assay_schema_find((&file->head->schema), name);
        if (at >= 0)
            file->fields[file->fields_count++] = file->head->schema.fields[at].name;
        else if (file->head->schema.count) /* an empty file lacks nothing */
            ASSAY_TRY(warn(set, "header_lacks_field", file, name, "lacks", err));
    }
    return ASSAY_OK;
}

static int open_csv_file(struct assay_file_set *set, struct assay_set_file *file,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    ASSAY_TRY(assay_source_open(file->path, assay_json_str(set->options, "encoding", NULL), &source,
                                err));
    ASSAY_TRY(assay_csv_head_read(source, set->options, &file->head, err));
    return unify(set, file, err);
}

static int open_csv(struct assay_file_set *set, struct assay_error *err)
{
    for (size_t i = 0; i < set->count; i++)
        ASSAY_TRY(open_csv_file(set, &set->files[i], err));
    for (size_t i = 0; i < set->count; i++)
        ASSAY_TRY(map_fields(set, &set->files[i], err));
    return ASSAY_OK;
}

/* Reader option `threads`, else what the machine has: finding the fields of a large file takes
 * every byte. */
static int threads_of(const json_t *options)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const int64_t wanted =
        assay_json_int(options, "threads", online < MAX_THREADS ? online : MAX_THREADS);
    return wanted < 1 ? 1 : wanted > MAX_THREADS ? MAX_THREADS : (int)wanted;
}

static int open_json(struct assay_file_set *set, bool sample, const atomic_bool *cancelled,
                     struct assay_error *err)
{
    const char *encoding = assay_json_str(set->options, "encoding", NULL);
    const json_t *saved = assay_json_get(set->options, "json_fields");
    ASSAY_TRY(assay_json_fields_new(set->options, &set->json, err));
    if (saved)
        ASSAY_TRY(assay_json_fields_load(set->json, saved, err));
    for (size_t i = 0; i < set->count && !saved; i++) {
        const char *path = set->files[i].path;
        ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
        if (!sample) {
            ASSAY_TRY(assay_json_fields_add_file(set->json, path, encoding,
                                                 threads_of(set->options), cancelled, err));
            continue;
        }
        ASSAY_TRY(assay_source_open(path, encoding, &source, err));
        ASSAY_TRY(assay_json_fields_add(set->json, source, true, cancelled, err));
    }
    ASSAY_TRY(assay_json_fields_finish(set->json, err));
    return assay_schema_copy(assay_json_fields_schema(set->json), &set->schema, err);
}

static int open_files(struct assay_file_set *set, const json_t *container,
                      const json_t *reader_options, const struct assay_fence *fence, bool sample,
                      const atomic_bool *cancelled, struct assay_error *err)
{
    json_t *files = NULL;
    ASSAY_TRY(assay_json_need_array(container, "files", &files, err));
    if (!json_array_size(files))
        return assay_fail(err, ASSAY_INVALID, "%s has no files",
                          assay_json_str(container, "name", "the container"));
    ASSAY_TRY(add_paths(set, files, fence, err));
    ASSAY_TRY(settle_format(set, reader_options, err));
    return set->family == ASSAY_FAMILY_CSV    ? open_csv(set, err)
           : set->family == ASSAY_FAMILY_JSON ? open_json(set, sample, cancelled, err)
                                              : ASSAY_OK;
}

int assay_file_set_open(const json_t *container, const json_t *reader_options,
                        const struct assay_fence *fence, bool sample, const atomic_bool *cancelled,
                        struct assay_file_set **ret_set, struct assay_error *err)
{
    ASSAY_AUTO(assay_file_set_free) struct assay_file_set *set = assay_calloc(1, sizeof *set);
    if (!set)
        return assay_fail_memory(err);
    ASSAY_TRY(open_files(set, container, reader_options, fence, sample, cancelled, err));
    *ret_set = ASSAY_TAKE(set);
    return ASSAY_OK;
}
