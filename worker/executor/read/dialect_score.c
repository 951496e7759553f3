// Dialect score: alike rows and cells that look like values.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/dialect_score.h"

#include <string.h>
#include <strings.h>

#include "worker/executor/read/csv_cell.h"

enum { MOST_RECORDS = 512, MOST_COLUMNS = 64 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    const char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (unsigned char)c >= 0x80;
}

/* Digits with signs, points, grouping, exponent, currency or percent. */
static bool is_number(const char *data, size_t size)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < size; i++) {
        const char c = data[i];
        digits += is_digit(c);
        if ((c == 'e' || c == 'E') && digits)
            letters++;
        else if (!is_digit(c) && !strchr("+-.,%$ '", c))
            return false;
        if (c == '-' && i && data[i - 1] != 'e' && data[i - 1] != 'E')
            return false;
    }
    return digits && letters <= 1;
}

/* Digit groups with '-', '/', '.' or ':' between them, 'T', 'Z', zone, month names not counted. */
static bool is_time(const char *data, size_t size)
{
    size_t digits = 0, marks = 0;
    for (size_t i = 0; i < size; i++) {
        const char c = data[i];
        digits += is_digit(c);
        marks += c == '-' || c == '/' || c == ':';
        if (!is_digit(c) && !strchr("-/:.+ TZAPMapm", c))
            return false;
    }
    return digits >= 3 && marks >= 2 && size >= 5 && size <= 40 && is_digit(data[0]);
}

static bool is_truth(const char *data, size_t size)
{
    return (size == 4 && !strncasecmp(data, "true", 4)) ||
           (size == 5 && !strncasecmp(data, "false", 5));
}

/* Letters and digits with the punctuation of sentences, names, addresses and URLs. */
static bool is_words(const char *data, size_t size)
{
    size_t letters = 0;
    for (size_t i = 0; i < size; i++) {
        letters += is_letter(data[i]);
        if (!is_letter(data[i]) && !is_digit(data[i]) && !strchr(" .-_'/@&?=!#()", data[i]))
            return false;
    }
    return letters;
}

enum assay_look assay_look_of(const char *data, size_t size)
{
    while (size && data[0] == ' ') {
        data++;
        size--;
    }
    while (size && data[size - 1] == ' ')
        size--;
    if (!size)
        return ASSAY_LOOK_EMPTY;
    if (size > 256 || memchr(data, 0, size))
        return ASSAY_LOOK_ODD;
    return is_number(data, size)  ? ASSAY_LOOK_NUMBER
           : is_time(data, size)  ? ASSAY_LOOK_TIME
           : is_truth(data, size) ? ASSAY_LOOK_TRUTH
           : is_words(data, size) ? ASSAY_LOOK_WORDS
                                  : ASSAY_LOOK_ODD;
}

/* What a raw cell of the sample looks like inside of its quotes. */
static enum assay_look look_of_raw(const struct assay_dialect *dialect,
                                   const struct assay_text *raw, bool *ret_quoted,
                                   bool *ret_malformed)
{
    struct assay_cell cell;
    *ret_malformed =
        assay_csv_cell_read(dialect, raw->data, raw->size_bytes, NULL, &cell) != ASSAY_CSV_CELL_OK;
    *ret_quoted = !*ret_malformed && cell.kind == ASSAY_CELL_QUOTED;
    return *ret_malformed ? ASSAY_LOOK_ODD : assay_look_of(cell.data, cell.size_bytes);
}

/* How often each number of cells occurs, the last entry for all above. */
struct census {
    size_t records, by_cells[MOST_COLUMNS * 64 + 1];
    size_t cells, value_like, quoted, malformed;
};

static void count_record(struct census *census, const struct assay_dialect *dialect,
                         const struct assay_csv_walk *walk)
{
    const size_t most = ASSAY_COUNT(census->by_cells) - 1;
    census->records++;
    census->by_cells[walk->count < most ? walk->count : most]++;
    for (size_t i = 0; i < walk->count && i < MOST_COLUMNS; i++) {
        bool quoted, malformed;
        const enum assay_look look = look_of_raw(dialect, &walk->cells[i], &quoted, &malformed);
        census->cells++;
        census->quoted += quoted;
        census->malformed += malformed;
        census->value_like += quoted || look != ASSAY_LOOK_ODD;
    }
}

/* How usual a delimiter is. */
static double habit(char delimiter)
{
    static const struct {
        char delimiter;
        double weight;
    } rows[] = {{',', 1.0}, {'\t', 1.0}, {';', 1.0}, {'|', 1.0}, {' ', 0.35}, {':', 0.6}};
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (rows[i].delimiter == delimiter)
            return rows[i].weight;
    return 0.7;
}

static void rate(const struct census *census, char delimiter, struct assay_dialect_score *score)
{
    size_t columns = 0;
    for (size_t i = 1; i < ASSAY_COUNT(census->by_cells); i++)
        if (census->by_cells[i] > census->by_cells[columns] ||
            (census->by_cells[i] && census->by_cells[i] == census->by_cells[columns]))
            columns = i;
    *score = (struct assay_dialect_score){.records = census->records,
                                          .columns = columns,
                                          .cells = census->cells,
                                          .quoted = census->quoted,
                                          .malformed = census->malformed};
    if (!census->records)
        return;
    score->consistency = (double)census->by_cells[columns] / (double)census->records;
    const double good = (double)census->value_like - (double)census->malformed;
    const double values = good > 0 ? good / (double)census->cells : 0;
    const double width =
        columns > 1 ? (double)(columns - 1) / (double)columns * habit(delimiter) : 0.03;
    const bool usual = habit(delimiter) == 1.0 || score->consistency >= 0.8;
    const double quotes = 1 + 0.02 * (double)census->quoted / (double)census->cells;
    if (usual || columns == 1)
        score->score =
            score->consistency * score->consistency * width * (0.2 + 0.8 * values) * quotes;
}

