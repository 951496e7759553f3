// --failing FILE: kept beside the target while scanning, then written in the order of the source
// and renamed.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan_failing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"

#define BUFFER_BYTES     ((size_t)1 << 20)
#define LINE_BYTES_LEAST ((uint64_t)1 << 20)

enum format { FORMAT_CSV, FORMAT_JSONL, FORMAT_PARQUET };

/* Where a record's text lies in the spool. */
struct entry {
    uint32_t part, file;
    uint64_t row, offset;
    uint32_t size_bytes;
    uint32_t
        checks_count; /* their places among the scan's checks stand before the text, 4 bytes each */
};

struct assay_failing {
    char *path;
    enum format format;
    struct assay_failing_columns columns;
    int spool;
    uint64_t spool_bytes; /* with what is still in `pending` */
    struct assay_buf pending;
    struct entry *entries;
    size_t entries_count, entries_room;
};

static bool ends_with(const char *path, const char *ending)
{
    const size_t size = strlen(path), n = strlen(ending);
    return size > n && !strcasecmp(path + size - n, ending);
}

static int find_format(const char *path, enum format *ret_format, struct assay_error *err)
{
    static const struct {
        const char *ending;
        enum format format;
    } rows[] = {{".csv", FORMAT_CSV},
                {".jsonl", FORMAT_JSONL},
                {".ndjson", FORMAT_JSONL},
                {".parquet", FORMAT_PARQUET}};
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        if (ends_with(path, rows[i].ending)) {
            *ret_format = rows[i].format;
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_INVALID,
                      "writing failing records: %s must end in .csv, .jsonl or .parquet", path);
}

/* A file of our own beside the target, so that the rename stays within one file system. */
static int open_beside(const char *path, const char *ending, char **ret_path, int *ret_fd,
                       struct assay_error *err)
{
    struct assay_buf name = {0};
    assay_buf_printf(&name, "%s.%ld%s", path, (long)getpid(), ending);
    ASSAY_AUTO(assay_free_text) char *own = assay_buf_take(&name);
    if (!own)
        return assay_fail_memory(err);
    const int fd = open(own, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return assay_fail_errno(err, assay_code_of_errno(errno), errno,
                                "writing failing records to %s", path);
    *ret_path = ASSAY_TAKE(own);
    *ret_fd = fd;
    return ASSAY_OK;
}

int assay_failing_open(const char *path, const struct assay_failing_columns *columns,
                       struct assay_failing **ret_failing, struct assay_error *err)
{
    enum format format = FORMAT_CSV;
    ASSAY_TRY(find_format(path, &format, err));
    struct assay_failing *failing = assay_calloc(1, sizeof *failing);
    if (!failing)
        return assay_fail_memory(err);
    *failing = (struct assay_failing){
        .path = assay_strdup(path), .format = format, .columns = *columns, .spool = -1};
    ASSAY_AUTO(assay_free_text) char *spool = NULL;
    const int code = failing->path ? open_beside(path, ".spool", &spool, &failing->spool, err)
                                   : assay_fail_memory(err);
    if (code != ASSAY_OK) {
        assay_failing_free(failing);
        return code;
    }
    (void)unlink(spool);
    *ret_failing = failing;
    return ASSAY_OK;
}

void assay_failing_free(struct assay_failing *failing)
{
    if (!failing)
        return;
    if (failing->spool >= 0)
        (void)close(failing->spool);
    assay_buf_release(&failing->pending);
    assay_free(failing->entries);
    assay_free(failing->path);
    assay_free(failing);
}

/* --- one record --- */

static void append_csv_text(struct assay_buf *line, const char *text, size_t size)
{
    if (size && !memchr(text, '"', size) && !memchr(text, ',', size) && !memchr(text, '\n', size) &&
        !memchr(text, '\r', size) && text[0] != ' ' && text[size - 1] != ' ') {
        assay_buf_append(line, text, size);
        return;
    }
    assay_buf_char(line, '"');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"')
            assay_buf_char(line, '"');
        assay_buf_char(line, text[i]);
    }
    assay_buf_char(line, '"');
}

static int append_csv(const struct assay_failing *failing, uint64_t fingerprint,
                      const struct assay_failing_values *values, struct assay_buf *line,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    (void)err;
    assay_buf_printf(line, ",%016" PRIx64, fingerprint);
    for (size_t i = 0; i < failing->columns.count; i++) {
        assay_buf_char(line, ',');
        assay_buf_clear(&text);
        if (values->text(values, i, &text))
            append_csv_text(line, assay_buf_str(&text), text.size);
    }
    assay_buf_char(line, '\n');
    return ASSAY_OK;
}

