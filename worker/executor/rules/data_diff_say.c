// dataDiff: what a person reads of it: counts, and some of the records that differ.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "worker/executor/batch/special.h"
#include "worker/executor/rules/data_diff.h"

#define SHOWN_FIELDS  8   /* of a record */
#define SHOWN_TEXT    60  /* characters of a text */
#define SHOWN_EXAMPLE 400 /* characters of an example */

/* --- values as SQL of their text --- */

/* What one side masks, the other does not show. */
static bool is_masked(const struct assay_rule_check *check, const struct assay_diff *diff,
                      const struct assay_rule_field *field)
{
    return assay_rule_is_masked(check->scope, field) ||
           assay_rule_is_masked(diff->reference, field);
}

static bool is_text(const struct assay_diff_field *field)
{
    return field->own->type == ASSAY_TYPE_STRING || field->ref->type == ASSAY_TYPE_STRING;
}

static bool is_instant(const struct assay_diff_field *field)
{
    return field->own->layout == ASSAY_LAYOUT_INSTANT || field->ref->layout == ASSAY_LAYOUT_INSTANT;
}

/* As other messages show values: texts in quotes, no zeros at the end of a decimal, ISO 8601. */
static void append_value(const struct assay_diff_field *field, const char *column,
                         struct assay_buf *sql)
{
    if (is_text(field))
        assay_buf_printf(sql,
                         "concat('''', left(CAST(%s AS VARCHAR), %d), CASE WHEN length(CAST(%s AS "
                         "VARCHAR)) > %d THEN '…' END, '''')",
                         column, SHOWN_TEXT, column, SHOWN_TEXT);
    else if (assay_is_decimal(field->own->layout) || assay_is_decimal(field->ref->layout))
        assay_buf_printf(
            sql, "regexp_replace(CAST(%s AS VARCHAR), '(\\.[0-9]*[1-9]|\\.0)0+$', '\\1')", column);
    else if (is_instant(field))
        assay_buf_printf(sql, "replace(CAST(timezone('UTC', %s) AS VARCHAR), ' ', 'T') || 'Z'",
                         column);
    else if (field->own->type == ASSAY_TYPE_TIMESTAMP || field->ref->type == ASSAY_TYPE_TIMESTAMP)
        assay_buf_printf(sql, "replace(CAST(%s AS VARCHAR), ' ', 'T')", column);
    else
        assay_buf_printf(sql, "left(CAST(%s AS VARCHAR), %d)", column, SHOWN_TEXT);
}

/* side: 'a' or 'b' of _assay_found_N. */
static void append_shown(const struct assay_rule_check *check, const struct assay_diff *diff,
                         char side, size_t i, struct assay_buf *sql)
{
    const struct assay_diff_field *field = &diff->fields[i];
    const struct assay_rule_field *of = side == 'a' ? field->own : field->ref;
    char column[32];
    snprintf(column, sizeof column, "%c%zu", side, i);
    assay_buf_text(sql, "CASE");
    if (assay_rule_misfit_counts(check, of)) {
        assay_buf_text(sql, " WHEN ");
        assay_diff_append_misfit(diff, side, i, sql);
        assay_buf_printf(sql, " THEN 'no %s'", assay_type_name(of->type));
    }
    assay_buf_printf(sql, " WHEN %s IS NULL THEN 'null' ELSE ", column);
    if (is_masked(check, diff, of))
        assay_buf_text(sql, "'" ASSAY_RULE_MASKED "'");
    else
        append_value(field, column, sql);
    assay_buf_text(sql, " END");
}

static void append_name_text(const char *before, const struct assay_rule_field *field,
                             const char *behind, struct assay_buf *sql)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_buf_printf(&text, "%s%s%s", before, field->name, behind);
    assay_sql_text(sql, assay_buf_str(&text));
    sql->failed |= text.failed;
}

