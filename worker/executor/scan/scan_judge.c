// Verdicts: from counts, from one-row queries, from the fields alone.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/scan/scan_reference.h"

const char *assay_outcome_name(enum assay_outcome outcome)
{
    static const char *const names[] = {"passed", "failed", "errored", "unasserted"};
    return names[outcome];
}

static int set_outcome(struct assay_scan_check *check, enum assay_outcome outcome,
                       const char *message, struct assay_error *err)
{
    assay_free(check->message);
    check->message = assay_strdup(message);
    check->outcome = outcome;
    return message && !check->message ? assay_fail_memory(err) : ASSAY_OK;
}

/* --- record rules --- */

/* passed / base ≥ coverage, exactly: the coverage is the decimal number that was written. */
static bool is_covered(uint64_t passed, uint64_t base, double coverage)
{
    char text[ASSAY_NUMBER_TEXT];
    const size_t size = assay_format_double(coverage, text);
    assay_i128 unscaled = 0, ten_power = 1;
    bool behind = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.') {
            behind = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            unscaled = unscaled * 10 + (text[i] - '0');
            ten_power *= behind ? 10 : 1;
        } else {
            return (double)passed >= coverage * (double)base; /* 1e-7 */
        }
    }
    return (assay_i128)passed * ten_power >= unscaled * (assay_i128)base;
}

static int judge_records(struct assay_scan_check *check, struct assay_error *err)
{
    const double coverage = assay_json_num(check->json, "coverage", 1.0);
    if (check->rule->rule->fails_on_null && !check->nulls)
        check->nulls = check->failing;
    const char *base_word = assay_rule_property(check->rule, "coverage_base");
    const bool non_null = base_word && !strcmp(base_word, "non_null");
    const uint64_t base = non_null ? check->asserted - check->nulls : check->asserted;
    if (!check->asserted)
        return set_outcome(check, ASSAY_OUTCOME_PASSED, "There was no record to judge.", err);
    const bool passed =
        coverage < 1 ? !base || is_covered(base - check->failing, base, coverage) : !check->failing;
    if (passed)
        return set_outcome(check, ASSAY_OUTCOME_PASSED, NULL, err);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_rule_shape_message(check->rule, check->failing, check->asserted, &text);
    ASSAY_TRY(assay_buf_check(&text, err));
    return set_outcome(check, ASSAY_OUTCOME_FAILED, assay_buf_str(&text), err);
}

/* --- a user's expression that failed on some record --- */

/* The engine's words of a failure show the value that it failed on. */
static bool reads_masked(const struct assay_rule_check *rule)
{
    bool masked = rule->reads_masked;
    for (size_t i = 0; i < rule->used_count; i++)
        masked |= assay_rule_is_masked(rule->scope, rule->used[i]);
    return masked;
}

/* Ask the engine again for that record alone, without TRY, for its words. */
static void append_reason(struct assay_scan *scan, const struct assay_scan_check *check,
                          struct assay_buf *text)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const struct assay_rule_check *rule = check->rule;
    const struct assay_scan_place *place = &check->error_place;
    const char *where = rule->filter_sql ? rule->filter_sql : "TRUE";
    assay_buf_printf(&sql, "SELECT count(*) FILTER (WHERE CASE WHEN %s THEN %s END) FROM %s", where,
                     rule->fails_sql ? rule->fails_sql : "FALSE", scan->scope.relation);
    if (scan->own.has_order)
        assay_buf_printf(&sql,
                         " WHERE _assay_part = %u AND _assay_file = %u AND _assay_row = %" PRIu64,
                         place->part, place->file, place->row);
    struct assay_error inner = {0};
    int64_t ignored;
    if (reads_masked(rule) ||
        assay_session_scalar(scan->session, assay_buf_str(&sql), &ignored, &inner) == ASSAY_OK)
        assay_buf_text(text, "the expression fails on this record");
    else
        assay_buf_text(text,
                       strstr(inner.text, "division by zero") ? "division by zero" : inner.text);
}

static int judge_error(struct assay_scan *scan, struct assay_scan_check *check,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    const struct assay_scan_place *place = &check->error_place;
    const struct assay_scan_part *part = scan->own.parts ? &scan->own.parts[place->part] : NULL;
    if (scan->own.has_order)
        assay_buf_printf(&text, "record %" PRIu64, place->row + (part ? part->first_row : 0) + 1);
    else
        assay_buf_text(&text, "a record");
    if (place->has_line)
        assay_buf_printf(&text, " (line %" PRIu64 ")", place->line + (part ? part->first_line : 0));
    assay_buf_text(&text, ": ");
    append_reason(scan, check, &text);
    ASSAY_TRY(assay_buf_check(&text, err));
    check->failing = 0;
    return set_outcome(check, ASSAY_OUTCOME_ERRORED, assay_buf_str(&text), err);
}

/* --- one row of SQL --- */

struct row {
    bool judged, passed;
    int64_t records, nulls;
    char *observed; /* heap */
};

