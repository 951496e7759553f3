// CSV tokenizer, plain form: one byte after the other.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_scan.h"

/* The byte begins a cell, or goes on in an unquoted one. */
static bool unquoted(const struct assay_dialect *dialect, char byte, enum assay_csv_state *state)
{
    if (dialect->escape && byte == dialect->escape && dialect->escape != dialect->quote) {
        *state = ASSAY_CSV_ESCAPED;
        return false;
    }
    if (byte == dialect->delimiter) {
        *state = ASSAY_CSV_CELL;
        return true;
    }
    *state = byte == dialect->newline ? ASSAY_CSV_RECORD : ASSAY_CSV_UNQUOTED;
    return byte == dialect->newline;
}

bool assay_csv_step(const struct assay_dialect *dialect, char byte, enum assay_csv_state *state)
{
    switch (*state) {
    case ASSAY_CSV_RECORD:
        if (dialect->comment && byte == dialect->comment) {
            *state = ASSAY_CSV_COMMENT;
            return false;
        }
        __attribute__((fallthrough));
    case ASSAY_CSV_CELL:
        if (dialect->quote && byte == dialect->quote) {
            *state = ASSAY_CSV_QUOTED;
            return false;
        }
        return unquoted(dialect, byte, state);
    case ASSAY_CSV_UNQUOTED:
        return unquoted(dialect, byte, state);
    case ASSAY_CSV_ESCAPED:
        *state = ASSAY_CSV_UNQUOTED;
        return false;
    case ASSAY_CSV_QUOTED:
        if (byte == dialect->quote)
            *state = ASSAY_CSV_QUOTE_SEEN;
        else if (dialect->escape && byte == dialect->escape)
            *state = ASSAY_CSV_QUOTED_ESCAPED;
        return false;
    case ASSAY_CSV_QUOTED_ESCAPED:
        *state = ASSAY_CSV_QUOTED;
        return false;
    case ASSAY_CSV_QUOTE_SEEN:
        if (byte == dialect->quote) {
            *state = ASSAY_CSV_QUOTED;
            return false;
        }
        return unquoted(dialect, byte, state);
    case ASSAY_CSV_COMMENT:
        if (byte == dialect->newline)
            *state = ASSAY_CSV_RECORD;
        return byte == dialect->newline;
    }
    return false;
}

size_t assay_csv_scan_plain(const struct assay_dialect *dialect, const char *data,
                            size_t size_bytes, uint32_t base, enum assay_csv_state *state,
                            uint32_t *marks, uint64_t *inner)
{
    size_t count = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        if (assay_csv_step(dialect, data[i], state))
            marks[count++] = base + (uint32_t)i;
        else if (data[i] == dialect->newline)
            ++*inner;
    }
    return count;
}

bool assay_csv_has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("popcnt");
#else
    return false;
#endif
}
