// Cutting JSON texts into records.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/json_records.h"

#include <string.h>
#include <strings.h>

#include "common/base/memory.h"
#include "worker/executor/read/text_check.h"

enum { WINDOW_BYTES = 1 << 20, SKIP_RAW_BYTES = ASSAY_RAW_BYTES, FIRST_BYTES = 64 };

void json_records_release(struct json_records *records)
{
    assay_free(records->window);
    *records = (struct json_records){0};
}

/* Make room behind the bytes left and read once. */
static int fill(struct json_records *records, struct assay_error *err)
{
    if (records->begin) {
        memmove(records->window, records->window + records->begin, records->end - records->begin);
        records->offset += records->begin;
        records->end -= records->begin;
        records->begin = 0;
    }
    if (records->end == records->capacity) {
        char *window = assay_realloc(records->window, records->capacity * 2 + JSON_FAST_PADDING);
        if (!window)
            return assay_fail_memory(err);
        records->window = window;
        records->capacity *= 2;
    }
    size_t got = 0;
    ASSAY_TRY(assay_source_read(records->source, records->window + records->end,
                                records->capacity - records->end, &got, err));
    records->end += got;
    memset(records->window + records->end, 0, JSON_FAST_PADDING);
    records->bytes += got;
    records->at_end = got == 0;
    return ASSAY_OK;
}

