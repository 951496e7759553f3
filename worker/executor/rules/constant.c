// Constants of checks: text to SQL, by the layout of the field that they are compared with.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/constant.h"

#include <string.h>
#include <strings.h>

#include "common/base/datetime.h"
#include "common/base/number.h"
#include "worker/executor/rules/pair.h"

#define DIGITS_MAX 38
#define DECIMAL_BEYOND                                                                             \
    1e28 /* a constant that is refused as a decimal above this is above all values */

static const struct {
    const char *sql, *short_word, *words;
} compares[] = {
    [ASSAY_EQ] = {"=", "eq", "equal to"},
    [ASSAY_NE] = {"<>", "ne", "not equal to"},
    [ASSAY_LT] = {"<", "lt", "less than"},
    [ASSAY_LE] = {"<=", "lte", "less than or equal to"},
    [ASSAY_GT] = {">", "gt", "greater than"},
    [ASSAY_GE] = {">=", "gte", "greater than or equal to"},
};

enum assay_compare assay_compare_of(const char *word)
{
    for (size_t i = 0; word && i < ASSAY_COUNT(compares); i++)
        if (!strcmp(word, compares[i].short_word) || !strcmp(word, compares[i].words))
            return (enum assay_compare)i;
    return ASSAY_EQ;
}

const char *assay_compare_sql(enum assay_compare op)
{
    return compares[op].sql;
}

const char *assay_compare_words(enum assay_compare op)
{
    return compares[op].words;
}

static int refuse(const struct assay_rule_field *field, const char *constant,
                  struct assay_error *err)
{
    return assay_fail(err, ASSAY_INVALID,
                      "the constant \"%.100s\" cannot be read as %s, the type of `%s`", constant,
                      assay_type_name(field->type), field->name);
}

/* A decimal number at a given scale: constant = value × 10^-scale + rest, rest in [0,
 * 10^-scale). */
