// dataDiff: the tables of a part that say which records differ, and where they stand.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/data_diff.h"

/* Of field i, in its word. */
static long long bit_of(size_t i)
{
    return 1LL << i % ASSAY_DIFF_WORD_BITS;
}

static int run(const struct assay_rule_check *check, const struct assay_buf *sql,
               struct assay_error *err)
{
    ASSAY_TRY(assay_buf_check(sql, err));
    return assay_session_exec(check->scope->session, assay_buf_str(sql), err);
}

/* SELECT <what> FROM <table>_N<where> */
static int count(const struct assay_rule_check *check, const char *what, const char *table,
                 const char *where, int64_t *ret_value, struct assay_error *err)
{
    const char *sql =
        assay_rule_text(check, "SELECT %s FROM %s_%d%s", what, table, check->number, where);
    return sql ? assay_session_scalar(check->scope->session, sql, ret_value, err)
               : assay_fail_memory(err);
}

/* --- lists of columns --- */

/* Columns of the first `fields` fields: "k0, k1". */
static void append_columns(const char *prefix, size_t fields, struct assay_buf *sql)
{
    for (size_t i = 0; i < fields; i++)
        assay_buf_printf(sql, "%s%s%zu", i ? ", " : "", prefix, i);
}

/* Columns of misfits, behind others: ", m0, m1". */
static void append_words(const struct assay_diff *diff, struct assay_buf *sql)
{
    for (size_t i = 0; i < diff->misfit_words; i++)
        assay_buf_printf(sql, ", m%zu", i);
}

/* "l.k0 IS NOT DISTINCT FROM r.a0 AND …" */
static void append_same(const char *left, const char *right, size_t fields, struct assay_buf *sql)
{
    for (size_t i = 0; i < fields; i++)
        assay_buf_printf(sql, "%s%s%zu IS NOT DISTINCT FROM %s%zu", i ? " AND " : "", left, i,
                         right, i);
}

/* A bit for each field of the word whose text does not fit; those of the reference negative, so
 * that such a record never equals one of the other side. */
static void append_misfits(const struct assay_rule_check *check, const struct assay_diff *diff,
                           bool own, size_t word, struct assay_buf *sql)
{
    const size_t first = word * ASSAY_DIFF_WORD_BITS, end = first + ASSAY_DIFF_WORD_BITS;
    assay_buf_text(sql, own ? ", CAST(0" : ", -CAST(0");
    for (size_t i = first; i < end && i < diff->fields_count; i++) {
        const struct assay_rule_field *field = own ? diff->fields[i].own : diff->fields[i].ref;
        if (assay_rule_misfit_counts(check, field))
            assay_buf_printf(sql, " | CASE WHEN %s THEN %lld ELSE 0 END", field->misfit_sql,
                             bit_of(i));
    }
    assay_buf_printf(sql, " AS BIGINT) AS m%zu", word);
}

static void append_from(const struct assay_rule_check *check, const struct assay_diff *diff,
                        bool own, struct assay_buf *sql)
{
    assay_buf_printf(sql, " FROM %s", own ? check->scope->relation : diff->reference->relation);
    if (!own)
        assay_buf_text(sql, diff->ref_where);
    else if (check->filter_sql)
        assay_buf_printf(sql, " WHERE TRY(CASE WHEN %s THEN 1 ELSE 0 END) = 1", check->filter_sql);
}

/* One side's records: more, then k0, … and m0, … */
static void append_side(const struct assay_rule_check *check, const struct assay_diff *diff,
                        bool own, size_t fields, const char *more, struct assay_buf *sql)
{
    assay_buf_printf(sql, "SELECT %s", more);
    for (size_t i = 0; i < fields; i++)
        assay_buf_printf(sql, ", %s AS k%zu",
                         own ? diff->fields[i].own_sql : diff->fields[i].ref_sql, i);
    for (size_t i = 0; i < diff->misfit_words; i++)
        append_misfits(check, diff, own, i, sql);
    append_from(check, diff, own, sql);
}

