/* A container as a relation: the scanned one, and each one that checks refer to, in the same
 * session. Its source is opened first, as the session has to know which files may be read; then
 * its relation: the reader table, typed fields, the text for FROM. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SCAN_CONTAINER_H
#define ASSAY_EXECUTOR_SCAN_CONTAINER_H

#include <pthread.h>

#include "worker/executor/engine/reader_table.h"
#include "worker/executor/engine/vectors.h"
#include "worker/executor/profile/profile_source.h"
#include "worker/executor/rules/rule.h"
#include "worker/executor/task.h"

/** A part of the container, as the reader table reads it. */
struct assay_scan_part {
    size_t file;
    bool is_range;                      /* begins within its file: lines count from there */
    bool counted;                       /* what follows is known */
    uint64_t records, lines;            /* known after the pass */
    uint64_t first_row, first_line;     /* to be added to those within the part */
    struct assay_rejections rejections; /* of the pass */
};

/** Fractions of text are exact decimals as long as every value fits one. Fields that turn out to
 * have others are read as doubles, from the beginning. */
struct assay_scan_doubles {
    bool *fields; /* heap; of `count` */
    size_t count;
};

struct assay_scan_container {
    struct assay_task *task; /* that reads it: the scan's, or a reference's */
    struct assay_task *scan; /* in whose progress and result the reading counts */
    struct assay_arena *arena;
    struct assay_session *session;
    const char *table_name; /* unique in the session */
    struct assay_profile_source source;
    bool by_engine;                   /* Parquet: DuckDB reads it, there are no readers */
    struct assay_schema columns;      /* of the reader table: the source's under names of our own */
    struct assay_reader_table *table; /* NULL for Parquet */
    struct assay_cell_target *targets;
    struct assay_scan_part *parts;
    size_t parts_count;
    pthread_mutex_t lock; /* guards parts while the table is read */
    bool keep_counts;     /* done() fills the parts that are not counted yet */
    atomic_bool *inexact; /* per field: a number was read that its decimal does not hold */
    const struct assay_scan_doubles *doubles; /* fractions that are not read as decimals */
    struct assay_rule_field *fields;
    const char **raw_sql; /* per field: the source's own text; NULL = the typed value is it */
    struct assay_vectors *vectors; /* the source's columns as a query selects them */
    const char *from;              /* the source in FROM, without where */
    bool has_order;                /* rows have numbers */
};

/** Set it up and open its source: connection, files, fields. What it is given is borrowed until
 * it is closed. assay_scan_container_close() in any case. */
ASSAY_MUST_CHECK int assay_scan_container_find(struct assay_scan_container *container,
                                               struct assay_task *task, struct assay_task *scan,
                                               struct assay_arena *arena, const char *table_name,
                                               const struct assay_scan_doubles *doubles,
                                               struct assay_error *err);
/** Make its relation known to the session: from, fields, vectors. */
ASSAY_MUST_CHECK int assay_scan_container_open(struct assay_scan_container *container,
                                               struct assay_session *session,
                                               struct assay_error *err);
/** The session's results must be destroyed before, and the session closed. */
void assay_scan_container_close(struct assay_scan_container *container);

/** First rows and lines of all parts, once they are read. */
void assay_scan_container_place_parts(struct assay_scan_container *container);
/** Records that could not be read. */
uint64_t assay_scan_container_rejected(const struct assay_scan_container *container);
/** Was a number read that its decimal does not hold? */
bool assay_scan_container_is_inexact(const struct assay_scan_container *container);
/** From now on those fields are doubles; all, should it have happened before (a database that
 * changes meanwhile). */
ASSAY_MUST_CHECK int assay_scan_container_note_doubles(const struct assay_scan_container *container,
                                                       struct assay_scan_doubles *doubles,
                                                       struct assay_error *err);
/* scan_types.c */
/** Types of untyped cells. decisions: one per field, zeroed. */
ASSAY_MUST_CHECK int assay_scan_find_types(const struct assay_scan_container *container,
                                           struct assay_type_decision *decisions,
                                           struct assay_error *err);

#endif
