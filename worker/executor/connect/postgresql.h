/* The `postgresql` connector. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_POSTGRESQL_H
#define ASSAY_CONNECT_POSTGRESQL_H

#include "worker/executor/connect/connector.h"

/** One open reader per connection. Texts come as PostgreSQL holds them, blanks that pad char(n)
 * removed. numeric(p,s) of up to 38 digits is exact; numeric without precision comes as its own
 * text in CELL columns. NaN and infinite dates and times are values (batch/special.h); times beyond
 * our range (years 294247 to 294276) are read as NULL and counted in the reader's warnings. Arrays,
 * composites, ranges and other types come as PostgreSQL's text. Splits are read each at its own
 * instant, without a shared snapshot. */
extern const struct assay_connector assay_postgresql_connector;

#endif
