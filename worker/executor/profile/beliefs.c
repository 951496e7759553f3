// Beliefs: targets to JSON and back.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/beliefs.h"

json_t *assay_target_json(const struct assay_cell_target *target)
{
    return json_pack("[i, i, b, b, i, b]", (int)target->layout, (int)target->format,
                     (int)target->leading_zeros, (int)target->texts_only, (int)target->scale,
                     (int)target->long_decimals);
}

bool assay_target_parse(const json_t *json, struct assay_cell_target *ret_target)
{
    json_int_t layout, format, scale;
    int leading_zeros, texts_only, long_decimals;
    if (json_unpack((json_t *)(uintptr_t)json, "[I, I, b, b, I, b]", &layout, &format,
                    &leading_zeros, &texts_only, &scale, &long_decimals) ||
        layout < 0 || layout > ASSAY_LAYOUT_CELL || format < 0 || format >= ASSAY_DATE_FORMATS ||
        scale < 0 || scale > 38)
        return false;
    *ret_target = (struct assay_cell_target){.layout = (enum assay_layout)layout,
                                             .format = (enum assay_date_format)format,
                                             .leading_zeros = leading_zeros != 0,
                                             .texts_only = texts_only != 0,
                                             .scale = (uint8_t)scale,
                                             .long_decimals = long_decimals != 0};
    return true;
}

int assay_beliefs_json(const struct assay_profile_field *fields, size_t fields_count,
                       json_t **ret_beliefs, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *beliefs = json_object();
    for (size_t i = 0; i < fields_count; i++)
        if (fields[i].cells)
            ASSAY_TRY(
                assay_json_set(beliefs, fields[i].name, assay_target_json(&fields[i].target), err));
    *ret_beliefs = ASSAY_TAKE(beliefs);
    return ASSAY_OK;
}

int assay_beliefs_apply(const json_t *beliefs, struct assay_profile_field *field, bool *ret_known,
                        struct assay_error *err)
{
    const json_t *belief = assay_json_get(beliefs, field->name);
    *ret_known = belief != NULL;
    if (belief &&
        (!assay_target_parse(belief, &field->target) || field->target.layout >= ASSAY_LAYOUT_CELL))
        return assay_fail(err, ASSAY_FORMAT, "the belief about %.100s makes no sense", field->name);
    return ASSAY_OK;
}
