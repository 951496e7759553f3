// Numbers as exact text, independent of the locale.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/number.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"

static locale_t c_locale;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static double read_double(const char *text, char **ret_end)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_c_locale);
    return c_locale ? strtod_l(text, ret_end, c_locale) : strtod(text, ret_end);
}

size_t assay_format_i128(assay_i128 value, unsigned scale, char text[ASSAY_NUMBER_TEXT])
{
    char digits[64];
    size_t count = 0, at = 0;
    assay_u128 rest = value < 0 ? -(assay_u128)value : (assay_u128)value;
    do {
        digits[count++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest || count <= scale);
    if (value < 0)
        text[at++] = '-';
    while (count) {
        if (count-- == scale && scale)
            text[at++] = '.';
        text[at++] = digits[count];
    }
    text[at] = '\0';
    return at;
}

/* "-1.5e-07" from digits and exponent into plain or exponent notation. */
static size_t tidy(const char *scientific, char text[ASSAY_NUMBER_TEXT])
{
    char digits[32];
    size_t count = 0, at = 0;
    const char *p = scientific;
    if (*p == '-') {
        text[at++] = '-';
        p++;
    }
    for (; *p && *p != 'e'; p++)
        if (isdigit((unsigned char)*p) && count < sizeof digits)
            digits[count++] = *p;
    const int exponent = *p ? atoi(p + 1) : 0;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (exponent < -5 || exponent >= 17) {
        text[at++] = digits[0];
        text[at++] = '.';
        for (size_t i = 1; i < count; i++)
            text[at++] = digits[i];
        if (count == 1)
            text[at++] = '0';
        return at + (size_t)sprintf(text + at, "e%d", exponent);
    }
    int point = exponent + 1;
    if (point <= 0) {
        text[at++] = '0';
        text[at++] = '.';
        for (; point < 0; point++)
            text[at++] = '0';
        point = -1;
    }
    for (size_t i = 0; i < count; i++) {
        if ((int)i == point)
            text[at++] = '.';
        text[at++] = digits[i];
    }
    if (point >= (int)count) {
        for (int i = (int)count; i < point; i++)
            text[at++] = '0';
        text[at++] = '.';
        text[at++] = '0';
    }
    text[at] = '\0';
    return at;
}

static size_t format_special(double value, char *text)
{
    strcpy(text, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    return strlen(text);
}

size_t assay_format_double(double value, char text[ASSAY_NUMBER_TEXT])
{
    if (!isfinite(value))
        return format_special(value, text);
    char scientific[40];
    for (int precision = 14; precision <= 16; precision++) {
        (void)snprintf(scientific, sizeof scientific, "%.*e", precision, value);
        if (read_double(scientific, NULL) == value)
            break;
    }
    return tidy(scientific, text);
}

size_t assay_format_float(float value, char text[ASSAY_NUMBER_TEXT])
{
    if (!isfinite(value))
        return format_special((double)value, text);
    char scientific[40];
    for (int precision = 5; precision <= 8; precision++) {
        (void)snprintf(scientific, sizeof scientific, "%.*e", precision, (double)value);
        if ((float)read_double(scientific, NULL) == value)
            break;
    }
    return tidy(scientific, text);
}

bool assay_parse_i128(const char *text, size_t size, assay_i128 *ret_value)
{
    const bool negative = size && text[0] == '-';
    size_t i = size && (text[0] == '-' || text[0] == '+');
    if (i == size)
        return false;
    assay_i128 value = 0;
    for (; i < size; i++) {
        const int digit = text[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, (assay_i128)10, &value) ||
            __builtin_sub_overflow(value, (assay_i128)digit, &value))
            return false;
    }
    if (!negative && __builtin_sub_overflow((assay_i128)0, value, &value))
        return false;
    *ret_value = value;
    return true;
}

bool assay_parse_i64(const char *text, size_t size, int64_t *ret_value)
{
    assay_i128 value;
    if (!assay_parse_i128(text, size, &value) || value < INT64_MIN || value > INT64_MAX)
        return false;
    *ret_value = (int64_t)value;
    return true;
}

bool assay_parse_double(const char *text, size_t size, double *ret_value)
{
    static const char allowed[] = "+-.0123456789eE";
    char copy[512];
    if (!size || size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (strspn(copy, allowed) != size || !strpbrk(copy, "0123456789"))
        return false;
    char *end;
    const double value = read_double(copy, &end);
    if (end != copy + size)
        return false;
    *ret_value = value;
    return true;
}

struct unit {
    const char *name;
    double factor;
};

static bool parse_with_unit(const char *text, const struct unit *units, size_t count,
                            double *ret_value)
{
    char *end;
    const double number = text ? read_double(text, &end) : 0;
    if (!text || end == text || !isfinite(number) || number < 0)
        return false;
    while (isspace((unsigned char)*end))
        end++;
    for (size_t i = 0; i < count; i++) {
        if (!strcasecmp(end, units[i].name)) {
            *ret_value = number * units[i].factor;
            return true;
        }
    }
    return false;
}

bool assay_parse_bytes(const char *text, uint64_t *ret_bytes)
{
    static const struct unit units[] = {{"", 1},
                                        {"b", 1},
                                        {"k", 1024},
                                        {"kb", 1024},
                                        {"kib", 1024},
                                        {"m", 1048576},
                                        {"mb", 1048576},
                                        {"mib", 1048576},
                                        {"g", 1073741824},
                                        {"gb", 1073741824},
                                        {"gib", 1073741824},
                                        {"t", 1099511627776.0},
                                        {"tb", 1099511627776.0},
                                        {"tib", 1099511627776.0}};
    double value;
    if (!parse_with_unit(text, units, ASSAY_COUNT(units), &value) || value > 9e18)
        return false;
    *ret_bytes = (uint64_t)value;
    return true;
}

bool assay_parse_duration_ms(const char *text, int64_t *ret_ms)
{
    static const struct unit units[] = {{"", 1000},     {"ms", 1},      {"s", 1000},
                                        {"m", 60000},   {"min", 60000}, {"h", 3600000},
                                        {"d", 86400000}};
    double value;
    if (!parse_with_unit(text, units, ASSAY_COUNT(units), &value) || value > 9e15)
        return false;
    *ret_ms = (int64_t)value;
    return true;
}

int assay_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
