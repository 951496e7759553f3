/* The loops of numeric.h, compiled once plainly and once for AVX2. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_NUMERIC_BODY_H
#define ASSAY_KERNELS_NUMERIC_BODY_H

#include <math.h>
#include <string.h>

#include "worker/executor/kernels/numeric.h"

#define LANES 8

static inline void int_scan_body(const int64_t *values, size_t n, struct assay_int_scan *ret_scan)
{
    int64_t min = INT64_MAX, max = INT64_MIN;
    uint64_t zero = 0, negative = 0;
    for (size_t i = 0; i < n; i++) {
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
        zero += values[i] == 0;
        negative += (uint64_t)values[i] >> 63;
    }
    *ret_scan = (struct assay_int_scan){.min = min, .max = max, .zero = zero, .negative = negative};
}

static inline int64_t int_sum_body(const int64_t *values, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)values[i];
    return (int64_t)sum;
}

/* Lanes of doubles and masks; GCC's vectors, so that both forms do the same arithmetic in the same
 * order. */
typedef double lanes_f64 __attribute__((vector_size(32), aligned(8), may_alias));
typedef int64_t lanes_i64 __attribute__((vector_size(32), aligned(8), may_alias));

#define SPLAT_F64(x) ((lanes_f64){(x), (x), (x), (x)})
#define SPLAT_I64(x) ((lanes_i64){(x), (x), (x), (x)})

/* What four lanes have seen. Masks count as −1 each. */
struct real_lanes {
    lanes_f64 min, max, magnitude;
    lanes_i64 zero, negative, nan, inf;
};

static inline __attribute__((always_inline)) void real_step(struct real_lanes *seen,
                                                            const lanes_f64 *value)
{
    const lanes_f64 x = *value;
    const lanes_i64 magnitude_bits = (lanes_i64)x & SPLAT_I64(INT64_MAX);
    const lanes_f64 magnitude = (lanes_f64)magnitude_bits;
    const lanes_i64 below = x<seen->min, above = x> seen->max;
    const lanes_i64 larger = (magnitude > seen->magnitude) & (magnitude < SPLAT_F64(INFINITY));
    seen->min = (lanes_f64)(((lanes_i64)x & below) | ((lanes_i64)seen->min & ~below));
    seen->max = (lanes_f64)(((lanes_i64)x & above) | ((lanes_i64)seen->max & ~above));
    seen->magnitude =
        (lanes_f64)((magnitude_bits & larger) | ((lanes_i64)seen->magnitude & ~larger));
    seen->zero += (lanes_i64)(x == SPLAT_F64(0));
    seen->negative += (lanes_i64)(x < SPLAT_F64(0));
    seen->nan += (lanes_i64)(x != x);
    seen->inf += (lanes_i64)(magnitude == SPLAT_F64(INFINITY));
}

static inline void real_scan_body(const double *values, size_t n, struct assay_real_scan *ret_scan)
{
    struct real_lanes seen = {.min = SPLAT_F64(INFINITY), .max = SPLAT_F64(-INFINITY)};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        real_step(&seen, (const lanes_f64 *)(const void *)(values + i));
    if (i < n) {
        double rest[4] = {NAN, NAN, NAN, NAN};
        memcpy(rest, values + i, (n - i) * sizeof *values);
        real_step(&seen, (const lanes_f64 *)(const void *)rest);
        for (size_t lane = n - i; lane < 4; lane++)
            seen.nan[lane] += 1; /* the padding is no value */
    }
    struct assay_real_scan scan = {.min = INFINITY, .max = -INFINITY};
    for (size_t lane = 0; lane < 4; lane++) {
        scan.min = seen.min[lane] < scan.min ? seen.min[lane] : scan.min;
        scan.max = seen.max[lane] > scan.max ? seen.max[lane] : scan.max;
        scan.magnitude =
            seen.magnitude[lane] > scan.magnitude ? seen.magnitude[lane] : scan.magnitude;
        scan.zero -= (uint64_t)seen.zero[lane];
        scan.negative -= (uint64_t)seen.negative[lane];
        scan.nan -= (uint64_t)seen.nan[lane];
        scan.inf -= (uint64_t)seen.inf[lane];
    }
    *ret_scan = scan;
}

struct power_lanes {
    lanes_f64 first, second, third, fourth;
};

static inline __attribute__((always_inline)) void
power_step(struct power_lanes *sums, const lanes_f64 *value, const lanes_f64 *shift)
{
    const lanes_f64 d = *value - *shift, square = d * d;
    sums->first += d;
    sums->second += square;
    sums->third += square * d;
    sums->fourth += square * square;
}

