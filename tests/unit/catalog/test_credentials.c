// Credentials of a task: of its own datastore and of those that its checks refer to, no others.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/connection.h"
#include "scheduler/catalog/credentials.h"
#include "tests/unit/db/databases.h"

enum { DATASTORES = 3 };

struct door {
    struct test_database base;
    struct assay_job_store *store;
    struct assay_keyring *ring;
};

static int create_connections(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    const struct door *door = context;
    for (int i = 1; i <= DATASTORES; i++) {
        char name[8], password[8];
        int64_t id = 0;
        (void)snprintf(name, sizeof name, "c%d", i);
        (void)snprintf(password, sizeof password, "pw%d", i);
        ASSAY_AUTO(assay_json_decref)
        json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "type", "postgresql", "name", name, "host",
                                 "h", "password", password);
        ASSAY_SCOPED(assay_connection_draft_release) struct assay_connection_draft draft = {0};
        ASSAY_TRY(assay_connection_draft(conn, door->ring, 0, body, &draft, err));
        ASSAY_TRY(assay_connection_create(conn, door->ring, body, &draft, &id, err));
    }
    return ASSAY_OK;
}

static void open_door(struct door *door, enum assay_db_kind kind)
{
    test_database_open(&door->base, kind, 3);
    TEST_OK(assay_job_store_open(door->base.db, &door->store, &test_err));
    TEST_OK(assay_keyring_new((const char *const[]){"a passphrase for tests"}, 1, &door->ring,
                              &test_err));
    TEST_OK(assay_db_transaction(door->base.db, create_connections, door, &test_err));
    test_sql(door->base.db,
             "INSERT INTO datastore (id, name, connection_id, created_at, updated_at) "
             "SELECT id, name, id, 0, 0 FROM connection");
}

static void close_door(struct door *door)
{
    assay_keyring_free(door->ring);
    assay_job_store_close(door->store);
    test_database_close(&door->base);
}

static void claim_task(struct door *door, const char *kind, const char *spec,
                       struct assay_job_claim *ret_claim)
{
    const struct assay_job_task_new task = {.kind = kind, .split_count = 1, .unblocks = -1};
    const struct assay_job_operation_new operation = {.source_id = 1,
                                                      .connection_id = 1,
                                                      .kind = "profile",
                                                      .lane = ASSAY_LANE_BULK,
                                                      .specs = &spec,
                                                      .specs_count = 1,
                                                      .tasks = &task,
                                                      .tasks_count = 1};
    static const struct assay_job_worker worker = {
        .owner = "w", .ttl_ms = 30000, .max_spec_version = ASSAY_SPEC_VERSION, .idle = true};
    int64_t id = 0;
    int count = 0;
    TEST_OK(assay_job_operation_create(door->store, NULL, &operation, &id, NULL, NULL, &test_err));
    TEST_OK(assay_job_dispatch(door->store, "default", ASSAY_LANE_BULK, 8, "t", ASSAY_SPEC_VERSION,
                               &count, &test_err));
    TEST_OK(assay_job_steal(door->store, "default", 3, 0, &worker, ret_claim, &test_err));
}

/* Passwords of datastores 1 … 3 that a task gets, "-" for none. */
static void expect(struct door *door, const char *kind, const char *spec, const char *expected)
{
    struct assay_job_claim claim = {0};
    char got[64] = "";
    json_t *secrets = NULL;
    claim_task(door, kind, spec, &claim);
    TEST_OK(assay_credentials_of_task(door->base.db, door->store, door->ring, claim.task_id,
                                      claim.epoch, &secrets, &test_err));
    for (int i = 1; i <= DATASTORES; i++) {
        char key[8];
        (void)snprintf(key, sizeof key, "%d", i);
        (void)strcat(strcat(got, assay_json_str(json_object_get(secrets, key), "password", "-")),
                     " ");
    }
    assert_string_equal(got, expected);
    assert_int_equal(json_object_get(secrets, "0") != NULL, 0);
    json_decref(secrets);
    TEST_FAILS(ASSAY_STALE,
               assay_credentials_of_task(door->base.db, door->store, door->ring, claim.task_id,
                                         claim.epoch + 1, &secrets, &test_err));
    assay_job_claim_release(&claim);
}

static void of_references(void **state)
{
    struct door door = {0};
    open_door(&door, *(enum assay_db_kind *)*state);
    expect(&door, "scan", "{\"settings\":{}}", "pw1 - - ");
    expect(&door, "scan", "{\"settings\":{\"refs\":{\"a\":{\"datastore_id\":3}}}}", "pw1 - pw3 ");
    expect(&door, "profile.relate",
           "{\"settings\":{\"refs\":{\"container:7\":{\"datastore_id\":2},\"container:8\":"
           "{\"datastore_id\":1},\"container:9\":{\"datastore_id\":2}}}}",
           "pw1 pw2 - ");
    expect(&door, "scan",
           "{\"settings\":{\"refs\":{\"gone\":{\"datastore_id\":77},\"a\":{\"datastore_id\":3}}}}",
           "pw1 - pw3 ");
    close_door(&door);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {cmocka_unit_test(of_references)};
    return test_main("catalog: credentials", cases, ASSAY_COUNT(cases));
}
