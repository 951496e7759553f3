// The pass: rows of the one query are counted, and what fails is captured.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <xxhash.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "worker/executor/engine/stream.h"
#include "worker/executor/scan/scan_capture.h"
#include "worker/executor/scan/scan_failing.h"
#include "worker/executor/scan/scan_reference.h"
#include "worker/executor/scan/scan_value.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define SHOWN_BYTES 400            /* of a text in a message */

/* One chunk of the query's result, and the record in it that is looked at. */
struct view {
    struct assay_rule_values values;     /* first: rules see this */
    struct assay_failing_values failing; /* second face, for the file */
    struct assay_scan *scan;
    duckdb_data_chunk chunk;
    const struct assay_column *columns; /* of the schema's fields */
    size_t first_raw, first_place;      /* columns of the chunk */
    const size_t *raw_of;  /* per field: its raw column in the chunk, SIZE_MAX = none */
    const size_t *written; /* fields that --failing writes */
    uint32_t *failed;      /* of the record: places of the checks that it fails */
    size_t failed_count, records_count; /* all of them; those of record rules, which come first */
    const bool *masked;                 /* per field */
    size_t row;
};

/* --- values --- */

static const void *column_data(const struct view *v, size_t column, bool *ret_valid)
{
    duckdb_vector vector = duckdb_data_chunk_get_vector(v->chunk, column);
    uint64_t *validity = duckdb_vector_get_validity(vector);
    *ret_valid = !validity || duckdb_validity_row_is_valid(validity, v->row);
    return duckdb_vector_get_data(vector);
}

static bool raw_text(const struct view *v, size_t field, struct assay_text *ret_text)
{
    bool valid = false;
    if (v->raw_of[field] == SIZE_MAX)
        return false;
    const duckdb_string_t *strings = column_data(v, v->raw_of[field], &valid);
    if (!valid)
        return false;
    duckdb_string_t *string = (duckdb_string_t *)(uintptr_t)&strings[v->row];
    *ret_text = (struct assay_text){.data = duckdb_string_t_data(string),
                                    .size_bytes = duckdb_string_t_length(*string)};
    return true;
}

static bool is_null(const struct view *v, size_t field)
{
    const struct assay_column *column = &v->columns[field];
    return column->layout == ASSAY_LAYOUT_NULL || !assay_is_valid(column->validity, v->row);
}

/* There is text in the source, but no value of the type ('' in a column that is not text is null);
 * or text in which malformed bytes were replaced. */
static bool is_misfit(const struct view *v, size_t field)
{
    struct assay_text raw;
    if (v->scan->own.fields[field].layout != ASSAY_LAYOUT_TEXT)
        return is_null(v, field) && raw_text(v, field, &raw) && raw.size_bytes;
    if (is_null(v, field))
        return false;
    const struct assay_text *text = &((const struct assay_text *)v->columns[field].values)[v->row];
    return memmem(text->data, text->size_bytes, REPLACEMENT, strlen(REPLACEMENT)) != NULL;
}

/* A decimal by our own choice: the source has text. */
static bool is_text_decimal(const struct view *v, size_t field)
{
    return v->columns[field].layout == ASSAY_LAYOUT_DECIMAL128 && v->raw_of[field] != SIZE_MAX &&
           !is_null(v, field);
}

static bool text_of_rule(const struct assay_rule_values *values,
                         const struct assay_rule_field *field, struct assay_buf *text)
{
    const struct view *v = (const struct view *)values;
    const size_t i = (size_t)(field - v->scan->own.fields);
    struct assay_text raw;
    if (v->masked[i] && (!is_null(v, i) || is_misfit(v, i))) {
        assay_buf_text(text, ASSAY_RULE_MASKED);
        return true;
    }
    if (is_text_decimal(v, i)) {
        assay_value_decimal_text(&v->columns[i], v->row, text);
        return true;
    }
    if (!is_null(v, i) && v->columns[i].layout != ASSAY_LAYOUT_TEXT)
        return assay_value_text(&v->columns[i], v->row, text);
    if (is_null(v, i) && (!raw_text(v, i, &raw) || !raw.size_bytes))
        return false;
    assay_buf_char(text, '\'');
    if (!is_null(v, i)) {
        assay_value_text(&v->columns[i], v->row, text);
    } else {
        const size_t size = assay_utf8_cut(raw.data, raw.size_bytes, SHOWN_BYTES);
        assay_utf8_append_safe(text, raw.data, size);
        assay_buf_text(text, size < raw.size_bytes ? "…" : "");
    }
    assay_buf_char(text, '\'');
    return true;
}

