/* Configuration for people: what is in force, what an option means, and the documents made from the
 * table. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONFIG_CONFIG_DOC_H
#define ASSAY_CONFIG_CONFIG_DOC_H

#include "common/base/buf.h"
#include "common/config/config.h"

/** Append an option's value for display: secrets as "***" (of a URL its password only), "–" when
 * unset. */
void assay_config_append_shown(const struct assay_config *config, const struct assay_option *option,
                               struct assay_buf *text);
/** Append one line for each option: key, value, origin, aligned; then the free keys. */
void assay_config_append_table(const struct assay_config *config, struct assay_buf *text);
/** Append all that is known of one option. ASSAY_USAGE names the nearest key. */
ASSAY_MUST_CHECK int assay_config_explain(const struct assay_config *config, const char *key,
                                          struct assay_buf *text, struct assay_error *err);
/** Append docs/configuration.md, and a sample assay.yaml in which every option stands as a
 * comment. */
void assay_config_append_markdown(struct assay_buf *text);
void assay_config_append_sample(struct assay_buf *text);

#endif
