/* Tests of planner and publisher: a catalog with one connection and one datastore of files, and
 * tasks that are run by hand. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_PUBLISH_CATALOG_H
#define ASSAY_TESTS_PUBLISH_CATALOG_H

#include "common/job/job_store.h"
#include "common/json/json.h"
#include "scheduler/plan/plan.h"
#include "scheduler/publish/publish.h"
#include "tests/unit/db/databases.h"

struct shop {
    struct test_database base;
    struct assay_job_store *store;
};

static const struct assay_job_worker shop_worker = {
    .owner = "w", .ttl_ms = 30000, .max_spec_version = ASSAY_SPEC_VERSION, .idle = true};

static inline void shop_open(struct shop *s, enum assay_db_kind kind)
{
    test_database_open(&s->base, kind, 4);
    TEST_OK(assay_job_store_open(s->base.db, &s->store, &test_err));
    test_sql(s->base.db,
             "INSERT INTO connection (id, name, type, properties, created_at, updated_at) VALUES "
             "(1, 'disk', 'file', '{\"uri\":\"file:///data\",\"max_parallelization\":3}', 0, 0);"
             "INSERT INTO datastore (id, name, connection_id, properties, created_at, updated_at) "
             "VALUES "
             "(1, 'shop', 1, '{\"root_path\":\"shop\"}', 0, 0)");
}

static inline void shop_close(struct shop *s)
{
    assay_job_store_close(s->store);
    test_database_close(&s->base);
}

static inline json_t *shop_json(const char *text)
{
    json_t *json = NULL;
    TEST_OK(assay_json_parse(text, strlen(text), "test", &json, &test_err));
    return json;
}

/** Plan an operation from a request's text. */
static inline int64_t shop_request(struct shop *s, const char *text)
{
    int64_t id = 0;
    json_t *body = shop_json(text);
    TEST_OK(assay_plan_operation(s->store, body, "tester", NULL, &id, &test_err));
    json_decref(body);
    return id;
}

/** Hand out and claim the operation's next task. */
static inline void shop_claim(struct shop *s, struct assay_job_claim *ret_claim)
{
    int count = 0;
    for (int lane = 0; lane < ASSAY_LANES; lane++)
        TEST_OK(assay_job_dispatch(s->store, "default", lane, 100, "t", ASSAY_SPEC_VERSION, &count,
                                   &test_err));
    TEST_OK(assay_job_steal(s->store, "default", 3, 0, &shop_worker, ret_claim, &test_err));
}

/** Run the next task: stage the chunks (ends with NULL) and complete. Returns its id. */
static inline int64_t shop_run(struct shop *s, const char *const *chunks)
{
    struct assay_job_claim claim = {0};
    shop_claim(s, &claim);
    for (int i = 0; chunks[i]; i++)
        TEST_OK(assay_job_stage(s->store, claim.task_id, claim.epoch, i, chunks[i],
                                strlen(chunks[i]), &test_err));
    TEST_OK(assay_job_complete(s->store, claim.task_id, claim.epoch, "{\"records\":3}", &test_err));
    const int64_t id = claim.task_id;
    assay_job_claim_release(&claim);
    return id;
}

static inline void shop_fail(struct shop *s, const char *error)
{
    const char *state = NULL;
    struct assay_job_claim claim = {0};
    shop_claim(s, &claim);
    TEST_OK(assay_job_fail(s->store, claim.task_id, claim.epoch, true, error, &state, &test_err));
    assay_job_claim_release(&claim);
}

static inline int shop_publish(struct shop *s)
{
    const struct assay_publisher_options options = {.event_topic = "events"};
    int done = 0;
    TEST_OK(assay_publish_tick(s->store, &options, &done, &test_err));
    return done;
}

/** A request, run with one set of chunks and published. Returns the operation's id. */
static inline int64_t shop_operation(struct shop *s, const char *request, const char *const *chunks)
{
    const int64_t id = shop_request(s, request);
    (void)shop_run(s, chunks);
    assert_true(shop_publish(s) > 0);
    return id;
}

#define SHOP_FIELDS                                                                                \
    "[{\"name\":\"id\",\"type\":\"Integral\",\"native_type\":null,\"nullable\":true},"             \
    "{\"name\":\"amount\",\"type\":\"Fractional\",\"native_type\":null,\"nullable\":true}]"
#define SHOP_FOUND(name)                                                                           \
    "{\"name\":\"" name "\",\"container_type\":\"file\",\"records_estimate\":null,"                \
    "\"size_bytes\":120,\"modified_us\":1700000000000000,\"details\":{\"files\":"                  \
    "[{\"path\":\"/data/shop/" name "\",\"size_bytes\":120}]},\"fields\":" SHOP_FIELDS             \
    ",\"error\":null}"

/** A datastore with orders.csv, after a sync. */
static inline void shop_sync(struct shop *s)
{
    static const char *const chunks[] = {
        "{\"t\":\"found\",\"containers\":[" SHOP_FOUND("orders.csv") "]}", NULL};
    (void)shop_operation(s, "{\"type\":\"sync\",\"datastore_id\":1}", chunks);
}

#endif
