/* Tests: a running API over a fresh catalog, a client with a token, and a worker that only answers
 * inspect tasks. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_API_FIXTURE_H
#define ASSAY_TESTS_API_FIXTURE_H

#include <pthread.h>

#include "common/http/http.h"
#include "scheduler/api/api.h"
#include "scheduler/auth/token.h"
#include "scheduler/catalog/credentials.h"
#include "tests/unit/db/databases.h"

struct fixture {
    struct test_database base;
    struct assay_job_store *store;
    struct assay_keyring *keyring;
    struct assay_config *config;
    struct assay_api *api;
    struct assay_http *http;
    char *token;
    pthread_t worker;
    atomic_bool stop;
    atomic_bool idle;   /* the worker takes nothing */
    atomic_bool parked; /* it has seen that */
};

/* What the fake source says: a host named "down" is not there, a password "wrong" is refused. */
static inline void fake_answer(struct fixture *f, const struct assay_job_claim *claim)
{
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *secrets = NULL;
    TEST_OK(assay_json_parse(claim->spec, strlen(claim->spec), "spec", &spec, &test_err));
    TEST_OK(assay_credentials_of_task(f->base.db, f->store, f->keyring, claim->task_id,
                                      claim->epoch, &secrets, &test_err));
    const json_t *properties = json_object_get(json_object_get(spec, "source"), "properties");
    ASSAY_AUTO(assay_free_text) char *all = assay_json_text(secrets);
    const char *error = NULL;
    if (strcmp(assay_json_str(properties, "host", ""), "down") == 0)
        error = "{\"code\":\"UNAVAILABLE\",\"text\":\"connecting to down: no route\"}";
    else if (strstr(all, "\"wrong\""))
        error = "{\"code\":\"DENIED\",\"text\":\"password refused\"}";
    if (error) {
        TEST_OK(
            assay_job_fail(f->store, claim->task_id, claim->epoch, true, error, NULL, &test_err));
        return;
    }
    static const char chunk[] =
        "{\"t\":\"inspect\",\"connected\":true,\"product\":\"PostgreSQL 15.18\"}";
    TEST_OK(assay_job_stage(f->store, claim->task_id, claim->epoch, 0, chunk, sizeof chunk - 1,
                            &test_err));
    TEST_OK(assay_job_complete(f->store, claim->task_id, claim->epoch, "{}", &test_err));
}

/* From here on the worker takes nothing, not even what it was about to. */
static inline void park_worker(struct fixture *f)
{
    atomic_store(&f->idle, true);
    while (!atomic_load(&f->parked))
        usleep(1000);
}

static inline void *fake_worker(void *context)
{
    struct fixture *f = context;
    const struct assay_job_worker worker = {
        .owner = "test", .ttl_ms = 30000, .max_spec_version = ASSAY_SPEC_VERSION, .idle = true};
    while (!atomic_load(&f->stop)) {
        struct assay_job_claim claim = {0};
        int count;
        const bool idle = atomic_load(&f->idle);
        atomic_store(&f->parked, idle);
        if (!idle &&
            assay_job_dispatch(f->store, "default", ASSAY_LANE_EXPRESS, 8, "t", ASSAY_SPEC_VERSION,
                               &count, NULL) == ASSAY_OK &&
            assay_job_steal(f->store, "default", 1U << ASSAY_LANE_EXPRESS, 0, &worker, &claim,
                            NULL) == ASSAY_OK) {
            if (strcmp(claim.kind, "inspect") == 0)
                fake_answer(f, &claim);
            else
                TEST_OK(assay_job_fail(f->store, claim.task_id, claim.epoch, true,
                                       "{\"code\":\"INVALID\",\"text\":\"no\"}", NULL, &test_err));
            assay_job_claim_release(&claim);
        } else {
            usleep(5000);
        }
    }
    return NULL;
}

