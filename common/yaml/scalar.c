// YAML scalars: which plain text is null, a truth, a number.
// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/scalar.h"

#include <math.h>
#include <string.h>
#include <yaml.h>

#include "common/base/cleanup.h"
#include "common/base/number.h"

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(text, *words))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text)
{
    size_t n = 0;
    while (is_digit(text[n]))
        n++;
    return n;
}

/* [-+]? ( . [0-9]+ | [0-9]+ ( . [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? ; *ret_whole: no point, no
 * exponent */
static bool is_number(const char *text, bool *ret_whole)
{
    const char *p = text + (*text == '-' || *text == '+');
    const size_t before = count_digits(p);
    p += before;
    size_t after = 0;
    *ret_whole = *p == '\0';
    if (*p == '.') {
        after = count_digits(++p);
        p += after;
    }
    if (before + after == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        const size_t digits = count_digits(p);
        if (!digits)
            return false;
        p += digits;
    }
    return *p == '\0';
}

/* 0o7, 0xF: only without a sign, as in the core schema. */
static bool based_value(const char *text, json_int_t *ret_value)
{
    const int base = !strncmp(text, "0o", 2) ? 8 : !strncmp(text, "0x", 2) ? 16 : 0;
    const char *digits = base == 8 ? "01234567" : "0123456789abcdefABCDEF";
    if (!base || !text[2] || strlen(text) > 17 || text[2 + strspn(text + 2, digits)])
        return false;
    json_int_t value = 0;
    for (const char *p = text + 2; *p; p++) {
        const int digit = is_digit(*p) ? *p - '0' : (*p | 0x20) - 'a' + 10;
        if (value > (INT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *ret_value = value;
    return true;
}

static json_t *number(const char *text, size_t size, bool whole)
{
    int64_t integer;
    double real;
    if (whole && assay_parse_i64(text, size, &integer))
        return json_integer(integer);
    if (assay_parse_double(text, size, &real) && isfinite(real))
        return json_real(real);
    return json_stringn(text, size);
}

static json_t *resolve(const char *text, size_t size)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const truths[] = {"true", "True", "TRUE", NULL};
    static const char *const lies[] = {"false", "False", "FALSE", NULL};
    if (strlen(text) != size)
        return json_stringn(text, size);
    if (is_one_of(text, nulls))
        return json_null();
    if (is_one_of(text, truths))
        return json_true();
    if (is_one_of(text, lies))
        return json_false();
    json_int_t value;
    if (based_value(text, &value))
        return json_integer(value);
    bool whole;
    return is_number(text, &whole) ? number(text, size, whole) : json_stringn(text, size);
}

bool assay_yaml_scalar(const char *text, size_t size_bytes, const char *tag, bool plain,
                       json_t **ret_node)
{
    static const char *const core_tags[] = {YAML_INT_TAG, YAML_FLOAT_TAG, YAML_BOOL_TAG,
                                            YAML_NULL_TAG, NULL};
    const bool is_text = tag ? !strcmp(tag, YAML_STR_TAG) || !strcmp(tag, "!") : !plain;
    if (tag && !is_text && !is_one_of(tag, core_tags))
        return false;
    *ret_node = is_text ? json_stringn(text, size_bytes) : resolve(text, size_bytes);
    return true;
}
