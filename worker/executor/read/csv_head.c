// CSV head: options, dialect and column names of a text file, from its first bytes.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "worker/executor/read/csv_cell.h"
#include "worker/executor/read/csv_reader.h"
#include "worker/executor/read/csv_walk.h"
#include "worker/executor/read/text_check.h"

enum { MOST_COLUMNS = 100000, NAME_BYTES = 16384 }; /* of a column's name; the rest is cut */

/* A header cell as text: quotes off, malformed UTF-8 and NUL replaced. */
static int header_text(const struct assay_dialect *dialect, const struct assay_text *raw,
                       struct assay_arena *arena, struct assay_buf *text, struct assay_error *err)
{
    struct assay_cell cell = {.data = raw->data, .size_bytes = raw->size_bytes};
    if (assay_csv_cell_read(dialect, raw->data, raw->size_bytes, arena, &cell) ==
        ASSAY_CSV_CELL_NO_MEMORY)
        return assay_fail_memory(err);
    assay_buf_clear(text);
    assay_utf8_append_safe(text, cell.data, assay_utf8_cut(cell.data, cell.size_bytes, NAME_BYTES));
    ASSAY_TRY(assay_buf_check(text, err));
    for (size_t i = 0; i < text->size; i++)
        if (!text->data[i])
            text->data[i] = '_';
    return ASSAY_OK;
}

/* Add the column under a name that no other has: "a", then "a_2"; "column_3" when empty. `taken`:
 * the names so far. */
static int add_column(struct assay_csv_head *head, json_t *taken, const char *wanted,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf name = {0};
    const size_t number = head->schema.count + 1;
    if (*wanted)
        assay_buf_text(&name, wanted);
    else
        assay_buf_printf(&name, "column_%zu", number);
    json_t *last = json_object_get(taken, assay_buf_str(&name));
    json_int_t suffix = last ? json_integer_value(last) : 1;
    head->names_changed = head->names_changed || last || (!*wanted && head->dialect.header);
    while (last && json_object_get(taken, assay_buf_str(&name))) {
        assay_buf_clear(&name);
        assay_buf_printf(&name, "%s_%lld", *wanted ? wanted : "column", (long long)++suffix);
    }
    ASSAY_TRY(assay_buf_check(&name, err));
    if (last && json_integer_set(last, suffix))
        return assay_fail_memory(err);
    if (json_object_set_new_nocheck(taken, name.data, json_integer(1)) ||
        !assay_schema_add(&head->schema, name.data, NULL, ASSAY_TYPE_UNKNOWN, ASSAY_LAYOUT_CELL))
        return assay_fail_memory(err);
    head->schema.fields[head->schema.count - 1].nullable = true;
    return ASSAY_OK;
}

static int add_columns(struct assay_csv_head *head, const struct assay_csv_walk *first,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *taken = json_object();
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_SCOPED(assay_arena_release) struct assay_arena arena = {0};
    if (!taken)
        return assay_fail_memory(err);
    if (first->count > MOST_COLUMNS)
        return assay_fail(err, ASSAY_LIMIT,
                          "the first record has %zu cells; at most %d columns can be read (is the "
                          "delimiter right?)",
                          first->count, MOST_COLUMNS);
    for (size_t i = 0; i < first->count; i++) {
        if (head->dialect.header)
            ASSAY_TRY(header_text(&head->dialect, &first->cells[i], &arena, &text, err));
        ASSAY_TRY(add_column(head, taken, assay_buf_str(&text), err));
    }
    return ASSAY_OK;
}

static void skip_lines(struct assay_csv_walk *walk, uint64_t skip)
{
    for (; skip && walk->at < walk->size; skip--) {
        const char *end =
            memchr(walk->data + walk->at, walk->dialect->newline, walk->size - walk->at);
        walk->at = end ? (size_t)(end - walk->data) + 1 : walk->size;
    }
}

/* Pass over blank lines and comments; true with the walk on the first record. */
static bool first_record(struct assay_csv_walk *walk)
{
    while (assay_csv_walk_next(walk))
        if (!walk->comment && !assay_csv_walk_blank(walk))
            return true;
    return false;
}

