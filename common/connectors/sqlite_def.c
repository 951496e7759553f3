// What a `sqlite` connection takes: one database file.
// SPDX-License-Identifier: Apache-2.0
#include "common/connectors/properties.h"

const struct assay_property assay_sqlite_properties[] = {
    {.key = "uri",
     .kind = ASSAY_PROPERTY_TEXT,
     .level = ASSAY_LEVEL_CONNECTION,
     .required = true,
     .doc = "the database as `sqlite:/folder/file.db`; it must lie below one of `file.roots`"},
    {.key = NULL},
};
