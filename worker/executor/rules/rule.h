/* Rules as they are judged: one implementation file and one row in rules.c for each row of
 * common/rules/rule_def.c.
 *
 * A rule writes SQL over typed columns. Which of the functions below a rule has says how it is
 * judged:
 *   predicate             record by record, in the one pass over the source
 *   prepare + predicate   reads its own fields first, then as above
 *   finds_repeats         unique: its keys are looked at first, then as above (see below)
 *   aggregate             a query of one row over the filtered records
 *   conclude              from the fields and the number of filtered records alone
 *   … + close             and the verdict looks at more than the records of the pass (dataDiff) */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_RULE_H
#define ASSAY_EXECUTOR_RULE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/json/json.h"
#include "common/rules/rule_def.h"
#include "worker/executor/batch/batch.h"
#include "worker/executor/engine/duckdb_session.h"
#include "worker/executor/lookup/lookup.h"

/** A field as the SQL of a scan sees it. Immutable while a scan runs. */
struct assay_rule_field {
    const char *name;
    const char *sql;         /* the typed value: "amount", ("user")."name" */
    const char *misfit_sql;  /* TRUE where the source's text does not fit the type; NULL = never */
    const char *native_type; /* may be NULL */
    enum assay_type type;
    enum assay_layout layout;
    uint8_t scale;
    bool nested;    /* a list, a struct, or JSON text of one */
    bool projected; /* a struct's child, made a field by the reader */
};

struct assay_rule_check;
struct assay_rule_scope;

/** Opens the container that the check's properties name (assay_rule_reference()). */
typedef int assay_rule_reference_fn(const struct assay_rule_check *check,
                                    const struct assay_rule_scope **ret_reference,
                                    struct assay_error *err);

/** What all checks of a scan share, of the scanned container or of one that they refer to. Borrowed
 * by the checks. */
struct assay_rule_scope {
    const char *name;  /* of the container, as people know it; may be NULL */
    bool is_reference; /* not the scanned container */
    const struct assay_rule_field *fields;
    size_t fields_count;
    struct assay_session *session; /* parses expressions; NULL: rules without expressions only */
    struct assay_arena *arena;     /* memory of all checks */
    const json_t *variables;       /* of {{ name }}; may be NULL */
    const json_t *mask;            /* names of fields whose values no message shows; may be NULL */
    const char *examples;          /* none, keys, fields, all: what messages show of records */
    size_t samples_max;            /* failing records that a verdict may list */
    const char *timezone;          /* IANA name */
    int64_t now_us;                /* the operation's instant */
    const char *relation;          /* the source in SQL's FROM, with its WHERE: for prepare */
    assay_rule_reference_fn *reference; /* NULL: no other container can be referred to */
    void *references;                   /* the hook's own */
    struct assay_lookups *lookups;      /* of the scan; NULL: rules that look nothing up only */
    uint64_t engine_bytes;              /* the session's share of memory */
    bool is_read_once;                  /* the relation can be read in the pass alone */
    bool *wants_copy; /* set: the scan begins again, with a relation that can be read before */
};

/** Which fields of the record a message may show. */
struct assay_rule_values {
    /** Append the value of a field as text (quotes around texts); false when it is null. */
    bool (*text)(const struct assay_rule_values *values, const struct assay_rule_field *field,
                 struct assay_buf *text);
    /** True when the field's text does not fit its type. */
    bool (*misfit)(const struct assay_rule_values *values, const struct assay_rule_field *field);
};

struct assay_rule;

/** One check made ready. Texts are in the scope's arena. */
struct assay_rule_check {
    const struct assay_rule_scope *scope;
    const struct assay_rule_def *def;
    const struct assay_rule *rule;
    const json_t *json, *properties;        /* normal form of check_validate.h */
    const struct assay_rule_field **fields; /* those of the check */
    size_t fields_count;
    const struct assay_rule_field *other; /* field_name of two-field rules; NULL = none */
    const struct assay_rule_field *
        *used; /* all columns that fails_sql reads: a misfit in one fails the record */
    size_t used_count;
    int number;  /* place among the task's checks: makes names of its tables unique */
    void *state; /* the rule's own, of prepare; in the arena */

