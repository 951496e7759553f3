// Text check: the formats that are taken for text by mistake, one row each.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/text_check.h"

#include <string.h>

#include "common/base/memory.h"

#define DECOMPRESS "decompress it, or compress it with gzip or zstd"
#define EXPORT     "export what is wanted from it as CSV, JSON lines or Parquet"
#define CONVERT    "convert it to Parquet or JSON lines"
#define NO_DATA    "name a data file"

/* A further mark, ahead of the plain one in the table, tells apart what begins alike. */
static const struct {
    const char *mark;
    size_t size_bytes;
    const char *further; /* at byte `at`; NULL = none */
    size_t at;
    const char *what, *remedy;
} rows[] = {
    {"PAR1", 4, NULL, 0, "a Parquet file", "give --reader format=parquet, or name it .parquet"},
    {"PK\3\4", 4, "[Content_Types].xml", 30, "an Office document such as an Excel workbook",
     "export its sheets as CSV"},
    {"PK\3\4", 4, "_rels/", 30, "an Office document such as an Excel workbook",
     "export its sheets as CSV"},
    {"PK\3\4", 4, "docProps/", 30, "an Office document such as an Excel workbook",
     "export its sheets as CSV"},
    {"PK\3\4", 4, "xl/", 30, "an Excel workbook", "export its sheets as CSV"},
    {"PK\3\4", 4, "mimetype", 30, "an OpenDocument file", "export its sheets as CSV"},
    {"PK\3\4", 4, NULL, 0, "a zip archive", "unpack it"},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, NULL, 0,
     "an old Office document such as an .xls workbook", "export its sheets as CSV"},
    {"Obj\1", 4, NULL, 0, "an Avro file", CONVERT},
    {"ORC\n", 4, NULL, 0, "an ORC file", CONVERT},
    {"ARROW1\0\0", 8, NULL, 0, "an Arrow file", CONVERT},
    {"FEA1", 4, NULL, 0, "a Feather file", CONVERT},
    {"SQLite format 3\0", 16, NULL, 0, "an SQLite database", "name it as sqlite:FILE#TABLE"},
    {"BZh", 3, "1AY&SY", 4, "compressed by bzip2", DECOMPRESS},
    {"\xFD"
     "7zXZ\0",
     6, NULL, 0, "compressed by xz", DECOMPRESS},
    {"7z\xBC\xAF\x27\x1C", 6, NULL, 0, "a 7-Zip archive", "unpack it"},
    {"\x04\x22\x4D\x18", 4, NULL, 0, "compressed by LZ4", DECOMPRESS},
    {"\xFF\6\0\0sNaPpY", 10, NULL, 0, "compressed by Snappy", DECOMPRESS},
    {"\x89HDF\r\n\x1A\n", 8, NULL, 0, "an HDF5 file", EXPORT},
    {"%PDF-", 5, NULL, 0, "a PDF document", EXPORT},
    {"\x89PNG\r\n\x1A\n", 8, NULL, 0, "a PNG image", NO_DATA},
    {"\xFF\xD8\xFF", 3, NULL, 0, "a JPEG image", NO_DATA},
    {"\x7F"
     "ELF",
     4, NULL, 0, "a program", NO_DATA},
};

static bool begins(const char *text, size_t size_bytes, const char *mark, size_t mark_bytes)
{
    return size_bytes >= mark_bytes && memcmp(text, mark, mark_bytes) == 0;
}

int assay_text_check(const char *first, size_t size_bytes, const char *name,
                     struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        const size_t at = rows[i].at;
        if (!begins(first, size_bytes, rows[i].mark, rows[i].size_bytes))
            continue;
        if (rows[i].further &&
            (size_bytes < at ||
             !begins(first + at, size_bytes - at, rows[i].further, strlen(rows[i].further))))
            continue;
        return assay_fail(err, ASSAY_FORMAT, "reading %s: from byte 0 on it is %s, not text: %s",
                          name, rows[i].what, rows[i].remedy);
    }
    return ASSAY_OK;
}
