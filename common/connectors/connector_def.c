// Connector definitions: the table, and how rows and properties are found.
// SPDX-License-Identifier: Apache-2.0
#include "common/connectors/connector_def.h"

#include <string.h>

#include "common/connectors/properties.h"

const struct assay_connector_def assay_connector_defs[] = {
    {.name = "file",
     .title = "Local folder",
     .store_type = "dfs",
     .properties = assay_file_properties,
     .proof = "real folders in every test run",
     .doc = "CSV, TSV, PSV, TXT, JSON, JSON lines (each also .gz and .zst) and Parquet files below "
            "a folder; "
            "files of like names and like headers form one container"},
    {.name = "postgresql",
     .title = "PostgreSQL",
     .store_type = "jdbc",
     .properties = assay_postgresql_properties,
     .proof = "real PostgreSQL 15 server in every test run",
     .doc = "tables, views, materialized views, partitioned and foreign tables of one schema, "
            "streamed by binary COPY",
     .can_write = true},
    {.name = "sqlite",
     .title = "SQLite",
     .store_type = "jdbc",
     .properties = assay_sqlite_properties,
     .proof = "real SQLite library in every test run",
     .doc = "tables and views of one database file, opened read-only"},
    {.name = NULL},
};

const struct assay_connector_def *assay_connector_def_find(const char *name)
{
    for (const struct assay_connector_def *def = assay_connector_defs; def->name; def++)
        if (strcmp(def->name, name) == 0)
            return def;
    return NULL;
}

const struct assay_property *assay_connector_property(const struct assay_connector_def *def,
                                                      const char *key)
{
    for (const struct assay_property *property = def->properties; property->key; property++)
        if (strcmp(property->key, key) == 0)
            return property;
    return NULL;
}
