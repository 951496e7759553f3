// Marking: the records that ask, against values that memory does not hold, bucket by bucket.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/batch.h"
#include "worker/executor/engine/stream.h"
#include "worker/executor/lookup/lookup_internal.h"

#define MARKS_BYTES ((uint64_t)1 << 20) /* of one lookup, at most */
#define MARKS_SHARE 16                  /* one part of so many of what is left */

/* A record that asks. */
struct asker {
    struct assay_key key;
    struct assay_marks_place place;
};

union extent {
    struct asker askers[ASSAY_SPILL_EXTENT_BYTES / sizeof(struct asker)];
    struct assay_key keys[ASSAY_SPILL_EXTENT_BYTES / sizeof(struct assay_key)];
};

struct marking {
    struct assay_lookup *lookup;
    bool there;
    struct assay_spill *askers;
    union extent *extent; /* that was read */
};

/* --- the records that ask --- */

static int take_askers(void *context, duckdb_data_chunk chunk, struct assay_error *err)
{
    const struct marking *marking = context;
    const struct assay_lookup *lookup = marking->lookup;
    const size_t rows = duckdb_data_chunk_get_size(chunk);
    const uint32_t *parts = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    const uint32_t *files = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 2));
    const uint64_t *numbers = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 3));
    struct assay_key keys[ASSAY_BATCH_ROWS];
    if (rows > ASSAY_BATCH_ROWS)
        return assay_fail(err, ASSAY_INTERNAL, "a chunk of %zu rows", rows);
    assay_keys_of_vector(duckdb_data_chunk_get_vector(chunk, 0), lookup->form, lookup->of->seed,
                         rows, keys);
    for (size_t i = 0; i < rows; i++) {
        const struct asker asker = {keys[i], {parts[i], files[i], numbers[i]}};
        ASSAY_TRY(assay_spill_add(marking->askers, assay_lookup_bucket(keys[i]), &asker, err));
    }
    return ASSAY_OK;
}

static int read_askers(struct marking *marking, const char *key, const char *from,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_text(&sql, "SELECT * FROM (SELECT ");
    assay_lookup_append_key(marking->lookup, key, &sql);
    assay_buf_printf(
        &sql, " AS k, _assay_part, _assay_file, _assay_row FROM %s) WHERE k IS NOT NULL", from);
    ASSAY_TRY(assay_buf_check(&sql, err));
    ASSAY_TRY(assay_spill_new(sizeof(struct asker), &marking->askers, err));
    ASSAY_TRY(assay_session_stream(marking->lookup->of->session, assay_buf_str(&sql), take_askers,
                                   marking, err));
    return assay_spill_finish(marking->askers, err);
}

/* --- buckets --- */

static int add_bucket(struct marking *marking, size_t bucket, struct assay_error *err)
{
    struct assay_lookup *lookup = marking->lookup;
    for (size_t at = 0, count = 1, taken; count;) {
        ASSAY_TRY(assay_spill_next(lookup->spill, bucket, &at, marking->extent, &count, err));
        ASSAY_TRY(assay_key_set_add(&lookup->set, marking->extent->keys, count, &taken, err));
        if (taken < count)
            return assay_fail(err, ASSAY_NO_MEMORY,
                              "the memory budget does not hold the values that are looked up: "
                              "raise --memory");
    }
    return ASSAY_OK;
}

static int judge_bucket(const struct marking *marking, size_t bucket, struct assay_error *err)
{
    const struct assay_lookup *lookup = marking->lookup;
    for (size_t at = 0, count = 1; count;) {
        ASSAY_TRY(assay_spill_next(marking->askers, bucket, &at, marking->extent, &count, err));
        for (size_t i = 0; i < count; i++) {
            const struct asker *asker = &marking->extent->askers[i];
            if (assay_key_set_has(&lookup->set, asker->key) == marking->there)
                ASSAY_TRY(assay_marks_set(lookup->marks, &asker->place, err));
        }
    }
    return ASSAY_OK;
}

