// Candidates: what is found between containers of known values, and what is not.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/relate/relate_fixture.h"

#include <stdlib.h>

#include "common/base/memory.h"

#define INT(field, from, by, n)                                                                    \
    {                                                                                              \
        .name = field, .type = "Integral", .first = from, .step = by, .count = n                   \
    }
#define OFTEN(field, from, by, n)                                                                  \
    {                                                                                              \
        .name = field, .type = "Integral", .first = from, .step = by, .count = n, .repeated = true \
    }
#define TEXT(field, form, from, by, n, twice)                                                      \
    {                                                                                              \
        .name = field, .type = "String", .shape = form, .first = from, .step = by, .count = n,     \
        .repeated = twice                                                                          \
    }
#define CODE(field, before, from, by, n)                                                           \
    {                                                                                              \
        .name = field, .type = "String", .shape = "A-9", .prefix = before, .first = from,          \
        .step = by, .count = n                                                                     \
    }
#define DAY(field, from, n, twice)                                                                 \
    {                                                                                              \
        .name = field, .type = "Date", .first = from, .step = 1, .count = n, .repeated = twice     \
    }
#define DAY_OF(field, from, n, figures)                                                            \
    {                                                                                              \
        .name = field, .type = "Date", .first = from, .step = 1, .count = n, .digest = figures     \
    }

#define TIME(field, from, by, n)                                                                   \
    {                                                                                              \
        .name = field, .type = "Timestamp", .first = from, .step = by, .count = n                  \
    }