/* Records with the same id, or the same records, are in the same part: by the columns of both
 * sides, as the hash of a value is that of its type (lists of other integers). */
static void append_part(const struct assay_diff *diff, struct assay_buf *sql)
{
    assay_buf_text(sql, " WHERE hash(");
    append_columns("k", diff->ids_count ? diff->ids_count : diff->fields_count, sql);
    assay_buf_printf(sql, ") %% %u = %u", diff->parts, diff->part);
}

static void append_both(const struct assay_rule_check *check, const struct assay_diff *diff,
                        size_t fields, struct assay_buf *sql)
{
    const bool whole = diff->parts < 2;
    assay_buf_text(sql, whole ? "(" : "(SELECT * FROM (");
    append_side(check, diff, true, fields, "TRUE AS is_here", sql);
    assay_buf_text(sql, " UNION ALL ");
    append_side(check, diff, false, fields, "FALSE AS is_here", sql);
    assay_buf_char(sql, ')');
    if (whole)
        return;
    append_part(diff, sql);
    assay_buf_char(sql, ')');
}

#define COUNTS                                                                                     \
    "count(*) FILTER (WHERE is_here) AS here, count(*) FILTER (WHERE NOT is_here) AS there"

/* --- the tables --- */

static int make_differ(const struct assay_rule_check *check, const struct assay_diff *diff,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "CREATE OR REPLACE TEMP TABLE _assay_differ_%d AS SELECT ",
                     check->number);
    append_columns("k", diff->fields_count, &sql);
    append_words(diff, &sql);
    assay_buf_text(&sql, ", " COUNTS " FROM ");
    append_both(check, diff, diff->fields_count, &sql);
    assay_buf_text(&sql, " GROUP BY ");
    append_columns("k", diff->fields_count, &sql);
    append_words(diff, &sql);
    assay_buf_text(&sql, " HAVING here <> there");
    return run(check, &sql, err);
}

/* Ids of differing records that are there more than once on a side. */
static int make_repeated(const struct assay_rule_check *check, struct assay_diff *diff,
                         struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "CREATE OR REPLACE TEMP TABLE _assay_repeated_%d AS SELECT ",
                     check->number);
    append_columns("u.k", diff->ids_count, &sql);
    assay_buf_text(&sql, ", " COUNTS " FROM ");
    append_both(check, diff, diff->ids_count, &sql);
    assay_buf_text(&sql, " u JOIN (SELECT DISTINCT ");
    append_columns("k", diff->ids_count, &sql);
    assay_buf_printf(&sql, " FROM _assay_differ_%d) d ON ", check->number);
    append_same("u.k", "d.k", diff->ids_count, &sql);
    assay_buf_text(&sql, " GROUP BY ");
    append_columns("u.k", diff->ids_count, &sql);
    assay_buf_text(&sql, " HAVING here > 1 OR there > 1");
    int64_t repeated;
    ASSAY_TRY(run(check, &sql, err));
    ASSAY_TRY(count(check, "count(*)", "_assay_repeated", "", &repeated, err));
    diff->part_repeats = repeated > 0;
    diff->repeated += repeated;
    return ASSAY_OK;
}

/* Differing records of one side; `apart`: 0 = a pair may be made by the id, which is there at most
 * once on each side; else a number of the side's own. */
static void append_apart(const struct assay_rule_check *check, const struct assay_diff *diff,
                         bool own, struct assay_buf *sql)
{
    const char *side = own ? "here > there" : "there > here";
    if (!diff->part_repeats) {
        assay_buf_printf(sql, "(SELECT *, 0 AS apart FROM _assay_differ_%d WHERE %s)",
                         check->number, side);
        return;
    }
    assay_buf_printf(
        sql,
        "(SELECT d.*, CASE WHEN i.here IS NULL THEN 0 ELSE %d END AS apart FROM "
        "(SELECT * FROM _assay_differ_%d WHERE %s) d LEFT JOIN _assay_repeated_%d i ON ",
        own ? 1 : 2, check->number, side, check->number);
    append_same("d.k", "i.k", diff->ids_count, sql);
    assay_buf_char(sql, ')');
}

