/* `assay scan`: options, the run, and what its parts know of each other.
 *
 * scan.c            from the options to the documents, top to bottom
 * scan_settings.c   table of options, checks, settings of the tasks
 * scan_refs.c       containers that checks refer to
 * scan_checks.c     which check goes to which container; fields that do not exist
 * scan_outcome.c    outcome, summary and exit code of the whole
 * scan_baseline.c   --baseline: new, still failing, gone
 * scan_explain.c    --explain and --dry-run
 * scan_text.c, scan_html.c, scan_junit.c, scan_sarif.c, scan_markdown.c   the documents */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_SCAN_H
#define ASSAY_CLI_SCAN_H

#include "cli/command.h"
#include "cli/input/input.h"
#include "cli/report/text_out.h"
#include "cli/run/session.h"
#include "common/json/json.h"
#include "common/rules/check_file.h"

extern const struct assay_cli_option assay_scan_options[];
int assay_scan_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);

/** What lies above the line (--fail-on). */
struct assay_fail_on {
    bool error, warning, unasserted, rejected;
};

/** One run of the command. */
struct assay_scan_run {
    struct assay_session session;
    struct assay_inputs inputs;
    struct assay_inputs refs; /* --ref, named */
    struct assay_check_file checks;
    json_t *settings;
    json_t **assigned; /* for each input: its checks */
    json_t *document;  /* docs/documents.md, "Scan" */
    struct assay_fail_on fail_on;
    const char *failing; /* --failing FILE, or NULL */
    json_t *baseline;    /* fingerprints of --baseline as keys, or NULL */
    bool baseline_capped;
    size_t done;
    bool interrupted;
};

/** From --checks and --check. ASSAY_USAGE names the line and the nearest valid name. */
ASSAY_MUST_CHECK int assay_scan_read_checks(struct assay_scan_run *run,
                                            const struct assay_args *args, struct assay_error *err);
/** From the other options: run->settings, fail_on, failing. ASSAY_USAGE. */
ASSAY_MUST_CHECK int assay_scan_read_settings(struct assay_scan_run *run,
                                              const struct assay_args *args,
                                              struct assay_error *err);
/** Every input of the run and every --ref as settings.refs. ASSAY_USAGE. */
ASSAY_MUST_CHECK int assay_scan_read_refs(struct assay_scan_run *run, const struct assay_args *args,
                                          struct assay_error *err);
/** {"0": the input's secrets, "<datastore_id>": those of each reference}; the caller's. */
ASSAY_MUST_CHECK int assay_scan_secrets(const struct assay_scan_run *run,
                                        const struct assay_input *input, json_t **ret_secrets,
                                        struct assay_error *err);

/** Give every active check to the inputs that it means, and add a container with errored checks for
 * each named container that the input lacks. ASSAY_USAGE: a check names no container and there are
 * several; nothing to run. */
ASSAY_MUST_CHECK int assay_scan_assign(struct assay_scan_run *run, struct assay_error *err);
/** The input could not be read: every check that was given to it is errored, with that message. */
ASSAY_MUST_CHECK int assay_scan_add_unread(struct assay_scan_run *run, size_t input,
                                           const char *message, struct assay_error *err);
/** Ask each source for its fields; a check on one that does not exist is ASSAY_USAGE with its line
 * and the nearest name, unless an expectedSchema check of that container lists it: then its loss is
 * the data's fault and the executor says so. Sources that cannot be asked are left to the scan. */
ASSAY_MUST_CHECK int assay_scan_check_fields(struct assay_scan_run *run, struct assay_error *err);

/** Fill "outcome", "exit_code" and "summary" from the containers and errors. Returns the exit code
 * in *ret_exit. */
ASSAY_MUST_CHECK int assay_scan_conclude(struct assay_scan_run *run, int *ret_exit,
                                         struct assay_error *err);

/** Read an earlier --failing file (.csv, .jsonl) or --format json, before the run may write to the
 * same place. ASSAY_USAGE: it cannot be read as one. */
ASSAY_MUST_CHECK int assay_scan_read_baseline(struct assay_scan_run *run, const char *path,
                                              struct assay_error *err);
/** Set "baseline" of the document: {"new", "still_failing", "gone": number, or null when one of the
 * lists was capped, "new_fingerprints": […]}. */
ASSAY_MUST_CHECK int assay_scan_compare_baseline(struct assay_scan_run *run,
                                                 struct assay_error *err);

/** Append what would be judged, and how (explain). */
void assay_scan_append_plan(const struct assay_scan_run *run, bool explain,
                            const struct assay_style *style, struct assay_buf *out);

/* ---- documents, each from docs/documents.md ---- */
void assay_scan_text(const json_t *document, const struct assay_style *style,
                     struct assay_buf *out);
void assay_scan_html(const json_t *document, struct assay_buf *out);
void assay_scan_junit(const json_t *document, struct assay_buf *out);
void assay_scan_markdown(const json_t *document, struct assay_buf *out);
void assay_scan_github(const json_t *document, struct assay_buf *out);
ASSAY_MUST_CHECK int assay_scan_sarif(const json_t *document, struct assay_buf *out,
                                      struct assay_error *err);

/** "between(amount)" of a check's result: what it is called in documents. */
void assay_scan_check_name(const json_t *check, struct assay_buf *out);
/** The result of a check by its index, NULL when absent. */
const json_t *assay_scan_check_of(const json_t *container, int64_t index);
/** Severity is not "warning"? */
bool assay_scan_is_error(const json_t *check);

#endif
