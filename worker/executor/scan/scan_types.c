// Types of untyped cells: given, those of the last profile, or inferred from records spread over
// the container.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/infer/cell_decimal.h"
#include "worker/executor/scan/scan_container.h"

#define WHOLE_BYTES_MAX ((uint64_t)16 << 20) /* containers up to this size are read whole */
#define SPOTS_MAX       32

struct sampler {
    const struct assay_scan_container *container;
    struct assay_type_profile *profiles; /* one per field */
    struct assay_decimal_shape *shapes;  /* one per field */
    const bool *wanted;                  /* NULL = all */
};

static int count_column(struct sampler *s, size_t field, const struct assay_column *column,
                        size_t rows, struct assay_error *err)
{
    if (column->layout == ASSAY_LAYOUT_LIST && column->child) {
        column = column->child;
        rows = column->child_rows;
    }
    const struct assay_cell *cells = column->values;
    for (size_t i = 0; column->layout == ASSAY_LAYOUT_CELL && i < rows; i++) {
        ASSAY_TRY(assay_type_profile_add(&s->profiles[field], &cells[i], err));
        assay_decimal_shape_add(&s->shapes[field], &cells[i]);
    }
    return ASSAY_OK;
}

static int open_part(const struct assay_scan_container *container, size_t part,
                     struct assay_reader **ret_reader, struct assay_error *err)
{
    const struct assay_profile_source *source = &container->source;
    json_t *bounds = json_array_get(source->bounds, part);
    const struct assay_split split = {.split_no = (int)part,
                                      .split_count = (int)json_array_size(source->bounds),
                                      .bounds = json_is_null(bounds) ? NULL : bounds};
    return source->conn->connector->read(source->conn, container->task->container,
                                         container->task->reader, &split, NULL, 0, ret_reader, err);
}

/* All of a part, or its first batch. */
static int sample_part(struct sampler *s, size_t part, bool whole, struct assay_error *err)
{
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    ASSAY_TRY(open_part(s->container, part, &reader, err));
    reader->cancelled = assay_task_cancelled(s->container->task);
    const struct assay_batch *batch;
    for (bool more = true; more; more = whole) {
        ASSAY_TRY(assay_reader_next(reader, &batch, err));
        if (!batch)
            break;
        for (size_t i = 0; i < batch->columns_count; i++)
            if (!s->wanted || s->wanted[i])
                ASSAY_TRY(count_column(s, i, &batch->columns[i], batch->rows, err));
    }
    return ASSAY_OK;
}

/* The user's word, or the type that the last profile found, read in the way that the sample
 * shows. */
static int settle(const struct assay_scan_container *container, size_t field,
                  struct assay_type_profile *profile, struct assay_type_decision *ret_decision,
                  struct assay_error *err)
{
    const char *name = container->source.schema.fields[field].name;
    struct assay_cell_target target;
    bool given;
    ASSAY_TRY(assay_type_given(container->task->reader, name, &given, &target, err));
    assay_type_decide(profile, given ? &target : NULL, ret_decision);
    size_t i;
    const json_t *known;
    json_array_foreach((json_t *)(uintptr_t)container->task->fields, i, known)
    {
        enum assay_type type;
        if (given || strcmp(assay_json_str(known, "name", ""), name) ||
            !assay_type_parse(assay_json_str(known, "type", ""), &type) ||
            type == ret_decision->type || type == ASSAY_TYPE_UNKNOWN || type >= ASSAY_TYPE_ARRAY)
            continue;
        ASSAY_SCOPED(assay_buf_release) struct assay_buf key = {0};
        assay_buf_printf(&key, "types.%s", name);
        ASSAY_AUTO(assay_json_decref) json_t *options = json_object();
        ASSAY_TRY(
            assay_json_set(options, assay_buf_str(&key), json_string(assay_type_name(type)), err));
        ASSAY_TRY(assay_type_given(options, name, &given, &target, err));
        assay_type_decide(profile, given ? &target : NULL, ret_decision);
    }
    return ASSAY_OK;
}

