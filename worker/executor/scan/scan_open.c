// A scan opened: the sources first, then the session that knows their files, then the container.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/engine/budget.h"
#include "worker/executor/rules/text_tests.h"
#include "worker/executor/scan/scan_reference.h"

#define TABLE_NAME         "_assay_source"
#define ENGINE_LEAST_BYTES (UINT64_C(8) << 20)
#define SCAN_LEAST_BYTES   (UINT64_C(72) << 20) /* of the engine, keys and captured records */
#define COLUMN_BYTES       96                   /* of a value in all its vectors */
#define THREAD_BYTES       (UINT64_C(32) << 20) /* of the engine, where it groups all records */

/* What checks ask for, beside reading. */
enum { ASKS_LOOKUPS = 1, ASKS_GROUPS = 2 };
static unsigned asked(const struct assay_scan *scan)
{
    unsigned asks = 0;
    for (size_t i = 0; i < scan->checks_count; i++) {
        const struct assay_rule *rule =
            assay_rule_find(assay_json_str(scan->checks[i].json, "rule", NULL));
        asks |= rule && rule->looks_up ? ASKS_LOOKUPS : 0;
        asks |= rule && rule->compares ? ASKS_GROUPS : 0;
    }
    return asks;
}

/* Eighths of what is left of the budget: the engine's, and those of values and marks. */
static const struct {
    uint64_t engine, lookups;
} shares[] = {
    [0] = {5, 0},
    [ASKS_LOOKUPS] = {3, 3},
    [ASKS_GROUPS] = {5, 1},
    [ASKS_LOOKUPS | ASKS_GROUPS] = {4, 2},
};

static uint64_t lookup_bytes(const struct assay_scan *scan)
{
    return assay_profile_engine_left(&scan->own.source) / 8 * shares[asked(scan)].lookups;
}

/* What the engine may take of what is left of the budget; keys, captured records and the
 * statement's own have the rest. */
uint64_t assay_scan_engine_bytes(const struct assay_scan *scan)
{
    const uint64_t share =
        assay_profile_engine_left(&scan->own.source) / 8 * shares[asked(scan)].engine;
    const uint64_t vectors = /* which the engine does not count */
        (uint64_t)scan->own.source.schema.count * ASSAY_BATCH_ROWS * COLUMN_BYTES / 2;
    const uint64_t most = scan->only_verdicts && vectors < share ? share - vectors : share;
    return most > ENGINE_LEAST_BYTES ? most : ENGINE_LEAST_BYTES;
}

/* Vectors of a record with many columns fill the memory of a thread: fewer of them then. A column
 * takes its value, its text, and copies of both where a check fails. */
static int threads_for(const struct assay_scan *scan)
{
    const uint64_t columns = scan->own.source.schema.count;
    const uint64_t vectors = columns * ASSAY_BATCH_ROWS * COLUMN_BYTES;
    const uint64_t bytes =
        asked(scan) & ASKS_GROUPS && vectors < THREAD_BYTES ? THREAD_BYTES : vectors;
    const uint64_t room = assay_scan_engine_bytes(scan);
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
    const struct assay_session_options options = {.memory_bytes = assay_scan_engine_bytes(scan),
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

/* Before anything is read. Verdicts alone take less, and may be left out. */
static int check_memory(const struct assay_scan *scan, struct assay_error *err)
{
    const uint64_t least =
        ASSAY_PROFILE_ENGINE_BASE + scan->own.source.metadata_bytes + SCAN_LEAST_BYTES;
    return scan->only_verdicts ? ASSAY_OK
                               : assay_budget_check(scan->task->memory_bytes, least, err, "a scan");
}

int assay_scan_open(struct assay_scan *scan, const struct assay_scan_known *known,
                    struct assay_error *err)
{
    ASSAY_TRY(assay_scan_container_find(&scan->own, scan->task, scan->task, &scan->arena,
                                        TABLE_NAME, &known->doubles[0], err));
    ASSAY_TRY(check_memory(scan, err));
    scan->copies_database = known->copies_database;
    ASSAY_TRY(assay_scan_references_find(scan, known, err));
    expect_bytes(scan);
    ASSAY_TRY(open_session(scan, err));
    ASSAY_TRY(assay_lookups_new(scan->session, assay_task_cancelled(scan->task), lookup_bytes(scan),
                                &scan->lookups, err));
    ASSAY_TRY(assay_scan_container_open(&scan->own, scan->session, err));
    if (scan->only_verdicts)
        ASSAY_TRY(assay_scan_identity_register(scan, err));
    return assay_text_tests_register(assay_session_connection(scan->session), err);
}

void assay_scan_close(struct assay_scan *scan)
{
    assay_session_close(scan->session);
    assay_lookups_free(scan->lookups);
    assay_scan_references_close(scan);
    assay_scan_container_close(&scan->own);
    assay_arena_release(&scan->arena);
}
