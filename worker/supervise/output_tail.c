// The last of what an executor wrote to its stdout and stderr, without secrets.
// SPDX-License-Identifier: Apache-2.0
#include "worker/supervise/output_tail.h"

#include <string.h>

#include "common/base/utf8.h"

enum { LEAST_SECRET_BYTES = 4 };

void assay_output_tail_add(struct assay_output_tail *tail, const char *text, size_t size_bytes)
{
    if (size_bytes > ASSAY_TAIL_BYTES) {
        text += size_bytes - ASSAY_TAIL_BYTES;
        size_bytes = ASSAY_TAIL_BYTES;
    }
    if (tail->bytes.size + size_bytes > ASSAY_TAIL_BYTES)
        assay_buf_consume(&tail->bytes, tail->bytes.size + size_bytes - ASSAY_TAIL_BYTES);
    assay_buf_append(&tail->bytes, text, size_bytes);
}

void assay_output_tail_release(struct assay_output_tail *tail)
{
    assay_buf_release(&tail->bytes);
}

static void replace_all(struct assay_buf *text, const char *secret, size_t secret_bytes)
{
    struct assay_buf replaced = {0};
    const char *rest = assay_buf_str(text), *end = rest + text->size, *hit;
    while ((hit = memmem(rest, (size_t)(end - rest), secret, secret_bytes))) {
        assay_buf_append(&replaced, rest, (size_t)(hit - rest));
        assay_buf_text(&replaced, "***");
        rest = hit + secret_bytes;
    }
    assay_buf_append(&replaced, rest, (size_t)(end - rest));
    if (replaced.failed)
        assay_buf_clear(&replaced); /* rather nothing than a secret */
    assay_buf_release(text);
    *text = replaced;
}

static void redact_values(struct assay_buf *text, const json_t *secrets)
{
    const char *key;
    json_t *value;
    if (json_is_string(secrets) && json_string_length(secrets) >= LEAST_SECRET_BYTES)
        replace_all(text, json_string_value(secrets), json_string_length(secrets));
    if (json_is_object(secrets))
        json_object_foreach((json_t *)secrets, key, value) redact_values(text, value);
    if (json_is_array(secrets))
        for (size_t i = 0; i < json_array_size(secrets); i++)
            redact_values(text, json_array_get(secrets, i));
}

void assay_redact(const char *text, const json_t *secrets, struct assay_buf *redacted)
{
    struct assay_buf work = {0};
    assay_buf_text(&work, text);
    redact_values(&work, secrets);
    assay_buf_text(redacted, assay_buf_str(&work));
    assay_buf_release(&work);
}

/* Lines become one: " | " between them, other control characters blank. */
static void append_printable(struct assay_buf *text, const char *shown)
{
    for (; *shown; shown++) {
        if (*shown == '\n' && shown[1])
            assay_buf_text(text, " | ");
        else if ((unsigned char)*shown >= ' ' && *shown != 0x7f)
            assay_buf_char(text, *shown);
    }
}

void assay_output_tail_show(const struct assay_output_tail *tail, const json_t *secrets,
                            struct assay_buf *text)
{
    struct assay_buf safe = {0}, redacted = {0};
    for (size_t i = 0; i < tail->bytes.size; i++)
        if (tail->bytes.data[i])
            assay_buf_char(&safe, tail->bytes.data[i]);
    assay_redact(assay_buf_str(&safe), secrets, &redacted);
    assay_buf_clear(&safe);
    const char *shown = assay_buf_str(&redacted);
    if (redacted.size > ASSAY_TAIL_SHOWN_BYTES) {
        const char *cut = shown + redacted.size - ASSAY_TAIL_SHOWN_BYTES;
        const char *line = strchr(cut, '\n');
        shown = line && line[1] ? line + 1 : cut;
    }
    assay_utf8_append_safe(&safe, shown, strlen(shown));
    append_printable(text, assay_buf_str(&safe));
    assay_buf_release(&safe);
    assay_buf_release(&redacted);
}