struct scaled {
    assay_i128 value;
    bool exact; /* the rest is 0 */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits of the number without point, and the power of ten of the last one. */
static bool split_number(const char *text, char digits[DIGITS_MAX * 4], long *ret_power,
                         bool *ret_negative)
{
    size_t n = 0;
    long power = 0;
    const char *p = text;
    bool point = false, any = false;
    *ret_negative = *p == '-';
    p += *p == '-' || *p == '+';
    for (; is_digit(*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        any = true;
        if (n + 1 >= DIGITS_MAX * 4)
            return false;
        if (n || *p != '0')
            digits[n++] = *p;
        power -= point;
    }
    digits[n] = '\0';
    if (any && (*p == 'e' || *p == 'E')) {
        int64_t exponent;
        if (!assay_parse_i64(p + 1, strlen(p + 1), &exponent) || exponent > 400 || exponent < -400)
            return false;
        power += (long)exponent;
        p += strlen(p);
    }
    *ret_power = power;
    return any && !*p;
}

/* Rounded down (towards -infinity) to the scale. False: not a number, or beyond 38 digits. */
static bool scale_number(const char *text, unsigned scale, struct scaled *ret_scaled)
{
    char digits[DIGITS_MAX * 4];
    long power;
    bool negative, rest = false;
    if (!split_number(text, digits, &power, &negative))
        return false;
    long keep = (long)strlen(digits) + power + (long)scale; /* digits that stay before the cut */
    assay_i128 value = 0;
    for (long i = 0; i < keep; i++) {
        const int digit = i < (long)strlen(digits) ? digits[i] - '0' : 0;
        if (value > ((assay_i128)1 << 126) / 10)
            return false;
        value = value * 10 + digit;
    }
    for (long i = keep < 0 ? 0 : keep; i < (long)strlen(digits); i++)
        rest |= digits[i] != '0';
    if (negative)
        value = -value - (rest ? 1 : 0);
    *ret_scaled = (struct scaled){.value = value, .exact = !rest};
    char check[ASSAY_NUMBER_TEXT];
    return assay_format_i128(value < 0 ? -value : value, 0, check) <= DIGITS_MAX;
}

static void append_decimal(struct assay_buf *sql, assay_i128 value, unsigned scale)
{
    char text[ASSAY_NUMBER_TEXT];
    assay_format_i128(value, scale, text);
    if (scale)
        assay_buf_printf(sql, "CAST('%s' AS DECIMAL(38,%u))", text, scale);
    else
        assay_buf_printf(sql, "CAST('%s' AS HUGEINT)", text);
}

/* A small whole constant keeps the column's own type, which is faster than 128 bits. */
static void append_whole(struct assay_buf *sql, const struct assay_rule_field *field,
                         assay_i128 value)
{
    if (field->layout == ASSAY_LAYOUT_INT64 && value >= INT64_MIN + (assay_i128)1 &&
        value <= INT64_MAX)
        assay_buf_printf(sql, "CAST('%lld' AS BIGINT)", (long long)value);
    else
        append_decimal(sql, value, field->scale);
}

static bool is_decimal(const struct assay_rule_field *field)
{
    return field->layout == ASSAY_LAYOUT_DECIMAL64 || field->layout == ASSAY_LAYOUT_DECIMAL128;
}

/* The same for every value; NULL for NULL. */
static void append_always(struct assay_buf *sql, const struct assay_rule_field *field, bool fails)
{
    assay_buf_printf(sql, "(CASE WHEN %s IS NOT NULL THEN %s END)", field->sql,
                     fails ? "TRUE" : "FALSE");
}

/* Infinities and NaN by any of their names. */
static bool read_special(const char *constant, const char **ret_word)
{
    static const char *const specials[] = {"nan",  "inf",       "-inf", "infinity", "-infinity",
                                           "+inf", "+infinity", ".nan", ".inf",     "-.inf"};
    for (size_t i = 0; i < ASSAY_COUNT(specials); i++) {
        if (strcasecmp(constant, specials[i]))
            continue;
        *ret_word = strchr(specials[i], 'f') ? (constant[0] == '-' ? "-inf" : "inf") : "nan";
        return true;
    }
    return false;
}

/* A constant beyond all decimals: the comparison is the same for every value (NaN stands above
 * all). */
static int fails_beyond(const struct assay_rule_field *field, enum assay_compare op,
                        const char *constant, struct assay_buf *sql, struct assay_error *err)
{
    double value = 0;
    const char *word = NULL;
    const bool special = read_special(constant, &word);
    if (!special && (!assay_parse_double(constant, strlen(constant), &value) ||
                     (value < DECIMAL_BEYOND && value > -DECIMAL_BEYOND)))
        return refuse(field, constant, err);
    const bool below = special ? word[0] == '-' : value < 0; /* the constant is below all values */
    const bool holds = op == ASSAY_NE || (below ? op == ASSAY_GT || op == ASSAY_GE
                                                : op == ASSAY_LT || op == ASSAY_LE);
    append_always(sql, field, !holds);
    return ASSAY_OK;
}

/* x op c, where c lies between two values of the column: x < c and x ≤ c say x ≤ floor(c); x > c
 * and x ≥ c say x > floor(c).
 */
static int fails_exact(const struct assay_rule_field *field, enum assay_compare op,
                       const char *constant, struct assay_buf *sql, struct assay_error *err)
{
    struct scaled c;
    if (!scale_number(constant, field->scale, &c))
        return is_decimal(field) ? fails_beyond(field, op, constant, sql, err)
                                 : refuse(field, constant, err);
    if (!c.exact && (op == ASSAY_EQ || op == ASSAY_NE)) {
        append_always(sql, field, op == ASSAY_EQ);
        return ASSAY_OK;
    }
    if (!c.exact)
        op = op == ASSAY_LT || op == ASSAY_LE ? ASSAY_LE : ASSAY_GT;
    assay_buf_printf(sql, "NOT (%s %s ", field->sql, compares[op].sql);
    append_whole(sql, field, c.value);
    assay_buf_char(sql, ')');
    return ASSAY_OK;
}

static bool is_float(const struct assay_rule_field *field)
{
    return field->layout == ASSAY_LAYOUT_FLOAT || field->layout == ASSAY_LAYOUT_DOUBLE;
}

static bool append_float(const struct assay_rule_field *field, const char *constant,
                         struct assay_buf *sql)
{
    double value;
    const char *word;
    const char *type = field->layout == ASSAY_LAYOUT_FLOAT ? "FLOAT" : "DOUBLE";
    if (assay_parse_double(constant, strlen(constant), &value)) {
        assay_buf_printf(sql, "CAST('%s' AS %s)", constant, type);
        return true;
    }
    if (!read_special(constant, &word))
        return false;
    assay_buf_printf(sql, "CAST('%s' AS %s)", word, type);
    return true;
}

static int fails_float(const struct assay_rule_field *field, enum assay_compare op,
                       const char *constant, struct assay_buf *sql, struct assay_error *err)
{
    if (op == ASSAY_EQ || op == ASSAY_NE)
        assay_buf_printf(sql, "NOT (%s %s ", field->sql, compares[op].sql);
    else
        assay_buf_printf(sql, "(isnan(%s) OR NOT (%s %s ", field->sql, field->sql,
                         compares[op].sql);
    if (!append_float(field, constant, sql))
        return refuse(field, constant, err);
    assay_buf_text(sql, op == ASSAY_EQ || op == ASSAY_NE ? ")" : "))");
    return ASSAY_OK;
}

/* A constant as an instant of the column: whole days only when it was given as a date. */
struct moment {
    bool is_date, has_zone;
    int64_t days, us;
};

static bool read_moment(const char *text, struct moment *ret)
{
    const size_t size = strlen(text);
    *ret = (struct moment){0};
    if (assay_parse_date(text, size, &ret->days)) {
        ret->is_date = true;
        return true;
    }
    return assay_parse_timestamp(text, size, &ret->us, &ret->has_zone);
}

static void append_date(struct assay_buf *sql, int64_t days)
{
    char text[ASSAY_DATETIME_TEXT];
    assay_format_date(days, text);
    assay_buf_printf(sql, "DATE '%s'", text);
}

/* As a value that the column compares with: its own kind of timestamp, in the session's zone. */
static void append_moment(struct assay_buf *sql, const struct assay_rule_field *field,
                          const struct moment *m)
{
    char text[ASSAY_DATETIME_TEXT];
    const char *own = field->layout == ASSAY_LAYOUT_INSTANT ? "TIMESTAMPTZ" : "TIMESTAMP";
    if (m->is_date) {
        assay_buf_text(sql, "CAST(");
        append_date(sql, m->days);
        assay_buf_printf(sql, " AS %s)", own);
        return;
    }
    assay_format_timestamp(m->us, m->has_zone ? "Z" : "", text);
    assay_buf_printf(sql, "CAST(%s '%s' AS %s)", m->has_zone ? "TIMESTAMPTZ" : "TIMESTAMP", text,
                     own);
}

static int fails_time(const struct assay_rule_field *field, enum assay_compare op,
                      const char *constant, struct assay_buf *sql, struct assay_error *err)
{
    struct moment m;
    if (!read_moment(constant, &m))
        return refuse(field, constant, err);
    if (field->layout == ASSAY_LAYOUT_DATE && m.is_date) {
        assay_buf_printf(sql, "NOT (%s %s ", field->sql, compares[op].sql);
        append_date(sql, m.days);
        assay_buf_char(sql, ')');
        return ASSAY_OK;
    }
    if (m.is_date && op == ASSAY_LE) {
        m.days++; /* up to the end of that day */
        op = ASSAY_LT;
    }
    assay_buf_printf(sql, "NOT (%s %s ", field->sql, compares[op].sql);
    append_moment(sql, field, &m);
    assay_buf_char(sql, ')');
    return ASSAY_OK;
}

static int fails_text(const struct assay_rule_field *field, enum assay_compare op,
                      const char *constant, struct assay_buf *sql)
{
    assay_buf_printf(sql, "NOT (%s %s ", field->sql, compares[op].sql);
    assay_sql_text(sql, constant);
    assay_buf_char(sql, ')');
    return ASSAY_OK;
}

static int fails_truth(const struct assay_rule_field *field, enum assay_compare op,
                       const char *constant, struct assay_buf *sql, struct assay_error *err)
{
    const bool yes = !strcasecmp(constant, "true");
    if (!yes && strcasecmp(constant, "false"))
        return refuse(field, constant, err);
    assay_buf_printf(sql, "NOT (%s %s %s)", field->sql, compares[op].sql, yes ? "TRUE" : "FALSE");
    return ASSAY_OK;
}

int assay_constant_fails(const struct assay_rule_check *check, const struct assay_rule_field *field,
                         enum assay_compare op, const char *constant, struct assay_buf *sql,
                         struct assay_error *err)
{
    (void)check;
    if (is_float(field))
        return fails_float(field, op, constant, sql, err);
    switch (field->type) {
    case ASSAY_TYPE_INTEGRAL:
    case ASSAY_TYPE_FRACTIONAL:
        return fails_exact(field, op, constant, sql, err);
    case ASSAY_TYPE_DATE:
    case ASSAY_TYPE_TIMESTAMP:
        return fails_time(field, op, constant, sql, err);
    case ASSAY_TYPE_STRING:
        return fails_text(field, op, constant, sql);
    case ASSAY_TYPE_BOOLEAN:
        return fails_truth(field, op, constant, sql, err);
    default:
        return refuse(field, constant, err);
    }
}

int assay_constant_equals(const struct assay_rule_check *check,
                          const struct assay_rule_field *field, const char *constant,
                          struct assay_buf *sql, struct assay_error *err)
{
    assay_buf_text(sql, "NOT (");
    ASSAY_TRY(assay_constant_fails(check, field, ASSAY_EQ, constant, sql, err));
    assay_buf_char(sql, ')');
    return ASSAY_OK;
}

enum family { FAMILY_NONE, FAMILY_NUMBER, FAMILY_TIME, FAMILY_TEXT, FAMILY_TRUTH };

static enum family family_of(enum assay_type type)
{
    static const enum family families[] = {
        [ASSAY_TYPE_INTEGRAL] = FAMILY_NUMBER, [ASSAY_TYPE_FRACTIONAL] = FAMILY_NUMBER,
        [ASSAY_TYPE_DATE] = FAMILY_TIME,       [ASSAY_TYPE_TIMESTAMP] = FAMILY_TIME,
        [ASSAY_TYPE_STRING] = FAMILY_TEXT,     [ASSAY_TYPE_BOOLEAN] = FAMILY_TRUTH,
        [ASSAY_TYPE_STRUCT] = FAMILY_NONE,
    };
    return families[type];
}

/* The digits behind the point, with the sign. */
static void append_fraction(const struct assay_rule_field *field, struct assay_buf *sql)
{
    if (!field->scale)
        assay_buf_text(sql, "CAST(0 AS DECIMAL(38,38))");
    else
        assay_buf_printf(sql,
                         "CAST(CAST(%s AS DECIMAL(38,%u)) - CAST(trunc(%s) AS DECIMAL(38,%u)) AS "
                         "DECIMAL(38,38))",
                         field->sql, field->scale, field->sql, field->scale);
}

/* What no common type holds is compared in two halves. */
static void append_wide(const struct assay_rule_field *left, enum assay_compare op,
                        const struct assay_rule_field *right, struct assay_buf *sql)
{
    static const char *const strict[] = {[ASSAY_EQ] = NULL, [ASSAY_NE] = "<>", [ASSAY_LT] = "<",
                                         [ASSAY_LE] = "<",  [ASSAY_GT] = ">",  [ASSAY_GE] = ">"};
    static const char whole[] = "CAST(trunc(%s) AS HUGEINT) %s CAST(trunc(%s) AS HUGEINT)";
    assay_buf_printf(sql, "CASE WHEN %s IS NOT NULL AND %s IS NOT NULL THEN ", left->sql,
                     right->sql);
    if (strict[op]) {
        assay_buf_printf(sql, whole, left->sql, strict[op], right->sql);
        assay_buf_text(sql, " OR ");
    }
    assay_buf_char(sql, '(');
    assay_buf_printf(sql, whole, left->sql, "=", right->sql);
    assay_buf_text(sql, " AND ");
    append_fraction(left, sql);
    assay_buf_printf(sql, " %s ", compares[op].sql);
    append_fraction(right, sql);
    assay_buf_text(sql, ") END");
}

int assay_fields_fail(const struct assay_rule_field *left, enum assay_compare op,
                      const struct assay_rule_field *right, struct assay_buf *sql,
                      struct assay_error *err)
{
    if (left->type == ASSAY_TYPE_UNKNOWN || right->type == ASSAY_TYPE_UNKNOWN) {
        assay_buf_text(sql, "FALSE"); /* one side has no value at all */
        return ASSAY_OK;
    }
    if (family_of(left->type) == FAMILY_NONE || family_of(left->type) != family_of(right->type))
        return assay_fail(err, ASSAY_INVALID, "`%s` is %s and `%s` is %s: they cannot be compared",
                          left->name, assay_type_name(left->type), right->name,
                          assay_type_name(right->type));
    const bool order = op != ASSAY_EQ && op != ASSAY_NE;
    assay_buf_char(sql, '(');
    if (order && is_float(left))
        assay_buf_printf(sql, "(isnan(%s) AND %s IS NOT NULL) OR ", left->sql, right->sql);
    if (order && is_float(right))
        assay_buf_printf(sql, "(isnan(%s) AND %s IS NOT NULL) OR ", right->sql, left->sql);
    assay_buf_text(sql, "NOT (");
    if (assay_pair_is_wide(left, right))
        append_wide(left, op, right, sql);
    else
        assay_buf_printf(sql, "%s %s %s", left->sql, compares[op].sql, right->sql);
    assay_buf_text(sql, "))");
    return ASSAY_OK;
}