/* "{id: 5, name: 'x'}" of the first fields. */
static void append_record(const struct assay_rule_check *check, const struct assay_diff *diff,
                          char side, size_t fields, struct assay_buf *sql)
{
    const size_t shown = fields < SHOWN_FIELDS ? fields : SHOWN_FIELDS;
    assay_buf_text(sql, "concat('{', ");
    for (size_t i = 0; i < shown; i++) {
        append_name_text(i ? ", " : "", diff->fields[i].own, ": ", sql);
        assay_buf_text(sql, ", ");
        append_shown(check, diff, side, i, sql);
        assay_buf_text(sql, ", ");
    }
    assay_buf_text(sql, shown < fields ? "', …}')" : "'}')");
}

/* "{id: 5}: `amount` is 3.5, in the reference 4.0; …" */
static void append_change(const struct assay_rule_check *check, const struct assay_diff *diff,
                          bool values, struct assay_buf *sql)
{
    assay_buf_text(sql, "concat(");
    append_record(check, diff, 'a', diff->ids_count, sql);
    assay_buf_text(sql, ", ': ', concat_ws(', '");
    for (size_t i = 0; i < diff->fields_count; i++) {
        assay_buf_text(sql, ", CASE WHEN ");
        assay_diff_append_changed(diff, i, sql);
        assay_buf_text(sql, " THEN concat(");
        append_name_text("`", diff->fields[i].own, values ? "` is " : "`", sql);
        if (values) {
            assay_buf_text(sql, ", ");
            append_shown(check, diff, 'a', i, sql);
            assay_buf_text(sql, ", ', in the reference ', ");
            append_shown(check, diff, 'b', i, sql);
        }
        assay_buf_text(sql, ") END");
    }
    assay_buf_text(sql, "))");
}

void assay_diff_append_sentence(const struct assay_rule_check *check, const struct assay_diff *diff,
                                struct assay_buf *sql)
{
    const bool none = !strcmp(check->scope->examples, "none"),
               keys = !strcmp(check->scope->examples, "keys");
    const size_t fields = keys ? diff->ids_count : diff->fields_count;
    assay_buf_printf(sql, "left(CASE WHEN kind = %d THEN ", ASSAY_DIFF_CHANGED);
    if (none || !diff->ids_count)
        assay_buf_text(sql, "'changed'");
    else
        append_change(check, diff, !keys, sql);
    assay_buf_text(sql, " ELSE concat('not in the reference'");
    if (!none && fields) {
        assay_buf_text(sql, ", ': ', ");
        append_record(check, diff, 'a', fields, sql);
    }
    assay_buf_printf(sql, ") END, %d)", SHOWN_EXAMPLE);
}

/* --- examples --- */

