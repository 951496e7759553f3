// Type sample: records from spots spread over a file, their cells classified.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/type_sample.h"

#include "common/base/arena.h"
#include "common/base/memory.h"
#include "worker/executor/read/csv_cell.h"
#include "worker/executor/read/csv_guess.h"
#include "worker/executor/read/csv_walk.h"

#define SPOT_BYTES ((size_t)32 << 10)

/* A sample being taken. */
struct sample {
    struct assay_source *source;
    const struct assay_csv_head *head;
    struct assay_type_profile *profiles; /* one for each column of the head */
    struct assay_arena arena;
    char *buffer; /* SPOT_BYTES */
    bool empty_quoted_is_null;
};

static void release_profiles(struct assay_type_profile *profiles, size_t count)
{
    for (size_t i = 0; profiles && i < count; i++)
        assay_type_profile_release(&profiles[i]);
    assay_free(profiles);
}

static int add_record(struct sample *sample, const struct assay_csv_walk *walk,
                      struct assay_error *err)
{
    const struct assay_csv_options *options = &sample->head->options;
    for (size_t i = 0; i < walk->count; i++) {
        struct assay_cell cell;
        const struct assay_text *raw = &walk->cells[i];
        switch (
            assay_csv_cell_read(walk->dialect, raw->data, raw->size_bytes, &sample->arena, &cell)) {
        case ASSAY_CSV_CELL_OK:
            break;
        case ASSAY_CSV_CELL_NO_MEMORY:
            return assay_fail_memory(err);
        default:
            continue;
        }
        const bool empty =
            cell.kind == ASSAY_CELL_QUOTED && !cell.size_bytes && sample->empty_quoted_is_null;
        if (empty || assay_csv_is_null_value(options, &cell))
            cell.kind = ASSAY_CELL_NULL;
        ASSAY_TRY(assay_type_profile_add(&sample->profiles[i], &cell, err));
    }
    return ASSAY_OK;
}

static int add_records(struct sample *sample, struct assay_csv_walk *walk, bool to_end, size_t most,
                       struct assay_error *err)
{
    for (size_t records = 0; records < most && assay_csv_walk_next(walk); records++) {
        if (walk->comment || walk->open || walk->count != sample->head->schema.count ||
            (!walk->closed && !to_end))
            continue;
        ASSAY_TRY(add_record(sample, walk, err));
        assay_arena_clear(&sample->arena);
    }
    return walk->failed ? assay_fail_memory(err) : ASSAY_OK;
}

/* Records that begin behind `offset`; those of the whole piece when `most` allows. */
static int add_spot(struct sample *sample, uint64_t offset, size_t most, struct assay_error *err)
{
    size_t size, begin = 0;
    const uint64_t from = offset > sample->head->data_begin ? offset - 1 : sample->head->data_begin;
    ASSAY_TRY(assay_csv_read_at(sample->source, from, sample->buffer, SPOT_BYTES, &size, err));
    if (offset > sample->head->data_begin) {
        ASSAY_TRY(assay_csv_guess_begin(sample->head, sample->buffer, size, &begin, err));
        if (!begin)
            return ASSAY_OK;
    }
    struct assay_csv_walk walk = {
        .dialect = &sample->head->dialect, .data = sample->buffer, .size = size, .at = begin};
    const int rc = add_records(sample, &walk, size < SPOT_BYTES, most, err);
    assay_csv_walk_release(&walk);
    return rc;
}

static int take(struct sample *sample, struct assay_error *err)
{
    const struct assay_csv_head *head = sample->head;
    const uint64_t size =
        head->size_bytes > head->data_begin ? head->size_bytes - head->data_begin : 0;
    const bool small = size <= ASSAY_TYPE_SAMPLE_SPOTS * (SPOT_BYTES / 2);
    const uint64_t step = small ? SPOT_BYTES : size / ASSAY_TYPE_SAMPLE_SPOTS;
    for (uint64_t at = 0; at < size; at += step)
        ASSAY_TRY(add_spot(sample, head->data_begin + at,
                           small ? SIZE_MAX : ASSAY_TYPE_SAMPLE_RECORDS, err));
    return ASSAY_OK;
}

static int decide_all(const struct assay_type_profile *profiles, const struct assay_schema *schema,
                      const json_t *reader_options, struct assay_type_decision *decisions,
                      struct assay_error *err)
{
    for (size_t i = 0; i < schema->count; i++) {
        struct assay_cell_target given;
        bool has;
        ASSAY_TRY(assay_type_given(reader_options, schema->fields[i].name, &has, &given, err));
        assay_type_decide(&profiles[i], has ? &given : NULL, &decisions[i]);
    }
    return ASSAY_OK;
}

static int run(struct sample *sample, const json_t *reader_options,
               struct assay_type_decision *decisions, struct assay_error *err)
{
    sample->profiles = assay_calloc(sample->head->schema.count, sizeof *sample->profiles);
    sample->buffer = assay_malloc(SPOT_BYTES);
    if (!sample->profiles || !sample->buffer)
        return assay_fail_memory(err);
    ASSAY_TRY(take(sample, err));
    return decide_all(sample->profiles, &sample->head->schema, reader_options, decisions, err);
}

int assay_type_sample(struct assay_source *source, const struct assay_csv_head *head,
                      const json_t *reader_options, struct assay_type_decision *decisions,
                      struct assay_error *err)
{
    struct sample sample = {.source = source, .head = head};
    sample.empty_quoted_is_null = assay_csv_empty_quoted_is_null(&head->options, &head->dialect);
    const int rc = run(&sample, reader_options, decisions, err);
    release_profiles(sample.profiles, head->schema.count);
    assay_free(sample.buffer);
    assay_arena_release(&sample.arena);
    return rc;
}

static int classify_batch(const struct assay_batch *batch, struct assay_type_profile *profiles,
                          struct assay_error *err)
{
    for (size_t c = 0; c < batch->columns_count; c++) {
        const struct assay_cell *cells = batch->columns[c].values;
        if (batch->columns[c].layout != ASSAY_LAYOUT_CELL)
            continue;
        for (size_t row = 0; row < batch->rows; row++)
            ASSAY_TRY(assay_type_profile_add(&profiles[c], &cells[row], err));
    }
    return ASSAY_OK;
}

int assay_type_sample_batch(const struct assay_batch *batch, const struct assay_schema *schema,
                            const json_t *reader_options, struct assay_type_decision *decisions,
                            struct assay_error *err)
{
    struct assay_type_profile *profiles = assay_calloc(schema->count, sizeof *profiles);
    if (!profiles)
        return assay_fail_memory(err);
    int rc = classify_batch(batch, profiles, err);
    if (rc == ASSAY_OK)
        rc = decide_all(profiles, schema, reader_options, decisions, err);
    release_profiles(profiles, schema->count);
    return rc;
}
