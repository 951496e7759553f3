// The module of the commands that reach servers: its table.
// SPDX-License-Identifier: Apache-2.0
#include "cli/server.h"

#include <string.h>

#include "cli/about.h"
#include "cli/client/client.h"
#include "cli/roles.h"
#include "cli/run/config_args.h"

static int run_role(int (*role_main)(const struct assay_config *config, struct assay_error *err),
                    const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    ASSAY_AUTO(assay_config_free) struct assay_config *config = NULL;
    *ret_exit = ASSAY_EXIT_DONE;
    ASSAY_TRY(assay_config_of_args(args->command->name, args, &config, err));
    return role_main(config, err);
}

static int serve(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    return run_role(assay_serve_main, args, ret_exit, err);
}

static int scheduler(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    return run_role(assay_scheduler_main, args, ret_exit, err);
}

static int worker(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    return run_role(assay_worker_main, args, ret_exit, err);
}

/* Every other command of the module is a resource of the REST client. */
static const struct {
    const char *command;
    int (*run)(const struct assay_args *args, int *ret_exit, struct assay_error *err);
} rows[] = {
    {"serve", serve},
    {"scheduler", scheduler},
    {"worker", worker},
    {"migrate", assay_migrate_command},
    {"doctor", assay_doctor_command},
};

static int run(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (strcmp(rows[i].command, args->command->name) == 0)
            return rows[i].run(args, ret_exit, err);
    return assay_client_command(args, ret_exit, err);
}

extern const struct assay_server_module assay_server_module;
__attribute__((visibility("default"))) const struct assay_server_module assay_server_module = {
    .run = run, .append_verbs = assay_client_append_verbs};
