// CSV tokenizer, AVX2 form: 64 bytes a step, quote regions by carry-less multiplication.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_scan.h"

#if defined(__AVX2__)
#include <immintrin.h>

/* The tokenizer's state as bits that go from block to block. */
struct carry {
    uint64_t inside;  /* all ones within quotes */
    uint64_t opens;   /* 1: a quote as the next byte opens, or doubles the one before it */
    uint64_t escaped; /* 1: the next byte is text */
};

struct needles {
    __m256i delimiter, newline, quote, escape;
    bool has_quote, has_escape;
};

static inline uint64_t equal_bits(__m256i low, __m256i high, __m256i needle)
{
    const uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, needle));
    const uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, needle));
    return (uint64_t)b << 32 | a;
}

/* Bit i: the number of bits set up to and including i is odd. */
static inline uint64_t prefix_xor(uint64_t bits)
{
    const __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8((char)0xFF), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* Bytes behind an odd run of escapes, which are text (Langdale and Lemire, section 3.1.1). */
static inline uint64_t escaped_bits(uint64_t escapes, uint64_t *escaped)
{
    const uint64_t even = UINT64_C(0x5555555555555555);
    escapes &= ~*escaped;
    const uint64_t follows = escapes << 1 | *escaped;
    const uint64_t odd_starts = escapes & ~even & ~follows;
    unsigned long long on_even;
    *escaped = __builtin_uaddll_overflow(odd_starts, escapes, &on_even);
    return (even ^ (uint64_t)on_even << 1) & follows;
}

static struct carry carry_of(enum assay_csv_state state)
{
    struct carry carry = {0};
    carry.inside =
        state == ASSAY_CSV_QUOTED || state == ASSAY_CSV_QUOTED_ESCAPED ? ~UINT64_C(0) : 0;
    carry.opens =
        state == ASSAY_CSV_RECORD || state == ASSAY_CSV_CELL || state == ASSAY_CSV_QUOTE_SEEN;
    carry.escaped = state == ASSAY_CSV_ESCAPED || state == ASSAY_CSV_QUOTED_ESCAPED;
    return carry;
}

/* last: the byte in front, which tells apart the states that the carry alone does not. */
static enum assay_csv_state state_of(const struct carry *carry, const struct assay_dialect *dialect,
                                     char last)
{
    if (carry->inside)
        return carry->escaped ? ASSAY_CSV_QUOTED_ESCAPED : ASSAY_CSV_QUOTED;
    if (carry->escaped)
        return ASSAY_CSV_ESCAPED;
    if (!carry->opens)
        return ASSAY_CSV_UNQUOTED;
    return last == dialect->newline     ? ASSAY_CSV_RECORD
           : last == dialect->delimiter ? ASSAY_CSV_CELL
                                        : ASSAY_CSV_QUOTE_SEEN;
}

/* Positions of the bits, eight at a time: more are written than counted. */
static inline size_t flatten(uint64_t bits, uint32_t base, uint32_t *marks)
{
    const size_t count = (size_t)_mm_popcnt_u64(bits);
    for (size_t done = 0; done < count; done += 8) {
        for (size_t i = 0; i < 8; i++) {
            marks[done + i] = base + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
        }
    }
    return count;
}

/* One block. False, with nothing changed, when a quote opens in the middle of a cell. */
static inline bool block(const struct needles *needles, const char *data, struct carry *carry,
                         uint64_t *ret_marks, uint64_t *ret_newlines)
{
    const __m256i low = _mm256_loadu_si256((const __m256i *)data);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(data + 32));
    const uint64_t newlines = equal_bits(low, high, needles->newline);
    uint64_t ends = equal_bits(low, high, needles->delimiter) | newlines;
    uint64_t quotes = needles->has_quote ? equal_bits(low, high, needles->quote) : 0;
    uint64_t escape_carry = carry->escaped;
    if (needles->has_escape) {
        const uint64_t text = escaped_bits(equal_bits(low, high, needles->escape), &escape_carry);
        ends &= ~text;
        quotes &= ~text;
    }
    *ret_newlines = newlines;
    if (!(quotes | carry->inside)) {
        *ret_marks = ends;
        carry->opens = ends >> 63;
        carry->escaped = escape_carry;
        return true;
    }
    const uint64_t inside = prefix_xor(quotes) ^ carry->inside;
    const uint64_t marks = ends & ~inside, closes = quotes & ~inside;
    if (quotes & inside & ~((marks | closes) << 1 | carry->opens))
        return false;
    *ret_marks = marks;
    carry->inside = (uint64_t)((int64_t)inside >> 63);
    carry->opens = (marks | closes) >> 63;
    carry->escaped = escape_carry;
    return true;
}

size_t assay_csv_scan_avx2(const struct assay_dialect *dialect, const char *data, size_t size_bytes,
                           uint32_t base, enum assay_csv_state *state, uint32_t *marks,
                           uint64_t *inner)
{
    if (dialect->comment || size_bytes < 64)
        return assay_csv_scan_plain(dialect, data, size_bytes, base, state, marks, inner);
    const struct needles needles = {_mm256_set1_epi8(dialect->delimiter),
                                    _mm256_set1_epi8(dialect->newline),
                                    _mm256_set1_epi8(dialect->quote),
                                    _mm256_set1_epi8(dialect->escape),
                                    dialect->quote != 0,
                                    dialect->escape && dialect->escape != dialect->quote};
    struct carry carry = carry_of(*state);
    size_t count = 0, at = 0;
    uint64_t newlines = 0, found = 0;
    for (; at + 64 <= size_bytes; at += 64) {
        uint64_t bits, lines;
        const uint32_t from = base + (uint32_t)at;
        if (__builtin_expect(block(&needles, data + at, &carry, &bits, &lines), 1)) {
            count += flatten(bits, from, marks + count);
            newlines += lines & ~bits ? (uint64_t)_mm_popcnt_u64(lines & ~bits) : 0;
            continue;
        }
        enum assay_csv_state here = at ? state_of(&carry, dialect, data[at - 1]) : *state;
        count += assay_csv_scan_plain(dialect, data + at, 64, from, &here, marks + count, &found);
        carry = carry_of(here);
    }
    enum assay_csv_state here = at ? state_of(&carry, dialect, data[at - 1]) : *state;
    count += assay_csv_scan_plain(dialect, data + at, size_bytes - at, base + (uint32_t)at, &here,
                                  marks + count, &found);
    *state = here;
    *inner += newlines + found;
    return count;
}

#else

size_t assay_csv_scan_avx2(const struct assay_dialect *dialect, const char *data, size_t size_bytes,
                           uint32_t base, enum assay_csv_state *state, uint32_t *marks,
                           uint64_t *inner)
{
    return assay_csv_scan_plain(dialect, data, size_bytes, base, state, marks, inner);
}

#endif
