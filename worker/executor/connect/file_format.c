// Which reader a file needs: by option, by name, by first bytes.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/memory.h"
#include "worker/executor/connect/file_glob.h"
#include "worker/executor/connect/file_set.h"

static const struct {
    const char *name;
    enum assay_file_family family;
    const char *format;
} formats[] = {
    {"csv", ASSAY_FAMILY_CSV, "csv"},
    {"json", ASSAY_FAMILY_JSON, "json"},
    {"jsonl", ASSAY_FAMILY_JSON, "jsonl"},
    {"ndjson", ASSAY_FAMILY_JSON, "jsonl"},
    {"parquet", ASSAY_FAMILY_PARQUET, "parquet"},
    {"psv", ASSAY_FAMILY_CSV, "psv"},
    {"tsv", ASSAY_FAMILY_CSV, "tsv"},
    {"txt", ASSAY_FAMILY_CSV, "txt"},
};

enum assay_file_family assay_file_family(const char *format)
{
    for (size_t i = 0; i < ASSAY_COUNT(formats); i++)
        if (strcmp(formats[i].format, format) == 0)
            return formats[i].family;
    return ASSAY_FAMILY_CSV;
}

/* Without extension: Parquet by its magic, JSON by its first letter, else separated text. */
static int sniff(const char *path, const char **ret_format, struct assay_error *err)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    char first[256];
    size_t size;
    ASSAY_TRY(assay_source_open(path, NULL, &source, err));
    ASSAY_TRY(assay_source_read(source, first, sizeof first, &size, err));
    if (size >= 4 && memcmp(first, "PAR1", 4) == 0) {
        *ret_format = "parquet";
        return ASSAY_OK;
    }
    size_t at = 0;
    while (at < size && strchr(" \t\r\n", first[at]))
        at++;
    *ret_format = at < size && (first[at] == '{' || first[at] == '[') ? "json" : "csv";
    return ASSAY_OK;
}

int assay_file_format(const char *path, const json_t *reader_options, const char **ret_format,
                      struct assay_error *err)
{
    const char *wanted = assay_json_str(reader_options, "format", NULL);
    if (wanted) {
        for (size_t i = 0; i < ASSAY_COUNT(formats); i++)
            if (strcasecmp(formats[i].name, wanted) == 0) {
                *ret_format = formats[i].format;
                return ASSAY_OK;
            }
        return assay_fail(
            err, ASSAY_INVALID,
            "reader option format is %.32s: csv, tsv, psv, txt, json, jsonl or parquet", wanted);
    }
    if (assay_glob_extension(path, ret_format))
        return ASSAY_OK;
    if (strcmp(path, "-") == 0)
        return assay_fail(
            err, ASSAY_INVALID,
            "standard input has no name that tells its format: give --reader format=csv");
    return sniff(path, ret_format, err);
}
