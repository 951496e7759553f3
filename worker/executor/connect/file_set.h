/* The files of one container: their format, their heads, and one schema over all of them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_FILE_SET_H
#define ASSAY_CONNECT_FILE_SET_H

#include "worker/executor/connect/file_walk.h"
#include "worker/executor/read/csv_reader.h"
#include "worker/executor/read/json_reader.h"

struct assay_plan_goal; /* connector.h */

enum assay_file_family { ASSAY_FAMILY_CSV, ASSAY_FAMILY_JSON, ASSAY_FAMILY_PARQUET };

/** The format of a file: reader option `format`, else its extension, else its first bytes.
 * *ret_format is static: "csv", "tsv", "psv", "txt", "json", "jsonl", "parquet". ASSAY_INVALID for
 * an unknown option; ASSAY_NOT_FOUND, ASSAY_DENIED. */
ASSAY_MUST_CHECK int assay_file_format(const char *path, const json_t *reader_options,
                                       const char **ret_format, struct assay_error *err);
enum assay_file_family assay_file_family(const char *format);

/** Bytes of "size:mtime", in bytes and nanoseconds. */
#define ASSAY_FINGERPRINT_BYTES 48

struct assay_set_file {
    char *path;                  /* real path, or "-" */
    char *shown;                 /* as the container calls it */
    struct assay_csv_head *head; /* CSV kin */
    int spool; /* standard input that is no regular file: a nameless temporary one; else -1 */
    const char **fields; /* CSV kin: which of the set's fields it has, in the set's order; names are
                            the head's */
    size_t fields_count;
    char opened[ASSAY_FINGERPRINT_BYTES]; /* its fingerprint before anything was read of it */
    uint64_t device, inode;               /* and what it was */
};

/** Bytes of a regular file (else 0), and what changes when it does: "size:mtime", in bytes and
 * nanoseconds; zeros for a file that is not there. */
uint64_t assay_set_file_stat(const struct assay_set_file *file,
                             char fingerprint[static ASSAY_FINGERPRINT_BYTES]);

/** Note what the file is: before anything is read of it. */
void assay_set_file_remember(struct assay_set_file *file);

/** What became of a file since `before`, its fingerprint then: parts of it are opened by name, one
 * after the other. */
enum assay_file_change {
    ASSAY_FILE_SAME,
    ASSAY_FILE_CHANGED,  /* written to; not shorter */
    ASSAY_FILE_SHORTER,  /* records that were there are not any more */
    ASSAY_FILE_REPLACED, /* another file of that name, since the set was opened */
    ASSAY_FILE_GONE
};
enum assay_file_change assay_set_file_change(const struct assay_set_file *file, const char *before);

/** Made once, then immutable: several readers may read from it at once. */
struct assay_file_set {
    enum assay_file_family family;
    const char *format;
    json_t *options; /* the reader's, with `format` set */
    struct assay_set_file *files;
    size_t count;
    struct assay_json_fields *json; /* JSON kin */
    struct assay_schema schema;     /* fields of all files, unified by name; empty for Parquet */
    json_t *warnings; /* [{"code","field","message"}]: files whose header lacks or adds fields */
};

/** Open the files of a container ("files" of the task spec, each path inside the fence). sample:
 * enough for a listing (JSON fields from spots), else exact. ASSAY_INVALID: no files, or formats
 * that do not go together; errors of the readers, with the file's name in front. */
ASSAY_MUST_CHECK int assay_file_set_open(const json_t *container, const json_t *reader_options,
                                         const struct assay_fence *fence, bool sample,
                                         const atomic_bool *cancelled,
                                         struct assay_file_set **ret_set, struct assay_error *err);
void assay_file_set_free(struct assay_file_set *set);
ASSAY_DEFINE_CLEANUP(struct assay_file_set, assay_file_set_free)

/** A reader over the set's files one after the other, projected to `fields` (NULL = all). bounds:
 * NULL = all, else
 *  {"parts": [[file, begin, end], …]} (end 0 = to the end of the file). The set must outlive it. */
ASSAY_MUST_CHECK int assay_file_set_read(const struct assay_file_set *set, const json_t *bounds,
                                         const char *const *fields, size_t fields_count,
                                         const atomic_bool *cancelled,
                                         struct assay_reader **ret_reader, struct assay_error *err);
/** Cut the set: large files into splits of about equal size, small ones bundled, whole. Otherwise
 * as connector.h's plan. */
ASSAY_MUST_CHECK int assay_file_set_plan(const struct assay_file_set *set,
                                         const struct assay_plan_goal *goal, json_t **ret_groups,
                                         struct assay_error *err);

#endif
