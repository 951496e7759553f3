// JSON by jansson: the few functions that keep callers short.
// SPDX-License-Identifier: Apache-2.0
#include "common/json/json.h"

#include <math.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"

int assay_json_parse(const char *text, size_t size_bytes, const char *name, json_t **ret_json,
                     struct assay_error *err)
{
    json_error_t where;
    json_t *json = json_loadb(text, size_bytes,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
    if (!json)
        return assay_fail(err, ASSAY_FORMAT, "%s: line %d, column %d: %s", name, where.line,
                          where.column, where.text);
    *ret_json = json;
    return ASSAY_OK;
}

static int append_piece(const char *piece, size_t size_bytes, void *buf)
{
    assay_buf_append(buf, piece, size_bytes);
    return ((struct assay_buf *)buf)->failed ? -1 : 0;
}

int assay_json_append(const json_t *json, struct assay_buf *buf, struct assay_error *err)
{
    if (json_dump_callback(json, append_piece, buf,
                           JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)))
        return assay_fail(err, ASSAY_NO_MEMORY, "writing JSON: out of memory or too large");
    return assay_buf_check(buf, err);
}

char *assay_json_text(const json_t *json)
{
    struct assay_buf buf = {0};
    if (assay_json_append(json, &buf, NULL) != ASSAY_OK) {
        assay_buf_release(&buf);
        return NULL;
    }
    return assay_buf_take(&buf);
}

json_t *assay_json_get(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

const char *assay_json_str(const json_t *object, const char *key, const char *fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t assay_json_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

double assay_json_num(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

bool assay_json_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static int wrong_member(const json_t *value, const char *key, const char *wanted,
                        struct assay_error *err)
{
    return value ? assay_fail(err, ASSAY_INVALID, "\"%s\" must be %s", key, wanted)
                 : assay_fail(err, ASSAY_INVALID, "\"%s\" is missing: give %s", key, wanted);
}

int assay_json_need_str(const json_t *object, const char *key, const char **ret_text,
                        struct assay_error *err)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        return wrong_member(value, key, "a text", err);
    *ret_text = json_string_value(value);
    return ASSAY_OK;
}

int assay_json_need_int(const json_t *object, const char *key, int64_t *ret_value,
                        struct assay_error *err)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        return wrong_member(value, key, "a whole number", err);
    *ret_value = json_integer_value(value);
    return ASSAY_OK;
}

int assay_json_need_object(const json_t *object, const char *key, json_t **ret_object,
                           struct assay_error *err)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_object(value))
        return wrong_member(value, key, "an object", err);
    *ret_object = value;
    return ASSAY_OK;
}

int assay_json_need_array(const json_t *object, const char *key, json_t **ret_array,
                          struct assay_error *err)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_array(value))
        return wrong_member(value, key, "a list", err);
    *ret_array = value;
    return ASSAY_OK;
}

json_t *assay_json_safe_string(const char *text, size_t size_bytes)
{
    if (assay_utf8_valid(text, size_bytes))
        return json_stringn_nocheck(text, size_bytes);
    struct assay_buf safe = {0};
    assay_utf8_append_safe(&safe, text, size_bytes);
    json_t *json = safe.failed ? NULL : json_stringn_nocheck(assay_buf_str(&safe), safe.size);
    assay_buf_release(&safe);
    return json;
}

json_t *assay_json_real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

int assay_json_set(json_t *object, const char *key, json_t *value, struct assay_error *err)
{
    return json_object_set_new_nocheck(object, key, value) ? assay_fail_memory(err) : ASSAY_OK;
}

int assay_json_push(json_t *array, json_t *value, struct assay_error *err)
{
    return json_array_append_new(array, value) ? assay_fail_memory(err) : ASSAY_OK;
}
