/* Profile source: the container that is profiled, opened: its fields, its parts, and how its
 * records are reached. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_SOURCE_H
#define ASSAY_PROFILE_SOURCE_H

#include "worker/executor/connect/connector.h"
#include "worker/executor/connect/file_set.h"
#include "worker/executor/engine/parquet.h"
#include "worker/executor/engine/parquet_survey.h"
#include "worker/executor/task.h"

struct assay_profile_source {
    struct assay_task *task;
    struct assay_conn *conn;
    const struct assay_file_set *set; /* files; NULL for databases. The connection's */
    struct assay_schema schema;
    json_t *bounds;  /* of the parts that are read in parallel; ≥ 1 element, null = all. Not for
                        Parquet */
    bool guessed;    /* the bounds of CSV ranges are guesses, to be verified after reading */
    bool one_reader; /* a database: one open reader per connection */
    struct assay_session *session;    /* Parquet */
    struct assay_parquet_files files; /* Parquet; paths are the set's */
    const char *from; /* a database's records as a table of the session (selection_where.h); NULL =
                         the files */
    struct assay_vectors *vectors;      /* Parquet: the plan of all its columns */
    struct assay_parquet_survey survey; /* Parquet: of the first file, as far as it is known */
    uint64_t metadata_bytes;            /* Parquet: of open footers and of columns */
    uint64_t first_row, end_row;        /* Parquet: the records of a split; end 0 = to the end */
    uint32_t first_file;                /* Parquet: index in the set of files.paths[0] */
    const char **paths;                 /* Parquet: all that files.paths may point into */
    size_t paths_count;
    size_t only_first, only_count; /* files that passes read (profile_parts.h); 0 = all */
    json_t *range;                 /* records that passes read; NULL = all */
    uint64_t range_id;             /* what stands for it in its records' identities */
    uint64_t files_bytes;          /* of all files; 0 = unknown */
    uint64_t pass_bytes;           /* of the files that a pass reads */
    size_t spare_states;           /* of a field, beside those of the lanes */
    size_t dictionaries_most;      /* of fields that a pass reads as codes */
    uint64_t *file_ids; /* what stands for a file in its records' identities; NULL = its index */
};

/** Open the task's container. ASSAY_INVALID, ASSAY_NOT_FOUND and what the connector says, with the
 * container's name. */
ASSAY_MUST_CHECK int assay_profile_source_open(struct assay_task *task,
                                               struct assay_profile_source *ret_source,
                                               struct assay_error *err);
void assay_profile_source_close(struct assay_profile_source *source);
/** Close its session before: nothing will be read through it any more. From any thread, while
 * nothing else uses the source. */
void assay_profile_source_end_session(struct assay_profile_source *source);

/** One more connection to the same source; its connector's close() ends it. */
ASSAY_MUST_CHECK int assay_profile_source_connect(const struct assay_profile_source *source,
                                                  struct assay_conn **ret_conn,
                                                  struct assay_error *err);

/** Bytes of the files [first, first + count) of the set; count 0 = of all. */
uint64_t assay_profile_source_bytes(const struct assay_profile_source *source, size_t first,
                                    size_t count);

/** Resident bytes of a process with the engine before it reads: code, libraries, frames, the
 * document. */
#define ASSAY_PROFILE_ENGINE_BASE (UINT64_C(46) << 20)

/** What it and the footers leave of the budget. */
uint64_t assay_profile_engine_left(const struct assay_profile_source *source);
/** DuckDB's share of the budget: a third for decoding, two thirds of what is left of a small one;
 * the rest is for the states (groups.h). */
uint64_t assay_profile_engine_bytes(const struct assay_profile_source *source);
/** What it may hold of that between passes: memory that it freed and keeps. */
uint64_t assay_profile_engine_held(const struct assay_profile_source *source);
/** Its threads: fewer where the share is small, one for the first records of a sample. */
int assay_profile_engine_threads(const struct assay_profile_source *source);
/** Is it read by the session (Parquet, or `from`) and not by readers? */
bool assay_profile_source_by_engine(const struct assay_profile_source *source);
bool assay_profile_source_is_json(const struct assay_profile_source *source);
bool assay_profile_source_is_parquet(const struct assay_profile_source *source);
/** "csv", "jsonl", "parquet", …, for databases the connector's name. */
const char *assay_profile_source_format(const struct assay_profile_source *source);

#endif
