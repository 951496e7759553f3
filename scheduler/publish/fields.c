// Fields: what a sync declares and a profile finds; what a person set (masked, excluded) stays.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "scheduler/publish/parts.h"

/* A sync's word is the source's; a profile knows more. */
static const char declared_sql[] =
    "INSERT INTO field (container_id, name, position, type, native_type, nullable, type_source, "
    "created_at, updated_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (container_id, name) DO UPDATE SET "
    "position = excluded.position, type = excluded.type, native_type = excluded.native_type, "
    "nullable = excluded.nullable, type_source = excluded.type_source, updated_at = "
    "excluded.updated_at, "
    "status = CASE WHEN field.status = 'missing' THEN 'active' ELSE field.status END RETURNING id";
static const char profiled_sql[] =
    "INSERT INTO field (container_id, name, position, type, native_type, nullable, type_source, "
    "created_at, updated_at, "
    "semantic_type, completeness, parent_field_id, column_origin) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, "
    "(SELECT f.id FROM field f WHERE f.container_id = $1 AND f.name = $11), $12) "
    "ON CONFLICT (container_id, name) DO UPDATE SET "
    "position = excluded.position, type = excluded.type, native_type = excluded.native_type, "
    "nullable = coalesce(excluded.nullable, field.nullable), type_source = excluded.type_source, "
    "updated_at = excluded.updated_at, semantic_type = excluded.semantic_type, completeness = "
    "excluded.completeness, "
    "parent_field_id = excluded.parent_field_id, column_origin = excluded.column_origin, "
    "status = CASE WHEN field.status = 'missing' THEN 'active' ELSE field.status END RETURNING id";

static struct assay_db_value nullable_of(const json_t *field)
{
    const json_t *nullable = assay_json_get(field, "nullable");
    return json_is_boolean(nullable) ? assay_db_bool(json_is_true(nullable)) : assay_db_null();
}

/* "a.b.c" → "a.b"; "" when there is no dot. */
static size_t parent_size(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : 0;
}

int assay_publish_field(struct assay_publishing *p, int64_t container_id, const json_t *field,
                        int64_t position, bool from_profile, int64_t *ret_id,
                        struct assay_error *err)
{
    const char *name = NULL;
    ASSAY_TRY(assay_json_need_str(field, "name", &name, err));
    const char *native = assay_json_str(field, "native_type", NULL);
    const char *source = assay_json_str(field, "type_source", native ? "schema" : "inferred");
    const json_t *completeness = assay_json_get(field, "completeness");
    const size_t parent = parent_size(name);
    const struct assay_db_value values[] = {
        assay_db_int(container_id),
        assay_db_text(name),
        assay_db_int(position),
        assay_db_text(assay_json_str(field, "type", "Unknown")),
        assay_db_text(native),
        nullable_of(field),
        assay_db_text(source),
        assay_db_int(p->now),
        assay_db_text(assay_json_str(field, "semantic_type", NULL)),
        json_is_number(completeness) ? assay_db_real(json_number_value(completeness))
                                     : assay_db_null(),
        assay_db_text_n(name, parent),
        assay_db_text(parent ? "projected" : "declared"),
    };
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_query(p->conn, from_profile ? profiled_sql : declared_sql, values,
                             from_profile ? ASSAY_COUNT(values) : 8, &rows, err));
    *ret_id = assay_db_get_int(rows, 0, 0);
    return assay_publish_touch(p, "field", *ret_id, err);
}

int assay_publish_missing_fields(struct assay_publishing *p, int64_t container_id,
                                 struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(p->conn,
                           "SELECT id FROM field WHERE container_id = $1 AND status = 'active'",
                           &rows, err, assay_db_int(container_id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        const int64_t id = assay_db_get_int(rows, row, 0);
        if (!assay_publish_touched(p, "field", id))
            ASSAY_TRY(assay_db_run(p->conn, "UPDATE field SET status = 'missing' WHERE id = $1",
                                   NULL, err, assay_db_int(id)));
    }
    return ASSAY_OK;
}