static bool misfit_of_rule(const struct assay_rule_values *values,
                           const struct assay_rule_field *field)
{
    const struct view *v = (const struct view *)values;
    return is_misfit(v, (size_t)(field - v->scan->own.fields));
}

static json_t *field_json(const struct view *v, size_t field)
{
    struct assay_text raw;
    if (v->masked[field] && (!is_null(v, field) || is_misfit(v, field)))
        return json_string(ASSAY_RULE_MASKED);
    if (is_null(v, field) && raw_text(v, field, &raw) && raw.size_bytes)
        return assay_json_safe_string(raw.data, raw.size_bytes);
    return is_text_decimal(v, field) ? assay_value_decimal_json(&v->columns[field], v->row)
                                     : assay_value_json(&v->columns[field], v->row);
}

static const struct view *view_of_failing(const struct assay_failing_values *values)
{
    return (const struct view *)(const void *)((const char *)values -
                                               offsetof(struct view, failing));
}

/* The source's own text where there is one. */
static bool text_of_failing(const struct assay_failing_values *values, size_t column,
                            struct assay_buf *text)
{
    const struct view *v = view_of_failing(values);
    const size_t field = v->written[column];
    struct assay_text raw;
    if (v->masked[field] && (!is_null(v, field) || is_misfit(v, field))) {
        assay_buf_text(text, ASSAY_RULE_MASKED);
        return true;
    }
    if (raw_text(v, field, &raw)) {
        assay_buf_append(text, raw.data, raw.size_bytes);
        return true;
    }
    if (v->columns[field].layout == ASSAY_LAYOUT_TEXT && !is_null(v, field)) {
        const struct assay_text *value =
            &((const struct assay_text *)v->columns[field].values)[v->row];
        assay_utf8_append_safe(text, value->data, value->size_bytes);
        return true;
    }
    return v->raw_of[field] == SIZE_MAX && assay_value_text(&v->columns[field], v->row, text);
}

static json_t *json_of_failing(const struct assay_failing_values *values, size_t column)
{
    const struct view *v = view_of_failing(values);
    return field_json(v, v->written[column]);
}

/* --- one record --- */

static uint64_t place_number(const struct view *v, size_t column, bool *ret_valid)
{
    const uint64_t *numbers = column_data(v, v->first_place + column, ret_valid);
    return *ret_valid ? numbers[v->row] : 0;
}

static struct assay_scan_place place_of(const struct view *v)
{
    struct assay_scan_place place = {0};
    bool valid;
    if (!v->scan->own.has_order)
        return place;
    place.part = ((const uint32_t *)column_data(v, v->first_place, &valid))[v->row];
    place.file = ((const uint32_t *)column_data(v, v->first_place + 1, &valid))[v->row];
    place.row = place_number(v, 2, &valid);
    place.line = place_number(v, 3, &place.has_line);
    place.offset = place_number(v, 4, &place.has_offset);
    return place;
}

static void append_canonical(const struct view *v, size_t field, struct assay_buf *bytes)
{
    struct assay_text raw;
    if (!is_null(v, field) || !raw_text(v, field, &raw) || !raw.size_bytes) {
        assay_value_canonical(&v->columns[field], v->row, bytes);
        return;
    }
    assay_buf_char(bytes, 't');
    assay_buf_append(bytes, &raw.size_bytes, sizeof raw.size_bytes);
    assay_buf_append(bytes, raw.data, raw.size_bytes);
}

static bool is_key(const struct assay_scan *scan, size_t field)
{
    const json_t *key = assay_json_get(scan->task->settings, "key");
    for (size_t i = 0; i < json_array_size(key); i++)
        if (!strcmp(json_string_value(json_array_get(key, i)), scan->own.fields[field].name))
            return true;
    return false;
}

/* hash(container, its key fields, or the whole record when it has none) */
static int fingerprint_of(const struct view *v, uint64_t *ret_fingerprint, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
    const struct assay_scan *scan = v->scan;
    const bool has_key = json_array_size(assay_json_get(scan->task->settings, "key")) > 0;
    const char *name = assay_json_str(scan->task->container, "name", "");
    assay_buf_append(&bytes, name, strlen(name) + 1);
    for (size_t i = 0; i < scan->scope.fields_count; i++)
        if (!has_key || is_key(scan, i))
            append_canonical(v, i, &bytes);
    ASSAY_TRY(assay_buf_check(&bytes, err));
    *ret_fingerprint = XXH3_64bits(assay_buf_str(&bytes), bytes.size);
    return ASSAY_OK;
}

