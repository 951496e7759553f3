// dataDiff: part by part, as many as memory asks for; of each the counts, the marks, and the few
// records that messages may show.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "worker/executor/rules/data_diff.h"

#define PARTS_STEP  4   /* so many times the parts when memory did not hold one */
#define PARTS_MAX   512 /* after which the check is errored */
#define PART_TABLES 4   /* the first ones of drop() */
/* Of a record in a table of the engine, beside its fields, and of one of these. */
#define ROW_BYTES   100
#define FIELD_BYTES 24

static int run(const struct assay_rule_check *check, const struct assay_buf *sql,
               struct assay_error *err)
{
    ASSAY_TRY(assay_buf_check(sql, err));
    return assay_session_exec(check->scope->session, assay_buf_str(sql), err);
}

/* The failing records that come first. */
static int keep_places(const struct assay_rule_check *check, const struct assay_diff *diff,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql,
                     "CREATE TEMP TABLE IF NOT EXISTS _assay_places_%d AS SELECT * FROM "
                     "_assay_at_%d LIMIT 0; INSERT INTO _assay_places_%d SELECT number + %" PRId64
                     ", part, file, row, line, byte FROM _assay_at_%d ORDER BY part, file, row "
                     "LIMIT %zu",
                     check->number, check->number, check->number, diff->numbers, check->number,
                     check->scope->samples_max);
    return run(check, &sql, err);
}

/* What stands at those places, and the first examples of each kind. */
static int keep_found(const struct assay_rule_check *check, const struct assay_diff *diff,
                      bool places, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const int n = check->number;
    assay_buf_printf(&sql,
                     "CREATE TEMP TABLE IF NOT EXISTS _assay_found_%d AS SELECT * FROM "
                     "_assay_step_%d LIMIT 0; INSERT INTO _assay_found_%d SELECT number + %" PRId64
                     ", * EXCLUDE number FROM _assay_step_%d WHERE FALSE",
                     n, n, n, diff->numbers, n);
    if (places)
        assay_buf_printf(&sql, " OR number IN (SELECT number - %" PRId64 " FROM _assay_places_%d)",
                         diff->numbers, n);
    for (int kind = ASSAY_DIFF_CHANGED; kind <= ASSAY_DIFF_MISSING; kind++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf order = {0};
        assay_diff_append_order(check, diff, (enum assay_diff_kind)kind, &order);
        if (order.size)
            assay_buf_printf(&sql,
                             " OR number IN (SELECT number FROM _assay_step_%d WHERE kind = %d "
                             "ORDER BY %s LIMIT %d)",
                             n, kind, assay_buf_str(&order), ASSAY_DIFF_EXAMPLES);
    }
    return run(check, &sql, err);
}

static int mark(const struct assay_rule_check *check, struct assay_diff *diff,
                struct assay_error *err)
{
    const char *from = assay_rule_text(check, "_assay_at_%d", check->number);
    if (!from)
        return assay_fail_memory(err);
    if (!diff->marks)
        ASSAY_TRY(assay_lookup_marks_new(check->scope->lookups, &diff->marks, err));
    return assay_lookup_marks_add(diff->marks, from, err);
}

/* Tables of a part, or of all. */
static int drop(const struct assay_rule_check *check, bool all, struct assay_error *err)
{
    static const char *const names[] = {"differ", "repeated", "step", "at", "found", "places"};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    for (size_t i = 0; i < (all ? ASSAY_COUNT(names) : PART_TABLES); i++)
        assay_buf_printf(&sql, "DROP TABLE IF EXISTS _assay_%s_%d;", names[i], check->number);
    return run(check, &sql, err);
}

static int count_step(const struct assay_rule_check *check, struct assay_diff *diff,
                      struct assay_error *err)
{
    int64_t count;
    const char *sql = assay_rule_text(check, "SELECT count(*) FROM _assay_step_%d", check->number);
    ASSAY_TRY(sql ? assay_session_scalar(check->scope->session, sql, &count, err)
                  : assay_fail_memory(err));
    diff->numbers += count;
    return ASSAY_OK;
}

static int compare_part(const struct assay_rule_check *check, struct assay_diff *diff,
                        struct assay_error *err)
{
    bool found, places;
    ASSAY_TRY(assay_diff_compare_part(check, diff, &found, &places, err));
    if (places) {
        ASSAY_TRY(mark(check, diff, err));
        ASSAY_TRY(keep_places(check, diff, err));
    }
    if (!found)
        return ASSAY_OK;
    ASSAY_TRY(keep_found(check, diff, places, err));
    return count_step(check, diff, err);
}

static int compare_parts(const struct assay_rule_check *check, struct assay_diff *diff,
                         struct assay_error *err)
{
    for (diff->part = 0; diff->part < diff->parts; diff->part++) {
        ASSAY_TRY(compare_part(check, diff, err));
        ASSAY_TRY(drop(check, false, err));
    }
    return diff->marks ? assay_lookup_marks_finish(diff->marks, err) : ASSAY_OK;
}

/* From the beginning. */
static int begin(const struct assay_rule_check *check, struct assay_diff *diff, unsigned parts,
                 struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(diff->copies); i++)
        diff->copies[i] = 0;
    diff->surplus = diff->repeated = diff->numbers = 0;
    diff->marks = NULL;
    diff->parts = parts;
    return drop(check, true, err);
}

static int count_side(const struct assay_rule_check *check, const struct assay_rule_scope *scope,
                      uint64_t *rows, struct assay_error *err)
{
    int64_t count;
    const char *sql = assay_rule_text(check, "SELECT count(*) FROM %s", scope->relation);
    ASSAY_TRY(sql ? assay_session_scalar(check->scope->session, sql, &count, err)
                  : assay_fail_memory(err));
    *rows += (uint64_t)count;
    return ASSAY_OK;
}

/* So many that the records of one fit, should all of them differ. */
static int guess_parts(const struct assay_rule_check *check, const struct assay_diff *diff,
                       unsigned *ret_parts, struct assay_error *err)
{
    uint64_t rows = 0;
    const uint64_t room = check->scope->engine_bytes / 2;
    ASSAY_TRY(count_side(check, check->scope, &rows, err));
    ASSAY_TRY(count_side(check, diff->reference, &rows, err));
    const uint64_t bytes = rows * (ROW_BYTES + diff->fields_count * FIELD_BYTES);
    const uint64_t parts = room ? (bytes + room - 1) / room : 1;
    *ret_parts = parts > PARTS_MAX ? PARTS_MAX : parts ? (unsigned)parts : 1;
    return ASSAY_OK;
}

/* Should a part not fit all the same, the engine says so. */
int assay_diff_compare(const struct assay_rule_check *check, struct assay_diff *diff,
                       struct assay_error *err)
{
    struct assay_error why = {0};
    int code = ASSAY_NO_MEMORY;
    unsigned parts;
    ASSAY_TRY(guess_parts(check, diff, &parts, err));
    for (; code == ASSAY_NO_MEMORY && parts <= PARTS_MAX; parts *= PARTS_STEP) {
        why = (struct assay_error){0};
        ASSAY_TRY(begin(check, diff, parts, err));
        code = compare_parts(check, diff, &why);
    }
    return code == ASSAY_OK ? ASSAY_OK : assay_fail(err, code, "%s", why.text);
}
