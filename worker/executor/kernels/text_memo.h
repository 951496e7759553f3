/* Texts of few values: the short ones that the exact table of values holds already are told by
 * their first sixteen bytes and counted beside it, without hashing and scanning them again.
 *
 * The figures are the same as without it: a text that is remembered was scanned before (so it is no
 * new extreme) and occurred twice at least (so the table keeps its text, or never will), and only
 * its count and its length are left to add. Lengths are added at once, counts wait until
 * assay_text_memo_settle(), which comes before anybody reads the table's counts. What is empty,
 * blank, malformed or longer than sixteen bytes is not remembered. Nothing of this is merged or
 * saved.
 *
 * Memory: 24 bytes for each value that the exact table may hold (36 while it grows) while that is
 * at most half full, half of it while the table has still to grow. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_TEXT_MEMO_H
#define ASSAY_KERNELS_TEXT_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/kernels/frequency.h"
#include "worker/executor/kernels/text_scan.h"

struct assay_text_memo_entry;

/** Zero-initialised is empty. */
struct assay_text_memo {
    struct assay_text_memo_entry *entries; /* entries[0] stands for none; NULL = no memo yet */
    uint16_t *places;                      /* by hash of the text, entries' numbers */
    uint32_t count, entries_count;         /* entries in use, and room for them */
    uint32_t places_count;                 /* a power of two */
    uint64_t texts, known;                 /* looked at, and known among them, of late */
    bool off;                              /* this field's texts are not worth a look */
};

void assay_text_memo_release(struct assay_text_memo *memo);

/** May the next n texts be looked up before they are counted? From the time on when the table is
 * inexact or more than half full, or could become inexact by them, or when few texts were known, no
 * longer: then all is settled and the memory given back. */
bool assay_text_memo_begin(struct assay_text_memo *memo, struct assay_frequency *table, size_t n);
/** Count the texts that are known, ≤ ASSAY_BATCH_ROWS in all, and add their lengths; the others
 * come out in order. Returns how many. */
size_t assay_text_memo_count(struct assay_text_memo *memo, struct assay_length_figures *lengths,
                             const struct assay_text *texts, size_t n,
                             struct assay_text *ret_others);
/** Remember texts that were scanned and counted in the table just now. Out of memory none is. */
void assay_text_memo_learn(struct assay_text_memo *memo, const struct assay_frequency *table,
                           bool opaque, const struct assay_text *texts, const uint64_t *hashes,
                           size_t n);
/** Bring the counts to the table. */
void assay_text_memo_settle(const struct assay_text_memo *memo,
                            const struct assay_frequency *table);

#endif
