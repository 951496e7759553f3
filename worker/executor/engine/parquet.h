/* Parquet through DuckDB's reader: describe, read as batches, or scan with all threads. Struct
 * children become dotted fields (ASSAY_NESTED_DEPTH levels), lists become LIST columns, maps are
 * left out. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_PARQUET_H
#define ASSAY_ENGINE_PARQUET_H

#include "worker/executor/batch/batch.h"
#include "worker/executor/engine/duckdb_session.h"
#include "worker/executor/engine/vectors.h"
#include "worker/executor/read/reader.h"

/** The files of one container, in order. Borrowed for the call (describe) or until the reader is
 * closed. */
struct assay_parquet_files {
    const char *const *paths;
    size_t count;
};

/** Fields of the files (names by position of the first; all files must agree: ASSAY_SCHEMA_CHANGED
 * names the one that does not). native_type is DuckDB's word ("DECIMAL(10,2)", "STRUCT(…)").
 * ASSAY_NOT_FOUND, ASSAY_FORMAT: the text names the file. The session must have been opened with
 * the same paths. */
ASSAY_MUST_CHECK int assay_parquet_describe(struct assay_session *session,
                                            const struct assay_parquet_files *files,
                                            struct assay_schema *ret_schema,
                                            struct assay_error *err);
/** The same as the plan of its columns (vectors.h), which takes seconds for ten thousand of them:
 * lend it to the requests. */
ASSAY_MUST_CHECK int assay_parquet_plan_whole(struct assay_session *session,
                                              const struct assay_parquet_files *files,
                                              struct assay_vectors **ret_vectors,
                                              struct assay_error *err);
/** Append copies of the fields of one schema to another. */
ASSAY_MUST_CHECK int assay_parquet_copy_schema(const struct assay_schema *from,
                                               struct assay_schema *to, struct assay_error *err);
/** Records of all files, from their footers; and row groups when ret_groups is not NULL. */
ASSAY_MUST_CHECK int assay_parquet_count(struct assay_session *session,
                                         const struct assay_parquet_files *files,
                                         uint64_t *ret_records, uint64_t *ret_groups,
                                         struct assay_error *err);

/** A row group, as the footer describes it. */
struct assay_parquet_group {
    uint64_t records, bytes; /* compressed */
};
/** What footers say before the engine reads them. */
struct assay_parquet_footers {
    uint64_t bytes;   /* that the engine takes for those it holds at once: columns × row groups */
    uint64_t columns; /* of the widest schema, groups of columns counted too; 0 = not known */
    const char *path; /* of the largest; one of the files' */
};
/** Looks at the last bytes of the files and the first ones of their footers only; a file that is
 * none is left to the engine. */
struct assay_parquet_footers assay_parquet_footers(const struct assay_parquet_files *files);
/** The row groups of one file in order; *ret_groups on the heap (assay_free()), with one place at
 * least. Errors as of assay_parquet_describe(). */
ASSAY_MUST_CHECK int assay_parquet_groups(struct assay_session *session, const char *path,
                                          struct assay_parquet_group **ret_groups,
                                          size_t *ret_count, struct assay_error *err);

/** What to read. */
struct assay_parquet_request {
    struct assay_parquet_files files;
    const char
        *from; /* NULL, or: read this table function of a reader table instead of files ("t()") */
    const struct assay_vectors *whole; /* plan of all columns of the files, lent; NULL = made */
    uint32_t first_file;       /* index in the container of files.paths[0] (stated in batches) */
    const char *const *fields; /* names of the described schema; NULL = all */
    size_t fields_count;
    const char
        *where; /* SQL predicate over the source's columns, already checked; NULL = all records */
    uint64_t limit; /* first records only; 0 = all */
    uint64_t first_row,
        end_row; /* records [first_row, end_row) of each file; end_row 0 = to the end */
    struct assay_dictionary *const
        *dictionaries; /* of a scan: NULL, or for each field NULL or the dictionary as whose codes
                          its texts come (batch.h); a field that is no column of texts by itself
                          comes as values all the same */
};

/** A reader over the request, in the order of the file. One thread. */
ASSAY_MUST_CHECK int assay_parquet_open(struct assay_session *session,
                                        const struct assay_parquet_request *request,
                                        struct assay_reader **ret_reader, struct assay_error *err);

/** A sink that takes the batches of one thread; made and used by one thread at a time. */
struct assay_parquet_sink {
    int (*batch)(void *lane, const struct assay_batch *batch, struct assay_error *err);
    void *const *lanes; /* one per thread */
    int lanes_count;
};
/** Read the request on the session's threads; a batch is given to a lane that is free, in any order
 * (batch->file with ->row or ->first_row say which records of the file they are). The first error
 * stops all and is returned. */
ASSAY_MUST_CHECK int assay_parquet_scan(struct assay_session *session,
                                        const struct assay_parquet_request *request,
                                        const struct assay_parquet_sink *sink,
                                        struct assay_error *err);

#endif
