// Listing a folder: names grouped, then headers compared.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/file_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/file_describe.h"
#include "worker/executor/connect/file_glob.h"

struct lister {
    const struct assay_fence *fence;
    const json_t *reader_options;
    const atomic_bool *cancelled;
    bool whole_folders;
    const struct assay_walk *walk;
    size_t *readable;   /* indexes into the walk of what was grouped */
    const char **names; /* of these */
    assay_found_fn *found;
    void *context;
    struct assay_error *err;
};

/* One header and the files that have it. */
struct header {
    struct assay_schema schema;
    size_t *members; /* indexes into lister.names */
    size_t count;
    bool unreadable; /* a single file whose header could not be read */
};

static const struct assay_walk_file *walk_file(const struct lister *lister, size_t member)
{
    return &lister->walk->files[lister->readable[member]];
}

static json_t *file_json(const struct assay_walk_file *file)
{
    return json_pack("{s:o, s:I, s:I}", "path",
                     assay_json_safe_string(file->path, strlen(file->path)), "size_bytes",
                     (json_int_t)file->size_bytes, "modified_us", (json_int_t)file->modified_us);
}

static int files_json(const struct lister *lister, const size_t *members, size_t count,
                      json_t **ret_files)
{
    ASSAY_AUTO(assay_json_decref) json_t *files = json_array();
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(assay_json_push(files, file_json(walk_file(lister, members[i])), lister->err));
    *ret_files = ASSAY_TAKE(files);
    return ASSAY_OK;
}

/* Hand one container over. note and error may be NULL. */
static int emit(const struct lister *lister, const char *name, const size_t *members, size_t count,
                const char *note)
{
    const char *format = NULL;
    json_t *files = NULL;
    ASSAY_TRY(files_json(lister, members, count, &files));
    (void)assay_glob_extension(name, &format);
    struct assay_found found = {
        .name = assay_strdup(name),
        .container_type = assay_strdup("file"),
        .records_estimate = -1,
        .size_bytes = 0,
        .modified_us = -1,
        .details = json_pack("{s:s?, s:o, s:s?}", "format", format, "files", files, "note", note)};
    for (size_t i = 0; i < count; i++) {
        const struct assay_walk_file *file = walk_file(lister, members[i]);
        found.size_bytes += file->size_bytes;
        if (file->modified_us > found.modified_us)
            found.modified_us = file->modified_us;
    }
    const int rc = found.name && found.container_type && found.details
                       ? lister->found(&found, lister->context, lister->err)
                       : assay_fail_memory(lister->err);
    assay_found_release(&found);
    return rc;
}

static int emit_problem(const struct lister *lister, const struct assay_walk_file *file)
{
    struct assay_found found = {
        .name = assay_strdup(file->name),
        .container_type = assay_strdup("file"),
        .records_estimate = -1,
        .size_bytes = -1,
        .modified_us = -1,
        .details = json_pack("{s:[], s:o}", "files", "error",
                             assay_json_safe_string(file->error, strlen(file->error)))};
    const int rc = found.name && found.container_type && found.details
                       ? lister->found(&found, lister->context, lister->err)
                       : assay_fail_memory(lister->err);
    assay_found_release(&found);
    return rc;
}

/* The header of one file. Not ASSAY_OK: it has none that could be read. */
static int read_header(const struct lister *lister, size_t member, struct assay_schema *ret_schema,
                       enum assay_file_family *ret_family)
{
    json_t *files = NULL;
    ASSAY_TRY(files_json(lister, &member, 1, &files));
    ASSAY_AUTO(assay_json_decref) json_t *container = json_pack("{s:o}", "files", files);
    ASSAY_AUTO(assay_file_set_free) struct assay_file_set *set = NULL;
    struct assay_error problem = {0};
    if (!container)
        return assay_fail_memory(lister->err);
    ASSAY_TRY(assay_file_set_open(container, lister->reader_options, lister->fence, true,
                                  lister->cancelled, &set, &problem));
    *ret_family = set->family;
    return assay_file_set_describe(set, ret_schema, &problem);
}

static bool same_native(const struct assay_field *left, const struct assay_field *right)
{
    return strcmp(left->native_type ? left->native_type : "",
                  right->native_type ? right->native_type : "") == 0;
}

/* Do the fields go together? Text tables: the same names; Parquet: the same types too; JSON: half
 * of all names in common. */
static bool headers_agree(const struct assay_schema *left, const struct assay_schema *right,
                          enum assay_file_family family)
{
    size_t common = 0;
    for (size_t i = 0; i < left->count; i++) {
        const ptrdiff_t at = assay_schema_find(right, left->fields[i].name);
        common += at >= 0 && (family != ASSAY_FAMILY_PARQUET ||
                              same_native(&left->fields[i], &right->fields[at]));
    }
    const size_t all = left->count + right->count - common;
    return family == ASSAY_FAMILY_JSON ? common * 2 >= all : common == all;
}

static void release_headers(struct header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assay_schema_release(&headers[i].schema);
        assay_free(headers[i].members);
    }
    assay_free(headers);
}

