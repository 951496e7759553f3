// Cell class: what a text looks like, decided by its first byte and one scan.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/cell_class.h"

#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "worker/executor/infer/cell_date.h"
#include "worker/executor/infer/cell_tables.h"

static const char *const names[ASSAY_CLASS_COUNT] = {
    [ASSAY_CLASS_NULL] = "null",
    [ASSAY_CLASS_EMPTY] = "empty",
    [ASSAY_CLASS_BLANK] = "blank",
    [ASSAY_CLASS_INTEGER] = "integer",
    [ASSAY_CLASS_INTEGER128] = "integer128",
    [ASSAY_CLASS_INTEGER_HUGE] = "integer_huge",
    [ASSAY_CLASS_DECIMAL] = "decimal",
    [ASSAY_CLASS_EXPONENT] = "exponent",
    [ASSAY_CLASS_NOT_FINITE] = "not_finite",
    [ASSAY_CLASS_LEADING_ZERO] = "leading_zero",
    [ASSAY_CLASS_BOOLEAN] = "boolean",
    [ASSAY_CLASS_DATE] = "date",
    [ASSAY_CLASS_TIMESTAMP] = "timestamp",
    [ASSAY_CLASS_INSTANT] = "instant",
    [ASSAY_CLASS_NAN] = "nan",
    [ASSAY_CLASS_NULL_LIKE] = "null_like",
    [ASSAY_CLASS_GROUPED] = "grouped",
    [ASSAY_CLASS_CURRENCY] = "currency",
    [ASSAY_CLASS_PERCENT] = "percent",
    [ASSAY_CLASS_ARRAY] = "array",
    [ASSAY_CLASS_STRUCT] = "struct",
    [ASSAY_CLASS_TEXT] = "text",
};

const char *assay_class_name(enum assay_cell_class class_)
{
    return names[class_];
}

const unsigned char assay_cell_starts[256] = {
    ['0'] = ASSAY_START_DIGIT,  ['1'] = ASSAY_START_DIGIT,  ['2'] = ASSAY_START_DIGIT,
    ['3'] = ASSAY_START_DIGIT,  ['4'] = ASSAY_START_DIGIT,  ['5'] = ASSAY_START_DIGIT,
    ['6'] = ASSAY_START_DIGIT,  ['7'] = ASSAY_START_DIGIT,  ['8'] = ASSAY_START_DIGIT,
    ['9'] = ASSAY_START_DIGIT,  ['+'] = ASSAY_START_SIGN,   ['-'] = ASSAY_START_SIGN,
    ['.'] = ASSAY_START_SIGN,   ['a'] = ASSAY_START_WORD,   ['A'] = ASSAY_START_WORD,
    ['c'] = ASSAY_START_WORD,   ['C'] = ASSAY_START_WORD,   ['d'] = ASSAY_START_WORD,
    ['D'] = ASSAY_START_WORD,   ['e'] = ASSAY_START_WORD,   ['E'] = ASSAY_START_WORD,
    ['f'] = ASSAY_START_WORD,   ['F'] = ASSAY_START_WORD,   ['g'] = ASSAY_START_WORD,
    ['G'] = ASSAY_START_WORD,   ['i'] = ASSAY_START_WORD,   ['I'] = ASSAY_START_WORD,
    ['j'] = ASSAY_START_WORD,   ['J'] = ASSAY_START_WORD,   ['m'] = ASSAY_START_WORD,
    ['M'] = ASSAY_START_WORD,   ['n'] = ASSAY_START_WORD,   ['N'] = ASSAY_START_WORD,
    ['o'] = ASSAY_START_WORD,   ['O'] = ASSAY_START_WORD,   ['s'] = ASSAY_START_WORD,
    ['S'] = ASSAY_START_WORD,   ['t'] = ASSAY_START_WORD,   ['T'] = ASSAY_START_WORD,
    ['u'] = ASSAY_START_WORD,   ['U'] = ASSAY_START_WORD,   [' '] = ASSAY_START_OTHER,
    ['\t'] = ASSAY_START_OTHER, ['#'] = ASSAY_START_OTHER,  ['?'] = ASSAY_START_OTHER,
    ['$'] = ASSAY_START_OTHER,  ['<'] = ASSAY_START_OTHER,  ['('] = ASSAY_START_OTHER,
    ['\\'] = ASSAY_START_OTHER, [0xC2] = ASSAY_START_OTHER, [0xE2] = ASSAY_START_OTHER,
};

