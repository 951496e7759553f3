/* Text for a person: width, colour and bars of the terminal, cells that fit, nothing that could
 * steer the terminal. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_TEXT_OUT_H
#define ASSAY_CLI_TEXT_OUT_H

#include <stdbool.h>

#include "common/base/buf.h"

struct assay_style {
    int width;    /* columns */
    bool color;   /* ANSI colours */
    bool unicode; /* the locale is UTF-8: bars of blocks, "…" */
};

enum assay_paint {
    ASSAY_PLAIN,
    ASSAY_BOLD,
    ASSAY_DIM,
    ASSAY_RED,
    ASSAY_GREEN,
    ASSAY_YELLOW,
    ASSAY_CYAN
};

/** What fits the output: fd's terminal width (else COLUMNS, else 80; at most 200), colour only on a
 * terminal without NO_COLOR and with TERM other than "dumb". Sets the locale of the process from
 * its environment. */
struct assay_style assay_style_of(int fd);

/** Columns that a UTF-8 text takes. */
size_t assay_text_columns(const char *text, size_t size_bytes);
/** Append a text in exactly `columns` columns: cut with "…", padded with blanks on the right (or
 * left, when `right`). Control characters, malformed bytes and direction marks become "·" or
 * "?". */
void assay_text_cell(struct assay_buf *out, const struct assay_style *style, const char *text,
                     size_t columns, bool right);
/** The same without padding and limit. */
void assay_text_safe(struct assay_buf *out, const struct assay_style *style, const char *text);
/** The same wrapped at blanks (within a word that is longer than a line): it begins in column
 * `indent`, as its further lines do, and takes at most `most_lines` lines, the last of them cut
 * with "…"; with a line end. indent < the style's width. */
void assay_text_wrapped(struct assay_buf *out, const struct assay_style *style, const char *text,
                        size_t indent, size_t most_lines);
/** Append a text that is ours (constants, figures) in a colour. */
void assay_text_paint(struct assay_buf *out, const struct assay_style *style,
                      enum assay_paint paint, const char *text);
void assay_text_paint_begin(struct assay_buf *out, const struct assay_style *style,
                            enum assay_paint paint);
void assay_text_paint_end(struct assay_buf *out, const struct assay_style *style);
/** Append a bar for each count, `columns` of them (the mean of neighbours when there are more
 * counts). */
void assay_text_bars(struct assay_buf *out, const struct assay_style *style, const double *counts,
                     size_t count, size_t columns);
/** "…" or "..." and so on, by the locale. */
const char *assay_text_sign(const struct assay_style *style, const char *unicode,
                            const char *ascii);

#endif