void assay_diff_append_misfit(const struct assay_diff *diff, char side, size_t i,
                              struct assay_buf *sql)
{
    const size_t word = i / ASSAY_DIFF_WORD_BITS;
    if (word < diff->misfit_words)
        assay_buf_printf(sql, "(%s%cm%zu & %lld) <> 0", side == 'b' ? "-" : "", side, word,
                         bit_of(i));
    else
        assay_buf_text(sql, "FALSE");
}

void assay_diff_append_changed(const struct assay_diff *diff, size_t i, struct assay_buf *sql)
{
    const char *near = diff->fields[i].near_sql;
    assay_buf_printf(sql, "(a%zu IS DISTINCT FROM b%zu", i, i);
    if (near)
        assay_buf_printf(sql, " AND NOT coalesce(%s, FALSE)", near);
    assay_buf_text(sql, " OR ");
    assay_diff_append_misfit(diff, 'a', i, sql);
    assay_buf_text(sql, " OR ");
    assay_diff_append_misfit(diff, 'b', i, sql);
    assay_buf_char(sql, ')');
}

/* Pairs of records with the same id, and records without a partner. */
static void append_pairs(const struct assay_rule_check *check, const struct assay_diff *diff,
                         struct assay_buf *sql)
{
    assay_buf_text(
        sql, "SELECT * FROM (SELECT CASE WHEN o.here IS NULL THEN 2 WHEN r.here IS NULL THEN 1 "
             "ELSE 0 END AS kind, coalesce(o.here - o.there, r.there - r.here) AS "
             "copies, coalesce(o.here, r.here) AS here");
    for (size_t i = 0; i < diff->fields_count; i++)
        assay_buf_printf(sql, ", o.k%zu AS a%zu, r.k%zu AS b%zu", i, i, i, i);
    for (size_t i = 0; i < diff->misfit_words; i++)
        assay_buf_printf(sql, ", o.m%zu AS am%zu, r.m%zu AS bm%zu", i, i, i, i);
    assay_buf_text(sql, " FROM ");
    append_apart(check, diff, true, sql);
    assay_buf_text(sql, " o FULL JOIN ");
    append_apart(check, diff, false, sql);
    assay_buf_text(sql, " r ON ");
    append_same("o.k", "r.k", diff->ids_count, sql);
    assay_buf_text(sql, " AND o.apart = r.apart) WHERE kind <> 0");
    for (size_t i = 0; i < diff->fields_count; i++) {
        assay_buf_text(sql, " OR ");
        assay_diff_append_changed(diff, i, sql);
    }
}

/* Records as wholes: both sides of a row are the same. */
static void append_wholes(const struct assay_rule_check *check, const struct assay_diff *diff,
                          struct assay_buf *sql)
{
    assay_buf_text(sql,
                   "SELECT CASE WHEN here > there THEN 1 ELSE 2 END AS kind, abs(here - there) "
                   "AS copies, here");
    for (size_t i = 0; i < diff->fields_count; i++)
        assay_buf_printf(sql, ", k%zu AS a%zu, k%zu AS b%zu", i, i, i, i);
    for (size_t i = 0; i < diff->misfit_words; i++)
        assay_buf_printf(sql, ", m%zu AS am%zu, m%zu AS bm%zu", i, i, i, i);
    assay_buf_printf(sql, " FROM _assay_differ_%d", check->number);
}

