// Answers of errors.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "scheduler/api/route.h"

void assay_answer_release(struct assay_answer *answer)
{
    json_decref(answer->json);
    assay_buf_release(&answer->text);
    assay_free(answer->location);
    assay_stream_unref(answer->stream);
    *answer = (struct assay_answer){0};
}

/* The key that a message begins with in quotes (`"name" is missing`), as a JSON text; NULL without
 * one. */
static json_t *key_of(const char *text)
{
    const char *end = *text == '"' ? strchr(text + 1, '"') : NULL;
    return end ? assay_json_safe_string(text + 1, (size_t)(end - text - 1)) : NULL;
}

/* Where the key stands: in the path, the query, or (given or missing) the body. */
static const char *place_of(const struct assay_request *request, const json_t *key)
{
    char placeholder[64];
    const char *name = key ? json_string_value(key) : "";
    (void)snprintf(placeholder, sizeof placeholder, "{%s}", name);
    if (strstr(request->route->path, placeholder))
        return "path";
    const bool query = request->route->body == ASSAY_BODY_NONE;
    return query || json_object_get(request->params, name) ? "query" : "body";
}

/* [{"loc": [place, key], "msg": …, "type": …}] */
static json_t *validation_list(const struct assay_request *request, const struct assay_error *err)
{
    json_t *key = key_of(err->text);
    json_t *location = json_pack("[s]", place_of(request, key));
    if (key)
        (void)json_array_append_new(location, key);
    return json_pack("[{s:o, s:o, s:s}]", "loc", location, "msg",
                     assay_json_safe_string(err->text, strlen(err->text)), "type",
                     err->code == ASSAY_FORMAT ? "json_invalid" : "value_error");
}

#define DISK_FULL "53100" /* SQLSTATE, of both databases */

/* Our own faults say nothing of the inside; the log does. */
static const char *public_text(const struct assay_error *err)
{
    if (err->code == ASSAY_INTERNAL || err->code == ASSAY_NO_MEMORY || err->code == ASSAY_IO)
        return "internal error: the server's log says more";
    return err->text;
}

void assay_answer_detail(struct assay_answer *answer, int status, const char *text)
{
    assay_answer_release(answer);
    answer->status = status;
    answer->json = json_pack("{s:o}", "detail", assay_json_safe_string(text, strlen(text)));
}

void assay_answer_error(const struct assay_request *request, struct assay_answer *answer,
                        const struct assay_error *err)
{
    const bool invalid = err->code == ASSAY_INVALID || err->code == ASSAY_FORMAT;
    if (strcmp(err->sqlstate, DISK_FULL) == 0) {
        assay_answer_detail(answer, 507,
                            "the disk of the catalog is full: nothing was stored: free some space "
                            "on it, then try again");
        return;
    }
    if (!invalid) {
        assay_answer_detail(answer, assay_code_http(err->code), public_text(err));
        return;
    }
    assay_answer_release(answer);
    answer->status = 422;
    answer->json = json_pack("{s:o}", "detail", validation_list(request, err));
}
