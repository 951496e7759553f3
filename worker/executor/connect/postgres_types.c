// The table of PostgreSQL's types, and decoding of their binary forms (src/backend/utils/adt/*: the
// …send functions).
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/postgres_types.h"

#include <string.h>

#include "common/base/cleanup.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/connect/postgres_session.h"
#include "worker/executor/connect/postgresql.h"

enum {
    NUMERIC_OID = 1700,
    TYPMOD_HEADER = 4,
    DAYS_TO_2000 = 10957,
    MAX_DIGITS = 38,
    SMALL_DIGITS = 18
};
#define US_TO_2000 INT64_C(946684800000000)

static const struct {
    uint32_t oid; /* pg_type.dat */
    struct pg_type type;
} types[] = {
    {16, {PG_FORM_BOOL, ASSAY_LAYOUT_BOOL, 0}},
    {17, {PG_FORM_BYTES, ASSAY_LAYOUT_BYTES, 0}},
    {19, {PG_FORM_TEXT, ASSAY_LAYOUT_TEXT, 0}}, /* name */
    {20, {PG_FORM_INT, ASSAY_LAYOUT_INT64, 0}},
    {21, {PG_FORM_INT, ASSAY_LAYOUT_INT64, 0}},
    {23, {PG_FORM_INT, ASSAY_LAYOUT_INT64, 0}},
    {25, {PG_FORM_TEXT, ASSAY_LAYOUT_TEXT, 0}},
    {26, {PG_FORM_OID, ASSAY_LAYOUT_INT64, 0}},
    {114, {PG_FORM_TEXT, ASSAY_LAYOUT_TEXT, 0}}, /* json */
    {700, {PG_FORM_FLOAT, ASSAY_LAYOUT_FLOAT, 0}},
    {701, {PG_FORM_DOUBLE, ASSAY_LAYOUT_DOUBLE, 0}},
    {1042, {PG_FORM_BLANK_PADDED, ASSAY_LAYOUT_TEXT, 0}},
    {1043, {PG_FORM_TEXT, ASSAY_LAYOUT_TEXT, 0}},
    {1082, {PG_FORM_DATE, ASSAY_LAYOUT_DATE, 0}},
    {1114, {PG_FORM_TIMESTAMP, ASSAY_LAYOUT_TIMESTAMP, 0}},
    {1184, {PG_FORM_INSTANT, ASSAY_LAYOUT_INSTANT, 0}},
};

/* typmod holds precision and, in 11 bits with sign, scale; scale may be negative or beyond the
 * precision. */
static struct pg_type numeric_type(int32_t typmod)
{
    const struct pg_type unbounded = {PG_FORM_NUMBER_TEXT, ASSAY_LAYOUT_CELL, 0};
    if (typmod < TYPMOD_HEADER)
        return unbounded;
    const int precision = (typmod - TYPMOD_HEADER) >> 16 & 0xffff;
    const int scale = (((typmod - TYPMOD_HEADER) & 0x7ff) ^ 1024) - 1024;
    const int digits = scale < 0 ? precision - scale : precision > scale ? precision : scale;
    if (digits > MAX_DIGITS)
        return unbounded;
    return (struct pg_type){
        PG_FORM_NUMERIC, digits <= SMALL_DIGITS ? ASSAY_LAYOUT_DECIMAL64 : ASSAY_LAYOUT_DECIMAL128,
        (uint8_t)(scale < 0 ? 0 : scale)};
}

struct pg_type pg_type_of(uint32_t oid, int32_t typmod)
{
    if (oid == NUMERIC_OID)
        return numeric_type(typmod);
    for (size_t i = 0; i < ASSAY_COUNT(types); i++)
        if (types[i].oid == oid)
            return types[i].type;
    return (struct pg_type){PG_FORM_CAST, ASSAY_LAYOUT_TEXT, 0};
}

void pg_append_column(struct assay_buf *sql, enum pg_form form, const char *name)
{
    assay_sql_quote(sql, name);
    if (form == PG_FORM_CAST || form == PG_FORM_NUMBER_TEXT)
        assay_buf_text(sql, "::pg_catalog.text");
}

static uint64_t big_endian(const unsigned char *data, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | data[i];
    return value;
}

static int64_t signed_value(const unsigned char *data, size_t size)
{
    const unsigned unused = 64 - 8 * (unsigned)size;
    return (int64_t)(big_endian(data, size) << unused) >> unused;
}

/* acc × 10^power + add; false on overflow. */
static bool shift_in(assay_i128 *acc, unsigned power, int add)
{
    assay_i128 factor = 1;
    for (unsigned i = 0; i < power; i++)
        if (__builtin_mul_overflow(factor, (assay_i128)10, &factor))
            return *acc == 0 && add == 0;
    return !__builtin_mul_overflow(*acc, factor, acc) &&
           !__builtin_add_overflow(*acc, (assay_i128)add, acc);
}

