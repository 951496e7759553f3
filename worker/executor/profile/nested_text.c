// Structs and arrays that a reader leaves as JSON text: counts only.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/nested_text.h"

#include <math.h>

static void forget(struct assay_field_stats *stats, enum assay_type type)
{
    const struct assay_value_text none = {0};
    stats->type = type;
    stats->distinct_method = stats->entropy_method = stats->unique_distinct_ratio_method =
        stats->buckets_method = stats->quantile_method = ASSAY_METHOD_NONE;
    stats->distinct = stats->distinct_standard_error = stats->entropy = NAN;
    stats->unique_distinct_ratio = stats->unique_distinct_ratio_error = NAN;
    stats->min_number = stats->max_number = NAN;
    stats->min = stats->max = none;
    stats->once_count = stats->empty_count = stats->blank_count = stats->invalid_utf8_count = 0;
    stats->has_lengths = stats->all_values = false;
    stats->buckets_count = stats->top_values_count = stats->patterns_count = 0;
    stats->sample_count = 0;
}

static bool is_nested(enum assay_type type)
{
    return type == ASSAY_TYPE_STRUCT || type == ASSAY_TYPE_ARRAY;
}

void assay_nested_text_forget(struct assay_profile_field *field)
{
    if (!field->cells || !is_nested(field->decision.type))
        return;
    if (field->layout == ASSAY_LAYOUT_CELL)
        forget(field->stats, field->decision.type);
    else if (field->stats->elements)
        forget(field->stats->elements, field->decision.type);
}
