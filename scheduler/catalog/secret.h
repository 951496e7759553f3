/* What of a connection is secret: taken apart for storage, masked for reading, put together for
 * use. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_SECRET_H
#define ASSAY_CATALOG_SECRET_H

#include "common/connectors/connector_def.h"
#include "common/json/json.h"

/** What stands in place of a secret in an answer; sent back, it means "as it was". */
#define ASSAY_SECRET_MASK "********"

/** Overlay `body` (REST's keys; those that no connection has are left out) on what is stored.
 *  open_part and secret are objects that are changed in place; null in the body takes a key away.
 *  `parameters` and `secrets_manager` are replaced as a whole, masked members kept. */
ASSAY_MUST_CHECK int assay_secret_overlay(const struct assay_connector_def *def, const json_t *body,
                                          json_t *open_part, json_t *secret,
                                          struct assay_error *err);
/** open_part and secret as one object. masked: secrets are shown as the mask. */
ASSAY_MUST_CHECK int assay_secret_join(const json_t *open_part, const json_t *secret, bool masked,
                                       json_t **ret_properties, struct assay_error *err);

#endif
