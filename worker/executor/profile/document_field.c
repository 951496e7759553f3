// Document: one field.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/profile/document.h"

/* Builds one object; the first failure sticks, so that it is looked at once. */
struct writer {
    json_t *object;
    bool failed;
};

static void set(struct writer *writer, const char *key, json_t *value)
{
    if (!value || json_object_set_new(writer->object, key, value))
        writer->failed = true;
}

static void set_count(struct writer *writer, const char *key, uint64_t count)
{
    set(writer, key, json_integer((json_int_t)count));
}

static void set_count_if(struct writer *writer, const char *key, bool meaning, uint64_t count)
{
    set(writer, key, meaning ? json_integer((json_int_t)count) : json_null());
}

static void set_real(struct writer *writer, const char *key, double value)
{
    set(writer, key, assay_json_real_or_null(value));
}

static json_t *text_or_null(const struct assay_value_text *value)
{
    return value->text ? assay_json_safe_string(value->text, value->size_bytes) : json_null();
}

static json_t *string_or_null(const char *text)
{
    return text ? assay_json_safe_string(text, strlen(text)) : json_null();
}

static void push(struct writer *writer, json_t *list, json_t *item)
{
    if (!item || json_array_append_new(list, item))
        writer->failed = true;
}

/* --- types --- */

/* What a typed engine would call an inferred type. */
static const char *const inferred_native[] = {
    [ASSAY_LAYOUT_BOOL] = "BOOLEAN",        [ASSAY_LAYOUT_INT64] = "BIGINT",
    [ASSAY_LAYOUT_INT128] = "HUGEINT",      [ASSAY_LAYOUT_DOUBLE] = "DOUBLE",
    [ASSAY_LAYOUT_TEXT] = "VARCHAR",        [ASSAY_LAYOUT_DATE] = "DATE",
    [ASSAY_LAYOUT_TIMESTAMP] = "TIMESTAMP", [ASSAY_LAYOUT_INSTANT] = "TIMESTAMP WITH TIME ZONE",
};

static json_t *native_type(const struct assay_profile_field *field)
{
    if (field->native_type || !field->cells)
        return string_or_null(field->native_type);
    const enum assay_layout layout = field->decision.target.layout;
    const char *name = layout < ASSAY_COUNT(inferred_native) ? inferred_native[layout] : NULL;
    if (field->layout != ASSAY_LAYOUT_LIST)
        return string_or_null(name);
    return name ? json_sprintf("%s[]", name) : json_null();
}

static const char *type_source(const struct assay_profile_field *field)
{
    return field->given ? "given" : field->cells ? "inferred" : "declared";
}

static bool is_number(enum assay_type type)
{
    return type == ASSAY_TYPE_INTEGRAL || type == ASSAY_TYPE_FRACTIONAL;
}

static bool is_scalar(enum assay_type type)
{
    return type != ASSAY_TYPE_ARRAY && type != ASSAY_TYPE_STRUCT;
}

static json_t *mismatches(struct writer *writer, const struct assay_profile_result *result,
                          const struct assay_profile_field *field)
{
    json_t *examples = json_array();
    const struct assay_type_profile *types = &field->types;
    for (size_t i = 0; !result->no_values && i < types->misfits_kept; i++) {
        const struct assay_misfit *misfit = &types->misfits[i];
        const uint64_t part = misfit->row >> ASSAY_PART_SHIFT;
        const uint64_t row = misfit->row & ((UINT64_C(1) << ASSAY_PART_SHIFT) - 1);
        const uint64_t base = part < result->pass.parts_count ? result->pass.first_rows[part] : 0;
        push(writer, examples,
             json_pack("{s:I, s:o}", "row", (json_int_t)(base + row + 1), "value",
                       assay_json_safe_string(misfit->value, misfit->size_bytes)));
    }
    return json_pack("{s:I, s:o}", "count", (json_int_t)types->misfit_count, "examples", examples);
}