/* Give up everything until behind the next line end. Sets at_end when there is none. */
static int skip_line(struct json_records *records, struct assay_error *err)
{
    for (;;) {
        const char *at = records->window + records->begin;
        const char *newline = memchr(at, '\n', records->end - records->begin);
        if (newline) {
            records->begin += (size_t)(newline - at) + 1;
            return ASSAY_OK;
        }
        records->begin = records->end;
        if (records->at_end)
            return ASSAY_OK;
        ASSAY_TRY(fill(records, err));
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_blank(const char *at, size_t size)
{
    while (size && is_space(*at)) {
        at++;
        size--;
    }
    return size == 0;
}

/* A first line that is a whole object, with more behind it, makes a text of lines. */
static enum assay_json_shape shape_of(const char *text, size_t size)
{
    struct json_scan scan = {text, text + size, NULL};
    json_skip_space(&scan);
    if (scan.at == scan.end || (*scan.at != '{' && *scan.at != '['))
        return ASSAY_JSON_LINES;
    if (*scan.at == '[')
        return ASSAY_JSON_ARRAY;
    const char *newline = memchr(scan.at, '\n', (size_t)(scan.end - scan.at));
    if (!newline || is_blank(newline, (size_t)(scan.end - newline)))
        return ASSAY_JSON_VALUES;
    struct json_scan line = {scan.at, newline, NULL};
    if (!json_scan_value(&line, 0))
        return ASSAY_JSON_VALUES;
    json_skip_space(&line);
    return line.at == line.end ? ASSAY_JSON_LINES : ASSAY_JSON_VALUES;
}

static int find_shape(struct json_records *records, const char *format, uint64_t begin,
                      struct assay_error *err)
{
    records->shape = ASSAY_JSON_LINES;
    if (begin || strcasecmp(format, "jsonl") == 0)
        return ASSAY_OK;
    while (!records->at_end && records->end < WINDOW_BYTES)
        ASSAY_TRY(fill(records, err));
    records->shape = shape_of(records->window, records->end);
    return ASSAY_OK;
}

static int check_text(struct json_records *records, struct assay_error *err)
{
    while (!records->at_end && records->end < FIRST_BYTES)
        ASSAY_TRY(fill(records, err));
    return assay_text_check(records->window, records->end, assay_source_name(records->source), err);
}

int json_records_start(struct json_records *records, struct assay_source *source,
                       const char *format, uint64_t begin, uint64_t end, uint64_t limit,
                       struct assay_error *err)
{
    const uint64_t first = assay_source_text_begin(source);
    *records = (struct json_records){.source = source,
                                     .capacity = WINDOW_BYTES,
                                     .line = 1,
                                     .offset = first,
                                     .stop = end ? end : UINT64_MAX,
                                     .limit = limit,
                                     .window = assay_calloc(1, WINDOW_BYTES + JSON_FAST_PADDING)};
    if (!records->window)
        return assay_fail_memory(err);
    const bool range = begin > first;
    if (range) /* a line that begins at `begin` is ours: the one before it is given up */
        records->offset = begin - 1;
    if (range || assay_source_seekable(source))
        ASSAY_TRY(assay_source_seek(source, records->offset, err));
    if (!range)
        ASSAY_TRY(check_text(records, err));
    ASSAY_TRY(find_shape(records, format, range ? begin : 0, err));
    return range ? skip_line(records, err) : ASSAY_OK;
}

static uint64_t lines_in(const char *at, const char *end)
{
    uint64_t lines = 0;
    for (; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    return lines;
}

/* Move over bytes of the window, counting lines. */
static void pass(struct json_records *records, size_t size_bytes)
{
    const char *at = records->window + records->begin;
    if (records->shape != ASSAY_JSON_LINES)
        records->line += lines_in(at, at + size_bytes);
    records->begin += size_bytes;
}

static struct json_record record_here(const struct json_records *records, size_t size,
                                      const char *fault)
{
    return (struct json_record){records->window + records->begin, size,
                                records->offset + records->begin, records->line, fault};
}

/* The record is larger than allowed: its first bytes are reported, the rest is given up. */
static int skip_large_line(struct json_records *records, struct json_record *ret_record,
                           struct assay_error *err)
{
    static const char fault[] = "the record is larger than 4 x max_cell";
    const uint64_t offset = records->offset + records->begin;
    char raw[SKIP_RAW_BYTES];
    memcpy(raw, records->window + records->begin, sizeof raw);
    ASSAY_TRY(skip_line(records, err));
    if (records->begin < sizeof raw) { /* keep the first bytes in front of what is left */
        const size_t left = records->end - records->begin;
        memmove(records->window + sizeof raw, records->window + records->begin, left);
        records->offset -= sizeof raw - records->begin;
        records->begin = sizeof raw;
        records->end = sizeof raw + left;
    }
    char *place = records->window + records->begin - sizeof raw;
    memcpy(place, raw, sizeof raw);
    *ret_record = (struct json_record){place, sizeof raw, offset, records->line++, fault};
    return ASSAY_OK;
}

static int next_line(struct json_records *records, bool may_move, enum json_step *ret_step,
                     struct json_record *ret_record, struct assay_error *err)
{
    for (;;) {
        const char *at = records->window + records->begin;
        const size_t left = records->end - records->begin;
        const char *newline = memchr(at, '\n', left);
        if (records->offset + records->begin >= records->stop ||
            (!newline && !left && records->at_end)) {
            *ret_step = JSON_STEP_END;
            return ASSAY_OK;
        }
        if (newline || records->at_end) {
            const size_t size = newline ? (size_t)(newline - at) : left;
            const struct json_record record = record_here(records, size, NULL);
            records->begin += size + (newline != NULL);
            records->line++;
            if (is_blank(at, size))
                continue;
            *ret_record = record;
            *ret_step = JSON_STEP_RECORD;
            return ASSAY_OK;
        }
        if (!may_move) {
            *ret_step = JSON_STEP_FULL;
            return ASSAY_OK;
        }
        if (left > records->limit) {
            *ret_step = JSON_STEP_RECORD;
            return skip_large_line(records, ret_record, err);
        }
        ASSAY_TRY(fill(records, err));
    }
}

/* White space, and for arrays the brackets and commas between records. *ret_fault: what is there
 * and should not be. */
static int pass_between(struct json_records *records, bool may_move, bool *ret_ready,
                        const char **ret_fault, struct assay_error *err)
{
    *ret_ready = false;
    *ret_fault = NULL;
    for (;;) {
        if (records->begin == records->end) {
            if (records->at_end || !may_move)
                return ASSAY_OK;
            ASSAY_TRY(fill(records, err));
            continue;
        }
        const char c = records->window[records->begin];
        if (is_space(c)) {
            pass(records, 1);
        } else if (records->shape == ASSAY_JSON_VALUES || records->closed) {
            break;
        } else if (!records->opened) {
            records->opened = true; /* the shape was found by this bracket */
            pass(records, 1);
        } else if (c == ',' && records->after_value) {
            records->after_value = false;
            records->after_comma = true;
            pass(records, 1);
        } else if (c == ']' && !records->after_comma) {
            records->closed = true;
            pass(records, 1);
        } else {
            if (records->after_value)
                *ret_fault = "a comma is missing in front of this record";
            break;
        }
    }
    if (records->closed)
        *ret_fault = "something follows the array of records";
    *ret_ready = true;
    return ASSAY_OK;
}

/* The end of the value at the front; NULL with *ret_fault when the text ends first, or when it lies
 * outside the window. */
static int find_value(struct json_records *records, bool may_move, size_t *ret_size,
                      const char **ret_fault, struct assay_error *err)
{
    struct json_extent extent = {0};
    size_t seen = 0;
    *ret_size = 0;
    for (;;) {
        const char *at = records->window + records->begin, *end = records->window + records->end;
        const char *stop = json_find_end(&extent, at + seen, end);
        if (stop) {
            *ret_size = stop > at ? (size_t)(stop - at) : 1;
            if (stop == at)
                *ret_fault = "a value was expected";
            return ASSAY_OK;
        }
        seen = (size_t)(end - at);
        if (records->at_end) {
            *ret_size = seen;
            if (extent.depth || extent.in_string)
                *ret_fault = "the text ends within this record";
            return ASSAY_OK;
        }
        if (!may_move)
            return ASSAY_OK;
        if (seen > records->limit)
            return assay_fail(err, ASSAY_LIMIT, "byte %llu: a record is larger than 4 x max_cell",
                              (unsigned long long)(records->offset + records->begin));
        ASSAY_TRY(fill(records, err));
    }
}

static int next_value(struct json_records *records, bool may_move, enum json_step *ret_step,
                      struct json_record *ret_record, struct assay_error *err)
{
    bool ready = false;
    const char *fault = NULL;
    size_t size = 0;
    ASSAY_TRY(pass_between(records, may_move, &ready, &fault, err));
    if (!ready && records->at_end && records->shape == ASSAY_JSON_ARRAY && !records->closed) {
        records->closed = true;
        *ret_record = record_here(records, 0, "the array of records does not end");
        *ret_step = JSON_STEP_RECORD;
        return ASSAY_OK;
    }
    if (ready) {
        const char *broken = NULL;
        ASSAY_TRY(find_value(records, may_move, &size, &broken, err));
        fault = fault ? fault : broken;
    }
    if (!size) {
        *ret_step = records->at_end ? JSON_STEP_END : JSON_STEP_FULL;
        return ASSAY_OK;
    }
    *ret_record = record_here(records, size, fault);
    if (fault && records->shape == ASSAY_JSON_ARRAY && *ret_record->data == ']')
        records->closed = true;
    pass(records, size);
    records->after_value =
        !(size == 1 && fault && *ret_record->data == ','); /* a comma too many stays a comma */
    records->after_comma = !records->after_value;
    *ret_step = JSON_STEP_RECORD;
    return ASSAY_OK;
}

int json_records_next(struct json_records *records, bool may_move, enum json_step *ret_step,
                      struct json_record *ret_record, struct assay_error *err)
{
    return records->shape == ASSAY_JSON_LINES
               ? next_line(records, may_move, ret_step, ret_record, err)
               : next_value(records, may_move, ret_step, ret_record, err);
}

int assay_json_shape_find(struct assay_source *source, const json_t *reader_options,
                          enum assay_json_shape *ret_shape, struct assay_error *err)
{
    ASSAY_SCOPED(json_records_release) struct json_records records = {0};
    ASSAY_TRY(json_records_start(&records, source, assay_json_str(reader_options, "format", "json"),
                                 0, 0, WINDOW_BYTES, err));
    *ret_shape = records.shape;
    return ASSAY_OK;
}
