// What the long-running roles share.
// SPDX-License-Identifier: Apache-2.0
#include "cli/role.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/base/memory.h"

static void set_up_log(const struct assay_config *config)
{
    enum assay_log_level level = ASSAY_LOG_INFO;
    const char *format = assay_config_text(config, "log.format");
    (void)assay_log_level_parse(assay_config_text(config, "log.level"), &level);
    assay_log_setup(level, format ? !strcmp(format, "json") : !isatty(STDERR_FILENO),
                    STDERR_FILENO);
}

/* Blocked before any thread starts, so that all inherit it and only assay_role_wait() sees them. A
 * reader that went away must give EPIPE, not end the process. */
static int take_signals(struct assay_role *role, struct assay_error *err)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return assay_fail_errno(err, ASSAY_INTERNAL, errno, "blocking signals");
    role->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    return role->signal_fd < 0 ? assay_fail_errno(err, ASSAY_INTERNAL, errno, "waiting for signals")
                               : ASSAY_OK;
}

static int check_distributed(const struct assay_config *config, struct assay_error *err)
{
    static const struct {
        const char *key, *scheme;
    } needs[] = {{"catalog.url", "postgres"}, {"queue.url", "kafka://"}};
    for (size_t i = 0; i < ASSAY_COUNT(needs); i++) {
        const char *value = assay_config_text(config, needs[i].key);
        if (!value || strncmp(value, needs[i].scheme, strlen(needs[i].scheme)) != 0)
            return assay_fail(
                err, ASSAY_USAGE, "%s must name a %s server for this role; assay serve needs none",
                needs[i].key, i ? "Kafka (kafka://host:port)" : "PostgreSQL (postgresql://…)");
    }
    return ASSAY_OK;
}

int assay_role_queue_options(const struct assay_config *config, const char *client_id,
                             json_t **ret_options, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *options =
        json_pack("{s:s, s:s, s:I}", "topic_prefix",
                  assay_config_text(config, "queue.topic_prefix"), "client_id", client_id,
                  "replication", (json_int_t)assay_config_int(config, "queue.replication"));
    if (!options)
        return assay_fail_memory(err);
    const int64_t partitions = assay_config_int(config, "queue.partitions");
    if (partitions > 0)
        ASSAY_TRY(assay_json_set(options, "partitions", json_integer(partitions), err));
    const json_t *kafka = assay_config_subtree(config, "queue.kafka");
    if (kafka)
        ASSAY_TRY(assay_json_set(options, "kafka", json_deep_copy(kafka), err));
    *ret_options = ASSAY_TAKE(options);
    return ASSAY_OK;
}

int assay_role_open(struct assay_role *role, const struct assay_config *config, bool distributed,
                    const char *client_id, struct assay_error *err)
{
    *role = (struct assay_role){.config = config, .signal_fd = -1};
    set_up_log(config);
    if (*assay_config_warnings(config))
        ASSAY_LOG(ASSAY_LOG_WARNING, "configuration",
                  ASSAY_F_TEXT("warnings", assay_config_warnings(config)));
    if (distributed)
        ASSAY_TRY(check_distributed(config, err));
    ASSAY_TRY(take_signals(role, err));
    ASSAY_TRY(assay_db_open(assay_config_text(config, "catalog.url"),
                            (int)assay_config_int(config, "catalog.connections"), &role->db, err));
    ASSAY_TRY(assay_job_store_open(role->db, &role->store, err));
    ASSAY_AUTO(assay_json_decref) json_t *options = NULL;
    ASSAY_TRY(assay_role_queue_options(config, client_id, &options, err));
    ASSAY_TRY(assay_queue_open(assay_config_text(config, "queue.url"), options, &role->queue, err));
    assay_queue_event_topic(role->queue, role->event_topic);
    return assay_progress_open(assay_config_text(config, "progress.url"),
                               assay_config_text(config, "queue.topic_prefix"), &role->progress,
                               err);
}

void assay_role_release(struct assay_role *role)
{
    assay_progress_close(role->progress);
    assay_queue_close(role->queue);
    assay_job_store_close(role->store);
    assay_db_close(role->db);
    assay_keyring_free(role->keyring);
    if (role->signal_fd >= 0)
        (void)close(role->signal_fd);
}

int assay_role_load_keys(struct assay_role *role, const char *path, bool create,
                         struct assay_error *err)
{
    if (create && access(path, F_OK)) {
        ASSAY_TRY(assay_keyring_create_file(path, err));
        ASSAY_LOG(ASSAY_LOG_INFO, "secrets passphrase made", ASSAY_F_TEXT("path", path));
    }
    const int rc = assay_keyring_load(path, &role->keyring, err);
    return rc == ASSAY_OK ? rc : assay_context(err, rc, "secrets.passphrase_file");
}

int assay_role_path_beside(const struct assay_role *role, const char *name, char **ret_path,
                           struct assay_error *err)
{
    const char *url = assay_config_text(role->config, "catalog.url");
    const char *path = url && !strncmp(url, "sqlite:", 7) ? url + 7 : "";
    const char *slash = strrchr(path, '/');
    struct assay_buf buf = {0};
    assay_buf_append(&buf, path, slash ? (size_t)(slash - path) + 1 : 0);
    assay_buf_text(&buf, name);
    *ret_path = assay_buf_take(&buf);
    return *ret_path ? ASSAY_OK : assay_fail_memory(err);
}

int assay_role_start_worker(struct assay_role *role, assay_credentials_fn *credentials,
                            void *context, struct assay_worker **ret_worker,
                            struct assay_error *err)
{
    const struct assay_config *config = role->config;
    const uint64_t memory_bytes = assay_config_bytes(config, "worker.task_memory");
    const int64_t slots = assay_config_int(config, "worker.slots");
    size_t roots_count = 0;
    const char *const *roots = assay_config_list(config, "file.roots", &roots_count);
    const struct assay_worker_options options = {
        .store = role->store,
        .queue = role->queue,
        .progress = role->progress,
        .credentials = credentials,
        .credentials_context = context,
        .pool = assay_config_text(config, "worker.pool"),
        .slots = slots > 0 ? (int)slots : assay_worker_slots_of_machine(memory_bytes),
        .task_memory_bytes = memory_bytes,
        .split_ms = assay_config_duration_ms(role->config, "worker.split_time"),
        .split_records = assay_config_int(role->config, "worker.split_records"),
        .task_deadline_ms = assay_config_duration_ms(config, "worker.task_deadline"),
        .file_roots = roots,
        .file_roots_count = roots_count,
        .times = {.lease_ttl_ms = assay_config_duration_ms(config, "worker.lease_ttl"),
                  .heartbeat_ms = assay_config_duration_ms(config, "worker.heartbeat"),
                  .steal_age_ms = assay_config_duration_ms(config, "worker.steal_age"),
                  .steal_every_ms = assay_config_duration_ms(config, "worker.steal_every")}};
    return assay_worker_start(&options, ret_worker, err);
}

void assay_role_wait(struct assay_role *role)
{
    struct signalfd_siginfo info;
    while (read(role->signal_fd, &info, sizeof info) < 0 && errno == EINTR)
        continue;
    ASSAY_LOG(ASSAY_LOG_INFO, "stopping", ASSAY_F_TEXT("signal", strsignal((int)info.ssi_signo)));
}
