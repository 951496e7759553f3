// Profile source: the container that is profiled, opened, and cut into parts for the threads.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/profile_source.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/memory.h"
#include "worker/executor/connect/file.h"
#include "worker/executor/engine/budget.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/profile/profile_parts.h"

enum { OPEN_TIMEOUT_MS = 30000 };

/* The least share that decodes a column on one thread. */
#define ENGINE_LEAST_BYTES (UINT64_C(4) << 20)
#define FOOTER_LEAST_BYTES (UINT64_C(8) << 20) /* with a footer of few columns */
/* What it holds between passes when its share is small. */
#define ENGINE_IDLE_BYTES (UINT64_C(4) << 20)
/* What one of its threads should have. */
#define ENGINE_THREAD_BYTES (UINT64_C(20) << 20)
/* What the plan and the schema take for a column of Parquet, measured 4.7 KiB; and what the many
 * passes over very wide files take besides for each column beyond: 10,000 need 180 MiB. */
#define COLUMN_BYTES      (UINT64_C(5) << 10)
#define WIDE_COLUMNS      5000
#define WIDE_COLUMN_BYTES (UINT64_C(15) << 10)

uint64_t assay_profile_engine_left(const struct assay_profile_source *source)
{
    const uint64_t budget = source->task->memory_bytes;
    const uint64_t taken = ASSAY_PROFILE_ENGINE_BASE + source->metadata_bytes;
    return budget > taken ? budget - taken : 0;
}

uint64_t assay_profile_engine_bytes(const struct assay_profile_source *source)
{
    const uint64_t budget = source->task->memory_bytes, left = assay_profile_engine_left(source);
    const uint64_t share = left / 3 * 2 < budget / 3 ? left / 3 * 2 : budget / 3;
    return share > ENGINE_LEAST_BYTES ? share : ENGINE_LEAST_BYTES;
}

uint64_t assay_profile_engine_held(const struct assay_profile_source *source)
{
    const uint64_t share = source->session ? assay_profile_engine_bytes(source) : 0;
    return share < ASSAY_SESSION_SMALL_BYTES && share > ENGINE_IDLE_BYTES ? ENGINE_IDLE_BYTES
                                                                          : share;
}

/* The first records of a sample: the engine keeps the order for a limit of its own only. */
static bool is_ordered(const struct assay_task *task)
{
    return assay_json_get(task->settings, "sample") &&
           (assay_json_int(task->settings, "limit", 0) > 0 ||
            assay_json_int(task->settings, "max_records_analyzed_per_partition", 0) > 0);
}

int assay_profile_engine_threads(const struct assay_profile_source *source)
{
    const struct assay_task *task = source->task;
    const uint64_t most = assay_profile_engine_bytes(source) / ENGINE_THREAD_BYTES;
    const int threads = task->is_split || is_ordered(task) ? 1 : task->threads;
    return most >= (uint64_t)threads ? threads : most ? (int)most : 1;
}

int assay_profile_source_connect(const struct assay_profile_source *source,
                                 struct assay_conn **ret_conn, struct assay_error *err)
{
    const struct assay_task *task = source->task;
    const struct assay_connector *connector = assay_connector_find(task->connector);
    if (!connector)
        return assay_fail(err, ASSAY_UNSUPPORTED, "there is no connector %s", task->connector);
    return connector->open(task->properties, OPEN_TIMEOUT_MS, assay_task_cancelled(task), ret_conn,
                           err);
}

/* --- Parquet --- */

/* Which files, and which records of them: all, or those of the task's split. */
static int choose_files(struct assay_profile_source *source, struct assay_error *err)
{
    const struct assay_file_set *set = source->set;
    const json_t *parts = assay_json_get(source->task->split, "parts");
    const size_t count = parts ? json_array_size(parts) : set->count;
    const char **paths = assay_calloc(count + 1, sizeof *paths);
    if (!paths)
        return assay_fail_memory(err);
    source->paths = paths;
    source->paths_count = count;
    source->files = (struct assay_parquet_files){.paths = paths, .count = count};
    for (size_t i = 0; i < count; i++) {
        json_int_t file = (json_int_t)i, begin = 0, end = 0;
        if (parts &&
            (json_unpack(json_array_get(parts, i), "[I, I, I]", &file, &begin, &end) || file < 0 ||
             (size_t)file >= set->count || begin < 0 || end < 0 || (count > 1 && (begin || end))))
            return assay_fail(
                err, ASSAY_INVALID,
                "part %zu of the split does not name a file, or records of the only one", i);
        paths[i] = set->files[file].path;
        source->first_file = i ? source->first_file : (uint32_t)file;
        source->first_row = (uint64_t)begin;
        source->end_row = (uint64_t)end;
    }
    return ASSAY_OK;
}

/* Footers and columns take memory as long as the source is open: what they leave must do to decode
 * with. *ret_bytes: of both. */
static int weigh(const struct assay_profile_source *source,
                 const struct assay_parquet_footers *footers, uint64_t columns, uint64_t *ret_bytes,
                 struct assay_error *err)
{
    const uint64_t beyond = columns > WIDE_COLUMNS ? columns - WIDE_COLUMNS : 0;
    const uint64_t column_bytes = columns * COLUMN_BYTES + beyond * WIDE_COLUMN_BYTES;
    const uint64_t left = column_bytes + ENGINE_LEAST_BYTES;
    const uint64_t least = ASSAY_PROFILE_ENGINE_BASE + footers->bytes +
                           (left > FOOTER_LEAST_BYTES ? left : FOOTER_LEAST_BYTES);
    *ret_bytes = footers->bytes + column_bytes;
    return assay_budget_check(source->task->memory_bytes, least, err,
                              "the %" PRIu64 " columns and the row groups of %s", columns,
                              footers->path);
}

