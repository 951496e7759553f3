// Parquet: what the footers of files take in memory, from their lengths.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "worker/executor/engine/budget.h"
#include "worker/executor/engine/parquet.h"

#define TAIL_BYTES   8  /* length of the footer, "PAR1" */
#define FOOTER_GROWS 20 /* bytes of the engine for each one of the file: measured 15 to 20 */
#define HELD_AT_ONCE 2  /* the file that is read, and the next one */
#define LEAST_LEFT   (UINT64_C(8) << 20) /* to decode and count with */

static uint64_t footer_bytes(const char *path)
{
    FILE *file = fopen(path, "rbe");
    unsigned char tail[TAIL_BYTES] = {0};
    uint64_t bytes = 0;
    if (file && !fseek(file, -TAIL_BYTES, SEEK_END) && fread(tail, TAIL_BYTES, 1, file) == 1 &&
        !memcmp(tail + 4, "PAR1", 4)) {
        bytes = (uint64_t)tail[0] | (uint64_t)tail[1] << 8 | (uint64_t)tail[2] << 16 |
                (uint64_t)tail[3] << 24;
        const long size = ftell(file);
        if (size < 0 || bytes > (uint64_t)size)
            bytes = 0; /* damaged: the engine says how */
    }
    if (file)
        (void)fclose(file);
    return bytes;
}

int assay_parquet_footers(const struct assay_parquet_files *files, uint64_t budget_bytes,
                          uint64_t base_bytes, uint64_t *ret_bytes, struct assay_error *err)
{
    uint64_t largest = 0;
    const char *path = "";
    for (size_t i = 0; i < files->count; i++) {
        const uint64_t bytes = footer_bytes(files->paths[i]);
        if (bytes < largest || !bytes)
            continue;
        largest = bytes;
        path = files->paths[i];
    }
    const uint64_t held = largest * FOOTER_GROWS * (files->count > 1 ? HELD_AT_ONCE : 1);
    const uint64_t least = base_bytes + held + LEAST_LEFT;
    ASSAY_TRY(
        assay_budget_check(budget_bytes, least, err, "the columns and row groups of %s", path));
    *ret_bytes = held;
    return ASSAY_OK;
}
