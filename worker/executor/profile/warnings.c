// Warnings: what a person should look at in a profile, one row of a table each.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/warnings.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/plural.h"
#include "worker/executor/kernels/text_scan.h"

#define MOSTLY_NULL 0.05 /* completeness below */
#define KEY_ERRORS                                                                                 \
    3.0 /* standard errors within which an estimated distinct count may still be all records */
#define KEY_RECORDS 20 /* fewer differ by chance; inference asks as many of unique */

enum { SAME_KEPT = 50 }; /* fields named by one kind of warning */

/* A test writes its message into text and returns true when the warning stands. */
typedef bool warning_fn(const struct assay_profile_field *field, struct assay_buf *text);

static uint64_t present(const struct assay_profile_field *field)
{
    return field->stats->records_count - assay_document_nulls(field);
}

static bool is_all_null(const struct assay_profile_field *field, struct assay_buf *text)
{
    assay_buf_text(text, "every value is null");
    return field->stats->records_count && !present(field);
}

static bool is_mostly_null(const struct assay_profile_field *field, struct assay_buf *text)
{
    const uint64_t records = field->stats->records_count;
    const double share = records ? (double)present(field) / (double)records : 1;
    assay_buf_printf(text, "%.4g %% of the values are null", 100 * (1 - share));
    return share > 0 && share < MOSTLY_NULL;
}

static bool is_constant(const struct assay_profile_field *field, struct assay_buf *text)
{
    const struct assay_field_stats *stats = field->stats;
    assay_buf_text(text, "every value that is not null is the same");
    return stats->distinct == 1 && stats->valid_count > 1 && !field->types.misfit_count;
}

/* Measures differ from record to record, too. */
static bool can_identify(enum assay_type type)
{
    return type == ASSAY_TYPE_INTEGRAL || type == ASSAY_TYPE_STRING || type == ASSAY_TYPE_DATE ||
           type == ASSAY_TYPE_TIMESTAMP;
}

static bool is_key(const struct assay_profile_field *field, struct assay_buf *text)
{
    const struct assay_field_stats *stats = field->stats;
    const double records = (double)stats->records_count;
    const bool exact = stats->distinct_standard_error == 0;
    assay_buf_text(text,
                   exact ? "no value is null or occurs twice: it may be a key"
                         : "no value is null and hardly any seems to occur twice: it may be a key");
    if (!can_identify(stats->type) || stats->records_count < KEY_RECORDS ||
        stats->valid_count != stats->records_count || isnan(stats->distinct))
        return false;
    return exact ? stats->distinct == records
                 : fabs(stats->distinct - records) <=
                           KEY_ERRORS * stats->distinct_standard_error * records &&
                       stats->unique_distinct_ratio > 0.99;
}

static bool has_mismatches(const struct assay_profile_field *field, struct assay_buf *text)
{
    assay_buf_printf(text, "%" PRIu64 " value%s not of the type %s, left out of its statistics",
                     field->types.misfit_count, assay_plural_s(field->types.misfit_count),
                     assay_type_name(assay_profile_field_type(field)));
    return field->types.misfit_count > 0;
}

static bool has_mixed_dates(const struct assay_profile_field *field, struct assay_buf *text)
{
    assay_buf_text(text, "dates are written in several ways");
    return field->cells && field->decision.mixed_dates;
}

static bool has_ambiguous_dates(const struct assay_profile_field *field, struct assay_buf *text)
{
    assay_buf_printf(text, "day and month could be swapped in every value; they were read as %s",
                     field->decision.date_format);
    return field->cells && field->decision.ambiguous_date;
}

static bool has_leading_zeros(const struct assay_profile_field *field, struct assay_buf *text)
{
    assay_buf_printf(text,
                     "%" PRIu64 " value%s of digits with leading zeros: the field is read as text",
                     field->types.counts[ASSAY_CLASS_LEADING_ZERO],
                     assay_plural_s(field->types.counts[ASSAY_CLASS_LEADING_ZERO]));
    return field->cells && field->types.counts[ASSAY_CLASS_LEADING_ZERO] &&
           assay_profile_field_type(field) == ASSAY_TYPE_STRING;
}

