/* Drift between two profiles of one field, from what the profiles hold: no data is read. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_DRIFT_H
#define ASSAY_CLI_DRIFT_H

#include "common/json/json.h"

/** Population stability index Σ (a − e) ln(a / e) over the values of both, where these are counted
 * one by one, else over the old profile's buckets; shares below 0.0001 count as 0.0001. NaN:
 * nothing to compare. Below 0.1 is held to be stable, above 0.25 a large shift (N. Siddiqi, Credit
 * Risk Scorecards, 2006). old_records, new_records: how many each profile looked at, so that values
 * beyond the listed ones count as one bucket more. */
double assay_drift_psi(const json_t *old_field, double old_records, const json_t *new_field,
                       double new_records);
/** Kolmogorov–Smirnov distance of the two distribution functions of numbers, dates or times: 0 to
 * 1; NaN: nothing to compare. Each is exact where its profile counts every value (up to 100), else
 * drawn through what its sketch gave: buckets and quantiles. */
double assay_drift_ks(const json_t *old_field, const json_t *new_field);

#endif
