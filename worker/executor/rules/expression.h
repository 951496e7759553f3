/* Users' expressions and filters: never run as they are written. Text → tokens (back ticks, RLIKE,
 * <=>, variables) → DuckDB's parser (json_serialize_sql) → tree → allow-list of node classes and
 * functions → SQL written anew from the checked tree. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_EXPRESSION_H
#define ASSAY_EXECUTOR_EXPRESSION_H

#include "worker/executor/rules/rule.h"

#define ASSAY_EXPRESSION_NODES 5000
#define ASSAY_EXPRESSION_DEPTH 200

/** A checked expression. All in the scope's arena. */
struct assay_expression {
    const char *sql;
    const struct assay_rule_field **used; /* each field that it reads, once */
    size_t used_count;
    bool aggregate; /* holds an aggregate function */
};

/** Check and translate. Columns are the scope's fields; everything else is refused: subqueries,
 * table functions, windows, lambdas, parameters, functions that are not scalar, deterministic and
 * bounded in memory. `now()` and its kin become the operation's instant. Division by zero is made
 * to raise an error (DuckDB gives infinity or NULL); try_divide gives NULL. aggregates: are
 *  aggregate functions allowed? ASSAY_INVALID: the text says what is not allowed; ASSAY_NOT_FOUND:
 * an unknown column, with the nearest name and, when it stood in double quotes, the hint that texts
 * stand in single quotes. One thread per session. */
ASSAY_MUST_CHECK int assay_expression_compile(const struct assay_rule_scope *scope,
                                              const char *text, bool aggregates,
                                              struct assay_expression *ret_expression,
                                              struct assay_error *err);

/** Pattern of Java's DateTimeFormatter ("yyyy-MM-dd'T'HH:mm:ss") as one of strptime. ASSAY_INVALID
 * names the letter. */
ASSAY_MUST_CHECK int assay_java_format(const char *pattern, struct assay_buf *format,
                                       struct assay_error *err);

#endif