static bool has_null_likes(const struct assay_profile_field *field, struct assay_buf *text)
{
    const uint64_t count = field->types.counts[ASSAY_CLASS_NULL_LIKE] +
                           (assay_profile_field_type(field) == ASSAY_TYPE_FRACTIONAL
                                ? 0
                                : field->types.counts[ASSAY_CLASS_NAN]);
    assay_buf_printf(
        text,
        "%" PRIu64 " value%s spelt like null; the reader option null_values makes such values null",
        count, assay_plural_s(count));
    return count > 0;
}

static bool lost_precision(const struct assay_profile_field *field, struct assay_buf *text)
{
    assay_buf_text(text, "some numbers have more digits than a double holds");
    return field->cells && field->decision.precision_warning;
}

static bool are_not_decimals(const struct assay_profile_field *field, struct assay_buf *text)
{
    const uint64_t count = field->types.decimals.beyond;
    if (count)
        assay_buf_printf(
            text, "%" PRIu64 " value%s %s no decimal of up to 38 digits (NaN, infinite or longer)",
            count, assay_plural_s(count), assay_plural_are(count));
    else
        assay_buf_text(text, "38 digits do not hold the greatest and the finest value together");
    assay_buf_text(text, ": the statistics are those of the nearest doubles");
    return field->cells && field->decision.not_decimal;
}

static bool has_formatted_numbers(const struct assay_profile_field *field, struct assay_buf *text)
{
    const uint64_t count = field->cells ? field->decision.formatted : 0;
    assay_buf_printf(
        text,
        "%" PRIu64
        " value%s with separators, a currency or a percent sign: a computed field could clean them",
        count, assay_plural_s(count));
    return count > 0;
}

static bool has_invalid_utf8(const struct assay_profile_field *field, struct assay_buf *text)
{
    assay_buf_printf(text, "%" PRIu64 " value%s not valid as UTF-8",
                     field->stats->invalid_utf8_count,
                     assay_plural_s(field->stats->invalid_utf8_count));
    return field->stats->invalid_utf8_count > 0;
}

static bool are_extremes_cut(const struct assay_profile_field *field, struct assay_buf *text)
{
    const bool min = field->stats->min.cut, max = field->stats->max.cut;
    assay_buf_printf(text, "%s longer than %u bytes: only these are shown and compared",
                     min && max ? "min and max are"
                     : min      ? "min is"
                                : "max is",
                     ASSAY_EXTREME_KEEP_BYTES);
    return min || max;
}

static const struct {
    const char *code;
    warning_fn *test;
} field_warnings[] = {
    {"all_null", is_all_null},
    {"mostly_null", is_mostly_null},
    {"constant", is_constant},
    {"unique_key_candidate", is_key},
    {"type_mismatches", has_mismatches},
    {"mixed_dates", has_mixed_dates},
    {"ambiguous_dates", has_ambiguous_dates},
    {"leading_zeros", has_leading_zeros},
    {"null_like", has_null_likes},
    {"precision", lost_precision},
    {"not_decimal", are_not_decimals},
    {"formatted_numbers", has_formatted_numbers},
    {"invalid_utf8", has_invalid_utf8},
    {"long_texts", are_extremes_cut},
};

static int add(json_t *list, const char *code, const char *field, const char *message,
               struct assay_error *err)
{
    json_t *name = field ? assay_json_safe_string(field, strlen(field)) : json_null();
    return assay_json_push(
        list, json_pack("{s:s, s:o, s:s}", "code", code, "field", name, "message", message), err);
}

