// Belief: a first opinion about the types of untyped fields.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/belief.h"

#include "common/base/memory.h"
#include "worker/executor/profile/beliefs.h"
#include "worker/executor/profile/profile_parts.h"

enum { SPOTS = 12, SPOT_ROWS = 256, ELEMENTS_MAX = 2048 };

static int count_cells(struct assay_type_profile *types, const struct assay_column *column,
                       size_t rows, struct assay_error *err)
{
    if (column->layout == ASSAY_LAYOUT_LIST && column->child) {
        rows = column->child_rows < ELEMENTS_MAX ? column->child_rows : ELEMENTS_MAX;
        column = column->child;
    }
    const struct assay_cell *cells = column->values;
    for (size_t i = 0; column->layout == ASSAY_LAYOUT_CELL && i < rows; i++)
        ASSAY_TRY(assay_type_profile_add(types, &cells[i], err));
    return ASSAY_OK;
}

/* What is looked at: parts of the container, and the cell fields in them. */
struct look {
    struct assay_profile_source *source;
    const json_t *bounds;
    struct assay_profile_field *const *fields;
    const char *const *names;
    size_t count;
};

/* The first rows of one part. */
static int look_at(const struct look *look, size_t part, struct assay_error *err)
{
    const struct assay_task *task = look->source->task;
    struct assay_conn *conn = look->source->conn;
    const size_t parts = json_array_size(look->bounds);
    json_t *bounds = json_array_get(look->bounds, part);
    const struct assay_split split = {.split_no = (int)part,
                                      .split_count = (int)parts,
                                      .bounds = json_is_null(bounds) ? NULL : bounds};
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    ASSAY_TRY(conn->connector->read(conn, task->container, task->reader, &split, look->names,
                                    look->count, &reader, err));
    reader->cancelled = &task->cancelled;
    const struct assay_batch *batch;
    ASSAY_TRY(assay_reader_next(reader, &batch, err));
    if (!batch)
        return ASSAY_OK;
    /* a single part is all that there is to look at */
    const size_t most = parts == 1 ? ASSAY_BATCH_ROWS : SPOT_ROWS;
    const size_t rows = batch->rows < most ? batch->rows : most;
    for (size_t i = 0; i < look->count; i++)
        ASSAY_TRY(count_cells(&look->fields[i]->types, &batch->columns[i], rows, err));
    return ASSAY_OK;
}

static int look_around(const struct look *look, struct assay_error *err)
{
    const size_t parts = json_array_size(look->bounds);
    const size_t spots = parts < SPOTS ? parts : SPOTS;
    for (size_t i = 0; i < spots; i++)
        ASSAY_TRY(look_at(look, i * parts / spots, err));
    return ASSAY_OK;
}

/* All splits of a container must read it alike: each looks at the whole of it. */
static int look_over(struct assay_profile_source *source, struct assay_profile_field *const *fields,
                     const char *const *names, size_t count, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *whole = NULL;
    if (source->task->split)
        ASSAY_TRY(assay_profile_parts_whole(source, true, &whole, err));
    const struct look look = {source, whole ? whole : source->bounds, fields, names, count};
    return look_around(&look, err);
}

static int settle(struct assay_profile_field *field, const struct assay_task *task,
                  struct assay_error *err)
{
    bool known;
    ASSAY_TRY(
        assay_type_given(task->reader, field->name, &field->given, &field->given_target, err));
    assay_type_decide(&field->types, field->given ? &field->given_target : NULL, &field->decision);
    field->target = field->decision.target;
    ASSAY_TRY(assay_beliefs_apply(assay_json_get(task->settings, "beliefs"), field, &known, err));
    assay_profile_field_reset(field);
    return ASSAY_OK;
}

/* Was the container looked at before, for all of these fields? */
static bool all_believed(const struct assay_task *task, struct assay_profile_field *const *fields,
                         size_t count)
{
    const json_t *beliefs = assay_json_get(task->settings, "beliefs");
    for (size_t i = 0; i < count; i++)
        if (!assay_json_get(beliefs, fields[i]->name))
            return false;
    return true;
}

int assay_belief_form(struct assay_profile_source *source,
                      struct assay_profile_field *const *fields, size_t fields_count,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(fields_count + 1, 2 * sizeof(void *));
    struct assay_profile_field **cells = memory;
    const char **names = cells ? (const char **)(cells + fields_count) : NULL;
    size_t count = 0;
    if (!cells)
        return assay_fail_memory(err);
    for (size_t i = 0; i < fields_count; i++) {
        if (!fields[i]->cells)
            continue;
        fields[i]->types.decimals.wanted = fields[i]->long_decimals;
        cells[count] = fields[i];
        names[count++] = fields[i]->name;
    }
    if (!count)
        return ASSAY_OK;
    if (!all_believed(source->task, cells, count))
        ASSAY_TRY(look_over(source, cells, names, count, err));
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(settle(cells[i], source->task, err));
    return ASSAY_OK;
}

void assay_belief_decide(struct assay_profile_field *field, bool *ret_changed)
{
    *ret_changed = false;
    if (!field->cells)
        return;
    assay_type_decide(&field->types, field->given ? &field->given_target : NULL, &field->decision);
    *ret_changed = !assay_cell_target_equal(&field->target, &field->decision.target);
    field->target = field->decision.target;
}
