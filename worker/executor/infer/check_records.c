// The record sample, joined from the fields' samples.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/check_records.h"

#include <math.h>
#include <stdlib.h>

#include "worker/executor/infer/check_offer.h"

#include "common/base/memory.h"
#include "worker/executor/kernels/hash.h"

#define TESTING_SHARE 0.4

void assay_record_sample_release(struct assay_record_sample *sample)
{
    assay_free(sample->training);
    assay_free(sample->values);
    *sample = (struct assay_record_sample){0};
}

/* Records beyond this hash are not known in full. */
static uint64_t last_known(const struct assay_infer_field *fields, size_t fields_count)
{
    uint64_t last = UINT64_MAX;
    for (size_t f = 0; f < fields_count; f++) {
        const struct assay_field_stats *stats = fields[f].stats;
        if (!stats->sample_count || stats->sample_count >= stats->valid_count)
            continue;
        const uint64_t end = stats->sample[stats->sample_count - 1].row_hash;
        last = end < last ? end : last;
    }
    return last;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The different hashes up to the last, sorted. */
static size_t collect(const struct assay_infer_field *fields, size_t fields_count, uint64_t last,
                      uint64_t *hashes)
{
    size_t count = 0, kept = 0;
    for (size_t f = 0; f < fields_count; f++) {
        const struct assay_field_stats *stats = fields[f].stats;
        for (size_t i = 0; i < stats->sample_count && stats->sample[i].row_hash <= last; i++)
            hashes[count++] = stats->sample[i].row_hash;
    }
    qsort(hashes, count, sizeof *hashes, compare_hashes);
    for (size_t i = 0; i < count; i++) {
        if (!kept || hashes[i] != hashes[kept - 1])
            hashes[kept++] = hashes[i];
    }
    return kept;
}

/* Both are sorted by hash. */
static void join_field(struct assay_record_sample *sample, const uint64_t *hashes, size_t field,
                       const struct assay_field_stats *stats)
{
    for (size_t record = 0, i = 0; record < sample->count && i < stats->sample_count; record++) {
        while (i < stats->sample_count && stats->sample[i].row_hash < hashes[record])
            i++;
        if (i < stats->sample_count && stats->sample[i].row_hash == hashes[record])
            sample->values[field * sample->count + record] = &stats->sample[i];
    }
}

static void split(struct assay_record_sample *sample, const uint64_t *hashes,
                  const struct assay_infer_options *options)
{
    const double share = options->testing_share > 0 ? options->testing_share : TESTING_SHARE;
    for (size_t i = 0; i < sample->count; i++) {
        uint64_t state = hashes[i] ^ options->seed;
        const double draw = (double)(assay_random_next(&state) >> 11) * 0x1p-53;
        sample->training[i] = draw >= share;
    }
}

int assay_record_sample_init(struct assay_record_sample *sample,
                             const struct assay_infer_field *fields, size_t fields_count,
                             const struct assay_infer_options *options, struct assay_error *err)
{
    size_t most = 1;
    for (size_t f = 0; f < fields_count; f++)
        most += fields[f].stats->sample_count;
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(most, sizeof(uint64_t));
    uint64_t *hashes = memory;
    *sample = (struct assay_record_sample){0};
    if (!hashes)
        return assay_fail_memory(err);
    sample->count = collect(fields, fields_count, last_known(fields, fields_count), hashes);
    sample->training = assay_calloc(sample->count + 1, sizeof *sample->training);
    sample->values = assay_calloc(sample->count * fields_count + 1, sizeof *sample->values);
    if (!sample->training || !sample->values) {
        assay_record_sample_release(sample);
        return assay_fail_memory(err);
    }
    for (size_t f = 0; f < fields_count; f++)
        join_field(sample, hashes, f, fields[f].stats);
    split(sample, hashes, options);
    return ASSAY_OK;
}

uint64_t assay_held_out_values(const struct assay_inference *inference, size_t field)
{
    uint64_t count = 0;
    for (size_t i = 0; i < inference->records.count; i++)
        count +=
            !inference->records.training[i] && assay_record_value(&inference->records, field, i);
    return count;
}

int assay_compare_reals(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

int assay_training_numbers(const struct assay_inference *inference, size_t field,
                           double **ret_numbers, size_t *ret_count, struct assay_error *err)
{
    double *numbers = assay_calloc(inference->records.count + 1, sizeof *numbers);
    size_t count = 0;
    if (!numbers)
        return assay_fail_memory(err);
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] && value)
            numbers[count++] = value->number;
    }
    qsort(numbers, count, sizeof *numbers, assay_compare_reals);
    *ret_numbers = numbers;
    *ret_count = count;
    return ASSAY_OK;
}

double assay_quantile_of(const double *sorted, size_t count, double q)
{
    const double h = (double)(count - 1) * q, low = floor(h);
    const size_t at = (size_t)low, next = at + 1 < count ? at + 1 : at;
    return sorted[at] + (h - low) * (sorted[next] - sorted[at]);
}