static int make_step(const struct assay_rule_check *check, const struct assay_diff *diff,
                     struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql,
                     "CREATE OR REPLACE TEMP TABLE _assay_step_%d AS SELECT row_number() OVER () "
                     "AS number, * FROM (",
                     check->number);
    if (diff->ids_count)
        append_pairs(check, diff, &sql);
    else
        append_wholes(check, diff, &sql);
    assay_buf_char(&sql, ')');
    ASSAY_TRY(run(check, &sql, err));
    assay_buf_clear(&sql);
    assay_buf_printf(&sql, "DROP TABLE _assay_differ_%d", check->number);
    return run(check, &sql, err);
}

static int make_places(const struct assay_rule_check *check, const struct assay_diff *diff,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql,
                     "CREATE OR REPLACE TEMP TABLE _assay_at_%d AS SELECT number, part, file, "
                     "row, line, byte FROM (",
                     check->number);
    append_side(check, diff, true, diff->fields_count,
                "_assay_part AS part, _assay_file AS file, _assay_row AS row, _assay_line AS line, "
                "_assay_offset AS byte",
                &sql);
    assay_buf_printf(&sql, ") o JOIN _assay_step_%d f ON ", check->number);
    append_same("o.k", "f.a", diff->fields_count, &sql);
    for (size_t i = 0; i < diff->misfit_words; i++)
        assay_buf_printf(&sql, " AND o.m%zu = f.am%zu", i, i);
    assay_buf_printf(&sql, " WHERE kind < %d", ASSAY_DIFF_MISSING);
    return run(check, &sql, err);
}

/* Of records that are the same, as many as the reference has pass: the first ones. */
static int drop_matched(const struct assay_rule_check *check, struct assay_error *err)
{
    const char *sql = assay_rule_text(
        check,
        "DELETE FROM _assay_at_%d WHERE row(part, file, row) IN (SELECT row(part, file, row) "
        "FROM (SELECT p.*, here - copies AS matched, row_number() OVER (PARTITION BY p.number "
        "ORDER "
        "BY part, file, row) AS place FROM _assay_at_%d p JOIN _assay_step_%d f ON p.number = "
        "f.number WHERE kind = %d AND copies < here) WHERE place <= matched)",
        check->number, check->number, check->number, ASSAY_DIFF_EXTRA);
    return sql ? assay_session_exec(check->scope->session, sql, err) : assay_fail_memory(err);
}

static int count_kinds(const struct assay_rule_check *check, struct assay_diff *diff,
                       bool *ret_places, struct assay_error *err)
{
    static const char *const kinds[] = {" WHERE kind = 0", " WHERE kind = 1", " WHERE kind = 2"};
    bool places = false;
    for (size_t i = 0; i < ASSAY_COUNT(kinds); i++) {
        int64_t copies;
        ASSAY_TRY(count(check, "CAST(coalesce(sum(copies), 0) AS BIGINT)", "_assay_step", kinds[i],
                        &copies, err));
        diff->copies[i] += copies;
        places |= copies && i != ASSAY_DIFF_MISSING;
    }
    *ret_places = places;
    return ASSAY_OK;
}

int assay_diff_compare_part(const struct assay_rule_check *check, struct assay_diff *diff,
                            bool *ret_found, bool *ret_places, struct assay_error *err)
{
    int64_t differing = 0, surplus;
    *ret_found = *ret_places = false;
    diff->part_repeats = false;
    ASSAY_TRY(make_differ(check, diff, err));
    ASSAY_TRY(count(check, "count(*)", "_assay_differ", "", &differing, err));
    if (!differing)
        return ASSAY_OK;
    ASSAY_TRY(
        count(check, "CAST(sum(here - there) AS BIGINT)", "_assay_differ", "", &surplus, err));
    diff->surplus += surplus;
    if (diff->ids_count)
        ASSAY_TRY(make_repeated(check, diff, err));
    ASSAY_TRY(make_step(check, diff, err));
    *ret_found = true;
    ASSAY_TRY(count_kinds(check, diff, ret_places, err));
    if (!*ret_places)
        return ASSAY_OK;
    ASSAY_TRY(make_places(check, diff, err));
    return drop_matched(check, err);
}
