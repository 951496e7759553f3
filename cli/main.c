// assay: one program with roles. Finds the command, takes its options apart, runs it, turns errors
// into exit codes.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "common/base/nearest.h"

static int print_and_release(struct assay_buf *text)
{
    const bool whole = !text->failed &&
                       fwrite(assay_buf_str(text), 1, text->size, stdout) == text->size &&
                       fflush(stdout) == 0;
    assay_buf_release(text);
    return whole ? ASSAY_EXIT_DONE : ASSAY_EXIT_UNJUDGED;
}

static int help_for_all(void)
{
    struct assay_buf text = {0};
    assay_help_append_all(&text);
    return print_and_release(&text);
}

static int help_for(const struct assay_cli_command *command)
{
    struct assay_buf text = {0};
    assay_help_append_command(command, &text);
    return print_and_release(&text);
}

/* The command that a text begins ("prof"), else the nearest one. */
static const char *meant_command(const char *name)
{
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++)
        if (*name && strncmp(command->name, name, strlen(name)) == 0)
            return command->name;
    return assay_nearest_name(name, assay_cli_commands, sizeof *assay_cli_commands);
}

static int unknown_command(const char *name)
{
    const char *nearest = meant_command(name);
    (void)fprintf(stderr,
                  "assay: reading the command line: there is no command \"%.60s\": %s%s%s\n", name,
                  nearest ? "did you mean `assay " : "see `assay --help", nearest ? nearest : "",
                  nearest ? "`?" : "`");
    return ASSAY_EXIT_USAGE;
}

/* Which exit code an error has (docs/documents.md). */
static int exit_of(const struct assay_error *err)
{
    switch (err->code) {
    case ASSAY_USAGE:
    case ASSAY_INVALID:
        return ASSAY_EXIT_USAGE;
    case ASSAY_CANCELLED:
        return ASSAY_EXIT_INTERRUPTED;
    default:
        return ASSAY_EXIT_UNJUDGED;
    }
}

static int run_command(const struct assay_cli_command *command, int argc, char **argv)
{
    struct assay_args args;
    struct assay_error err = {0};
    int exit_code = ASSAY_EXIT_DONE;
    int rc = assay_args_parse(command, argc, argv, &args, &err);
    if (rc == ASSAY_OK && assay_args_given(&args, "help"))
        exit_code = help_for(command);
    else if (rc == ASSAY_OK)
        rc = command->run(&args, &exit_code, &err);
    assay_args_release(&args);
    if (rc == ASSAY_OK)
        return exit_code;
    (void)fprintf(stderr, "assay: %s\n", err.text);
    return exit_of(&err);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        const struct assay_cli_command *about = argc > 2 ? assay_cli_command_find(argv[2]) : NULL;
        const int exit_code = about ? help_for(about) : help_for_all();
        return argc > 1 ? exit_code : ASSAY_EXIT_USAGE;
    }
    if (strcmp(name, "--version") == 0)
        name = "version";
    const struct assay_cli_command *command = assay_cli_command_find(name);
    return command ? run_command(command, argc - 2, argv + 2) : unknown_command(name);
}