/* Texts of the query's rows, "; " between them. */
static int append_rows(struct assay_session *session, const char *sql, struct assay_buf *text,
                       struct assay_error *err)
{
    duckdb_result result;
    ASSAY_TRY(assay_session_query(session, sql, &result, err));
    const char *between = "";
    duckdb_data_chunk chunk;
    while ((chunk = duckdb_fetch_chunk(result))) {
        duckdb_string_t *texts = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
        for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++) {
            assay_buf_text(text, between);
            assay_buf_append(text, duckdb_string_t_data(&texts[i]),
                             duckdb_string_t_length(texts[i]));
            between = "; ";
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return ASSAY_OK;
}

static const char *const words[] = {[ASSAY_DIFF_CHANGED] = "changed",
                                    [ASSAY_DIFF_EXTRA] = "extra",
                                    [ASSAY_DIFF_MISSING] = "missing"};

void assay_diff_append_order(const struct assay_rule_check *check, const struct assay_diff *diff,
                             enum assay_diff_kind kind, struct assay_buf *sql)
{
    const bool keys = !strcmp(check->scope->examples, "keys");
    const size_t fields = keys ? diff->ids_count : diff->fields_count;
    if (!strcmp(check->scope->examples, "none"))
        return;
    for (size_t i = 0; i < fields && i < SHOWN_FIELDS; i++)
        assay_buf_printf(sql, "%s%c%zu NULLS LAST", i ? ", " : "",
                         kind == ASSAY_DIFF_MISSING ? 'b' : 'a', i);
}

static int append_examples(const struct assay_rule_check *check, const struct assay_diff *diff,
                           enum assay_diff_kind kind, struct assay_buf *text,
                           struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const bool keys = !strcmp(check->scope->examples, "keys");
    const size_t fields = keys ? diff->ids_count : diff->fields_count;
    const char side = kind == ASSAY_DIFF_MISSING ? 'b' : 'a';
    if (!diff->copies[kind] || !fields || !strcmp(check->scope->examples, "none"))
        return ASSAY_OK;
    assay_buf_text(&sql, "SELECT left(");
    if (kind == ASSAY_DIFF_CHANGED)
        append_change(check, diff, !keys, &sql);
    else
        append_record(check, diff, side, fields, &sql);
    assay_buf_printf(&sql, ", %d) FROM _assay_found_%d WHERE kind = %d ORDER BY ", SHOWN_EXAMPLE,
                     check->number, kind);
    assay_diff_append_order(check, diff, kind, &sql);
    assay_buf_printf(&sql, " LIMIT %d", ASSAY_DIFF_EXAMPLES);
    ASSAY_TRY(assay_buf_check(&sql, err));
    assay_buf_printf(text, " %c%s: ", words[kind][0] - 'a' + 'A', words[kind] + 1);
    ASSAY_TRY(append_rows(check->scope->session, assay_buf_str(&sql), text, err));
    assay_buf_char(text, '.');
    return ASSAY_OK;
}

/* --- the sentences --- */

static void append_container(const struct assay_rule_scope *scope, const char *otherwise,
                             int64_t records, struct assay_buf *text)
{
    if (scope->name)
        assay_buf_printf(text, "`%s`", scope->name);
    else
        assay_buf_text(text, otherwise);
    assay_buf_printf(text, " (%" PRId64 " record%s)", records, records == 1 ? "" : "s");
}

static void append_counts(const struct assay_diff *diff, struct assay_buf *text)
{
    static const enum assay_diff_kind order[] = {ASSAY_DIFF_MISSING, ASSAY_DIFF_EXTRA,
                                                 ASSAY_DIFF_CHANGED};
    const char *before = ": ";
    for (size_t i = 0; i < ASSAY_COUNT(order); i++) {
        if (!diff->copies[order[i]])
            continue;
        assay_buf_printf(text, "%s%" PRId64 " %s", before, diff->copies[order[i]], words[order[i]]);
        before = ", ";
    }
    assay_buf_char(text, '.');
}

int assay_diff_say(const struct assay_rule_check *check, const struct assay_diff *diff,
                   uint64_t records, struct assay_buf *text, struct assay_error *err)
{
    const int64_t all = diff->copies[ASSAY_DIFF_CHANGED] + diff->copies[ASSAY_DIFF_EXTRA] +
                        diff->copies[ASSAY_DIFF_MISSING];
    const char *datastore = assay_rule_property(check, "ref_datastore");
    assay_buf_printf(text, "There %s %" PRId64 " record%s that differ%s between ",
                     all == 1 ? "is" : "are", all, all == 1 ? "" : "s", all == 1 ? "s" : "");
    append_container(check->scope, "the container", (int64_t)records, text);
    assay_buf_text(text, " and ");
    append_container(diff->reference, "the reference", (int64_t)records - diff->surplus, text);
    if (datastore)
        assay_buf_printf(text, " in `%s`", datastore);
    append_counts(diff, text);
    ASSAY_TRY(append_examples(check, diff, ASSAY_DIFF_MISSING, text, err));
    ASSAY_TRY(append_examples(check, diff, ASSAY_DIFF_EXTRA, text, err));
    ASSAY_TRY(append_examples(check, diff, ASSAY_DIFF_CHANGED, text, err));
    if (diff->repeated)
        assay_buf_printf(text,
                         " %" PRId64 " of the ids %s there more than once: records with such an id "
                         "are compared as wholes.",
                         diff->repeated, diff->repeated == 1 ? "is" : "are");
    return assay_buf_check(text, err);
}