static int read_row(duckdb_result *result, struct row *ret_row, struct assay_error *err)
{
    duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
    if (!chunk || duckdb_data_chunk_get_size(chunk) != 1) {
        duckdb_destroy_data_chunk(&chunk);
        return assay_fail(err, ASSAY_INVALID, "the aggregate gave no single row");
    }
    bool valid[4];
    void *data[4];
    for (idx_t i = 0; i < 4; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
        uint64_t *validity = duckdb_vector_get_validity(vector);
        valid[i] = !validity || duckdb_validity_row_is_valid(validity, 0);
        data[i] = duckdb_vector_get_data(vector);
    }
    struct row row = {.judged = valid[0],
                      .passed = valid[0] && *(const bool *)data[0],
                      .records = valid[2] ? *(const int64_t *)data[2] : 0,
                      .nulls = valid[3] ? *(const int64_t *)data[3] : 0};
    duckdb_string_t *text = data[1];
    row.observed = valid[1]
                       ? assay_strndup(duckdb_string_t_data(text), duckdb_string_t_length(*text))
                       : assay_strdup("");
    duckdb_destroy_data_chunk(&chunk);
    *ret_row = row;
    return row.observed ? ASSAY_OK : assay_fail_memory(err);
}

static int conclude_row(struct assay_scan_check *check, const struct row *row,
                        struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    const struct assay_rule_check *rule = check->rule;
    check->asserted = (uint64_t)row->records;
    check->nulls = (uint64_t)row->nulls;
    if (!row->judged)
        return set_outcome(check, ASSAY_OUTCOME_UNASSERTED, "There is no value to judge.", err);
    if (row->passed)
        return set_outcome(check, ASSAY_OUTCOME_PASSED, NULL, err);
    if (rule->fields_count && rule->def->fields != ASSAY_FIELDS_COMPUTED)
        assay_buf_printf(&text, "In `%s`, ", rule->fields[0]->name);
    assay_buf_printf(&text, "%s %s", rule->is_not, row->observed);
    if (rule->wanted)
        assay_buf_printf(&text, ": it is not %s", rule->wanted);
    assay_buf_char(&text, '.');
    ASSAY_TRY(assay_buf_check(&text, err));
    return set_outcome(check, ASSAY_OUTCOME_FAILED, assay_buf_str(&text), err);
}

static int judge_aggregate(struct assay_scan *scan, struct assay_scan_check *check,
                           struct assay_error *err)
{
    duckdb_result result;
    struct row row = {0};
    const int asked = assay_session_query(scan->session, check->rule->query_sql, &result, err);
    if (asked == ASSAY_INVALID && check->rule->reads_masked)
        assay_error_clear(err);
    if (asked != ASSAY_OK)
        return assay_fail(err, asked, "the aggregate fails on some value of a masked field");
    int code = read_row(&result, &row, err);
    duckdb_destroy_result(&result);
    if (code == ASSAY_OK)
        code = conclude_row(check, &row, err);
    assay_free(row.observed);
    return code;
}

/* --- the container --- */

static int judge_container(struct assay_scan *scan, struct assay_scan_check *check,
                           struct assay_error *err)
{
    struct assay_rule_verdict verdict;
    const uint64_t records = check->in_pass ? check->asserted : scan->records;
    if (check->rule->def->filter)
        check->asserted = records;
    ASSAY_TRY(check->rule->rule->conclude(check->rule, records, &verdict, err));
    return set_outcome(check, verdict.passed ? ASSAY_OUTCOME_PASSED : ASSAY_OUTCOME_FAILED,
                       verdict.message, err);
}

/* Records of the pass, and what the rule knows besides. */
static int judge_closed(struct assay_scan_check *check, struct assay_error *err)
{
    struct assay_rule_verdict verdict;
    ASSAY_TRY(
        check->rule->rule->close(check->rule, check->asserted, check->failing, &verdict, err));
    check->failing = verdict.failing;
    check->samples = verdict.samples;
    check->samples_count = verdict.samples_count;
    if (!verdict.passed)
        return set_outcome(check, ASSAY_OUTCOME_FAILED, verdict.message, err);
    return set_outcome(check, ASSAY_OUTCOME_PASSED,
                       check->asserted ? NULL : "There was no record to judge.", err);
}

static int judge(struct assay_scan *scan, struct assay_scan_check *check, struct assay_error *err)
{
    if (check->has_error_place)
        return judge_error(scan, check, err);
    if (check->rule->rule->close)
        return judge_closed(check, err);
    if (check->rule->rule->conclude)
        return judge_container(scan, check, err);
    if (check->rule->rule->aggregate)
        return judge_aggregate(scan, check, err);
    return judge_records(check, err);
}

int assay_scan_judge(struct assay_scan *scan, struct assay_error *err)
{
    for (size_t i = 0; i < scan->checks_count; i++) {
        struct assay_scan_check *check = &scan->checks[i];
        struct assay_error inner = {0};
        if (check->outcome == ASSAY_OUTCOME_ERRORED || judge(scan, check, &inner) == ASSAY_OK)
            continue;
        assay_scan_reference_blame(scan, check->json, &inner);
        ASSAY_TRY(assay_scan_check_fault(check, &inner, err));
    }
    return ASSAY_OK;
}
