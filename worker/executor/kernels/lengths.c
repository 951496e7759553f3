// Figures of lengths: of texts in code points, of arrays in elements.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "worker/executor/kernels/text_scan.h"

void assay_lengths_init(struct assay_length_figures *lengths)
{
    *lengths = (struct assay_length_figures){.min = UINT64_MAX};
}

void assay_lengths_put(struct assay_length_figures *lengths, uint64_t length)
{
    lengths->count++;
    lengths->min = length < lengths->min ? length : lengths->min;
    lengths->max = length > lengths->max ? length : lengths->max;
    lengths->sum += length;
    lengths->squares += (assay_u128)length * length;
}

void assay_lengths_merge(struct assay_length_figures *lengths,
                         const struct assay_length_figures *other)
{
    lengths->count += other->count;
    lengths->min = other->min < lengths->min ? other->min : lengths->min;
    lengths->max = other->max > lengths->max ? other->max : lengths->max;
    lengths->sum += other->sum;
    lengths->squares += other->squares;
}

double assay_lengths_mean(const struct assay_length_figures *lengths)
{
    if (!lengths->count)
        return NAN;
    return (double)((long double)lengths->sum / (long double)lengths->count);
}

double assay_lengths_std_dev(const struct assay_length_figures *lengths)
{
    if (lengths->count < 2)
        return NAN;
    const long double n = (long double)lengths->count, sum = (long double)lengths->sum;
    const long double spread = (long double)lengths->squares - sum * (sum / n);
    return spread > 0 ? (double)sqrtl(spread / (n - 1)) : 0;
}

void assay_lengths_save(const struct assay_length_figures *lengths, struct assay_buf *buf)
{
    assay_put_varint(buf, lengths->count);
    assay_put_varint(buf, lengths->min);
    assay_put_varint(buf, lengths->max);
    assay_put_i128(buf, (assay_i128)lengths->sum);
    assay_put_i128(buf, (assay_i128)lengths->squares);
}

void assay_lengths_load(struct assay_length_figures *lengths, struct assay_bytes *in)
{
    lengths->count = assay_get_varint(in);
    lengths->min = assay_get_varint(in);
    lengths->max = assay_get_varint(in);
    lengths->sum = (assay_u128)assay_get_i128(in);
    lengths->squares = (assay_u128)assay_get_i128(in);
}