bool assay_dialect_judge(const struct assay_dialect *dialect, const char *sample, size_t size_bytes,
                         bool complete, struct assay_dialect_score *ret_score)
{
    struct assay_csv_walk walk = {.dialect = dialect, .data = sample, .size = size_bytes};
    struct census census = {0};
    for (uint64_t skip = dialect->skip; skip && walk.at < size_bytes; skip--) {
        const char *end = memchr(sample + walk.at, dialect->newline, size_bytes - walk.at);
        walk.at = end ? (size_t)(end - sample) + 1 : size_bytes;
    }
    while (census.records < MOST_RECORDS && assay_csv_walk_next(&walk)) {
        if (walk.comment || assay_csv_walk_blank(&walk) ||
            (!walk.closed && !complete && census.records))
            continue;
        count_record(&census, dialect, &walk);
    }
    rate(&census, dialect->delimiter, ret_score);
    const bool failed = walk.failed;
    assay_csv_walk_release(&walk);
    return !failed;
}

/* A column under its first cell. */
struct column {
    enum assay_look first;
    uint32_t first_size;
    const char *first_data;
    size_t same_look, values, repeats, texts;
};

static void open_columns(struct column *columns, const struct assay_dialect *dialect,
                         const struct assay_csv_walk *walk)
{
    for (size_t i = 0; i < walk->count && i < MOST_COLUMNS; i++) {
        bool quoted, malformed;
        columns[i] =
            (struct column){.first = look_of_raw(dialect, &walk->cells[i], &quoted, &malformed),
                            .first_size = walk->cells[i].size_bytes,
                            .first_data = walk->cells[i].data};
    }
}

static void add_record(struct column *columns, size_t count, const struct assay_dialect *dialect,
                       const struct assay_csv_walk *walk)
{
    for (size_t i = 0; i < count && i < walk->count; i++) {
        bool quoted, malformed;
        const enum assay_look look = look_of_raw(dialect, &walk->cells[i], &quoted, &malformed);
        struct column *column = &columns[i];
        if (look == ASSAY_LOOK_EMPTY)
            continue;
        column->values++;
        column->texts += look == ASSAY_LOOK_WORDS || look == ASSAY_LOOK_ODD;
        column->same_look += look == column->first;
        column->repeats += walk->cells[i].size_bytes == column->first_size &&
                           !memcmp(walk->cells[i].data, column->first_data, column->first_size);
    }
}

static bool is_text(enum assay_look look)
{
    return look == ASSAY_LOOK_WORDS || look == ASSAY_LOOK_ODD;
}

/* > 0: a header; < 0: a record; 0: no evidence. */
static int vote(const struct column *columns, size_t count)
{
    int votes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct column *column = &columns[i];
        if (!column->values || column->first == ASSAY_LOOK_EMPTY)
            continue;
        if (is_text(column->first))
            votes += column->texts * 2 < column->values ? 2 : column->repeats ? -1 : 0;
        else
            votes -= column->same_look * 2 > column->values ? 2 : 1;
    }
    return votes;
}

/* No evidence: names are texts, and each column has its own. */
static bool could_be_names(const struct column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_text(columns[i].first) && columns[i].first != ASSAY_LOOK_EMPTY)
            return false;
        for (size_t j = 0; j < i; j++)
            if (columns[i].first_size && columns[i].first_size == columns[j].first_size &&
                !memcmp(columns[i].first_data, columns[j].first_data, columns[i].first_size))
                return count >
                       2; /* a repeated name is likelier than a repeated text of one record */
    }
    return true;
}

bool assay_dialect_has_header(const struct assay_dialect *dialect, const char *sample,
                              size_t size_bytes, bool *ret_header)
{
    struct assay_csv_walk walk = {.dialect = dialect, .data = sample, .size = size_bytes};
    struct column columns[MOST_COLUMNS];
    size_t count = 0, records = 0;
    for (uint64_t skip = dialect->skip; skip && walk.at < size_bytes; skip--) {
        const char *end = memchr(sample + walk.at, dialect->newline, size_bytes - walk.at);
        walk.at = end ? (size_t)(end - sample) + 1 : size_bytes;
    }
    while (records < MOST_RECORDS && assay_csv_walk_next(&walk)) {
        if (walk.comment || assay_csv_walk_blank(&walk))
            continue;
        if (!records++) {
            open_columns(columns, dialect, &walk);
            count = walk.count < MOST_COLUMNS ? walk.count : MOST_COLUMNS;
        } else {
            add_record(columns, count, dialect, &walk);
        }
    }
    const int votes = vote(columns, count);
    *ret_header = count && (votes > 0 || (votes == 0 && could_be_names(columns, count)));
    const bool failed = walk.failed;
    assay_csv_walk_release(&walk);
    return !failed;
}