    const char *filter_sql;   /* NULL = all records */
    const char *fails_sql;    /* BOOLEAN: TRUE = the record fails; FALSE or NULL = it passes */
    const char *nulls_sql;    /* BOOLEAN: TRUE = there is no value to judge; NULL = never */
    bool fails_by_expression; /* fails_sql holds a user's expression, which may raise an error */
    bool is_shape;            /* failing gives one shape anomaly, not record anomalies */

    /* "The value for `f` of 3 <is_not> <wanted>." and "In `f`, 5.00% of 20 filtered records (1)
     * <are_not> <wanted>." */
    const char *is_not, *are_not, *wanted;

    /* aggregate: a query of one row: BOOLEAN verdict (NULL = nothing to judge), VARCHAR observed,
     * BIGINT records looked at, BIGINT nulls among them. "In `f`, <is_not> <observed>: it is not
     * <wanted>."; without wanted: "…<observed>." */
    const char *query_sql;
    bool reads_masked; /* aggregate, expression: the engine's words of a failure may show a value */
};

/** A failing record that a rule has a sentence of its own for. */
struct assay_rule_sample {
    uint32_t part, file;
    uint64_t row, line, offset; /* as the relation's _assay_row, _assay_line, _assay_offset */
    bool has_line, has_offset;
    const char *message;
};

struct assay_rule_verdict {
    bool passed;
    const char *message; /* in the arena; NULL when passed */
    uint64_t failing;    /* close: records that fail, also such that are not the container's */
    const struct assay_rule_sample *samples; /* close: some of them, in order; in the arena */
    size_t samples_count;
};

struct assay_rule {
    const char *name; /* joins with struct assay_rule_def */
    int (*predicate)(struct assay_rule_check *check, struct assay_error *err);
    int (*prepare)(struct assay_rule_check *check, struct assay_error *err);
    int (*aggregate)(struct assay_rule_check *check, struct assay_error *err);
    int (*conclude)(struct assay_rule_check *check, uint64_t records,
                    struct assay_rule_verdict *ret_verdict, struct assay_error *err);
    /** The verdict of a rule with a predicate that looks at more than the records of the pass. Of
     * these `failing` of `records` fail. */
    int (*close)(struct assay_rule_check *check, uint64_t records, uint64_t failing,
                 struct assay_rule_verdict *ret_verdict, struct assay_error *err);
    /** Own message for a record; NULL = the usual sentence. */
    void (*message)(const struct assay_rule_check *check, const struct assay_rule_values *values,
                    struct assay_buf *text);
    bool takes_unknown; /* judges fields without any value too */
    bool fails_on_null; /* what fails is null (notNull) */
    bool needs_utf8;    /* text that is not UTF-8 fails */
    bool finds_repeats; /* of unique */
    bool looks_up;      /* of existsIn: values are kept in the scope's lookups */
    bool compares;      /* of dataDiff: the engine groups all records; its lookups hold marks */
    bool names_foreign; /* what it reads of the reference stands in its properties, field_name too,
                           which it looks for itself */
};

/** All rules, sorted by name; ends with a row whose name is NULL. */
extern const struct assay_rule assay_rules[];
const struct assay_rule *assay_rule_find(const char *name);

/** Make a check ready: fields found, types looked at, filter and SQL written (prepare is run).
 * json: normal form; borrowed. *ret_check is in the arena. ASSAY_INVALID, ASSAY_NOT_FOUND (a field
 * that is not there, with the nearest name): the check is errored by its own fault.
 * ASSAY_CANCELLED, ASSAY_NO_MEMORY and the like end the scan. */
ASSAY_MUST_CHECK int assay_rule_compile(const struct assay_rule_scope *scope, const json_t *json,
                                        int number, struct assay_rule_check **ret_check,
                                        struct assay_error *err);

/** The sentence for a failing record, and for `failing` of `records` records. */
void assay_rule_message(const struct assay_rule_check *check,
                        const struct assay_rule_values *values, struct assay_buf *text);
