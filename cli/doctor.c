// `assay doctor`: a table of probes; each says what is well, what is not, and what to do.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/about.h"
#include "cli/report/text_out.h"
#include "cli/role.h"
#include "cli/run/config_args.h"
#include "cli/run/progress.h"
#include "common/base/memory.h"
#include "common/db/migrate.h"
#include "common/msg/result.h"
#include "worker/supervise/executor_process.h"

enum { PROBE_MS = 10000, QUEUE_MS = 5000 };

/* What a probe found: text in `said`. ASSAY_OK = well; any error = not well, with its text;
 * `skipped` = nothing to look at. */
struct finding {
    struct assay_buf said;
    bool skipped;
};

static int probe_config(const struct assay_config *config, struct finding *finding,
                        struct assay_error *err)
{
    size_t set = 0;
    for (const struct assay_option *option = assay_options; option->key; option++)
        set += strcmp(assay_config_origin(config, option->key), "default") != 0;
    assay_buf_printf(&finding->said, "%zu options set", set);
    const char *warnings = assay_config_warnings(config);
    if (*warnings)
        return assay_fail(err, ASSAY_INVALID, "%.*s", (int)strcspn(warnings, "\n"), warnings);
    return ASSAY_OK;
}

/* An inspect task without a source: what the executor is made of. */
static int keep_inspected(const struct assay_frame *frame, void *context, struct assay_error *err)
{
    return frame->type == ASSAY_FRAME_RESULT
               ? assay_result_add(context, frame->payload, frame->size_bytes, err)
               : ASSAY_OK;
}

static int inspect_versions(struct assay_result *result, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *task =
        json_pack("{s:i, s:s, s:s, s:s, s:{s:I, s:i}, s:{s:s}}", "v", 1, "kind", "inspect",
                  "timezone", "UTC", "now", "2000-01-01T00:00:00Z", "limits", "memory_bytes",
                  (json_int_t)1 << 28, "threads", 1, "settings", "what", "version");
    if (!task)
        return assay_fail_memory(err);
    const struct assay_execution execution = {.task = task,
                                              .deadline_ms = PROBE_MS,
                                              .data_fd = -1,
                                              .on_frame = keep_inspected,
                                              .context = result,
                                              .grace_ms = 1000};
    struct assay_exit ended = {0};
    return assay_execution_run(&execution, &ended, err);
}

static int probe_executor(const struct assay_config *config, struct finding *finding,
                          struct assay_error *err)
{
    (void)config;
    ASSAY_AUTO(assay_free_text) char *path = NULL;
    ASSAY_AUTO(assay_result_free) struct assay_result *result = NULL;
    ASSAY_TRY(assay_executor_path(&path, err));
    ASSAY_TRY(assay_result_new(0, &result, err));
    ASSAY_TRY(inspect_versions(result, err));
    const json_t *versions = json_object_get(assay_result_document(result), "inspect");
    assay_buf_printf(&finding->said, "%s, version %s, DuckDB %s", path,
                     assay_json_str(versions, "assay", "?"),
                     assay_json_str(versions, "duckdb", "?"));
    if (strcmp(assay_json_str(versions, "assay", ""), ASSAY_VERSION) != 0)
        return assay_fail(err, ASSAY_CONFLICT,
                          "%s is of version %s, this program of " ASSAY_VERSION
                          ": install both of one version",
                          path, assay_json_str(versions, "assay", "?"));
    return ASSAY_OK;
}

static int probe_scratch(const struct assay_config *config, struct finding *finding,
                         struct assay_error *err)
{
    (void)config;
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    struct statvfs space;
    char free_text[32];
    if (access(folder, W_OK) || statvfs(folder, &space))
        return assay_fail(err, ASSAY_IO,
                          "the scratch folder %s cannot be written: set TMPDIR to one that can",
                          folder);
    assay_buf_printf(&finding->said, "%s has %s free", folder,
                     assay_human_bytes((double)space.f_bavail * (double)space.f_frsize, free_text));
    return ASSAY_OK;
}

static int skip_unset(const struct assay_config *config, const char *key, struct finding *finding,
                      const char **ret_url)
{
    *ret_url = assay_config_text(config, key);
    finding->skipped = !*ret_url;
    if (!*ret_url)
        assay_buf_printf(&finding->said, "%s is not set", key);
    return ASSAY_OK;
}

