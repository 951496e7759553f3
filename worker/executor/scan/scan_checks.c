// Checks of a scan made ready: each in its own right, one's fault never touching another.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/rules/check_validate.h"
#include "worker/executor/rules/expression.h"
#include "worker/executor/scan/scan_reference.h"
#include "worker/executor/scan/scan_unique.h"

static bool is_own_fault(int code)
{
    return code == ASSAY_INVALID || code == ASSAY_NOT_FOUND || code == ASSAY_UNSUPPORTED ||
           code == ASSAY_LIMIT || code == ASSAY_NO_MEMORY || code == ASSAY_INTERNAL;
}

int assay_scan_check_fault(struct assay_scan_check *check, const struct assay_error *inner,
                           struct assay_error *err)
{
    if (!is_own_fault(inner->code))
        return assay_fail(err, inner->code, "%s", inner->text);
    if (check->outcome == ASSAY_OUTCOME_ERRORED)
        return ASSAY_OK;
    check->outcome = ASSAY_OUTCOME_ERRORED;
    assay_free(check->message);
    check->message = assay_strdup(inner->text);
    return check->message ? ASSAY_OK : assay_fail_memory(err);
}

/* --- scope: the relation that all checks read --- */

static int append_where(const struct assay_scan *scan, const char *where, struct assay_buf *sql,
                        struct assay_error *err)
{
    struct assay_expression expression;
    const int code = assay_expression_compile(&scan->scope, where, false, &expression, err);
    if (code != ASSAY_OK)
        return assay_context(err, code, "where");
    assay_buf_printf(sql, " WHERE (%s)", expression.sql);
    return ASSAY_OK;
}

/* The records that a profile counted, in the order in which one thread reads them. */
static void append_scope(const struct assay_verify_scope *scope, bool has_where,
                         struct assay_buf *sql)
{
    if (scope->by_hash)
        assay_buf_printf(sql, " %s " ASSAY_SCAN_IDENTITY " <= %" PRIu64 "::UBIGINT",
                         has_where ? "AND" : "WHERE", scope->hash_max);
    if (scope->limit)
        assay_buf_printf(sql, " LIMIT %" PRIu64, scope->limit);
}

static int write_relation(struct assay_scan *scan, struct assay_error *err)
{
    const struct assay_verify_scope *scope = scan->only_verdicts;
    const char *where = assay_json_str(scan->task->settings, "where", NULL);
    const int64_t limit = assay_json_int(scan->task->settings, "limit", -1);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    if (!where && limit < 0 && !(scope && (scope->by_hash || scope->limit)))
        return ASSAY_OK;
    assay_buf_printf(&sql, "(SELECT * FROM %s", scan->own.from);
    if (where)
        ASSAY_TRY(append_where(scan, where, &sql, err));
    if (scope)
        append_scope(scope, where != NULL, &sql);
    if (limit >= 0 && (scan->own.has_order || !scan->scope.is_read_once))
        assay_buf_text(&sql, " ORDER BY _assay_part, _assay_file, _assay_row");
    if (limit >= 0)
        assay_buf_printf(&sql, " LIMIT %lld", (long long)limit);
    assay_buf_char(&sql, ')');
    ASSAY_TRY(assay_buf_check(&sql, err));
    scan->scope.relation = assay_arena_strndup(&scan->arena, assay_buf_str(&sql), sql.size);
    return scan->scope.relation ? ASSAY_OK : assay_fail_memory(err);
}

/* Looks its values up in the container itself. */
static bool refers_to_itself(const struct assay_rule *rule, const json_t *check)
{
    return rule->names_foreign && !assay_rule_names_reference(json_object_get(check, "properties"));
}

static bool reads_twice(const struct assay_scan *scan)
{
    for (size_t i = 0; i < scan->checks_count; i++) {
        const json_t *check = scan->checks[i].json;
        const struct assay_rule *rule = assay_rule_find(assay_json_str(check, "rule", NULL));
        if (rule && (rule->prepare || rule->aggregate || refers_to_itself(rule, check) ||
                     (rule->finds_repeats && !scan->only_verdicts)))
            return true;
    }
    return false;
}

/* A database is read once, so that every check sees the same records; what must read them again
 * reads a copy that may spill: of the first records only, where no others are judged. */
static int spool_database(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    scan->scope.is_read_once = scan->own.source.one_reader;
    if (!scan->own.source.one_reader || !(scan->copies_database || reads_twice(scan)))
        return ASSAY_OK;
    assay_buf_printf(&sql, "CREATE TEMP TABLE _assay_spool AS SELECT * FROM %s",
                     scan->scope.relation);
    ASSAY_TRY(assay_buf_check(&sql, err));
    scan->own.keep_counts = true;
    ASSAY_TRY(assay_session_exec(scan->session, assay_buf_str(&sql), err));
    scan->own.keep_counts = false;
    scan->own.from = scan->scope.relation = "_assay_spool";
    scan->scope.is_read_once = false;
    return ASSAY_OK;
}

