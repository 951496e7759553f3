/* The configuration that a command line asks for. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_CONFIG_ARGS_H
#define ASSAY_CLI_CONFIG_ARGS_H

#include "cli/command.h"
#include "common/config/config.h"

/** --config and --set. */
extern const struct assay_cli_option assay_config_options[];

/** Load it for a role ("" = client) and print its warnings on stderr. ASSAY_USAGE whatever is
 * wrong. */
ASSAY_MUST_CHECK int assay_config_of_args(const char *role, const struct assay_args *args,
                                          struct assay_config **ret_config,
                                          struct assay_error *err);

#endif
