/* What every connector must do, once for all of them. A connector's test makes a source with the
 * containers below and says in a small struct where it differs. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_CONNECT_SUITE_H
#define ASSAY_TESTS_CONNECT_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/executor/connect/connector.h"

enum { SUITE_MANY_ROWS = 20000, SUITE_WIDE_ROWS = 3 };

/** The containers of the source:
 *  many:  id 0 … SUITE_MANY_ROWS-1 in order, label "row <id>"
 *  empty: the fields of many, no records
 *  wide:  c0 … c<wide_columns - 1>, each value "<row>:<column>" in SUITE_WIDE_ROWS records
 *  odd:   one field of the name odd_field, one record with the value "fine" */
struct suite_quirks {
    const char *connector;
    json_t *properties;
    const char *product;        /* ping says this, or something that begins with it */
    const char *container_type; /* of all of them; NULL: they differ */
    int wide_columns;
    const char *many, *empty, *wide, *odd; /* container names, verbatim */
    const char *odd_field;
    bool splits; /* plan() cuts `many` when asked for 4 parts; else it may give [null] */
};

/** Every case against the source. Returns what cmocka says. */
int suite_run(const struct suite_quirks *quirks);

/* --- for the tests of one connector --- */

/** Open a connection; fails the test with the error's text. */
struct assay_conn *suite_open(const struct suite_quirks *quirks);
/** {"name": name}: the caller's. */
json_t *suite_container(const char *name);
/** The value as text: numbers, dates and times exact, NULL as "NULL". Into a buffer of the suite,
 * valid until the next call. */
const char *suite_text(const struct assay_column *column, size_t row);
/** Read a container whole as lines "a|b|c\n" of suite_text(). The caller's: assay_free(). bounds
 * NULL = all. */
char *suite_read(const struct suite_quirks *quirks, const char *container, const json_t *bounds,
                 const char *const *fields, size_t fields_count);

#endif