static int compare_null_likes(const void *left, const void *right)
{
    const struct assay_null_like *const *a = left, *const *b = right;
    if ((*a)->count != (*b)->count)
        return (*a)->count > (*b)->count ? -1 : 1;
    return strcmp((*a)->spelling, (*b)->spelling);
}

/* Spellings of cells, the most frequent first, in whatever order threads and splits met them. */
static void push_null_likes(struct writer *writer, const struct assay_type_profile *types,
                            json_t *list)
{
    const struct assay_null_like *sorted[ASSAY_NULL_LIKES_KEPT];
    size_t count = 0;
    while (count < types->null_likes_kept) {
        sorted[count] = &types->null_likes[count];
        count++;
    }
    qsort(sorted, count, sizeof(sorted[0]), compare_null_likes);
    for (size_t i = 0; i < count; i++)
        push(writer, list,
             json_pack("{s:o, s:I}", "value", string_or_null(sorted[i]->spelling), "count",
                       (json_int_t)sorted[i]->count));
}

/* Spellings that often stand for null: all of them for cells, among the frequent values for typed
 * text. */
static json_t *null_likes(struct writer *writer, const struct assay_profile_result *result,
                          const struct assay_profile_field *field)
{
    json_t *list = json_array();
    if (!result->no_values)
        push_null_likes(writer, &field->types, list);
    const struct assay_field_stats *stats = field->stats;
    for (size_t i = 0; !result->no_values && !field->cells && stats->type == ASSAY_TYPE_STRING &&
                       i < stats->top_values_count;
         i++) {
        const struct assay_value_text *value = &stats->top_values[i].value;
        uint32_t formats;
        const enum assay_cell_class class_ =
            assay_text_classify(value->text, value->size_bytes, &formats);
        if (class_ == ASSAY_CLASS_NULL_LIKE || class_ == ASSAY_CLASS_NAN)
            push(writer, list,
                 json_pack("{s:o, s:I}", "value", text_or_null(value), "count",
                           (json_int_t)stats->top_values[i].count));
    }
    return list;
}

/* What a computed field of the kind convertFormattedNumeric could read. */
static json_t *formatted_numbers(const struct assay_profile_field *field)
{
    const uint64_t *counts = field->types.counts;
    if (!field->cells || !field->decision.formatted)
        return json_null();
    return json_pack("{s:s, s:I, s:I, s:I}", "computed_field", "convertFormattedNumeric",
                     "separators", (json_int_t)counts[ASSAY_CLASS_GROUPED], "currency",
                     (json_int_t)counts[ASSAY_CLASS_CURRENCY], "percent",
                     (json_int_t)counts[ASSAY_CLASS_PERCENT]);
}

static void write_type(struct writer *writer, const struct assay_profile_result *result,
                       const struct assay_profile_field *field)
{
    set(writer, "name", string_or_null(field->name));
    set(writer, "type", json_string(assay_type_name(assay_profile_field_type(field))));
    set(writer, "native_type", native_type(field));
    set(writer, "type_source", json_string(type_source(field)));
    set(writer, "semantic_type", string_or_null(field->semantic ? field->semantic->name : NULL));
    set(writer, "type_confidence",
        assay_json_real_or_null(field->cells ? field->decision.confidence : 1));
    set(writer, "type_mismatches", mismatches(writer, result, field));
    set(writer, "date_format",
        field->cells && field->decision.date_format[0] ? json_string(field->decision.date_format)
                                                       : json_null());
    set(writer, "null_like", null_likes(writer, result, field));
    set(writer, "formatted_numbers", formatted_numbers(field));
}

/* --- figures --- */