static int open_parquet(struct assay_profile_source *source, struct assay_error *err)
{
    const struct assay_task *task = source->task;
    ASSAY_TRY(choose_files(source, err));
    const struct assay_parquet_footers footers = assay_parquet_footers(&source->files);
    uint64_t bytes;
    ASSAY_TRY(weigh(source, &footers, footers.columns, &bytes, err));
    source->metadata_bytes = footers.bytes; /* while they are read */
    const struct assay_session_options options = {.memory_bytes =
                                                      assay_profile_engine_bytes(source),
                                                  .threads = assay_profile_engine_threads(source),
                                                  .timezone = task->timezone,
                                                  .paths = source->files.paths,
                                                  .paths_count = source->files.count,
                                                  .cancelled = assay_task_cancelled(task)};
    ASSAY_TRY(assay_session_open(&options, &source->session, err));
    ASSAY_TRY(assay_parquet_plan_whole(source->session, &source->files, &source->vectors, err));
    ASSAY_TRY(
        assay_parquet_copy_schema(assay_vectors_schema(source->vectors), &source->schema, err));
    return weigh(source, &footers, source->schema.count, &source->metadata_bytes, err);
}

/* --- readers --- */

static int open_readers(struct assay_profile_source *source, struct assay_error *err)
{
    const struct assay_task *task = source->task;
    ASSAY_TRY(source->conn->connector->describe(source->conn, task->container, task->reader,
                                                &source->schema, err));
    source->one_reader = !source->set;
    return assay_profile_parts_plan(source, true, err);
}

uint64_t assay_profile_source_bytes(const struct assay_profile_source *source, size_t first,
                                    size_t count)
{
    const struct assay_file_set *set = source->set;
    const size_t end = count ? first + count : set->count;
    uint64_t sum = 0;
    struct stat info;
    for (size_t i = first; i < end; i++)
        sum +=
            stat(set->files[i].path, &info) || !S_ISREG(info.st_mode) ? 0 : (uint64_t)info.st_size;
    return sum;
}

/* A file keeps its identity when others come and go: its name, not its place, stands for it. */
static int identify_files(struct assay_profile_source *source, struct assay_error *err)
{
    const struct assay_file_set *set = source->set;
    if (set->count < 2)
        return ASSAY_OK;
    source->file_ids = assay_calloc(set->count, sizeof *source->file_ids);
    if (!source->file_ids)
        return assay_fail_memory(err);
    for (size_t i = 0; i < set->count; i++)
        source->file_ids[i] = assay_hash_text(set->files[i].shown, strlen(set->files[i].shown));
    return ASSAY_OK;
}

/* Without it planning is less sharp; what is wrong with the file shows when it is read. */
static void survey(struct assay_profile_source *source)
{
    struct assay_error ignored = {0};
    ASSAY_IGNORE(
        assay_parquet_survey(source->session, source->files.paths[0], &source->survey, &ignored));
}

static int open_container(struct assay_profile_source *source, struct assay_error *err)
{
    struct assay_task *task = source->task;
    ASSAY_TRY(assay_profile_source_connect(source, &source->conn, err));
    if (!strcmp(task->connector, "file")) {
        struct assay_file_set *set;
        ASSAY_TRY(assay_file_conn_set(source->conn, task->container, task->reader, &set, err));
        source->set = set;
        source->files_bytes = source->pass_bytes = assay_profile_source_bytes(source, 0, 0);
        ASSAY_TRY(identify_files(source, err));
    }
    if (source->files_bytes)
        atomic_store(&task->progress.bytes_total, (int_fast64_t)source->files_bytes);
    if (assay_profile_source_is_parquet(source)) {
        ASSAY_TRY(open_parquet(source, err));
        survey(source);
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_session_check_timezone(task->timezone, err)); /* Parquet's session looks too */
    return open_readers(source, err);
}

int assay_profile_source_open(struct assay_task *task, struct assay_profile_source *ret_source,
                              struct assay_error *err)
{
    if (!task->container || !task->connector)
        return assay_fail(err, ASSAY_INVALID, "the task names no container");
    struct assay_profile_source source = {.task = task};
    const int rc = open_container(&source, err);
    if (rc != ASSAY_OK) {
        assay_profile_source_close(&source);
        return rc;
    }
    *ret_source = source;
    return ASSAY_OK;
}

void assay_profile_source_end_session(struct assay_profile_source *source)
{
    assay_vectors_free(ASSAY_TAKE(source->vectors));
    assay_session_close(ASSAY_TAKE(source->session));
}

void assay_profile_source_close(struct assay_profile_source *source)
{
    assay_parquet_survey_release(&source->survey);
    assay_profile_source_end_session(source);
    assay_free((void *)source->paths);
    assay_free(source->file_ids);
    json_decref(source->range);
    assay_schema_release(&source->schema);
    json_decref(source->bounds);
    if (source->conn)
        source->conn->connector->close(source->conn);
    *source = (struct assay_profile_source){0};
}

bool assay_profile_source_is_parquet(const struct assay_profile_source *source)
{
    return source->set && source->set->family == ASSAY_FAMILY_PARQUET;
}

bool assay_profile_source_is_json(const struct assay_profile_source *source)
{
    return source->set && source->set->family == ASSAY_FAMILY_JSON;
}

bool assay_profile_source_by_engine(const struct assay_profile_source *source)
{
    return source->from || assay_profile_source_is_parquet(source);
}

const char *assay_profile_source_format(const struct assay_profile_source *source)
{
    return source->set ? source->set->format : source->task->connector;
}
