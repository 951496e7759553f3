/* Scans of files that the engine writes, and what they emit. For one test program at a time. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_SCAN_FIXTURE_H
#define ASSAY_TESTS_SCAN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/datetime.h"
#include "worker/executor/engine/duckdb_session.h"
#include "worker/executor/engine/scratch.h"
#include "worker/executor/task.h"

static char *folder;

/* The chunks of a scan, by kind. */
struct output {
    json_t *container, *checks, *anomalies;
};

static int take_chunk(const char *chunk, size_t size_bytes, void *context, struct assay_error *err)
{
    struct output *out = context;
    json_t *body = NULL;
    assert_int_equal(assay_json_parse(chunk, size_bytes, "chunk", &body, err), ASSAY_OK);
    const char *kind = assay_json_str(body, "t", "");
    if (!strcmp(kind, "checks"))
        out->checks = json_incref(json_object_get(body, "checks"));
    else if (!strcmp(kind, "anomalies"))
        out->anomalies = json_incref(json_object_get(body, "anomalies"));
    else
        out->container = json_incref(body);
    json_decref(body);
    return ASSAY_OK;
}

static void drop_log(void *context, enum assay_log_level level, const char *event,
                     const struct assay_log_field *fields)
{
    (void)context, (void)level, (void)event, (void)fields;
}

static void release(struct output *out)
{
    json_decref(out->container);
    json_decref(out->checks);
    json_decref(out->anomalies);
}

/* The rows of a query as a Parquet or CSV file. */
static inline void write_data(const char *select, const char *path)
{
    const char *folders[] = {folder};
    const struct assay_session_options options = {.folders = folders, .folders_count = 1};
    struct assay_session *session = NULL;
    struct assay_error err = {0};
    struct assay_buf sql = {0};
    assay_buf_printf(&sql, "COPY (%s) TO '%s' (FORMAT %s)", select, path,
                     strstr(path, ".csv") ? "csv" : "parquet");
    if (assay_session_open(&options, &session, &err) != ASSAY_OK ||
        assay_session_exec(session, assay_buf_str(&sql), &err) != ASSAY_OK)
        fail_msg("%s: %s", select, err.text);
    assay_buf_release(&sql);
    assay_session_close(session);
}

/* settings: JSON object; zone NULL = UTC. The instant of the operation is
 * 2026-11-20T10:00:00Z. */
static int scan(const char *path, const char *checks, const char *settings, const char *zone,
                struct output *out, struct assay_error *err)
{
    json_t *list = json_loads(checks, JSON_REJECT_DUPLICATES, NULL),
           *set = json_loads(settings, 0, NULL);
    assert_non_null(list);
    assert_non_null(set);
    for (size_t i = 0; i < json_array_size(list); i++)
        json_object_set_new(json_array_get(list, i), "index", json_integer((json_int_t)i));
    json_t *spec =
        json_pack("{s:i, s:s, s:i, s:i, s:i, s:s, s:s, s:i, s:{s:I, s:i, s:i}, s:{s:s, s:{s:s}, "
                  "s:{s:s, s:s, s:s, s:[{s:s}]}}, s:{}, s:o, "
                  "s:o, s:[]}",
                  "v", 1, "kind", "scan", "op_id", 1, "task_id", 1, "attempt", 1, "now",
                  "2026-11-20T10:00:00.000000Z", "timezone", zone ? zone : "UTC", "seed", 1,
                  "limits", "memory_bytes", (json_int_t)1 << 29, "threads", 2, "deadline_ms", 0,
                  "source", "connector", "file", "properties", "root", folder, "container", "name",
                  strrchr(path, '/') + 1, "container_type", "file", "location", path, "files",
                  "path", path, "reader", "settings", set, "checks", list, "fields");
    assert_non_null(spec);
    struct assay_task task = {0};
    const struct assay_task_outlet outlet = {.result = take_chunk, .log = drop_log, .context = out};
    *out = (struct output){0};
    int code = assay_task_init(&task, spec, NULL, &outlet, err);
    if (code == ASSAY_OK)
        code = assay_scan_run(&task, err);
    assay_task_release(&task);
    return code;
}

static int make_folder(void **state)
{
    (void)state;
    return assay_scratch_name(&folder, NULL) == ASSAY_OK ? mkdir(folder, 0700) : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    assay_scratch_remove(folder);
    free(folder);
    return 0;
}

#endif
