// Sketches: which fields have one, and their JSON.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/sketches.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/relate/relate.h"
#include "common/relate/sketch.h"
#include "worker/executor/kernels/hash.h"

#define PRECISION   11
#define HELD        128  /* fields of one emission */
#define LENGTH_MAX  64   /* of texts that may identify something, on average */
#define ONCE_MIN    0.99 /* share of a key's values that occur once */
#define DISTINCT_OF 0.95 /* least distinct values of a key by number of values */

_Static_assert(1 << PRECISION == ASSAY_SKETCH_REGISTERS, "one precision on both sides");

static bool is_wanted(const struct assay_profile_run *run)
{
    return run->infer_level >= ASSAY_INFER_XHIGH && assay_selection_is_all(&run->selection) &&
           !json_array_size(assay_json_get(run->task->settings, "fields"));
}

/* --- one field --- */

/* Decimals without fraction are integers to a comparison. */
static enum assay_type type_of(const struct assay_profile_field *field)
{
    const struct assay_field_stats *stats = field->stats;
    const bool decimal =
        stats->layout == ASSAY_LAYOUT_DECIMAL64 || stats->layout == ASSAY_LAYOUT_DECIMAL128;
    return decimal && !stats->scale ? ASSAY_TYPE_INTEGRAL : assay_profile_field_type(field);
}

static bool may_relate(const struct assay_profile_field *field, enum assay_type type)
{
    const struct assay_field_stats *stats = field->stats;
    const bool misfits = field->layout == ASSAY_LAYOUT_CELL && field->types.misfit_count;
    if (stats->distinct < ASSAY_RELATE_DISTINCT_MIN || stats->nan_count || stats->inf_count ||
        misfits || field->layout == ASSAY_LAYOUT_LIST)
        return false;
    if (type == ASSAY_TYPE_STRING)
        return stats->mean_length <= LENGTH_MAX;
    return type == ASSAY_TYPE_INTEGRAL || type == ASSAY_TYPE_DATE || type == ASSAY_TYPE_TIMESTAMP;
}

static bool is_unique(const struct assay_field_stats *stats)
{
    return stats->unique_distinct_ratio >= ONCE_MIN &&
           stats->distinct >= DISTINCT_OF * (double)stats->valid_count;
}

/* A shape and how many of the sampled values have it. */
struct shape {
    char text[ASSAY_SKETCH_SHAPE];
    uint64_t count;
};

static int compare_shapes(const void *a, const void *b)
{
    return strcmp(((const struct shape *)a)->text, ((const struct shape *)b)->text);
}

/* The commonest, the first of several that are as frequent; NULL = there is none. Equal ones stand
 * side by side. */
static const struct shape *commonest(struct shape *shapes, size_t count)
{
    const struct shape *best = NULL;
    for (size_t i = 0, first = 0; i < count; i++) {
        if (strcmp(shapes[first].text, shapes[i].text) != 0)
            first = i;
        else if (i > first)
            shapes[first].count += shapes[i].count;
        if (!best || shapes[first].count > best->count)
            best = &shapes[first];
    }
    return best;
}

/* The shape of most of the sampled values; JSON null when they have none. */
static json_t *shape_of(const struct assay_field_stats *stats)
{
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(stats->patterns_count + 1, sizeof(struct shape));
    struct shape *shapes = memory;
    size_t count = 0;
    for (size_t i = 0; shapes && i < stats->patterns_count; i++) {
        shapes[count].count = stats->patterns[i].count;
        count += assay_sketch_shape(stats->patterns[i].pattern, shapes[count].text);
    }
    if (!shapes)
        return NULL;
    qsort(shapes, count, sizeof *shapes, compare_shapes);
    const struct shape *best = commonest(shapes, count);
    return best && *best->text ? assay_json_safe_string(best->text, strlen(best->text))
                               : json_null();
}

/* Of one pattern and one length: numbers behind a prefix, or nothing. */
static json_t *code_of(const struct assay_field_stats *stats)
{
    const struct assay_value_text *first = &stats->min, *last = &stats->max;
    struct assay_sketch_code code;
    if (stats->patterns_count != 1 || stats->min_length != stats->max_length || !first->text ||
        !last->text || first->size_bytes != last->size_bytes || first->cut || last->cut ||
        !assay_sketch_code_of(first->text, last->text, first->size_bytes, &code))
        return json_null();
    return json_pack("{s:o, s:f, s:f}", "prefix",
                     assay_json_safe_string(first->text, code.prefix_bytes), "first", code.first,
                     "last", code.last);
}

