/* dataDiff and isReplicaOf: the records of a container against those of a reference. Internal to
 * data_diff*.c.
 *
 * Both sides are compared part by part (by the hash of the id, or of the record), in as many parts
 * as memory asks for: one at first. Tables of a part (N: the check's number):
 *   _assay_differ_N  records that one side has more often than the other, each once: k0, k1, …
 *                    (fields, those of the id first), m0, … (misfits, a bit for each field),
 *                    here, there
 *   _assay_step_N    what that means: number, kind, copies, here, a0, … and am0, … of the
 *                    container, b0, … and bm0, … of the reference
 *   _assay_at_N      where the failing records of the container stand
 * The last two only where there is a difference. Every failing record is marked by its place; what
 * messages may show of all parts is kept in _assay_found_N and _assay_places_N, which look like
 * the last two. NULL equals NULL in all of them, NaN equals NaN, -0.0 equals 0.0. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_RULE_DATA_DIFF_H
#define ASSAY_EXECUTOR_RULE_DATA_DIFF_H

#include "worker/executor/rules/rule.h"

/** A field of both sides, as SQL of values that compare with those of the other side. */
struct assay_diff_field {
    const struct assay_rule_field *own, *ref;
    const char *own_sql, *ref_sql;
    const char *near_sql; /* over aI and bI: a comparator takes them for the same; NULL = none */
};

enum assay_diff_kind { ASSAY_DIFF_CHANGED, ASSAY_DIFF_EXTRA, ASSAY_DIFF_MISSING };

/** What a check knows after its preparation (struct assay_rule_check.state). In the arena. */
struct assay_diff {
    const struct assay_rule_scope *reference;
    const char *ref_where;
    struct assay_diff_field *fields;
    size_t fields_count, ids_count; /* ids come first; none: records are compared as wholes */
    size_t misfit_words; /* columns m0, … of texts that do not fit their type; 0 = there are none */
    int64_t copies[3];   /* records that differ, by kind */
    int64_t surplus;     /* records here less those of the reference */
    int64_t repeated;    /* ids that are there more than once, among those that differ */
    unsigned parts, part;       /* that is compared, of so many */
    bool part_repeats;          /* there are such ids in it */
    int64_t numbers;            /* given to rows of the parts before */
    struct assay_lookup *marks; /* failing records of the container */
};

#define ASSAY_DIFF_EXAMPLES  3  /* of each kind, in a message */
#define ASSAY_DIFF_WORD_BITS 63 /* fields of a column of misfits: not its sign */

/* data_diff_parts.c */
/** Compare the two sides: counts, marks, and what messages show. */
ASSAY_MUST_CHECK int assay_diff_compare(const struct assay_rule_check *check,
                                        struct assay_diff *diff, struct assay_error *err);

/* data_diff_compare.c */
/** Make the tables of diff->part, counted into diff. *ret_places: there is _assay_at_N;
 * *ret_found: there is _assay_step_N. */
ASSAY_MUST_CHECK int assay_diff_compare_part(const struct assay_rule_check *check,
                                             struct assay_diff *diff, bool *ret_found,
                                             bool *ret_places, struct assay_error *err);
/** Append the condition that field i of a row of _assay_found_N or _assay_step_N is not the same on
 * both sides. */
void assay_diff_append_changed(const struct assay_diff *diff, size_t i, struct assay_buf *sql);
/** Append the condition that field i is a misfit of that side, 'a' or 'b', of such a row. */
void assay_diff_append_misfit(const struct assay_diff *diff, char side, size_t i,
                              struct assay_buf *sql);

/* data_diff_say.c */
/** Append SQL of the sentence about a failing record, over _assay_found_N. */
void assay_diff_append_sentence(const struct assay_rule_check *check, const struct assay_diff *diff,
                                struct assay_buf *sql);
/** Append the sentences of a check that failed. records: those of the container. */
ASSAY_MUST_CHECK int assay_diff_say(const struct assay_rule_check *check,
                                    const struct assay_diff *diff, uint64_t records,
                                    struct assay_buf *text, struct assay_error *err);

/** Append the columns of _assay_found_N by which the examples of a kind are ordered; nothing where
 * none are shown. */
void assay_diff_append_order(const struct assay_rule_check *check, const struct assay_diff *diff,
                             enum assay_diff_kind kind, struct assay_buf *sql);

/* data_diff_samples.c */
/** Failing records of the container, the first ones: scope->samples_max at most. In the arena. */
ASSAY_MUST_CHECK int assay_diff_sample(const struct assay_rule_check *check,
                                       const struct assay_diff *diff,
                                       const struct assay_rule_sample **ret_samples,
                                       size_t *ret_count, struct assay_error *err);

#endif
