/* What the files check_*.c share: the state of one inference, and how a check with its evidence is
 * offered. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_INFER_CHECK_OFFER_H
#define ASSAY_INFER_CHECK_OFFER_H

#include "worker/executor/infer/check_records.h"

#define ASSAY_INFER_RECORDS_MIN 20  /* fewer records tell nothing about nulls, signs, uniqueness */
#define ASSAY_INFER_VALUES_MIN  100 /* fewer values tell nothing about ranges, patterns, lists */

/** What was already said about a field, so that one rule does not repeat another. */
struct assay_field_offers {
    bool not_null, values, pattern, range, unique;
};

struct assay_inference {
    const struct assay_infer_field *fields;
    size_t fields_count;
    const struct assay_infer_options *options;
    struct assay_record_sample records;
    struct assay_field_offers *offers; /* one a field */
    enum assay_infer_level level;      /* of the candidate that is tried */
    json_t *checks;
};

struct assay_evidence {
    const char *method;
    uint64_t support, held;  /* looked at, and passing */
    uint64_t tested, passed; /* held out */
    uint64_t judged; /* by a scan of as many records as were profiled; more than support where that
                        is a sample */
    double chance;   /* of an alarm in such a scan, as far as the method itself tells of one */
    bool sampled;    /* made from the sample: what is known of all records does not settle it */
    uint64_t verified; /* records it is known to hold for; set by assay_inference_offer() */
};

/** The check to be. Texts are borrowed, properties are taken over (NULL = none). */
struct assay_offer {
    const char *rule;
    size_t fields[2];
    size_t fields_count;
    json_t *properties;
    double coverage; /* 0 = 1.0 */
    const char *description;
    struct assay_evidence evidence;
};

/** Append the check. */
ASSAY_MUST_CHECK int assay_inference_offer(struct assay_inference *inference,
                                           const struct assay_offer *offer,
                                           struct assay_error *err);

/* check_evidence.c */

/** 95 % interval of a share by E. B. Wilson (1927). */
void assay_wilson_interval(uint64_t passed, uint64_t judged, double *ret_low, double *ret_high);
/** The greatest coverage, in hundredths, that a scan of `judged` records of the same kind fails
 * with a chance of at most 1 %. */
double assay_coverage_of(const struct assay_evidence *evidence);
/** Exponent a of the prior of a rule's share of failing records, Beta(a, 1). */
double assay_prior_of(const char *rule);
ASSAY_MUST_CHECK int assay_evidence_set(json_t *check, const struct assay_offer *offer, int level,
                                        struct assay_error *err);

/** Set a text, a bool or the exact text of a number or time of the field's layout. */
ASSAY_MUST_CHECK int assay_set_text(json_t *object, const char *key, const char *text,
                                    struct assay_error *err);
ASSAY_MUST_CHECK int assay_set_constant(json_t *object, const char *key,
                                        const struct assay_infer_field *field, double number,
                                        struct assay_error *err);

static inline bool assay_is_number_field(const struct assay_infer_field *field)
{
    return field->type == ASSAY_TYPE_INTEGRAL || field->type == ASSAY_TYPE_FRACTIONAL;
}
static inline bool assay_is_time_field(const struct assay_infer_field *field)
{
    return field->type == ASSAY_TYPE_DATE || field->type == ASSAY_TYPE_TIMESTAMP;
}
/** µs since 1970 of a time field's number (days of a date). */
double assay_time_us(const struct assay_infer_field *field, double number);

/** Values of the field in the held-out part. */
uint64_t assay_held_out_values(const struct assay_inference *inference, size_t field);
/** The field's numbers in the training part, sorted; *ret_numbers is freed by the caller. */
ASSAY_MUST_CHECK int assay_training_numbers(const struct assay_inference *inference, size_t field,
                                            double **ret_numbers, size_t *ret_count,
                                            struct assay_error *err);
/** For qsort() of doubles without NaN. */
int assay_compare_reals(const void *a, const void *b);
/** Quantile of type 7 of sorted numbers. */
double assay_quantile_of(const double *sorted, size_t count, double q);

/** How far the greatest of as many values to come may lie beyond the greatest one seen, with a
 * chance of a hundredth, when the tail decays as an exponential. Given the values at 100 %, 99 %
 * and 95 %, or those of the other side. INFINITY when the tail decays much slower than the part
 * from 95 % to 99 % foretells: such a tail has no end. */
double assay_tail_reach(double extreme, double hundredth, double twentieth, size_t count);

/** Numbers in the shape of a bell, all above zero, whose lower tail reaches below it: with more of
 * them some will be negative. Zero is no limit of theirs. */
bool assay_only_seems_positive(const struct assay_field_stats *stats);

/* --- candidates; each offers what it finds --------------------------------------------------- */

/* check_single.c: levels 1 and 2 by the full statistics */
int assay_infer_not_null(struct assay_inference *inference, size_t field, struct assay_error *err);
int assay_infer_expected_values(struct assay_inference *inference, size_t field,
                                struct assay_error *err);
int assay_infer_not_negative(struct assay_inference *inference, size_t field,
                             struct assay_error *err);
int assay_infer_not_future(struct assay_inference *inference, size_t field,
                           struct assay_error *err);
int assay_infer_unique(struct assay_inference *inference, size_t field, struct assay_error *err);
/* check_range.c: numbers */
int assay_infer_between(struct assay_inference *inference, size_t field, struct assay_error *err);
int assay_infer_one_sided(struct assay_inference *inference, size_t field, struct assay_error *err);
/* check_times.c: dates and times */
int assay_infer_between_times(struct assay_inference *inference, size_t field,
                              struct assay_error *err);
int assay_infer_open_times(struct assay_inference *inference, size_t field,
                           struct assay_error *err);
int assay_infer_time_sizes(struct assay_inference *inference, size_t field,
                           struct assay_error *err);
/* check_pattern.c */
int assay_infer_pattern(struct assay_inference *inference, size_t field, struct assay_error *err);
int assay_infer_pattern_shape(struct assay_inference *inference, size_t field,
                              struct assay_error *err);
/* check_pairs.c: two fields of a record */
int assay_infer_any_not_null(struct assay_inference *inference, size_t field,
                             struct assay_error *err);
int assay_infer_field_order(struct assay_inference *inference, size_t field,
                            struct assay_error *err);
/* check_predicted.c */
int assay_infer_predicted(struct assay_inference *inference, size_t field, struct assay_error *err);
/* check_shape.c: level 5 */
int assay_infer_values_shape(struct assay_inference *inference, size_t field,
                             struct assay_error *err);
int assay_infer_not_null_shape(struct assay_inference *inference, size_t field,
                               struct assay_error *err);

#endif