static json_t *registers_text(const uint8_t *registers)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_sketch_registers_append(&text, registers);
    return text.failed ? NULL : json_stringn(text.data, text.size);
}

static json_t *name_of(const struct assay_profile_field *field)
{
    return assay_json_safe_string(field->name, strlen(field->name));
}

static int push_sketch(struct assay_profile_run *run, const struct assay_profile_field *field,
                       enum assay_type type, struct assay_error *err)
{
    uint8_t registers[ASSAY_SKETCH_REGISTERS];
    const struct assay_field_stats *stats = field->stats;
    const bool ordered = type != ASSAY_TYPE_STRING;
    ASSAY_TRY(assay_field_state_registers(field->state, PRECISION, registers, err));
    return assay_json_push(
        run->sketches,
        json_pack("{s:o, s:s, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:o}", "field", name_of(field),
                  "type", assay_type_name(type), "distinct", (json_int_t)llround(stats->distinct),
                  "values", (json_int_t)stats->valid_count, "unique", is_unique(stats), "min",
                  ordered ? assay_json_real_or_null(stats->min_number) : json_null(), "max",
                  ordered ? assay_json_real_or_null(stats->max_number) : json_null(), "shape",
                  ordered ? json_null() : shape_of(stats), "code",
                  ordered ? json_null() : code_of(stats), "registers", registers_text(registers)),
        err);
}

/* --- any field --- */

/* What must be equal in a copy, of fields with a sketch and of those without: by figures that do
 * not depend on how the source holds a number. */
static void digest_of(const struct assay_field_stats *stats, enum assay_type type, char text[17])
{
    const bool fraction = type == ASSAY_TYPE_FRACTIONAL;
    char figures[256];
    const int size =
        snprintf(figures, sizeof figures,
                 "%" PRIu64 " %.0f %" PRIu64 " %" PRIu64 " %.15g %.15g %" PRIu64 " %" PRIu64,
                 stats->valid_count, fraction ? 0 : stats->distinct, stats->zero_count,
                 stats->negative_count, stats->min_number, stats->max_number, stats->min_length,
                 stats->max_length);
    (void)snprintf(text, 17, "%016" PRIx64, assay_hash_text(figures, (size_t)size));
}

/* --- chunks --- */

static int emit_held(struct assay_profile_run *run, struct assay_error *err)
{
    ASSAY_TRY(assay_task_emit_list(run->task, "sketches", "fields", run->sketched, err));
    ASSAY_TRY(assay_task_emit_list(run->task, "sketches", "sketches", run->sketches, err));
    return json_array_clear(run->sketched) || json_array_clear(run->sketches)
               ? assay_fail_memory(err)
               : ASSAY_OK;
}

int assay_sketches_take(struct assay_profile_run *run, const struct assay_profile_field *field,
                        struct assay_error *err)
{
    if (!is_wanted(run))
        return ASSAY_OK;
    const enum assay_type type = type_of(field);
    const char *shown = assay_type_name(assay_profile_field_type(field));
    char digest[17];
    digest_of(field->stats, assay_profile_field_type(field), digest);
    ASSAY_TRY(assay_json_push(
        run->sketched,
        json_pack("{s:o, s:s, s:s}", "name", name_of(field), "type", shown, "digest", digest),
        err));
    if (may_relate(field, type))
        ASSAY_TRY(push_sketch(run, field, type, err));
    return json_array_size(run->sketched) < HELD ? ASSAY_OK : emit_held(run, err);
}

int assay_sketches_emit(struct assay_profile_run *run, struct assay_error *err)
{
    if (!is_wanted(run) || run->result.sampled)
        return ASSAY_OK;
    ASSAY_TRY(emit_held(run, err));
    return assay_task_emit(run->task, "sketches",
                           json_pack("{s:i, s:I}", "v", ASSAY_RELATE_VERSION, "records",
                                     (json_int_t)run->result.records_count),
                           err);
}