static int append_jsonl(const struct assay_failing *failing, uint64_t fingerprint,
                        const struct assay_failing_values *values, struct assay_buf *line,
                        struct assay_error *err)
{
    assay_buf_printf(line, ",\"_assay_fingerprint\":\"%016" PRIx64 "\"", fingerprint);
    for (size_t i = 0; i < failing->columns.count; i++) {
        ASSAY_AUTO(assay_json_decref) json_t *value = values->json(values, i);
        ASSAY_AUTO(assay_json_decref)
        json_t *name =
            assay_json_safe_string(failing->columns.names[i], strlen(failing->columns.names[i]));
        if (!value || !name)
            return assay_fail_memory(err);
        assay_buf_char(line, ',');
        ASSAY_TRY(assay_json_append(name, line, err));
        assay_buf_char(line, ':');
        ASSAY_TRY(assay_json_append(value, line, err));
    }
    assay_buf_text(line, "}\n");
    return ASSAY_OK;
}

static int flush(struct assay_failing *failing, struct assay_error *err)
{
    ASSAY_TRY(assay_buf_check(&failing->pending, err));
    ASSAY_TRY(assay_fd_write_all(failing->spool, failing->path, assay_buf_str(&failing->pending),
                                 failing->pending.size, err));
    assay_buf_clear(&failing->pending);
    return ASSAY_OK;
}

static int add_entry(struct assay_failing *failing, const struct assay_scan_place *place,
                     const uint32_t *checks, size_t checks_count, struct assay_error *err)
{
    if (failing->entries_count == failing->entries_room) {
        const size_t room = failing->entries_room ? 2 * failing->entries_room : 1024;
        struct entry *entries = assay_reallocarray(failing->entries, room, sizeof *entries);
        if (!entries)
            return assay_fail_memory(err);
        failing->entries = entries;
        failing->entries_room = room;
    }
    failing->entries[failing->entries_count++] =
        (struct entry){.part = place->part,
                       .file = place->file,
                       .row = place->row,
                       .offset = failing->spool_bytes,
                       .checks_count = (uint32_t)checks_count};
    assay_buf_append(&failing->pending, checks, checks_count * sizeof *checks);
    return ASSAY_OK;
}

int assay_failing_add(struct assay_failing *failing, const struct assay_scan_place *place,
                      uint64_t fingerprint, const uint32_t *checks, size_t checks_count,
                      const struct assay_failing_values *values, struct assay_error *err)
{
    const size_t before = failing->pending.size;
    ASSAY_TRY(add_entry(failing, place, checks, checks_count, err));
    ASSAY_TRY((failing->format == FORMAT_JSONL ? append_jsonl : append_csv)(
        failing, fingerprint, values, &failing->pending, err));
    ASSAY_TRY(assay_buf_check(&failing->pending, err));
    const size_t size = failing->pending.size - before;
    if (size > UINT32_MAX)
        return assay_fail(err, ASSAY_LIMIT, "writing failing records: one is larger than 4 GiB");
    failing->entries[failing->entries_count - 1].size_bytes = (uint32_t)size;
    failing->spool_bytes += size;
    return failing->pending.size < BUFFER_BYTES ? ASSAY_OK : flush(failing, err);
}

/* --- the file --- */

