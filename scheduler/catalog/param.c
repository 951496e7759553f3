// Values of a query string.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/datetime.h"
#include "common/base/number.h"
#include "scheduler/catalog/listing.h"

const char *assay_param(const json_t *params, const char *name)
{
    return json_string_value(json_array_get(json_object_get(params, name), 0));
}

bool assay_param_int(const char *text, int64_t *ret_value)
{
    return assay_parse_i64(text, strlen(text), ret_value);
}

bool assay_param_time(const char *text, bool end_of_day, int64_t *ret_us)
{
    int64_t days;
    bool has_zone;
    if (!assay_parse_date(text, strlen(text), &days))
        return assay_parse_timestamp(text, strlen(text), ret_us, &has_zone);
    *ret_us = (days + (end_of_day ? 1 : 0)) * 86400 * ASSAY_US_PER_S - (end_of_day ? 1 : 0);
    return true;
}

bool assay_param_bool(const char *text, bool *ret_value)
{
    static const struct {
        const char *text;
        bool value;
    } spellings[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}};
    for (size_t i = 0; i < ASSAY_COUNT(spellings); i++)
        if (strcasecmp(spellings[i].text, text) == 0) {
            *ret_value = spellings[i].value;
            return true;
        }
    return false;
}