const bool assay_cell_ends[256] = {
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true,
    ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true, ['M'] = true, ['m'] = true,
    ['Z'] = true, ['z'] = true, ['C'] = true, ['T'] = true,
};

#define LETTER(c)        (UINT32_C(1) << ((c)&31))
#define BOTH(c, seconds) [c] = (seconds), [(c) & ~0x20] = (seconds)

const uint32_t assay_cell_seconds[256] = {
    BOTH('a', LETTER('p') | LETTER('u')),
    BOTH('c', LETTER('h') | LETTER('n') | LETTER('a')),
    BOTH('d', LETTER('e') | LETTER('k')),
    BOTH('e', LETTER('u')),
    BOTH('f', LETTER('e')),
    BOTH('g', LETTER('b')),
    BOTH('j', LETTER('a') | LETTER('u') | LETTER('p')),
    BOTH('m', LETTER('a')),
    BOTH('n', LETTER('o')),
    BOTH('o', LETTER('c')),
    BOTH('s', LETTER('e')),
    BOTH('u', LETTER('s')),
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

struct word {
    const char *text; /* lower case */
    unsigned char size, class_;
};

/* Words and signs with a class of their own, in any case. */
static const struct word words[] = {
    {"true", 4, ASSAY_CLASS_BOOLEAN},
    {"false", 5, ASSAY_CLASS_BOOLEAN},
    {"nan", 3, ASSAY_CLASS_NAN},
    {"inf", 3, ASSAY_CLASS_NOT_FINITE},
    {"infinity", 8, ASSAY_CLASS_NOT_FINITE},
    {"na", 2, ASSAY_CLASS_NULL_LIKE},
    {"n/a", 3, ASSAY_CLASS_NULL_LIKE},
    {"n.a.", 4, ASSAY_CLASS_NULL_LIKE},
    {"null", 4, ASSAY_CLASS_NULL_LIKE},
    {"none", 4, ASSAY_CLASS_NULL_LIKE},
    {"nil", 3, ASSAY_CLASS_NULL_LIKE},
    {"nat", 3, ASSAY_CLASS_NULL_LIKE},
    {"-", 1, ASSAY_CLASS_NULL_LIKE},
    {"--", 2, ASSAY_CLASS_NULL_LIKE},
    {"---", 3, ASSAY_CLASS_NULL_LIKE},
    {".", 1, ASSAY_CLASS_NULL_LIKE},
    {"?", 1, ASSAY_CLASS_NULL_LIKE},
    {"??", 2, ASSAY_CLASS_NULL_LIKE},
    {"#n/a", 4, ASSAY_CLASS_NULL_LIKE},
    {"#na", 3, ASSAY_CLASS_NULL_LIKE},
    {"#null!", 6, ASSAY_CLASS_NULL_LIKE},
    {"#ref!", 5, ASSAY_CLASS_NULL_LIKE},
    {"#value!", 7, ASSAY_CLASS_NULL_LIKE},
    {"#div/0!", 7, ASSAY_CLASS_NULL_LIKE},
    {"<na>", 4, ASSAY_CLASS_NULL_LIKE},
    {"(null)", 6, ASSAY_CLASS_NULL_LIKE},
    {"\\n", 2, ASSAY_CLASS_NULL_LIKE},
    {"\xE2\x80\x93", 3, ASSAY_CLASS_NULL_LIKE},
    {"\xE2\x80\x94", 3, ASSAY_CLASS_NULL_LIKE}, /* en and em dash */
};
enum { LONGEST_WORD = 8 };

#define SIZE(n) (1u << (n))

/* Sizes that a word with this first byte can have, so that most texts are told apart by one
 * look. */
const unsigned short assay_cell_word_sizes[256] = {
    ['t'] = SIZE(4),
    ['T'] = SIZE(4),
    ['f'] = SIZE(5),
    ['F'] = SIZE(5),
    ['i'] = SIZE(3) | SIZE(8),
    ['I'] = SIZE(3) | SIZE(8),
    ['n'] = SIZE(2) | SIZE(3) | SIZE(4),
    ['N'] = SIZE(2) | SIZE(3) | SIZE(4),
    ['-'] = SIZE(1) | SIZE(2) | SIZE(3),
    ['.'] = SIZE(1),
    ['?'] = SIZE(1) | SIZE(2),
    ['#'] = SIZE(3) | SIZE(4) | SIZE(5) | SIZE(6) | SIZE(7),
    ['<'] = SIZE(4),
    ['('] = SIZE(6),
    ['\\'] = SIZE(2),
    [0xE2] = SIZE(3),
};

static enum assay_cell_class word_class(const char *data, size_t size)
{
    if (size > LONGEST_WORD || !(assay_cell_word_sizes[(unsigned char)data[0]] >> size & 1))
        return ASSAY_CLASS_TEXT;
    for (size_t i = 0; i < ASSAY_COUNT(words); i++)
        if (words[i].size == size && (data[size - 1] | 0x20) == (words[i].text[size - 1] | 0x20) &&
            !strncasecmp(data, words[i].text, size))
            return words[i].class_;
    return ASSAY_CLASS_TEXT;
}

/* Does the text begin with three letters of a month? */
static bool begins_with_month(const char *data, size_t size)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (size < 6 || !assay_cell_ends[(unsigned char)data[size - 1]])
        return false;
    for (size_t i = 0; i < sizeof months - 1; i += 3)
        if ((data[0] | 0x20) == months[i] && (data[1] | 0x20) == months[i + 1] &&
            (data[2] | 0x20) == months[i + 2])
            return true;
    return false;
}

