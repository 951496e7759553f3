/* One value of a column as JSON, for people: previews of records. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_INSPECT_VALUE_JSON_H
#define ASSAY_INSPECT_VALUE_JSON_H

#include "common/json/json.h"
#include "worker/executor/batch/batch.h"

/** The value of a row: null, numbers where JSON's own hold them exactly (else their text), texts
 * made safe, dates and times in ISO 8601, bytes as lower-case hexadecimal, lists as arrays, structs
 * as {}. Long texts are cut at 4096 bytes. The caller's; NULL when out of memory. */
json_t *assay_value_json(const struct assay_column *column, size_t row);

#endif
