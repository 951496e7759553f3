/* Connector: how the executor reaches one kind of source. One implementation file per connector and
 * one row in connectors.c; its definition (name, properties, secrets) is a row in
 * common/connectors/. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CONNECTOR_H
#define ASSAY_EXECUTOR_CONNECTOR_H

#include <stdatomic.h>

#include "common/base/error.h"
#include "common/json/json.h"
#include "worker/executor/read/reader.h"

struct assay_conn; /* an open connection; each connector's own struct begins with it */

/** A container that a source holds. Texts are heap; assay_found_release(). */
struct assay_found {
    char *name;               /* verbatim: table name, or file name / glob */
    char *container_type;     /* "table", "view", "file" */
    int64_t records_estimate; /* -1 = unknown */
    int64_t size_bytes;       /* -1 = unknown */
    int64_t modified_us;      /* -1 = unknown */
    json_t *details; /* {"files":[…]} or {"kind":"materialized view","comment":…}; may be NULL */
};
void assay_found_release(struct assay_found *found);

/** Part of a container. Unsplit: no 0 of 1. `bounds` is the connector's own (byte range, ctid
 * range, row groups). */
struct assay_split {
    int split_no, split_count;
    const json_t *bounds; /* NULL = all */
};

/** How a container is to be cut. */
struct assay_plan_goal {
    size_t count;     /* splits, about at most */
    uint64_t ms;      /* that one thread takes for a split, about; 0 = only the count matters */
    uint64_t records; /* of a split, at least, by estimate */
};

/** Where the values of an incremental field stand. assay_watermark_release(). */
struct assay_watermark {
    char *top;        /* the greatest value as the source writes it; NULL = there is none */
    uint64_t records; /* whose value is at most the one asked about, or null */
};
void assay_watermark_release(struct assay_watermark *mark);

/** Called for each container found; takes what it wants by ASSAY_TAKE. Not ASSAY_OK stops the
 * listing. */
typedef int assay_found_fn(struct assay_found *found, void *context, struct assay_error *err);

struct assay_connector {
    const char *name; /* joins with struct assay_connector_def */
    /** Open with properties (definition's keys; secrets merged in). ASSAY_UNAVAILABLE,
     * ASSAY_DENIED, ASSAY_TIMEOUT, ASSAY_INVALID. timeout_ms bounds the whole call. *cancelled is
     * looked at while waiting. */
    int (*open)(const json_t *properties, int64_t timeout_ms, const atomic_bool *cancelled,
                struct assay_conn **ret_conn, struct assay_error *err);
    void (*close)(struct assay_conn *conn);
    /** Product and version in *ret_product ("PostgreSQL 15.18"), heap. Proves that the source
     * answers. */
    int (*ping)(struct assay_conn *conn, char **ret_product, struct assay_error *err);
    /** Every container below the datastore's scope, in name order. options:
     * {"include":["table","view"], "folder_globbing_enabled":false}. */
    int (*list)(struct assay_conn *conn, const json_t *options, assay_found_fn *found,
                void *context, struct assay_error *err);
    /** Fields of one container. container: {"name","container_type","files"?…} as in the task
     * spec. */
    int (*describe)(struct assay_conn *conn, const json_t *container, const json_t *reader_options,
                    struct assay_schema *ret_schema, struct assay_error *err);
    /** Open a reader over one split, projected to `fields` (NULL = all, in schema order). The
     * connection must outlive it; one open reader per connection unless the connector says
     * otherwise. */
    int (*read)(struct assay_conn *conn, const json_t *container, const json_t *reader_options,
                const struct assay_split *split, const char *const *fields, size_t fields_count,
                struct assay_reader **ret_reader, struct assay_error *err);
    /** Cut a container by the goal; together the splits are all of it, each record in one.
     * *ret_groups: an array, the caller's, as in docs/executor-protocol.md, "Plan" (plan_groups.h);
     * one group with one split when nothing is to be cut. NULL for connectors that cannot. */
    int (*plan)(struct assay_conn *conn, const json_t *container, const json_t *reader_options,
                const struct assay_plan_goal *goal, json_t **ret_groups, struct assay_error *err);
    /** Greatest value of a field, and the records up to `until` (NULL: they are not counted). NULL
     * for connectors that cannot; those that can take a member "range" in a split's bounds:
     * {"field", "after": text or absent (exclusive; then nulls are left out too), "to": text or
     * absent (inclusive)}. ASSAY_NOT_FOUND, ASSAY_INVALID. */
    int (*watermark)(struct assay_conn *conn, const json_t *container, const char *field,
                     const char *until, struct assay_watermark *ret_mark, struct assay_error *err);
    /** Quote a name for the source's SQL into buf; NULL for files. */
    void (*quote)(struct assay_buf *sql, const char *name);
};

/** First member of every connector's connection. */
struct assay_conn {
    const struct assay_connector *connector;
    const atomic_bool *cancelled;
};

/** Fields as the protocol shows them: [{"name","type","native_type","nullable"}]. *ret_fields is
 * the caller's. */
ASSAY_MUST_CHECK int assay_schema_json(const struct assay_schema *schema, json_t **ret_fields,
                                       struct assay_error *err);

/** Append a name in double quotes (SQL-92), verbatim. */
void assay_sql_quote(struct assay_buf *sql, const char *name);
/** Does a listing want containers of that type? options: {"include": ["table", …]}; absent or empty
 * = all. */
bool assay_list_includes(const json_t *options, const char *container_type);
/** Rows of a batch with so many columns of 16 bytes: wide records come in smaller batches, so that
 * a batch stays small. */
size_t assay_batch_rows(size_t columns);

/** All connectors, sorted by name; ends with a row whose name is NULL. */
extern const struct assay_connector *const assay_connectors[];
const struct assay_connector *assay_connector_find(const char *name);

#endif