/* Can a text that begins with `lead` digits be a date or timestamp at all? */
static bool may_be_date(const char *data, size_t size, size_t lead)
{
    if (size < 6 || size > 48 || lead == size || lead == 3 || lead > 4)
        return false;
    if (lead == 0)
        return begins_with_month(data, size);
    const char next = data[lead];
    return next == '-' || next == '/' || next == '.' || (next == ' ' && lead < 3);
}

/* Does the row begin with that many digits and then that byte? */
static bool row_may_fit(enum assay_date_format format, size_t lead, char next)
{
    const struct assay_date_row *row = &assay_date_formats[format];
    if (lead == 0 || !row->inferred)
        return row->inferred && format == ASSAY_DATE_MON_D_Y;
    if (row->order[0] == 'y')
        return lead == 4 && row->separator == next;
    return lead < 3 && (row->separator == next || format == ASSAY_DATE_D_MON_Y);
}

/* Date rows by what follows the first run of `lead` digits, then all those that read the text. */
static enum assay_cell_class date_class(const char *data, size_t size, size_t lead,
                                        uint32_t *ret_formats)
{
    enum assay_cell_class class_ = ASSAY_CLASS_TEXT;
    if (!may_be_date(data, size, lead))
        return ASSAY_CLASS_TEXT;
    for (unsigned i = 0; i < ASSAY_DATE_FORMATS; i++) {
        int64_t value;
        bool has_zone;
        if (!row_may_fit(i, lead, data[lead]))
            continue;
        if (assay_date_read(data, size, i, &value))
            class_ = ASSAY_CLASS_DATE;
        else if (size > 10 && assay_timestamp_read(data, size, i, &value, &has_zone))
            class_ = has_zone ? ASSAY_CLASS_INSTANT : ASSAY_CLASS_TIMESTAMP;
        else
            continue;
        *ret_formats |= UINT32_C(1) << i;
    }
    return class_;
}

