// Results in chunks: cutting them.
// SPDX-License-Identifier: Apache-2.0
#include "common/msg/result.h"

#include "common/base/utf8.h"

enum { LONG_TEXT_BYTES = 65536 };

/* A chunk being written: {"t":"kind","key":[element,element */
struct sender {
    const char *kind;
    const char *key;
    assay_emit_fn *emit;
    void *context;
    struct assay_buf chunk;
    size_t elements;
};

static json_t *cut_text(const json_t *text)
{
    struct assay_buf cut = {0};
    const char *bytes = json_string_value(text);
    const size_t size_bytes = assay_utf8_cut(bytes, json_string_length(text), LONG_TEXT_BYTES);
    assay_buf_append(&cut, bytes, size_bytes);
    assay_buf_text(&cut, "…");
    json_t *shorter = cut.failed ? NULL : json_stringn_nocheck(cut.data, cut.size);
    assay_buf_release(&cut);
    return shorter;
}

static json_t *with_texts_cut(const json_t *value);

static json_t *array_with_texts_cut(const json_t *array)
{
    ASSAY_AUTO(assay_json_decref) json_t *copy = json_array();
    for (size_t i = 0; copy && i < json_array_size(array); i++)
        if (json_array_append_new(copy, with_texts_cut(json_array_get(array, i))))
            return NULL;
    return ASSAY_TAKE(copy);
}

static json_t *object_with_texts_cut(const json_t *object)
{
    ASSAY_AUTO(assay_json_decref) json_t *copy = json_object();
    const char *key;
    json_t *value;
    json_object_foreach(
        (json_t *)object, key,
        value) if (!copy ||
                   json_object_set_new_nocheck(copy, key, with_texts_cut(value))) return NULL;
    return ASSAY_TAKE(copy);
}

/* A copy whose texts are at most LONG_TEXT_BYTES long; NULL when out of memory. */
static json_t *with_texts_cut(const json_t *value)
{
    if (json_is_array(value))
        return array_with_texts_cut(value);
    if (json_is_object(value))
        return object_with_texts_cut(value);
    if (json_is_string(value) && json_string_length(value) > LONG_TEXT_BYTES)
        return cut_text(value);
    return json_incref((json_t *)value);
}

/* Append the element's text, its long texts cut when it would not fit into max_bytes. */
static int append_fitting(const json_t *element, size_t max_bytes, struct assay_buf *text,
                          struct assay_error *err)
{
    text->max_bytes = ASSAY_FRAME_MAX_BYTES;
    if (assay_json_append(element, text, NULL) == ASSAY_OK && text->size <= max_bytes)
        return ASSAY_OK;
    assay_buf_clear(text);
    ASSAY_AUTO(assay_json_decref) json_t *cut = with_texts_cut(element);
    if (!cut)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_json_append(cut, text, err));
    if (text->size > max_bytes)
        return assay_fail(err, ASSAY_LIMIT,
                          "one element of a result is %zu bytes: more than a chunk of %u holds",
                          text->size, (unsigned)ASSAY_CHUNK_MAX_BYTES);
    return ASSAY_OK;
}

static void begin_chunk(struct sender *sender)
{
    assay_buf_clear(&sender->chunk);
    assay_buf_printf(&sender->chunk, "{\"t\":\"%s\",\"%s\":[", sender->kind, sender->key);
    sender->elements = 0;
}

static int end_chunk(struct sender *sender, struct assay_error *err)
{
    assay_buf_text(&sender->chunk, "]}");
    ASSAY_TRY(assay_buf_check(&sender->chunk, err));
    return sender->emit(sender->chunk.data, sender->chunk.size, sender->context, err);
}

static int send_element(struct sender *sender, const json_t *element, struct assay_buf *text,
                        struct assay_error *err)
{
    const size_t frame_bytes = sizeof "{\"t\":\"\",\"\":[,]}" + 64;
    assay_buf_clear(text);
    ASSAY_TRY(append_fitting(element, ASSAY_CHUNK_MAX_BYTES - frame_bytes, text, err));
    if (sender->elements &&
        sender->chunk.size + text->size + sizeof ",]}" > ASSAY_CHUNK_MAX_BYTES) {
        ASSAY_TRY(end_chunk(sender, err));
        begin_chunk(sender);
    }
    if (sender->elements++)
        assay_buf_char(&sender->chunk, ',');
    assay_buf_append(&sender->chunk, text->data, text->size);
    return assay_buf_check(&sender->chunk, err);
}

static int send_elements(struct sender *sender, const json_t *list, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    begin_chunk(sender);
    for (size_t i = 0; i < json_array_size(list); i++)
        ASSAY_TRY(send_element(sender, json_array_get(list, i), &text, err));
    return end_chunk(sender, err);
}

int assay_result_send_list(const char *kind, const char *key, const json_t *list,
                           assay_emit_fn *emit, void *context, struct assay_error *err)
{
    struct sender sender = {.kind = kind, .key = key, .emit = emit, .context = context};
    const int rc = send_elements(&sender, list, err);
    assay_buf_release(&sender.chunk);
    return rc;
}

int assay_result_send_object(const char *kind, const json_t *body, assay_emit_fn *emit,
                             void *context, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *chunk = json_pack("{s:s}", "t", kind);
    if (!chunk || json_object_update(chunk, (json_t *)body))
        return assay_fail_memory(err);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_TRY(append_fitting(chunk, ASSAY_CHUNK_MAX_BYTES, &text, err));
    return emit(text.data, text.size, context, err);
}
