// Growing byte buffer: doubles, stops at its ceiling, remembers a failure.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/buf.h"

#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"

bool assay_buf_reserve(struct assay_buf *buf, size_t size_bytes)
{
    const size_t max = buf->max_bytes ? buf->max_bytes : ASSAY_BUF_DEFAULT_MAX;
    if (buf->failed || size_bytes > max || buf->size > max - size_bytes) {
        buf->failed = true;
        return false;
    }
    const size_t need = buf->size + size_bytes + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity * 2 : 64;
    if (capacity < need)
        capacity = need;
    char *data = assay_realloc(buf->data, capacity);
    if (!data) {
        buf->failed = true;
        return false;
    }
    if (!buf->data)
        data[0] = '\0';
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void assay_buf_append(struct assay_buf *buf, const void *data, size_t size_bytes)
{
    if (!assay_buf_reserve(buf, size_bytes))
        return;
    if (size_bytes)
        memcpy(buf->data + buf->size, data, size_bytes);
    buf->size += size_bytes;
    buf->data[buf->size] = '\0';
}

void assay_buf_text(struct assay_buf *buf, const char *text)
{
    assay_buf_append(buf, text, strlen(text));
}

void assay_buf_char(struct assay_buf *buf, char c)
{
    assay_buf_append(buf, &c, 1);
}

void assay_buf_vprintf(struct assay_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, args);
    if (size < 0)
        buf->failed = true;
    else if (assay_buf_reserve(buf, (size_t)size)) {
        (void)vsnprintf(buf->data + buf->size, (size_t)size + 1, format, again);
        buf->size += (size_t)size;
    }
    va_end(again);
}

void assay_buf_printf(struct assay_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    assay_buf_vprintf(buf, format, args);
    va_end(args);
}

void assay_buf_consume(struct assay_buf *buf, size_t size_bytes)
{
    if (!buf->data)
        return;
    if (size_bytes > buf->size)
        size_bytes = buf->size;
    memmove(buf->data, buf->data + size_bytes, buf->size - size_bytes + 1);
    buf->size -= size_bytes;
}

void assay_buf_clear(struct assay_buf *buf)
{
    buf->size = 0;
    buf->failed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

void assay_buf_release(struct assay_buf *buf)
{
    if (!buf)
        return;
    assay_free(buf->data);
    *buf = (struct assay_buf){.max_bytes = buf->max_bytes};
}

int assay_buf_check(const struct assay_buf *buf, struct assay_error *err)
{
    return buf->failed ? assay_fail(err, ASSAY_NO_MEMORY, "a text grew past its limit of %zu bytes",
                                    buf->max_bytes ? buf->max_bytes : ASSAY_BUF_DEFAULT_MAX)
                       : ASSAY_OK;
}

const char *assay_buf_str(const struct assay_buf *buf)
{
    return buf->data ? buf->data : "";
}

char *assay_buf_take(struct assay_buf *buf)
{
    if (buf->failed || !assay_buf_reserve(buf, 0)) {
        assay_buf_release(buf);
        return NULL;
    }
    char *data = buf->data;
    *buf = (struct assay_buf){.max_bytes = buf->max_bytes};
    return data;
}
