// Fields of two containers as expressions of one type: no value is lost on the way.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/pair.h"

#define DIGITS_MAX       38 /* of a decimal */
#define INT64_DIGITS     19
#define INT128_DIGITS    39
#define DECIMAL64_DIGITS 18
#define HUGEINT_ABOVE    "1.7e38" /* whole doubles below are 128-bit integers */

enum kind {
    KIND_NONE,
    KIND_INTEGER,
    KIND_DECIMAL,
    KIND_FLOAT,
    KIND_DOUBLE,
    KIND_DATE,
    KIND_TIMESTAMP,
    KIND_INSTANT,
    KIND_TEXT,
    KIND_TRUTH
};

/* What both sides become. */
enum form {
    FORM_NONE, /* they cannot be compared */
    FORM_OWN,  /* as they are */
    FORM_BIGINT,
    FORM_HUGEINT,
    FORM_DECIMAL,
    FORM_NUMBER_TEXT, /* exact numbers as text, without zeros at the end */
    FORM_FLOAT,
    FORM_DOUBLE,
    FORM_TIMESTAMP,
    FORM_INSTANT
};

static enum kind kind_of(const struct assay_rule_field *field)
{
    static const enum kind kinds[] = {
        [ASSAY_LAYOUT_BOOL] = KIND_TRUTH,          [ASSAY_LAYOUT_INT64] = KIND_INTEGER,
        [ASSAY_LAYOUT_INT128] = KIND_INTEGER,      [ASSAY_LAYOUT_DECIMAL64] = KIND_DECIMAL,
        [ASSAY_LAYOUT_DECIMAL128] = KIND_DECIMAL,  [ASSAY_LAYOUT_FLOAT] = KIND_FLOAT,
        [ASSAY_LAYOUT_DOUBLE] = KIND_DOUBLE,       [ASSAY_LAYOUT_DATE] = KIND_DATE,
        [ASSAY_LAYOUT_TIMESTAMP] = KIND_TIMESTAMP, [ASSAY_LAYOUT_INSTANT] = KIND_INSTANT,
        [ASSAY_LAYOUT_TEXT] = KIND_TEXT,
    };
    return field->nested || (size_t)field->layout >= ASSAY_COUNT(kinds) ? KIND_NONE
                                                                        : kinds[field->layout];
}

/* Digits before the point, at most. */
static unsigned whole_digits(const struct assay_rule_field *field)
{
    switch (field->layout) {
    case ASSAY_LAYOUT_INT64:
        return INT64_DIGITS;
    case ASSAY_LAYOUT_INT128:
        return INT128_DIGITS;
    case ASSAY_LAYOUT_DECIMAL64:
        return field->scale < DECIMAL64_DIGITS ? DECIMAL64_DIGITS - (unsigned)field->scale : 0;
    default:
        return field->scale < DIGITS_MAX ? DIGITS_MAX - (unsigned)field->scale : 0;
    }
}

static unsigned common_scale(const struct assay_rule_field *a, const struct assay_rule_field *b)
{
    return a->scale > b->scale ? a->scale : b->scale;
}

static enum form form_of_exact(const struct assay_rule_field *a, const struct assay_rule_field *b)
{
    const unsigned left = whole_digits(a), right = whole_digits(b);
    if (kind_of(a) == KIND_INTEGER && kind_of(b) == KIND_INTEGER)
        return left == INT64_DIGITS && right == INT64_DIGITS ? FORM_BIGINT : FORM_HUGEINT;
    return (left > right ? left : right) + common_scale(a, b) <= DIGITS_MAX ? FORM_DECIMAL
                                                                            : FORM_NUMBER_TEXT;
}

bool assay_pair_is_wide(const struct assay_rule_field *left, const struct assay_rule_field *right)
{
    const enum kind a = kind_of(left), b = kind_of(right);
    return (a == KIND_DECIMAL && (b == KIND_DECIMAL || b == KIND_INTEGER) &&
            form_of_exact(left, right) == FORM_NUMBER_TEXT) ||
           (a == KIND_INTEGER && b == KIND_DECIMAL && assay_pair_is_wide(right, left));
}

static bool is_number(enum kind kind)
{
    return kind >= KIND_INTEGER && kind <= KIND_DOUBLE;
}

static bool is_time(enum kind kind)
{
    return kind >= KIND_DATE && kind <= KIND_INSTANT;
}

static enum form form_of_numbers(const struct assay_rule_field *a, const struct assay_rule_field *b)
{
    const enum kind left = kind_of(a), right = kind_of(b);
    const enum kind widest = left > right ? left : right;
    if (widest <= KIND_DECIMAL)
        return form_of_exact(a, b);
    if (left == KIND_INTEGER || right == KIND_INTEGER)
        return FORM_NUMBER_TEXT;
    return left == KIND_FLOAT || right == KIND_FLOAT ? FORM_FLOAT : FORM_DOUBLE;
}

static enum form form_of(const struct assay_rule_field *a, const struct assay_rule_field *b)
{
    const enum kind left = kind_of(a), right = kind_of(b);
    const enum kind widest = left > right ? left : right;
    if (left == KIND_NONE || right == KIND_NONE)
        return FORM_NONE;
    if (is_number(left) && is_number(right))
        return form_of_numbers(a, b);
    if (is_time(left) && is_time(right))
        return widest == KIND_DATE        ? FORM_OWN
               : widest == KIND_TIMESTAMP ? FORM_TIMESTAMP
                                          : FORM_INSTANT;
    return left == right ? FORM_OWN : FORM_NONE;
}

