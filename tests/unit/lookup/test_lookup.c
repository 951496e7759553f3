// Lookups of values of every type, held in memory and not: as the engine's own IN.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/executor/lookup/lookup.h"

#define WHOLE_BYTES (UINT64_C(64) << 20)
#define SMALL_BYTES (UINT64_C(1) << 10) /* least sets: 8,192 keys */

#define KNOWN "(SELECT %s AS k FROM range(20000) t(i))"
#define ASKING                                                                                     \
    "(SELECT CASE WHEN i %% 11 <> 0 THEN %s END AS k, CAST(i %% 3 AS UINTEGER) AS _assay_part, "   \
    "CAST(0 AS UINTEGER) AS _assay_file, CAST(i AS UBIGINT) AS _assay_row FROM range(30000) t(i))"

static struct assay_session *session;

static void query(const char *sql, int64_t *ret_value)
{
    struct assay_error err = {0};
    if (assay_session_scalar(session, sql, ret_value, &err) != ASSAY_OK)
        fail_msg("%s: %s", sql, err.text);
}

static void open_session(void)
{
    const struct assay_session_options options = {.threads = 2};
    struct assay_error err = {0};
    assert_int_equal(assay_session_open(&options, &session, &err), ASSAY_OK);
}

static void look(const char *known, const char *asking, uint64_t memory_bytes, bool there)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf from = {0}, askers = {0}, sql = {0};
    struct assay_lookups *lookups;
    struct assay_lookup *lookup;
    struct assay_error err = {0};
    int64_t ours, theirs;
    open_session();
    assay_buf_printf(&from, KNOWN, known);
    assay_buf_printf(&askers, ASKING, asking);
    assert_int_equal(assay_lookups_new(session, NULL, memory_bytes, &lookups, &err), ASSAY_OK);
    if (assay_lookup_collect(lookups, "k", assay_buf_str(&from), &lookup, &err) != ASSAY_OK)
        fail_msg("%s: %s", known, err.text);
    assay_buf_text(&sql, "SELECT count(*) FROM ");
    assay_buf_printf(&sql, "%s WHERE %s", assay_buf_str(&askers), there ? "" : "NOT ");
    if (assay_lookup_is_whole(lookup)) {
        assay_lookup_append_has(lookup, "k", &sql);
    } else {
        assert_int_equal(assay_lookup_mark(lookup, "k", assay_buf_str(&askers), there, &err),
                         ASSAY_OK);
        assay_buf_clear(&sql);
        assay_buf_printf(&sql, "SELECT count(*) FROM %s WHERE ", assay_buf_str(&askers));
        assay_lookup_append_marked(lookup, &sql);
    }
    query(assay_buf_str(&sql), &ours);
    assay_buf_clear(&sql);
    assay_buf_printf(&sql,
                     "SELECT count(*) FROM %s WHERE k IS NOT NULL AND k %s (SELECT k FROM %s WHERE "
                     "k IS NOT NULL)",
                     assay_buf_str(&askers), there ? "IN" : "NOT IN", assay_buf_str(&from));
    query(assay_buf_str(&sql), &theirs);
    if (ours != theirs)
        fail_msg("%s in %s, %s: %lld for %lld", asking, known, there ? "there" : "not there",
                 (long long)ours, (long long)theirs);
    assay_session_close(session);
    assay_lookups_free(lookups);
}

static void as_the_engine_says(void **state)
{
    static const struct {
        const char *known, *asking;
    } rows[] = {
        {"i * 2", "i"},
        {"i % 10", "i"}, /* few values, often */
        {"CAST(i * 3 AS HUGEINT) * 18446744073709551616 + i",
         "CAST(i AS HUGEINT) * 18446744073709551616 + i // 3"},
        {"CAST(i / 4 AS DECIMAL(38,2))", "CAST(i / 10 AS DECIMAL(38,2))"},
        {"CASE i WHEN 0 THEN -0.0::DOUBLE WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN 'inf'::DOUBLE ELSE "
         "i / 4 END",
         "CASE i WHEN 1 THEN 0.0::DOUBLE WHEN 2 THEN 'nan'::DOUBLE WHEN 3 THEN '-inf'::DOUBLE ELSE "
         "i / 8 END"},
        {"CAST(i / 4 AS FLOAT)", "CAST(i / 8 AS FLOAT)"},
        {"'value ' || i * 2", "'value ' || i"},
        {"'a text that is longer than twelve bytes ' || i",
         "'a text that is longer than twelve bytes ' || i * 5 % 77777"},
        {"i % 2 = 0 AND i % 2 = 1", "i % 3 = 0"},
        {"DATE '1990-01-01' + CAST(i AS INTEGER) * 2", "DATE '1990-01-01' + CAST(i AS INTEGER)"},
        {"TIMESTAMP '1990-01-01' + to_seconds(i * 2)", "TIMESTAMP '1990-01-01' + to_seconds(i)"},
        {"CAST(i * 2 AS UINTEGER)", "CAST(i AS UINTEGER)"}, /* by text */
        {"CASE WHEN i < 0 THEN i END", "i"},                /* no value at all */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int there = 0; there < 2; there++) {
            look(rows[i].known, rows[i].asking, WHOLE_BYTES, there);
            look(rows[i].known, rows[i].asking, SMALL_BYTES, there);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_engine_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
