// Inspect: the short questions behind "test connection", schema discovery and previews.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/file.h"
#include "worker/executor/engine/parquet.h"
#include "worker/executor/inspect/value_json.h"
#include "worker/executor/task.h"

enum { OPEN_TIMEOUT_MS = 20000, PREVIEW_DEFAULT = 20, PREVIEW_MAX = 1000 };

struct inspect {
    struct assay_task *task;
    const struct assay_connector *connector;
    struct assay_conn *conn;
};

static int ping(struct inspect *inspect, struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *product = NULL;
    ASSAY_TRY(inspect->connector->ping(inspect->conn, &product, err));
    return assay_task_emit(inspect->task, "inspect",
                           json_pack("{s:b, s:o}", "connected", 1, "product",
                                     assay_json_safe_string(product, strlen(product))),
                           err);
}

static int schema(struct inspect *inspect, struct assay_error *err)
{
    const struct assay_task *task = inspect->task;
    ASSAY_SCOPED(assay_schema_release) struct assay_schema found = {0};
    json_t *fields = NULL;
    ASSAY_TRY(
        inspect->connector->describe(inspect->conn, task->container, task->reader, &found, err));
    ASSAY_TRY(assay_schema_json(&found, &fields, err));
    return assay_task_emit(inspect->task, "inspect", json_pack("{s:o}", "fields", fields), err);
}

static int add_record(const struct assay_schema *fields, const struct assay_batch *batch,
                      size_t row, json_t *records, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *record = json_object();
    if (!record)
        return assay_fail_memory(err);
    for (size_t i = 0; i < batch->columns_count; i++) {
        ASSAY_AUTO(assay_json_decref)
        json_t *name =
            assay_json_safe_string(fields->fields[i].name, strlen(fields->fields[i].name));
        if (!name)
            return assay_fail_memory(err);
        ASSAY_TRY(assay_json_set(record, json_string_value(name),
                                 assay_value_json(&batch->columns[i], row), err));
    }
    return assay_json_push(records, ASSAY_TAKE(record), err);
}

static int read_records(struct inspect *inspect, struct assay_reader *reader,
                        struct assay_error *err)
{
    int64_t left = assay_json_int(inspect->task->settings, "limit", PREVIEW_DEFAULT);
    left = left < 0 ? PREVIEW_DEFAULT : left > PREVIEW_MAX ? PREVIEW_MAX : left;
    ASSAY_AUTO(assay_json_decref) json_t *records = json_array();
    json_t *fields = NULL;
    if (!records)
        return assay_fail_memory(err);
    while (left > 0) {
        const struct assay_batch *batch = NULL;
        ASSAY_TRY(assay_reader_next(reader, &batch, err));
        if (!batch)
            break;
        for (size_t row = 0; row < batch->rows && left > 0; row++, left--)
            ASSAY_TRY(add_record(&reader->schema, batch, row, records, err));
    }
    ASSAY_TRY(assay_schema_json(&reader->schema, &fields, err));
    inspect->task->done.records = json_array_size(records);
    return assay_task_emit(inspect->task, "inspect",
                           json_pack("{s:o, s:O}", "fields", fields, "records", records), err);
}

/* Parquet is read by the engine, everything else by its connector. */
static int preview_parquet(struct inspect *inspect, const struct assay_file_set *set,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(set->count, sizeof(const char *));
    const char **paths = memory;
    if (!paths)
        return assay_fail_memory(err);
    for (size_t i = 0; i < set->count; i++)
        paths[i] = set->files[i].path;
    const struct assay_session_options options = {.threads = 1,
                                                  .timezone = inspect->task->timezone,
                                                  .paths = paths,
                                                  .paths_count = set->count,
                                                  .cancelled = &inspect->task->cancelled};
    ASSAY_AUTO(assay_session_close) struct assay_session *session = NULL;
    ASSAY_TRY(assay_session_open(&options, &session, err));
    const struct assay_parquet_request request = {.files = {paths, set->count},
                                                  .limit = PREVIEW_MAX};
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    ASSAY_TRY(assay_parquet_open(session, &request, &reader, err));
    return read_records(inspect, reader, err);
}

static int preview(struct inspect *inspect, struct assay_error *err)
{
    const struct assay_task *task = inspect->task;
    if (inspect->connector == &assay_file_connector) {
        struct assay_file_set *set = NULL;
        ASSAY_TRY(assay_file_conn_set(inspect->conn, task->container, task->reader, &set, err));
        if (set->family == ASSAY_FAMILY_PARQUET)
            return preview_parquet(inspect, set, err);
    }
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    const struct assay_split all = {.split_no = 0, .split_count = 1};
    ASSAY_TRY(inspect->connector->read(inspect->conn, task->container, task->reader, &all, NULL, 0,
                                       &reader, err));
    return read_records(inspect, reader, err);
}

/* What this program is made of; asks no source. */
static int version(struct inspect *inspect, struct assay_error *err)
{
    return assay_task_emit(
        inspect->task, "inspect",
        json_pack("{s:s, s:s}", "assay", ASSAY_VERSION, "duckdb", duckdb_library_version()), err);
}

enum need { NEED_NOTHING, NEED_SOURCE, NEED_CONTAINER };

static const struct {
    const char *what;
    enum need need;
    int (*run)(struct inspect *inspect, struct assay_error *err);
} questions[] = {
    {"ping", NEED_SOURCE, ping},
    {"preview", NEED_CONTAINER, preview},
    {"schema", NEED_CONTAINER, schema},
    {"version", NEED_NOTHING, version},
};

static int open_source(struct inspect *inspect, struct assay_error *err)
{
    struct assay_task *task = inspect->task;
    if (!task->connector)
        return assay_fail(err, ASSAY_INVALID, "the task names no source");
    inspect->connector = assay_connector_find(task->connector);
    if (!inspect->connector)
        return assay_fail(err, ASSAY_UNSUPPORTED, "there is no connector named %s",
                          task->connector);
    return inspect->connector->open(task->properties, OPEN_TIMEOUT_MS, &task->cancelled,
                                    &inspect->conn, err);
}

static int run(struct inspect *inspect, struct assay_error *err)
{
    const char *what = assay_json_str(inspect->task->settings, "what", "ping");
    for (size_t i = 0; i < ASSAY_COUNT(questions); i++) {
        if (strcmp(questions[i].what, what) != 0)
            continue;
        if (questions[i].need == NEED_CONTAINER && !inspect->task->container)
            return assay_fail(err, ASSAY_INVALID, "%s needs a container", what);
        if (questions[i].need != NEED_NOTHING)
            ASSAY_TRY(open_source(inspect, err));
        return questions[i].run(inspect, err);
    }
    return assay_fail(err, ASSAY_INVALID,
                      "inspect cannot answer %.32s: ping, preview, schema or version", what);
}

int assay_inspect_run(struct assay_task *task, struct assay_error *err)
{
    struct inspect inspect = {.task = task};
    const int rc = run(&inspect, err);
    if (inspect.conn)
        inspect.connector->close(inspect.conn);
    return rc;
}
