/* Growing byte buffer with a ceiling. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_BUF_H
#define ASSAY_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

#define ASSAY_BUF_DEFAULT_MAX ((size_t)1 << 30)

/** Zero-initialise; max_bytes 0 = ASSAY_BUF_DEFAULT_MAX. data is always NUL-terminated once
 * non-NULL. The first failed append sets `failed`; later appends do nothing, so a writer may check
 * once at its end with assay_buf_check(). One thread. */
struct assay_buf {
    char *data;
    size_t size;     /* bytes in use, without the NUL */
    size_t capacity; /* bytes allocated */
    size_t max_bytes;
    bool failed;
};

void assay_buf_append(struct assay_buf *buf, const void *data, size_t size_bytes);
void assay_buf_text(struct assay_buf *buf, const char *text);
void assay_buf_char(struct assay_buf *buf, char c);
void assay_buf_printf(struct assay_buf *buf, const char *format, ...) ASSAY_PRINTF(2, 3);
void assay_buf_vprintf(struct assay_buf *buf, const char *format, va_list args);

/** Room for size_bytes more bytes (and the NUL). False when it cannot be had. */
bool assay_buf_reserve(struct assay_buf *buf, size_t size_bytes);
/** Drop the first size_bytes bytes. */
void assay_buf_consume(struct assay_buf *buf, size_t size_bytes);
void assay_buf_clear(struct assay_buf *buf); /* keeps the memory, forgets `failed` */
void assay_buf_release(struct assay_buf *buf);
/** ASSAY_OK, or ASSAY_NO_MEMORY when an append failed. */
ASSAY_MUST_CHECK int assay_buf_check(const struct assay_buf *buf, struct assay_error *err);
/** The text, never NULL (an empty buffer gives ""). The buffer's. */
const char *assay_buf_str(const struct assay_buf *buf);
/** Hand the memory over (free with assay_free()); NULL when an append failed. The buffer is empty
 * after. */
char *assay_buf_take(struct assay_buf *buf);

#endif