/* Four groups up to 255 with points, as of an IP address. */
static bool is_address(const char *data, size_t size)
{
    unsigned group = 0, points = 0;
    for (size_t i = 0; i < size; i++) {
        points += data[i] == '.';
        group = data[i] == '.' ? 0 : group * 10 + (unsigned)(data[i] - '0');
        if (group > 255)
            return false;
    }
    return points == 3;
}

/* 1,234  1,234.50  1.234,50  1'234  1 234,5: groups of three behind the first one, one kind of
 * mark, a fraction by the other. */
static bool is_grouped(const char *data, size_t size)
{
    size_t i = size && (data[0] == '-' || data[0] == '+'), digits = 0, groups = 0;
    while (i < size && is_digit(data[i]) && digits < 4) {
        digits++;
        i++;
    }
    if (digits < 1 || digits > 3 || i == size || !strchr(",'. ", data[i]))
        return false;
    const char mark = data[i];
    while (i + 4 <= size && data[i] == mark && is_digit(data[i + 1]) && is_digit(data[i + 2]) &&
           is_digit(data[i + 3])) {
        groups++;
        i += 4;
    }
    if (!groups || (mark == '.' && i == size && (groups == 1 || is_address(data, size))))
        return false; /* "1.234" is a decimal */
    if (i < size && (data[i] == '.' || data[i] == ',') && data[i] != mark) {
        for (i++; i < size && is_digit(data[i]); i++)
            ;
    }
    return i == size;
}

/* Digits with an optional sign and fraction, or grouped. */
static bool is_amount(const char *data, size_t size)
{
    size_t i = size && (data[0] == '-' || data[0] == '+'), digits = 0;
    for (; i < size && is_digit(data[i]); i++)
        digits++;
    if (i < size && digits && (data[i] == '.' || data[i] == ',')) {
        for (i++; i < size && is_digit(data[i]); i++)
            ;
    }
    return (digits && i == size) || is_grouped(data, size);
}

/* Length of a currency sign or code at the start, or at the end, of a text. */
static size_t currency_size(const char *data, size_t size, bool at_end)
{
    static const char *const signs[] = {
        "$",   "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "\xE2\x82\xB9", "USD", "EUR", "GBP",
        "CHF", "JPY",          "CNY",      "AUD",      "CAD",          "SEK", "NOK", "DKK"};
    for (size_t i = 0; i < ASSAY_COUNT(signs); i++) {
        const size_t length = strlen(signs[i]);
        if (size > length && !memcmp(at_end ? data + size - length : data, signs[i], length))
            return length;
    }
    return 0;
}

/* "$5.00", "CHF 12", "5 €": the sign or code off, an amount left. */
static bool is_currency(const char *data, size_t size)
{
    const size_t sign = data[0] == '-' && size > 1 && !is_digit(data[1]);
    const char last = data[size - 1];
    size_t at = sign, end = size;
    if (!is_digit(data[at])) {
        at += currency_size(data + at, size - at, false);
        if (at == sign)
            return false;
        at += data[at] == ' ';
    } else if (last >= 'A' && last <= 'Z' ? true : last == '$' || (unsigned char)last >= 0x80) {
        end -= currency_size(data, size, true);
        if (end == size)
            return false;
        end -= data[end - 1] == ' ';
    } else {
        return false;
    }
    return at < end && is_amount(data + at, end - at);
}

/* Percentages, amounts of money, grouped digits, negative amounts in parentheses: candidates for a
 * computed field. */
