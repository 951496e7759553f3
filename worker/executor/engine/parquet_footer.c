// Parquet: what the footers of files take in memory, from their lengths and their schemas' sizes.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "worker/executor/engine/parquet.h"

#define TAIL_BYTES   8  /* length of the footer, "PAR1" */
#define HEAD_BYTES   16 /* of the footer: more than the version and the head of the schema's list */
#define FOOTER_GROWS 20 /* bytes of the engine for each one of the file: measured 15 to 20 */
#define HELD_AT_ONCE UINT64_C(2) /* the file that is read, and the next one */

/* Of Thrift's compact protocol (thrift-compact-protocol.md): the heads of field 1, an i32, and of
 * field 2, a list, of FileMetaData (parquet.thrift); in the head of a list the number of elements,
 * LONG_LIST = it follows. */
#define VERSION_FIELD 0x15
#define SCHEMA_FIELD  0x19
#define LONG_LIST     15

static bool take_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        const unsigned char byte = *(*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

/* Elements of the schema but its root; 0 when the footer does not begin as expected. */
static uint64_t columns_of(const unsigned char *head, size_t size)
{
    const unsigned char *at = head, *end = head + size;
    uint64_t number;
    if (at == end || *at++ != VERSION_FIELD || !take_varint(&at, end, &number) || at == end ||
        *at++ != SCHEMA_FIELD || at == end)
        return 0;
    number = *at++ >> 4;
    if (number == LONG_LIST && !take_varint(&at, end, &number))
        return 0;
    return number ? number - 1 : 0;
}

static bool read_at(FILE *file, long from_end, void *bytes, size_t size)
{
    return !fseek(file, -from_end, SEEK_END) && fread(bytes, size, 1, file) == 1;
}

static struct assay_parquet_footers read_footer(const char *path)
{
    FILE *file = fopen(path, "rbe");
    unsigned char tail[TAIL_BYTES] = {0}, head[HEAD_BYTES] = {0};
    struct assay_parquet_footers footer = {0};
    if (file && read_at(file, TAIL_BYTES, tail, TAIL_BYTES) && !memcmp(tail + 4, "PAR1", 4)) {
        footer.bytes = (uint64_t)tail[0] | (uint64_t)tail[1] << 8 | (uint64_t)tail[2] << 16 |
                       (uint64_t)tail[3] << 24;
        const long size = ftell(file);
        if (size < 0 || footer.bytes > (uint64_t)size)
            footer.bytes = 0; /* damaged: the engine says how */
        else if (footer.bytes >= HEAD_BYTES &&
                 read_at(file, (long)footer.bytes + TAIL_BYTES, head, HEAD_BYTES))
            footer.columns = columns_of(head, HEAD_BYTES);
        if (footer.columns > footer.bytes)
            footer.columns = 0;
    }
    if (file)
        (void)fclose(file);
    return footer;
}

struct assay_parquet_footers assay_parquet_footers(const struct assay_parquet_files *files)
{
    struct assay_parquet_footers all = {.path = files->count ? files->paths[0] : ""};
    for (size_t i = 0; i < files->count; i++) {
        const struct assay_parquet_footers footer = read_footer(files->paths[i]);
        if (footer.bytes > all.bytes) {
            all.bytes = footer.bytes;
            all.path = files->paths[i];
        }
        all.columns = footer.columns > all.columns ? footer.columns : all.columns;
    }
    all.bytes *= FOOTER_GROWS;
    all.bytes *= files->count > 1 ? HELD_AT_ONCE : 1;
    return all;
}
