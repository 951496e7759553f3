// Errors: the table of codes and the one place where messages are composed.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/error.h"

#include <stdio.h>
#include <string.h>

static const struct code_row {
    int code;
    const char *name;
    const char *text;
    enum assay_retry retry;
    int http;
} code_rows[] = {
#define X(name, code, text, retry, http) {(code), #name, (text), (retry), (http)},
    ASSAY_ERROR_CODES(X)
#undef X
};

static const struct code_row *find_code(int code)
{
    for (size_t i = 0; i < sizeof code_rows / sizeof *code_rows; i++)
        if (code_rows[i].code == code)
            return &code_rows[i];
    return NULL;
}

int assay_vfail(struct assay_error *err, int code, const char *format, va_list args)
{
    if (!err || err->code != ASSAY_OK)
        return code;
    err->code = code;
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    return code;
}

int assay_fail(struct assay_error *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)assay_vfail(err, code, format, args);
    va_end(args);
    return code;
}

int assay_fail_errno(struct assay_error *err, int code, int errnum, const char *format, ...)
{
    if (!err || err->code != ASSAY_OK)
        return code;
    va_list args;
    va_start(args, format);
    (void)assay_vfail(err, code, format, args);
    va_end(args);
    err->vendor_code = errnum;
    const size_t used = strlen(err->text);
    char reason[128];
    (void)snprintf(err->text + used, sizeof err->text - used, ": %s",
                   strerror_r(errnum, reason, sizeof reason));
    return code;
}

int assay_context(struct assay_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    if (err->code == ASSAY_OK)
        err->code = code;
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    int used = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (used < 0 || (size_t)used >= sizeof text)
        used = (int)sizeof text - 1;
    (void)snprintf(text + used, sizeof text - (size_t)used, ": %s", err->text);
    memcpy(err->text, text, sizeof text);
    return err->code;
}

int assay_fail_memory(struct assay_error *err)
{
    return assay_fail(err, ASSAY_NO_MEMORY, "out of memory");
}

void assay_error_clear(struct assay_error *err)
{
    if (err)
        *err = (struct assay_error){0};
}

const char *assay_code_text(int code)
{
    const struct code_row *row = find_code(code);
    return row ? row->text : "unknown error";
}

const char *assay_code_name(int code)
{
    const struct code_row *row = find_code(code);
    return row ? row->name + strlen("ASSAY_") : "INTERNAL";
}

enum assay_retry assay_code_retry(int code)
{
    const struct code_row *row = find_code(code);
    return row ? row->retry : ASSAY_RETRY_NEVER;
}

int assay_code_http(int code)
{
    const struct code_row *row = find_code(code);
    return row ? row->http : 500;
}

int assay_code_by_name(const char *name)
{
    for (size_t i = 0; name && i < sizeof code_rows / sizeof *code_rows; i++)
        if (!strcmp(code_rows[i].name + strlen("ASSAY_"), name))
            return code_rows[i].code;
    return ASSAY_INTERNAL;
}
