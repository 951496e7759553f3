/* JSON grammar: strict scanning of values in memory, by RFC 8259. Private to the JSON reader. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_READ_JSON_SCAN_H
#define ASSAY_READ_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/** A text being scanned. Every function moves `at` and returns false at the first fault, with
 * `fault` a constant text and `at` where it was seen. Nothing is read at or behind `end`. */
struct json_scan {
    const char *at, *end;
    const char *fault;
};

/** A string as it stands, without its quotes. */
struct json_string {
    const char *data;
    size_t size;
    bool escaped; /* holds a backslash: json_unescape() */
};

static inline void json_skip_space(struct json_scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

static inline bool json_fault(struct json_scan *scan, const char *fault)
{
    scan->fault = fault;
    return false;
}

/** At an opening quote: past the closing one. Control characters are faults, escapes are checked,
 * bytes are not. */
bool json_scan_string(struct json_scan *scan, struct json_string *ret_string);
/** At '-' or a digit: past the number. */
bool json_scan_number(struct json_scan *scan);
/** At a letter: past `word` ("true", "false", "null"). */
bool json_scan_word(struct json_scan *scan, const char *word, size_t size);
/** At the first byte of any value: past it, arrays and objects checked to the end. depth: levels it
 * lies in already. */
bool json_scan_value(struct json_scan *scan, unsigned depth);
/** Write the string's value to `text`, which holds string->size bytes; *ret_size of them are used.
 * Returns how many halves of surrogate pairs were replaced by U+FFFD. */
size_t json_unescape(const struct json_string *string, char *text, size_t *ret_size);

/** Progress of looking for the end of one value in a text that arrives in pieces. Zero-initialise
 * for each value. */
struct json_extent {
    size_t depth;
    bool in_string, after_backslash, begun;
};
/** Look at [at, end): the first byte behind the value when it ends there (for scalars: the
 * delimiter that ends it), NULL when it goes on. Brackets are counted, not checked; commas and
 * closing brackets at depth 0 end a scalar. */
const char *json_find_end(struct json_extent *extent, const char *at, const char *end);

#endif
