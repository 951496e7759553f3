// Patterns of dates: from Java's letters to strptime's.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/rules/expression.h"

static const struct {
    const char *java, *strptime;
} letters[] = {
    {"yyyy", "%Y"},   {"uuuu", "%Y"}, {"yy", "%y"},  {"y", "%Y"},    {"MMMM", "%B"}, {"MMM", "%b"},
    {"MM", "%m"},     {"M", "%-m"},   {"dd", "%d"},  {"d", "%-d"},   {"HH", "%H"},   {"H", "%-H"},
    {"hh", "%I"},     {"h", "%-I"},   {"mm", "%M"},  {"m", "%-M"},   {"ss", "%S"},   {"s", "%-S"},
    {"SSSSSS", "%f"}, {"SSS", "%g"},  {"a", "%p"},   {"EEEE", "%A"}, {"EEE", "%a"},  {"E", "%a"},
    {"D", "%-j"},     {"DDD", "%j"},  {"XXX", "%z"}, {"Z", "%z"},
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void append_plain(struct assay_buf *format, char c)
{
    if (c == '%')
        assay_buf_char(format, '%');
    assay_buf_char(format, c);
}

/* 'T' is a text, '' a quote. Returns what follows. */
static const char *take_quoted(const char *p, struct assay_buf *format)
{
    if (p[1] == '\'') {
        append_plain(format, '\'');
        return p + 2;
    }
    for (p++; *p && *p != '\''; p++)
        append_plain(format, *p);
    return *p ? p + 1 : p;
}

int assay_java_format(const char *pattern, struct assay_buf *format, struct assay_error *err)
{
    for (const char *p = pattern; *p;) {
        if (*p == '\'') {
            p = take_quoted(p, format);
            continue;
        }
        if (!is_letter(*p)) {
            append_plain(format, *p++);
            continue;
        }
        const size_t size = strspn(p, (char[]){*p, '\0'});
        size_t row = 0;
        while (row < ASSAY_COUNT(letters) &&
               (strlen(letters[row].java) != size || strncmp(letters[row].java, p, size)))
            row++;
        if (row == ASSAY_COUNT(letters))
            return assay_fail(err, ASSAY_INVALID,
                              "the date pattern \"%.60s\" has \"%.*s\", which is not known",
                              pattern, (int)size, p);
        assay_buf_text(format, letters[row].strptime);
        p += size;
    }
    return assay_buf_check(format, err);
}
