// Containers that checks may refer to: those of the run, and --ref.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/scan/scan.h"
#include "common/base/memory.h"

static int add_ref(struct assay_scan_run *run, const char *text, struct assay_error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return assay_fail(err, ASSAY_USAGE,
                          "reading --ref %.60s: there is no NAME=INPUT in it: write --ref "
                          "customers.csv=data/customers.csv",
                          text);
    struct assay_inputs one = {0};
    const char *input = equals + 1;
    int rc = assay_inputs_resolve(&run->session, run->session.config, &input, 1, true, &one, err);
    if (rc == ASSAY_OK && one.count != 1)
        rc = assay_fail(
            err, ASSAY_USAGE,
            "reading --ref %.60s: it is not one container: name one file, glob or table", text);
    if (rc == ASSAY_OK) {
        assay_free(one.items[0].name);
        one.items[0].name = assay_strndup(text, (size_t)(equals - text));
        rc = assay_inputs_add(&run->refs, &one.items[0], err);
        one.count = rc == ASSAY_OK ? 0 : one.count;
    }
    assay_inputs_release(&one);
    return rc;
}

/* Every container of the run is one that checks may refer to. Their secrets travel under ids of
 * their own. */
static int put_refs(const struct assay_inputs *inputs, json_t *refs, struct assay_error *err)
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

/* {"0": the scanned source's, "<datastore_id>": each reference's} */
int assay_scan_secrets(const struct assay_scan_run *run, const struct assay_input *input,
                       json_t **ret_secrets, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *secrets = input->secrets ? json_copy(input->secrets) : json_object();
    if (!secrets)
        return assay_fail_memory(err);
    const json_t *refs = json_object_get(run->settings, "refs");
    const struct assay_inputs *both[] = {&run->inputs, &run->refs};
    for (size_t b = 0; b < ASSAY_COUNT(both); b++)
        for (size_t i = 0; i < both[b]->count; i++) {
            const json_t *ref = json_object_get(refs, both[b]->items[i].name);
            const int64_t id = assay_json_int(ref, "datastore_id", 0);
            char key[24];
            (void)snprintf(key, sizeof key, "%lld", (long long)id);
            json_t *own = json_object_get(both[b]->items[i].secrets, "0");
            if (id && own)
                ASSAY_TRY(assay_json_set(secrets, key, json_incref(own), err));
        }
    *ret_secrets = ASSAY_TAKE(secrets);
    return ASSAY_OK;
}

int assay_scan_read_refs(struct assay_scan_run *run, const struct assay_args *args,
                         struct assay_error *err)
{
    const char *text;
    for (size_t i = 0; (text = assay_args_nth(args, "ref", i)); i++)
        ASSAY_TRY(add_ref(run, text, err));
    json_t *refs = json_object();
    ASSAY_TRY(assay_json_set(run->settings, "refs", refs, err));
    ASSAY_TRY(put_refs(&run->inputs, refs, err));
    return put_refs(&run->refs, refs, err);
}
