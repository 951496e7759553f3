// Outcome, summary and exit code of a whole scan.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/scan/scan.h"

/* What all containers together came to. */
struct tally {
    int checks, passed, failed, errored, unasserted, warnings;
    double rejected;
};

bool assay_scan_is_error(const json_t *check)
{
    return strcmp(assay_json_str(check, "severity", "error"), "warning") != 0;
}

const json_t *assay_scan_check_of(const json_t *container, int64_t index)
{
    const json_t *checks = json_object_get(container, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++)
        if (assay_json_int(json_array_get(checks, i), "index", -1) == index)
            return json_array_get(checks, i);
    return NULL;
}

void assay_scan_check_name(const json_t *check, struct assay_buf *out)
{
    const json_t *fields = json_object_get(check, "fields");
    assay_buf_text(out, assay_json_str(check, "rule", "check"));
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const char *name = json_string_value(json_array_get(fields, i));
        assay_buf_printf(out, "%s%s", i ? ", " : "(", name ? name : "");
    }
    if (json_array_size(fields))
        assay_buf_char(out, ')');
}

/* A failed warning is counted as a warning, not as failed. */
static void add_check(struct tally *tally, const json_t *check)
{
    const char *outcome = assay_json_str(check, "outcome", "errored");
    tally->checks++;
    if (strcmp(outcome, "passed") == 0)
        tally->passed++;
    else if (strcmp(outcome, "unasserted") == 0)
        tally->unasserted++;
    else if (strcmp(outcome, "failed") != 0)
        tally->errored++;
    else if (assay_scan_is_error(check))
        tally->failed++;
    else
        tally->warnings++;
}

static struct tally count(const json_t *containers)
{
    struct tally tally = {0};
    for (size_t i = 0; i < json_array_size(containers); i++) {
        const json_t *container = json_array_get(containers, i),
                     *checks = json_object_get(container, "checks");
        tally.rejected += assay_json_num(container, "rejected_records", 0);
        for (size_t j = 0; j < json_array_size(checks); j++)
            add_check(&tally, json_array_get(checks, j));
    }
    return tally;
}

static const char *outcome_of(const struct tally *tally, bool unreadable)
{
    if (tally->errored || unreadable)
        return "errored";
    if (tally->failed || tally->rejected > 0)
        return "failed";
    return tally->unasserted && !tally->passed && !tally->warnings ? "unasserted" : "passed";
}

static int exit_of(const struct assay_fail_on *line, const struct tally *tally, bool unreadable)
{
    if (tally->errored || unreadable)
        return ASSAY_EXIT_UNJUDGED;
    const bool found = (line->error && tally->failed) || (line->warning && tally->warnings) ||
                       (line->unasserted && tally->unasserted) ||
                       (line->rejected && tally->rejected > 0);
    return found ? ASSAY_EXIT_FOUND : ASSAY_EXIT_DONE;
}

int assay_scan_conclude(struct assay_scan_run *run, int *ret_exit, struct assay_error *err)
{
    json_t *document = run->document;
    const struct tally tally = count(json_object_get(document, "containers"));
    const bool unreadable = json_array_size(run->inputs.errors) > 0;
    const int exit_code = exit_of(&run->fail_on, &tally, unreadable);
    json_t *summary = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "checks", tally.checks, "passed",
                                tally.passed, "failed", tally.failed, "errored", tally.errored,
                                "unasserted", tally.unasserted, "warnings", tally.warnings);
    ASSAY_TRY(
        assay_json_set(document, "outcome", json_string(outcome_of(&tally, unreadable)), err));
    ASSAY_TRY(assay_json_set(document, "exit_code", json_integer(exit_code), err));
    ASSAY_TRY(assay_json_set(document, "summary", summary, err));
    ASSAY_TRY(assay_json_set(document, "errors", json_incref(run->inputs.errors), err));
    *ret_exit = exit_code;
    return ASSAY_OK;
}
