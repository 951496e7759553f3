// Addresses without their secrets, for a person to read.
// SPDX-License-Identifier: Apache-2.0
#include "common/config/url_redact.h"

#include <ctype.h>
#include <string.h>

static const char *const telling[] = {"password", "passphrase", "passwd",    "secret",
                                      "token",    "key",        "signature", "credential"};

bool assay_name_is_secret(const char *name, size_t size_bytes)
{
    char lower[64];
    if (size_bytes >= sizeof lower)
        size_bytes = sizeof lower - 1;
    for (size_t i = 0; i < size_bytes; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    lower[size_bytes] = '\0';
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (strstr(lower, telling[i]))
            return true;
    return false;
}

/* The parts of scheme://user:password@…?query; NULL where there is none. */
struct parts {
    const char *password, *password_end, *query;
};

static struct parts parts_of(const char *url)
{
    struct parts parts = {0};
    const char *authority = strstr(url, "://");
    if (!authority)
        return parts;
    authority += strlen("://");
    const char *end = authority + strcspn(authority, "/?#");
    const char *at = NULL;
    for (const char *c = authority; c < end; c++)
        if (*c == '@')
            at = c;
    /* An unescaped '/' or '?' in a password moves the end: better too much hidden than too
     * little. */
    if (!at && strchr(authority, '@') && memchr(authority, ':', (size_t)(end - authority)))
        at = strrchr(authority, '@');
    const char *colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
    if (colon && at > colon + 1) {
        parts.password = colon + 1;
        parts.password_end = at;
    }
    const char *question = strchr(at ? at : authority, '?');
    parts.query = question ? question + 1 : NULL;
    return parts;
}

/* name=value&name=value up to '#' */
static void append_query(const char *query, struct assay_buf *redacted)
{
    while (*query && *query != '#') {
        const size_t size_bytes = strcspn(query, "&#");
        const char *equals = memchr(query, '=', size_bytes);
        if (equals && assay_name_is_secret(query, (size_t)(equals - query))) {
            assay_buf_append(redacted, query, (size_t)(equals - query));
            assay_buf_text(redacted, "=***");
        } else {
            assay_buf_append(redacted, query, size_bytes);
        }
        query += size_bytes;
        if (*query == '&')
            assay_buf_char(redacted, *query++);
    }
    assay_buf_text(redacted, query);
}

void assay_url_redact(const char *url, struct assay_buf *redacted)
{
    const struct parts parts = parts_of(url);
    const char *rest = url;
    if (parts.password) {
        assay_buf_append(redacted, url, (size_t)(parts.password - url));
        assay_buf_text(redacted, "***");
        rest = parts.password_end;
    }
    if (!parts.query) {
        assay_buf_text(redacted, rest);
        return;
    }
    assay_buf_append(redacted, rest, (size_t)(parts.query - rest));
    append_query(parts.query, redacted);
}

bool assay_url_has_password(const char *url)
{
    const struct parts parts = parts_of(url);
    if (parts.password)
        return true;
    struct assay_buf redacted = {0};
    assay_url_redact(url, &redacted);
    const bool differs = strcmp(assay_buf_str(&redacted), url) != 0;
    assay_buf_release(&redacted);
    return differs;
}
