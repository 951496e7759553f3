/* JSON documents for the YAML parser: what JSON allows and libyaml refuses. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_YAML_JSON_TEXT_H
#define ASSAY_YAML_JSON_TEXT_H

#include <stddef.h>

#include "common/base/buf.h"

/** A text that begins with { or [ is rewritten into buf with surrogate pairs (\ud83d\ude00) as the
 * characters that they mean, and *text, *size_bytes are set to it; any other text is left as it
 * is. */
ASSAY_MUST_CHECK int assay_json_text_prepare(const char **text, size_t *size_bytes,
                                             struct assay_buf *buf, struct assay_error *err);

#endif
