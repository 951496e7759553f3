/* Scan: one container judged by the checks of a task. Internal to scan/; the way in is
 * assay_scan_run() of task.h.
 *
 * scan.c           the run, from top to bottom
 * scan_open.c      sources → session → the container as a relation
 * scan_container.c a container as a relation: parts, reader table, fields
 * scan_types.c     types of untyped cells
 * scan_reference.c the containers that checks refer to
 * scan_checks.c    checks made ready
 * scan_unique.c    do keys come twice: of all unique checks before the pass
 * repeats.c        hashes that come twice
 * scan_tally.c     a reading that only counts: statuses and keys
 * scan_verify.c    the pass of a scan for verdicts only
 * scan_identity.c  what stands for a record, as in a profile
 * scan_query.c     the one query of the pass
 * scan_pass.c      reads its rows, counts, captures
 * scan_capture.c   the lowest failing records of each check
 * scan_value.c     values as text, JSON, canonical text
 * scan_failing.c   --failing FILE
 * scan_judge.c     verdicts
 * scan_result.c    chunks */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SCAN_H
#define ASSAY_EXECUTOR_SCAN_H

#include "worker/executor/scan/scan_container.h"

enum assay_outcome {
    ASSAY_OUTCOME_PASSED,
    ASSAY_OUTCOME_FAILED,
    ASSAY_OUTCOME_ERRORED,
    ASSAY_OUTCOME_UNASSERTED
};
const char *assay_outcome_name(enum assay_outcome outcome); /* "passed" */

/** What the one query says of a record and a check; CODE_PASSED … are the bytes of its columns. */
enum assay_status {
    ASSAY_STATUS_PASSED,
    ASSAY_STATUS_NULL,
    ASSAY_STATUS_FAILED,
    ASSAY_STATUS_SKIPPED,
    ASSAY_STATUS_ERROR
};

/** Where a record stands: comparable within a scan. */
struct assay_scan_place {
    uint32_t part, file;
    uint64_t row; /* within the part, from 0 */
    uint64_t line, offset;
    bool has_line, has_offset;
};

/** A record that was captured: its JSON is finished when all parts are known. Counted by the checks
 * that hold it. */
struct assay_captured {
    unsigned holders;
    struct assay_scan_place place;
    uint64_t fingerprint;
    json_t *record;        /* {"amount": 10001.0} or NULL */
    json_t *failed_checks; /* [{"index", "message"}] */
};

struct assay_scan_check {
    const json_t *spec;            /* as it stands in the task */
    json_t *json;                  /* normal form; NULL when it is not valid */
    struct assay_rule_check *rule; /* NULL when it could not be made ready */
    bool in_pass;                  /* judged by the one query */
    uint64_t asserted, nulls, failing, passed;
    bool has_error_place;
    struct assay_scan_place error_place; /* the lowest record on which its expression failed */
    enum assay_outcome outcome;
    char *message;                           /* heap; NULL = none */
    const struct assay_rule_sample *samples; /* the rule's, in its arena; for a shape anomaly */
    size_t samples_count;
    struct assay_captured **lowest; /* heap ordered, the highest place first */
    size_t lowest_count;
};

/** What is known from reading before, when the scan begins again. */
struct assay_scan_known {
    struct assay_scan_doubles *doubles; /* heap; of the container, then of each of settings.refs */
    size_t count;
    bool copies_database; /* for what has to read the records before the pass */
    int64_t started_us;   /* of the scan, whichever time it is read */
};

struct assay_scan_references; /* scan_reference.h */

struct assay_failing; /* scan_failing.c */

struct assay_scan {
    struct assay_task *task;
    struct assay_scan_container own;          /* the scanned container */
    struct assay_scan_references *references; /* the others */
    struct assay_session *session;
    struct assay_lookups *lookups;
    struct assay_arena arena;
    struct assay_rule_scope scope;
    struct assay_scan_check *checks;
    size_t checks_count;
    json_t *file_warnings; /* of files that changed while they were read */
    uint64_t records;      /* looked at */
    size_t max_anomalies;
    struct assay_failing *failing;    /* NULL = not asked for */
    bool copies_database, wants_copy; /* a database is read before the pass; it should be */
    const struct assay_verify_scope *only_verdicts; /* checks are counted, also drafts; no value of
                                                       a record is looked at. NULL = a scan */
    uint64_t identities; /* of the records, added up, where that is asked for */
};

/* scan_open.c */
/** Validated checks, known.count doubles. */
ASSAY_MUST_CHECK int assay_scan_open(struct assay_scan *scan, const struct assay_scan_known *known,
                                     struct assay_error *err);
void assay_scan_close(struct assay_scan *scan);
/** The session's share of the budget. */
uint64_t assay_scan_engine_bytes(const struct assay_scan *scan);
/* scan_checks.c */
/** The checks of the task in normal form; those that are not valid are errored. */
ASSAY_MUST_CHECK int assay_scan_validate(struct assay_scan *scan, struct assay_error *err);
ASSAY_MUST_CHECK int assay_scan_compile(struct assay_scan *scan, struct assay_error *err);
/** Mark a check as errored, the text of inner behind it (first error wins). ASSAY_OK; errors that
 * are not the check's own fault (cancelled, out of memory, the source) come back. */
ASSAY_MUST_CHECK int assay_scan_check_fault(struct assay_scan_check *check,
                                            const struct assay_error *inner,
                                            struct assay_error *err);
/* scan_query.c */
/** The one query: the source's columns (NULL unless a check fails), raw columns, place, any, one
 * status per check in the pass. */
ASSAY_MUST_CHECK int assay_scan_query(const struct assay_scan *scan, struct assay_buf *sql,
                                      struct assay_error *err);
/** The expression of a check's status column. */
void assay_scan_status_sql(const struct assay_rule_check *check, struct assay_buf *sql);
size_t assay_scan_raw_count(const struct assay_scan *scan);
/* scan_pass.c */
ASSAY_MUST_CHECK int assay_scan_pass(struct assay_scan *scan, struct assay_error *err);
/* scan_identity.c */
/** A function of the session that gives a record's identity in a profile with the task's seed
 * (assay_hash_identity()). Files only; the session must be closed before the scan. */
ASSAY_MUST_CHECK int assay_scan_identity_register(struct assay_scan *scan, struct assay_error *err);
/** Its call for a record of the container. */
#define ASSAY_SCAN_IDENTITY "_assay_identity(_assay_file, _assay_offset, _assay_row)"
/* scan_verify.c */
/** The pass of a scan for verdicts only. */
ASSAY_MUST_CHECK int assay_scan_verify_pass(struct assay_scan *scan, struct assay_error *err);
/* scan_judge.c */
ASSAY_MUST_CHECK int assay_scan_judge(struct assay_scan *scan, struct assay_error *err);
/* scan_result.c */
json_t *assay_scan_check_number(
    const struct assay_scan_check *check); /* `index` or `id`; a new reference */
/** A file as results call it: its path below the datastore's folder, or as it was given. */
const char *assay_scan_file_name(const struct assay_scan *scan, size_t file);
ASSAY_MUST_CHECK int assay_scan_report(struct assay_scan *scan, int64_t started_us,
                                       struct assay_error *err);

#endif