static inline void power_sums_body(const double *values, size_t n, double shift, double ret_sums[4])
{
    struct power_lanes sums = {0};
    const lanes_f64 shifts = SPLAT_F64(shift);
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        power_step(&sums, (const lanes_f64 *)(const void *)(values + i), &shifts);
    double rest[4] = {shift, shift, shift, shift};
    memcpy(rest, values + i, (n - i) * sizeof *values);
    power_step(&sums, (const lanes_f64 *)(const void *)rest, &shifts);
    ret_sums[0] = (sums.first[0] + sums.first[1]) + (sums.first[2] + sums.first[3]);
    ret_sums[1] = (sums.second[0] + sums.second[1]) + (sums.second[2] + sums.second[3]);
    ret_sums[2] = (sums.third[0] + sums.third[1]) + (sums.third[2] + sums.third[3]);
    ret_sums[3] = (sums.fourth[0] + sums.fourth[1]) + (sums.fourth[2] + sums.fourth[3]);
}

struct part_lanes {
    lanes_f64 high, middle, low;
    lanes_i64 rest;
};

/* Adding and taking away 1.5·2^k rounds to a multiple of 2^(k−52); what is cut off is exact. */
static inline __attribute__((always_inline)) void
part_step(struct part_lanes *sums, const lanes_f64 *value, const lanes_f64 anchors[ASSAY_SUM_PARTS])
{
    const lanes_f64 x = *value;
    const lanes_f64 high = (x + anchors[0]) - anchors[0], below = x - high;
    const lanes_f64 middle = (below + anchors[1]) - anchors[1], lower = below - middle;
    const lanes_f64 low = (lower + anchors[2]) - anchors[2];
    sums->high += high;
    sums->middle += middle;
    sums->low += low;
    sums->rest |= (lanes_i64)(lower != low);
}

static inline bool sum_parts_body(const double *values, size_t n,
                                  const double anchor[ASSAY_SUM_PARTS],
                                  double ret_parts[ASSAY_SUM_PARTS])
{
    struct part_lanes sums = {0};
    const lanes_f64 anchors[ASSAY_SUM_PARTS] = {SPLAT_F64(anchor[0]), SPLAT_F64(anchor[1]),
                                                SPLAT_F64(anchor[2])};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        part_step(&sums, (const lanes_f64 *)(const void *)(values + i), anchors);
    double rest[4] = {0};
    memcpy(rest, values + i, (n - i) * sizeof *values);
    part_step(&sums, (const lanes_f64 *)(const void *)rest, anchors);
    ret_parts[0] = (sums.high[0] + sums.high[1]) + (sums.high[2] + sums.high[3]);
    ret_parts[1] = (sums.middle[0] + sums.middle[1]) + (sums.middle[2] + sums.middle[3]);
    ret_parts[2] = (sums.low[0] + sums.low[1]) + (sums.low[2] + sums.low[3]);
    return !(sums.rest[0] | sums.rest[1] | sums.rest[2] | sums.rest[3]);
}

struct unit_lanes {
    lanes_i64 sum, other;
};

/* Adding and taking away 1.5·2^52 rounds to an integer, whose bits then stand in the mantissa; a
 * value that dividing does not give back is no such decimal. */
static inline __attribute__((always_inline)) void
unit_step(struct unit_lanes *units, const lanes_f64 *value, const lanes_f64 *power)
{
    const lanes_f64 anchor = SPLAT_F64(0x1.8p52);
    const lanes_f64 shifted = *value * *power + anchor, whole = shifted - anchor;
    units->sum += (lanes_i64)shifted - (lanes_i64)anchor;
    units->other |= (lanes_i64)(whole / *power != *value);
}

static inline bool decimal_units_body(const double *values, size_t n, double power,
                                      int64_t *ret_units)
{
    enum { BLOCK = 64 }; /* values between looks at what does not fit */
    struct unit_lanes units = {0};
    const lanes_f64 powers = SPLAT_F64(power);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        unit_step(&units, (const lanes_f64 *)(const void *)(values + i), &powers);
        if (i % BLOCK == 0 && (units.other[0] | units.other[1] | units.other[2] | units.other[3]))
            return false;
    }
    double rest[4] = {0};
    memcpy(rest, values + i, (n - i) * sizeof *values);
    unit_step(&units, (const lanes_f64 *)(const void *)rest, &powers);
    *ret_units = (units.sum[0] + units.sum[1]) + (units.sum[2] + units.sum[3]);
    return !(units.other[0] | units.other[1] | units.other[2] | units.other[3]);
}

/* |x| < 2^51: as an integer added to the bits of 1.5·2^52 it stands in the mantissa. */
static inline void small_ints_to_reals_body(const int64_t *values, size_t n, double *ret_values)
{
    const double anchor = 0x1.8p52;
    int64_t anchor_bits;
    memcpy(&anchor_bits, &anchor, sizeof anchor_bits);
    for (size_t i = 0; i < n; i++) {
        const int64_t bits = values[i] + anchor_bits;
        double shifted;
        memcpy(&shifted, &bits, sizeof shifted);
        ret_values[i] = shifted - anchor;
    }
}

#undef LANES

#endif
