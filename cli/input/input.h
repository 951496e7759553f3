/* Inputs of `assay profile` and `assay scan`: what a person typed becomes containers to run. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_INPUT_H
#define ASSAY_CLI_INPUT_H

#include "cli/run/session.h"
#include "common/config/config.h"
#include "common/json/json.h"

/** One container. */
struct assay_input {
    char *name;      /* file name, glob or table: what a check's `container` means */
    char *location;  /* as typed, passwords left out */
    json_t *source;  /* `source` of a task (docs/executor-protocol.md) */
    json_t *secrets; /* secret properties, NULL = none */
    bool from_stdin;
};

struct assay_inputs {
    struct assay_input *items;
    size_t count, capacity;
    json_t *errors; /* [{"container", "code", "message"}]: inputs that could not be read */
};
void assay_inputs_release(struct assay_inputs *inputs);

/** Resolve texts as typed: files, quoted globs, folders, "-", database addresses, names of
 * connections in assay.yaml. Folders and databases without a container are listed by the executor.
 * join: one container of all files. What cannot be read goes into errors and the others go on.
 * ASSAY_USAGE: nothing at all to run, or wrong. */
ASSAY_MUST_CHECK int assay_inputs_resolve(struct assay_session *session,
                                          const struct assay_config *config,
                                          const char *const *texts, size_t texts_count, bool join,
                                          struct assay_inputs *inputs, struct assay_error *err);

/** Add one container; takes over what the item holds, also on failure. */
ASSAY_MUST_CHECK int assay_inputs_add(struct assay_inputs *inputs, struct assay_input *item,
                                      struct assay_error *err);
void assay_input_release(struct assay_input *item);
/** Add an entry to errors, and say it on stderr as "doing location: …", unless the text begins so
 * already. doing NULL: the text is whole. */
ASSAY_MUST_CHECK int assay_inputs_add_error(struct assay_inputs *inputs, const char *doing,
                                            const char *name, const char *location,
                                            struct assay_error *why, struct assay_error *err);
/** How the task of a container ended. Cancelled: *interrupted. Failed: listed as by
 * assay_inputs_add_error(), *ret_listed (may be NULL), unless the source does not take an option
 * (ASSAY_USAGE, ASSAY_INVALID): that is the command's own error. */
ASSAY_MUST_CHECK int assay_inputs_ended(struct assay_inputs *inputs, const char *doing,
                                        const struct assay_input *input, int code,
                                        struct assay_error *why, bool *interrupted,
                                        bool *ret_listed, struct assay_error *err);

/* ---- references (input_refs.c) ---- */

/** Every container but standard input as settings.refs of a task: {name: source}. Secrets travel
 * under ids of their own, which the sources name. */
ASSAY_MUST_CHECK int assay_inputs_put_refs(const struct assay_inputs *inputs, json_t *refs,
                                           struct assay_error *err);
/** The secrets of those of the inputs that refs hold, as put above, by their ids. */
ASSAY_MUST_CHECK int assay_inputs_put_secrets(const struct assay_inputs *inputs, const json_t *refs,
                                              json_t *secrets, struct assay_error *err);

/* ---- the kinds of inputs; each adds its containers ---- */

/** Standard input, a file, a folder or a glob. */
ASSAY_MUST_CHECK int assay_input_add_stdin(const struct assay_session *session,
                                           struct assay_inputs *inputs, struct assay_error *err);
ASSAY_MUST_CHECK int assay_input_add_path(struct assay_session *session,
                                          struct assay_inputs *inputs, const char *path,
                                          struct assay_error *err);
/** postgresql://…#schema.table, sqlite:FILE#table; also the value of a connection in assay.yaml
 * with `container` given. */
ASSAY_MUST_CHECK int assay_input_add_address(struct assay_session *session,
                                             struct assay_inputs *inputs, const char *address,
                                             const char *container, const char *shown,
                                             struct assay_error *err);
/** A connection of assay.yaml written as properties: {"type": "postgresql", "host": …}. */
ASSAY_MUST_CHECK int assay_input_add_properties(struct assay_session *session,
                                                struct assay_inputs *inputs,
                                                const json_t *properties, const char *container,
                                                const char *shown, struct assay_error *err);
/** Is this text an address (scheme://…, sqlite:…)? */
bool assay_input_is_address(const char *text);

/** List what a source holds by a sync task and add every container. location: stands before the
 * names when shown. */
ASSAY_MUST_CHECK int assay_input_add_listed(struct assay_session *session,
                                            struct assay_inputs *inputs, const json_t *source,
                                            const json_t *secrets, const char *location,
                                            struct assay_error *err);
/** Fill what an address leaves open from PG* variables and .pgpass. properties and secrets are
 * changed. */
ASSAY_MUST_CHECK int assay_postgres_complete(const char *address, json_t *properties,
                                             json_t *secrets, struct assay_error *err);

#endif
