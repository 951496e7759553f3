// Texts that come as codes: each record raises the count of its code; what the texts are is looked
// at when the counts are settled, once for each text.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"
#include "worker/executor/batch/dictionary.h"
#include "worker/executor/kernels/field_internal.h"
#include "worker/executor/kernels/kernel_rows.h"

#define COUNTS (ASSAY_CODE_OTHER + 1)
#define SETTLE_RECORDS                                                                             \
    (UINT32_MAX - ASSAY_BATCH_ROWS) /* before a count of 32 bits could overflow */

static bool settle_text(struct assay_field_state *state, struct assay_text text, uint64_t count)
{
    uint64_t hash;
    return assay_text_scan_put(&state->text, text, count, &hash) &&
           (!assay_field_has_distinct(state) ||
            assay_distinct_put_text(&state->distinct, hash, text, count));
}

static bool settle(struct assay_field_state *state)
{
    struct assay_code_counts *codes = &state->codes;
    state->nulls += codes->counts[ASSAY_CODE_NULL];
    codes->counts[ASSAY_CODE_NULL] = 0;
    codes->records = 0;
    for (size_t code = 1; code < ASSAY_DICTIONARY_CODES; code++) {
        const uint32_t count = codes->counts[code];
        codes->counts[code] = 0;
        if (count && !settle_text(state, assay_dictionary_text(codes->dictionary, code), count))
            return false;
    }
    return true;
}

int assay_field_state_settle(struct assay_field_state *state, struct assay_error *err)
{
    struct assay_code_counts *codes = &state->codes;
    const bool done = !codes->counts || settle(state);
    assay_free(codes->counts);
    *codes = (struct assay_code_counts){0};
    return done ? ASSAY_OK : assay_fail_memory(err);
}

static bool begin(struct assay_field_state *state, const struct assay_dictionary *dictionary,
                  size_t n)
{
    struct assay_code_counts *codes = &state->codes;
    if (!codes->counts && !(codes->counts = assay_calloc(COUNTS, sizeof *codes->counts)))
        return false;
    if (codes->records > SETTLE_RECORDS - n && !settle(state))
        return false;
    codes->dictionary = dictionary;
    codes->records += n;
    return true;
}

static void add_sample(struct assay_sample *sample, const struct assay_column *column,
                       const struct assay_kernel_rows *rows, size_t row)
{
    const uint16_t code = column->codes[row];
    if (rows->hashes[row] < sample->threshold && code != ASSAY_CODE_NULL &&
        code != ASSAY_CODE_OTHER)
        assay_sample_put_text(sample, rows->hashes[row],
                              assay_dictionary_text(column->dictionary, code), false);
}

static void add_samples(struct assay_sample *sample, const struct assay_column *column,
                        const struct assay_kernel_rows *rows)
{
    for (size_t block = 0; block * ASSAY_ROWS_BLOCK < rows->count; block++) {
        if (rows->lowest[block] >= sample->threshold)
            continue;
        const size_t end = (block + 1) * ASSAY_ROWS_BLOCK;
        for (size_t i = block * ASSAY_ROWS_BLOCK; i < end && i < rows->count; i++)
            add_sample(sample, column, rows, i);
    }
}

int assay_field_add_codes(struct assay_field_state *state, const struct assay_column *column,
                          const struct assay_kernel_rows *rows, struct assay_error *err)
{
    const size_t n = rows->count;
    if (state->class != ASSAY_CLASS_TEXT ||
        (state->codes.counts && state->codes.dictionary != column->dictionary))
        return assay_fail(err, ASSAY_INVALID, "counting values: codes of another dictionary");
    if (!begin(state, column->dictionary, n))
        return assay_fail_memory(err);
    uint32_t *const counts = state->codes.counts;
    state->records += n;
    for (size_t i = 0; i < n; i++)
        counts[column->codes[i]]++;
    if (assay_field_has_sample(state))
        add_samples(&state->sample, column, rows);
    return ASSAY_OK;
}
