/* Commands and their options as rows of tables: parsing, --help and completion come from them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_COMMAND_H
#define ASSAY_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/error.h"

/** Exit codes (docs/documents.md); of several the highest counts. */
enum assay_exit_code {
    ASSAY_EXIT_DONE = 0,
    ASSAY_EXIT_FOUND = 1,    /* anomalies */
    ASSAY_EXIT_USAGE = 2,    /* usage or configuration wrong, or nothing to run */
    ASSAY_EXIT_UNJUDGED = 3, /* something could not be judged */
    ASSAY_EXIT_INTERRUPTED = 130,
};

/** One option. A table of options ends with a row whose name is NULL. */
struct assay_cli_option {
    const char *name;    /* "format", typed as --format */
    char letter;         /* 'o', 0 = none */
    const char *value;   /* "FILE"; NULL: takes none */
    const char *choices; /* "text|json|html": anything else is refused; NULL = free */
    bool repeats;        /* may be given more than once */
    const char *doc;     /* one line, without a full stop */
};

enum { ASSAY_CLI_OPTION_TABLES = 4 };

struct assay_args;

/** One command. The table (commands.c) ends with a row whose name is NULL. */
struct assay_cli_command {
    const char *name;
    const char *summary;   /* one line */
    const char *arguments; /* "INPUT…", "" = none */
    int least, most;       /* number of arguments; most -1 = any */
    const struct assay_cli_option *options[ASSAY_CLI_OPTION_TABLES]; /* NULL = no more tables */
    const char *details; /* more lines of --help, or NULL */
    void (*append_details)(const struct assay_cli_command *command,
                           struct assay_buf *text); /* or NULL */
    /** Do it. On ASSAY_OK *ret_exit is the exit code; else main prints err and chooses one. */
    int (*run)(const struct assay_args *args, int *ret_exit, struct assay_error *err);
};

/** All commands, in the order in which --help shows them. */
extern const struct assay_cli_command assay_cli_commands[];
const struct assay_cli_command *assay_cli_command_find(const char *name);
/** Options that every command takes. */
extern const struct assay_cli_option assay_cli_global_options[];

/** A command line taken apart; texts are argv's. */
struct assay_args {
    const struct assay_cli_command *command;
    const char **arguments; /* what is no option */
    size_t arguments_count;
    const struct assay_cli_option **options; /* in the order given, with `values` */
    const char **values;                     /* NULL for options that take none */
    size_t options_count;
};

/** Take apart argv[0 … argc) (without the command's name). `--` ends the options; a lone `-` is an
 * argument. Release in any case. ASSAY_USAGE names what is wrong and the nearest option. */
ASSAY_MUST_CHECK int assay_args_parse(const struct assay_cli_command *command, int argc,
                                      char **argv, struct assay_args *ret_args,
                                      struct assay_error *err);
void assay_args_release(struct assay_args *args);
/** The last value given, NULL when not given. The name must be in the command's tables (assert). */
const char *assay_args_text(const struct assay_args *args, const char *name);
bool assay_args_given(const struct assay_args *args, const char *name);
/** The nth value (from 0) of an option that repeats, NULL beyond the last. */
const char *assay_args_nth(const struct assay_args *args, const char *name, size_t nth);

/** Append `assay --help`, or a command's, at most 80 columns wide. */
void assay_help_append_all(struct assay_buf *text);
void assay_help_append_command(const struct assay_cli_command *command, struct assay_buf *text);
/** Append text in lines of at most 80 columns, each but the first indented. column: where the first
 * one goes on. */
void assay_help_append_wrapped(struct assay_buf *text, const char *words, size_t column,
                               size_t indent);

#endif
