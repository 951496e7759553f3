// Lane: what one thread counts.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/lane.h"

#include "common/base/memory.h"
#include "worker/executor/infer/cell_elements.h"
#include "worker/executor/profile/gather.h"

#define CONVERT_BYTES ((size_t)ASSAY_BATCH_ROWS * 16 + ASSAY_BATCH_ROWS / 4 + 4096)

struct lane_field {
    struct assay_field_state *state;
    struct assay_convert *convert; /* of cells; NULL when the values are typed */
    struct assay_column list;
    struct assay_elements elements; /* of lists of cells */
};

struct assay_lane {
    struct assay_profile_field *const *fields;
    struct lane_field *counts;
    size_t fields_count;
    struct assay_kernel_rows *rows;
    uint64_t seed;
    const uint64_t *file_ids;                /* by number of the file; NULL = that number */
    uint64_t range_id;                       /* 0 unless a range of a table is read */
    const struct assay_selection *selection; /* NULL = all records */
    struct assay_hash_bottom *bottom;        /* NULL unless a threshold is searched */
    uint64_t identities;                     /* of the selected records, added up */
    struct assay_gather *gather;             /* made when a batch is first thinned out */
};

size_t assay_lane_field_bytes(const struct assay_profile_field *field)
{
    return assay_field_state_bytes(&field->plan) + (field->cells ? CONVERT_BYTES : 0);
}

static int open_field(struct lane_field *count, const struct assay_profile_field *field,
                      struct assay_error *err)
{
    ASSAY_TRY(assay_field_state_new(&field->plan, &count->state, err));
    return field->cells ? assay_convert_new(&field->target, &count->convert, err) : ASSAY_OK;
}

int assay_lane_new(struct assay_profile_field *const *fields, size_t fields_count, uint64_t seed,
                   const struct assay_selection *selection, struct assay_hash_bottom *bottom,
                   struct assay_lane **ret_lane, struct assay_error *err)
{
    ASSAY_AUTO(assay_lane_free) struct assay_lane *lane = assay_calloc(1, sizeof *lane);
    if (!lane)
        return assay_fail_memory(err);
    lane->fields = fields;
    lane->seed = seed;
    lane->selection = selection;
    lane->bottom = bottom;
    lane->counts = assay_calloc(fields_count + 1, sizeof *lane->counts);
    lane->rows = assay_kernel_rows_new();
    if (!lane->counts || !lane->rows)
        return assay_fail_memory(err);
    lane->fields_count = fields_count;
    for (size_t i = 0; i < fields_count; i++)
        ASSAY_TRY(open_field(&lane->counts[i], fields[i], err));
    *ret_lane = ASSAY_TAKE(lane);
    return ASSAY_OK;
}

void assay_lane_identify(struct assay_lane *lane, const uint64_t *file_ids, uint64_t range_id)
{
    lane->file_ids = file_ids;
    lane->range_id = range_id;
}

void assay_lane_free(struct assay_lane *lane)
{
    if (!lane)
        return;
    for (size_t i = 0; i < lane->fields_count; i++) {
        assay_field_state_free(lane->counts[i].state);
        assay_convert_free(lane->counts[i].convert);
        assay_elements_release(&lane->counts[i].elements);
    }
    assay_kernel_rows_free(lane->rows);
    assay_gather_free(lane->gather);
    assay_free(lane->counts);
    assay_free(lane);
}

/* --- a batch --- */

/* Elements are cells of their own: they are converted as a column of any length and put back under
 * the list. */
static int convert_elements(struct lane_field *count, const struct assay_column *column,
                            uint64_t row, const struct assay_column **ret_column,
                            struct assay_error *err)
{
    ASSAY_TRY(assay_elements_convert(&count->elements, count->convert, column->child,
                                     column->child_rows, row, err));
    count->list = *column;
    count->list.child = &count->elements.column;
    *ret_column = &count->list;
    return ASSAY_OK;
}

static int typed_column(struct lane_field *count, const struct assay_column *column, size_t rows,
                        uint64_t row, const struct assay_column **ret_column,
                        struct assay_error *err)
{
    if (count->convert && column->layout == ASSAY_LAYOUT_CELL) {
        ASSAY_TRY(assay_convert_column(count->convert, column, rows, row, err));
        *ret_column = &count->convert->column;
        return ASSAY_OK;
    }
    if (count->convert && column->layout == ASSAY_LAYOUT_LIST && column->child &&
        column->child->layout == ASSAY_LAYOUT_CELL)
        return convert_elements(count, column, row, ret_column, err);
    *ret_column = column;
    return ASSAY_OK;
}

/* A gathered batch's rows are not consecutive: what the conversion numbered one after the other
 * gets its own number. */
