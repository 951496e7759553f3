// Type decision: numbers, truth values, dates or text, from counted classes.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/type_decide.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "worker/executor/infer/cell_decimal.h"

/* The sums that the rules are made of. */
struct tally {
    uint64_t present;   /* not null: values and null-like spellings */
    uint64_t values;    /* present without null-like spellings */
    uint64_t integers;  /* of up to 64 bits */
    uint64_t wide;      /* of up to 128 bits, without those of 64 */
    uint64_t huge;      /* integers beyond */
    uint64_t fractions; /* decimals, exponents, infinities */
    uint64_t zeros;     /* digits with a leading zero */
    uint64_t temporal;
};

static struct tally tally_of(const struct assay_type_profile *profile)
{
    const uint64_t *counts = profile->counts;
    struct tally tally = {0};
    for (size_t i = 0; i < ASSAY_CLASS_COUNT; i++)
        if (i != ASSAY_CLASS_NULL && i != ASSAY_CLASS_EMPTY)
            tally.present += counts[i];
    tally.values = tally.present - counts[ASSAY_CLASS_NULL_LIKE] - counts[ASSAY_CLASS_NAN] -
                   counts[ASSAY_CLASS_BLANK];
    tally.integers = counts[ASSAY_CLASS_INTEGER];
    tally.wide = counts[ASSAY_CLASS_INTEGER128];
    tally.huge = counts[ASSAY_CLASS_INTEGER_HUGE];
    tally.fractions =
        counts[ASSAY_CLASS_DECIMAL] + counts[ASSAY_CLASS_EXPONENT] + counts[ASSAY_CLASS_NOT_FINITE];
    tally.zeros = counts[ASSAY_CLASS_LEADING_ZERO];
    tally.temporal =
        counts[ASSAY_CLASS_DATE] + counts[ASSAY_CLASS_TIMESTAMP] + counts[ASSAY_CLASS_INSTANT];
    return tally;
}

static bool most(uint64_t part, uint64_t values)
{
    return part && (double)part >= ASSAY_TYPE_THRESHOLD * (double)values;
}

/* Values that a target reads, of those that are not null-like. */
static uint64_t fits_of(const struct assay_type_profile *profile, const struct tally *tally,
                        const struct assay_cell_target *target)
{
    const uint64_t zeros = target->leading_zeros ? tally->zeros : 0;
    switch (target->layout) {
    case ASSAY_LAYOUT_INT64:
        return tally->integers + zeros;
    case ASSAY_LAYOUT_INT128:
        return tally->integers + tally->wide + zeros;
    case ASSAY_LAYOUT_DECIMAL128: /* chosen where all fit */
    case ASSAY_LAYOUT_DOUBLE:
        return tally->integers + tally->wide + tally->huge + tally->fractions + zeros;
    case ASSAY_LAYOUT_BOOL:
        return profile->counts[ASSAY_CLASS_BOOLEAN];
    case ASSAY_LAYOUT_DATE: /* exact where one format is met: that of all but mixed columns */
        return profile->formats[target->format] < profile->counts[ASSAY_CLASS_DATE]
                   ? profile->formats[target->format]
                   : profile->counts[ASSAY_CLASS_DATE];
    case ASSAY_LAYOUT_TIMESTAMP:
    case ASSAY_LAYOUT_INSTANT:
        return profile->formats[target->format];
    default:
        return tally->values;
    }
}

/* The format that reads most values, the earlier row on a tie. */
static enum assay_date_format best_format(const struct assay_type_profile *profile)
{
    enum assay_date_format best = 0;
    for (unsigned i = 1; i < ASSAY_DATE_FORMATS; i++)
        if (profile->formats[i] > profile->formats[best])
            best = i;
    return best;
}

static struct assay_cell_target temporal_target(const struct assay_type_profile *profile,
                                                const struct tally *tally)
{
    const uint64_t zoned = profile->counts[ASSAY_CLASS_INSTANT],
                   plain = profile->counts[ASSAY_CLASS_TIMESTAMP];
    struct assay_cell_target target = {.layout = ASSAY_LAYOUT_DATE, .format = best_format(profile)};
    (void)tally;
    if (zoned + plain)
        target.layout = zoned > plain ? ASSAY_LAYOUT_INSTANT : ASSAY_LAYOUT_TIMESTAMP;
    return target;
}