void assay_rule_shape_message(const struct assay_rule_check *check, uint64_t failing,
                              uint64_t records, struct assay_buf *text);

/** Does a misfit of this field fail the record? Text that is not UTF-8 only where the rule reads it
 * as text. */
bool assay_rule_misfit_counts(const struct assay_rule_check *check,
                              const struct assay_rule_field *field);

/* What a scan does for unique (unique.c). A check made ready passes on every record until it is
 * marked. */

/** The hash of a record's key, NULL where it is not judged; equal keys have equal hashes. */
void assay_unique_hash_sql(const struct assay_rule_check *check, struct assay_buf *sql);
/** Collect the keys that come twice, reading the fields of the key. */
ASSAY_MUST_CHECK int assay_unique_collect(struct assay_rule_check *check, struct assay_error *err);
/** A query for the number of keys collected. */
void assay_unique_count_sql(const struct assay_rule_check *check, struct assay_buf *sql);
/** From now on records whose key was collected fail. */
ASSAY_MUST_CHECK int assay_unique_mark(struct assay_rule_check *check, struct assay_error *err);

/* What rules share. */

/** How sentences call the container: its name for a reference, else "the container". */
const char *assay_rule_scope_called(const struct assay_rule_scope *scope);
/** The field of that name; ASSAY_NOT_FOUND names the nearest. */
ASSAY_MUST_CHECK int assay_rule_field_find(const struct assay_rule_scope *scope, const char *name,
                                           const struct assay_rule_field **ret_field,
                                           struct assay_error *err);
/** A text in the arena, made as by printf; NULL when out of memory. */
const char *assay_rule_text(const struct assay_rule_check *check, const char *format, ...)
    ASSAY_PRINTF(2, 3);
/** What stands for values of masked fields. */
#define ASSAY_RULE_MASKED "***MASKED***"
/** May no message show values of this field? */
bool assay_rule_is_masked(const struct assay_rule_scope *scope,
                          const struct assay_rule_field *field);
/** " WHERE <filter>" of an aggregate's query, or "". */
const char *assay_rule_where(const struct assay_rule_check *check);
/** A buffer's text in the arena. */
ASSAY_MUST_CHECK int assay_rule_keep(const struct assay_rule_check *check,
                                     const struct assay_buf *buf, const char **ret_text,
                                     struct assay_error *err);
/** Set is_not, are_not and wanted: "is not", "are not" and the rest. */
ASSAY_MUST_CHECK int assay_rule_say(struct assay_rule_check *check, const char *is_not,
                                    const char *are_not, struct assay_error *err,
                                    const char *format, ...) ASSAY_PRINTF(5, 6);
const char *assay_rule_property(const struct assay_rule_check *check,
                                const char *key); /* text or NULL */

/** The scope of the container that the check's properties name (ref_container, ref_datastore or
 * their ids; none: the check's own scope): another relation, fields and name, but the same session
 * and arena. It is opened on first use, once for all checks, its untyped cells typed like the
 * scanned container's, and may be read any number of times until the scan ends. Its fields' SQL is
 * meant for a SELECT from its relation alone: two containers may have the same names there.
 * ASSAY_NOT_FOUND: the task knows no container of that name (the nearest is said). Other errors are
 * those of its source. */
ASSAY_MUST_CHECK int assay_rule_reference(const struct assay_rule_check *check,
                                          const struct assay_rule_scope **ret_reference,
                                          struct assay_error *err);
/** " WHERE (<ref_filter>)" over the reference's fields, or "". ASSAY_INVALID, ASSAY_NOT_FOUND as of
 * a check's filter. */
ASSAY_MUST_CHECK int assay_rule_reference_where(const struct assay_rule_check *check,
                                                const struct assay_rule_scope *reference,
                                                const char **ret_where, struct assay_error *err);
/** Does the check, or do these properties, name another container than its own? */
bool assay_rule_is_foreign(const struct assay_rule_check *check);
bool assay_rule_names_reference(const json_t *properties);

#endif
