// Reader options of text files: from the user's words to a dialect's characters.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/read/dialect.h"

/* The option's text, of a JSON text or whole number; NULL when absent. room: for a number's
 * text. */
static const char *option_text(const json_t *json, const char *key, char room[ASSAY_NUMBER_TEXT])
{
    const json_t *value = json_object_get(json, key);
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value)) {
        (void)assay_format_i128(json_integer_value(value), 0, room);
        return room;
    }
    return NULL;
}

static int option_bool(const json_t *json, const char *key, bool *ret_has, bool *ret_value,
                       struct assay_error *err)
{
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no",
                                                                                "off", "0"};
    char room[ASSAY_NUMBER_TEXT];
    const json_t *value = json_object_get(json, key);
    const char *text = option_text(json, key, room);
    *ret_has = value && !json_is_null(value);
    if (!*ret_has)
        return ASSAY_OK;
    if (json_is_boolean(value)) {
        *ret_value = json_is_true(value);
        return ASSAY_OK;
    }
    for (size_t i = 0; text && i < ASSAY_COUNT(yes); i++) {
        if (!strcasecmp(text, yes[i]) || !strcasecmp(text, no[i])) {
            *ret_value = !strcasecmp(text, yes[i]);
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_INVALID, "reader option %s takes true or false", key);
}

/* One byte, or a word for one; "" and "none" mean no such character. */
static bool parse_char(const char *text, char *ret_char)
{
    static const struct {
        const char *word;
        char c;
    } words[] = {{"", '\0'},         {"none", '\0'},     {"\\t", '\t'},     {"tab", '\t'},
                 {"comma", ','},     {"semicolon", ';'}, {"pipe", '|'},     {"space", ' '},
                 {"colon", ':'},     {"double", '"'},    {"single", '\''},  {"backslash", '\\'},
                 {"\\\\", '\\'},     {"\\x01", '\x01'},  {"\\x1f", '\x1f'}, {"\\u0001", '\x01'},
                 {"\\u001f", '\x1f'}};
    for (size_t i = 0; i < ASSAY_COUNT(words); i++) {
        if (!strcasecmp(text, words[i].word)) {
            *ret_char = words[i].c;
            return true;
        }
    }
    *ret_char = text[0];
    return text[1] == '\0' && text[0] != '\n' && text[0] != '\r' && (unsigned char)text[0] < 0x80;
}

static int option_char(const json_t *json, const char *key, bool *ret_has, char *ret_char,
                       struct assay_error *err)
{
    char room[ASSAY_NUMBER_TEXT];
    const json_t *value = json_object_get(json, key);
    const char *text = option_text(json, key, room);
    *ret_has = value && !json_is_null(value);
    if (!*ret_has)
        return ASSAY_OK;
    if (!text || !parse_char(text, ret_char))
        return assay_fail(
            err, ASSAY_INVALID,
            "reader option %s takes one ASCII character, or tab, comma, semicolon, pipe, "
            "space, none",
            key);
    return ASSAY_OK;
}

static int add_null_value(struct assay_csv_options *options, const char *text, size_t size_bytes,
                          struct assay_error *err)
{
    char **values =
        assay_reallocarray(options->null_values, options->null_values_count + 1, sizeof *values);
    if (!values)
        return assay_fail_memory(err);
    options->null_values = values;
    values[options->null_values_count] = assay_strndup(text, size_bytes);
    if (!values[options->null_values_count])
        return assay_fail_memory(err);
    options->null_values_count++;
    return ASSAY_OK;
}

/* "NA,-" or ["NA", "-"]. */
static int parse_null_values(const json_t *json, struct assay_csv_options *options,
                             struct assay_error *err)
{
    const json_t *value = json_object_get(json, "null_values"), *item;
    size_t index;
    if (!value || json_is_null(value))
        return ASSAY_OK;
    json_array_foreach(value, index, item)
    {
        if (!json_is_string(item))
            return assay_fail(err, ASSAY_INVALID, "reader option null_values takes texts");
        ASSAY_TRY(add_null_value(options, json_string_value(item), json_string_length(item), err));
    }
    if (json_is_array(value))
        return ASSAY_OK;
    if (!json_is_string(value))
        return assay_fail(err, ASSAY_INVALID,
                          "reader option null_values takes texts separated by commas");
    for (const char *at = json_string_value(value);; at++) {
        const char *end = strchrnul(at, ',');
        ASSAY_TRY(add_null_value(options, at, (size_t)(end - at), err));
        if (!*end)
            return ASSAY_OK;
        at = end;
    }
}

