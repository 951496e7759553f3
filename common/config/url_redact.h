/* Addresses without their secrets, for a person to read. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONFIG_URL_REDACT_H
#define ASSAY_CONFIG_URL_REDACT_H

#include <stdbool.h>

#include "common/base/buf.h"

/** Append the URL with the password of `user:password@` and the value of every query parameter that
 * tells a secret (password, secret, token, key, passphrase, signature in its name) replaced by
 * "***". Text that is no URL is kept. */
void assay_url_redact(const char *url, struct assay_buf *redacted);
/** Does the URL hold a password? */
bool assay_url_has_password(const char *url);
/** Does the name of a property or option tell that its value is secret? */
bool assay_name_is_secret(const char *name, size_t size_bytes);

#endif