static int by_place(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void append_head(const struct assay_failing *failing, struct assay_buf *out)
{
    if (failing->format == FORMAT_JSONL)
        return;
    assay_buf_text(out, "_assay_file,_assay_row,_assay_failed_checks,_assay_fingerprint");
    for (size_t i = 0; i < failing->columns.count; i++) {
        assay_buf_char(out, ',');
        append_csv_text(out, failing->columns.names[i], strlen(failing->columns.names[i]));
    }
    assay_buf_char(out, '\n');
}

static int append_place(const struct assay_failing *failing, const struct assay_scan *scan,
                        const struct entry *entry, struct assay_buf *out, struct assay_error *err)
{
    const char *name = assay_scan_file_name(scan, entry->file);
    const uint64_t row =
        entry->row + (scan->own.parts ? scan->own.parts[entry->part].first_row : 0) + 1;
    if (failing->format != FORMAT_JSONL) {
        append_csv_text(out, name, strlen(name));
        if (scan->own.has_order && failing->entries_count)
            assay_buf_printf(out, ",%" PRIu64 ",", row);
        else
            assay_buf_text(out, ",,");
        return ASSAY_OK;
    }
    ASSAY_AUTO(assay_json_decref) json_t *text = assay_json_safe_string(name, strlen(name));
    assay_buf_text(out, "{\"_assay_file\":");
    ASSAY_TRY(text ? assay_json_append(text, out, err) : assay_fail_memory(err));
    if (scan->own.has_order && failing->entries_count)
        assay_buf_printf(out, ",\"_assay_row\":%" PRIu64, row);
    else
        assay_buf_text(out, ",\"_assay_row\":null");
    return ASSAY_OK;
}

static int read_spooled(const struct assay_failing *failing, const struct entry *entry,
                        struct assay_buf *out, struct assay_error *err)
{
    assay_buf_clear(out);
    if (!assay_buf_reserve(out, entry->size_bytes))
        return assay_fail_memory(err);
    for (uint32_t done = 0; done < entry->size_bytes;) {
        const ssize_t got = pread(failing->spool, out->data + done, entry->size_bytes - done,
                                  (off_t)(entry->offset + done));
        if (got <= 0)
            return assay_fail_errno(err, ASSAY_IO, errno, "reading the failing records back");
        done += (uint32_t)got;
    }
    out->size = entry->size_bytes;
    out->data[out->size] = '\0';
    return ASSAY_OK;
}

/* The numbers of its failed checks, as JSON; a check that turned out errored has no failing
 * records. */
static int list_checks(const struct assay_scan *scan, const struct entry *entry,
                       const struct assay_buf *record, json_t **ret_numbers,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *numbers = json_array();
    for (uint32_t i = 0; numbers && i < entry->checks_count; i++) {
        uint32_t place;
        memcpy(&place, record->data + i * sizeof place, sizeof place);
        if (scan->checks[place].outcome != ASSAY_OUTCOME_ERRORED)
            ASSAY_TRY(assay_json_push(numbers, assay_scan_check_number(&scan->checks[place]), err));
    }
    if (!numbers)
        return assay_fail_memory(err);
    *ret_numbers = ASSAY_TAKE(numbers);
    return ASSAY_OK;
}

static int append_record(const struct assay_failing *failing, const struct assay_scan *scan,
                         const struct entry *entry, struct assay_buf *record, struct assay_buf *out,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *numbers = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf list = {0};
    ASSAY_TRY(read_spooled(failing, entry, record, err));
    ASSAY_TRY(list_checks(scan, entry, record, &numbers, err));
    if (!json_array_size(numbers))
        return ASSAY_OK;
    ASSAY_TRY(append_place(failing, scan, entry, out, err));
    ASSAY_TRY(assay_json_append(numbers, &list, err));
    if (failing->format == FORMAT_JSONL)
        assay_buf_printf(out, ",\"_assay_failed_checks\":%s", assay_buf_str(&list));
    else
        append_csv_text(out, assay_buf_str(&list), list.size);
    const size_t head = entry->checks_count * sizeof(uint32_t);
    assay_buf_append(out, record->data + head, record->size - head);
    return ASSAY_OK;
}

static int write_text(const struct assay_failing *failing, const struct assay_scan *scan, int fd,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf out = {0}, record = {0};
    append_head(failing, &out);
    for (size_t i = 0; i < failing->entries_count; i++) {
        ASSAY_TRY(append_record(failing, scan, &failing->entries[i], &record, &out, err));
        if (out.size < BUFFER_BYTES && i + 1 < failing->entries_count)
            continue;
        ASSAY_TRY(assay_buf_check(&out, err));
        ASSAY_TRY(assay_fd_write_all(fd, failing->path, assay_buf_str(&out), out.size, err));
        assay_buf_clear(&out);
    }
    return out.size ? assay_fd_write_all(fd, failing->path, assay_buf_str(&out), out.size, err)
                    : ASSAY_OK;
}

static void append_parquet_columns(const struct assay_failing *failing, struct assay_buf *sql)
{
    assay_buf_text(
        sql,
        "{'_assay_file': 'VARCHAR', '_assay_row': 'UBIGINT', '_assay_failed_checks': 'VARCHAR', "
        "'_assay_fingerprint': 'VARCHAR'");
    for (size_t i = 0; i < failing->columns.count; i++) {
        assay_buf_text(sql, ", ");
        assay_sql_text(sql, failing->columns.names[i]);
        assay_buf_printf(sql, ": '%s'",
                         failing->columns.types[i] ? failing->columns.types[i] : "VARCHAR");
    }
    assay_buf_char(sql, '}');
}

/* DuckDB's reader takes buffers of a multiple of this. */
static uint64_t longest_line(const struct assay_failing *failing)
{
    uint64_t longest = LINE_BYTES_LEAST;
    for (size_t i = 0; i < failing->entries_count; i++)
        if (failing->entries[i].size_bytes + PATH_MAX > longest)
            longest = failing->entries[i].size_bytes + PATH_MAX;
    return longest;
}

/* From the CSV by a database of its own, which never sees a user's expression. */
static int write_parquet(const struct assay_failing *failing, const struct assay_scan *scan,
                         const char *csv, const char *parquet, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0}, folder = {0};
    const char *slash = strrchr(parquet, '/');
    assay_buf_append(&folder, slash ? parquet : ".",
                     slash ? (size_t)(slash - parquet) + (slash == parquet) : 1);
    const char *folders[] = {assay_buf_str(&folder)}, *paths[] = {csv};
    const struct assay_session_options options = {.memory_bytes = scan->task->memory_bytes / 2,
                                                  .threads = 1,
                                                  .timezone = scan->task->timezone,
                                                  .paths = paths,
                                                  .paths_count = 1,
                                                  .folders = folders,
                                                  .folders_count = 1,
                                                  .cancelled = &scan->task->cancelled};
    ASSAY_AUTO(assay_session_close) struct assay_session *session = NULL;
    ASSAY_TRY(assay_session_open(&options, &session, err));
    assay_buf_text(&sql, "COPY (SELECT * REPLACE (CAST(_assay_failed_checks AS INTEGER[]) AS "
                         "_assay_failed_checks) FROM read_csv(");
    assay_sql_text(&sql, csv);
    assay_buf_printf(
        &sql,
        ", header = true, delim = ',', quote = '\"', escape = '\"', auto_detect = false, "
        "allow_quoted_nulls = false, max_line_size = %" PRIu64 ", columns = ",
        longest_line(failing));
    append_parquet_columns(failing, &sql);
    assay_buf_text(&sql, ")) TO ");
    assay_sql_text(&sql, parquet);
    assay_buf_text(&sql, " (FORMAT parquet, COMPRESSION zstd)");
    ASSAY_TRY(assay_buf_check(&sql, err));
    const int code = assay_session_exec(session, assay_buf_str(&sql), err);
    return code == ASSAY_OK ? ASSAY_OK : assay_context(err, code, "writing %s", failing->path);
}

