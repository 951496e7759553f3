// A field's values as the registers by which it is compared with other fields.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/field_internal.h"

int assay_field_state_registers(const struct assay_field_state *state, unsigned precision,
                                uint8_t *ret_registers, struct assay_error *err)
{
    if (!assay_field_has_distinct(state))
        return assay_fail(err, ASSAY_INVALID, "distinct values of this field are not counted");
    return assay_distinct_registers(&state->distinct, precision, ret_registers)
               ? ASSAY_OK
               : assay_fail_memory(err);
}