static inline void fixture_start(struct fixture *f, enum assay_db_kind kind)
{
    memset(f, 0, sizeof *f);
    test_database_open(&f->base, kind, 12);
    test_clock_real(&f->base);
    TEST_OK(assay_job_store_open(f->base.db, &f->store, &test_err));
    TEST_OK(assay_keyring_new((const char *const[]){"a passphrase for tests"}, 1, &f->keyring,
                              &test_err));
    static const char *const sets[] = {"api.listen=127.0.0.1:0", "internal.listen=127.0.0.1:0"};
    TEST_OK(
        assay_config_load("serve", "/dev/null", sets, ASSAY_COUNT(sets), &f->config, &test_err));
    const struct assay_api_options options = {.config = f->config,
                                              .db = f->base.db,
                                              .store = f->store,
                                              .keyring = f->keyring,
                                              .internal = true};
    TEST_OK(assay_api_start(&options, &f->api, &test_err));
    TEST_OK(assay_http_open(NULL, &f->http, &test_err));
    struct assay_buf token = {0};
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    TEST_OK(assay_db_acquire(f->base.db, &conn, &test_err));
    const struct assay_token_new spec = {.name = "test", .audience = ASSAY_AUDIENCE_API};
    TEST_OK(assay_token_create(conn, f->keyring, &spec, &token, NULL, &test_err));
    f->token = assay_buf_take(&token);
    assert_int_equal(pthread_create(&f->worker, NULL, fake_worker, f), 0);
}

static inline void fixture_stop(struct fixture *f)
{
    atomic_store(&f->stop, true);
    (void)pthread_join(f->worker, NULL);
    assay_api_stop(f->api);
    assay_http_close(f->http);
    assay_config_free(f->config);
    assay_keyring_free(f->keyring);
    assay_job_store_close(f->store);
    assay_free(f->token);
    test_database_close(&f->base);
}

/* One call with given headers; the answer's body as JSON (NULL when it is none). */
static inline json_t *call_raw(struct fixture *f, const char *method, const char *url,
                               const char *const *headers, const void *body, size_t size_bytes,
                               int *ret_status)
{
    struct assay_http_response response = {0};
    const struct assay_http_request request = {.method = method,
                                               .url = url,
                                               .headers = headers,
                                               .body = body,
                                               .size_bytes = size_bytes,
                                               .attempts = 1};
    TEST_OK(assay_http_send(f->http, &request, &response, &test_err));
    json_t *json = NULL;
    *ret_status = response.status;
    (void)!assay_json_parse(assay_buf_str(&response.body), response.body.size, "answer", &json,
                            NULL);
    assay_http_response_release(&response);
    return json;
}

/* One call as a person with a token; body is a JSON text or NULL. */
static inline json_t *call(struct fixture *f, const char *method, const char *path,
                           const char *body, int *ret_status)
{
    char url[2048], authorization[1024];
    (void)snprintf(url, sizeof url, "%s/api%s", assay_api_url(f->api), path);
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", f->token);
    const char *const headers[] = {authorization, "Content-Type: application/json", NULL};
    return call_raw(f, method, url, headers, body, body ? strlen(body) : 0, ret_status);
}

/* The call must answer with that status; the body goes to the caller. */
#define CALL(f, status_, method, path, body)                                                       \
    __extension__({                                                                                \
        int got_ = 0;                                                                              \
        json_t *json_ = call((f), (method), (path), (body), &got_);                                \
        if (got_ != (status_)) {                                                                   \
            ASSAY_AUTO(assay_free_text) char *text_ = json_ ? assay_json_text(json_) : NULL;       \
            fail_msg("%s:%d: %s %s: %d instead of %d: %s", __FILE__, __LINE__, (method), (path),   \
                     got_, (status_), text_ ? text_ : "");                                         \
        }                                                                                          \
        json_;                                                                                     \
    })

static inline const char *text_at(const json_t *json, const char *key)
{
    return assay_json_str(json, key, "");
}

/* The test on a fresh catalog of each database that is there; of SQLite alone. A test that fails
 * leaves its fixture, which is not on the stack for that reason: its worker still runs. */
static inline void run_on(void (*body)(struct fixture *f), bool all)
{
    enum assay_db_kind kinds[2] = {ASSAY_DB_SQLITE};
    const size_t count = all ? test_kinds(kinds) : 1;
    for (size_t i = 0; i < count; i++) {
        struct fixture *f = assay_calloc(1, sizeof *f);
        assert_non_null(f);
        fixture_start(f, kinds[i]);
        body(f);
        fixture_stop(f);
        assay_free(f);
    }
}

#define ON_ALL(name)                                                                               \
    static void on_all_##name(void **state)                                                        \
    {                                                                                              \
        (void)state;                                                                               \
        run_on(test_##name, true);                                                                 \
    }
#define ON_SQLITE(name)                                                                            \
    static void on_sqlite_##name(void **state)                                                     \
    {                                                                                              \
        (void)state;                                                                               \
        run_on(test_##name, false);                                                                \
    }

#endif