static const struct {
    const char *label;
    struct made containers[4];
    const char *wanted;
} cases[] = {
    {"a reference by name, also of few values in a long key",
     {{"orders.csv", {INT("id", 1, 1, 5000), OFTEN("customer_id", 1, 1, 50)}, 0},
      {"customers.csv", {INT("id", 1, 1, 1000)}, 0}},
     "orders.csv.customer_id existsIn customers.csv.id"},
    {"counters lie in every id",
     {{"lines.csv", {OFTEN("quantity", 1, 1, 50), OFTEN("line_no", 1, 1, 30)}, 0},
      {"products.csv", {INT("id", 1, 1, 60)}, 0}},
     ""},
    {"values of a sparse key speak for themselves",
     {{"a.csv", {OFTEN("partner", 10000, 3 * 7919, 400)}, 0},
      {"b.csv", {INT("number", 10000, 7919, 1300)}, 0}},
     "a.csv.partner existsIn b.csv.number"},
    {"one value that is not there",
     {{"a.csv", {OFTEN("partner", 10001, 3 * 7919, 400)}, 0},
      {"b.csv", {INT("number", 10000, 7919, 1300)}, 0}},
     ""},
    {"too small a part of the key's range",
     {{"a.csv", {OFTEN("partner", 10000, 7919, 25)}, 0},
      {"b.csv", {INT("number", 10000, 7919, 1300)}, 0}},
     ""},
    {"fewer than twenty values",
     {{"orders.csv", {OFTEN("customer_id", 1, 50, 19)}, 0},
      {"customers.csv", {INT("id", 1, 1, 1000)}, 0}},
     ""},
    {"what repeats is no key",
     {{"orders.csv", {OFTEN("customer_id", 1, 1, 500)}, 0},
      {"customers.csv", {OFTEN("id", 1, 1, 1000)}, 0}},
     ""},
    {"nor what is often null",
     {{"orders.csv", {OFTEN("customer_id", 1, 1, 500)}, 0},
      {"customers.csv",
       {{.name = "id", .type = "Integral", .first = 1, .step = 1, .count = 1000, .nulls = true}},
       0}},
     ""},
    {"texts of one shape",
     {{"flights.csv", {TEXT("origin", "A", 0, 11, 300, true)}, 0},
      {"airports.csv", {TEXT("iata", "A", 0, 1, 3400, false)}, 0}},
     "flights.csv.origin existsIn airports.csv.iata"},
    {"texts of another shape, and prose",
     {{"flights.csv",
       {TEXT("origin", "9", 0, 11, 300, true), TEXT("words", "a a", 0, 7, 300, true)},
       0},
      {"airports.csv",
       {TEXT("iata", "A", 0, 1, 3400, false), TEXT("title", "a a", 0, 1, 3400, false)},
       0}},
     ""},
    {"prose of one name",
     {{"sales.csv", {TEXT("film_title", "Aa a", 0, 7, 300, true)}, 0},
      {"films.csv", {TEXT("title", "Aa a", 0, 1, 3000, false)}, 0}},
     "sales.csv.film_title existsIn films.csv.title"},
    {"another type",
     {{"a.csv", {TEXT("customer_id", "9", 1, 1, 500, true)}, 0},
      {"customers.csv", {INT("id", 1, 1, 1000)}, 0}},
     ""},
    {"days lie in every calendar, unless that is what it is",
     {{"sales.csv", {DAY("sold", 18000, 300, true), DAY("order_date", 18000, 300, true)}, 0},
      {"weather.csv", {DAY("date", 17900, 700, false)}, 0},
      {"dim_date.csv", {DAY("date", 17900, 701, false)}, 0}},
     "sales.csv.order_date existsIn dim_date.csv.date; "
     "weather.csv.date existsIn dim_date.csv.date"},
    {"clocks tick alike",
     {{"cpu.csv", {TIME("timestamp", 0, 300000000, 4032)}, 0},
      {"disk.csv", {TIME("timestamp", 300000000, 300000000, 4000)}, 0}},
     ""},
    {"within one container",
     {{"employees.csv", {INT("id", 100, 1, 400), OFTEN("manager_id", 104, 13, 30)}, 0}},
     "employees.csv.manager_id existsIn employees.csv.id"},
    {"an id that names another container",
     {{"employees.csv", {INT("id", 1, 1, 400), OFTEN("office_id", 1, 13, 30)}, 0},
      {"offices.csv", {INT("id", 1000, 1, 40)}, 0}},
     ""},
    {"a key of the same values: the name refers",
     {{"customer_details.csv", {INT("customer_id", 1, 1, 900)}, 0},
      {"customers.csv", {INT("id", 1, 1, 900)}, 0}},
     "customer_details.csv.customer_id existsIn customers.csv.id"},
    {"two keys of the same values: the later one refers",
     {{"a.csv", {TEXT("mail", "a@a", 0, 1, 900, false)}, 0},
      {"b.csv", {TEXT("login", "a@a", 0, 1, 900, false)}, 0}},
     "b.csv.login existsIn a.csv.mail"},
    {"a key within a key within a key: the smallest one",
     {{"a.csv", {TEXT("code", "A", 0, 1, 3000, false)}, 0},
      {"b.csv", {TEXT("sign", "A", 0, 2, 1000, false)}, 0},
      {"c.csv", {TEXT("mark", "A", 0, 4, 400, true)}, 0}},
     "b.csv.sign existsIn a.csv.code; c.csv.mark existsIn b.csv.sign"},
    {"unless the name says which",
     {{"codes.csv", {TEXT("code", "A", 0, 1, 3000, false)}, 0},
      {"b.csv", {TEXT("sign", "A", 0, 2, 1000, false)}, 0},
      {"c.csv", {TEXT("code", "A", 0, 4, 400, true)}, 0}},
     "b.csv.sign existsIn codes.csv.code; c.csv.code existsIn codes.csv.code"},
    {"the own datastore before another",
     {{"customers", {INT("id", 1, 1, 900)}, 1},
      {"customers", {INT("id", 1, 1, 1000)}, 2},
      {"orders", {OFTEN("customer_id", 1, 1, 800)}, 2}},
     "orders.customer_id existsIn customers.id"},
    {"siblings that share out their keys",
     {{"active.csv", {INT("id", 2, 2, 1000), INT("age", 5000, 1, 200)}, 0},
      {"archived.csv", {INT("id", 1, 2, 1000), INT("age", 5000, 1, 300)}, 0}},
     "archived.csv.id notExistsIn active.csv.id"},
    {"siblings that share out their codes",
     {{"active.csv", {CODE("no", "C-", 2, 2, 1000)}, 0},
      {"archived.csv", {CODE("no", "C-", 1, 2, 1000)}, 0}},
     "archived.csv.no notExistsIn active.csv.no"},
    {"codes so rare that chance would hardly have made them meet: 1000² / 1000000 = 1",
     {{"active.csv", {CODE("no", "C-", 2, 1000, 1000)}, 0},
      {"archived.csv", {CODE("no", "C-", 1, 1000, 1000)}, 0}},
     ""},
    {"codes of another prefix cannot meet",
     {{"active.csv", {CODE("no", "C-", 2, 2, 1000)}, 0},
      {"archived.csv", {CODE("no", "D-", 1, 2, 1000)}, 0}},
     ""},
    {"texts that are no codes",
     {{"active.csv", {TEXT("no", "A-9", 2, 2, 1000, false)}, 0},
      {"archived.csv", {TEXT("no", "A-9", 1, 2, 1000, false)}, 0}},
     ""},
    {"of copies only the first is a sibling",
     {{"active.csv", {INT("id", 2, 2, 1000)}, 0},
      {"copy.csv", {INT("id", 2, 2, 1000)}, 0},
      {"archived.csv", {INT("id", 1, 2, 1000)}, 0}},
     "copy.csv.id isReplicaOf active.csv; archived.csv.id notExistsIn active.csv.id"},
    {"siblings one after the other would not meet",
     {{"y2023.csv", {INT("id", 1, 1, 1000)}, 0}, {"y2024.csv", {INT("id", 1001, 1, 1000)}, 0}},
     ""},
    {"siblings that meet",
     {{"a.csv", {INT("id", 1, 1, 1000)}, 0}, {"b.csv", {INT("id", 501, 1, 1000)}, 0}},
     ""},
    {"other fields: no siblings",
     {{"a.csv", {INT("id", 2, 2, 1000), DAY("x", 1, 30, true)}, 0},
      {"b.csv", {INT("id", 1, 2, 1000), DAY("y", 1, 30, true)}, 0}},
     ""},
    {"a copy, once, and nothing else between the two",
     {{"customers.csv", {INT("id", 1, 1, 900), TEXT("mail", "a@a", 0, 1, 900, false)}, 0},
      {"copy.csv", {INT("id", 1, 1, 900), TEXT("mail", "a@a", 0, 1, 900, false)}, 0},
      {"copy2.csv", {INT("id", 1, 1, 900), TEXT("mail", "a@a", 0, 1, 900, false)}, 0}},
     "copy.csv.id,mail isReplicaOf customers.csv; copy2.csv.id,mail isReplicaOf customers.csv"},
    {"other figures, though the sketch is the same: no copy",
     {{"one.csv", {DAY_OF("day", 18000, 60, "a")}, 0},
      {"two.csv", {DAY_OF("day", 18000, 60, "b")}, 0},
      {"three.csv", {DAY_OF("day", 18000, 60, "b")}, 0}},
     "three.csv.day isReplicaOf two.csv"},
    {"another number of records: no copy",
     {{"customers.csv", {INT("id", 1, 1, 900), TEXT("mail", "a@a", 0, 1, 900, false)}, 0},
      {"copy.csv", {INT("id", 1, 1, 899), TEXT("mail", "a@a", 0, 1, 899, false)}, 0}},
     "copy.csv.mail existsIn customers.csv.mail"},
};

