/* JSON for files and pipes: indented, and numbers as the shortest text that reads back to the
 * same. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_JSON_OUT_H
#define ASSAY_CLI_JSON_OUT_H

#include "common/base/buf.h"
#include "common/json/json.h"

/** Append the document, two blanks deep per level, with a line end. */
ASSAY_MUST_CHECK int assay_json_append_pretty(const json_t *json, struct assay_buf *out,
                                              struct assay_error *err);

#endif
