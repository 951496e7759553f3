// Inputs that checks may refer to, as tasks take them.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/input/input.h"

int assay_inputs_put_refs(const struct assay_inputs *inputs, json_t *refs, struct assay_error *err)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (inputs->items[i].from_stdin)
            continue;
        json_t *source = json_copy(inputs->items[i].source);
        ASSAY_TRY(assay_json_set(refs, inputs->items[i].name, source, err));
        const json_int_t id = (json_int_t)json_object_size(refs);
        if (inputs->items[i].secrets)
            ASSAY_TRY(assay_json_set(source, "datastore_id", json_integer(id), err));
    }
    return ASSAY_OK;
}

int assay_inputs_put_secrets(const struct assay_inputs *inputs, const json_t *refs, json_t *secrets,
                             struct assay_error *err)
{
    for (size_t i = 0; i < inputs->count; i++) {
        const json_t *ref = json_object_get(refs, inputs->items[i].name);
        const int64_t id = assay_json_int(ref, "datastore_id", 0);
        char key[24];
        (void)snprintf(key, sizeof key, "%lld", (long long)id);
        json_t *own = json_object_get(inputs->items[i].secrets, "0");
        if (id && own)
            ASSAY_TRY(assay_json_set(secrets, key, json_incref(own), err));
    }
    return ASSAY_OK;
}