/* A whole number as an integer is written, whatever it was; other numbers are equal to none. */
static const char *number_text(const struct assay_rule_check *check,
                               const struct assay_rule_field *field)
{
    const enum kind kind = kind_of(field);
    if (kind == KIND_INTEGER || (kind == KIND_DECIMAL && !field->scale))
        return assay_rule_text(check, "CAST(%s AS VARCHAR)", field->sql);
    if (kind == KIND_DECIMAL) /* ".5" is how a decimal without digits before the point is written */
        return assay_rule_text(check,
                               "rtrim(rtrim(regexp_replace(CAST(%s AS VARCHAR), '^(-?)\\.', "
                               "'\\10.'), '0'), '.')",
                               field->sql);
    return assay_rule_text(check,
                           "(CASE WHEN abs(%s) < " HUGEINT_ABOVE " AND trunc(%s) = %s THEN "
                           "CAST(TRY_CAST(%s AS HUGEINT) AS VARCHAR) ELSE CAST(%s AS VARCHAR) END)",
                           field->sql, field->sql, field->sql, field->sql, field->sql);
}

/* What lies beyond the range of the type is infinite in it: it equals no value of it. */
static const char *with_infinity(const struct assay_rule_check *check, const char *sql,
                                 const char *type, const char *zero)
{
    return assay_rule_text(check,
                           "coalesce(TRY_CAST(%s AS %s), CASE WHEN %s > %s THEN CAST('infinity' AS "
                           "%s) WHEN %s < %s THEN CAST('-infinity' AS %s) END)",
                           sql, type, sql, zero, type, sql, zero, type);
}

static const char *as_time(const struct assay_rule_check *check,
                           const struct assay_rule_field *field, const char *type)
{
    if (kind_of(field) == KIND_DATE)
        return with_infinity(check, field->sql, type, "DATE '1970-01-01'");
    return assay_rule_text(check, "CAST(%s AS %s)", field->sql, type);
}

/* Of a decimal by its text: DuckDB divides, which may miss the nearest double by one step. */
static const char *as_binary(const struct assay_rule_check *check,
                             const struct assay_rule_field *field, const char *type)
{
    const bool decimal = kind_of(field) == KIND_DECIMAL;
    return assay_rule_text(check, decimal ? "CAST(CAST(%s AS VARCHAR) AS %s)" : "CAST(%s AS %s)",
                           field->sql, type);
}

static const char *as_float(const struct assay_rule_check *check,
                            const struct assay_rule_field *field)
{
    return kind_of(field) == KIND_DOUBLE ? with_infinity(check, field->sql, "FLOAT", "0")
                                         : as_binary(check, field, "FLOAT");
}

static const char *write_side(const struct assay_rule_check *check,
                              const struct assay_rule_field *field, enum form form, unsigned scale)
{
    switch (form) {
    case FORM_BIGINT:
        return assay_rule_text(check, "CAST(%s AS BIGINT)", field->sql);
    case FORM_HUGEINT:
        return assay_rule_text(check, "CAST(%s AS HUGEINT)", field->sql);
    case FORM_DECIMAL:
        return assay_rule_text(check, "CAST(%s AS DECIMAL(38,%u))", field->sql, scale);
    case FORM_NUMBER_TEXT:
        return number_text(check, field);
    case FORM_FLOAT:
        return as_float(check, field);
    case FORM_DOUBLE:
        return as_binary(check, field, "DOUBLE");
    case FORM_TIMESTAMP:
        return as_time(check, field, "TIMESTAMP");
    case FORM_INSTANT:
        return as_time(check, field, "TIMESTAMPTZ");
    default:
        return field->sql;
    }
}

/* One side has no value at all. */
static void write_empty(const struct assay_rule_check *check, const struct assay_rule_field *left,
                        const struct assay_rule_field *right, struct assay_pair *ret_pair)
{
    static const char nothing[] = "CAST(NULL AS VARCHAR)";
    const bool no_left = left->type == ASSAY_TYPE_UNKNOWN,
               no_right = right->type == ASSAY_TYPE_UNKNOWN;
    ret_pair->left = no_left ? nothing : assay_rule_text(check, "CAST(%s AS VARCHAR)", left->sql);
    ret_pair->right =
        no_right ? nothing : assay_rule_text(check, "CAST(%s AS VARCHAR)", right->sql);
}

/* Types that were found in text can be given. */
static int refuse(const struct assay_rule_field *left, const struct assay_rule_scope *reference,
                  const struct assay_rule_field *right, struct assay_error *err)
{
    const struct assay_rule_field *found = left->misfit_sql    ? left
                                           : right->misfit_sql ? right
                                                               : NULL;
    return assay_fail(err, ASSAY_INVALID,
                      "`%s` is %s and `%s` of `%s` is %s: they cannot be compared%s%s%s",
                      left->name, assay_type_name(left->type), right->name,
                      reference->name ? reference->name : "the container",
                      assay_type_name(right->type), found ? " (the reader option types." : "",
                      found ? found->name : "", found ? " gives another type)" : "");
}

int assay_pair_write(const struct assay_rule_check *check, const struct assay_rule_field *left,
                     const struct assay_rule_scope *reference, const struct assay_rule_field *right,
                     struct assay_pair *ret_pair, struct assay_error *err)
{
    const enum form form = form_of(left, right);
    const unsigned scale = common_scale(left, right);
    struct assay_pair pair;
    if (left->type == ASSAY_TYPE_UNKNOWN || right->type == ASSAY_TYPE_UNKNOWN) {
        write_empty(check, left, right, &pair);
    } else if (form == FORM_NONE) {
        return refuse(left, reference, right, err);
    } else {
        pair.left = write_side(check, left, form, scale);
        pair.right = write_side(check, right, form, scale);
    }
    if (!pair.left || !pair.right)
        return assay_fail_memory(err);
    *ret_pair = pair;
    return ASSAY_OK;
}
