// Profile field: one field of the container on its way through a profile.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/profile_field.h"

#include <string.h>

/* PostgreSQL's numeric without precision, or with more than 38 digits. */
static bool is_long_decimal(const struct assay_field *source)
{
    return source->layout == ASSAY_LAYOUT_CELL && source->native_type &&
           !strncmp(source->native_type, "numeric", strlen("numeric"));
}

void assay_profile_field_init(struct assay_profile_field *field, const struct assay_field *source,
                              bool untyped)
{
    *field =
        (struct assay_profile_field){.name = source->name,
                                     .native_type = source->native_type,
                                     .layout = source->layout,
                                     .scale = source->scale,
                                     .projected = source->projected,
                                     .long_decimals = is_long_decimal(source),
                                     .cells = source->layout == ASSAY_LAYOUT_CELL ||
                                              (source->layout == ASSAY_LAYOUT_LIST && untyped)};
}

void assay_profile_field_plan(struct assay_profile_field *field, uint64_t seed, size_t state_bytes,
                              uint32_t histogram_values)
{
    const bool converted = field->layout == ASSAY_LAYOUT_CELL;
    field->plan =
        (struct assay_field_plan){.layout = converted ? field->target.layout : field->layout,
                                  .scale = converted ? field->target.scale : field->scale,
                                  .seed = seed,
                                  .memory_max_bytes = state_bytes,
                                  .histogram_max_distinct_values = histogram_values,
                                  .decimals = field->cells};
}

void assay_profile_field_reset(struct assay_profile_field *field)
{
    assay_field_state_free(ASSAY_TAKE(field->state));
    assay_field_stats_free(ASSAY_TAKE(field->stats));
    assay_type_profile_release(&field->types);
    field->types = (struct assay_type_profile){0};
}

void assay_profile_field_release(struct assay_profile_field *field)
{
    assay_profile_field_reset(field);
}

enum assay_type assay_profile_field_type(const struct assay_profile_field *field)
{
    return field->layout == ASSAY_LAYOUT_CELL ? field->decision.type
                                              : assay_layout_type(field->layout);
}
