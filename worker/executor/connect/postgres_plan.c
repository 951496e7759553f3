// Cutting a table into ranges of blocks (TID range scans, PostgreSQL 14 and later).
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "common/base/memory.h"
#include "worker/executor/connect/postgres_catalog.h"

enum { PLAN_TIMEOUT_MS = 60000, LEAST_BLOCKS = 1024, TID_RANGE_VERSION = 140000 };

/* The leaves that hold a relation's records, each with its blocks. NULL blocks: not to be read by
 * itself, because it is foreign, not granted, or because row security of the parent would be passed
 * by. */
static const char leaves_sql[] =
    "WITH RECURSIVE part AS (SELECT $1::oid AS oid, false AS child UNION ALL SELECT i.inhrelid, "
    "true FROM part p JOIN "
    "pg_catalog.pg_inherits i ON i.inhparent = p.oid) SELECT n.nspname::text, c.relname::text, "
    "c.relkind, CASE WHEN "
    "c.relkind IN ('r', 'm') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT (p.child "
    "AND "
    "(SELECT relrowsecurity FROM pg_catalog.pg_class WHERE oid = $1::oid)) THEN "
    "pg_catalog.pg_relation_size(c.oid) / "
    "pg_catalog.current_setting('block_size')::bigint END FROM part p JOIN pg_catalog.pg_class c "
    "ON c.oid = p.oid JOIN "
    "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 'p' ORDER BY 1, 2";

static int64_t blocks_of(const PGresult *result, int row)
{
    return PQgetisnull(result, row, 3) ? -1 : strtoll(PQgetvalue(result, row, 3), NULL, 10);
}

static int add_bounds(json_t *bounds, const PGresult *result, int row, int64_t from, int64_t to,
                      struct assay_error *err)
{
    return assay_json_push(bounds,
                           json_pack("{s:{s:s, s:s}, s:I, s:o}", "relation", "schema",
                                     PQgetvalue(result, row, 0), "name", PQgetvalue(result, row, 1),
                                     "from", (json_int_t)from, "to",
                                     to < 0 ? json_null() : json_integer(to)),
                           err);
}

/* The last range of a leaf is open: blocks that are added meanwhile belong to it. */
static int cut_leaf(json_t *bounds, const PGresult *result, int row, int64_t target,
                    struct assay_error *err)
{
    const int64_t blocks = blocks_of(result, row);
    const int64_t pieces = blocks > target ? (blocks + target - 1) / target : 1;
    for (int64_t i = 0; i < pieces; i++)
        ASSAY_TRY(add_bounds(bounds, result, row, blocks / pieces * i,
                             i + 1 == pieces ? -1 : blocks / pieces * (i + 1), err));
    return ASSAY_OK;
}

static bool can_cut(const struct pg_session *session, const struct pg_relation *relation,
                    const PGresult *leaves, size_t count)
{
    bool fine = count > 1 && PQserverVersion(session->conn) >= TID_RANGE_VERSION &&
                PQntuples(leaves) > 0 &&
                (relation->kind == 'r' || relation->kind == 'm' || relation->kind == 'p');
    for (int i = 0; fine && i < PQntuples(leaves); i++)
        fine = blocks_of(leaves, i) >= 0; /* each may be read by itself */
    return fine;
}

int pg_plan(struct pg_session *session, const struct pg_relation *relation, size_t count,
            json_t **ret_bounds, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf oid = {0};
    ASSAY_AUTO(assay_json_decref) json_t *bounds = json_array();
    ASSAY_SCOPED(pg_clear) PGresult *leaves = NULL;
    assay_buf_printf(&oid, "%u", relation->oid);
    const char *const params[] = {assay_buf_str(&oid)};
    if (!bounds)
        return assay_fail_memory(err);
    ASSAY_TRY(pg_query(session, leaves_sql, params, 1, PLAN_TIMEOUT_MS, "planning the split",
                       &leaves, err));
    int64_t total = 0;
    for (int i = 0; i < PQntuples(leaves); i++)
        total += blocks_of(leaves, i);
    const bool cut = can_cut(session, relation, leaves, count) && total >= 2 * LEAST_BLOCKS;
    int64_t target = total / (int64_t)(count ? count : 1) + 1;
    if (target < LEAST_BLOCKS)
        target = LEAST_BLOCKS;
    if (!cut)
        ASSAY_TRY(assay_json_push(bounds, json_null(), err));
    for (int i = 0; cut && i < PQntuples(leaves); i++)
        ASSAY_TRY(cut_leaf(bounds, leaves, i, target, err));
    *ret_bounds = ASSAY_TAKE(bounds);
    return ASSAY_OK;
}
