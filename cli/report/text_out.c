// Text for a person.
// SPDX-License-Identifier: Apache-2.0
#include "cli/report/text_out.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "common/base/cleanup.h"
#include "common/base/utf8.h"

enum { DEFAULT_WIDTH = 80, LEAST_WIDTH = 60, MOST_WIDTH = 200, BAR_LEVELS = 8, MOST_BARS = 64 };

static int width_of(int fd)
{
    struct winsize size;
    int width = 0;
    if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    const char *columns = getenv("COLUMNS");
    if (width <= 0 && columns)
        width = atoi(columns);
    if (width <= 0)
        width = DEFAULT_WIDTH;
    return width < LEAST_WIDTH ? LEAST_WIDTH : width > MOST_WIDTH ? MOST_WIDTH : width;
}

struct assay_style assay_style_of(int fd)
{
    (void)setlocale(LC_CTYPE, "");
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return (struct assay_style){
        .width = width_of(fd),
        .color = isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0,
        .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };
}

/* Controls of C0 and C1, and marks that turn the direction of what follows. */
static bool is_unsafe(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) ||
           (code_point >= 0x200b && code_point <= 0x200f) ||
           (code_point >= 0x2028 && code_point <= 0x202e) ||
           (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff ||
           code_point == 0xfffd;
}

static size_t columns_of(uint32_t code_point)
{
    if (is_unsafe(code_point))
        return 1;
    const int columns = code_point < 0x300 ? 1 : wcwidth((wchar_t)code_point);
    return columns < 0 ? 1 : (size_t)columns;
}

size_t assay_text_columns(const char *text, size_t size_bytes)
{
    size_t columns = 0;
    for (size_t at = 0; at < size_bytes;) {
        uint32_t code_point;
        at += assay_utf8_next(text + at, size_bytes - at, &code_point);
        columns += columns_of(code_point);
    }
    return columns;
}

const char *assay_text_sign(const struct assay_style *style, const char *unicode, const char *ascii)
{
    return style->unicode ? unicode : ascii;
}

/* Append code points while they fit; returns the columns used, *ret_whole tells whether all
 * fitted. */
static size_t append_fitting(struct assay_buf *out, const struct assay_style *style,
                             const char *text, size_t size_bytes, size_t most, bool *ret_whole)
{
    size_t used = 0;
    *ret_whole = false;
    for (size_t at = 0; at < size_bytes;) {
        uint32_t code_point;
        const size_t taken = assay_utf8_next(text + at, size_bytes - at, &code_point);
        const size_t columns = columns_of(code_point);
        if (used + columns > most)
            return used;
        if (is_unsafe(code_point))
            assay_buf_text(out, assay_text_sign(style, "·", "?"));
        else
            assay_buf_append(out, text + at, taken);
        used += columns;
        at += taken;
    }
    *ret_whole = true;
    return used;
}

static void append_blanks(struct assay_buf *out, size_t count)
{
    while (count-- > 0)
        assay_buf_char(out, ' ');
}

void assay_text_cell(struct assay_buf *out, const struct assay_style *style, const char *text,
                     size_t columns, bool right)
{
    struct assay_buf cell = {0};
    bool whole;
    size_t used = append_fitting(&cell, style, text, strlen(text), columns, &whole);
    if (!whole && columns) {
        const char *dots = assay_text_sign(style, "…", "~");
        assay_buf_clear(&cell);
        used = append_fitting(&cell, style, text, strlen(text), columns - 1, &whole) + 1;
        assay_buf_text(&cell, dots);
    }
    if (right)
        append_blanks(out, columns - used);
    assay_buf_text(out, assay_buf_str(&cell));
    if (!right)
        append_blanks(out, columns - used);
    assay_buf_release(&cell);
}

void assay_text_safe(struct assay_buf *out, const struct assay_style *style, const char *text)
{
    bool whole;
    (void)append_fitting(out, style, text, strlen(text), (size_t)-1, &whole);
}

/* Bytes of the text that fit, up to the last blank when there is one. */
static size_t line_bytes(const char *text, size_t room)
{
    const size_t size_bytes = strlen(text);
    size_t used = 0, blank = 0, at = 0;
    while (at < size_bytes) {
        uint32_t code_point;
        const size_t taken = assay_utf8_next(text + at, size_bytes - at, &code_point);
        if (code_point == ' ')
            blank = at;
        used += columns_of(code_point);
        if (used > room && at > 0)
            return blank ? blank : at;
        at += taken;
    }
    return size_bytes;
}

void assay_text_wrapped(struct assay_buf *out, const struct assay_style *style, const char *text,
                        size_t indent, size_t most_lines)
{
    const size_t room = (size_t)style->width - indent;
    bool whole;
    for (size_t line = 1; *text; line++) {
        const size_t size_bytes = line_bytes(text, room);
        if (line > 1) {
            assay_buf_char(out, '\n');
            append_blanks(out, indent);
        }
        if (line == most_lines && text[size_bytes]) {
            assay_text_cell(out, style, text, room, false);
            break;
        }
        (void)append_fitting(out, style, text, size_bytes, (size_t)-1, &whole);
        text += size_bytes;
        text += strspn(text, " ");
    }
    assay_buf_char(out, '\n');
}

void assay_text_paint_begin(struct assay_buf *out, const struct assay_style *style,
                            enum assay_paint paint)
{
    static const char *const codes[] = {
        [ASSAY_PLAIN] = "0",  [ASSAY_BOLD] = "1",    [ASSAY_DIM] = "2",   [ASSAY_RED] = "31",
        [ASSAY_GREEN] = "32", [ASSAY_YELLOW] = "33", [ASSAY_CYAN] = "36",
    };
    if (style->color)
        assay_buf_printf(out, "\033[%sm", codes[paint]);
}

void assay_text_paint_end(struct assay_buf *out, const struct assay_style *style)
{
    if (style->color)
        assay_buf_text(out, "\033[0m");
}

void assay_text_paint(struct assay_buf *out, const struct assay_style *style,
                      enum assay_paint paint, const char *text)
{
    assay_text_paint_begin(out, style, paint);
    assay_buf_text(out, text);
    assay_text_paint_end(out, style);
}

/* A bar for a part of the largest count; what is there is seen. */
static const char *bar(const struct assay_style *style, double count, double largest)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    int level = largest > 0 ? (int)(count / largest * BAR_LEVELS + 0.5) : 0;
    if (count > 0 && level == 0)
        level = 1;
    return style->unicode ? blocks[level] : ascii[level];
}

void assay_text_bars(struct assay_buf *out, const struct assay_style *style, const double *counts,
                     size_t count, size_t columns)
{
    double means[MOST_BARS] = {0}, largest = 0;
    size_t members[MOST_BARS] = {0};
    if (columns > MOST_BARS)
        columns = MOST_BARS;
    const size_t used = count < columns ? count : columns;
    for (size_t i = 0; i < count; i++) {
        means[i * used / count] += counts[i];
        members[i * used / count]++;
    }
    for (size_t i = 0; i < used; i++) {
        means[i] /= (double)members[i];
        largest = means[i] > largest ? means[i] : largest;
    }
    assay_text_paint_begin(out, style, ASSAY_CYAN);
    for (size_t i = 0; i < used; i++)
        assay_buf_text(out, bar(style, means[i], largest));
    assay_text_paint_end(out, style);
}