static int probe_catalog(const struct assay_config *config, struct finding *finding,
                         struct assay_error *err)
{
    const char *url;
    ASSAY_TRY(skip_unset(config, "catalog.url", finding, &url));
    if (!url)
        return ASSAY_OK;
    const char *path = strncmp(url, "sqlite:", 7) == 0 ? url + 7 : NULL;
    if (path && access(path, F_OK)) {
        finding->skipped = true;
        assay_buf_printf(&finding->said,
                         "%s does not exist yet: `assay serve` or `assay migrate` makes it", path);
        return ASSAY_OK;
    }
    ASSAY_AUTO(assay_db_close) struct assay_db *db = NULL;
    int version = 0;
    ASSAY_TRY(assay_db_open(url, 1, &db, err));
    ASSAY_TRY(assay_migrate_check(db, &version, err));
    assay_buf_printf(&finding->said, "reached, at version %d", version);
    return ASSAY_OK;
}

static int probe_queue(const struct assay_config *config, struct finding *finding,
                       struct assay_error *err)
{
    const char *url;
    ASSAY_TRY(skip_unset(config, "queue.url", finding, &url));
    if (!url)
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref) json_t *options = NULL;
    ASSAY_AUTO(assay_queue_close) struct assay_queue *queue = NULL;
    ASSAY_TRY(assay_role_queue_options(config, "assay-doctor", &options, err));
    ASSAY_TRY(assay_queue_open(url, options, &queue, err));
    ASSAY_TRY(assay_queue_ping(queue, QUEUE_MS, err));
    assay_buf_text(&finding->said, "reached");
    return ASSAY_OK;
}

static int probe_progress(const struct assay_config *config, struct finding *finding,
                          struct assay_error *err)
{
    const char *url;
    ASSAY_TRY(skip_unset(config, "progress.url", finding, &url));
    if (!url)
        return ASSAY_OK;
    ASSAY_AUTO(assay_progress_close) struct assay_progress *progress = NULL;
    ASSAY_TRY(
        assay_progress_open(url, assay_config_text(config, "progress.prefix"), &progress, err));
    for (int waited_ms = 0; waited_ms < QUEUE_MS && !assay_progress_is_up(progress);
         waited_ms += 50)
        (void)usleep(50000);
    if (!assay_progress_is_up(progress))
        return assay_fail(
            err, ASSAY_UNAVAILABLE,
            "the progress store does not answer: check progress.url; operations go on without it");
    assay_buf_text(&finding->said, "reached");
    return ASSAY_OK;
}

static int probe_roots(const struct assay_config *config, struct finding *finding,
                       struct assay_error *err)
{
    size_t count;
    const char *const *roots = assay_config_list(config, "file.roots", &count);
    finding->skipped = count == 0;
    assay_buf_printf(&finding->said, count ? "%zu folder%s" : "file.roots is not set", count,
                     count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++)
        if (access(roots[i], R_OK | X_OK))
            return assay_fail(err, ASSAY_DENIED,
                              "file.roots names %s, which cannot be read: correct it or its rights",
                              roots[i]);
    return ASSAY_OK;
}

/* Add a probe: one row. */
static const struct probe {
    const char *name;
    int (*look)(const struct assay_config *config, struct finding *finding,
                struct assay_error *err);
} probes[] = {
    {"configuration", probe_config}, {"executor", probe_executor}, {"scratch space", probe_scratch},
    {"file roots", probe_roots},     {"catalog", probe_catalog},   {"queue", probe_queue},
    {"progress", probe_progress},
};

static bool run_probe(const struct probe *probe, const struct assay_config *config,
                      const struct assay_style *style)
{
    struct finding finding = {0};
    struct assay_error err = {0};
    struct assay_buf line = {0};
    const bool well = probe->look(config, &finding, &err) == ASSAY_OK;
    const char *sign = !well ? "FAIL" : finding.skipped ? "-" : "ok";
    assay_text_paint_begin(&line, style,
                           !well             ? ASSAY_RED
                           : finding.skipped ? ASSAY_DIM
                                             : ASSAY_GREEN);
    assay_text_cell(&line, style, sign, 5, false);
    assay_text_paint_end(&line, style);
    assay_text_cell(&line, style, probe->name, 15, false);
    assay_help_append_wrapped(&line, well ? assay_buf_str(&finding.said) : err.text, 20, 20);
    (void)fputs(assay_buf_str(&line), stdout);
    assay_buf_release(&line);
    assay_buf_release(&finding.said);
    return well;
}

int assay_doctor_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    ASSAY_AUTO(assay_config_free) struct assay_config *config = NULL;
    ASSAY_TRY(assay_config_of_args("", args, &config, err));
    const struct assay_style style = assay_style_of(STDOUT_FILENO);
    bool well = true;
    for (size_t i = 0; i < ASSAY_COUNT(probes); i++)
        well &= run_probe(&probes[i], config, &style);
    *ret_exit = well ? ASSAY_EXIT_DONE : ASSAY_EXIT_UNJUDGED;
    return ASSAY_OK;
}