static void write_counts(struct writer *writer, const struct assay_profile_field *field)
{
    const struct assay_field_stats *stats = field->stats;
    const enum assay_type type = assay_profile_field_type(field);
    const bool text = type == ASSAY_TYPE_STRING;
    const uint64_t nulls = assay_document_nulls(field);
    set_count(writer, "null_count", nulls);
    set_count_if(writer, "zero_count", is_number(type), stats->zero_count);
    set_count_if(writer, "negative_count", is_number(type), stats->negative_count);
    set_count_if(writer, "nan_count", is_number(type), stats->nan_count);
    set_count_if(writer, "inf_count", is_number(type), stats->inf_count);
    set_count_if(writer, "empty_count", is_scalar(type), stats->empty_count);
    set_count_if(writer, "blank_count", is_scalar(type),
                 text || !field->cells ? stats->blank_count
                                       : field->types.counts[ASSAY_CLASS_BLANK]);
    set_count_if(writer, "invalid_utf8_count", is_scalar(type), stats->invalid_utf8_count);
    set_real(writer, "completeness",
             stats->records_count
                 ? (double)(stats->records_count - nulls) / (double)stats->records_count
                 : NAN);
}

static void write_distinct(struct writer *writer, const struct assay_field_stats *stats)
{
    const bool known = stats->distinct_method != ASSAY_METHOD_NONE && !isnan(stats->distinct);
    set(writer, "approximate_distinct_values",
        known ? json_integer((json_int_t)llround(stats->distinct)) : json_null());
    set_real(writer, "distinct_standard_error", known ? stats->distinct_standard_error : NAN);
    set_real(writer, "unique_distinct_ratio", stats->unique_distinct_ratio);
    set_real(writer, "unique_distinct_ratio_error", stats->unique_distinct_ratio_error);
    set_real(writer, "entropy", stats->entropy);
    set(writer, "entropy_method",
        stats->entropy_method == ASSAY_METHOD_NONE
            ? json_null()
            : json_string(assay_method_name(stats->entropy_method)));
}

static void write_moments(struct writer *writer, const struct assay_profile_result *result,
                          const struct assay_field_stats *stats)
{
    const bool number = is_number(stats->type), shown = number && !result->no_values;
    set(writer, "min", result->no_values ? json_null() : text_or_null(&stats->min));
    set(writer, "max", result->no_values ? json_null() : text_or_null(&stats->max));
    set(writer, "sum", shown && stats->moments_count ? text_or_null(&stats->sum) : json_null());
    set_real(writer, "mean", shown ? stats->mean : NAN); /* of one record it is the value */
    set_real(writer, "std_dev", number ? stats->std_dev : NAN);
    set_real(writer, "skewness", number ? stats->skewness : NAN);
    set_real(writer, "kurtosis", number ? stats->kurtosis : NAN);
    set(writer, "is_not_normal",
        number && stats->is_not_normal >= 0 ? json_boolean(stats->is_not_normal) : json_null());
}

static void write_quantiles(struct writer *writer, const struct assay_profile_result *result,
                            const struct assay_field_stats *stats)
{
    const bool known = is_number(stats->type) && !isnan(stats->median) && !result->no_values;
    set_real(writer, "q1", known ? stats->q1 : NAN);
    set_real(writer, "median", known ? stats->median : NAN);
    set_real(writer, "q3", known ? stats->q3 : NAN);
    struct writer quantiles = {.object = json_object()};
    set_real(&quantiles, "0.01", stats->q01);
    set_real(&quantiles, "0.05", stats->q05);
    set_real(&quantiles, "0.95", stats->q95);
    set_real(&quantiles, "0.99", stats->q99);
    writer->failed |= quantiles.failed;
    if (known) {
        set(writer, "quantiles", quantiles.object);
    } else {
        json_decref(quantiles.object);
        set(writer, "quantiles", json_null());
    }
    set_real(writer, "quantile_rank_error", known ? stats->quantile_rank_error : NAN);
}

static void write_lengths(struct writer *writer, const struct assay_field_stats *stats)
{
    const bool known = stats->has_lengths && stats->valid_count;
    set_count_if(writer, "min_length", known, stats->min_length);
    set_count_if(writer, "max_length", known, stats->max_length);
    set_real(writer, "mean_length", known ? stats->mean_length : NAN);
    set_real(writer, "std_dev_length", known ? stats->std_dev_length : NAN);
}

