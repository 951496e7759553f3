// Strict scanning of JSON values, 16 bytes of a string at a time where the processor can.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/json_scan.h"

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "worker/executor/read/json_reader.h"

/* The first quote, backslash or control character of [at, end), else end. */
static const char *find_special(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
        const __m128i special = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)),
            _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
        const unsigned mask = (unsigned)_mm_movemask_epi8(special);
        if (mask)
            return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* At a backslash: past the escape. */
static bool scan_escape(struct json_scan *scan)
{
    if (scan->end - scan->at < 2)
        return json_fault(scan, "a string does not end");
    const char kind = scan->at[1];
    if (kind == 'u') {
        if (scan->end - scan->at < 6)
            return json_fault(scan, "a string does not end");
        for (int i = 2; i < 6; i++)
            if (!is_hex(scan->at[i]))
                return json_fault(scan, "\\u without four hexadecimal digits");
        scan->at += 6;
        return true;
    }
    if (!kind || !strchr("\"\\/bfnrt", kind))
        return json_fault(scan, "an escape that JSON does not have");
    scan->at += 2;
    return true;
}

bool json_scan_string(struct json_scan *scan, struct json_string *ret_string)
{
    const char *const start = ++scan->at;
    bool escaped = false;
    for (;;) {
        scan->at = find_special(scan->at, scan->end);
        if (scan->at == scan->end)
            return json_fault(scan, "a string does not end");
        if (*scan->at == '"')
            break;
        if (*scan->at != '\\')
            return json_fault(scan, "a control character in a string");
        escaped = true;
        if (!scan_escape(scan))
            return false;
    }
    *ret_string = (struct json_string){start, (size_t)(scan->at - start), escaped};
    scan->at++;
    return true;
}

static bool is_digit(const struct json_scan *scan)
{
    return scan->at < scan->end && (unsigned char)(*scan->at - '0') < 10;
}

static bool scan_digits(struct json_scan *scan)
{
    if (!is_digit(scan))
        return json_fault(scan, "a number lacks digits");
    while (is_digit(scan))
        scan->at++;
    return true;
}

bool json_scan_number(struct json_scan *scan)
{
    if (*scan->at == '-')
        scan->at++;
    if (scan->at < scan->end && *scan->at == '0') {
        scan->at++;
        if (is_digit(scan))
            return json_fault(scan, "a number begins with 0");
    } else if (!scan_digits(scan)) {
        return false;
    }
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        if (!scan_digits(scan))
            return false;
    }
    if (scan->at < scan->end && (*scan->at | 0x20) == 'e') {
        scan->at++;
        if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
            scan->at++;
        return scan_digits(scan);
    }
    return true;
}

bool json_scan_word(struct json_scan *scan, const char *word, size_t size)
{
    if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, word, size) != 0)
        return json_fault(scan, "neither a value nor true, false or null");
    scan->at += size;
    return true;
}

static bool scan_key(struct json_scan *scan)
{
    struct json_string key;
    json_skip_space(scan);
    if (scan->at == scan->end || *scan->at != '"')
        return json_fault(scan, "a key was expected");
    if (!json_scan_string(scan, &key))
        return false;
    json_skip_space(scan);
    if (scan->at == scan->end || *scan->at != ':')
        return json_fault(scan, "a colon was expected");
    scan->at++;
    return true;
}

/* At an opening bracket: past the closing one. */
static bool scan_nested(struct json_scan *scan, unsigned depth)
{
    const bool object = *scan->at == '{';
    const char close = object ? '}' : ']';
    if (depth >= ASSAY_JSON_NESTING)
        return json_fault(scan, "nested deeper than 1024 levels");
    scan->at++;
    json_skip_space(scan);
    if (scan->at < scan->end && *scan->at == close) {
        scan->at++;
        return true;
    }
    for (;;) {
        if (object && !scan_key(scan))
            return false;
        json_skip_space(scan);
        if (!json_scan_value(scan, depth + 1))
            return false;
        json_skip_space(scan);
        if (scan->at == scan->end)
            return json_fault(scan, object ? "an object does not end" : "an array does not end");
        const char next = *scan->at;
        if (next != ',' && next != close)
            return json_fault(scan, "a comma or closing bracket was expected");
        scan->at++;
        if (next == close)
            return true;
        json_skip_space(scan);
    }
}

