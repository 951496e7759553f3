/* Property lists of the connector families, one file each; rows of connector_def.c point to
 * them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECTORS_PROPERTIES_H
#define ASSAY_CONNECTORS_PROPERTIES_H

#include "common/connectors/connector_def.h"

extern const struct assay_property assay_file_properties[];
extern const struct assay_property assay_postgresql_properties[];
extern const struct assay_property assay_sqlite_properties[];

#endif
