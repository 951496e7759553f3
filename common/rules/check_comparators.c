// Comparators: what they must be, and what must be there with them.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/check_comparators.h"

#include <string.h>

int assay_check_comparators(const struct assay_check_input *in, const json_t *given,
                            const json_t *properties)
{
    const json_t *numeric = json_object_get(properties, "numeric_comparator");
    if (numeric && !(json_number_value(json_object_get(numeric, "epsilon")) >= 0))
        return assay_check_fail(in, given, "numeric_comparator", "epsilon must be 0 or more");
    return ASSAY_OK;
}

static int refuse_repeated(const struct assay_check_input *in, const json_t *given,
                           const json_t *names)
{
    for (size_t i = 1; i < json_array_size(names); i++)
        for (size_t j = 0; j < i; j++)
            if (json_equal(json_array_get(names, i), json_array_get(names, j)))
                return assay_check_fail(in, given, "id_field_names",
                                        "id_field_names holds \"%s\" twice",
                                        json_string_value(json_array_get(names, i)));
    return ASSAY_OK;
}

int assay_check_difference(const struct assay_check_input *in, const json_t *given,
                           const json_t *properties)
{
    static const char *const comparators[] = {"numeric_comparator", "duration_comparator",
                                              "string_comparator"};
    const json_t *names = json_object_get(properties, "id_field_names");
    for (size_t i = 0; i < ASSAY_COUNT(comparators); i++)
        if (!names && json_object_get(properties, comparators[i]))
            return assay_check_fail(in, given, comparators[i],
                                    "%s needs id_field_names: without them records are compared "
                                    "as wholes, and none is near another",
                                    comparators[i]);
    ASSAY_TRY(refuse_repeated(in, given, names));
    return assay_check_comparators(in, given, properties);
}
