// Lookup: values are collected in memory, and beyond it in a temporary file.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/lookup/lookup.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/batch.h"
#include "worker/executor/engine/stream.h"
#include "worker/executor/lookup/lookup_internal.h"

#define RESERVE_SHARE 4 /* one part of so many of the memory is kept for what spills */
#define KEYS_MAX      UINT32_MAX

int assay_lookups_new(struct assay_session *session, const atomic_bool *cancelled,
                      uint64_t memory_bytes, struct assay_lookups **ret_lookups,
                      struct assay_error *err)
{
    uint64_t seed;
    ASSAY_TRY(assay_key_seed(&seed, err));
    struct assay_lookups *lookups = assay_calloc(1, sizeof *lookups);
    if (!lookups)
        return assay_fail_memory(err);
    *lookups = (struct assay_lookups){.session = session,
                                      .cancelled = cancelled,
                                      .left_bytes = memory_bytes,
                                      .reserve_bytes = memory_bytes / RESERVE_SHARE,
                                      .seed = seed};
    *ret_lookups = lookups;
    return ASSAY_OK;
}

void assay_lookups_free(struct assay_lookups *lookups)
{
    while (lookups && lookups->all) {
        struct assay_lookup *lookup = lookups->all;
        lookups->all = lookup->next;
        assay_free(lookup->sql);
        assay_key_set_release(&lookup->set);
        assay_spill_free(lookup->spill);
        assay_marks_free(lookup->marks);
        duckdb_destroy_logical_type(&lookup->type);
        assay_free(lookup);
    }
    assay_free(lookups);
}

bool assay_lookup_is_whole(const struct assay_lookup *lookup)
{
    return lookup->is_whole;
}

size_t assay_lookup_bucket(struct assay_key key)
{
    return (size_t)(key.high >> 56);
}

/* --- collecting --- */

static void limit_set(struct assay_lookup *lookup, uint64_t bytes)
{
    const uint64_t most = bytes / ASSAY_KEY_SET_BYTES;
    lookup->set.most = most < ASSAY_KEY_SET_LEAST ? ASSAY_KEY_SET_LEAST
                       : most > KEYS_MAX          ? KEYS_MAX
                                                  : (size_t)most;
}

static int spill_keys(struct assay_lookup *lookup, const struct assay_key *keys, size_t n,
                      struct assay_error *err)
{
    for (size_t i = 0; i < n; i++)
        ASSAY_TRY(assay_spill_add(lookup->spill, assay_lookup_bucket(keys[i]), &keys[i], err));
    return ASSAY_OK;
}

/* The set is full: what it holds goes to the file first. */
static int begin_spill(struct assay_lookup *lookup, struct assay_error *err)
{
    ASSAY_TRY(assay_spill_new(sizeof(struct assay_key), &lookup->spill, err));
    ASSAY_TRY(spill_keys(lookup, lookup->set.keys, lookup->set.count, err));
    assay_key_set_release(&lookup->set);
    return ASSAY_OK;
}

static int take_keys(void *context, duckdb_data_chunk chunk, struct assay_error *err)
{
    struct assay_lookup *lookup = context;
    const size_t rows = duckdb_data_chunk_get_size(chunk);
    struct assay_key keys[ASSAY_BATCH_ROWS];
    size_t taken = 0;
    if (rows > ASSAY_BATCH_ROWS)
        return assay_fail(err, ASSAY_INTERNAL, "a chunk of %zu rows", rows);
    assay_keys_of_vector(duckdb_data_chunk_get_vector(chunk, 0), lookup->form, lookup->of->seed,
                         rows, keys);
    if (!lookup->spill)
        ASSAY_TRY(assay_key_set_add(&lookup->set, keys, rows, &taken, err));
    if (taken == rows)
        return ASSAY_OK;
    if (!lookup->spill)
        ASSAY_TRY(begin_spill(lookup, err));
    return spill_keys(lookup, keys + taken, rows - taken, err);
}