static uint8_t status_of(const struct view *v, size_t check_column)
{
    bool valid;
    const uint8_t *codes = column_data(v, check_column, &valid);
    return valid ? codes[v->row] : (uint8_t)ASSAY_STATUS_PASSED;
}

static json_t *failed_check(const struct view *v, const struct assay_scan_check *check)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    const json_t *source = assay_json_get(check->spec, "anomaly_message_field");
    for (size_t i = 0; json_is_string(source) && i < v->scan->scope.fields_count; i++)
        if (!strcmp(v->scan->own.fields[i].name, json_string_value(source)))
            (void)text_of_rule(&v->values, &v->scan->own.fields[i], &text);
    if (!text.size)
        assay_rule_message(check->rule, &v->values, &text);
    return json_pack("{s:o, s:o}", json_object_get(check->spec, "index") ? "index" : "id",
                     assay_scan_check_number(check), "message",
                     assay_json_safe_string(assay_buf_str(&text), text.size));
}

static bool is_tested(const struct view *v, size_t field)
{
    for (size_t i = 0; i < v->records_count; i++) {
        const struct assay_rule_check *rule = v->scan->checks[v->failed[i]].rule;
        for (size_t j = 0; j < rule->used_count; j++)
            if (rule->used[j] == &v->scan->own.fields[field])
                return true;
    }
    return false;
}

/* settings.examples: none, keys, fields (the key and what failing checks test), all. */
static int record_of(const struct view *v, json_t **ret_record, struct assay_error *err)
{
    const struct assay_scan *scan = v->scan;
    const char *examples = assay_json_str(scan->task->settings, "examples", "fields");
    const bool all = !strcmp(examples, "all"), keys = !strcmp(examples, "keys");
    *ret_record = NULL;
    if (!strcmp(examples, "none"))
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref) json_t *record = json_object();
    for (size_t i = 0; i < scan->scope.fields_count; i++) {
        const bool wanted =
            all ? !scan->own.fields[i].projected : is_key(scan, i) || (!keys && is_tested(v, i));
        if (wanted)
            ASSAY_TRY(assay_json_set(record, scan->own.fields[i].name, field_json(v, i), err));
    }
    *ret_record = ASSAY_TAKE(record);
    return ASSAY_OK;
}

/* Places in scan->checks of the checks that this record fails: first those of record rules, then
 * the others. */
static void list_failed(struct view *v, size_t first_status)
{
    size_t column = first_status;
    v->failed_count = v->records_count = 0;
    for (size_t i = 0; i < v->scan->checks_count; i++) {
        const struct assay_scan_check *check = &v->scan->checks[i];
        if (!check->in_pass || status_of(v, column++) != ASSAY_STATUS_FAILED)
            continue;
        v->failed[v->failed_count++] = (uint32_t)i;
        if (check->rule->is_shape)
            continue;
        for (size_t j = v->failed_count - 1; j > v->records_count; j--)
            v->failed[j] = v->failed[j - 1];
        v->failed[v->records_count++] = (uint32_t)i;
    }
}

static struct assay_scan_check *failed_at(const struct view *v, size_t i)
{
    return &v->scan->checks[v->failed[i]];
}

static int finish_captured(const struct view *v, struct assay_captured *captured,
                           struct assay_error *err)
{
    captured->failed_checks = json_array();
    for (size_t i = 0; captured->failed_checks && i < v->records_count; i++)
        ASSAY_TRY(assay_json_push(captured->failed_checks, failed_check(v, failed_at(v, i)), err));
    if (!captured->failed_checks)
        return assay_fail_memory(err);
    return record_of(v, &captured->record, err);
}

static bool is_wanted(const struct view *v, const struct assay_captured *probe)
{
    for (size_t i = 0; i < v->records_count; i++)
        if (assay_capture_wants(v->scan, failed_at(v, i), probe))
            return true;
    return false;
}

static int capture(const struct view *v, const struct assay_captured *probe,
                   struct assay_error *err)
{
    struct assay_captured *captured = assay_memdup(probe, sizeof *probe);
    if (!captured)
        return assay_fail_memory(err);
    captured->holders = 1;
    int code = finish_captured(v, captured, err);
    for (size_t i = 0; code == ASSAY_OK && i < v->records_count; i++)
        if (assay_capture_wants(v->scan, failed_at(v, i), captured))
            code = assay_capture_keep(v->scan, failed_at(v, i), captured, err);
    assay_captured_release(captured);
    return code;
}

