/* Tests: a catalog with a datastore, its containers, fields and a profile. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_API_CATALOG_H
#define ASSAY_TESTS_API_CATALOG_H

#include "tests/unit/api/api_fixture.h"

#define CONNECTION                                                                                 \
    "{\"type\":\"postgresql\",\"name\":\"shop\",\"host\":\"up\",\"username\":\"u\",\"password\":"  \
    "\"s3cret\","                                                                                  \
    "\"parameters\":{\"sslmode\":\"require\",\"sslpassword\":\"hidden\"},\"max_parallelization\":" \
    "2}"

static inline int64_t id_of(json_t *json)
{
    const int64_t id = assay_json_int(json, "id", 0);
    json_decref(json);
    assert_true(id > 0);
    return id;
}

/* A connection and a datastore below it, without a sync; returns the datastore. */
static inline int64_t make_datastore(struct fixture *f)
{
    json_decref(CALL(f, 201, "POST", "/connections", CONNECTION));
    return id_of(CALL(f, 201, "POST", "/datastores",
                      "{\"name\":\"orders\",\"connection_id\":1,\"database\":\"shop\",\"schema\":"
                      "\"public\",\"trigger_sync\":false,"
                      "\"tags\":[\"finance\"],\"teams\":null}"));
}

/* Containers, fields and a profile as a publisher would leave them. */
static inline void fill_catalog(struct fixture *f)
{
    test_sql(f->base.db,
             "INSERT INTO container (datastore_id, name, container_type, cataloged_at, created_at, "
             "updated_at) VALUES "
             "(1, 'orders', 'table', 1, 1, 1), (1, 'it''s \"odd\" %_', 'view', 1, 1, 1);"
             "INSERT INTO field (container_id, position, name, type, created_at, updated_at) "
             "VALUES (1, 0, 'id', 'Integral', 1, 1),"
             "(1, 1, 'amount', 'Fractional', 1, 1), (1, 2, 'country', 'String', 1, 1);"
             "INSERT INTO field (container_id, position, name, type, status, created_at, "
             "updated_at) VALUES "
             "(1, 3, 'gone', 'String', 'excluded', 1, 1);"
             "INSERT INTO container_profile (container_id, operation_id, result, created_at) "
             "VALUES (1, 7, 'success', 1);"
             "INSERT INTO field_profile (container_profile_id, field_id, position, body, "
             "created_at) VALUES "
             "(1, 1, 0, '{\"type\":\"Integral\",\"null_count\":3}', 1), (1, 2, 1, "
             "'{\"type\":\"Fractional\"}', 1);"
             "UPDATE field SET latest_profile_id = id WHERE id IN (1, 2);");
}

#endif
