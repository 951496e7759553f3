// A scan for verdicts only: one reading counts them all.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/scan/scan_reference.h"
#include "worker/executor/scan/scan_unique.h"

/* A key that was given up: the engine's table knows. */
static int ask_engine(struct assay_scan *scan, struct assay_scan_check *check,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    struct assay_error inner = {0};
    int64_t repeated = 0;
    int code = assay_unique_collect(check->rule, &inner);
    assay_unique_count_sql(check->rule, &sql);
    ASSAY_TRY(assay_buf_check(&sql, err));
    if (code == ASSAY_OK)
        code = assay_session_scalar(scan->session, assay_buf_str(&sql), &repeated, &inner);
    check->failing += repeated > 0;
    return code == ASSAY_OK ? ASSAY_OK : assay_scan_check_fault(check, &inner, err);
}

static int read_all(struct assay_scan *scan, struct assay_scan_check *const *judged,
                    size_t judged_count, struct assay_tally_key *keys, size_t keys_count,
                    struct assay_error *err)
{
    atomic_store(&scan->task->progress.records, 0);
    atomic_store(&scan->task->progress.bytes, assay_scan_references_bytes(scan));
    scan->own.keep_counts = scan->own.parts && strcmp(scan->own.from, "_assay_spool") != 0;
    struct assay_verified records = {0};
    const int code = assay_scan_tally(scan, judged, judged_count, keys, keys_count,
                                      assay_scan_keys_bytes(scan), &records, err);
    scan->own.keep_counts = false;
    ASSAY_TRY(code);
    scan->records = records.records;
    scan->identities = records.identities;
    ASSAY_TRY(assay_scan_keys_look(scan, keys, keys_count, err));
    for (size_t i = 0; i < keys_count; i++) {
        keys[i].check->failing += keys[i].repeats.found;
        if (keys[i].given_up)
            ASSAY_TRY(ask_engine(scan, keys[i].check, err));
    }
    return ASSAY_OK;
}

int assay_scan_verify_pass(struct assay_scan *scan, struct assay_error *err)
{
    struct assay_scan_check **judged =
        assay_arena_zalloc(&scan->arena, (scan->checks_count + 1) * sizeof *judged);
    struct assay_tally_key *keys;
    size_t judged_count = 0, keys_count;
    if (!judged)
        return assay_fail_memory(err);
    for (size_t i = 0; i < scan->checks_count; i++)
        if (scan->checks[i].in_pass)
            judged[judged_count++] = &scan->checks[i];
    ASSAY_TRY(assay_scan_keys(scan, ASSAY_KEYS_WHOLE, &keys, &keys_count, err));
    const int code = read_all(scan, judged, judged_count, keys, keys_count, err);
    assay_free(keys);
    return code;
}
