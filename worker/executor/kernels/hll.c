// HyperLogLog.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/hll.h"

#include <math.h>
#include <string.h>

#include "common/base/memory.h"

#define RANK_MAX  (64 - ASSAY_HLL_PRECISION + 1)
#define RANK_BITS 6
#define BLOCK     128 /* hashes looked at together */

bool assay_hll_init(struct assay_hll *hll)
{
    hll->registers = assay_calloc(ASSAY_HLL_REGISTERS, 1);
    hll->minimum = 0;
    hll->at_minimum = ASSAY_HLL_REGISTERS;
    return hll->registers != NULL;
}

void assay_hll_release(struct assay_hll *hll)
{
    assay_free(hll->registers);
    *hll = (struct assay_hll){0};
}

static void find_minimum(struct assay_hll *hll)
{
    uint32_t counts[RANK_MAX + 1] = {0};
    for (size_t i = 0; i < ASSAY_HLL_REGISTERS; i++)
        counts[hll->registers[i]]++;
    hll->minimum = 0;
    while (!counts[hll->minimum])
        hll->minimum++;
    hll->at_minimum = counts[hll->minimum];
}

/* Raise the registers of n hashes, without a branch on each: whether one rises is not to be
 * guessed. */
static void raise_all(struct assay_hll *hll, const uint64_t *hashes, size_t n)
{
    uint8_t *const registers = hll->registers;
    const uint8_t minimum = hll->minimum;
    uint32_t left = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t hash = hashes[i];
        const uint64_t rest = hash << ASSAY_HLL_PRECISION | UINT64_C(1)
                                                                << (ASSAY_HLL_PRECISION - 1);
        const uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
        uint8_t *reg = &registers[hash >> (64 - ASSAY_HLL_PRECISION)];
        const uint8_t was = *reg;
        left += (was == minimum) & (rank > was);
        *reg = rank > was ? rank : was;
    }
    hll->at_minimum -= left;
    if (!hll->at_minimum)
        find_minimum(hll);
}

/* Which hashes may raise a register: rank > minimum exactly when the `minimum` bits below the index
 * are all zero. Without a branch on each, half of which the processor would guess wrong. */
static size_t candidates(const struct assay_hll *hll, const uint64_t *hashes, size_t n,
                         uint64_t *ret_found)
{
    const uint64_t bits = hll->minimum ? UINT64_MAX << (64 - hll->minimum) : 0;
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        ret_found[found] = hashes[i];
        found += !(hashes[i] << ASSAY_HLL_PRECISION & bits);
    }
    return found;
}

void assay_hll_add(struct assay_hll *hll, const uint64_t *hashes, size_t n)
{
    uint64_t found[BLOCK];
    for (size_t from = 0; from < n; from += BLOCK) {
        const size_t part = n - from < BLOCK ? n - from : BLOCK;
        if (!hll->minimum)
            raise_all(hll, hashes + from, part);
        else
            raise_all(hll, found, candidates(hll, hashes + from, part, found));
    }
}

void assay_hll_merge(struct assay_hll *hll, const struct assay_hll *other)
{
    for (size_t i = 0; i < ASSAY_HLL_REGISTERS; i++) {
        if (other->registers[i] > hll->registers[i])
            hll->registers[i] = other->registers[i];
    }
    find_minimum(hll);
}

void assay_hll_fold(const struct assay_hll *hll, unsigned precision, uint8_t *ret_registers)
{
    const unsigned dropped = ASSAY_HLL_PRECISION - precision;
    memset(ret_registers, 0, (size_t)1 << precision);
    for (uint32_t i = 0; i < ASSAY_HLL_REGISTERS; i++) {
        const uint32_t lead = i & ((1u << dropped) - 1);
        if (!hll->registers[i])
            continue;
        const unsigned rank =
            lead ? (unsigned)__builtin_clz(lead) - (32 - dropped) + 1 : dropped + hll->registers[i];
        uint8_t *reg = &ret_registers[i >> dropped];
        *reg = rank > *reg ? (uint8_t)rank : *reg;
    }
}

/* Ertl's σ(x) = x + Σ x^(2^k) 2^(k−1), for empty registers. */
static double sigma(double x)
{
    if (x == 1.0)
        return INFINITY;
    double y = 1, z = x, previous;
    do {
        x *= x;
        previous = z;
        z += x * y;
        y += y;
    } while (z != previous);
    return z;
}

/* Ertl's τ(x), for saturated registers. */
static double tau(double x)
{
    if (x == 0.0 || x == 1.0)
        return 0;
    double y = 1, z = 1 - x, previous;
    do {
        x = sqrt(x);
        previous = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != previous);
    return z / 3;
}

double assay_hll_estimate(const struct assay_hll *hll)
{
    const double m = ASSAY_HLL_REGISTERS;
    double counts[RANK_MAX + 1] = {0};
    for (size_t i = 0; i < ASSAY_HLL_REGISTERS; i++)
        counts[hll->registers[i]]++;
    double z = m * tau(1 - counts[RANK_MAX] / m);
    for (unsigned rank = RANK_MAX - 1; rank >= 1; rank--)
        z = 0.5 * (z + counts[rank]);
    z += m * sigma(counts[0] / m);
    return m * m / (2 * log(2) * z);
}

/* Four registers of six bits in three bytes. */
void assay_hll_save(const struct assay_hll *hll, struct assay_buf *buf)
{
    for (size_t i = 0; i < ASSAY_HLL_REGISTERS; i += 4) {
        uint32_t bits = 0;
        for (unsigned j = 0; j < 4; j++)
            bits |= (uint32_t)hll->registers[i + j] << (RANK_BITS * j);
        const unsigned char bytes[3] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                        (unsigned char)(bits >> 16)};
        assay_buf_append(buf, bytes, sizeof bytes);
    }
}

bool assay_hll_load(struct assay_hll *hll, struct assay_bytes *in)
{
    const unsigned char *bytes = assay_get_bytes(in, ASSAY_HLL_REGISTERS / 4 * 3);
    if (!bytes || !assay_hll_init(hll))
        return false;
    for (size_t i = 0; i < ASSAY_HLL_REGISTERS; i += 4, bytes += 3) {
        const uint32_t bits =
            (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
        for (unsigned j = 0; j < 4; j++) {
            const uint8_t rank = (uint8_t)(bits >> (RANK_BITS * j) & 0x3F);
            in->failed = in->failed || rank > RANK_MAX;
            hll->registers[i + j] = rank > RANK_MAX ? RANK_MAX : rank;
        }
    }
    find_minimum(hll);
    return !in->failed;
}
