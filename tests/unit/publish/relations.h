/* Tests of relations: a shop of orders and customers whose sketches are made here. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_PUBLISH_RELATIONS_H
#define ASSAY_TESTS_PUBLISH_RELATIONS_H

#include "tests/unit/publish/catalog.h"

enum { REGISTERS = 2048, REGISTER_BITS = 11 };

#define PROFILE                                                                                    \
    "{\"type\":\"profile\",\"datastore_id\":1,\"ai_effort\":\"xhigh\",\"container_names\":[\"%s\"" \
    "]%s}"
#define EXISTS_IN(property)                                                                        \
    "{\"rule\":\"existsIn\",\"fields\":[\"customer_id\"],\"properties\":{\"field_name\":\"id\"%s}" \
    ",\"coverage\":1.0,\"description\":\"known customers\",\"additional_metadata\":{" property     \
    "}}"
#define NOT_NULL "{\"rule\":\"notNull\",\"fields\":[\"id\"],\"description\":\"ids set\"}"

/* --- sketches of whole numbers --- */

static inline uint64_t hash_of(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static inline void registers_of(int64_t from, int64_t to, char text[REGISTERS + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    int ranks[REGISTERS] = {0};
    for (int64_t i = from; i < to; i++) {
        const uint64_t hash = hash_of((uint64_t)i);
        const uint64_t rest = hash << REGISTER_BITS;
        const int rank = rest ? __builtin_clzll(rest) + 1 : 64 - REGISTER_BITS + 1;
        int *place = &ranks[hash >> (64 - REGISTER_BITS)];
        *place = rank > *place ? rank : *place;
    }
    for (int i = 0; i < REGISTERS; i++)
        text[i] = digits[ranks[i]];
    text[REGISTERS] = '\0';
}

/* One field of whole numbers [from, to). */
static inline void add_sketch(struct assay_buf *chunk, const char *field, int64_t from, int64_t to)
{
    char registers[REGISTERS + 1];
    registers_of(from, to, registers);
    assay_buf_printf(chunk,
                     "{\"field\":\"%s\",\"type\":\"Integral\",\"distinct\":%lld,\"values\":%lld,"
                     "\"unique\":%s,\"min\":%lld,\"max\":%lld,\"shape\":null,\"registers\":\"%s\"}",
                     field, (long long)(to - from), (long long)(to - from),
                     strcmp(field, "id") ? "false" : "true", (long long)from, (long long)to - 1,
                     registers);
}

static inline void begin_chunk(struct assay_buf *chunk, int records)
{
    assay_buf_printf(chunk,
                     "{\"t\":\"sketches\",\"v\":1,\"records\":%d,\"fields\":[{\"name\":"
                     "\"id\",\"type\":\"Integral\"},{\"name\":\"customer_id\",\"type\":"
                     "\"Integral\"}],\"sketches\":[",
                     records);
}

/* --- a shop of two containers --- */

static inline void open_shop(struct shop *s, void **state)
{
    static const char *const found[] = {"{\"t\":\"found\",\"containers\":[" SHOP_FOUND(
                                            "orders.csv") "," SHOP_FOUND("customers.csv") "]}",
                                        NULL};
    shop_open(s, *(enum assay_db_kind *)*state);
    (void)shop_operation(s, "{\"type\":\"sync\",\"datastore_id\":1}", found);
}

#define OPEN_SHOP(state)                                                                           \
    struct shop s = {0};                                                                           \
    open_shop(&s, state);                                                                          \
    struct assay_db *const db = s.base.db;                                                         \
    (void)db

static inline int64_t container_id(struct shop *s, const char *name)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "SELECT id FROM container WHERE name = '%s'", name);
    return test_int(s->base.db, sql);
}

static inline int64_t request(struct shop *s, const char *container, const char *options)
{
    char text[400];
    (void)snprintf(text, sizeof text, PROFILE, container, options);
    return shop_request(s, text);
}

/* Run the profile of a container: its sketches (NULL = none) and inferred checks. */
static inline void run_profile(struct shop *s, const char *container, const char *sketches,
                               const char *inferred)
{
    char head[300], checks[800];
    (void)snprintf(head, sizeof head,
                   "{\"t\":\"container\",\"name\":\"%s\",\"records_count\":1000,"
                   "\"records_processed\":1000,\"rejected_records\":0,\"run\":{},\"warnings\":[]}",
                   container);
    (void)snprintf(checks, sizeof checks, "{\"t\":\"inferred\",\"checks\":[%s]}", inferred);
    const char *const chunks[] = {
        head,
        "{\"t\":\"fields\",\"fields\":[{\"name\":\"id\",\"type\":\"Integral\"},{\"name\":"
        "\"customer_id\",\"type\":\"Integral\"}]}",
        checks, sketches, NULL};
    (void)shop_run(s, chunks);
}

static inline void profile_orders(struct shop *s, int64_t from, int64_t to)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf chunk = {0};
    begin_chunk(&chunk, 1000);
    add_sketch(&chunk, "id", 1000000, 1001000);
    assay_buf_char(&chunk, ',');
    add_sketch(&chunk, "customer_id", from, to);
    assay_buf_text(&chunk, "]}");
    run_profile(s, "orders.csv", assay_buf_str(&chunk), NOT_NULL);
}

static inline void profile_customers(struct shop *s)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf chunk = {0};
    begin_chunk(&chunk, 500);
    add_sketch(&chunk, "id", 1, 501);
    assay_buf_text(&chunk, "]}");
    run_profile(s, "customers.csv", assay_buf_str(&chunk), "");
}

/* Both profiled, nothing judged yet: the second operation's task waits. Returns that operation. */
static inline int64_t profile_both(struct shop *s, const char *options)
{
    (void)request(s, "customers.csv", "");
    profile_customers(s);
    (void)shop_publish(s);
    const int64_t operation = request(s, "orders.csv", options);
    profile_orders(s, 1, 401);
    (void)shop_publish(s);
    return operation;
}

/* End the task that judges with these checks. */
static inline void judge(struct shop *s, const char *checks)
{
    char chunk[1500];
    (void)snprintf(chunk, sizeof chunk, "{\"t\":\"inferred\",\"checks\":[%s]}", checks);
    const char *const chunks[] = {chunk, NULL};
    (void)shop_run(s, chunks);
    (void)shop_publish(s);
}

/* existsIn as the executor sends it back. */
static inline const char *holds(struct shop *s, const char *evidence)
{
    static char check[600];
    char reference[160];
    const int64_t id = container_id(s, "customers.csv");
    (void)snprintf(reference, sizeof reference,
                   ",\"ref_container_id\":%" PRId64
                   ",\"ref_datastore_id\":1,\"ref_container\":\"container:%" PRId64 "\"",
                   id, id);
    (void)snprintf(check, sizeof check, EXISTS_IN("%s"), reference, evidence);
    return check;
}

static inline int64_t count(struct shop *s, const char *rest)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", rest);
    return test_int(s->base.db, sql);
}
#define OF_RELATE  "task WHERE kind = 'profile.relate'"
#define OF_EXISTS  "quality_check WHERE rule_type = 'existsIn' AND inferred = 1"
#define OPERATION  "FROM operation ORDER BY id DESC LIMIT 1"
#define LAST(what) test_text(db, "SELECT " what " " OPERATION)

#endif