static int move_into_place(const struct assay_failing *failing, const char *from,
                           struct assay_error *err)
{
    if (rename(from, failing->path))
        return assay_fail_errno(err, assay_code_of_errno(errno), errno, "writing %s",
                                failing->path);
    return ASSAY_OK;
}

static int write_and_move(const struct assay_failing *failing, const struct assay_scan *scan,
                          const char *text, int fd, struct assay_error *err)
{
    ASSAY_TRY(write_text(failing, scan, fd, err));
    if (failing->format != FORMAT_PARQUET)
        return fsync(fd) ? assay_fail_errno(err, ASSAY_IO, errno, "writing %s", failing->path)
                         : move_into_place(failing, text, err);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf parquet = {0};
    assay_buf_printf(&parquet, "%s.parquet", text);
    ASSAY_TRY(assay_buf_check(&parquet, err));
    int code = write_parquet(failing, scan, text, assay_buf_str(&parquet), err);
    if (code == ASSAY_OK)
        code = move_into_place(failing, assay_buf_str(&parquet), err);
    (void)unlink(text);
    if (code != ASSAY_OK)
        (void)unlink(assay_buf_str(&parquet));
    return code;
}

int assay_failing_finish(struct assay_failing *failing, const struct assay_scan *scan,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *text = NULL;
    int fd = -1;
    ASSAY_TRY(flush(failing, err));
    if (scan->own.has_order && failing->entries_count)
        qsort(failing->entries, failing->entries_count, sizeof *failing->entries, by_place);
    ASSAY_TRY(open_beside(failing->path, ".tmp", &text, &fd, err));
    const int code = write_and_move(failing, scan, text, fd, err);
    (void)close(fd);
    if (code != ASSAY_OK)
        (void)unlink(text);
    return code;
}
