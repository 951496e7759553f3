// Bounds that must agree with each other: both numbers or both instants, in order.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/check_range.h"

#include <string.h>

#include "common/base/datetime.h"
#include "common/base/number.h"

#define US_PER_DAY INT64_C(86400000000)

enum kind { KIND_OTHER, KIND_NUMBER, KIND_INSTANT };

struct limit {
    enum kind kind;
    double number;
    int64_t us;
};

static struct limit read_limit(const char *text)
{
    struct limit limit = {.kind = KIND_OTHER};
    const size_t size = strlen(text);
    int64_t days;
    bool has_zone;
    if (assay_parse_double(text, size, &limit.number)) {
        limit.kind = KIND_NUMBER;
    } else if (assay_parse_date(text, size, &days)) {
        limit.kind = KIND_INSTANT;
        limit.us = days * US_PER_DAY;
    } else if (assay_parse_timestamp(text, size, &limit.us, &has_zone)) {
        limit.kind = KIND_INSTANT;
    }
    return limit;
}

static bool is_above(const struct limit *low, const struct limit *high)
{
    return low->kind == KIND_NUMBER ? low->number > high->number : low->us > high->us;
}

int assay_check_range(const struct assay_check_input *in, const json_t *given,
                      const json_t *properties)
{
    const char *min =
        assay_json_str(properties, "min", assay_json_str(properties, "min_time", NULL));
    const char *max =
        assay_json_str(properties, "max", assay_json_str(properties, "max_time", NULL));
    if (!min && !max)
        return assay_check_fail(in, given, NULL, "give min, max or both");
    const struct limit low = read_limit(min ? min : max), high = read_limit(max ? max : min);
    if (low.kind == KIND_OTHER || high.kind == KIND_OTHER)
        return assay_check_fail(
            in, given, NULL, "the bound \"%s\" is neither a number nor an ISO 8601 date or instant",
            low.kind == KIND_OTHER ? (min ? min : max) : (max ? max : min));
    if (low.kind != high.kind)
        return assay_check_fail(in, given, NULL, "min %s and max %s are not of one kind", min, max);
    if (is_above(&low, &high))
        return assay_check_fail(in, given, NULL, "min %s is above max %s", min, max);
    return ASSAY_OK;
}

int assay_check_sizes(const struct assay_check_input *in, const json_t *given,
                      const json_t *properties)
{
    const json_t *min = json_object_get(properties, "min_size"),
                 *max = json_object_get(properties, "max_size");
    if (!min && !max)
        return assay_check_fail(in, given, NULL, "give min_size, max_size or both");
    if (min && max && json_integer_value(min) > json_integer_value(max))
        return assay_check_fail(in, given, NULL,
                                "min_size %" JSON_INTEGER_FORMAT
                                " is above max_size %" JSON_INTEGER_FORMAT,
                                json_integer_value(min), json_integer_value(max));
    return ASSAY_OK;
}

int assay_check_tolerance(const struct assay_check_input *in, const json_t *given,
                          const json_t *properties)
{
    if (json_number_value(json_object_get(properties, "tolerance")) < 0)
        return assay_check_fail(in, given, "tolerance", "tolerance must be 0 or more");
    return ASSAY_OK;
}
