// Multi-token globbing by token position.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/file_glob.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/buf.h"
#include "common/base/memory.h"

enum { MAX_TOKENS = 32 }; /* further delimiters belong to the last token */

static const struct {
    const char *extension, *format;
    bool compressed; /* may be followed by .gz or .zst */
} known[] = {
    {"csv", "csv", true},      {"json", "json", true},        {"jsonl", "jsonl", true},
    {"ndjson", "jsonl", true}, {"parquet", "parquet", false}, {"psv", "psv", true},
    {"tsv", "tsv", true},      {"txt", "txt", true},
};

const char *assay_glob_extension(const char *name, const char **ret_format)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    const char *end = base + strlen(base);
    const char *dot = strrchr(base, '.');
    const bool packed = dot && (strcasecmp(dot, ".gz") == 0 || strcasecmp(dot, ".zst") == 0);
    if (packed) {
        end = dot;
        dot = memrchr(base, '.', (size_t)(end - base));
    }
    if (!dot || dot == base)
        return NULL;
    const size_t size = (size_t)(end - dot - 1);
    for (size_t i = 0; i < ASSAY_COUNT(known); i++)
        if (strlen(known[i].extension) == size &&
            strncasecmp(dot + 1, known[i].extension, size) == 0 &&
            (known[i].compressed || !packed)) {
            *ret_format = known[i].format;
            return dot + 1;
        }
    return NULL;
}

/* A name taken apart. */
struct parts {
    size_t index; /* in the caller's list */
    const char *name;
    const char *stem; /* behind the folder */
    const char *extension;
    char delimiter;
    uint8_t tokens;
    uint8_t best; /* position at which it joins others; only while singles are joined */
    size_t best_size;
    uint32_t varies; /* bit per position: the token holds a digit */
    const char *start[MAX_TOKENS];
    size_t size[MAX_TOKENS];
};

static void set_name(struct parts *p, const char *name, size_t index)
{
    const char *format;
    const char *slash = strrchr(name, '/');
    p->index = index;
    p->name = name;
    p->stem = slash ? slash + 1 : name;
    p->extension = assay_glob_extension(name, &format);
    if (!p->extension)
        p->extension = name + strlen(name);
}

/* Where the stem ends (at the dot before the extension). */
static const char *stem_end(const struct parts *p)
{
    return *p->extension ? p->extension - 1 : p->extension;
}

static void split_tokens(struct parts *p, char delimiter)
{
    const char *end = stem_end(p), *from = p->stem;
    p->delimiter = delimiter;
    p->tokens = 0;
    p->varies = 0;
    for (bool more = true; more; p->tokens++) {
        const char *to =
            p->tokens == MAX_TOKENS - 1 ? NULL : memchr(from, delimiter, (size_t)(end - from));
        more = to != NULL;
        to = more ? to : end;
        p->start[p->tokens] = from;
        p->size[p->tokens] = (size_t)(to - from);
        for (const char *c = from; c < to; c++)
            if (*c >= '0' && *c <= '9')
                p->varies |= UINT32_C(1) << p->tokens;
        from = to + 1;
    }
}

static int compare_family(const struct parts *a, const struct parts *b)
{
    const size_t left = (size_t)(a->stem - a->name), right = (size_t)(b->stem - b->name);
    const int folder = memcmp(a->name, b->name, left < right ? left : right);
    if (folder || left != right)
        return folder ? folder : (left < right ? -1 : 1);
    return strcasecmp(a->extension, b->extension);
}

/* Equal where all positions but those in `skip` hold the same token. */
static int compare_tokens(const struct parts *a, const struct parts *b, uint32_t skip)
{
    if (a->tokens != b->tokens)
        return a->tokens < b->tokens ? -1 : 1;
    if (a->varies != b->varies)
        return a->varies < b->varies ? -1 : 1;
    for (size_t t = 0; t < a->tokens; t++) {
        if (skip >> t & 1)
            continue;
        const size_t size = a->size[t] < b->size[t] ? a->size[t] : b->size[t];
        const int order = memcmp(a->start[t], b->start[t], size);
        if (order || a->size[t] != b->size[t])
            return order ? order : (a->size[t] < b->size[t] ? -1 : 1);
    }
    return 0;
}

