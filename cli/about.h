/* Commands that tell about the program. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_ABOUT_H
#define ASSAY_CLI_ABOUT_H

#include "cli/command.h"

extern const struct assay_cli_option assay_config_command_options[];
extern const struct assay_cli_option assay_listing_options[];

int assay_version_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);
int assay_config_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);
int assay_rules_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);
int assay_connectors_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);
int assay_completion_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);
int assay_doctor_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);
int assay_migrate_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);

#endif