/* Thousands of fields with the same warning are told by some of them and a number. */
static int add_of_field(json_t *list, const char *code, const char *field, const char *message,
                        struct assay_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = json_array_get(list, i);
        if (strcmp(assay_json_str(one, "code", ""), code) != 0)
            continue;
        if (++count <= SAME_KEPT)
            continue;
        const int64_t further = assay_json_int(one, "further_fields", 0) + 1;
        ASSAY_TRY(assay_json_set(
            one, "message",
            json_sprintf("the same holds for %lld further fields", (long long)further), err));
        return assay_json_set(one, "further_fields", json_integer(further), err);
    }
    if (count < SAME_KEPT)
        return add(list, code, field, message, err);
    return assay_json_push(list,
                           json_pack("{s:s, s:n, s:s, s:i}", "code", code, "field", "message",
                                     "the same holds for 1 further field", "further_fields", 1),
                           err);
}

/* Once for all fields: a text file that is not UTF-8 is read by naming its encoding. */
static int advise_encoding(json_t *warnings, struct assay_error *err)
{
    static const char code[] = "encoding";
    for (size_t i = 0; i < json_array_size(warnings); i++)
        if (strcmp(assay_json_str(json_array_get(warnings, i), "code", ""), code) == 0)
            return ASSAY_OK;
    return add(warnings, code, NULL,
               "some text is not valid as UTF-8: where the file has another encoding, name it, as "
               "in --reader encoding=latin-1 (or windows-1252, utf-16, …)",
               err);
}

int assay_warnings_of_field(const struct assay_profile_field *field, json_t *warnings,
                            struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(field_warnings); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        if (!field_warnings[i].test(field, &text))
            continue;
        ASSAY_TRY(assay_buf_check(&text, err));
        ASSAY_TRY(add_of_field(warnings, field_warnings[i].code, field->name, text.data, err));
        if (field->cells && field_warnings[i].test == has_invalid_utf8)
            ASSAY_TRY(advise_encoding(warnings, err));
    }
    return ASSAY_OK;
}

/* --- the container --- */

static int find_in_head(const struct assay_profile_source *source, json_t *list,
                        struct assay_error *err)
{
    const bool csv =
        source && source->set && source->set->family == ASSAY_FAMILY_CSV && source->set->count;
    const struct assay_csv_head *head = csv ? source->set->files[0].head : NULL;
    if (head && head->names_changed)
        ASSAY_TRY(add(list, "duplicate_header", NULL,
                      "some names of the header are repeated or empty; they were "
                      "made unique",
                      err));
    if (head && head->dialect.all_quoted)
        ASSAY_TRY(add(list, "all_quoted", NULL, "every cell is quoted: empty ones are read as null",
                      err));
    return ASSAY_OK;
}

static int find_in_container(const struct assay_profile_result *result, size_t groups, json_t *list,
                             struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_TRY(find_in_head(result->source, list, err));
    if (result->pass.rejections.count) {
        assay_buf_printf(&text, "%" PRIu64 " record%s could not be read",
                         result->pass.rejections.count,
                         assay_plural_s(result->pass.rejections.count));
        ASSAY_TRY(assay_buf_check(&text, err));
        ASSAY_TRY(add(list, "rejected_records", NULL, text.data, err));
    }
    if (!result->records_processed)
        ASSAY_TRY(add(list, "no_records", NULL, "there are no records", err));
    if (groups > 1) {
        assay_buf_clear(&text);
        assay_buf_printf(
            &text,
            "the memory budget holds the statistics of some fields only: the source was read "
            "in %zu groups of fields",
            groups);
        ASSAY_TRY(assay_buf_check(&text, err));
        ASSAY_TRY(add(list, "field_groups", NULL, text.data, err));
    }
    return ASSAY_OK;
}

int assay_warnings_of_container(const struct assay_profile_result *result, size_t groups,
                                json_t **ret_warnings, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    if (!list || (result->pass.warnings && json_array_extend(list, result->pass.warnings)))
        return assay_fail_memory(err);
    ASSAY_TRY(find_in_container(result, groups, list, err));
    *ret_warnings = ASSAY_TAKE(list);
    return ASSAY_OK;
}
