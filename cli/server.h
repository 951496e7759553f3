/* The commands that reach servers: roles, REST client, migrate, doctor. They stand in a module of
 * their own (assay-server.so, loaded by server_load.c for these commands only), because the client
 * libraries of PostgreSQL, Kafka, Redis and HTTP are some forty shared libraries, which cost every
 * start of the program three times what it needs without them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_SERVER_H
#define ASSAY_CLI_SERVER_H

#include "cli/command.h"

/** What the module exports, under the name ASSAY_SERVER_MODULE_SYMBOL. */
struct assay_server_module {
    /** Do the command of args; its name is one of the module's table (server.c). */
    int (*run)(const struct assay_args *args, int *ret_exit, struct assay_error *err);
    /** The verbs of a resource of the REST client, for --help. */
    void (*append_verbs)(const struct assay_cli_command *command, struct assay_buf *text);
};

#define ASSAY_SERVER_MODULE_SYMBOL "assay_server_module"

/** Load the module and do the command. ASSAY_INTERNAL when the module is missing. Not thread-safe:
 * main's thread. */
int assay_server_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);
/** Load the module and append the verbs; nothing when it is missing. */
void assay_server_append_verbs(const struct assay_cli_command *command, struct assay_buf *text);

#endif
