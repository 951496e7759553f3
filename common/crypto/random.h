/* Random bytes, and UUIDs of versions 4 and 5 (RFC 9562). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CRYPTO_RANDOM_H
#define ASSAY_CRYPTO_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define ASSAY_UUID_TEXT 37 /* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" and NUL */

/** Bytes from the system's generator, fit for keys. Thread-safe. */
ASSAY_MUST_CHECK int assay_random_bytes(void *ret_data, size_t size_bytes, struct assay_error *err);

/** A random UUID as lower-case text. */
ASSAY_MUST_CHECK int assay_uuid4(char ret_text[ASSAY_UUID_TEXT], struct assay_error *err);
/** UUID of a name within a namespace: the same for the same two. */
ASSAY_MUST_CHECK int assay_uuid5(const uint8_t namespace_id[16], const void *name,
                                 size_t name_bytes, char ret_text[ASSAY_UUID_TEXT],
                                 struct assay_error *err);
/** Is the whole text a UUID in the usual form (either case)? *ret_bytes may be NULL. */
bool assay_uuid_parse(const char *text, uint8_t ret_bytes[16]);

#endif
