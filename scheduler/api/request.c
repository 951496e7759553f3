// Requests: texts of the URL, and the database around a handler.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/request.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "common/base/utf8.h"
#include "scheduler/catalog/listing.h"

enum { PARAMS_MAX = 1000 };

/* One character of an encoded text: its value, and how many bytes it took; -1 when malformed. */
static int decode_one(const char *text, size_t size_bytes, bool plus, size_t *ret_used)
{
    *ret_used = 1;
    if (plus && *text == '+')
        return ' ';
    if (*text != '%')
        return (unsigned char)*text;
    const int high = size_bytes > 2 ? assay_hex_digit(text[1]) : -1;
    const int low = size_bytes > 2 ? assay_hex_digit(text[2]) : -1;
    *ret_used = 3;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int assay_percent_decode(const char *text, size_t size_bytes, bool plus, char **ret_text,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *decoded = assay_malloc(size_bytes + 1);
    if (!decoded)
        return assay_fail_memory(err);
    size_t size = 0;
    for (size_t i = 0, used; i < size_bytes; i += used) {
        const int value = decode_one(text + i, size_bytes - i, plus, &used);
        if (value <= 0)
            return assay_fail(err, ASSAY_USAGE, "the URL has a malformed %%-escape");
        decoded[size++] = (char)value;
    }
    decoded[size] = '\0';
    if (!assay_utf8_valid(decoded, size))
        return assay_fail(err, ASSAY_USAGE, "the URL is not UTF-8");
    *ret_text = ASSAY_TAKE(decoded);
    return ASSAY_OK;
}

/* name=value of a query string into {name: [values]}. "name[]" means name. */
static int add_param(json_t *params, const char *text, size_t size_bytes, struct assay_error *err)
{
    const char *equals = memchr(text, '=', size_bytes);
    const size_t name_size = equals ? (size_t)(equals - text) : size_bytes;
    ASSAY_AUTO(assay_free_text) char *name = NULL;
    ASSAY_AUTO(assay_free_text) char *value = NULL;
    ASSAY_TRY(assay_percent_decode(text, name_size, true, &name, err));
    ASSAY_TRY(assay_percent_decode(equals ? equals + 1 : "",
                                   equals ? size_bytes - name_size - 1 : 0, true, &value, err));
    const size_t length = strlen(name);
    if (length > 2 && strcmp(name + length - 2, "[]") == 0)
        name[length - 2] = '\0';
    if (!json_object_get(params, name))
        ASSAY_TRY(assay_json_set(params, name, json_array(), err));
    return assay_json_push(json_object_get(params, name), json_string(value), err);
}

int assay_params_parse(const char *query, json_t **ret_params, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *params = json_object();
    if (!params)
        return assay_fail_memory(err);
    size_t count = 0;
    while (query && *query) {
        const size_t size = strcspn(query, "&");
        if (size > 0 && ++count > PARAMS_MAX)
            return assay_fail(err, ASSAY_USAGE, "more than %d query parameters", PARAMS_MAX);
        if (size > 0)
            ASSAY_TRY(add_param(params, query, size, err));
        query += size + (query[size] == '&');
    }
    *ret_params = ASSAY_TAKE(params);
    return ASSAY_OK;
}

int assay_request_truth(const struct assay_request *request, const char *name, bool fallback,
                        bool *ret_value, struct assay_error *err)
{
    const char *text = assay_param(request->params, name);
    *ret_value = fallback;
    if (text && *text && !assay_param_bool(text, ret_value))
        return assay_fail(err, ASSAY_INVALID, "\"%s\" must be true or false", name);
    return ASSAY_OK;
}

struct assay_editor assay_request_editor(const struct assay_request *request)
{
    return (struct assay_editor){request->identity.user_id, request->identity.user_name};
}

struct write_call {
    struct assay_request *request;
    assay_write_fn *body;
    void *context;
};

static int run_write(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct write_call *call = context;
    return call->body(conn, call->request, call->context, err);
}

int assay_in_transaction(struct assay_request *request, assay_write_fn *body, void *context,
                         struct assay_error *err)
{
    struct write_call call = {request, body, context};
    return assay_db_transaction(request->with->db, run_write, &call, err);
}

int assay_read(struct assay_request *request, assay_read_fn *body, struct assay_answer *answer,
               struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    return body(conn, request, &answer->json, err);
}
