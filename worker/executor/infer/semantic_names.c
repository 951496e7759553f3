// Names of persons and companies, as far as the shape tells.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "common/base/utf8.h"
#include "worker/executor/infer/semantic_validators.h"

#define WORDS_MAX 5

/* Latin Extended-A and Additional (Vietnamese): capitals and small letters by turns. */
static bool is_extended(uint32_t c)
{
    return (c >= 0x100 && c <= 0x17F) || (c >= 0x1E00 && c <= 0x1EFF);
}

static bool is_upper(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || is_extended(c) ||
           (c >= 0x391 && c <= 0x3A9) || (c >= 0x400 && c <= 0x42F);
}

static bool is_lower(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7) || is_extended(c) ||
           (c >= 0x3AC && c <= 0x3CE) || (c >= 0x430 && c <= 0x45F);
}

bool assay_semantic_is_person_name(const char *text, size_t size_bytes)
{
    size_t words = 0;
    bool start = true;
    for (size_t i = 0; i < size_bytes;) {
        uint32_t c;
        i += assay_utf8_next(text + i, size_bytes - i, &c);
        if (c == ' ') {
            if (start)
                return false;
            start = true;
            continue;
        }
        if (start) {
            if (++words > WORDS_MAX || (!is_upper(c) && (words == 1 || !is_lower(c))))
                return false;
            start = false;
        } else if (!is_upper(c) && !is_lower(c) && c != '-' && c != '\'' && c != '.' &&
                   c != 0x2019) {
            return false;
        }
    }
    return words > 0 && !start && size_bytes >= 2;
}

bool assay_semantic_is_company_name(const char *text, size_t size_bytes)
{
    static const char *const forms[] = {
        "inc",    "inc.",        "incorporated", "llc",  "ltd",     "ltd.", "limited", "corp",
        "corp.",  "corporation", "co",           "co.",  "company", "plc",  "gmbh",    "ag",
        "kg",     "se",          "sa",           "s.a.", "sarl",    "srl",  "s.r.l.",  "spa",
        "s.p.a.", "bv",          "b.v.",         "nv",   "n.v.",    "oy",   "ab",      "as",
        "a/s",    "aps",         "kft",          "sro",  "s.r.o.",  "pty",  "holding", "group"};
    size_t start = size_bytes;
    while (start > 0 && text[start - 1] != ' ')
        start--;
    if (start < 2 || (size_bytes - start == 2 && text[start - 2] == ',')) /* "Denver, CO" */
        return false;
    for (size_t i = 0; i < ASSAY_COUNT(forms); i++) {
        if (strlen(forms[i]) == size_bytes - start &&
            !strncasecmp(forms[i], text + start, size_bytes - start))
            return true;
    }
    return false;
}

bool assay_semantic_is_title(const char *text, size_t size_bytes)
{
    uint32_t c;
    if (size_bytes < 2)
        return false;
    assay_utf8_next(text, size_bytes, &c);
    return is_upper(c) || (c >= '0' && c <= '9');
}