static uint64_t lines_of(const char *data, size_t size, char newline)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == newline;
    return lines;
}

static void count_rejected(struct assay_csv_head *head, struct assay_csv_walk *walk)
{
    while (assay_csv_walk_next(walk) && walk->closed)
        head->sample_rejected +=
            !walk->comment && !assay_csv_walk_blank(walk) && walk->count != head->schema.count;
}

/* Index of the first byte behind header and skipped lines. A blank line in front of the only column
 * is a record of it. */
static size_t data_index(const struct assay_csv_head *head, const struct assay_csv_walk *first,
                         size_t skipped)
{
    if (head->dialect.header)
        return first->at;
    return first->count == 1 ? skipped : first->begin;
}

static int read_names(struct assay_csv_head *head, const char *sample, size_t size, uint64_t begin,
                      bool *ret_whole, struct assay_error *err)
{
    struct assay_csv_walk walk = {.dialect = &head->dialect, .data = sample, .size = size};
    int rc = ASSAY_OK;
    size_t data = size;
    skip_lines(&walk, head->dialect.skip);
    const size_t skipped = walk.at;
    *ret_whole = true;
    if (first_record(&walk)) {
        *ret_whole = walk.closed;
        data = data_index(head, &walk, skipped);
        rc = add_columns(head, &walk, err);
        count_rejected(head, &walk);
    }
    head->data_begin = begin + data;
    head->data_line = 1 + lines_of(sample, data, head->dialect.newline);
    if (rc == ASSAY_OK && walk.failed)
        rc = assay_fail_memory(err);
    assay_csv_walk_release(&walk);
    return rc;
}

/* Detect and read names in a sample; *ret_whole false when the header is longer than the sample. */
static int read_sample(struct assay_csv_head *head, struct assay_source *source, size_t size_bytes,
                       bool *ret_whole, bool *ret_ended, struct assay_error *err)
{
    const char *sample;
    size_t size;
    ASSAY_TRY(assay_source_peek(source, size_bytes, &sample, &size, err));
    *ret_ended = size < size_bytes;
    ASSAY_TRY(assay_text_check(sample, size, assay_source_name(source), err));
    ASSAY_TRY(assay_dialect_detect(sample, size, *ret_ended, &head->options, &head->dialect, err));
    assay_schema_release(&head->schema);
    head->names_changed = false;
    head->sample_rejected = 0;
    const int rc = read_names(head, sample, size, assay_source_text_begin(source), ret_whole, err);
    return rc == ASSAY_LIMIT ? assay_context(err, rc, "reading %s", assay_source_name(source)) : rc;
}

int assay_csv_head_read(struct assay_source *source, const json_t *reader_options,
                        struct assay_csv_head **ret_head, struct assay_error *err)
{
    ASSAY_AUTO(assay_csv_head_free) struct assay_csv_head *head = assay_calloc(1, sizeof *head);
    if (!head)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_csv_options_parse(reader_options, &head->options, err));
    head->seekable = assay_source_seekable(source);
    head->size_bytes = assay_source_size(source);
    head->compression = assay_source_compression(source);
    head->encoding = assay_strdup(assay_source_encoding(source));
    if (!head->encoding)
        return assay_fail_memory(err);
    if (head->seekable)
        ASSAY_TRY(assay_source_seek(source, assay_source_text_begin(source), err));
    bool whole = false, ended = false;
    for (size_t size = ASSAY_DIALECT_SAMPLE_BYTES; !whole && !ended; size *= 4) {
        if (size > 2 * head->options.max_cell && size > 4 * ASSAY_DIALECT_SAMPLE_BYTES)
            return assay_fail(err, ASSAY_FORMAT,
                              "reading %s: the header record does not end within %zu bytes",
                              assay_source_name(source), size / 4);
        ASSAY_TRY(read_sample(head, source, size, &whole, &ended, err));
    }
    *ret_head = ASSAY_TAKE(head);
    return ASSAY_OK;
}

void assay_csv_head_free(struct assay_csv_head *head)
{
    if (!head)
        return;
    assay_csv_options_release(&head->options);
    assay_schema_release(&head->schema);
    assay_free(head->encoding);
    assay_free(head);
}
