// Comparators of numbers, times and texts as SQL.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/comparator.h"

#include "common/base/number.h"
#include "worker/executor/batch/special.h"

#define DIGITS_MAX       38
#define EPSILON_FRACTION 17 /* most digits of an epsilon behind the point */

static bool is_number(const struct assay_rule_field *field)
{
    return field->type == ASSAY_TYPE_INTEGRAL || field->type == ASSAY_TYPE_FRACTIONAL;
}

static bool is_exact(const struct assay_rule_field *field)
{
    return field->layout == ASSAY_LAYOUT_INT64 || field->layout == ASSAY_LAYOUT_INT128 ||
           assay_is_decimal(field->layout);
}

static bool is_time(const struct assay_rule_field *field)
{
    return field->type == ASSAY_TYPE_DATE || field->type == ASSAY_TYPE_TIMESTAMP;
}

/* |a - b| ≤ epsilon, or |b - a| × 100 ≤ epsilon × |a|, in one type. */
static void write_difference(const char *a, const char *b, const char *type, const char *epsilon,
                             bool absolute, struct assay_buf *sql)
{
    assay_buf_printf(sql, "abs(CAST(%s AS %s) - CAST(%s AS %s))", a, type, b, type);
    if (absolute)
        assay_buf_printf(sql, " <= %s", epsilon);
    else
        assay_buf_printf(sql, " * 100 <= %s * abs(CAST(%s AS %s))", epsilon, a, type);
}

/* Decimals first where both sides have them; a result of more digits is computed with doubles. */
static void write_numbers(const json_t *comparator, const struct assay_rule_field *left,
                          const char *a, const struct assay_rule_field *right, const char *b,
                          struct assay_buf *sql)
{
    char epsilon[ASSAY_NUMBER_TEXT], type[32], rounded[ASSAY_NUMBER_TEXT + 24];
    const bool absolute = assay_json_bool(comparator, "as_absolute", true);
    const unsigned scale = left->scale > right->scale ? left->scale : right->scale;
    assay_format_double(assay_json_num(comparator, "epsilon", 0), epsilon);
    const bool exact = is_exact(left) && is_exact(right) && scale + EPSILON_FRACTION < DIGITS_MAX &&
                       !__builtin_strpbrk(epsilon, "eE");
    snprintf(type, sizeof type, "DECIMAL(%d,%u)", DIGITS_MAX, scale);
    snprintf(rounded, sizeof rounded, "CAST('%s' AS DOUBLE)", epsilon);
    assay_buf_text(sql, exact ? "coalesce(TRY(" : "(");
    if (exact) {
        write_difference(a, b, type, epsilon, absolute, sql);
        assay_buf_text(sql, "), ");
    }
    assay_buf_printf(sql, "isfinite(CAST(%s AS DOUBLE)) AND isfinite(CAST(%s AS DOUBLE)) AND ", a,
                     b);
    write_difference(a, b, "DOUBLE", rounded, absolute, sql);
    assay_buf_char(sql, ')');
}

/* In microseconds; what has no zone is read in that of the container. */
static void write_times(const json_t *comparator, const struct assay_rule_field *left,
                        const char *a, const struct assay_rule_field *right, const char *b,
                        struct assay_buf *sql)
{
    const bool zoned =
        left->layout == ASSAY_LAYOUT_INSTANT || right->layout == ASSAY_LAYOUT_INSTANT;
    const char *type = zoned ? "TIMESTAMPTZ" : "TIMESTAMP";
    const long long millis = (long long)assay_json_int(comparator, "millis", 0);
    assay_buf_printf(sql,
                     "(CASE WHEN isfinite(%s) AND isfinite(%s) THEN abs(CAST(epoch_us(CAST(%s AS "
                     "%s)) AS HUGEINT) - epoch_us(CAST(%s AS %s))) <= CAST(%lld AS HUGEINT) * 1000 "
                     "END)",
                     a, b, a, type, b, type, millis);
}

static void write_collapsed(const char *value, struct assay_buf *sql)
{
    assay_buf_printf(sql, "trim(regexp_replace(%s, '[\\s\\x0B\\x{85}\\pZ]+', ' ', 'g'))", value);
}

static void write_texts(const char *a, const char *b, struct assay_buf *sql)
{
    assay_buf_char(sql, '(');
    write_collapsed(a, sql);
    assay_buf_text(sql, " = ");
    write_collapsed(b, sql);
    assay_buf_char(sql, ')');
}

int assay_comparator_write(const json_t *properties, const struct assay_rule_field *left,
                           const char *a, const struct assay_rule_field *right, const char *b,
                           struct assay_buf *sql, struct assay_error *err)
{
    const json_t *numeric = json_object_get(properties, "numeric_comparator"),
                 *duration = json_object_get(properties, "duration_comparator"),
                 *text = json_object_get(properties, "string_comparator");
    if (numeric && is_number(left) && is_number(right))
        write_numbers(numeric, left, a, right, b, sql);
    else if (duration && is_time(left) && is_time(right))
        write_times(duration, left, a, right, b, sql);
    else if (assay_json_bool(text, "ignore_whitespace", false) && left->type == ASSAY_TYPE_STRING &&
             right->type == ASSAY_TYPE_STRING)
        write_texts(a, b, sql);
    return assay_buf_check(sql, err);
}
