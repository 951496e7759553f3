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
    json_t *checks;
};

struct assay_evidence {
    const char *method;
    uint64_t support, held;  /* judged, and passing, as far as is known */
    uint64_t tested, passed; /* held out */
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

/** Append the check, unless its rule is not one of this version's. */
ASSAY_MUST_CHECK int assay_inference_offer(struct assay_inference *inference,
                                           const struct assay_offer *offer,
                                           struct assay_error *err);

/** May this rule be offered? */
bool assay_inference_may(const struct assay_inference *inference, const char *rule);

/** 95 % interval of a share by E. B. Wilson (1927). */
void assay_wilson_interval(uint64_t passed, uint64_t judged, double *ret_low, double *ret_high);

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
/* check_range.c */
int assay_infer_between(struct assay_inference *inference, size_t field, struct assay_error *err);
int assay_infer_between_times(struct assay_inference *inference, size_t field,
                              struct assay_error *err);
int assay_infer_one_sided(struct assay_inference *inference, size_t field, struct assay_error *err);
int assay_infer_open_times(struct assay_inference *inference, size_t field,
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
int assay_infer_predicted(struct assay_inference *inference, size_t field, struct assay_error *err);
/* check_shape.c: level 5, and sizes over time */
int assay_infer_time_sizes(struct assay_inference *inference, size_t field,
                           struct assay_error *err);
int assay_infer_values_shape(struct assay_inference *inference, size_t field,
                             struct assay_error *err);
int assay_infer_not_null_shape(struct assay_inference *inference, size_t field,
                               struct assay_error *err);

#endif