static int parse_count(const json_t *json, const char *key, uint64_t least, uint64_t *ret_value,
                       struct assay_error *err)
{
    char room[ASSAY_NUMBER_TEXT];
    const char *text = option_text(json, key, room);
    const json_t *value = json_object_get(json, key);
    if (!value || json_is_null(value))
        return ASSAY_OK;
    uint64_t number;
    if (!text || !assay_parse_bytes(text, &number) || number < least)
        return assay_fail(err, ASSAY_INVALID,
                          "reader option %s takes a number of at least %" PRIu64, key, least);
    *ret_value = number;
    return ASSAY_OK;
}

static int parse_format(const json_t *json, struct assay_csv_options *options,
                        struct assay_error *err)
{
    static const struct {
        const char *format;
        char delimiter; /* '\0' = to be detected */
    } rows[] = {{"csv", '\0'}, {"txt", '\0'}, {"tsv", '\t'}, {"psv", '|'}};
    const char *format = assay_json_str(json, "format", "csv");
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        if (!strcasecmp(format, rows[i].format)) {
            if (!options->has_delimiter && rows[i].delimiter) {
                options->dialect.delimiter = rows[i].delimiter;
                options->has_delimiter = true;
            }
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_INVALID,
                      "reader option format: %s is not a text format (csv, tsv, psv, txt)", format);
}

static int parse(const json_t *json, struct assay_csv_options *options, struct assay_error *err)
{
    struct assay_dialect *dialect = &options->dialect;
    bool has;
    ASSAY_TRY(option_char(json, "delimiter", &options->has_delimiter, &dialect->delimiter, err));
    ASSAY_TRY(parse_format(json, options, err));
    ASSAY_TRY(option_char(json, "quote", &options->has_quote, &dialect->quote, err));
    ASSAY_TRY(option_char(json, "escape", &options->has_escape, &dialect->escape, err));
    ASSAY_TRY(option_char(json, "comment", &has, &dialect->comment, err));
    ASSAY_TRY(option_bool(json, "header", &options->has_header, &dialect->header, err));
    ASSAY_TRY(option_bool(json, "treat_empty_as_null", &has, &options->treat_empty_as_null, err));
    ASSAY_TRY(
        option_bool(json, "quoted_null", &options->has_quoted_null, &options->quoted_null, err));
    ASSAY_TRY(parse_count(json, "skip", 0, &dialect->skip, err));
    ASSAY_TRY(parse_count(json, "max_cell", 1, &options->max_cell, err));
    if (options->max_cell > ((uint64_t)512 << 20))
        return assay_fail(err, ASSAY_INVALID, "reader option max_cell is at most 512 MiB");
    ASSAY_TRY(parse_null_values(json, options, err));
    const char *encoding = assay_json_str(json, "encoding", NULL);
    options->encoding = assay_strdup(encoding);
    if (encoding && !options->encoding)
        return assay_fail_memory(err);
    if (options->has_escape && dialect->escape == '"' && !options->has_quote)
        dialect->escape = '\0'; /* doubled quotes, which are always understood */
    if (dialect->escape == dialect->quote)
        dialect->escape = '\0';
    if (options->has_delimiter &&
        (!dialect->delimiter || dialect->delimiter == dialect->quote ||
         dialect->delimiter == dialect->escape || dialect->delimiter == dialect->comment))
        return assay_fail(err, ASSAY_INVALID,
                          "reader option delimiter differs from quote, escape and comment");
    return ASSAY_OK;
}

int assay_csv_options_parse(const json_t *json, struct assay_csv_options *ret_options,
                            struct assay_error *err)
{
    struct assay_csv_options options = {.max_cell = ASSAY_MAX_CELL_BYTES};
    const int rc = parse(json, &options, err);
    if (rc != ASSAY_OK) {
        assay_csv_options_release(&options);
        return rc;
    }
    *ret_options = options;
    return ASSAY_OK;
}

void assay_csv_options_release(struct assay_csv_options *options)
{
    if (!options)
        return;
    for (size_t i = 0; i < options->null_values_count; i++)
        assay_free(options->null_values[i]);
    assay_free(options->null_values);
    assay_free(options->encoding);
    *options = (struct assay_csv_options){0};
}
