// Containers that checks may refer to: those of the run, and --ref.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/scan/scan.h"
#include "common/base/memory.h"

/* A reference that cannot be read: the checks that need it say why. */
static int add_unread(struct assay_inputs *inputs, const char *input, struct assay_error *err)
{
    const char *why =
        assay_json_str(json_array_get(inputs->errors, 0), "message", "it is not there");
    struct assay_input item = {.name = assay_strdup(input),
                               .location = assay_strdup(input),
                               .source = json_pack("{s:s}", "error", why)};
    if (item.name && item.location && item.source)
        return assay_inputs_add(inputs, &item, err);
    assay_input_release(&item);
    return assay_fail_memory(err);
}

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
    int rc = assay_inputs_resolve(&run->session, run->session.config, &input, 1, false, &one, err);
    if (rc == ASSAY_OK && one.count == 0)
        rc = add_unread(&one, input, err);
    if (rc == ASSAY_OK && (one.count != 1 || one.items[0].from_stdin))
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

/* {"0": the scanned source's, "<datastore_id>": each reference's} */
int assay_scan_secrets(const struct assay_scan_run *run, const struct assay_input *input,
                       json_t **ret_secrets, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *secrets = input->secrets ? json_copy(input->secrets) : json_object();
    const json_t *refs = json_object_get(run->settings, "refs");
    if (!secrets)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_inputs_put_secrets(&run->inputs, refs, secrets, err));
    ASSAY_TRY(assay_inputs_put_secrets(&run->refs, refs, secrets, err));
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
    ASSAY_TRY(assay_inputs_put_refs(&run->inputs, refs, err));
    return assay_inputs_put_refs(&run->refs, refs, err);
}