/* The fingerprint is made only where it is wanted: it looks at the whole record. */
static int take_record(struct view *v, size_t first_status, struct assay_error *err)
{
    struct assay_captured probe = {.place = place_of(v)};
    list_failed(v, first_status);
    const bool unordered = !v->scan->own.has_order;
    if (!unordered && !v->scan->failing && !is_wanted(v, &probe))
        return ASSAY_OK;
    ASSAY_TRY(fingerprint_of(v, &probe.fingerprint, err));
    if (is_wanted(v, &probe))
        ASSAY_TRY(capture(v, &probe, err));
    if (!v->scan->failing)
        return ASSAY_OK;
    return assay_failing_add(v->scan->failing, &probe.place, probe.fingerprint, v->failed,
                             v->failed_count, &v->failing, err);
}

/* --- one chunk --- */

static void note_error(struct view *v, struct assay_scan_check *check, const uint8_t *codes,
                       size_t rows)
{
    for (v->row = 0; v->row < rows; v->row++) {
        if (codes[v->row] != ASSAY_STATUS_ERROR)
            continue;
        const struct assay_captured now = {.place = place_of(v)},
                                    before = {.place = check->error_place};
        if (!check->has_error_place || assay_captured_compare(&now, &before) < 0)
            check->error_place = now.place;
        check->has_error_place = true;
    }
}

static void count_check(struct view *v, struct assay_scan_check *check, size_t column, size_t rows)
{
    uint64_t counts[8] = {0};
    const uint8_t *codes = duckdb_vector_get_data(duckdb_data_chunk_get_vector(v->chunk, column));
    for (size_t i = 0; i < rows; i++)
        counts[codes[i] & 7]++;
    check->passed += counts[ASSAY_STATUS_PASSED];
    check->nulls += counts[ASSAY_STATUS_NULL];
    check->failing += counts[ASSAY_STATUS_FAILED];
    check->asserted +=
        counts[ASSAY_STATUS_PASSED] + counts[ASSAY_STATUS_NULL] + counts[ASSAY_STATUS_FAILED];
    if (counts[ASSAY_STATUS_ERROR])
        note_error(v, check, codes, rows);
}

static int take_chunk(struct view *v, struct assay_vectors_lane *lane, struct assay_error *err)
{
    const size_t rows = duckdb_data_chunk_get_size(v->chunk), first_status = v->first_place + 6;
    size_t column = first_status;
    for (size_t i = 0; i < v->scan->checks_count; i++)
        if (v->scan->checks[i].in_pass)
            count_check(v, &v->scan->checks[i], column++, rows);
    v->scan->records += rows;
    const bool *any =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(v->chunk, v->first_place + 5));
    if (!memchr(any, true, rows))
        return ASSAY_OK;
    ASSAY_TRY(assay_vectors_convert(lane, v->chunk, rows, &v->columns, err));
    for (v->row = 0; v->row < rows; v->row++)
        if (any[v->row])
            ASSAY_TRY(take_record(v, first_status, err));
    return ASSAY_OK;
}

/* What one reading holds. */
struct reading {
    struct view *view;
    struct assay_vectors_lane *lane;
};

static int take(void *context, duckdb_data_chunk chunk, struct assay_error *err)
{
    const struct reading *reading = context;
    struct view *v = reading->view;
    v->chunk = chunk;
    const int code = take_chunk(v, reading->lane, err);
    if (!v->scan->own.table)
        atomic_store(&v->scan->task->progress.records, v->scan->records);
    return code == ASSAY_OK ? assay_task_check(v->scan->task, err) : code;
}

static int run_query(struct view *v, const char *sql, struct assay_error *err)
{
    ASSAY_AUTO(assay_vectors_lane_free) struct assay_vectors_lane *lane = NULL;
    ASSAY_TRY(assay_vectors_lane_new(v->scan->own.vectors, &lane, err));
    struct reading reading = {v, lane};
    return assay_session_stream(v->scan->session, sql, take, &reading, err);
}

static bool is_masked(const struct assay_scan *scan, const char *name)
{
    const json_t *mask = assay_json_get(scan->task->settings, "mask");
    for (size_t i = 0; i < json_array_size(mask); i++)
        if (!strcmp(json_string_value(json_array_get(mask, i)), name))
            return true;
    return false;
}

