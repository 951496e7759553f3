// Job store: opening, transactions, and the small pieces that every verb uses.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"

int assay_job_store_open(struct assay_db *db, struct assay_job_store **ret_store,
                         struct assay_error *err)
{
    struct assay_job_store *store = assay_calloc(1, sizeof *store);
    if (!store)
        return assay_fail_memory(err);
    store->db = db;
    store->sql = assay_db_kind(db) == ASSAY_DB_POSTGRES ? &assay_job_statements_postgres
                                                        : &assay_job_statements_sqlite;
    *ret_store = store;
    return ASSAY_OK;
}

void assay_job_store_close(struct assay_job_store *store)
{
    assay_free(store);
}

struct assay_db *assay_job_store_db(const struct assay_job_store *store)
{
    return store->db;
}

int assay_job_write(struct assay_job_store *store, struct assay_db_conn *conn,
                    assay_db_body_fn *body, void *context, struct assay_error *err)
{
    return conn ? body(conn, context, err) : assay_db_transaction(store->db, body, context, err);
}

int assay_job_query(struct assay_job_store *store, const char *sql,
                    const struct assay_db_value *values, size_t values_count,
                    struct assay_db_rows **ret_rows, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(store->db, &conn, err));
    return assay_db_query(conn, sql, values, values_count, ret_rows, err);
}

int assay_job_now(struct assay_job_store *store, int64_t *ret_now_us, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(store, "SELECT assay_now()", &rows, err));
    *ret_now_us = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

struct assay_db_value assay_job_int_or_null(int64_t value)
{
    return value ? assay_db_int(value) : assay_db_null();
}

int assay_job_copy_text(const struct assay_db_rows *rows, size_t row, size_t column,
                        char **ret_text, struct assay_error *err)
{
    const char *text = assay_db_get_text(rows, row, column);
    char *copy = assay_strdup(text);
    if (text && !copy)
        return assay_fail_memory(err);
    *ret_text = copy;
    return ASSAY_OK;
}

void assay_job_set_text(char *place, size_t size_bytes, const char *text)
{
    (void)snprintf(place, size_bytes, "%s", text ? text : "");
}

int assay_job_emit(struct assay_db_conn *conn, const char *topic, const char *key,
                   const char *ce_id, const char *ce_type, const char *body,
                   struct assay_error *err)
{
    return assay_db_run(
        conn,
        "INSERT INTO outbox (topic, key, ce_id, ce_type, body) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (ce_id) DO NOTHING",
        NULL, err, assay_db_text(topic), assay_db_text(key), assay_db_text(ce_id),
        assay_db_text(ce_type), assay_db_text(body));
}
