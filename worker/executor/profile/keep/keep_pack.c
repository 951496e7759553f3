// Keep: chunks as they are kept, small and with a checksum.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "worker/executor/kernels/hash.h"
#include "worker/executor/profile/base64.h"
#include "worker/executor/profile/keep/keep_run.h"
#include "worker/executor/read/deflate.h"

enum { CHUNK_MAX_BYTES = 4 << 20 };

static void sum_of(const char *text, size_t size, char *ret_sum)
{
    (void)snprintf(ret_sum, ASSAY_KEEP_SUM_BYTES, "%016" PRIx64, assay_hash_text(text, size));
}

int assay_keep_pack(const char *text, size_t size, struct assay_buf *packed, char *ret_sum,
                    struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf small = {0};
    ASSAY_TRY(assay_deflate(text, size, &small, err));
    assay_base64_append(packed, small.data, small.size);
    ASSAY_TRY(assay_buf_check(packed, err));
    sum_of(packed->data, packed->size, ret_sum);
    return ASSAY_OK;
}

int assay_keep_unpack(const char *packed, const char *sum, struct assay_buf *text,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf small = {0};
    const size_t size = strlen(packed);
    char own[ASSAY_KEEP_SUM_BYTES];
    sum_of(packed, size, own);
    if (strcmp(own, sum) != 0)
        return assay_fail(err, ASSAY_FORMAT, "a kept state is damaged: its checksum differs");
    if (!assay_base64_parse(&small, packed, size))
        return assay_fail(err, ASSAY_FORMAT, "a kept state is damaged");
    const int rc = assay_inflate(small.data, small.size, CHUNK_MAX_BYTES, text, err);
    return rc == ASSAY_OK ? ASSAY_OK : assay_context(err, rc, "a kept state");
}
