// Tests of texts: payment cards, and the lexical forms of types that inference uses.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/text_tests.h"

#include <stdint.h>

#include "common/base/cleanup.h"
#include "worker/executor/infer/cell_class.h"

#define CARD_DIGITS_MIN 13
#define CARD_DIGITS_MAX 19

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Luhn: every second digit from the right doubled, digits of the products added. */
static bool luhn(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        if (i & 1)
            digit = digit > 4 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}

/* The run of digits and single separators that begins at text: its digits, and its size in
 * bytes. */
static size_t take_digits(const char *text, size_t size, char digits[CARD_DIGITS_MAX + 1],
                          size_t *ret_size)
{
    size_t count = 0, i = 0;
    while (i < size) {
        const bool separator =
            (text[i] == ' ' || text[i] == '-') && i + 1 < size && is_digit(text[i + 1]);
        if (!is_digit(text[i]) && !separator)
            break;
        if (!separator && count <= CARD_DIGITS_MAX)
            digits[count < CARD_DIGITS_MAX ? count : CARD_DIGITS_MAX] = text[i];
        count += !separator;
        i++;
    }
    *ret_size = i;
    return count;
}

static bool is_card_length(size_t count)
{
    return count >= CARD_DIGITS_MIN && count <= CARD_DIGITS_MAX;
}

bool assay_text_is_card(const char *text, size_t size_bytes)
{
    char digits[CARD_DIGITS_MAX + 1];
    size_t taken;
    if (!size_bytes || !is_digit(text[0]))
        return false;
    const size_t count = take_digits(text, size_bytes, digits, &taken);
    return taken == size_bytes && is_card_length(count) && luhn(digits, count);
}

bool assay_text_has_card(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes;) {
        char digits[CARD_DIGITS_MAX + 1];
        size_t taken = 1;
        if (is_digit(text[i])) {
            const size_t count = take_digits(text + i, size_bytes - i, digits, &taken);
            if (is_card_length(count) && luhn(digits, count))
                return true;
        }
        i += taken;
    }
    return false;
}

static unsigned class_bit(const char *text, size_t size)
{
    uint32_t formats;
    return 1u << assay_text_classify(text, size, &formats);
}

#define INTEGRAL (1u << ASSAY_CLASS_INTEGER | 1u << ASSAY_CLASS_INTEGER128)
#define FRACTIONAL                                                                                 \
    (INTEGRAL | 1u << ASSAY_CLASS_INTEGER_HUGE | 1u << ASSAY_CLASS_DECIMAL |                       \
     1u << ASSAY_CLASS_EXPONENT | 1u << ASSAY_CLASS_NOT_FINITE | 1u << ASSAY_CLASS_NAN)
#define TIMESTAMP (1u << ASSAY_CLASS_DATE | 1u << ASSAY_CLASS_TIMESTAMP | 1u << ASSAY_CLASS_INSTANT)

static bool is_integral(const char *text, size_t size)
{
    return class_bit(text, size) & INTEGRAL;
}

static bool is_fractional(const char *text, size_t size)
{
    return class_bit(text, size) & FRACTIONAL;
}

static bool is_boolean(const char *text, size_t size)
{
    return class_bit(text, size) & 1u << ASSAY_CLASS_BOOLEAN;
}

static bool is_date(const char *text, size_t size)
{
    return class_bit(text, size) & 1u << ASSAY_CLASS_DATE;
}

static bool is_timestamp(const char *text, size_t size)
{
    return class_bit(text, size) & TIMESTAMP;
}

static const struct text_test {
    const char *name;
    bool (*test)(const char *text, size_t size);
} text_tests[] = {
    {"assay_is_card", assay_text_is_card}, {"assay_has_card", assay_text_has_card},
    {"assay_is_integral", is_integral},    {"assay_is_fractional", is_fractional},
    {"assay_is_boolean", is_boolean},      {"assay_is_date", is_date},
    {"assay_is_timestamp", is_timestamp},
};

/* NULL in gives NULL out without a call (DuckDB's default handling), but the vector may still hold
 * NULLs. */
static void run(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct text_test *row = duckdb_scalar_function_get_extra_info(info);
    duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);
    duckdb_string_t *strings = duckdb_vector_get_data(texts);
    uint64_t *validity = duckdb_vector_get_validity(texts);
    bool *results = duckdb_vector_get_data(output);
    const idx_t rows = duckdb_data_chunk_get_size(input);
    for (idx_t i = 0; i < rows; i++) {
        if (validity && !duckdb_validity_row_is_valid(validity, i)) {
            duckdb_vector_ensure_validity_writable(output);
            duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), i);
            continue;
        }
        results[i] =
            row->test(duckdb_string_t_data(&strings[i]), duckdb_string_t_length(strings[i]));
    }
}

static int register_one(duckdb_connection connection, const struct text_test *row,
                        struct assay_error *err)
{
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type truth = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    duckdb_scalar_function_set_name(function, row->name);
    duckdb_scalar_function_add_parameter(function, text);
    duckdb_scalar_function_set_return_type(function, truth);
    duckdb_scalar_function_set_extra_info(function, (void *)(uintptr_t)row, NULL);
    duckdb_scalar_function_set_function(function, run);
    const duckdb_state state = duckdb_register_scalar_function(connection, function);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_logical_type(&truth);
    duckdb_destroy_scalar_function(&function);
    return state == DuckDBSuccess ? ASSAY_OK
                                  : assay_fail(err, ASSAY_INTERNAL, "registering %s", row->name);
}

int assay_text_tests_register(duckdb_connection connection, struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(text_tests); i++)
        ASSAY_TRY(register_one(connection, &text_tests[i], err));
    return ASSAY_OK;
}