/* What the keys are, before there is one. */
static int find_type(struct assay_lookup *lookup, const char *key, const char *from,
                     struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    duckdb_prepared_statement statement;
    assay_buf_printf(&sql, "SELECT %s FROM %s", key, from);
    ASSAY_TRY(assay_buf_check(&sql, err));
    int code = ASSAY_OK;
    if (duckdb_prepare(assay_session_connection(lookup->of->session), assay_buf_str(&sql),
                       &statement) == DuckDBSuccess)
        lookup->type = duckdb_prepared_statement_column_logical_type(statement, 0);
    else
        code = assay_session_fail(DUCKDB_ERROR_BINDER, duckdb_prepare_error(statement), err);
    duckdb_destroy_prepare(&statement);
    if (code != ASSAY_OK)
        return code;
    lookup->form = assay_key_form_of(lookup->type);
    lookup->as_text = lookup->form == ASSAY_KEY_NONE;
    if (lookup->as_text) {
        duckdb_destroy_logical_type(&lookup->type);
        lookup->type = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
        lookup->form = ASSAY_KEY_TEXT;
    }
    return ASSAY_OK;
}

static int read_keys(struct assay_lookup *lookup, struct assay_error *err)
{
    ASSAY_TRY(assay_session_stream(lookup->of->session, lookup->sql, take_keys, lookup, err));
    return lookup->spill ? assay_spill_finish(lookup->spill, err)
                         : assay_key_set_finish(&lookup->set, err);
}

static int write_query(struct assay_lookup *lookup, const char *key, const char *from,
                       struct assay_error *err)
{
    struct assay_buf sql = {0};
    ASSAY_TRY(find_type(lookup, key, from, err));
    assay_buf_text(&sql, "SELECT * FROM (SELECT ");
    assay_lookup_append_key(lookup, key, &sql);
    assay_buf_printf(&sql, " AS k FROM %s) WHERE k IS NOT NULL", from);
    lookup->sql = assay_buf_take(&sql);
    return lookup->sql ? ASSAY_OK : assay_fail_memory(err);
}

/* Several fields may refer to the same values. */
static struct assay_lookup *find_same(const struct assay_lookup *lookup)
{
    for (struct assay_lookup *other = lookup->next; other; other = other->next)
        if (other->is_whole && !strcmp(other->sql, lookup->sql))
            return other;
    return NULL;
}

static uint64_t less(uint64_t bytes, uint64_t taken)
{
    return bytes > taken ? bytes - taken : 0;
}

int assay_lookup_add(struct assay_lookups *lookups, struct assay_lookup **ret_lookup,
                     struct assay_error *err)
{
    struct assay_lookup *lookup = assay_calloc(1, sizeof *lookup);
    if (!lookup)
        return assay_fail_memory(err);
    lookup->of = lookups;
    lookup->number = lookups->count++;
    lookup->next = lookups->all;
    lookups->all = lookup;
    *ret_lookup = lookup;
    return ASSAY_OK;
}

int assay_lookup_collect(struct assay_lookups *lookups, const char *key, const char *from,
                         struct assay_lookup **ret_lookup, struct assay_error *err)
{
    struct assay_lookup *lookup, *same;
    ASSAY_TRY(assay_lookup_add(lookups, &lookup, err));
    ASSAY_TRY(write_query(lookup, key, from, err));
    if ((same = find_same(lookup))) {
        *ret_lookup = same;
        return ASSAY_OK;
    }
    limit_set(lookup, less(lookups->left_bytes, lookups->reserve_bytes));
    const int code = read_keys(lookup, err);
    if (code != ASSAY_OK) {
        assay_key_set_release(&lookup->set);
        return code;
    }
    lookup->is_whole = !lookup->spill;
    if (lookup->is_whole) {
        lookups->left_bytes =
            less(lookups->left_bytes, (uint64_t)lookup->set.count * ASSAY_KEY_SET_BYTES);
        ASSAY_TRY(assay_lookup_register_has(lookup, err));
    }
    *ret_lookup = lookup;
    return ASSAY_OK;
}