static int init_scope(struct assay_scan *scan, struct assay_error *err)
{
    scan->scope = (struct assay_rule_scope){
        .fields = scan->own.fields,
        .fields_count = scan->own.source.schema.count,
        .session = scan->session,
        .arena = &scan->arena,
        .variables = assay_json_get(scan->task->settings, "variables"),
        .mask = assay_json_get(scan->task->settings, "mask"),
        .examples = assay_json_str(scan->task->settings, "examples", "fields"),
        .samples_max = scan->only_verdicts ? 0 : scan->max_anomalies,
        .timezone = scan->task->timezone,
        .now_us = scan->task->now_us,
        .relation = scan->own.from,
        .name = assay_json_str(scan->task->container, "name", NULL),
        .reference = assay_scan_reference,
        .references = scan,
        .lookups = scan->lookups,
        .engine_bytes = assay_scan_engine_bytes(scan),
        .wants_copy = &scan->wants_copy,
    };
    const bool cut = scan->only_verdicts && scan->only_verdicts->limit;
    if (cut)
        ASSAY_TRY(write_relation(scan, err));
    ASSAY_TRY(spool_database(scan, err));
    return cut ? ASSAY_OK : write_relation(scan, err);
}

/* --- checks --- */

/* Does the SQL of these checks bind to the types of the columns? */
static int try_binding(struct assay_scan *scan, size_t first, size_t end, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    duckdb_prepared_statement statement;
    assay_buf_text(&sql, "SELECT 0");
    for (size_t i = first; i < end; i++) {
        if (!scan->checks[i].in_pass)
            continue;
        assay_buf_text(&sql, ", ");
        assay_scan_status_sql(scan->checks[i].rule, &sql);
    }
    assay_buf_printf(&sql, " FROM %s", scan->scope.relation);
    ASSAY_TRY(assay_buf_check(&sql, err));
    int code = ASSAY_OK;
    if (duckdb_prepare(assay_session_connection(scan->session), assay_buf_str(&sql), &statement) !=
        DuckDBSuccess)
        code = assay_session_fail(DUCKDB_ERROR_BINDER, duckdb_prepare_error(statement), err);
    duckdb_destroy_prepare(&statement);
    return code == ASSAY_OK ? ASSAY_OK : ASSAY_INVALID;
}

/* All at once, as each statement takes the columns of the whole relation; halves find the ones that
 * do not. */
static int bind(struct assay_scan *scan, size_t first, size_t end, struct assay_error *err)
{
    struct assay_error inner = {0};
    const size_t middle = first + (end - first) / 2;
    if (first == end || try_binding(scan, first, end, &inner) == ASSAY_OK)
        return ASSAY_OK;
    if (end - first > 1) {
        ASSAY_TRY(bind(scan, first, middle, err));
        return bind(scan, middle, end, err);
    }
    struct assay_scan_check *check = &scan->checks[first];
    check->in_pass = false;
    check->rule = NULL;
    assay_scan_reference_blame(scan, check->json, &inner);
    return assay_scan_check_fault(check, &inner, err);
}

static int make_ready(struct assay_scan *scan, struct assay_scan_check *check, int number,
                      struct assay_error *err)
{
    struct assay_rule_check *rule = NULL;
    if (!check->json)
        return ASSAY_OK; /* not valid: errored already */
    ASSAY_TRY(assay_rule_compile(&scan->scope, check->json, number, &rule, err));
    check->in_pass = rule->rule->predicate || (rule->rule->conclude && rule->filter_sql);
    check->rule = rule;
    return ASSAY_OK;
}

static int validate(struct assay_scan_check *check, const json_t *spec, struct assay_error *err)
{
    check->spec = spec;
    struct assay_error inner = {0};
    if (assay_check_validate(spec, NULL, ASSAY_CHECK_FROM_REST, &check->json, &inner) != ASSAY_OK)
        return assay_scan_check_fault(check, &inner, err);
    return ASSAY_OK;
}

int assay_scan_validate(struct assay_scan *scan, struct assay_error *err)
{
    const json_t *specs = scan->task->checks;
    scan->checks = assay_calloc(json_array_size(specs) + 1, sizeof *scan->checks);
    if (!scan->checks)
        return assay_fail_memory(err);
    for (size_t i = 0; i < json_array_size(specs); i++) {
        const json_t *spec = json_array_get(specs, i);
        if (!scan->only_verdicts && !strcmp(assay_json_str(spec, "status", "Active"), "Draft"))
            continue;
        ASSAY_TRY(validate(&scan->checks[scan->checks_count++], spec, err));
    }
    return ASSAY_OK;
}

int assay_scan_compile(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_TRY(init_scope(scan, err));
    for (size_t i = 0; i < scan->checks_count; i++) {
        struct assay_scan_check *check = &scan->checks[i];
        struct assay_error inner = {0};
        if (make_ready(scan, check, (int)i, &inner) == ASSAY_OK)
            continue;
        check->in_pass = false;
        assay_scan_reference_blame(scan, check->json, &inner);
        ASSAY_TRY(assay_scan_check_fault(check, &inner, err));
    }
    ASSAY_TRY(bind(scan, 0, scan->checks_count, err));
    return assay_scan_settle_unique(scan, err);
}