static void renumber(struct assay_type_profile *types, const struct assay_batch *batch,
                     uint64_t first)
{
    const uint64_t part = first >> ASSAY_PART_SHIFT << ASSAY_PART_SHIFT;
    for (size_t i = 0; batch->row && i < types->misfits_kept; i++) {
        const uint64_t row = types->misfits[i].row;
        if (row >= first && row - first < batch->rows)
            types->misfits[i].row = part | batch->row[row - first];
    }
}

static void set_identities(struct assay_lane *lane, const struct assay_batch *batch)
{
    const uint64_t *identity = batch->offset ? batch->offset : batch->row;
    const uint64_t file = lane->file_ids ? lane->file_ids[batch->file] : batch->file;
    assay_kernel_rows_set(lane->rows, lane->seed, file ^ lane->range_id, batch->first_row, identity,
                          batch->rows);
}

static int count_batch(struct assay_lane *lane, const struct assay_batch *batch, size_t part,
                       struct assay_error *err)
{
    const uint64_t first = (uint64_t)part << ASSAY_PART_SHIFT | batch->first_row;
    for (size_t i = 0; i < lane->fields_count; i++) {
        const struct assay_column *column;
        struct lane_field *count = &lane->counts[i];
        ASSAY_TRY(typed_column(count, &batch->columns[i], batch->rows, first, &column, err));
        if (count->convert)
            renumber(&count->convert->profile, batch, first);
        const int rc = assay_field_state_add(count->state, column, lane->rows, err);
        if (rc != ASSAY_OK)
            return assay_context(err, rc, "counting %.100s", lane->fields[i]->name);
    }
    return ASSAY_OK;
}

/* Keep the first `most` of the picked rows. */
static size_t cut(uint64_t *words, size_t rows, size_t picked, uint64_t most)
{
    if (!most || picked <= most)
        return picked;
    size_t kept = 0;
    for (size_t i = 0; i < rows; i++) {
        const bool set = words[i >> 6] >> (i & 63) & 1;
        if (set && kept++ >= most)
            words[i >> 6] &= ~(UINT64_C(1) << (i & 63));
    }
    return (size_t)most;
}

static void add_hashes(struct assay_lane *lane, const uint64_t *words, size_t rows)
{
    const uint64_t *hashes = assay_kernel_rows_hashes(lane->rows);
    for (size_t i = 0; i < rows; i++)
        if (words[i >> 6] >> (i & 63) & 1) {
            lane->identities += hashes[i];
            if (lane->bottom)
                assay_hash_bottom_add(lane->bottom, hashes[i]);
        }
}

uint64_t assay_lane_identities(const struct assay_lane *lane)
{
    return lane->identities;
}

static int count_selected(struct assay_lane *lane, const struct assay_batch *batch, size_t part,
                          uint64_t most, size_t *ret_rows, struct assay_error *err)
{
    uint64_t words[ASSAY_BATCH_ROWS / 64];
    size_t rows = assay_selection_pick(lane->selection, part, batch,
                                       assay_kernel_rows_hashes(lane->rows), words);
    rows = cut(words, batch->rows, rows, most);
    *ret_rows = rows;
    add_hashes(lane, words, batch->rows);
    if (rows == batch->rows)
        return count_batch(lane, batch, part, err);
    if (!rows)
        return ASSAY_OK;
    if (!lane->gather)
        ASSAY_TRY(assay_gather_new(lane->fields_count, &lane->gather, err));
    const struct assay_batch *gathered;
    ASSAY_TRY(assay_gather_rows(lane->gather, batch, words, &gathered, err));
    set_identities(lane, gathered);
    return count_batch(lane, gathered, part, err);
}

int assay_lane_add(struct assay_lane *lane, const struct assay_batch *batch, size_t part,
                   uint64_t most, size_t *ret_rows, struct assay_error *err)
{
    set_identities(lane, batch);
    if (lane->selection)
        return count_selected(lane, batch, part, most, ret_rows, err);
    *ret_rows = batch->rows;
    return count_batch(lane, batch, part, err);
}

/* --- merging --- */

static int merge_field(struct assay_profile_field *field, struct lane_field *count,
                       struct assay_error *err)
{
    if (field->state)
        ASSAY_TRY(assay_field_state_merge(field->state, count->state, err));
    else
        field->state = ASSAY_TAKE(count->state);
    return count->convert ? assay_type_profile_merge(&field->types, &count->convert->profile, err)
                          : ASSAY_OK;
}

int assay_lane_merge_field(struct assay_lane *lane, size_t field, struct assay_error *err)
{
    struct lane_field *count = &lane->counts[field];
    ASSAY_TRY(assay_field_state_settle(count->state, err));
    ASSAY_TRY(merge_field(lane->fields[field], count, err));
    assay_field_state_free(ASSAY_TAKE(count->state));
    assay_convert_free(ASSAY_TAKE(count->convert));
    return ASSAY_OK;
}
