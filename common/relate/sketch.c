// Sketch: registers and shapes.
// SPDX-License-Identifier: Apache-2.0
#include "common/relate/sketch.h"

#include <math.h>
#include <string.h>

#define ALPHA (0.7213 / (1 + 1.079 / ASSAY_SKETCH_REGISTERS)) /* of Flajolet's estimator */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* --- registers --- */

void assay_sketch_registers_append(struct assay_buf *text, const uint8_t *registers)
{
    for (size_t i = 0; i < ASSAY_SKETCH_REGISTERS; i++)
        assay_buf_char(text, digits[registers[i] & 63]);
}

static int value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    return digit == '+' ? 62 : digit == '/' ? 63 : 64;
}

bool assay_sketch_registers_parse(const char *text, size_t size_bytes,
                                  uint8_t ret_registers[ASSAY_SKETCH_REGISTERS])
{
    if (!text || size_bytes != ASSAY_SKETCH_REGISTERS)
        return false;
    for (size_t i = 0; i < ASSAY_SKETCH_REGISTERS; i++) {
        const int value = value_of(text[i]);
        if (value > ASSAY_SKETCH_RANK_MAX)
            return false;
        ret_registers[i] = (uint8_t)value;
    }
    return true;
}

bool assay_sketch_contained(const uint8_t *a, const uint8_t *b)
{
    for (size_t i = 0; i < ASSAY_SKETCH_REGISTERS; i++) {
        if (a[i] > b[i])
            return false;
    }
    return true;
}

double assay_sketch_chance(double distinct, const uint8_t *b)
{
    double above = 0;
    for (size_t i = 0; i < ASSAY_SKETCH_REGISTERS; i++)
        above += ldexp(1, -b[i]);
    return exp(-distinct / ASSAY_SKETCH_REGISTERS * above);
}

double assay_sketch_union(const uint8_t *a, const uint8_t *b)
{
    const double m = ASSAY_SKETCH_REGISTERS;
    double sum = 0;
    size_t empty = 0;
    for (size_t i = 0; i < ASSAY_SKETCH_REGISTERS; i++) {
        const uint8_t rank = a[i] > b[i] ? a[i] : b[i];
        sum += ldexp(1, -rank);
        empty += rank == 0;
    }
    const double raw = ALPHA * m * m / sum;
    return raw <= 2.5 * m && empty ? m * log(m / (double)empty) : raw;
}

/* --- shapes --- */

enum { UPPER = 1, LOWER = 2, DIGIT = 4 };

static unsigned class_of(char c)
{
    return c == 'A' ? UPPER : c == 'a' ? LOWER : c == '9' ? DIGIT : 0;
}

/* What a run of letters and digits becomes. */
static size_t put_run(unsigned classes, char *text)
{
    if ((classes & DIGIT) && classes != DIGIT) {
        text[0] = 'x';
        return 1;
    }
    size_t size = 0;
    if (classes & UPPER)
        text[size++] = 'A';
    if (classes & LOWER)
        text[size++] = 'a';
    if (classes & DIGIT)
        text[size++] = '9';
    return size;
}

/* Behind a class or a character stands {n} when it is repeated. A brace of the value itself is not
 * followed by digits and a brace, or is taken for a length: both sides are read alike. */
static const char *skip_length(const char *pattern)
{
    const char *end = pattern;
    if (*end != '{')
        return pattern;
    for (end++; *end >= '0' && *end <= '9'; end++)
        continue;
    return *end == '}' && end > pattern + 1 ? end + 1 : pattern;
}

bool assay_sketch_shape(const char *pattern, char ret_shape[ASSAY_SKETCH_SHAPE])
{
    size_t size = 0;
    while (*pattern) {
        unsigned classes = 0;
        if (size + 4 > ASSAY_SKETCH_SHAPE)
            return false;
        for (unsigned class; (class = class_of(*pattern));) {
            classes |= class;
            pattern = skip_length(pattern + 1);
        }
        if (classes)
            size += put_run(classes, ret_shape + size);
        else {
            ret_shape[size++] = *pattern;
            pattern = skip_length(pattern + 1);
        }
    }
    ret_shape[size] = '\0';
    return true;
}

/* --- codes --- */

enum { CODE_DIGITS = 15 }; /* which a double holds */

static size_t prefix_of(const char *text, size_t size_bytes)
{
    while (size_bytes && text[size_bytes - 1] >= '0' && text[size_bytes - 1] <= '9')
        size_bytes--;
    return size_bytes;
}

static double number_of(const char *text, size_t count)
{
    double number = 0;
    for (size_t i = 0; i < count; i++)
        number = 10 * number + (text[i] - '0');
    return number;
}

bool assay_sketch_code_of(const char *first, const char *last, size_t size_bytes,
                          struct assay_sketch_code *ret_code)
{
    const size_t prefix = prefix_of(first, size_bytes), count = size_bytes - prefix;
    if (!count || count > CODE_DIGITS || prefix_of(last, size_bytes) != prefix ||
        memcmp(first, last, prefix) != 0)
        return false;
    *ret_code = (struct assay_sketch_code){prefix, number_of(first + prefix, count),
                                           number_of(last + prefix, count)};
    return true;
}