bool json_scan_value(struct json_scan *scan, unsigned depth)
{
    if (scan->at == scan->end)
        return json_fault(scan, "a value was expected");
    struct json_string string;
    switch (*scan->at) {
    case '"':
        return json_scan_string(scan, &string);
    case '{':
    case '[':
        return scan_nested(scan, depth);
    case 't':
        return json_scan_word(scan, "true", 4);
    case 'f':
        return json_scan_word(scan, "false", 5);
    case 'n':
        return json_scan_word(scan, "null", 4);
    default:
        if (*scan->at != '-' && !is_digit(scan))
            return json_fault(scan, "a value was expected");
        return json_scan_number(scan);
    }
}

static uint32_t hex4(const char *text)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value =
            value << 4 | (uint32_t)(text[i] <= '9' ? text[i] - '0' : (text[i] | 0x20) - 'a' + 10);
    return value;
}

static char *put_code_point(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c >= 0x10000) {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        } else {
            *to++ = (char)(0xe0 | c >> 12);
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

/* At the digits of a \u escape: put it (and the second half of a pair). Moves *at; counts lone
 * halves. */
static char *unescape_unicode(const char **at, const char *end, char *to, size_t *replaced)
{
    const char *digits = *at;
    const uint32_t first = hex4(digits);
    *at += 4;
    if (first < 0xd800 || first > 0xdfff)
        return put_code_point(to, first);
    if (first < 0xdc00 && end - digits >= 10 && digits[4] == '\\' && digits[5] == 'u') {
        const uint32_t second = hex4(digits + 6);
        if (second >= 0xdc00 && second <= 0xdfff) {
            *at += 6;
            return put_code_point(to, 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
    }
    ++*replaced;
    return put_code_point(to, 0xfffd);
}

size_t json_unescape(const struct json_string *string, char *text, size_t *ret_size)
{
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *at = string->data, *const end = at + string->size;
    char *to = text;
    size_t replaced = 0;
    while (at < end) {
        const char *backslash = memchr(at, '\\', (size_t)(end - at));
        const size_t run = (size_t)((backslash ? backslash : end) - at);
        memcpy(to, at, run);
        to += run;
        if (!backslash)
            break;
        at = backslash + 2;
        if (backslash[1] == 'u')
            to = unescape_unicode(&at, end, to, &replaced);
        else
            *to++ = meant[strchr(plain, backslash[1]) - plain];
    }
    *ret_size = (size_t)(to - text);
    return replaced;
}

static const char *find_end_in_string(struct json_extent *extent, const char *at, const char *end)
{
    if (extent->after_backslash && at < end) {
        extent->after_backslash = false;
        at++;
    }
    while (at < end) {
        at = find_special(at, end);
        if (at == end)
            break;
        if (*at == '"') {
            extent->in_string = false;
            return at + 1;
        }
        if (*at == '\\' && ++at == end) {
            extent->after_backslash = true;
            break;
        }
        at++;
    }
    return end;
}

const char *json_find_end(struct json_extent *extent, const char *at, const char *end)
{
    while (at < end) {
        if (extent->in_string) {
            at = find_end_in_string(extent, at, end);
            if (!extent->in_string && !extent->depth)
                return at;
            continue;
        }
        const char c = *at;
        if (c == '"') {
            if (extent->begun && !extent->depth)
                return at; /* two values without anything between */
            extent->in_string = extent->begun = true;
        } else if (c == '{' || c == '[') {
            if (extent->begun && !extent->depth)
                return at;
            extent->depth++;
            extent->begun = true;
        } else if (c == '}' || c == ']') {
            if (!extent->depth)
                return at;
            if (!--extent->depth)
                return at + 1;
        } else if (!extent->depth) {
            if (c == ',' || (extent->begun && (c == ' ' || c == '\n' || c == '\r' || c == '\t')))
                return at;
            extent->begun = true;
        }
        at++;
    }
    return NULL;
}

int assay_json_check(const char *text, size_t size_bytes, struct assay_error *err)
{
    struct json_scan scan = {text, text + size_bytes, NULL};
    json_skip_space(&scan);
    bool fine = json_scan_value(&scan, 0);
    if (fine) {
        json_skip_space(&scan);
        fine = scan.at == scan.end || json_fault(&scan, "something follows the value");
    }
    if (!fine)
        return assay_fail(err, ASSAY_FORMAT, "byte %zu: %s", (size_t)(scan.at - text), scan.fault);
    return ASSAY_OK;
}