static int sample(struct sampler *s, struct assay_error *err)
{
    const size_t parts = json_array_size(s->container->source.bounds);
    const bool whole =
        s->container->source.set && s->container->source.files_bytes <= WHOLE_BYTES_MAX;
    const size_t spots = whole || parts < SPOTS_MAX ? parts : SPOTS_MAX;
    for (size_t i = 0; i < spots; i++)
        ASSAY_TRY(sample_part(s, i * parts / spots, whole, err));
    return ASSAY_OK;
}

/* Fields without a value in the sample are looked for in all records, so that rare values find a
 * type too. */
static int search_unknown(struct sampler *s, struct assay_type_decision *decisions,
                          struct assay_error *err)
{
    const struct assay_scan_container *container = s->container;
    const size_t count = container->source.schema.count;
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(count + 1, sizeof(bool));
    bool *wanted = memory, any = false;
    if (!wanted)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        any |= wanted[i] = decisions[i].type == ASSAY_TYPE_UNKNOWN &&
                           container->source.schema.fields[i].layout == ASSAY_LAYOUT_CELL;
    if (!any || (container->source.set && container->source.files_bytes <= WHOLE_BYTES_MAX))
        return ASSAY_OK;
    s->wanted = wanted;
    for (size_t i = 0; i < json_array_size(container->source.bounds); i++)
        ASSAY_TRY(sample_part(s, i, true, err));
    for (size_t i = 0; i < count; i++)
        if (wanted[i])
            ASSAY_TRY(settle(container, i, &s->profiles[i], &decisions[i], err));
    return ASSAY_OK;
}

static bool has_cells(const struct assay_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].layout == ASSAY_LAYOUT_CELL ||
            schema->fields[i].layout == ASSAY_LAYOUT_LIST)
            return true;
    return false;
}

/* Fractions are decimals, so that what is written is what is judged. */
static void choose_decimals(const struct sampler *s, struct assay_type_decision *decisions)
{
    const struct assay_schema *schema = &s->container->source.schema;
    const struct assay_scan_doubles *doubles = s->container->doubles;
    for (size_t i = 0; i < schema->count; i++) {
        struct assay_cell_target *target = &decisions[i].target;
        if (schema->fields[i].layout == ASSAY_LAYOUT_CELL &&
            target->layout == ASSAY_LAYOUT_DOUBLE && !(i < doubles->count && doubles->fields[i]) &&
            assay_decimal_fits(&s->shapes[i], &target->scale))
            target->layout = ASSAY_LAYOUT_DECIMAL128;
    }
}

static int find(struct sampler *s, struct assay_type_decision *decisions, struct assay_error *err)
{
    ASSAY_TRY(sample(s, err));
    for (size_t i = 0; i < s->container->source.schema.count; i++)
        ASSAY_TRY(settle(s->container, i, &s->profiles[i], &decisions[i], err));
    ASSAY_TRY(search_unknown(s, decisions, err));
    choose_decimals(s, decisions);
    return ASSAY_OK;
}

int assay_scan_find_types(const struct assay_scan_container *container,
                          struct assay_type_decision *decisions, struct assay_error *err)
{
    const size_t count = container->source.schema.count;
    if (!has_cells(&container->source.schema))
        return ASSAY_OK;
    struct sampler s = {.container = container,
                        .profiles = assay_calloc(count + 1, sizeof *s.profiles),
                        .shapes = assay_calloc(count + 1, sizeof *s.shapes)};
    const int code = s.profiles && s.shapes ? find(&s, decisions, err) : assay_fail_memory(err);
    for (size_t i = 0; s.profiles && i < count; i++)
        assay_type_profile_release(&s.profiles[i]);
    assay_free(s.profiles);
    assay_free(s.shapes);
    return code;
}