static enum assay_cell_class candidate_class(const char *data, size_t size)
{
    if (size > 40)
        return ASSAY_CLASS_TEXT;
    if (size > 2 && data[0] == '(' && data[size - 1] == ')')
        return is_amount(data + 1, size - 2) || is_currency(data + 1, size - 2)
                   ? ASSAY_CLASS_CURRENCY
                   : ASSAY_CLASS_TEXT;
    if (is_grouped(data, size))
        return ASSAY_CLASS_GROUPED;
    if (data[size - 1] == '%' && is_amount(data, size - 1 - (size > 1 && data[size - 2] == ' ')))
        return ASSAY_CLASS_PERCENT;
    return is_currency(data, size) ? ASSAY_CLASS_CURRENCY : ASSAY_CLASS_TEXT;
}

static enum assay_cell_class integer_class(const char *data, size_t size, size_t digits)
{
    assay_i128 value;
    if (digits <= 18)
        return ASSAY_CLASS_INTEGER;
    if (!assay_parse_i128(data, size, &value))
        return ASSAY_CLASS_INTEGER_HUGE;
    return value >= INT64_MIN && value <= INT64_MAX ? ASSAY_CLASS_INTEGER : ASSAY_CLASS_INTEGER128;
}

/* Length of the run of digits at `at`. */
static size_t run_of(const char *data, size_t size, size_t at)
{
    size_t end = at;
    while (end < size && is_digit(data[end]))
        end++;
    return end - at;
}

/* Digits, a point, digits, a point …: could it be a date or grouped digits, rather than a version
 * or an address? */
static bool dots_may_mean(const char *data, size_t size, size_t lead)
{
    const size_t second = run_of(data, size, lead + 1), behind = lead + 1 + second;
    if (lead > 2 && lead != 4 && second != 3)
        return false;
    if (behind >= size || data[behind] != '.')
        return true;
    const size_t third = run_of(data, size, behind + 1), end = behind + 1 + third;
    return second == 3 ? third == 3 : end == size || data[end] == ' ' || data[end] == 'T';
}

/* Digits, a blank, and then: a month's name, a group of digits, a percent or currency sign, a
 * code? */
static bool blank_may_mean(const char *data, size_t size, size_t lead)
{
    const size_t left = size - lead - 1;
    const char next = left ? data[lead + 1] : 'x';
    const char lower = (char)(next | 0x20);
    return lower >= 'a' && lower <= 'z'
               ? left == 3 || (lead <= 2 && assay_cell_ends[(unsigned char)data[size - 1]])
               : true;
}

/* Digits [first, lead) and then something that makes no number: by the byte behind them a date, an
 * amount, or text. */
static enum assay_cell_class beyond_number(const char *data, size_t size, size_t first, size_t lead,
                                           uint32_t *ret_formats)
{
    enum assay_cell_class class_ = ASSAY_CLASS_TEXT;
    switch ((unsigned char)data[lead]) {
    case '.':
        if (!dots_may_mean(data, size, lead))
            return ASSAY_CLASS_TEXT;
        break;
    case ' ':
        if (!blank_may_mean(data, size, lead))
            return ASSAY_CLASS_TEXT;
        break;
    case '-':
    case '/':
        return first ? ASSAY_CLASS_TEXT : date_class(data, size, lead, ret_formats);
    case ',':
    case '\'':
    case '%':
    case '$':
    case 0xC2: /* currency signs in UTF-8 */
    case 0xE2:
        return candidate_class(data, size);
    default:
        return ASSAY_CLASS_TEXT;
    }
    if (!first)
        class_ = date_class(data, size, lead, ret_formats);
    return class_ == ASSAY_CLASS_TEXT ? candidate_class(data, size) : class_;
}

