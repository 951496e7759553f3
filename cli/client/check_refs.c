// References of checks: names in files, ids on a server.
// SPDX-License-Identifier: Apache-2.0
#include "cli/client/check_refs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"

enum { MOST_CONTAINERS = 100000, KEY_BYTES = 24 };

int assay_check_refs_init(struct assay_check_refs *ret_refs, struct assay_rest *rest,
                          int64_t datastore_id, struct assay_error *err)
{
    *ret_refs = (struct assay_check_refs){.rest = rest,
                                          .datastore_id = datastore_id,
                                          .containers = json_object(),
                                          .known = json_object()};
    return ret_refs->containers && ret_refs->known ? ASSAY_OK : assay_fail_memory(err);
}

void assay_check_refs_release(struct assay_check_refs *refs)
{
    json_decref(refs->containers);
    json_decref(refs->known);
    *refs = (struct assay_check_refs){0};
}

static const char *key_of(int64_t id, char text[KEY_BYTES])
{
    (void)snprintf(text, KEY_BYTES, "%" PRId64, id);
    return text;
}

int assay_check_refs_containers(struct assay_check_refs *refs, int64_t datastore_id,
                                const json_t **ret_containers, struct assay_error *err)
{
    char key[KEY_BYTES], path[64];
    json_t *containers = json_object_get(refs->containers, key_of(datastore_id, key));
    if (!containers) {
        (void)snprintf(path, sizeof path, "/containers?datastore=%" PRId64, datastore_id);
        ASSAY_TRY(assay_rest_list(refs->rest, path, MOST_CONTAINERS, &containers, err));
        ASSAY_TRY(assay_json_set(refs->containers, key, containers, err));
    }
    *ret_containers = containers;
    return ASSAY_OK;
}

/* --- to ids --- */

static int find_container(const json_t *containers, const char *name, int64_t *ret_id,
                          struct assay_error *err)
{
    for (size_t i = 0; i < json_array_size(containers); i++) {
        const json_t *container = json_array_get(containers, i);
        if (!strcmp(assay_json_str(container, "name", ""), name)) {
            *ret_id = assay_json_int(container, "id", 0);
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_NOT_FOUND,
                      "its reference %.200s is no container of the datastore: name the datastore "
                      "(ref_datastore), or run a sync first",
                      name);
}

int assay_check_refs_to_ids(struct assay_check_refs *refs, json_t *properties,
                            struct assay_error *err)
{
    const char *name = assay_json_str(properties, "ref_container", NULL);
    const char *datastore = assay_json_str(properties, "ref_datastore", NULL);
    const json_t *containers;
    int64_t datastore_id = refs->datastore_id, id;
    if (!name)
        return ASSAY_OK;
    if (datastore)
        ASSAY_TRY(
            assay_rest_id(refs->rest, "/datastores", "datastore", datastore, &datastore_id, err));
    ASSAY_TRY(assay_check_refs_containers(refs, datastore_id, &containers, err));
    ASSAY_TRY(find_container(containers, name, &id, err));
    (void)json_object_del(properties, "ref_container");
    (void)json_object_del(properties, "ref_datastore");
    ASSAY_TRY(assay_json_set(properties, "ref_container_id", json_integer(id), err));
    return assay_json_set(properties, "ref_datastore_id", json_integer(datastore_id), err);
}

/* --- to names --- */

static int read_container(struct assay_check_refs *refs, int64_t id, const json_t **ret_container,
                          struct assay_error *err)
{
    char key[KEY_BYTES], path[64];
    json_t *container = json_object_get(refs->known, key_of(id, key));
    if (!container) {
        (void)snprintf(path, sizeof path, "/containers/%" PRId64, id);
        ASSAY_TRY(assay_rest_call(refs->rest, "GET", path, NULL, &container, err));
        ASSAY_TRY(assay_json_set(refs->known, key, container, err));
    }
    *ret_container = container;
    return ASSAY_OK;
}

static int set_name(json_t *properties, const char *key, const json_t *named,
                    struct assay_error *err)
{
    json_t *name = json_object_get(named, "name");
    return name ? assay_json_set(properties, key, json_incref(name), err)
                : assay_fail(err, ASSAY_FORMAT, "the server does not name a reference");
}

int assay_check_refs_to_names(struct assay_check_refs *refs, json_t *properties,
                              struct assay_error *err)
{
    const int64_t id = assay_json_int(properties, "ref_container_id", 0);
    const json_t *container;
    if (!id)
        return ASSAY_OK;
    ASSAY_TRY(read_container(refs, id, &container, err));
    const json_t *datastore = json_object_get(container, "datastore");
    ASSAY_TRY(set_name(properties, "ref_container", container, err));
    if (assay_json_int(datastore, "id", 0) != refs->datastore_id)
        ASSAY_TRY(set_name(properties, "ref_datastore", datastore, err));
    (void)json_object_del(properties, "ref_container_id");
    (void)json_object_del(properties, "ref_datastore_id");
    return ASSAY_OK;
}