static struct assay_cell_target number_target(const struct assay_type_profile *profile,
                                              const struct tally *tally)
{
    const bool fractions = tally->fractions || tally->huge;
    struct assay_cell_target decimal = {.layout = ASSAY_LAYOUT_DECIMAL128};
    if (fractions && assay_long_decimals_fit(&profile->decimals, &decimal.scale))
        return decimal;
    return (struct assay_cell_target){.layout = fractions     ? ASSAY_LAYOUT_DOUBLE
                                                : tally->wide ? ASSAY_LAYOUT_INT128
                                                              : ASSAY_LAYOUT_INT64};
}

static struct assay_cell_target choose(const struct assay_type_profile *profile,
                                       const struct tally *tally)
{
    const uint64_t numbers = tally->integers + tally->wide + tally->huge + tally->fractions;
    const uint64_t *counts = profile->counts;
    if (!tally->present)
        return (struct assay_cell_target){.layout = ASSAY_LAYOUT_NULL};
    if (!tally->values && counts[ASSAY_CLASS_NAN] == tally->present)
        return (struct assay_cell_target){.layout = ASSAY_LAYOUT_DOUBLE};
    const bool long_digits =
        !profile->decimals.wanted && tally->huge && !most(numbers - tally->huge, tally->values);
    if (!tally->zeros && !long_digits && most(numbers, tally->values))
        return number_target(profile, tally);
    if (most(counts[ASSAY_CLASS_BOOLEAN], tally->values))
        return (struct assay_cell_target){.layout = ASSAY_LAYOUT_BOOL};
    if (most(tally->temporal, tally->values)) {
        const struct assay_cell_target target = temporal_target(profile, tally);
        if (most(fits_of(profile, tally, &target), tally->values))
            return target;
    }
    return (struct assay_cell_target){.layout = ASSAY_LAYOUT_TEXT};
}

static enum assay_type type_of(const struct assay_type_profile *profile, const struct tally *tally,
                               const struct assay_cell_target *target, bool given)
{
    if (target->layout == ASSAY_LAYOUT_TEXT && !given) {
        if (most(profile->counts[ASSAY_CLASS_ARRAY], tally->values))
            return ASSAY_TYPE_ARRAY;
        if (most(profile->counts[ASSAY_CLASS_STRUCT], tally->values))
            return ASSAY_TYPE_STRUCT;
    }
    return assay_layout_type(target->layout);
}

static bool is_temporal(enum assay_layout layout)
{
    return layout == ASSAY_LAYOUT_DATE || layout == ASSAY_LAYOUT_TIMESTAMP ||
           layout == ASSAY_LAYOUT_INSTANT;
}

static void describe_dates(const struct assay_type_profile *profile, const struct tally *tally,
                           struct assay_type_decision *decision)
{
    const struct assay_cell_target *target = &decision->target;
    const struct assay_date_row *row = &assay_date_formats[target->format];
    decision->mixed_dates = tally->temporal && most(tally->temporal, tally->values) &&
                            profile->formats[target->format] < tally->temporal;
    if (!is_temporal(target->layout)) {
        decision->mixed_dates = decision->mixed_dates && target->layout == ASSAY_LAYOUT_TEXT;
        return;
    }
    decision->ambiguous_date = !decision->given && row->twin >= 0 &&
                               profile->formats[target->format] &&
                               profile->formats[row->twin] == profile->formats[target->format];
    (void)snprintf(decision->date_format, sizeof decision->date_format, "%s%s%s", row->name,
                   target->layout == ASSAY_LAYOUT_DATE ? "" : " HH:mm:ss",
                   target->layout == ASSAY_LAYOUT_INSTANT ? "XXX" : "");
}

/* Numbers written for people: a computed field could read them. */
static uint64_t formatted_of(const struct assay_type_profile *profile, const struct tally *tally)
{
    const uint64_t *counts = profile->counts;
    const uint64_t formatted =
        counts[ASSAY_CLASS_GROUPED] + counts[ASSAY_CLASS_CURRENCY] + counts[ASSAY_CLASS_PERCENT];
    const uint64_t plain = tally->integers + tally->wide + tally->huge + tally->fractions;
    return formatted && most(formatted + plain, tally->values) ? formatted : 0;
}

