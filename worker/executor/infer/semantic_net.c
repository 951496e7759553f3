// Addresses of the network: e-mail, URL, UUID, IP, MAC.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "worker/executor/infer/semantic_validators.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Labels of letters, digits and inner hyphens; at least `labels_min`, the last with two letters at
 * its front. */
static bool is_domain(const char *text, size_t size, size_t labels_min)
{
    size_t labels = 1, start = 0;
    if (!size || size > 253)
        return false;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && text[i] != '.') {
            if (!is_letter(text[i]) && !is_digit(text[i]) && text[i] != '-')
                return false;
            continue;
        }
        const size_t length = i - start;
        if (!length || length > 63 || text[start] == '-' || text[i - 1] == '-')
            return false;
        if (i < size) {
            labels++;
            start = i + 1;
        }
    }
    return labels >= labels_min && (labels == 1 || (size - start >= 2 && is_letter(text[start]) &&
                                                    is_letter(text[start + 1])));
}

bool assay_semantic_is_email(const char *text, size_t size_bytes)
{
    const char *at = memchr(text, '@', size_bytes);
    const size_t local = at ? (size_t)(at - text) : 0;
    if (!local || local > 64 || text[0] == '.' || text[local - 1] == '.')
        return false;
    for (size_t i = 0; i < local; i++) {
        if (!is_letter(text[i]) && !is_digit(text[i]) &&
            !memchr(".!#$%&'*+/=?^_`{|}~-", text[i], 20))
            return false;
        if (text[i] == '.' && text[i + 1] == '.')
            return false;
    }
    return is_domain(at + 1, size_bytes - local - 1, 2);
}

bool assay_semantic_is_url(const char *text, size_t size_bytes)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://"};
    for (size_t i = 0; i < ASSAY_COUNT(schemes); i++) {
        const size_t scheme = strlen(schemes[i]);
        if (size_bytes <= scheme || strncasecmp(text, schemes[i], scheme) != 0)
            continue;
        size_t end = scheme;
        while (end < size_bytes && !memchr("/?#:", text[end], 4))
            end++;
        for (size_t j = end; j < size_bytes; j++) {
            if ((unsigned char)text[j] <= ' ')
                return false;
        }
        return is_domain(text + scheme, end - scheme, 1) ||
               assay_semantic_is_ipv4(text + scheme, end - scheme);
    }
    return false;
}

bool assay_semantic_is_uuid(const char *text, size_t size_bytes)
{
    if (size_bytes != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !is_hex(text[i]))
            return false;
    }
    return true;
}

bool assay_semantic_is_ipv4(const char *text, size_t size_bytes)
{
    size_t parts = 0, i = 0;
    while (parts < 4) {
        unsigned value = 0;
        const size_t start = i;
        for (; i < size_bytes && is_digit(text[i]) && i - start < 3; i++)
            value = value * 10 + (unsigned)(text[i] - '0');
        if (i == start || value > 255 || (i - start > 1 && text[start] == '0'))
            return false;
        if (++parts < 4 && (i >= size_bytes || text[i++] != '.'))
            return false;
    }
    return i == size_bytes;
}

bool assay_semantic_is_ipv6(const char *text, size_t size_bytes)
{
    size_t groups = 0, i = 0;
    bool gap = false;
    if (size_bytes < 2 || size_bytes > 45)
        return false;
    if (text[0] == ':' && text[1] != ':')
        return false;
    while (i < size_bytes) {
        if (i + 1 < size_bytes && text[i] == ':' && text[i + 1] == ':') {
            if (gap)
                return false;
            gap = true;
            i += 2;
            continue;
        }
        if (groups && text[i] == ':' && text[i - 1] != ':')
            i++;
        const size_t start = i;
        while (i < size_bytes && is_hex(text[i]))
            i++;
        if (i < size_bytes && text[i] == '.')
            return groups <= 6 && (groups == 6 || gap) &&
                   assay_semantic_is_ipv4(text + start, size_bytes - start);
        if (i == start || i - start > 4 || ++groups > 8 || (i < size_bytes && text[i] != ':'))
            return false;
    }
    return gap ? groups < 8 : groups == 8;
}

bool assay_semantic_is_mac(const char *text, size_t size_bytes)
{
    if (size_bytes != 17 && size_bytes != 14)
        return false;
    const size_t group = size_bytes == 17 ? 2 : 4;
    const char mark = text[group];
    if (group == 2 ? mark != ':' && mark != '-' : mark != '.')
        return false;
    for (size_t i = 0; i < size_bytes; i++) {
        if (i % (group + 1) == group ? text[i] != mark : !is_hex(text[i]))
            return false;
    }
    return true;
}
