// Tests of dictionaries: one code for a text, none for what has no room, the same from any thread.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/dictionary.h"

enum { TEXTS = 1000, THREADS = 4 };

static struct assay_dictionary *dictionary_new(void)
{
    struct assay_error err = {0};
    struct assay_dictionary *dictionary = NULL;
    assert_int_equal(assay_dictionary_new(&dictionary, &err), ASSAY_OK);
    return dictionary;
}

static uint16_t code_of(struct assay_dictionary *dictionary, const char *data, size_t size_bytes)
{
    const struct assay_text text = {.data = data, .size_bytes = (uint32_t)size_bytes};
    uint16_t code;
    assay_dictionary_codes(dictionary, &text, NULL, 1, &code);
    return code;
}

static void codes_of_texts(void **unused)
{
    (void)unused;
    static const struct assay_text texts[] = {
        {.data = "a", .size_bytes = 1},        {.data = "", .size_bytes = 0},
        {.data = "a\0", .size_bytes = 2},      {.data = "a", .size_bytes = 1},
        {.data = "\xFF\xFE", .size_bytes = 2}, {.data = NULL, .size_bytes = 7}, /* null */
        {.data = "", .size_bytes = 0},
    };
    static const uint16_t want[] = {1, 2, 3, 1, 4, ASSAY_CODE_NULL, 2};
    const uint64_t validity = 0x5F;
    uint16_t codes[ASSAY_COUNT(texts)];
    ASSAY_AUTO(assay_dictionary_free) struct assay_dictionary *dictionary = dictionary_new();
    assay_dictionary_codes(dictionary, texts, &validity, ASSAY_COUNT(texts), codes);
    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        assert_int_equal(codes[i], want[i]);
        if (codes[i] == ASSAY_CODE_NULL)
            continue;
        const struct assay_text text = assay_dictionary_text(dictionary, codes[i]);
        assert_int_equal(text.size_bytes, texts[i].size_bytes);
        assert_memory_equal(text.data, texts[i].data, text.size_bytes);
    }
    assert_false(assay_dictionary_is_full(dictionary));
}

static void too_many(void **unused)
{
    (void)unused;
    char text[16];
    ASSAY_AUTO(assay_dictionary_free) struct assay_dictionary *dictionary = dictionary_new();
    for (int i = 1; i < ASSAY_DICTIONARY_CODES; i++)
        assert_int_equal(code_of(dictionary, text, (size_t)snprintf(text, sizeof text, "t%d", i)),
                         i);
    assert_false(assay_dictionary_is_full(dictionary));
    assert_int_equal(code_of(dictionary, "t77", 3), 77);
    assert_int_equal(code_of(dictionary, "one more", 8), ASSAY_CODE_OTHER);
    assert_true(assay_dictionary_is_full(dictionary));
    assert_int_equal(assay_dictionary_text(dictionary, 77).size_bytes, 3);
}

static void too_long(void **unused)
{
    (void)unused;
    static char text[4097];
    memset(text, 'x', sizeof text);
    ASSAY_AUTO(assay_dictionary_free) struct assay_dictionary *one = dictionary_new();
    assert_int_equal(code_of(one, text, sizeof text - 1), 1);
    assert_int_equal(code_of(one, text, sizeof text), ASSAY_CODE_OTHER);
    assert_true(assay_dictionary_is_full(one));
    /* sixty of 4 KiB, and no more */
    ASSAY_AUTO(assay_dictionary_free) struct assay_dictionary *all = dictionary_new();
    for (int i = 1; i <= 61; i++) {
        memcpy(text, &i, sizeof i);
        assert_int_equal(code_of(all, text, sizeof text - 1), i <= 60 ? i : ASSAY_CODE_OTHER);
    }
}

static void out_of_memory(void **unused)
{
    (void)unused;
    struct assay_error err = {0};
    struct assay_dictionary *none = NULL;
    assay_memory_fail_at(1);
    assert_int_equal(assay_dictionary_new(&none, &err), ASSAY_NO_MEMORY);
    ASSAY_AUTO(assay_dictionary_free) struct assay_dictionary *dictionary = dictionary_new();
    assay_memory_fail_at(1);
    assert_int_equal(code_of(dictionary, "a", 1), ASSAY_CODE_OTHER);
    assay_memory_fail_at(0);
    assert_true(assay_dictionary_is_full(dictionary));
}

struct giver {
    struct assay_dictionary *dictionary;
    pthread_t thread;
    unsigned number;
    uint16_t codes[TEXTS];
};

/* The same texts in another order in each thread. */
static void *give(void *context)
{
    struct giver *giver = context;
    for (unsigned i = 0; i < TEXTS; i++) {
        const unsigned text = (i * 7 + giver->number * 250) % TEXTS;
        const struct assay_text value = {.data = (const char *)&text, .size_bytes = sizeof text};
        assay_dictionary_codes(giver->dictionary, &value, NULL, 1, &giver->codes[text]);
    }
    return NULL;
}

static void from_threads(void **unused)
{
    (void)unused;
    static struct giver givers[THREADS];
    bool seen[ASSAY_DICTIONARY_CODES] = {false};
    ASSAY_AUTO(assay_dictionary_free) struct assay_dictionary *dictionary = dictionary_new();
    for (unsigned i = 0; i < THREADS; i++) {
        givers[i].dictionary = dictionary;
        givers[i].number = i;
        assert_int_equal(pthread_create(&givers[i].thread, NULL, give, &givers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(givers[i].thread, NULL), 0);
    for (unsigned text = 0; text < TEXTS; text++) {
        const uint16_t code = givers[0].codes[text];
        for (unsigned i = 1; i < THREADS; i++)
            assert_int_equal(givers[i].codes[text], code);
        assert_true(code > ASSAY_CODE_NULL && code <= TEXTS && !seen[code]);
        seen[code] = true;
        assert_memory_equal(assay_dictionary_text(dictionary, code).data, &text, sizeof text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_texts), cmocka_unit_test(too_many),
        cmocka_unit_test(too_long),       cmocka_unit_test(out_of_memory),
        cmocka_unit_test(from_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
