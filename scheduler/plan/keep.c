// What earlier profiles kept of a container, offered to the next one.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "common/crypto/digest.h"
#include "common/crypto/encoding.h"
#include "scheduler/plan/source.h"

/* Settings that change no count. */
static const char *const uncounted[] = {"infer", "infer_as_draft"};

/* All that decides what is counted, as one text: the source but for its list of files, reader
 * options, time zone, settings. */
static char *counted_text(const json_t *spec, const json_t *settings)
{
    ASSAY_AUTO(assay_json_decref) json_t *source = json_deep_copy(assay_json_get(spec, "source"));
    ASSAY_AUTO(assay_json_decref) json_t *own = json_copy((json_t *)(uintptr_t)settings);
    (void)json_object_del(json_object_get(source, "container"), "files");
    for (size_t i = 0; i < ASSAY_COUNT(uncounted); i++)
        (void)json_object_del(own, uncounted[i]);
    ASSAY_AUTO(assay_json_decref)
    json_t *all = json_pack("[O, O?, O?, O]", source, assay_json_get(spec, "reader"),
                            assay_json_get(spec, "timezone"), own);
    return all ? assay_json_text(all) : NULL;
}

static int hash_of(const json_t *spec, const json_t *settings, struct assay_buf *ret_hash,
                   struct assay_error *err)
{
    unsigned char digest[ASSAY_SHA256_BYTES];
    ASSAY_AUTO(assay_free_text) char *text = counted_text(spec, settings);
    if (!text)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_sha256(text, strlen(text), digest, err));
    assay_hex_append(ret_hash, digest, sizeof digest);
    return assay_buf_check(ret_hash, err);
}

/* Columns of states_sql, in order. */
enum { ID, HASH, PARTITIONS, RECORDS, BYTES, AS_OF };
static const char states_sql[] =
    "SELECT id, settings_hash, partitions, records, bytes, as_of FROM kept_state "
    "WHERE container_id = $1 ORDER BY position, id";

static int add_state(const struct assay_db_rows *rows, size_t row, json_t *states,
                     struct assay_error *err)
{
    json_t *partitions = NULL;
    const char *text = assay_db_get_text(rows, row, PARTITIONS);
    /* a row that is damaged is none: its partitions are read */
    if (assay_json_parse(text, strlen(text), "partitions", &partitions, NULL) != ASSAY_OK)
        return ASSAY_OK;
    return assay_json_push(states,
                           json_pack("{s:I, s:o, s:I, s:I, s:s}", "id",
                                     (json_int_t)assay_db_get_int(rows, row, ID), "partitions",
                                     partitions, "records",
                                     (json_int_t)assay_db_get_int(rows, row, RECORDS), "bytes",
                                     (json_int_t)assay_db_get_int(rows, row, BYTES), "as_of",
                                     assay_db_get_text(rows, row, AS_OF)),
                           err);
}

/* *ret_reason: why what is kept does not serve; static, NULL when it does, or there is nothing. */
static int read_states(struct assay_db_conn *conn, int64_t container_id, const char *hash,
                       bool wanted, json_t *states, const char **ret_reason,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, states_sql, &rows, err, assay_db_int(container_id)));
    const size_t count = assay_db_rows_count(rows);
    bool same = true;
    for (size_t row = 0; row < count; row++)
        same = same && !strcmp(assay_db_get_text(rows, row, HASH), hash);
    *ret_reason = !count    ? NULL
                  : !wanted ? "it was asked for"
                  : !same   ? "settings of the source or of the profile changed"
                            : NULL;
    for (size_t row = 0; wanted && same && row < count; row++)
        ASSAY_TRY(add_state(rows, row, states, err));
    return ASSAY_OK;
}

/* What the profile that the states are of knew of candidates; nothing when they are of several. */
static int read_judged(struct assay_db_conn *conn, int64_t container_id, json_t *keep,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT body FROM container_profile WHERE container_id = $1 AND "
                           "result = 'success' AND operation_id = (SELECT max(operation_id) FROM "
                           "kept_state WHERE container_id = $1 HAVING min(operation_id) = "
                           "max(operation_id))",
                           &rows, err, assay_db_int(container_id)));
    const char *text = assay_db_rows_count(rows) ? assay_db_get_text(rows, 0, 0) : "{}";
    ASSAY_TRY(assay_json_parse(text, strlen(text), "a container's profile", &body, err));
    json_t *judged = assay_json_get(assay_json_get(body, "run"), "judged");
    return judged ? assay_json_set(keep, "judged", json_incref(judged), err) : ASSAY_OK;
}

/* The field that tells new records; *ret_field NULL: none. */
static int read_field(struct assay_db_conn *conn, int64_t container_id, json_t *keep,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT incremental_field_name FROM container WHERE id = $1 AND "
                           "coalesce(incremental_identifier_type, '') <> 'none'",
                           &rows, err, assay_db_int(container_id)));
    const char *field = assay_db_rows_count(rows) ? assay_db_get_text(rows, 0, 0) : NULL;
    return field && *field ? assay_json_set(keep, "incremental_field", json_string(field), err)
                           : ASSAY_OK;
}

int assay_plan_keep(struct assay_db_conn *conn, int64_t container_id, const json_t *spec,
                    json_t *settings, bool wanted, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf hash = {0};
    ASSAY_AUTO(assay_json_decref) json_t *keep = json_object();
    json_t *states = json_array();
    const char *reason = NULL;
    ASSAY_TRY(assay_json_set(keep, "states", states, err));
    ASSAY_TRY(read_field(conn, container_id, keep, err));
    ASSAY_TRY(hash_of(spec, settings, &hash, err));
    const char *field = assay_json_str(keep, "incremental_field", "");
    assay_buf_printf(&hash, ":%s", field); /* ranges of another field are other partitions */
    ASSAY_TRY(assay_buf_check(&hash, err));
    ASSAY_TRY(read_states(conn, container_id, assay_buf_str(&hash), wanted, states, &reason, err));
    if (json_array_size(states))
        ASSAY_TRY(read_judged(conn, container_id, keep, err));
    ASSAY_TRY(assay_json_set(keep, "hash", json_string(assay_buf_str(&hash)), err));
    if (reason)
        ASSAY_TRY(assay_json_set(keep, "reason", json_string(reason), err));
    return assay_json_set(settings, "keep", ASSAY_TAKE(keep), err);
}
