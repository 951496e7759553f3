// Results in chunks: what is cut is put together again.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "common/base/memory.h"
#include "common/msg/result.h"

struct sent {
    struct assay_result *result;
    size_t chunks;
    size_t largest_bytes;
};

static int take_chunk(const char *chunk, size_t size_bytes, void *context, struct assay_error *err)
{
    struct sent *sent = context;
    sent->chunks++;
    if (size_bytes > sent->largest_bytes)
        sent->largest_bytes = size_bytes;
    return assay_result_add(sent->result, chunk, size_bytes, err);
}

static struct sent new_sent(void)
{
    struct sent sent = {0};
    assert_int_equal(assay_result_new(0, &sent.result, NULL), ASSAY_OK);
    return sent;
}

static json_t *texts(size_t count, size_t size_bytes)
{
    char *text = assay_malloc(size_bytes);
    memset(text, 'x', size_bytes);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{s:i, s:s#}", "row", (int)i, "value", text, (int)size_bytes));
    assay_free(text);
    return list;
}

static void lists_survive_the_cut(void **state)
{
    (void)state;
    static const struct {
        size_t count, size_bytes, chunks;
    } cases[] = {
        {0, 1, 1}, {1, 1, 1}, {1000, 10, 1}, {2100, 1000, 3}, {40, 60000, 3},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct sent sent = new_sent();
        json_t *list = texts(cases[i].count, cases[i].size_bytes);
        assert_int_equal(
            assay_result_send_list("anomalies", "anomalies", list, take_chunk, &sent, NULL),
            ASSAY_OK);
        const json_t *container = json_object_get(assay_result_document(sent.result), "container");
        assert_true(json_equal(json_object_get(container, "anomalies"), list));
        assert_int_equal(sent.chunks, cases[i].chunks);
        assert_true(sent.largest_bytes <= ASSAY_CHUNK_MAX_BYTES);
        json_decref(list);
        assay_result_free(sent.result);
    }
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    struct sent sent = new_sent();
    json_t *list = texts(2, (size_t)3 << 20);
    assert_int_equal(assay_result_send_list("fields", "fields", list, take_chunk, &sent, NULL),
                     ASSAY_OK);
    const json_t *fields =
        json_object_get(json_object_get(assay_result_document(sent.result), "container"), "fields");
    assert_int_equal(json_array_size(fields), 2);
    assert_int_equal(json_string_length(json_object_get(json_array_get(fields, 1), "value")),
                     65536 + 3);
    json_decref(list);
    assay_result_free(sent.result);
}

static void too_large_an_element_is_refused(void **state)
{
    (void)state;
    struct sent sent = new_sent();
    json_t *list = json_array();
    json_array_append_new(list, texts(40, 60000));
    struct assay_error err = {0};
    assert_int_equal(assay_result_send_list("fields", "fields", list, take_chunk, &sent, &err),
                     ASSAY_LIMIT);
    assert_int_equal(sent.chunks, 0);
    json_decref(list);
    assay_result_free(sent.result);
}

static void kinds_go_to_their_member(void **state)
{
    (void)state;
    static const char *const chunks[] = {
        "{\"t\":\"container\",\"name\":\"a.csv\",\"warnings\":[1]}",
        "{\"t\":\"fields\",\"fields\":[1,2]}",
        "{\"t\":\"fields\",\"fields\":[3]}",
        "{\"t\":\"inferred\",\"checks\":[4]}",
        "{\"t\":\"found\",\"containers\":[5]}",
        "{\"t\":\"inspect\",\"connected\":true}",
        "{\"t\":\"inspect\",\"records\":[6]}",
    };
    json_t *wanted = json_loads(
        "{\"container\": {\"name\": \"a.csv\", \"warnings\": [1], \"fields\": [1, 2, 3]},"
        " \"inferred\": {\"checks\": [4]}, \"found\": {\"containers\": [5]},"
        " \"inspect\": {\"connected\": true, \"records\": [6]}}",
        0, NULL);
    struct sent sent = new_sent();
    for (size_t i = 0; i < ASSAY_COUNT(chunks); i++)
        assert_int_equal(assay_result_add(sent.result, chunks[i], strlen(chunks[i]), NULL),
                         ASSAY_OK);
    assert_true(json_equal(assay_result_document(sent.result), wanted));
    json_decref(wanted);
    assay_result_free(sent.result);
}

static void wrong_chunks_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *chunk;
        int code;
    } cases[] = {
        {"", ASSAY_FORMAT},
        {"[1]", ASSAY_FORMAT},
        {"{\"t\":1}", ASSAY_FORMAT},
        {"{\"t\":\"found\"", ASSAY_FORMAT},
        {"{\"t\":\"found\",\"text\":\"longer than the ceiling of this result\"}", ASSAY_LIMIT},
    };
    struct assay_result *result = NULL;
    assert_int_equal(assay_result_new(40, &result, NULL), ASSAY_OK);
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_error err = {0};
        assert_int_equal(assay_result_add(result, cases[i].chunk, strlen(cases[i].chunk), &err),
                         cases[i].code);
        assert_true(err.text[0]);
    }
    assert_int_equal(json_object_size(assay_result_document(result)), 0);
    assay_result_free(result);
}

/* What a later version adds does not cost what is known. */
static void unknown_kinds_are_passed_over(void **state)
{
    (void)state;
    static const char *const chunks[] = {
        "{\"t\":\"container\",\"name\":\"a.csv\"}",
        "{\"t\":\"surprise\",\"name\":\"b.csv\"}",
        "{\"t\":\"another\"}",
        "{\"t\":\"fields\",\"fields\":[1]}",
    };
    json_t *wanted = json_loads("{\"container\": {\"name\": \"a.csv\", \"fields\": [1]}}", 0, NULL);
    struct sent sent = new_sent();
    assert_null(assay_result_unknown(sent.result));
    for (size_t i = 0; i < ASSAY_COUNT(chunks); i++)
        assert_int_equal(assay_result_add(sent.result, chunks[i], strlen(chunks[i]), NULL),
                         ASSAY_OK);
    assert_true(json_equal(assay_result_document(sent.result), wanted));
    assert_string_equal(assay_result_unknown(sent.result), "surprise");
    json_decref(wanted);
    assay_result_free(sent.result);
}

static void objects_carry_their_kind(void **state)
{
    (void)state;
    struct sent sent = new_sent();
    json_t *body = json_pack("{s:s, s:[]}", "name", "a.csv", "warnings");
    assert_int_equal(assay_result_send_object("container", body, take_chunk, &sent, NULL),
                     ASSAY_OK);
    assert_true(json_equal(json_object_get(assay_result_document(sent.result), "container"), body));
    json_decref(body);
    assay_result_free(sent.result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_survive_the_cut),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(too_large_an_element_is_refused),
        cmocka_unit_test(kinds_go_to_their_member),
        cmocka_unit_test(wrong_chunks_are_refused),
        cmocka_unit_test(unknown_kinds_are_passed_over),
        cmocka_unit_test(objects_carry_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
