/* Check inference: which checks follow from a container's statistics, with evidence for each.
 *
 * Records are those of the fields' uniform samples, joined by the hash of the record (at most
 * ASSAY_FIELD_SAMPLE). They are split by the seed: candidates come from one part and must hold in
 * the other, and nothing that the full statistics contradict is offered. Levels are cumulative;
 * what needs a second container (existsIn, isReplicaOf) is common/relate's. Each check is a JSON
 * object in the form of a REST body, with evidence under additional_metadata.inference:
 *   method             how the candidate was made
 *   level              of inference, 1 to 5, that makes it
 *   support            values (or records) behind it: all of them where the full statistics tell,
 *                      else those of the sample
 *   held               share of them that pass
 *   held_interval      95 % Wilson interval of that share
 *   tested, passed     records held out, and how many of them pass
 *   failing_share      expected share of sound future records that fail
 *   false_alarm_rate   expected chance that the check alarms in a scan of as many sound records as
 *                      were profiled
 *   verified_records   records of the container that were judged by it, all of which it holds for
 *                      (or for the coverage's share); 0 = it rests on the sample
 * A field with values that do not fit its type gets checks with coverage only: those values fail
 * every rule.
 * The same statistics, options and seed give the same checks. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_INFER_CHECK_INFER_H
#define ASSAY_INFER_CHECK_INFER_H

#include "common/base/error.h"
#include "common/json/json.h"
#include "worker/executor/infer/semantic.h"
#include "worker/executor/kernels/field_stats.h"

enum assay_infer_level {
    ASSAY_INFER_OFF,
    ASSAY_INFER_LOW,
    ASSAY_INFER_MEDIUM,
    ASSAY_INFER_HIGH,
    ASSAY_INFER_XHIGH,
    ASSAY_INFER_MAX,
};
/** "off", "low", "medium", "high", "xhigh", "max", or "0" to "5". */
bool assay_infer_level_parse(const char *text, enum assay_infer_level *ret_level);

/** A field as inference sees it. Everything is the caller's. */
struct assay_infer_field {
    const char *name;
    enum assay_type type;      /* the type as users see it */
    const char *semantic_type; /* name of the row, NULL = none */
    const struct assay_field_stats *stats;
    uint64_t misfits; /* values that do not fit the type; null in the statistics */
};

struct assay_infer_options {
    enum assay_infer_level level;
    const char *container; /* name for `container`; NULL leaves it out */
    uint64_t seed;         /* splits the sample; that of the field plans will do */
    int64_t now_us;        /* start of the operation, for notFuture */
    double testing_share;  /* of the sample held out; 0 = 0.4 */
    bool draft;            /* status Draft instead of Active */
};

/** *ret_checks: a JSON array, the caller's, in the order of the fields, then of pairs. Pure.
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_checks_infer(const struct assay_infer_field *fields, size_t fields_count,
                                        const struct assay_infer_options *options,
                                        json_t **ret_checks, struct assay_error *err);

/** Does a check as made above rest on the sample only? */
bool assay_check_rests_on_sample(const json_t *check);
/** Such a check was judged over all `records` of the container, and holds: its evidence is that of
 * the records with a value. Without any (both 0: it judges the container as a whole) its figures
 * stay. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_check_set_verified(json_t *check, uint64_t records, uint64_t passed,
                                              uint64_t failing, struct assay_error *err);

/** A candidate between containers (common/relate/relate.h) was judged on all `records` and holds
 * for the `support` of them that have a value. What it says of itself so far stays.
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_check_set_judged(json_t *check, uint64_t records, uint64_t support,
                                            struct assay_error *err);

#endif
