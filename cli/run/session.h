/* A session: what all tasks of one `assay profile` or `assay scan` share, and running one of
 * them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_SESSION_H
#define ASSAY_CLI_SESSION_H

#include <stdatomic.h>

#include "cli/command.h"
#include "cli/run/progress.h"
#include "common/config/config.h"
#include "common/json/json.h"

/** Zero-initialise; assay_session_release() in any case. One thread. */
struct assay_session {
    uint64_t memory_bytes;
    int threads;
    int64_t seed;
    const char *timezone;
    json_t *reader; /* reader options, texts */
    char now[48];   /* one instant for the whole run, ISO 8601 */
    bool quiet, verbose;
    struct assay_config *config;
    struct assay_progress_line progress;
};

/** Options that profile and scan share; they stand in the tables of both. */
extern const struct assay_cli_option assay_input_options[];
extern const struct assay_cli_option assay_engine_options[];

/** From the options; loads the configuration, prints its warnings and takes over SIGINT and
 * SIGTERM. ASSAY_USAGE. */
ASSAY_MUST_CHECK int assay_session_open(struct assay_session *session,
                                        const struct assay_args *args, struct assay_error *err);
void assay_session_release(struct assay_session *session);

/** One task. */
struct assay_session_task {
    const char *kind; /* "profile", "scan", "sync", "inspect" */
    const char *name; /* stands in the progress line */
    const json_t *source;
    const json_t *secrets;  /* properties by datastore id, or NULL */
    const json_t *settings; /* may be NULL */
    const json_t *checks;   /* may be NULL */
    const json_t *fields;   /* may be NULL */
    bool from_stdin;
};
/** Run it in an executor of its own to its end. *ret_document: common/msg/result.h; *ret_done (may
 * be NULL): the DONE frame's body. Both are the caller's. Errors as of assay_execution_run(); a
 * wrong document: ASSAY_INTERNAL. */
ASSAY_MUST_CHECK int assay_session_run(struct assay_session *session,
                                       const struct assay_session_task *task, json_t **ret_document,
                                       json_t **ret_done, struct assay_error *err);

/** Set by SIGINT and SIGTERM. */
extern atomic_bool assay_interrupted;
/** Print "assay: warning: …" on stderr unless quiet. */
void assay_session_warn(struct assay_session *session, const char *format, ...) ASSAY_PRINTF(2, 3);
/** Print a line for the person who waits, on stderr unless quiet. */
void assay_session_say(struct assay_session *session, const char *format, ...) ASSAY_PRINTF(2, 3);

#endif