void assay_type_decide(const struct assay_type_profile *profile,
                       const struct assay_cell_target *given,
                       struct assay_type_decision *ret_decision)
{
    const struct tally tally = tally_of(profile);
    if (given && given->texts_only && tally.present && profile->literals == tally.present)
        given = NULL;
    struct assay_type_decision decision = {.given = given != NULL, .values = tally.values};
    decision.target = given ? *given : choose(profile, &tally);
    decision.target.long_decimals = profile->decimals.wanted;
    if (given && is_temporal(given->layout) && given->format == ASSAY_DATE_FORMATS)
        decision.target.format = best_format(profile);
    const struct assay_cell_target *target = &decision.target;
    decision.type = type_of(profile, &tally, target, decision.given);
    decision.fits = fits_of(profile, &tally, target);
    decision.confidence = tally.values ? (double)decision.fits / (double)tally.values : 1;
    decision.misfits = tally.present - decision.fits;
    if (target->layout == ASSAY_LAYOUT_TEXT)
        decision.misfits = 0;
    if (target->layout == ASSAY_LAYOUT_DOUBLE) {
        decision.misfits -= profile->counts[ASSAY_CLASS_NAN];
        decision.precision_warning = tally.wide || tally.huge;
        decision.not_decimal = !decision.given && profile->decimals.wanted;
    }
    decision.formatted = formatted_of(profile, &tally);
    describe_dates(profile, &tally, &decision);
    *ret_decision = decision;
}

bool assay_cell_target_equal(const struct assay_cell_target *a, const struct assay_cell_target *b)
{
    const bool number = a->layout == ASSAY_LAYOUT_INT64 || a->layout == ASSAY_LAYOUT_INT128 ||
                        a->layout == ASSAY_LAYOUT_DOUBLE;
    return a->layout == b->layout && (!number || a->leading_zeros == b->leading_zeros) &&
           (a->layout != ASSAY_LAYOUT_DECIMAL128 || a->scale == b->scale) &&
           (!is_temporal(a->layout) || a->format == b->format);
}

static int unknown_type(const char *field, const char *text, struct assay_error *err)
{
    return assay_fail(err, ASSAY_INVALID,
                      "reader option types.%s: \"%.60s\" is not one of Integral, Fractional, "
                      "String, Boolean, Date, "
                      "Timestamp, Date(dd/MM/yyyy), Timestamp(yyyy-MM-dd)",
                      field, text);
}

/* "Date(dd/MM/yyyy)": the format, ASSAY_DATE_FORMATS when none is given. */
static bool parse_format(const char *text, enum assay_date_format *ret_format)
{
    char name[40];
    const size_t size = strlen(text);
    *ret_format = ASSAY_DATE_FORMATS;
    if (!size)
        return true;
    if (text[0] != '(' || text[size - 1] != ')' || size - 2 >= sizeof name)
        return false;
    memcpy(name, text + 1, size - 2);
    name[size - 2] = '\0';
    const int format = assay_date_format_find(name);
    *ret_format = format < 0 ? ASSAY_DATE_FORMATS : (enum assay_date_format)format;
    return format >= 0;
}

static int parse_given(const char *field, const char *text, struct assay_cell_target *ret_target,
                       struct assay_error *err)
{
    static const struct {
        const char *name;
        enum assay_layout layout;
    } rows[] = {{"Integral", ASSAY_LAYOUT_INT64}, {"Fractional", ASSAY_LAYOUT_DOUBLE},
                {"String", ASSAY_LAYOUT_TEXT},    {"Boolean", ASSAY_LAYOUT_BOOL},
                {"Date", ASSAY_LAYOUT_DATE},      {"Timestamp", ASSAY_LAYOUT_TIMESTAMP}};
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        const size_t size = strlen(rows[i].name);
        struct assay_cell_target target = {.layout = rows[i].layout, .leading_zeros = true};
        if (strncasecmp(text, rows[i].name, size))
            continue;
        if (is_temporal(target.layout) ? parse_format(text + size, &target.format) : !text[size]) {
            *ret_target = target;
            return ASSAY_OK;
        }
    }
    return unknown_type(field, text, err);
}

int assay_type_given(const json_t *reader_options, const char *field, bool *ret_given,
                     struct assay_cell_target *ret_target, struct assay_error *err)
{
    char key[512];
    const json_t *value = NULL, *infer = json_object_get(reader_options, "infer_datatypes");
    const int size = snprintf(key, sizeof key, "types.%s", field);
    if (size > 0 && (size_t)size < sizeof key)
        value = json_object_get(reader_options, key);
    if (!value)
        value = json_object_get(json_object_get(reader_options, "types"), field);
    if (value && !json_is_null(value)) {
        if (!json_is_string(value))
            return unknown_type(field, "this", err);
        ASSAY_TRY(parse_given(field, json_string_value(value), ret_target, err));
        *ret_given = true;
        return ASSAY_OK;
    }
    *ret_given = json_is_false(infer) ||
                 (json_is_string(infer) && !strcasecmp(json_string_value(infer), "false"));
    if (*ret_given)
        *ret_target = (struct assay_cell_target){.layout = ASSAY_LAYOUT_TEXT, .texts_only = true};
    return ASSAY_OK;
}
