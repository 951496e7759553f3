/* JSON by jansson: cleanup, typed getters with an error that names the place, and output. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_JSON_JSON_H
#define ASSAY_JSON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/error.h"

static inline void assay_json_decref(json_t *json)
{
    json_decref(json);
}
/** `ASSAY_AUTO(assay_json_decref) json_t *body = NULL;` */
ASSAY_DEFINE_CLEANUP(json_t, assay_json_decref)

/** Parse one whole document. `name` (file, "request body") stands in errors with line and column.
 *  Duplicate keys are refused. *ret_json is the caller's. ASSAY_FORMAT. */
ASSAY_MUST_CHECK int assay_json_parse(const char *text, size_t size_bytes, const char *name,
                                      json_t **ret_json, struct assay_error *err);
/** Append compact text. Keys keep their order. */
ASSAY_MUST_CHECK int assay_json_append(const json_t *json, struct assay_buf *buf,
                                       struct assay_error *err);
/** Compact text on the heap (assay_free()), NULL when out of memory. */
char *assay_json_text(const json_t *json);

/** A member of an object, or the fallback when absent or null. The text is the object's. */
const char *assay_json_str(const json_t *object, const char *key, const char *fallback);
int64_t assay_json_int(const json_t *object, const char *key, int64_t fallback);
double assay_json_num(const json_t *object, const char *key, double fallback);
bool assay_json_bool(const json_t *object, const char *key, bool fallback);
/** The member, NULL when absent or null. Borrowed. */
json_t *assay_json_get(const json_t *object, const char *key);

/** Required members: ASSAY_INVALID with the key's name when absent or of another type. Borrowed. */
ASSAY_MUST_CHECK int assay_json_need_str(const json_t *object, const char *key,
                                         const char **ret_text, struct assay_error *err);
ASSAY_MUST_CHECK int assay_json_need_int(const json_t *object, const char *key, int64_t *ret_value,
                                         struct assay_error *err);
ASSAY_MUST_CHECK int assay_json_need_object(const json_t *object, const char *key,
                                            json_t **ret_object, struct assay_error *err);
ASSAY_MUST_CHECK int assay_json_need_array(const json_t *object, const char *key,
                                           json_t **ret_array, struct assay_error *err);

/** A JSON string of bytes that may not be UTF-8 (malformed bytes are replaced); NULL when out of
 * memory. */
json_t *assay_json_safe_string(const char *text, size_t size_bytes);
/** A JSON number, null for NaN and infinities. */
json_t *assay_json_real_or_null(double value);
/** Set and take over value; ASSAY_NO_MEMORY when value is NULL or cannot be set. */
ASSAY_MUST_CHECK int assay_json_set(json_t *object, const char *key, json_t *value,
                                    struct assay_error *err);
ASSAY_MUST_CHECK int assay_json_push(json_t *array, json_t *value, struct assay_error *err);

#endif