static int by_family(const void *left, const void *right)
{
    const struct parts *a = left, *b = right;
    const int family = compare_family(a, b);
    return family ? family : strcmp(a->name, b->name);
}

static int by_literals(const void *left, const void *right)
{
    const struct parts *a = left, *b = right;
    const int order = compare_tokens(a, b, a->varies);
    return order ? order : strcmp(a->name, b->name);
}

static int by_all_but(const void *left, const void *right, void *position)
{
    const struct parts *a = left, *b = right;
    const uint32_t skip = a->varies | UINT32_C(1) << *(const uint8_t *)position;
    const int order = compare_tokens(a, b, skip);
    return order ? order : strcmp(a->name, b->name);
}

static int by_best(const void *left, const void *right)
{
    const struct parts *a = left, *b = right;
    if (a->best != b->best)
        return a->best < b->best ? -1 : 1;
    const int order = compare_tokens(a, b, a->varies | UINT32_C(1) << a->best);
    return order ? order : strcmp(a->name, b->name);
}

/* The delimiter that more of the family's names hold. */
static char family_delimiter(const struct parts *family, size_t count)
{
    size_t underscores = 0, hyphens = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t size = (size_t)(stem_end(&family[i]) - family[i].stem);
        underscores += memchr(family[i].stem, '_', size) != NULL;
        hyphens += memchr(family[i].stem, '-', size) != NULL;
    }
    return hyphens > underscores ? '-' : '_';
}

/* Append what the group's names share, `*` elsewhere. */
static void append_pattern(struct assay_buf *name, const struct parts *group, size_t count)
{
    assay_buf_append(name, group->name, (size_t)(group->stem - group->name));
    for (uint8_t t = 0; t < group->tokens; t++) {
        bool same = true;
        for (size_t i = 1; i < count && same; i++)
            same = group[i].size[t] == group->size[t] &&
                   memcmp(group[i].start[t], group->start[t], group->size[t]) == 0;
        if (t)
            assay_buf_char(name, group->delimiter);
        if (same)
            assay_buf_append(name, group->start[t], group->size[t]);
        else
            assay_buf_char(name, '*');
    }
    assay_buf_text(name, stem_end(group));
}

static void append_group_name(struct assay_buf *name, const struct parts *group, size_t count,
                              bool whole_folder)
{
    if (count == 1) {
        assay_buf_text(name, group->name);
    } else if (whole_folder) {
        assay_buf_append(name, group->name, (size_t)(group->stem - group->name));
        assay_buf_char(name, '*');
        assay_buf_text(name, stem_end(group));
    } else {
        append_pattern(name, group, count);
    }
}

static int add_group(struct assay_glob_groups *groups, const struct parts *group, size_t count,
                     bool whole_folder, struct assay_error *err)
{
    struct assay_glob_group *items =
        assay_reallocarray(groups->items, groups->count + 1, sizeof *items);
    if (!items)
        return assay_fail_memory(err);
    groups->items = items;
    struct assay_glob_group *item = &items[groups->count];
    struct assay_buf name = {0};
    append_group_name(&name, group, count, whole_folder);
    *item = (struct assay_glob_group){.name = assay_buf_take(&name),
                                      .members = assay_calloc(count, sizeof(size_t)),
                                      .count = count};
    groups->count++;
    if (!item->name || !item->members)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        item->members[i] = group[i].index;
    return ASSAY_OK;
}

/* The length of the run of equals at the front. */
static size_t run_length(const struct parts *first, size_t count, uint32_t skip)
{
    size_t run = 1;
    while (run < count && compare_tokens(first, &first[run], skip) == 0)
        run++;
    return run;
}

