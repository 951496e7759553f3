// A scan opened: the sources first, then the session that knows their files, then the container.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/rules/text_tests.h"
#include "worker/executor/scan/scan_reference.h"

#define TABLE_NAME   "_assay_source"
#define COLUMN_BYTES 96 /* of a value in all its vectors */

/* Vectors of a record with many columns fill the memory of a thread: fewer of them then. A column
 * takes its value, its text, and copies of both where a check fails. */
static int threads_for(const struct assay_scan *scan)
{
    const uint64_t bytes =
        (uint64_t)scan->own.source.schema.count * ASSAY_BATCH_ROWS * COLUMN_BYTES;
    const uint64_t room = scan->task->memory_bytes / 4 * 3;
    const uint64_t most = bytes ? room / bytes : UINT64_MAX;
    return most < (uint64_t)scan->task->threads ? (most ? (int)most : 1) : scan->task->threads;
}

static int open_session(struct assay_scan *scan, struct assay_error *err)
{
    const int threads = threads_for(scan);
    const struct assay_parquet_files *own = &scan->own.source.files;
    const size_t others = assay_scan_references_paths(scan, NULL);
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(own->count + others + 1, sizeof(char *));
    const char **paths = memory;
    if (!paths)
        return assay_fail_memory(err);
    for (size_t i = 0; i < own->count; i++)
        paths[i] = own->paths[i];
    assay_scan_references_paths(scan, paths + own->count);
    const struct assay_session_options options = {.memory_bytes = scan->task->memory_bytes / 4 * 3,
                                                  .threads = threads,
                                                  .timezone = scan->task->timezone,
                                                  .paths = paths,
                                                  .paths_count = own->count + others,
                                                  .cancelled = assay_task_cancelled(scan->task),
                                                  .unordered = threads > 1,
                                                  .guarded = true};
    return assay_session_open(&options, &scan->session, err);
}

/* Progress counts the files of references too, each once. */
static void expect_bytes(struct assay_scan *scan)
{
    const uint64_t own = scan->own.source.files_bytes, others = assay_scan_references_bytes(scan);
    if (own && others)
        atomic_store(&scan->task->progress.bytes_total, (int_fast64_t)(own + others));
}

int assay_scan_open(struct assay_scan *scan, const struct assay_scan_known *known,
                    struct assay_error *err)
{
    ASSAY_TRY(assay_scan_container_find(&scan->own, scan->task, scan->task, &scan->arena,
                                        TABLE_NAME, &known->doubles[0], err));
    ASSAY_TRY(assay_scan_references_find(scan, known, err));
    expect_bytes(scan);
    ASSAY_TRY(open_session(scan, err));
    ASSAY_TRY(assay_scan_container_open(&scan->own, scan->session, err));
    return assay_text_tests_register(assay_session_connection(scan->session), err);
}

void assay_scan_close(struct assay_scan *scan)
{
    assay_session_close(scan->session);
    assay_scan_references_close(scan);
    assay_scan_container_close(&scan->own);
    assay_arena_release(&scan->arena);
}