static json_t *containers_of(const struct made *made, size_t most)
{
    json_t *containers = json_array();
    for (size_t i = 0; i < most && made[i].name; i++)
        json_array_append_new(containers, container_of(&made[i]));
    return containers;
}

static void found(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *containers = containers_of(cases[i].containers, 4);
        ASSAY_AUTO(assay_json_decref) json_t *candidates = NULL;
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        struct assay_error err = {0};
        if (assay_relate(containers, &candidates, &err) != ASSAY_OK)
            fail_msg("%s: %s", cases[i].label, err.text);
        describe(containers, candidates, &text);
        if (strcmp(assay_buf_str(&text), cases[i].wanted) != 0)
            fail_msg("%s:\n  got    %s\n  wanted %s", cases[i].label, assay_buf_str(&text),
                     cases[i].wanted);
    }
}

/* The form of a candidate, to the letter. */
static void form(void **unused)
{
    (void)unused;
    ASSAY_AUTO(assay_json_decref) json_t *containers = containers_of(cases[0].containers, 4);
    ASSAY_AUTO(assay_json_decref) json_t *candidates = NULL;
    assert_int_equal(assay_relate(containers, &candidates, NULL), ASSAY_OK);
    const json_t *candidate = json_array_get(candidates, 0);
    assert_int_equal(assay_json_int(candidate, "of", -1), 0);
    assert_int_equal(assay_json_int(candidate, "ref", -1), 1);
    json_t *check = json_object_get(candidate, "check");
    json_t *inference = json_object_get(json_object_get(check, "additional_metadata"), "inference");
    assert_int_equal(assay_json_int(inference, "level", 0), 4);
    assert_int_equal(assay_json_int(inference, "names", 0), 4);
    assert_true(assay_json_num(inference, "overlap", 0) == 0.05);
    json_object_del(check, "additional_metadata");
    ASSAY_AUTO(assay_free) void *text = assay_json_text(check);
    assert_string_equal(text, "{\"rule\":\"existsIn\",\"fields\":[\"customer_id\"],\"properties\":{"
                              "\"field_name\":\"id\"},\"description\":\"every customer_id is one "
                              "of id in customers.csv\"}");
}