/* For every single the position at which it meets most others. */
static void find_best_positions(struct parts *singles, size_t count)
{
    for (size_t i = 0; i < count; i++)
        singles[i].best_size = 0;
    for (uint8_t position = 0; position < MAX_TOKENS; position++) {
        qsort_r(singles, count, sizeof *singles, by_all_but, &position);
        for (size_t from = 0, run; from < count; from += run) {
            run = run_length(&singles[from], count - from,
                             singles[from].varies | UINT32_C(1) << position);
            for (size_t i = from; i < from + run && position < singles[i].tokens; i++)
                if (run >= singles[i].best_size) {
                    singles[i].best = position;
                    singles[i].best_size = run;
                }
        }
    }
}

static int join_singles(struct parts *singles, size_t count, struct assay_glob_groups *groups,
                        struct assay_error *err)
{
    find_best_positions(singles, count);
    qsort(singles, count, sizeof *singles, by_best);
    for (size_t from = 0, run; from < count; from += run) {
        const struct parts *first = &singles[from];
        run = 1;
        while (from + run < count && first[run].best == first->best &&
               compare_tokens(first, &first[run], first->varies | UINT32_C(1) << first->best) == 0)
            run++;
        if (first->tokens == 1) /* a name of one token is never globbed */
            run = 1;
        ASSAY_TRY(add_group(groups, first, run, false, err));
    }
    return ASSAY_OK;
}

/* Group the names of one folder and extension. */
static int group_family(struct parts *family, size_t count, struct assay_glob_groups *groups,
                        struct assay_error *err)
{
    const char delimiter = family_delimiter(family, count);
    for (size_t i = 0; i < count; i++)
        split_tokens(&family[i], delimiter);
    qsort(family, count, sizeof *family, by_literals);
    size_t singles = 0; /* moved to the front */
    for (size_t from = 0, run; from < count; from += run) {
        run = family[from].tokens == 1
                  ? 1
                  : run_length(&family[from], count - from, family[from].varies);
        if (run > 1) {
            ASSAY_TRY(add_group(groups, &family[from], run, false, err));
        } else {
            const struct parts single = family[from];
            family[singles++] = single;
        }
    }
    return join_singles(family, singles, groups, err);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct assay_glob_group *)left)->name,
                  ((const struct assay_glob_group *)right)->name);
}

int assay_glob_group(const char *const *names, size_t count, bool whole_folders,
                     struct assay_glob_groups *ret_groups, struct assay_error *err)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(count + 1, sizeof(struct parts));
    struct parts *parts = memory;
    if (!parts)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        set_name(&parts[i], names[i], i);
    qsort(parts, count, sizeof *parts, by_family);
    ASSAY_SCOPED(assay_glob_groups_release) struct assay_glob_groups groups = {0};
    for (size_t from = 0, run; from < count; from += run) {
        for (run = 1; from + run < count && compare_family(&parts[from], &parts[from + run]) == 0;
             run++)
            continue;
        if (whole_folders)
            ASSAY_TRY(add_group(&groups, &parts[from], run, true, err));
        else
            ASSAY_TRY(group_family(&parts[from], run, &groups, err));
    }
    if (groups.count)
        qsort(groups.items, groups.count, sizeof *groups.items, by_name);
    *ret_groups = groups;
    groups = (struct assay_glob_groups){0};
    return ASSAY_OK;
}

char *assay_glob_pattern(const char *const *names, const size_t *members, size_t count,
                         bool whole_folders)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(count, sizeof(struct parts));
    struct parts *parts = memory;
    if (!parts)
        return NULL;
    for (size_t i = 0; i < count; i++)
        set_name(&parts[i], names[members[i]], i);
    const char delimiter = family_delimiter(parts, count);
    bool same_count = true;
    for (size_t i = 0; i < count; i++) {
        split_tokens(&parts[i], delimiter);
        same_count = same_count && parts[i].tokens == parts->tokens;
    }
    struct assay_buf name = {0};
    append_group_name(&name, parts, count, whole_folders || !same_count);
    return assay_buf_take(&name);
}

void assay_glob_groups_release(struct assay_glob_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        assay_free(groups->items[i].name);
        assay_free(groups->items[i].members);
    }
    assay_free(groups->items);
    *groups = (struct assay_glob_groups){0};
}
