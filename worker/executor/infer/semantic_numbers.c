// Numbers with a meaning: IBAN, payment cards, social security, telephone, coordinates.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/number.h"
#include "worker/executor/infer/semantic_validators.h"

#define IBAN_MIN       15
#define IBAN_MAX       34
#define COORDINATE_MAX 32

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* The text without `mark`s; false when it does not fit. */
static bool without(const char *text, size_t size, const char *marks, char *out, size_t room,
                    size_t *ret_size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        if (strchr(marks, text[i]) && text[i])
            continue;
        if (count == room)
            return false;
        out[count++] = text[i];
    }
    *ret_size = count;
    return true;
}

bool assay_semantic_is_iban(const char *text, size_t size_bytes)
{
    char iban[IBAN_MAX];
    size_t size;
    unsigned rest = 0;
    if (!without(text, size_bytes, " ", iban, sizeof iban, &size) || size < IBAN_MIN ||
        !is_upper(iban[0]) || !is_upper(iban[1]) || !is_digit(iban[2]) || !is_digit(iban[3]))
        return false;
    for (size_t i = 0; i < size; i++) {
        const char c = iban[(i + 4) % size]; /* the first four come last */
        if (is_digit(c))
            rest = (rest * 10 + (unsigned)(c - '0')) % 97;
        else if (is_upper(c))
            rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
        else
            return false;
    }
    return rest == 1;
}

/* Networks by their first digits and the lengths of their numbers (ISO/IEC 7812, the networks'
 * published ranges): the IMEI of a telephone has a check digit of Luhn, too. */
static bool is_of_network(const char *digits, size_t size)
{
    static const struct {
        unsigned first, last; /* of the first four digits */
        size_t least, most;
    } networks[] = {
        {4000, 4999, 13, 13}, {4000, 4999, 16, 16}, {4000, 4999, 19, 19}, /* Visa */
        {5100, 5599, 16, 16}, {2221, 2720, 16, 16},                       /* Mastercard */
        {3400, 3499, 15, 15}, {3700, 3799, 15, 15},                       /* American Express */
        {3000, 3059, 14, 19}, {3600, 3699, 14, 19}, {3800, 3999, 14, 19}, /* Diners Club */
        {3528, 3589, 16, 19},                                             /* JCB */
        {6011, 6011, 16, 19}, {6440, 6599, 16, 19},                       /* Discover */
        {6200, 6299, 16, 19},                                             /* UnionPay */
        {5000, 5099, 12, 19}, {5600, 6999, 12, 19}, /* Maestro and local ones */
    };
    unsigned first = 0;
    for (size_t i = 0; i < 4; i++)
        first = first * 10 + (unsigned)(digits[i] - '0');
    for (size_t i = 0; i < ASSAY_COUNT(networks); i++)
        if (first >= networks[i].first && first <= networks[i].last && size >= networks[i].least &&
            size <= networks[i].most)
            return true;
    return false;
}

bool assay_semantic_is_credit_card(const char *text, size_t size_bytes)
{
    char digits[19];
    size_t size;
    unsigned sum = 0, different = 0;
    if (!without(text, size_bytes, " -", digits, sizeof digits, &size) || size < 13 ||
        digits[0] < '2' || digits[0] > '6')
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(digits[i]))
            return false;
        const unsigned digit = (unsigned)(digits[i] - '0');
        const unsigned twice = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += (size - i) % 2 ? digit : twice; /* every second from the right is doubled */
        different += digits[i] != digits[0];
    }
    return sum % 10 == 0 && different && is_of_network(digits, size);
}

bool assay_semantic_is_ssn(const char *text, size_t size_bytes)
{
    if (size_bytes != 11 || text[3] != '-' || text[6] != '-')
        return false;
    for (size_t i = 0; i < 11; i++) {
        if (i != 3 && i != 6 && !is_digit(text[i]))
            return false;
    }
    return memcmp(text, "000", 3) != 0 && memcmp(text, "666", 3) != 0 && text[0] != '9' &&
           memcmp(text + 4, "00", 2) != 0 && memcmp(text + 7, "0000", 4) != 0;
}

static size_t digits_of(const char *text, size_t size, const char *marks, bool *ret_other)
{
    size_t digits = 0;
    *ret_other = false;
    for (size_t i = 0; i < size; i++) {
        digits += is_digit(text[i]);
        *ret_other = *ret_other || (!is_digit(text[i]) && (!text[i] || !strchr(marks, text[i])));
    }
    return digits;
}

/* "999-999-9999" with one mark, or "(999) 999-9999". */
static bool is_american(const char *text, size_t size)
{
    if (size == 12)
        return strchr("-. ", text[3]) && text[3] && text[7] == text[3] && text[0] >= '2';
    return size >= 13 && size <= 14 && text[0] == '(' && text[4] == ')' && text[size - 5] == '-';
}

bool assay_semantic_is_phone(const char *text, size_t size_bytes)
{
    bool other;
    if (!size_bytes)
        return false;
    const bool plus = text[0] == '+';
    const size_t digits = digits_of(text + plus, size_bytes - plus, " ()-./", &other);
    if (other || digits < 8 || digits > 15)
        return false;
    return plus || (digits == 10 && is_american(text, size_bytes));
}

bool assay_semantic_is_loose_phone(const char *text, size_t size_bytes)
{
    bool other;
    const bool plus = size_bytes && text[0] == '+';
    const size_t digits = digits_of(text + plus, size_bytes - plus, " ()-./x", &other);
    return !other && digits >= 7 && digits <= 15;
}

static bool is_coordinate(const char *text, size_t size, double most)
{
    char copy[COORDINATE_MAX + 1];
    double value;
    if (size > COORDINATE_MAX || !memchr(text, '.', size))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return assay_parse_double(copy, size, &value) && fabs(value) <= most;
}

bool assay_semantic_is_latitude(const char *text, size_t size_bytes)
{
    return is_coordinate(text, size_bytes, 90);
}

bool assay_semantic_is_longitude(const char *text, size_t size_bytes)
{
    return is_coordinate(text, size_bytes, 180);
}