/* What is no sketch is passed over or refused, whatever it is. */
static void hostile(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int wanted;
    } bodies[] = {
        {"[]", ASSAY_OK},
        {"{}", ASSAY_OK},
        {"[1, null, \"x\", {}]", ASSAY_OK},
        {"[{\"name\": \"a\", \"sketches\": null}]", ASSAY_OK},
        {"[{\"name\": \"a\", \"sketches\": {\"v\": 2, \"sketches\": [{\"registers\": 1}]}}]",
         ASSAY_OK},
        {"[{\"name\": \"a\", \"sketches\": {\"v\": 1, \"fields\": [1, {}], \"sketches\": [3, {}, "
         "{\"field\": \"x\", \"type\": \"Fractional\"}]}}]",
         ASSAY_OK},
        {"[{\"name\": \"a\", \"sketches\": {\"v\": 1, \"sketches\": [{\"field\": \"x\", \"type\": "
         "\"Integral\", \"distinct\": 1e300, \"min\": 2, \"max\": 1}]}}]",
         ASSAY_OK},
        {"[{\"name\": \"a\", \"sketches\": {\"v\": 1, \"sketches\": [{\"field\": \"x\", \"type\": "
         "\"String\", \"distinct\": 90, \"registers\": \"AAAA\"}]}}]",
         ASSAY_FORMAT},
        {"[{\"name\": \"a\", \"sketches\": {\"v\": 1, \"sketches\": [{\"field\": \"x\", \"type\": "
         "\"String\", \"distinct\": 90}]}}]",
         ASSAY_FORMAT},
    };
    for (size_t i = 0; i < ASSAY_COUNT(bodies); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
        ASSAY_AUTO(assay_json_decref) json_t *candidates = NULL;
        struct assay_error err = {0};
        assert_int_equal(
            assay_json_parse(bodies[i].text, strlen(bodies[i].text), "test", &body, &err),
            ASSAY_OK);
        assert_int_equal(assay_relate(body, &candidates, &err), bodies[i].wanted);
        assert_int_equal(json_array_size(candidates), 0);
    }
}

/* Every allocation of ours may fail. */
static void out_of_memory(void **unused)
{
    (void)unused;
    ASSAY_AUTO(assay_json_decref) json_t *containers = containers_of(cases[0].containers, 4);
    int rc = ASSAY_NO_MEMORY;
    for (int64_t nth = 1; rc == ASSAY_NO_MEMORY; nth++) {
        ASSAY_AUTO(assay_json_decref) json_t *candidates = NULL;
        assay_memory_fail_at(nth);
        rc = assay_relate(containers, &candidates, NULL);
        assay_memory_fail_at(0);
        assert_true(nth < 10000);
    }
    assert_int_equal(rc, ASSAY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(found), cmocka_unit_test(form),
                                       cmocka_unit_test(hostile), cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