/* --- lists --- */

static json_t *bucket_json(const struct assay_bucket *bucket)
{
    if (bucket->value.text) {
        json_t *by_value = json_pack("{s:o, s:I}", "value", text_or_null(&bucket->value), "count",
                                     (json_int_t)bucket->count);
        if (by_value && bucket->value.cut && json_object_set_new(by_value, "cut", json_true()))
            return json_decref(by_value), NULL;
        return by_value;
    }
    json_t *object = json_pack("{s:o, s:o, s:I}", "from", text_or_null(&bucket->from), "to",
                               text_or_null(&bucket->to), "count", (json_int_t)bucket->count);
    if (object && bucket->tail && json_object_set_new(object, "tail", json_true()))
        return json_decref(object), NULL;
    return object;
}

static json_t *value_json(const struct assay_value_count *value)
{
    json_t *object = json_pack("{s:o, s:I}", "value", text_or_null(&value->value), "count",
                               (json_int_t)value->count);
    if (object && value->error &&
        json_object_set_new(object, "error", json_integer((json_int_t)value->error)))
        return json_decref(object), NULL;
    if (object && value->value.cut && json_object_set_new(object, "cut", json_true()))
        return json_decref(object), NULL;
    return object;
}

static void write_lists(struct writer *writer, const struct assay_profile_result *result,
                        const struct assay_field_stats *stats)
{
    json_t *buckets = json_array(), *values = json_array(), *patterns = json_array();
    for (size_t i = 0; !result->no_values && i < stats->buckets_count; i++)
        push(writer, buckets, bucket_json(&stats->buckets[i]));
    for (size_t i = 0; !result->no_values && i < stats->top_values_count; i++)
        push(writer, values, value_json(&stats->top_values[i]));
    for (size_t i = 0; i < stats->patterns_count; i++)
        push(writer, patterns,
             json_pack("{s:o, s:I}", "pattern", string_or_null(stats->patterns[i].pattern), "count",
                       (json_int_t)stats->patterns[i].count));
    set(writer, "histogram_buckets", buckets);
    set(writer, "top_values", values);
    set(writer, "patterns", patterns);
}

/* Statistics of an array's elements, under the keys that a field has for them. */
static json_t *elements_json(struct writer *writer, const struct assay_profile_result *result,
                             const struct assay_field_stats *stats)
{
    struct writer elements = {.object = json_object()};
    set(&elements, "type", json_string(assay_type_name(stats->type)));
    set_count(&elements, "count", stats->records_count);
    set_count(&elements, "null_count", stats->null_count);
    write_distinct(&elements, stats);
    write_moments(&elements, result, stats);
    write_lengths(&elements, stats);
    write_lists(&elements, result, stats);
    writer->failed |= elements.failed;
    return elements.object;
}

uint64_t assay_document_nulls(const struct assay_profile_field *field)
{
    const bool counted = field->layout == ASSAY_LAYOUT_CELL;
    return field->stats->null_count - (counted ? field->types.misfit_count : 0);
}

int assay_document_field(const struct assay_profile_result *result,
                         const struct assay_profile_field *field, json_t **ret_field,
                         struct assay_error *err)
{
    struct writer writer = {.object = json_object()};
    const struct assay_field_stats *stats = field->stats;
    write_type(&writer, result, field);
    write_counts(&writer, field);
    write_distinct(&writer, stats);
    write_moments(&writer, result, stats);
    write_quantiles(&writer, result, stats);
    write_lengths(&writer, stats);
    write_lists(&writer, result, stats);
    set(&writer, "elements",
        stats->elements ? elements_json(&writer, result, stats->elements) : json_null());
    if (writer.failed) {
        json_decref(writer.object);
        return assay_fail_memory(err);
    }
    *ret_field = writer.object;
    return ASSAY_OK;
}
