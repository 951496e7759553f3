/* The functions that users' expressions may call, and how each is written for DuckDB. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_EXPRESSION_FUNCTIONS_H
#define ASSAY_RULES_EXPRESSION_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ASSAY_FUNCTION_AGGREGATE = 1 << 0, /* only where aggregates are allowed */
    ASSAY_FUNCTION_GROWS =
        1 << 1, /* result may be larger than the arguments together: not nested deeply */
};

#define ASSAY_ARGS_ANY 100

/** template: $1 … $9 are the arguments, $* all of them with commas, $j2 the second one, which must
 * be a constant text, as a date pattern translated from Java's letters; $now and $today the
 * operation's instant and its date. */
struct assay_function {
    const char *name; /* lower case */
    int least, most;  /* number of arguments */
    const char *template;
    unsigned flags;
};

/** The row for that many arguments; NULL when there is none (*ret_known: there is one for another
 * number). */
const struct assay_function *assay_function_find(const char *name, int arguments, bool *ret_known);
/** The nearest name, NULL. */
const char *assay_function_nearest(const char *name);

#endif
