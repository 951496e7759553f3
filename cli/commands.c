// The table of commands: --help, completion and the parser come from it.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/about.h"
#include "cli/command.h"
#include "cli/profile/profile.h"
#include "cli/run/config_args.h"
#include "cli/run/session.h"
#include "cli/scan/scan.h"
#include "cli/server.h"

const struct assay_cli_option assay_cli_global_options[] = {
    {.name = "help", .letter = 'h', .doc = "this text"},
    {.name = NULL},
};

static const struct assay_cli_option migrate_options[] = {
    {.name = "check", .doc = "change nothing; exit 3 when the catalog is not at this version"},
    {.name = "topics", .doc = "create the queue's topics too"},
    {.name = NULL},
};

static const struct assay_cli_option client_options[] = {
    {.name = "server", .value = "URL", .doc = "the server (default ASSAY_SERVER, else api.listen)"},
    {.name = "ca-file",
     .value = "FILE",
     .doc = "PEM file of the authority that signed the server's certificate"},
    {.name = "format", .value = "FORMAT", .choices = "text|json", .doc = "text (default) or json"},
    {.name = "datastore", .value = "NAME", .doc = "name or id of a datastore"},
    {.name = "container", .value = "NAME", .repeats = true, .doc = "name or id of a container"},
    {.name = "limit", .value = "N", .doc = "at most N items of a list"},
    {.name = "file", .value = "FILE", .doc = "JSON body, - for standard input"},
    {.name = "watch", .doc = "wait for the end of an operation"},
    {.name = "admin",
     .doc = "token create: a token for an administrator, made on the catalog itself"},
    {.name = "worker", .doc = "token create: a token for a worker, made on the catalog itself"},
    {.name = "name", .value = "NAME", .doc = "token create: what the token is known by"},
    {.name = NULL},
};

#define INPUTS "INPUT…"
#define RESOURCE(noun, text)                                                                       \
    {                                                                                              \
        .name = noun, .summary = text, .arguments = "VERB [ID] [KEY=VALUE…]", .least = 1,          \
        .most = -1, .options = {client_options, assay_config_options},                             \
        .append_details = assay_server_append_verbs, .run = assay_server_command                   \
    }

const struct assay_cli_command assay_cli_commands[] = {
    {.name = "profile",
     .summary = "Profile files and tables: types, counts, distributions, warnings, inferred checks",
     .arguments = INPUTS,
     .least = 1,
     .most = -1,
     .options = {assay_profile_options, assay_engine_options, assay_input_options,
                 assay_config_options},
     .details = "INPUT is a file, a quoted glob, a folder, - (standard input), "
                "postgresql://HOST/DB#schema.table,\n"
                "sqlite:FILE#table, or a connection of assay.yaml such as prod#public.orders.\n"
                "Exit codes: 0 done, 2 usage wrong or nothing to run, 3 an input could not be "
                "read, 130 interrupted.\n",
     .run = assay_profile_command},
    {.name = "scan",
     .summary = "Scan files and tables for records that break checks",
     .arguments = INPUTS,
     .least = 1,
     .most = -1,
     .options = {assay_scan_options, assay_engine_options, assay_input_options,
                 assay_config_options},
     .details =
         "Exit codes: 0 all checks passed, 1 anomalies or rejected records, 2 usage or checks file "
         "wrong, 3 a check "
         "errored or an input could not be read, 130 interrupted. With several, the highest.\n",
     .run = assay_scan_command},
    {.name = "serve",
     .summary =
         "Everything in one process for one machine: REST API, queue, worker; no server to install",
     .arguments = "",
     .options = {assay_config_options},
     .run = assay_server_command},
    {.name = "scheduler",
     .summary =
         "The control plane: REST API, planner, dispatch, publisher; needs PostgreSQL and Kafka",
     .arguments = "",
     .options = {assay_config_options},
     .run = assay_server_command},
    {.name = "worker",
     .summary = "The data plane: runs tasks in executor processes; needs PostgreSQL and Kafka",
     .arguments = "",
     .options = {assay_config_options},
     .run = assay_server_command},
    {.name = "migrate",
     .summary = "Bring the catalog to this program's version; safe to repeat",
     .arguments = "",
     .options = {migrate_options, assay_config_options},
     .run = assay_server_command},
    {.name = "doctor",
     .summary = "Check configuration, executor, catalog, queue and progress store",
     .arguments = "",
     .options = {assay_config_options},
     .run = assay_server_command},
    {.name = "config",
     .summary = "What is configured and where each value comes from",
     .arguments = "",
     .options = {assay_config_command_options, assay_config_options},
     .run = assay_config_command},
    {.name = "rules",
     .summary = "The rules that checks can use",
     .arguments = "[RULE]",
     .most = 1,
     .options = {assay_listing_options},
     .run = assay_rules_command},
    {.name = "connectors",
     .summary = "The sources that can be reached",
     .arguments = "[NAME]",
     .most = 1,
     .options = {assay_listing_options},
     .run = assay_connectors_command},
    RESOURCE("connection", "Connections of a server (REST client)"),
    RESOURCE("datastore", "Datastores of a server (REST client)"),
    RESOURCE("container", "Containers of a server (REST client)"),
    RESOURCE("field", "Fields and their profiles on a server (REST client)"),
    RESOURCE("check", "Quality checks of a server (REST client)"),
    RESOURCE("operation", "Run, watch and abort operations of a server (REST client)"),
    RESOURCE("anomaly", "Anomalies of a server (REST client)"),
    RESOURCE("token", "Tokens of a server"),
    {.name = "version",
     .summary = "The version of this program",
     .arguments = "",
     .run = assay_version_command},
    {.name = "completion",
     .summary = "Print a script that completes commands and options in a shell",
     .arguments = "bash|zsh|fish",
     .least = 1,
     .most = 1,
     .details = "Put it where your shell looks, for instance:\n"
                "  assay completion bash > ~/.local/share/bash-completion/completions/assay\n"
                "  assay completion zsh > ~/.zfunc/_assay\n"
                "  assay completion fish > ~/.config/fish/completions/assay.fish\n",
     .run = assay_completion_command},
    {.name = NULL},
};

const struct assay_cli_command *assay_cli_command_find(const char *name)
{
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}
