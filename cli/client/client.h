/* REST client: `assay connection list` and its like. Verbs are rows of one table
 * (client_table.c). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_CLIENT_H
#define ASSAY_CLI_CLIENT_H

#include "cli/command.h"

/** Run `assay RESOURCE VERB …`: the resource is the command's name. */
int assay_client_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);
/** The verbs of a resource, for --help. */
void assay_client_append_verbs(const struct assay_cli_command *command, struct assay_buf *text);

#endif
