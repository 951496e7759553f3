/* Dialect: how a text file separates its cells, found from a sample or given by reader options. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_DIALECT_H
#define ASSAY_EXECUTOR_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/json/json.h"

#define ASSAY_DIALECT_SAMPLE_BYTES ((size_t)256 << 10)
#define ASSAY_MAX_CELL_BYTES       ((uint64_t)16 << 20)

/** A quote opens only as the first byte of a cell; elsewhere it is text. Within quotes a doubled
 * quote is a quote. The escape, when there is one, makes the next byte text, inside and outside of
 * quotes. */
struct assay_dialect {
    char delimiter;    /* ',' … '\0' never */
    char quote;        /* '\0' = none */
    char escape;       /* '\0' = none beyond doubled quotes */
    char comment;      /* '\0' = none; records beginning with it are skipped */
    char newline;      /* '\n' (a '\r' before it is dropped) or '\r' */
    bool header;       /* the first record holds the names */
    bool all_quoted;   /* every cell of the sample is quoted: an empty quoted cell is NULL */
    uint64_t skip;     /* lines in front of the header or first record */
    double confidence; /* 0 to 1; 1 when everything was given */
};

/** What the user said about the dialect and about cells. Zero-initialise;
 * assay_csv_options_release(). */
struct assay_csv_options {
    struct assay_dialect dialect; /* members that count are flagged below */
    bool has_delimiter, has_quote, has_escape, has_header;
    char *encoding;     /* NULL = by byte order mark, else UTF-8 */
    char **null_values; /* unquoted or quoted cells of these spellings are NULL */
    size_t null_values_count;
    bool treat_empty_as_null; /* '' is NULL */
    bool has_quoted_null,
        quoted_null;   /* quoted empty cells are NULL (false: '') whatever all_quoted says */
    uint64_t max_cell; /* bytes; records with a larger cell are rejected */
};

/** Read the reader options (docs/executor-protocol.md, `reader`; texts or JSON values). `format`
 * (csv, tsv, psv, txt) fixes the delimiter where the options do not. json may be NULL. Keys of
 * other readers are left alone. ASSAY_INVALID names the option and what it takes. */
ASSAY_MUST_CHECK int assay_csv_options_parse(const json_t *json,
                                             struct assay_csv_options *ret_options,
                                             struct assay_error *err);
void assay_csv_options_release(struct assay_csv_options *options);

/** Find the dialect of a sample (the beginning of the text, without byte order mark). What options
 * fix is kept. `complete`: the sample is the whole text. Never fails on content: an empty sample
 * gives ',' and '"' with confidence 0. Pure. ASSAY_NO_MEMORY. Idea: van den Burg, Nazábal, Sutton,
 * "Wrangling messy CSV files by detecting row and type patterns" (2019): the dialect under which
 * rows are alike and cells look like values. */
ASSAY_MUST_CHECK int assay_dialect_detect(const char *sample, size_t size_bytes, bool complete,
                                          const struct assay_csv_options *options,
                                          struct assay_dialect *ret_dialect,
                                          struct assay_error *err);

/** {"delimiter": ",", "quote": "\"", "escape": null, "header": true, "encoding": "utf-8",
 * "confidence": 0.99}; NULL when out of memory. The caller's. */
json_t *assay_dialect_json(const struct assay_dialect *dialect, const char *encoding);

#endif
