/* Base64 (RFC 4648, section 4) of saved states, so that they travel as JSON text. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_BASE64_H
#define ASSAY_PROFILE_BASE64_H

#include "common/base/buf.h"

/** Append the text of the bytes, padded. */
void assay_base64_append(struct assay_buf *text, const void *data, size_t size_bytes);
/** Append the bytes of a padded text. False when it is not one (nothing more is known of what was
 * appended). */
bool assay_base64_parse(struct assay_buf *bytes, const char *text, size_t size);

#endif