/* Put a file to its header's files, or make a new header of it. An unreadable file stands alone. */
static int sort_in(const struct lister *lister, const struct assay_glob_group *group, size_t member,
                   struct header *headers, size_t *headers_count)
{
    ASSAY_SCOPED(assay_schema_release) struct assay_schema schema = {0};
    enum assay_file_family family = ASSAY_FAMILY_CSV;
    const int rc = read_header(lister, member, &schema, &family);
    if (rc == ASSAY_NO_MEMORY || rc == ASSAY_CANCELLED)
        return assay_fail(lister->err, rc, "listing %s: %s", lister->names[member],
                          assay_code_text(rc));
    struct header *header = NULL;
    for (size_t i = 0; i < *headers_count && rc == ASSAY_OK && !header; i++)
        if (!headers[i].unreadable && (!headers[i].schema.count || !schema.count ||
                                       headers_agree(&headers[i].schema, &schema, family)))
            header = &headers[i]; /* an empty file contradicts nobody */
    if (header && !header->schema.count && !header->unreadable) {
        assay_schema_release(&header->schema);
        header->schema = schema;
        schema = (struct assay_schema){0};
    }
    if (!header) {
        header = &headers[*headers_count];
        header->members = assay_calloc(group->count, sizeof *header->members);
        if (!header->members)
            return assay_fail_memory(lister->err);
        header->schema = schema;
        header->unreadable = rc != ASSAY_OK;
        schema = (struct assay_schema){0};
        ++*headers_count;
    }
    header->members[header->count++] = member;
    return ASSAY_OK;
}

static int most_files_first(const void *left, const void *right)
{
    const struct header *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->members[0] < b->members[0] ? -1 : a->members[0] > b->members[0];
}

/* Emit the files of one header of several. */
static int emit_header(const struct lister *lister, const struct assay_glob_group *group,
                       const struct header *header, size_t number)
{
    ASSAY_AUTO(assay_free_text)
    char *pattern =
        assay_glob_pattern(lister->names, header->members, header->count, lister->whole_folders);
    struct assay_buf name = {0}, note = {0};
    if (!number || !pattern || strcmp(pattern, group->name) != 0)
        assay_buf_text(&name, number              ? (pattern ? pattern : "")
                              : header->count > 1 ? group->name
                                                  : pattern);
    else
        assay_buf_printf(&name, "%s (%zu)", group->name, number + 1);
    assay_buf_printf(&note, "%zu of the %zu files named %s; the headers of the others differ",
                     header->count, group->count, group->name);
    const int rc = !pattern || name.failed || note.failed
                       ? assay_fail_memory(lister->err)
                       : emit(lister, assay_buf_str(&name), header->members, header->count,
                              assay_buf_str(&note));
    assay_buf_release(&name);
    assay_buf_release(&note);
    return rc;
}

static int emit_group(const struct lister *lister, const struct assay_glob_group *group)
{
    if (group->count == 1)
        return emit(lister, group->name, group->members, 1, NULL);
    size_t count = 0;
    struct header *headers = assay_calloc(group->count, sizeof *headers);
    if (!headers)
        return assay_fail_memory(lister->err);
    int rc = ASSAY_OK;
    for (size_t i = 0; i < group->count && rc == ASSAY_OK; i++)
        rc = sort_in(lister, group, group->members[i], headers, &count);
    qsort(headers, count, sizeof *headers, most_files_first);
    if (rc == ASSAY_OK && count == 1)
        rc = emit(lister, group->name, group->members, group->count, NULL);
    for (size_t i = 0; i < count && count > 1 && rc == ASSAY_OK; i++)
        rc = emit_header(lister, group, &headers[i], i);
    release_headers(headers, count);
    return rc;
}

static int list_walk(struct lister *lister)
{
    size_t count = 0;
    for (size_t i = 0; i < lister->walk->count; i++) {
        const struct assay_walk_file *file = &lister->walk->files[i];
        if (file->error) {
            ASSAY_TRY(emit_problem(lister, file));
            continue;
        }
        lister->readable[count] = i;
        lister->names[count++] = file->name;
    }
    ASSAY_SCOPED(assay_glob_groups_release) struct assay_glob_groups groups = {0};
    ASSAY_TRY(assay_glob_group(lister->names, count, lister->whole_folders, &groups, lister->err));
    for (size_t i = 0; i < groups.count; i++)
        ASSAY_TRY(emit_group(lister, &groups.items[i]));
    return ASSAY_OK;
}

/* Containers come out in name order: gathered, sorted, handed on. */
struct gathered {
    struct assay_found *items;
    size_t count;
};

static int gather(struct assay_found *found, void *context, struct assay_error *err)
{
    struct gathered *all = context;
    struct assay_found *items = assay_reallocarray(all->items, all->count + 1, sizeof *items);
    if (!items)
        return assay_fail_memory(err);
    all->items = items;
    items[all->count++] = *found;
    *found = (struct assay_found){0};
    return ASSAY_OK;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct assay_found *)left)->name,
                  ((const struct assay_found *)right)->name);
}

int assay_file_list(const char *root, const struct assay_fence *fence, bool whole_folders,
                    const json_t *reader_options, const atomic_bool *cancelled,
                    assay_found_fn *found, void *context, struct assay_error *err)
{
    ASSAY_SCOPED(assay_walk_release) struct assay_walk walk = {0};
    ASSAY_TRY(assay_walk_folder(root, fence, cancelled, &walk, err));
    struct gathered all = {0};
    struct lister lister = {.fence = fence,
                            .reader_options = reader_options,
                            .cancelled = cancelled,
                            .whole_folders = whole_folders,
                            .walk = &walk,
                            .readable = assay_calloc(walk.count + 1, sizeof(size_t)),
                            .names = assay_calloc(walk.count + 1, sizeof(char *)),
                            .found = gather,
                            .context = &all,
                            .err = err};
    int rc = lister.readable && lister.names ? list_walk(&lister) : assay_fail_memory(err);
    if (all.count)
        qsort(all.items, all.count, sizeof *all.items, by_name);
    for (size_t i = 0; i < all.count; i++) {
        if (rc == ASSAY_OK)
            rc = found(&all.items[i], context, err);
        assay_found_release(&all.items[i]);
    }
    assay_free(all.items);
    assay_free(lister.readable);
    assay_free(lister.names);
    return rc;
}
