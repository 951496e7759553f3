// Cutting a table into ranges of blocks (TID range scans, PostgreSQL 14 and later).
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "common/base/memory.h"
#include "worker/executor/connect/plan_groups.h"
#include "worker/executor/connect/postgres_catalog.h"

enum { PLAN_TIMEOUT_MS = 60000, TID_RANGE_VERSION = 140000 };
enum { LEAST_BLOCKS = 1024 };   /* of a split that only threads want */
enum { BYTES_A_MS = 40 << 10 }; /* of a heap, sent and profiled by one thread */

/* A leaf of a relation, as the rows of leaves_sql say it. */
struct leaf {
    const char *schema, *name;
    int64_t blocks;  /* -1: not to be read by itself */
    double density;  /* records of a block by the last ANALYZE; 0 = unknown */
    int64_t records; /* estimate; -1 = unknown */
};

struct cut {
    int64_t target;      /* blocks of a split */
    uint64_t records;    /* of a split, at least */
    int64_t block_bytes; /* of this server */
};

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
    "pg_catalog.current_setting('block_size')::bigint END, CASE WHEN c.relpages > 0 AND "
    "c.reltuples > 0 THEN c.reltuples / c.relpages ELSE 0 END, "
    "pg_catalog.current_setting('block_size') FROM part p JOIN pg_catalog.pg_class c "
    "ON c.oid = p.oid JOIN "
    "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 'p' ORDER BY 1, 2";

static struct leaf leaf_of(const PGresult *result, int row)
{
    struct leaf leaf = {
        .schema = PQgetvalue(result, row, 0),
        .name = PQgetvalue(result, row, 1),
        .blocks = PQgetisnull(result, row, 3) ? -1 : strtoll(PQgetvalue(result, row, 3), NULL, 10),
        .density = strtod(PQgetvalue(result, row, 4), NULL),
        .records = -1};
    if (leaf.density > 0 && leaf.blocks >= 0)
        leaf.records = (int64_t)(leaf.density * (double)leaf.blocks);
    return leaf;
}

static json_t *bounds_of(const struct leaf *leaf, int64_t from, int64_t to)
{
    return json_pack("{s:{s:s, s:s}, s:I, s:o}", "relation", "schema", leaf->schema, "name",
                     leaf->name, "from", (json_int_t)from, "to",
                     to < 0 ? json_null() : json_integer(to));
}

/* Splits of a leaf: by blocks, none with too few records. */
static int64_t pieces_of(const struct leaf *leaf, const struct cut *cut)
{
    int64_t pieces =
        leaf->blocks > cut->target ? (leaf->blocks + cut->target - 1) / cut->target : 1;
    if (cut->records && leaf->records >= 0 && pieces > leaf->records / (int64_t)cut->records)
        pieces = leaf->records / (int64_t)cut->records;
    return pieces > 1 ? pieces : 1;
}

/* The last range of a leaf is open: blocks that are added meanwhile belong to it. */
static int cut_leaf(struct assay_plan_groups *groups, const struct leaf *leaf,
                    const struct cut *cut, struct assay_error *err)
{
    const int64_t pieces = pieces_of(leaf, cut);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf key = {0};
    assay_buf_printf(&key, "%s.%s", leaf->schema, leaf->name);
    ASSAY_TRY(assay_buf_check(&key, err));
    ASSAY_TRY(assay_plan_groups_partition(groups, assay_buf_str(&key), NULL, err));
    for (int64_t i = 0; i < pieces; i++) {
        const int64_t from = leaf->blocks / pieces * i,
                      to = i + 1 == pieces ? -1 : leaf->blocks / pieces * (i + 1);
        ASSAY_TRY(assay_plan_groups_split(groups, bounds_of(leaf, from, to),
                                          leaf->records < 0 ? -1 : leaf->records / pieces,
                                          leaf->blocks / pieces * cut->block_bytes, err));
    }
    return assay_plan_groups_close(groups, err);
}

static bool can_cut(const struct pg_session *session, const struct pg_relation *relation,
                    const PGresult *leaves, size_t count)
{
    bool fine = count > 1 && PQserverVersion(session->conn) >= TID_RANGE_VERSION &&
                PQntuples(leaves) > 0 &&
                (relation->kind == 'r' || relation->kind == 'm' || relation->kind == 'p');
    for (int i = 0; fine && i < PQntuples(leaves); i++)
        fine = leaf_of(leaves, i).blocks >= 0; /* each may be read by itself */
    return fine;
}

/* All of it in one split, as a view is read. */
static int leave_whole(struct assay_plan_groups *groups, const struct pg_relation *relation,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf key = {0};
    assay_buf_printf(&key, "%s.%s", relation->schema, relation->name);
    ASSAY_TRY(assay_buf_check(&key, err));
    ASSAY_TRY(assay_plan_groups_partition(groups, assay_buf_str(&key), NULL, err));
    ASSAY_TRY(assay_plan_groups_split(groups, json_null(), -1, -1, err));
    return assay_plan_groups_close(groups, err);
}

static struct cut cut_of(const PGresult *leaves, const struct assay_plan_goal *goal, int64_t total)
{
    const int64_t block_bytes = strtoll(PQgetvalue(leaves, 0, 5), NULL, 10);
    struct cut cut = {.target = total / (int64_t)(goal->count ? goal->count : 1) + 1,
                      .records = goal->records,
                      .block_bytes = block_bytes > 0 ? block_bytes : 8192};
    const int64_t by_time =
        goal->ms ? (int64_t)goal->ms * BYTES_A_MS / cut.block_bytes : LEAST_BLOCKS;
    if (cut.target < by_time)
        cut.target = by_time;
    return cut;
}

static int cut_leaves(struct assay_plan_groups *groups, struct pg_session *session,
                      const struct pg_relation *relation, const PGresult *leaves,
                      const struct assay_plan_goal *goal, struct assay_error *err)
{
    int64_t total = 0;
    if (!can_cut(session, relation, leaves, goal->count))
        return leave_whole(groups, relation, err);
    for (int i = 0; i < PQntuples(leaves); i++)
        total += leaf_of(leaves, i).blocks;
    const struct cut cut = cut_of(leaves, goal, total);
    if (total <= cut.target || (!goal->ms && total < 2 * LEAST_BLOCKS))
        return leave_whole(groups, relation, err);
    for (int i = 0; i < PQntuples(leaves); i++) {
        const struct leaf leaf = leaf_of(leaves, i);
        ASSAY_TRY(cut_leaf(groups, &leaf, &cut, err));
    }
    return ASSAY_OK;
}

int pg_plan(struct pg_session *session, const struct pg_relation *relation,
            const struct assay_plan_goal *goal, json_t **ret_groups, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf oid = {0};
    ASSAY_SCOPED(pg_clear) PGresult *leaves = NULL;
    ASSAY_SCOPED(assay_plan_groups_release) struct assay_plan_groups groups = {0};
    assay_buf_printf(&oid, "%u", relation->oid);
    const char *const params[] = {assay_buf_str(&oid)};
    ASSAY_TRY(pg_query(session, leaves_sql, params, 1, PLAN_TIMEOUT_MS, "planning the split",
                       &leaves, err));
    ASSAY_TRY(cut_leaves(&groups, session, relation, leaves, goal, err));
    *ret_groups = assay_plan_groups_take(&groups);
    return ASSAY_OK;
}
