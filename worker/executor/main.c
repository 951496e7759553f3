// assay-execute PPID: one process, one task. Reads it from fd 3, writes frames to fd 4, and ends.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <unistd.h>

#include "common/base/number.h"
#include "worker/executor/channel.h"
#include "worker/executor/relate/relations.h"
#include "worker/executor/sandbox.h"
#include "worker/executor/task.h"

enum { CONTROL_FD = 3, FRAMES_FD = 4, EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct kind {
    const char *name;
    int (*run)(struct assay_task *task, struct assay_error *err);
} kinds[] = {
    {"inspect", assay_inspect_run},
    {"profile", assay_profile_run},
    {"profile.merge", assay_profile_merge_run},
    {"profile.plan", assay_profile_run},
    {"profile.relate", assay_relations_run},
    {"profile.split", assay_profile_run},
    {"scan", assay_scan_run},
    {"sync", assay_sync_run},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < ASSAY_COUNT(kinds); i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

static int run_task(struct assay_channel *channel, struct assay_task *task, struct assay_error *err)
{
    json_t *spec = NULL;
    json_t *secrets = NULL;
    ASSAY_TRY(assay_channel_receive(channel, &spec, &secrets, err));
    const struct assay_task_outlet outlet = assay_channel_outlet(channel);
    ASSAY_TRY(assay_task_init(task, spec, secrets, &outlet, err));
    task->verify = assay_scan_verify;
    ASSAY_TRY(assay_sandbox_limit(task->memory_bytes, err));
    const struct kind *kind = find_kind(task->kind);
    if (!kind)
        return assay_fail(err, ASSAY_UNSUPPORTED, "this executor knows no task of kind %s",
                          task->kind);
    ASSAY_TRY(assay_channel_start(channel, task, err));
    const int rc = kind->run(task, err);
    assay_channel_stop(channel);
    /* A source's error that a cancel caused is a cancel. */
    if (rc != ASSAY_OK && atomic_load(&task->cancelled)) {
        assay_error_clear(err);
        return assay_fail(err, ASSAY_CANCELLED, "cancelled");
    }
    return rc;
}

int main(int argc, char **argv)
{
    int64_t supervisor;
    if (argc != 2 || !assay_parse_i64(argv[1], strlen(argv[1]), &supervisor)) {
        static const char usage[] =
            "assay-execute is started by assay only: see docs/executor-protocol.md\n";
        return write(STDERR_FILENO, usage, sizeof usage - 1) > 0 ? EXIT_USAGE : EXIT_FAILED;
    }
    struct assay_error error = {0};
    struct assay_channel channel;
    struct assay_task task = {0};
    if (assay_sandbox_enter((pid_t)supervisor, &error) != ASSAY_OK ||
        assay_channel_init(&channel, CONTROL_FD, FRAMES_FD, &error) != ASSAY_OK)
        return EXIT_FAILED;
    const int rc = run_task(&channel, &task, &error);
    assay_channel_finish(&channel, &task, rc, &error);
    assay_task_release(&task);
    assay_channel_release(&channel);
    return rc == ASSAY_OK ? EXIT_DONE : EXIT_FAILED;
}
