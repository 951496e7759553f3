// Lists: values of a query string, paging, order, and values that try to be SQL. On both databases.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/tag.h"
#include "scheduler/catalog/team.h"
#include "tests/unit/db/databases.h"

static void test_times_and_truths(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool end, good;
        int64_t us;
    } times[] = {{"1970-01-02", false, true, INT64_C(86400000000)},
                 {"1970-01-02", true, true, INT64_C(172799999999)},
                 {"1970-01-01T00:00:01Z", true, true, 1000000},
                 {"1970-01-01T01:00:01+01:00", false, true, 1000000},
                 {"1970-01-01T00:00:00.5", false, true, 500000},
                 {"2026-02-30", false, false, 0},
                 {"", false, false, 0},
                 {"now", false, false, 0}};
    for (size_t i = 0; i < ASSAY_COUNT(times); i++) {
        int64_t us = -1;
        if (assay_param_time(times[i].text, times[i].end, &us) != times[i].good ||
            (times[i].good && us != times[i].us))
            fail_msg("%s: %" PRId64, times[i].text, us);
    }
    static const struct {
        const char *text;
        bool good, value;
    } truths[] = {{"true", true, true}, {"True", true, true},  {"FALSE", true, false},
                  {"0", true, false},   {"yes", false, false}, {"", false, false}};
    for (size_t i = 0; i < ASSAY_COUNT(truths); i++) {
        bool value = false;
        assert_int_equal(assay_param_bool(truths[i].text, &value), truths[i].good);
        assert_int_equal(value, truths[i].value);
    }
}

static void add_tag(struct assay_db_conn *conn, const char *name)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = json_pack("{s:s}", "name", name);
    TEST_OK(assay_tag_create(conn, body, &test_err));
}

/* Pages of 25 tags, and what the filters and orders make of them. params as {"name":["value"]}. */
static const struct {
    const char *params;
    int total, items, pages;
    const char *first;
} pages[] = {
    {"{}", 25, 25, 1, "tag 00"},
    {"{\"size\":[\"10\"]}", 25, 10, 3, "tag 00"},
    {"{\"size\":[\"10\"],\"page\":[\"3\"]}", 25, 5, 3, "tag 20"},
    {"{\"size\":[\"10\"],\"page\":[\"4\"]}", 25, 0, 3, NULL},
    {"{\"size\":[\"25\"],\"page\":[\"1\"]}", 25, 25, 1, "tag 00"},
    {"{\"sort_name\":[\"desc\"]}", 25, 25, 1, "tag 24"},
    {"{\"name\":[\"TAG 1\"]}", 10, 10, 1, "tag 10"},
    {"{\"name\":[\"\"]}", 25, 25, 1, "tag 00"},
    {"{\"name\":[\"%\"]}", 0, 0, 0, NULL},
    {"{\"name\":[\"_ag\"]}", 0, 0, 0, NULL},
    {"{\"name\":[\"x' OR '1'='1\"]}", 0, 0, 0, NULL},
    {"{\"name\":[\"\\\\\"]}", 0, 0, 0, NULL},
    {"{\"unknown\":[\"x\"]}", 25, 25, 1, "tag 00"},
};

static void check_pages(struct assay_db_conn *conn)
{
    for (size_t i = 0; i < ASSAY_COUNT(pages); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *params = json_loads(pages[i].params, 0, NULL);
        ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
        TEST_OK(assay_listing_page(conn, &assay_tag_listing, params, &page, &test_err));
        const json_t *items = json_object_get(page, "items");
        const char *first = assay_json_str(json_array_get(items, 0), "name", NULL);
        if (assay_json_int(page, "total", -1) != pages[i].total ||
            (int)json_array_size(items) != pages[i].items ||
            assay_json_int(page, "pages", -1) != pages[i].pages ||
            (first != NULL) != (pages[i].first != NULL) ||
            (first && strcmp(first, pages[i].first) != 0))
            fail_msg("%s: total %d, %zu items, first %s", pages[i].params,
                     (int)assay_json_int(page, "total", -1), json_array_size(items),
                     first ? first : "-");
    }
    static const char *const wrong[] = {"{\"page\":[\"0\"]}", "{\"size\":[\"-1\"]}",
                                        "{\"size\":[\"1001\"]}", "{\"page\":[\"a\"]}",
                                        "{\"sort_name\":[\"up\"]}"};
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *params = json_loads(wrong[i], 0, NULL);
        ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
        TEST_FAILS(ASSAY_INVALID,
                   assay_listing_page(conn, &assay_tag_listing, params, &page, &test_err));
    }
}

static void test_pages(void **state)
{
    (void)state;
    enum assay_db_kind kinds[2];
    const size_t count = test_kinds(kinds);
    for (size_t k = 0; k < count; k++) {
        struct test_database t;
        test_database_open(&t, kinds[k], 2);
        struct assay_db_conn *conn = NULL;
        TEST_OK(assay_db_acquire(t.db, &conn, &test_err));
        for (int i = 0; i < 25; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "tag %02d", i);
            add_tag(conn, name);
        }
        check_pages(conn);
        assay_db_release(conn);
        test_database_close(&t);
    }
}

/* Names that no SQL may trip over, written and read back. */
static void test_odd_names(void **state)
{
    (void)state;
    static const char *const names[] = {"';DROP TABLE global_tag;--",
                                        "\"quoted\"",
                                        "back\\slash",
                                        "$1",
                                        "%s%n",
                                        "\n",
                                        "\xf0\x9f\x90\x98"};
    enum assay_db_kind kinds[2];
    const size_t count = test_kinds(kinds);
    for (size_t k = 0; k < count; k++) {
        struct test_database t;
        test_database_open(&t, kinds[k], 2);
        struct assay_db_conn *conn = NULL;
        TEST_OK(assay_db_acquire(t.db, &conn, &test_err));
        for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
            ASSAY_AUTO(assay_json_decref) json_t *tag = NULL;
            add_tag(conn, names[i]);
            TEST_OK(assay_tag_get(conn, names[i], &tag, &test_err));
            assert_string_equal(assay_json_str(tag, "name", ""), names[i]);
            TEST_OK(assay_tag_delete(conn, names[i], &test_err));
            TEST_FAILS(ASSAY_NOT_FOUND, assay_tag_delete(conn, names[i], &test_err));
        }
        assay_db_release(conn);
        test_database_close(&t);
    }
}

/* A list filter that is too long is refused, not cut. */
static void test_too_many_values(void **state)
{
    (void)state;
    struct test_database t;
    test_database_open(&t, ASSAY_DB_SQLITE, 2);
    struct assay_db_conn *conn = NULL;
    TEST_OK(assay_db_acquire(t.db, &conn, &test_err));
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    assay_query_text(&query, "SELECT ");
    for (int i = 0; i <= ASSAY_QUERY_MAX_VALUES; i++)
        assay_query_bind(&query, assay_db_int(i));
    TEST_FAILS(ASSAY_LIMIT, assay_query_run(&query, conn, NULL, &test_err));
    assay_db_release(conn);
    test_database_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_and_truths), cmocka_unit_test(test_pages),
        cmocka_unit_test(test_odd_names), cmocka_unit_test(test_too_many_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