/* A number with sign, point and exponent, or something that begins like one. */
static enum assay_cell_class number_class(const char *data, size_t size, uint32_t *ret_formats)
{
    const size_t first = data[0] == '-' || data[0] == '+';
    size_t i = first, whole, fraction = 0;
    while (i < size && is_digit(data[i]))
        i++;
    whole = i - first;
    const bool zero = whole > 1 && data[first] == '0';
    if (i == size && whole)
        return zero ? ASSAY_CLASS_LEADING_ZERO : integer_class(data, size, whole);
    const size_t lead = i;
    const bool point = data[i] == '.';
    if (point) {
        for (i++; i < size && is_digit(data[i]); i++)
            fraction++;
        if (i == size && whole + fraction)
            return zero ? ASSAY_CLASS_LEADING_ZERO : ASSAY_CLASS_DECIMAL;
    }
    if (i < size && (data[i] == 'e' || data[i] == 'E') && whole + fraction) {
        size_t j = i + 1;
        j += j < size && (data[j] == '-' || data[j] == '+');
        const size_t from = j;
        while (j < size && is_digit(data[j]))
            j++;
        if (j == size && j > from)
            return zero ? ASSAY_CLASS_LEADING_ZERO : ASSAY_CLASS_EXPONENT;
    }
    return whole ? beyond_number(data, size, first, lead, ret_formats) : ASSAY_CLASS_TEXT;
}

static bool is_blank(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != ' ' && (data[i] < '\t' || data[i] > '\r'))
            return false;
    return true;
}

static enum assay_cell_class sign_class(const char *data, size_t size, uint32_t *ret_formats)
{
    if (size > 1 && (is_digit(data[1]) || (data[0] != '.' && data[1] == '.')))
        return number_class(data, size, ret_formats);
    if (size > 3 && data[0] != '.' && word_class(data + 1, size - 1) == ASSAY_CLASS_NOT_FINITE)
        return ASSAY_CLASS_NOT_FINITE;
    const enum assay_cell_class class_ = word_class(data, size);
    return class_ != ASSAY_CLASS_TEXT || data[0] == '.' ? class_ : candidate_class(data, size);
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static enum assay_cell_class letter_class(const char *data, size_t size, uint32_t *ret_formats)
{
    enum assay_cell_class class_ = word_class(data, size);
    if (class_ == ASSAY_CLASS_TEXT)
        class_ = date_class(data, size, 0, ret_formats);
    const bool code = size > 4 && is_digit(data[size - 1]) && is_capital(data[0]) &&
                      is_capital(data[1]) && is_capital(data[2]) &&
                      (data[3] == ' ' || is_digit(data[3]));
    return class_ == ASSAY_CLASS_TEXT && code ? candidate_class(data, size) : class_;
}

enum assay_cell_class assay_text_classify(const char *data, size_t size_bytes,
                                          uint32_t *ret_formats)
{
    *ret_formats = 0;
    if (!size_bytes)
        return ASSAY_CLASS_EMPTY;
    switch (assay_cell_starts[(unsigned char)data[0]]) {
    case ASSAY_START_DIGIT:
        return number_class(data, size_bytes, ret_formats);
    case ASSAY_START_SIGN:
        return sign_class(data, size_bytes, ret_formats);
    case ASSAY_START_WORD:
        return letter_class(data, size_bytes, ret_formats);
    case ASSAY_START_OTHER: {
        if (is_blank(data, size_bytes))
            return ASSAY_CLASS_BLANK;
        const enum assay_cell_class class_ = word_class(data, size_bytes);
        return class_ != ASSAY_CLASS_TEXT ? class_ : candidate_class(data, size_bytes);
    }
    default:
        return ASSAY_CLASS_TEXT;
    }
}

enum assay_cell_class assay_cell_classify(const struct assay_cell *cell, uint32_t *ret_formats)
{
    *ret_formats = 0;
    switch ((enum assay_cell_kind)cell->kind) {
    case ASSAY_CELL_NULL:
        return ASSAY_CLASS_NULL;
    case ASSAY_CELL_BOOL:
        return ASSAY_CLASS_BOOLEAN;
    case ASSAY_CELL_NESTED:
        return cell->size_bytes && cell->data[0] == '[' ? ASSAY_CLASS_ARRAY : ASSAY_CLASS_STRUCT;
    default:
        return assay_text_classify(cell->data, cell->size_bytes, ret_formats);
    }
}