/* Types of the written columns for Parquet: texts where the source is text. */
static const char *written_type(const struct assay_scan *scan, size_t field)
{
    static const char *const types[] = {
        [ASSAY_LAYOUT_BOOL] = "BOOLEAN",
        [ASSAY_LAYOUT_INT64] = "BIGINT",
        [ASSAY_LAYOUT_INT128] = "HUGEINT",
        [ASSAY_LAYOUT_FLOAT] = "FLOAT",
        [ASSAY_LAYOUT_DOUBLE] = "DOUBLE",
        [ASSAY_LAYOUT_DATE] = "DATE",
        [ASSAY_LAYOUT_TIMESTAMP] = "TIMESTAMP",
        [ASSAY_LAYOUT_INSTANT] = "TIMESTAMPTZ",
        [ASSAY_LAYOUT_CELL] = NULL,
    };
    const struct assay_rule_field *of = &scan->own.fields[field];
    if (scan->own.raw_sql[field] || is_masked(scan, of->name))
        return NULL;
    if (of->layout == ASSAY_LAYOUT_DECIMAL64 || of->layout == ASSAY_LAYOUT_DECIMAL128)
        return assay_arena_printf((struct assay_arena *)(uintptr_t)&scan->arena, "DECIMAL(38,%u)",
                                  of->scale);
    return types[of->layout];
}

static int open_failing(struct assay_scan *scan, size_t *written, struct assay_error *err)
{
    const char *path = assay_json_str(scan->task->settings, "failing", NULL);
    const size_t count = scan->scope.fields_count;
    if (!path)
        return ASSAY_OK;
    const char **names = assay_arena_zalloc(&scan->arena, (count + 1) * sizeof *names);
    const char **types = assay_arena_zalloc(&scan->arena, (count + 1) * sizeof *types);
    struct assay_failing_columns columns = {.names = names, .types = types};
    if (!names || !types)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (scan->own.fields[i].layout == ASSAY_LAYOUT_STRUCT)
            continue; /* its children are columns of their own */
        names[columns.count] = scan->own.fields[i].name;
        types[columns.count] = written_type(scan, i);
        written[columns.count++] = i;
    }
    return assay_failing_open(path, &columns, &scan->failing, err);
}

static int run(struct assay_scan *scan, size_t *raw_of, size_t *written, bool *masked,
               uint32_t *failed, struct assay_error *err)
{
    struct view v = {.values = {text_of_rule, misfit_of_rule},
                     .failing = {text_of_failing, json_of_failing},
                     .scan = scan,
                     .raw_of = raw_of,
                     .written = written,
                     .masked = masked,
                     .failed = failed};
    v.first_raw = assay_vectors_columns(scan->own.vectors);
    v.first_place = v.first_raw + assay_scan_raw_count(scan);
    size_t raw = v.first_raw;
    for (size_t i = 0; i < scan->scope.fields_count; i++) {
        raw_of[i] = scan->own.raw_sql[i] ? raw++ : SIZE_MAX;
        masked[i] = is_masked(scan, scan->own.fields[i].name);
    }
    ASSAY_TRY(open_failing(scan, written, err));
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    ASSAY_TRY(assay_scan_query(scan, &sql, err));
    return run_query(&v, assay_buf_str(&sql), err);
}

int assay_scan_pass(struct assay_scan *scan, struct assay_error *err)
{
    const size_t count = scan->scope.fields_count + 1;
    size_t *raw_of = assay_arena_zalloc(&scan->arena, count * sizeof *raw_of);
    size_t *written = assay_arena_zalloc(&scan->arena, count * sizeof *written);
    bool *masked = assay_arena_zalloc(&scan->arena, count * sizeof *masked);
    uint32_t *failed = assay_arena_zalloc(&scan->arena, (scan->checks_count + 1) * sizeof *failed);
    if (!raw_of || !written || !masked || !failed)
        return assay_fail_memory(err);
    atomic_store(&scan->task->progress.records, 0);
    atomic_store(&scan->task->progress.bytes, assay_scan_references_bytes(scan));
    scan->own.keep_counts = scan->own.parts && strcmp(scan->own.from, "_assay_spool");
    const int code = run(scan, raw_of, written, masked, failed, err);
    scan->own.keep_counts = false;
    if (code != ASSAY_OK && scan->own.table)
        return assay_reader_table_error(scan->own.table, err);
    return code;
}
