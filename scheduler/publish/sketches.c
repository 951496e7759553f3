// Sketches of fields: those of this profile take the place of those before.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/publish/parts.h"

enum { SKETCHES_MAX = 1000 }; /* of one container, in the catalog */

static int insert_head(struct assay_publishing *p, int64_t container_id, const json_t *sketches,
                       struct assay_error *err)
{
    const json_t *list = assay_json_get(sketches, "fields");
    ASSAY_AUTO(assay_free_text) char *fields = list ? assay_json_text(list) : assay_strdup("[]");
    if (!fields)
        return assay_fail_memory(err);
    return assay_db_run(p->conn,
                        "INSERT INTO container_sketch (container_id, operation_id, version, "
                        "records, fields, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
                        NULL, err, assay_db_int(container_id), assay_db_int(p->task->operation_id),
                        assay_db_int(assay_json_int(sketches, "v", 0)),
                        assay_db_int(assay_json_int(sketches, "records", 0)), assay_db_text(fields),
                        assay_db_int(p->now));
}

static int insert_sketch(struct assay_publishing *p, int64_t container_id, const json_t *sketch,
                         size_t position, struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *body = assay_json_text(sketch);
    if (!body)
        return assay_fail_memory(err);
    return assay_db_run(
        p->conn,
        "INSERT INTO field_sketch (container_id, position, name, body) VALUES ($1, $2, $3, $4)",
        NULL, err, assay_db_int(container_id), assay_db_int((int64_t)position),
        assay_db_text(assay_json_str(sketch, "field", "")), assay_db_text(body));
}

int assay_publish_sketches(struct assay_publishing *p, int64_t container_id,
                           struct assay_error *err)
{
    const json_t *sketches = assay_json_get(p->document, "sketches");
    size_t i;
    json_t *sketch;
    if (!sketches) /* a lower level, or a profile of a part of the records */
        return ASSAY_OK;
    ASSAY_TRY(assay_db_run(p->conn, "DELETE FROM container_sketch WHERE container_id = $1", NULL,
                           err, assay_db_int(container_id)));
    ASSAY_TRY(insert_head(p, container_id, sketches, err));
    json_array_foreach(assay_json_get(sketches, "sketches"), i, sketch)
    {
        if (i < SKETCHES_MAX)
            ASSAY_TRY(insert_sketch(p, container_id, sketch, i, err));
    }
    return ASSAY_OK;
}

/* --- what is known of all containers that may refer to each other --- */

/* Of the operation's datastore, then of its group, then of all others that share a team with it or
 * are, like it, of no team; those first that the operation profiled. `used`: sketches up to there.
 * In the order of their ids, which stays the same from one operation to the next. */
static const char known_sql[] =
    "SELECT k.id, k.name, k.datastore_id, k.version, k.records, k.fields, k.profiled, "
    "sum(k.sketches) OVER (ORDER BY k.distance, k.profiled DESC, k.id) AS used FROM ("
    "SELECT c.id, c.name, c.datastore_id, s.version, s.records, s.fields, "
    "CASE WHEN s.operation_id = $1 THEN 1 ELSE 0 END AS profiled, "
    "CASE WHEN d.id = own.id THEN 0 WHEN d.group_id = own.group_id THEN 1 ELSE 2 END AS distance, "
    "(SELECT count(*) FROM field_sketch f WHERE f.container_id = c.id) AS sketches "
    "FROM container_sketch s JOIN container c ON c.id = s.container_id "
    "JOIN datastore d ON d.id = c.datastore_id JOIN datastore own ON own.id = $2 "
    "WHERE c.deleted_at IS NULL AND d.enrichment_only = 0 AND (d.id = own.id OR "
    "EXISTS (SELECT 1 FROM datastore_team x JOIN datastore_team y ON y.team_id = x.team_id "
    "WHERE x.datastore_id = d.id AND y.datastore_id = own.id) OR "
    "NOT EXISTS (SELECT 1 FROM datastore_team x WHERE x.datastore_id IN (d.id, own.id)))) k "
    "ORDER BY k.id";
enum { ID, NAME, DATASTORE, VERSION, RECORDS, FIELDS, PROFILED, USED };

static int read_sketches(struct assay_db_conn *conn, int64_t container_id, json_t *list,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT body FROM field_sketch WHERE container_id = $1 ORDER BY "
                           "position",
                           &rows, err, assay_db_int(container_id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        json_t *sketch = NULL;
        const char *text = assay_db_get_text(rows, row, 0);
        ASSAY_TRY(assay_json_parse(text, strlen(text), "a sketch", &sketch, err));
        ASSAY_TRY(assay_json_push(list, sketch, err));
    }
    return ASSAY_OK;
}

static int add_container(struct assay_db_conn *conn, const struct assay_db_rows *rows, size_t row,
                         json_t *known, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *fields = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *sketches = json_array();
    const char *text = assay_db_get_text(rows, row, FIELDS);
    ASSAY_TRY(assay_json_parse(text, strlen(text), "fields", &fields, err));
    ASSAY_TRY(read_sketches(conn, assay_db_get_int(rows, row, ID), sketches, err));
    return assay_json_push(known,
                           json_pack("{s:I, s:s, s:I, s:b, s:{s:I, s:I, s:O, s:O}}", "id",
                                     (json_int_t)assay_db_get_int(rows, row, ID), "name",
                                     assay_db_get_text(rows, row, NAME), "datastore",
                                     (json_int_t)assay_db_get_int(rows, row, DATASTORE), "profiled",
                                     (int)assay_db_get_int(rows, row, PROFILED), "sketches", "v",
                                     (json_int_t)assay_db_get_int(rows, row, VERSION), "records",
                                     (json_int_t)assay_db_get_int(rows, row, RECORDS), "fields",
                                     fields, "sketches", sketches),
                           err);
}

int assay_publish_known_sketches(struct assay_db_conn *conn, int64_t operation_id,
                                 int64_t datastore_id, int64_t max_sketches, json_t **ret_known,
                                 size_t *ret_left_out, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *known = json_array();
    size_t left_out = 0;
    ASSAY_TRY(assay_db_run(conn, known_sql, &rows, err, assay_db_int(operation_id),
                           assay_db_int(datastore_id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        if (assay_db_get_int(rows, row, USED) <= max_sketches)
            ASSAY_TRY(add_container(conn, rows, row, known, err));
        else
            left_out++;
    }
    *ret_known = ASSAY_TAKE(known);
    *ret_left_out = left_out;
    return ASSAY_OK;
}
