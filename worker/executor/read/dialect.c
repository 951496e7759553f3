// Dialect detection: every candidate judged on a bounded sample, the best one taken.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/dialect.h"

#include <string.h>

#include "worker/executor/read/dialect_score.h"

#define JUDGED_BYTES ((size_t)32 << 10) /* of the sample */

static const char delimiters[] = {',', ';', '\t', '|', ':', '+', '^', '~', '\x01', '\x1f', ' '};
static const char quotes[] = {'"', '\'', '\0'};

struct search {
    const char *sample;
    size_t size;
    bool complete;
    struct assay_dialect best;
    struct assay_dialect_score best_score;
    double second; /* best score of another delimiter */
    bool found;
};

static int consider(struct search *search, const struct assay_dialect *dialect,
                    struct assay_error *err)
{
    struct assay_dialect_score score;
    if (!assay_dialect_judge(dialect, search->sample, search->size, search->complete, &score))
        return assay_fail_memory(err);
    const bool better = !search->found || score.score > search->best_score.score + 1e-9;
    const bool other = search->found && search->best.delimiter != dialect->delimiter;
    if (better) {
        if (other && search->best_score.score > search->second)
            search->second = search->best_score.score;
        search->best = *dialect;
        search->best_score = score;
        search->found = true;
    } else if (other && score.score > search->second) {
        search->second = score.score;
    }
    return ASSAY_OK;
}

/* Does the sample hold an escaped quote: a backslash, then the quote? */
static bool has_escaped(const char *sample, size_t size, char quote)
{
    const char *at = sample, *end = sample + size;
    while (at < end && (at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        if (++at < end && *at == quote)
            return true;
    }
    return false;
}

static int consider_escapes(struct search *search, struct assay_dialect dialect,
                            const struct assay_csv_options *options, struct assay_error *err)
{
    ASSAY_TRY(consider(search, &dialect, err));
    if (options->has_escape || !dialect.quote ||
        !has_escaped(search->sample, search->size, dialect.quote))
        return ASSAY_OK;
    dialect.escape = '\\';
    return consider(search, &dialect, err);
}

/* A quote other than '"' is taken only where cells are quoted with it. */
static int consider_quotes(struct search *search, struct assay_dialect dialect,
                           const struct assay_csv_options *options, struct assay_error *err)
{
    if (options->has_quote)
        return consider_escapes(search, dialect, options, err);
    for (size_t i = 0; i < sizeof quotes; i++) {
        dialect.quote = quotes[i];
        if (!quotes[i] || !search->size || memchr(search->sample, quotes[i], search->size) ||
            quotes[i] == '"')
            ASSAY_TRY(consider_escapes(search, dialect, options, err));
    }
    return ASSAY_OK;
}

static int search_all(struct search *search, struct assay_dialect dialect,
                      const struct assay_csv_options *options, struct assay_error *err)
{
    if (options->has_delimiter)
        return consider_quotes(search, dialect, options, err);
    for (size_t i = 0; i < sizeof delimiters; i++) {
        dialect.delimiter = delimiters[i];
        if (delimiters[i] == dialect.comment ||
            (options->has_quote && delimiters[i] == dialect.quote) ||
            (i && search->size && !memchr(search->sample, delimiters[i], search->size)))
            continue;
        ASSAY_TRY(consider_quotes(search, dialect, options, err));
    }
    return ASSAY_OK;
}

static char newline_of(const char *sample, size_t size)
{
    return !size || memchr(sample, '\n', size) || !memchr(sample, '\r', size) ? '\n' : '\r';
}

static double confidence_of(const struct search *search, const struct assay_csv_options *options)
{
    if (!search->best_score.records)
        return 0;
    if (options->has_delimiter && options->has_quote && options->has_header)
        return 1;
    const double best = search->best_score.score;
    const double lead = best > 0 ? 1 - search->second / best : 0;
    return search->best_score.consistency * (options->has_delimiter ? 1 : 0.5 + 0.5 * lead);
}

int assay_dialect_detect(const char *sample, size_t size_bytes, bool complete,
                         const struct assay_csv_options *options, struct assay_dialect *ret_dialect,
                         struct assay_error *err)
{
    struct assay_dialect dialect = options->dialect;
    struct search search = {.sample = sample, .size = size_bytes, .complete = complete};
    if (size_bytes > JUDGED_BYTES) {
        search.size = JUDGED_BYTES;
        search.complete = false;
    }
    dialect.newline = newline_of(sample, size_bytes);
    ASSAY_TRY(search_all(&search, dialect, options, err));
    dialect = search.best;
    dialect.confidence = confidence_of(&search, options);
    dialect.all_quoted =
        search.best_score.cells && search.best_score.quoted == search.best_score.cells;
    if (!options->has_header &&
        !assay_dialect_has_header(&dialect, sample, search.size, &dialect.header))
        return assay_fail_memory(err);
    *ret_dialect = dialect;
    return ASSAY_OK;
}

static int set_char(json_t *object, const char *key, char c, struct assay_error *err)
{
    return assay_json_set(object, key, c ? json_stringn(&c, 1) : json_null(), err);
}

static int dialect_fields(json_t *object, const struct assay_dialect *dialect, const char *encoding)
{
    ASSAY_TRY(set_char(object, "delimiter", dialect->delimiter, NULL));
    ASSAY_TRY(set_char(object, "quote", dialect->quote, NULL));
    ASSAY_TRY(set_char(object, "escape", dialect->escape, NULL));
    ASSAY_TRY(assay_json_set(object, "header", json_boolean(dialect->header), NULL));
    ASSAY_TRY(assay_json_set(object, "encoding", json_string(encoding), NULL));
    return assay_json_set(object, "confidence",
                          json_real((double)(long)(dialect->confidence * 1000 + 0.5) / 1000), NULL);
}

json_t *assay_dialect_json(const struct assay_dialect *dialect, const char *encoding)
{
    ASSAY_AUTO(assay_json_decref) json_t *object = json_object();
    if (!object || dialect_fields(object, dialect, encoding) != ASSAY_OK)
        return NULL;
    return ASSAY_TAKE(object);
}