enum pg_outcome pg_decode_numeric(const unsigned char *data, size_t size, unsigned scale,
                                  assay_i128 *ret_value)
{
    static const int powers[] = {1, 10, 100, 1000};
    if (size < 8)
        return PG_MALFORMED;
    const size_t digits = big_endian(data, 2);
    const int weight = (int)signed_value(data + 2, 2);
    const unsigned sign = (unsigned)big_endian(data + 4, 2);
    if (sign == 0xc000 || sign == 0xd000 || sign == 0xf000) {
        *ret_value = sign == 0xc000   ? ASSAY_DECIMAL128_NAN
                     : sign == 0xd000 ? ASSAY_DECIMAL128_INFINITY
                                      : -ASSAY_DECIMAL128_INFINITY;
        return PG_VALUE;
    }
    if ((sign != 0 && sign != 0x4000) || size != 8 + 2 * digits)
        return PG_MALFORMED;
    assay_i128 value = 0;
    int place = weight * 4 + (int)scale; /* power of ten of the current group's unit */
    for (size_t i = 0; i < digits; i++, place -= 4) {
        const int group = (int)big_endian(data + 8 + 2 * i, 2);
        if (group > 9999)
            return PG_MALFORMED;
        if (place <= -4) {
            if (group)
                return PG_OUT_OF_RANGE; /* more fraction than the type allows */
            continue;
        }
        const int cut = place < 0 ? -place : 0; /* digits of the group behind the scale */
        if (group % powers[cut])
            return PG_OUT_OF_RANGE;
        if (!shift_in(&value, 4 - (unsigned)cut, group / powers[cut]))
            return PG_OUT_OF_RANGE;
    }
    place += 4; /* of the last group */
    if (digits && place > 0 && !shift_in(&value, (unsigned)place, 0))
        return PG_OUT_OF_RANGE;
    if (assay_decimal128_is_special(value))
        return PG_OUT_OF_RANGE;
    *ret_value = sign ? -value : value;
    return PG_VALUE;
}

static enum pg_outcome decode_numeric(const struct pg_type *type, const unsigned char *data,
                                      size_t size, void *value)
{
    assay_i128 number = 0;
    const enum pg_outcome outcome = pg_decode_numeric(data, size, type->scale, &number);
    if (outcome != PG_VALUE)
        return outcome;
    if (type->layout == ASSAY_LAYOUT_DECIMAL128) {
        memcpy(value, &number, sizeof number);
        return PG_VALUE;
    }
    if (assay_decimal128_is_special(number)) /* the same distance from the end of the range */
        number = number < 0 ? number + ASSAY_DECIMAL128_NAN - ASSAY_DECIMAL64_NAN
                            : number - ASSAY_DECIMAL128_NAN + ASSAY_DECIMAL64_NAN;
    else if (number >= ASSAY_DECIMAL64_INFINITY || number <= -ASSAY_DECIMAL64_INFINITY)
        return PG_OUT_OF_RANGE;
    *(int64_t *)value = (int64_t)number;
    return PG_VALUE;
}

/* Days since 2000-01-01; the ends of the range are ±infinity. */
static enum pg_outcome decode_date(const unsigned char *data, int32_t *value)
{
    const int64_t days = signed_value(data, 4), since_1970 = days + DAYS_TO_2000;
    if (days == INT32_MAX || days == INT32_MIN)
        *value = days < 0 ? -ASSAY_DATE_INFINITY : ASSAY_DATE_INFINITY;
    else if (since_1970 >= ASSAY_DATE_INFINITY || since_1970 <= -ASSAY_DATE_INFINITY)
        return PG_OUT_OF_RANGE;
    else
        *value = (int32_t)since_1970;
    return PG_VALUE;
}

/* Microseconds since 2000-01-01; the same. */
static enum pg_outcome decode_time(const unsigned char *data, int64_t *value)
{
    const int64_t us = signed_value(data, 8);
    if (us == INT64_MAX || us == INT64_MIN)
        *value = us < 0 ? -ASSAY_TIME_INFINITY : ASSAY_TIME_INFINITY;
    else if (us >= ASSAY_TIME_INFINITY - US_TO_2000)
        return PG_OUT_OF_RANGE;
    else
        *value = us + US_TO_2000;
    return PG_VALUE;
}

enum pg_outcome pg_decode(const struct pg_type *type, const unsigned char *data, size_t size,
                          void *value)
{
    const uint64_t bits = size <= 8 ? big_endian(data, size) : 0;
    const uint32_t half = (uint32_t)bits;
    switch (type->form) {
    case PG_FORM_BOOL:
        *(uint8_t *)value = bits != 0;
        return size == 1 ? PG_VALUE : PG_MALFORMED;
    case PG_FORM_INT:
        if (size != 2 && size != 4 && size != 8)
            return PG_MALFORMED;
        *(int64_t *)value = signed_value(data, size);
        return PG_VALUE;
    case PG_FORM_OID:
        *(int64_t *)value = (int64_t)bits;
        return size == 4 ? PG_VALUE : PG_MALFORMED;
    case PG_FORM_FLOAT:
        memcpy(value, &half, sizeof half);
        return size == 4 ? PG_VALUE : PG_MALFORMED;
    case PG_FORM_DOUBLE:
        memcpy(value, &bits, sizeof bits);
        return size == 8 ? PG_VALUE : PG_MALFORMED;
    case PG_FORM_NUMERIC:
        return decode_numeric(type, data, size, value);
    case PG_FORM_DATE:
        return size == 4 ? decode_date(data, value) : PG_MALFORMED;
    case PG_FORM_TIMESTAMP:
    case PG_FORM_INSTANT:
        return size == 8 ? decode_time(data, value) : PG_MALFORMED;
    default:
        return PG_MALFORMED;
    }
}
