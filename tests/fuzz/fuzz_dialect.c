// Fuzz target: dialect detection and the tokenizer's two forms on any bytes.
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/executor/read/csv_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both forms on a copy with exactly the bytes that they may read. */
static void compare(const struct assay_dialect *dialect, const char *text, size_t size)
{
    static uint32_t plain[ASSAY_CSV_SCAN_MARKS], avx2[ASSAY_CSV_SCAN_MARKS];
    enum assay_csv_state a = ASSAY_CSV_RECORD, b = ASSAY_CSV_RECORD;
    uint64_t inner_a = 0, inner_b = 0;
    for (size_t at = 0; at < size; at += ASSAY_CSV_SCAN_BYTES) {
        const size_t left = size - at < ASSAY_CSV_SCAN_BYTES ? size - at : ASSAY_CSV_SCAN_BYTES;
        const size_t count =
            assay_csv_scan_plain(dialect, text + at, left, (uint32_t)at, &a, plain, &inner_a);
        const size_t other =
            assay_csv_scan_avx2(dialect, text + at, left, (uint32_t)at, &b, avx2, &inner_b);
        if (count != other || memcmp(plain, avx2, count * sizeof *plain) || a != b ||
            inner_a != inner_b)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_csv_options options;
    struct assay_dialect dialect;
    if (assay_csv_options_parse(NULL, &options, NULL) != ASSAY_OK)
        abort();
    if (assay_dialect_detect((const char *)data, size, size % 2, &options, &dialect, NULL) !=
        ASSAY_OK)
        abort();
    if (!dialect.delimiter || !(dialect.confidence >= 0 && dialect.confidence <= 1))
        abort();
    if (assay_csv_has_avx2() && size) {
        char *copy = malloc(size);
        if (!copy)
            abort();
        memcpy(copy, data, size);
        compare(&dialect, copy, size);
        dialect.escape = '\\';
        compare(&dialect, copy, size);
        free(copy);
    }
    assay_csv_options_release(&options);
    return 0;
}
