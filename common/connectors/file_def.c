// What a `file` connection takes: a folder of this machine.
// SPDX-License-Identifier: Apache-2.0
#include "common/connectors/properties.h"

const struct assay_property assay_file_properties[] = {
    {.key = "uri",
     .kind = ASSAY_PROPERTY_TEXT,
     .level = ASSAY_LEVEL_CONNECTION,
     .required = true,
     .doc = "the folder as `file:///folder`; it must lie below one of `file.roots`"},
    {.key = "root_path",
     .kind = ASSAY_PROPERTY_TEXT,
     .level = ASSAY_LEVEL_DATASTORE,
     .fallback = "/",
     .doc = "the datastore's folder, below the connection's one"},
    {.key = "folder_globbing_enabled",
     .kind = ASSAY_PROPERTY_BOOL,
     .level = ASSAY_LEVEL_DATASTORE,
     .fallback = "false",
     .doc = "all files of one folder and extension form one container"},
    {.key = NULL},
};
