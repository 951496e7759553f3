// Answers: their headers, and their statuses as errors.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/http/http.h"
#include "common/json/json.h"

enum { SHOWN_BYTES = 300 };

void assay_http_response_release(struct assay_http_response *response)
{
    assay_buf_release(&response->body);
    assay_buf_release(&response->headers);
    response->status = 0;
}

static const struct {
    int status, code;
} status_codes[] = {
    {400, ASSAY_INVALID},     {401, ASSAY_UNAUTHENTICATED}, {403, ASSAY_DENIED},
    {404, ASSAY_NOT_FOUND},   {408, ASSAY_TIMEOUT},         {409, ASSAY_CONFLICT},
    {410, ASSAY_NOT_FOUND},   {413, ASSAY_LIMIT},           {422, ASSAY_INVALID},
    {429, ASSAY_UNAVAILABLE}, {503, ASSAY_UNAVAILABLE},     {504, ASSAY_TIMEOUT},
};

static int code_of_status(int status)
{
    for (size_t i = 0; i < ASSAY_COUNT(status_codes); i++)
        if (status_codes[i].status == status)
            return status_codes[i].code;
    return status >= 500 ? ASSAY_TRANSIENT : ASSAY_INVALID;
}

/* What the answer says of itself: its detail or message, else the raw text. */
static void append_reason(const struct assay_http_response *response, const char *const *secrets,
                          struct assay_buf *text)
{
    ASSAY_AUTO(assay_json_decref) json_t *json = NULL;
    const char *reason = assay_buf_str(&response->body);
    ASSAY_AUTO(assay_free_text) char *detail = NULL;
    if (assay_json_parse(reason, response->body.size, "answer", &json, NULL) == ASSAY_OK) {
        const json_t *value = assay_json_get(json, "detail");
        if (!value)
            value = assay_json_get(json, "message");
        if (json_is_string(value))
            reason = json_string_value(value);
        else if (value && (detail = assay_json_text(value)))
            reason = detail;
    }
    const size_t size = assay_utf8_cut(reason, strlen(reason), SHOWN_BYTES);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf safe = {0};
    assay_http_append_redacted(&safe, reason, size, secrets);
    assay_utf8_append_safe(text, assay_buf_str(&safe), safe.size);
}

int assay_http_check(const struct assay_http_request *request,
                     const struct assay_http_response *response, struct assay_error *err)
{
    if (response->status < 400)
        return ASSAY_OK;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf location = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf reason = {0};
    assay_http_append_location(&location, request->url);
    append_reason(response, request->secrets, &reason);
    const int rc = assay_fail(err, code_of_status(response->status), "%s %s: answered %d%s%s",
                              request->method, assay_buf_str(&location), response->status,
                              reason.size ? ": " : "", assay_buf_str(&reason));
    if (err && err->code == rc)
        err->vendor_code = response->status;
    return rc;
}

int assay_http_header(const struct assay_http_response *response, const char *name,
                      char **ret_value, struct assay_error *err)
{
    const size_t length = strlen(name);
    const char *found = NULL;
    size_t size = 0;
    for (const char *line = assay_buf_str(&response->headers); *line;) {
        const size_t line_size = strcspn(line, "\r\n");
        if (line_size > length && line[length] == ':' && strncasecmp(line, name, length) == 0) {
            found = line + length + 1 + strspn(line + length + 1, " \t");
            size = (size_t)(line + line_size - found);
        }
        line += line_size;
        line += strspn(line, "\r\n");
    }
    char *value = found ? assay_strndup(found, size) : NULL;
    if (found && !value)
        return assay_fail_memory(err);
    *ret_value = value;
    return ASSAY_OK;
}
