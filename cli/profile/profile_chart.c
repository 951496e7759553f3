// Which counts of a field are drawn, on a terminal and on a page.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/profile/profile.h"

/* The most frequent values must be so much of all, or a few accidental repeats would look like all
 * there is. */
#define LEAST_SHARE 0.1

static const json_t *frequent_values(const json_t *field, double present)
{
    const json_t *values = assay_json_get(field, "top_values");
    double counted = 0;
    for (size_t i = 0; i < json_array_size(values); i++)
        counted += assay_json_num(json_array_get(values, i), "count", 0);
    return counted > 0 && counted >= LEAST_SHARE * present ? values : NULL;
}

const json_t *assay_profile_chart(const json_t *field, double present)
{
    const json_t *elements = assay_json_get(field, "elements");
    if (elements)
        return assay_profile_chart(elements, assay_json_num(elements, "count", 0) -
                                                 assay_json_num(elements, "null_count", 0));
    const json_t *buckets = assay_json_get(field, "histogram_buckets");
    if (!json_array_size(buckets) || strcmp(assay_json_str(field, "type", ""), "String") == 0)
        return frequent_values(field, present);
    return buckets;
}
