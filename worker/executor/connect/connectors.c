// The table of connectors, and what all of them share.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/connector.h"

extern const struct assay_connector assay_file_connector, assay_postgresql_connector,
    assay_sqlite_connector;

const struct assay_connector *const assay_connectors[] = {
    &assay_file_connector,
    NULL,
};

const struct assay_connector *assay_connector_find(const char *name)
{
    for (const struct assay_connector *const *row = assay_connectors; *row; row++)
        if (strcmp((*row)->name, name) == 0)
            return *row;
    return NULL;
}

void assay_found_release(struct assay_found *found)
{
    assay_free(found->name);
    assay_free(found->container_type);
    json_decref(found->details);
    *found = (struct assay_found){0};
}