/* The end of the buckets from `first` on that go together: all that fit, one at least. */
static size_t end_of_group(const struct assay_lookup *lookup, size_t first)
{
    uint64_t keys = assay_spill_count(lookup->spill, first);
    size_t end = first + 1;
    for (; end < ASSAY_SPILL_BUCKETS; end++) {
        keys += assay_spill_count(lookup->spill, end);
        if (keys > lookup->set.most)
            break;
    }
    return end;
}

static int judge_group(struct marking *marking, size_t first, size_t end, struct assay_error *err)
{
    struct assay_lookup *lookup = marking->lookup;
    int code = ASSAY_OK;
    if (lookup->of->cancelled && atomic_load(lookup->of->cancelled))
        return assay_fail(err, ASSAY_CANCELLED, "cancelled");
    for (size_t i = first; code == ASSAY_OK && i < end; i++)
        code = add_bucket(marking, i, err);
    if (code == ASSAY_OK)
        code = assay_key_set_finish(&lookup->set, err);
    for (size_t i = first; code == ASSAY_OK && i < end; i++)
        code = judge_bucket(marking, i, err);
    assay_key_set_release(&lookup->set);
    return code;
}

static int new_marks(struct assay_lookup *lookup, struct assay_error *err)
{
    const uint64_t left = lookup->of->left_bytes, share = left / MARKS_SHARE;
    const uint64_t bytes = share < MARKS_BYTES ? share : MARKS_BYTES;
    lookup->of->left_bytes = left - bytes;
    return assay_marks_new(bytes, &lookup->marks, err);
}

static int judge_all(struct marking *marking, struct assay_error *err)
{
    struct assay_lookup *lookup = marking->lookup;
    ASSAY_TRY(new_marks(lookup, err));
    const uint64_t most = lookup->of->left_bytes / ASSAY_KEY_SET_BYTES;
    lookup->set.most = most > ASSAY_KEY_SET_LEAST ? (size_t)most : ASSAY_KEY_SET_LEAST;
    for (size_t first = 0, end; first < ASSAY_SPILL_BUCKETS; first = end) {
        end = end_of_group(lookup, first);
        ASSAY_TRY(judge_group(marking, first, end, err));
    }
    return assay_marks_finish(lookup->marks, err);
}

int assay_lookup_mark(struct assay_lookup *lookup, const char *key, const char *from, bool there,
                      struct assay_error *err)
{
    struct marking marking = {.lookup = lookup, .there = there};
    int code = read_askers(&marking, key, from, err);
    if (code == ASSAY_OK && !(marking.extent = assay_malloc(sizeof *marking.extent)))
        code = assay_fail_memory(err);
    if (code == ASSAY_OK)
        code = judge_all(&marking, err);
    assay_free(marking.extent);
    assay_spill_free(marking.askers);
    assay_spill_free(lookup->spill);
    lookup->spill = NULL;
    return code == ASSAY_OK ? assay_lookup_register_marked(lookup, err) : code;
}

/* --- marks alone --- */

int assay_lookup_marks_new(struct assay_lookups *lookups, struct assay_lookup **ret_lookup,
                           struct assay_error *err)
{
    struct assay_lookup *lookup;
    ASSAY_TRY(assay_lookup_add(lookups, &lookup, err));
    ASSAY_TRY(new_marks(lookup, err));
    *ret_lookup = lookup;
    return ASSAY_OK;
}

static int take_places(void *context, duckdb_data_chunk chunk, struct assay_error *err)
{
    const struct assay_lookup *lookup = context;
    const uint32_t *parts = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    const uint32_t *files = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    const uint64_t *rows = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 2));
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++) {
        const struct assay_marks_place place = {parts[i], files[i], rows[i]};
        ASSAY_TRY(assay_marks_set(lookup->marks, &place, err));
    }
    return ASSAY_OK;
}

int assay_lookup_marks_add(struct assay_lookup *lookup, const char *from, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "SELECT part, file, row FROM %s", from);
    ASSAY_TRY(assay_buf_check(&sql, err));
    return assay_session_stream(lookup->of->session, assay_buf_str(&sql), take_places, lookup, err);
}

int assay_lookup_marks_finish(struct assay_lookup *lookup, struct assay_error *err)
{
    ASSAY_TRY(assay_marks_finish(lookup->marks, err));
    return assay_lookup_register_marked(lookup, err);
}
