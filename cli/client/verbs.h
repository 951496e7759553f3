/* Verbs of the client commands: rows of one table. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_VERBS_H
#define ASSAY_CLI_VERBS_H

#include "cli/client/rest.h"

/** A column of a list: a title and where its value is ("datastore.name"; of a list, the names
 * joined). */
struct assay_client_column {
    const char *title, *path;
    bool right; /* numbers */
};

enum assay_client_body {
    ASSAY_CLIENT_NO_BODY,
    ASSAY_CLIENT_BODY,
    ASSAY_CLIENT_OVERLAY /* on what GET gives */
};

/** One verb of one resource. */
struct assay_client_verb {
    const char *resource, *verb;
    const char *method, *path;   /* "{id}" = the argument, "{container}" = --container as an id */
    enum assay_client_body body; /* KEY=VALUE and --file make it */
    const struct assay_client_column *columns; /* a list: its table; ends with title NULL */
    const char *doc;
    /** Verbs that are more than one request; NULL = method and path. */
    int (*run)(struct assay_rest *rest, const struct assay_args *args, int *ret_exit,
               struct assay_error *err);
    bool offline; /* `run` works without a server: rest is not opened */
};

/** By resource, then verb; ends with resource NULL. */
extern const struct assay_client_verb assay_client_verbs[];
/** ASSAY_USAGE names the nearest verb. */
ASSAY_MUST_CHECK int assay_client_verb_find(const char *resource, const char *verb,
                                            const struct assay_client_verb **ret_verb,
                                            struct assay_error *err);

/** KEY=VALUE arguments from the nth on and --file as one object: a value that is JSON is taken as
 * such, "a.b=c" is nested. *ret_body is the caller's. */
ASSAY_MUST_CHECK int assay_client_read_body(const struct assay_args *args, size_t from,
                                            json_t **ret_body, struct assay_error *err);

/** Append a list as a table that fits the terminal, and one thing as lines of key and value. */
void assay_client_append_table(const json_t *items, const struct assay_client_column *columns,
                               struct assay_buf *out);
void assay_client_append_object(const json_t *object, struct assay_buf *out);
/** Print an answer as asked by --format. columns NULL: one thing. */
ASSAY_MUST_CHECK int assay_client_print(const struct assay_args *args, const json_t *answer,
                                        const struct assay_client_column *columns,
                                        struct assay_error *err);

/* ---- verbs of more than one request (operation_verbs.c, check_verbs.c, token_verbs.c) ---- */
int assay_client_operation_run(struct assay_rest *rest, const struct assay_args *args,
                               int *ret_exit, struct assay_error *err);
int assay_client_operation_watch(struct assay_rest *rest, const struct assay_args *args,
                                 int *ret_exit, struct assay_error *err);
int assay_client_check_export(struct assay_rest *rest, const struct assay_args *args, int *ret_exit,
                              struct assay_error *err);
int assay_client_check_import(struct assay_rest *rest, const struct assay_args *args, int *ret_exit,
                              struct assay_error *err);
int assay_client_token_create(struct assay_rest *rest, const struct assay_args *args, int *ret_exit,
                              struct assay_error *err);

#endif
