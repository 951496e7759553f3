// What of a request may be shown, and texts for URLs.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/http/http.h"

void assay_http_append_location(struct assay_buf *buf, const char *url)
{
    const char *rest = strstr(url, "://");
    const char *host = rest ? rest + 3 : url;
    const size_t host_size = strcspn(host, "/?#");
    assay_buf_append(buf, url, (size_t)(host - url));
    const char *at = memrchr(host, '@', host_size);
    const char *shown = at ? at + 1 : host;
    assay_buf_append(buf, shown, (size_t)(host + host_size - shown));
    assay_buf_append(buf, host + host_size, strcspn(host + host_size, "?#"));
}

void assay_http_append_encoded(struct assay_buf *buf, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        const bool plain = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
                           (*c >= '0' && *c <= '9') || strchr("-._~", *c) != NULL;
        if (plain)
            assay_buf_char(buf, (char)*c);
        else
            assay_buf_printf(buf, "%%%02X", *c);
    }
}

/* The secret that begins at text, 0 when none does; the longest one where several do. */
static size_t secret_at(const char *text, size_t size_bytes, const char *const *secrets)
{
    size_t longest = 0;
    for (; secrets && *secrets; secrets++) {
        const size_t length = strlen(*secrets);
        if (length > longest && length <= size_bytes && memcmp(text, *secrets, length) == 0)
            longest = length;
    }
    return longest;
}

void assay_http_append_redacted(struct assay_buf *buf, const char *text, size_t size_bytes,
                                const char *const *secrets)
{
    for (size_t i = 0; i < size_bytes;) {
        const size_t hidden = secret_at(text + i, size_bytes - i, secrets);
        if (hidden > 0)
            assay_buf_text(buf, "***");
        else
            assay_buf_char(buf, text[i]);
        i += hidden > 0 ? hidden : 1;
    }
}
