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
    if (!strcmp(input, "-"))
        return assay_fail(err, ASSAY_USAGE,
                          "reading --ref %.60s: standard input can be scanned, but not be referred "
                          "to, as each check reads its reference anew: write it to a file",
                          text);
    int rc = assay_inputs_resolve(&run->session, run->session.config, &input, 1, false, &one, err);
    if (rc == ASSAY_OK && one.count == 0)
        rc = add_unread(&one, input, err);
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

/* --mask hides values everywhere: those of references, too. */
static int mask_refs(const struct assay_scan_run *run, json_t *refs, struct assay_error *err)
{
    json_t *mask = json_object_get(run->settings, "mask"), *source;
    const char *name;
    json_object_foreach(refs, name, source)
    {
        if (mask)
            ASSAY_TRY(assay_json_set(source, "mask", json_incref(mask), err));
    }
    return ASSAY_OK;
}

/* A datastore has no name here, unless --ref gives it one: DATASTORE/CONTAINER=INPUT. */
static int warn_of_datastore(struct assay_scan_run *run, const json_t *check,
                             const json_t *properties, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf name = {0};
    const char *datastore = assay_json_str(properties, "ref_datastore", NULL);
    const char *container = assay_json_str(properties, "ref_container", NULL);
    if (!datastore || !container)
        return ASSAY_OK;
    assay_buf_printf(&name, "%s/%s", datastore, container);
    ASSAY_TRY(assay_buf_check(&name, err));
    if (!json_object_get(json_object_get(run->settings, "refs"), assay_buf_str(&name)))
        assay_session_warn(&run->session,
                           "check %lld: no datastore has a name here: ref_datastore %s is passed "
                           "over, and %s is looked for among the inputs and --ref; --ref %s=INPUT "
                           "gives that of the datastore",
                           (long long)assay_json_int(check, "index", 0), datastore, container,
                           assay_buf_str(&name));
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
    ASSAY_TRY(assay_inputs_put_refs(&run->refs, refs, err));
    ASSAY_TRY(mask_refs(run, refs, err));
    for (size_t i = 0; i < json_array_size(run->checks.checks); i++) {
        const json_t *check = json_array_get(run->checks.checks, i);
        ASSAY_TRY(warn_of_datastore(run, check, json_object_get(check, "properties"), err));
    }
    return ASSAY_OK;
}
