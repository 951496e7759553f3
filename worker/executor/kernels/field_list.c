// Arrays: their lengths, and their elements as a field of their own.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/kernels/field_internal.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/kernels/kernel_rows.h"

/* Elements first … first + count of the child column, whose identities stand in `elements`. */
static int add_slice(struct assay_field_state *state, const struct assay_column *child,
                     size_t first, struct assay_kernel_rows *elements, struct assay_error *err)
{
    struct assay_column slice = *child;
    const size_t size = assay_layout_bytes(child->layout);
    slice.values = child->values ? (const char *)child->values + first * size : NULL;
    if (child->validity) {
        memset(elements->element_validity, 0, sizeof elements->element_validity);
        for (size_t i = 0; i < elements->count; i++) {
            if (assay_is_valid(child->validity, first + i))
                elements->element_validity[i / 64] |= UINT64_C(1) << (i % 64);
        }
        slice.validity = elements->element_validity;
    }
    assay_kernel_rows_index(elements);
    return assay_field_state_add(state->elements, &slice, elements, err);
}

static int flush(struct assay_field_state *state, const struct assay_column *child, size_t first,
                 struct assay_kernel_rows *elements, struct assay_error *err)
{
    if (!elements->count)
        return ASSAY_OK;
    ASSAY_TRY(add_slice(state, child, first, elements, err));
    elements->count = 0;
    return ASSAY_OK;
}

static bool lies_inside(const struct assay_list *list, const struct assay_column *column)
{
    return (uint64_t)list->offset + list->count <= column->child_rows;
}

/* Neighbouring lists are counted together, up to a batch of elements. */
static int add_elements(struct assay_field_state *state, const struct assay_column *column,
                        struct assay_kernel_rows *rows, struct assay_kernel_rows *elements,
                        struct assay_error *err)
{
    const struct assay_list *lists = column->values;
    size_t first = 0;
    elements->count = 0;
    for (size_t row = 0; row < rows->count; row++) {
        if (!assay_is_valid(column->validity, row))
            continue;
        if (!lies_inside(&lists[row], column))
            return assay_fail(err, ASSAY_INVALID,
                              "counting elements: a list ends behind its values");
        for (size_t i = 0; i < lists[row].count; i++) {
            const size_t at = lists[row].offset + i;
            if (elements->count == ASSAY_BATCH_ROWS || at != first + elements->count)
                ASSAY_TRY(flush(state, column->child, first, elements, err));
            if (!elements->count)
                first = at;
            elements->hashes[elements->count++] = assay_hash_identity(rows->hashes[row], 0, i);
        }
    }
    return flush(state, column->child, first, elements, err);
}

static int need_elements(struct assay_field_state *state, const struct assay_column *child,
                         struct assay_error *err)
{
    if (state->elements)
        return ASSAY_OK;
    const struct assay_field_plan plan =
        assay_field_plan_of_elements(&state->plan, child->layout, child->scale);
    return assay_field_state_new(&plan, &state->elements, err);
}

int assay_field_add_lists(struct assay_field_state *state, const struct assay_column *column,
                          struct assay_kernel_rows *rows, struct assay_error *err)
{
    const struct assay_list *lists = column->values;
    for (size_t row = 0; row < rows->count; row++) {
        if (assay_is_valid(column->validity, row))
            assay_lengths_put(&state->list_lengths, lists[row].count);
    }
    if (!column->child || column->child->layout == ASSAY_LAYOUT_NULL ||
        column->child->layout == ASSAY_LAYOUT_CELL)
        return ASSAY_OK;
    struct assay_kernel_rows *elements = assay_kernel_rows_elements(rows);
    if (!elements)
        return assay_fail_memory(err);
    ASSAY_TRY(need_elements(state, column->child, err));
    return add_elements(state, column, rows, elements, err);
}
