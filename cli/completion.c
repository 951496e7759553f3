// `assay completion`: scripts for bash, zsh and fish, made from the table of commands.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/about.h"
#include "cli/report/output.h"

static void append_commands(struct assay_buf *text, const char *between)
{
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++)
        assay_buf_printf(text, "%s%s", command == assay_cli_commands ? "" : between, command->name);
}

/* Every option of a command by `append`. */
static void each_option(const struct assay_cli_command *command, struct assay_buf *text,
                        void (*append)(const struct assay_cli_command *command,
                                       const struct assay_cli_option *option,
                                       struct assay_buf *text))
{
    for (size_t i = 0; i <= ASSAY_CLI_OPTION_TABLES; i++) {
        const struct assay_cli_option *option =
            i < ASSAY_CLI_OPTION_TABLES ? command->options[i] : assay_cli_global_options;
        for (; option && option->name; option++)
            append(command, option, text);
    }
}

static void bash_option(const struct assay_cli_command *command,
                        const struct assay_cli_option *option, struct assay_buf *text)
{
    (void)command;
    assay_buf_printf(text, " --%s", option->name);
}

/* "--format) words="text json html";;" */
static void bash_choices(const struct assay_cli_command *command,
                         const struct assay_cli_option *option, struct assay_buf *text)
{
    if (!option->choices)
        return;
    assay_buf_printf(text, "        %s:--%s) words=\"", command->name, option->name);
    for (const char *c = option->choices; *c; c++)
        assay_buf_char(text, *c == '|' ? ' ' : *c);
    assay_buf_text(text, "\" ;;\n");
}

static void append_bash(struct assay_buf *text)
{
    assay_buf_text(text,
                   "# bash completion for assay\n_assay() {\n"
                   "    local word=\"${COMP_WORDS[COMP_CWORD]}\" "
                   "before=\"${COMP_WORDS[COMP_CWORD-1]}\" words=\"\"\n"
                   "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    append_commands(text, " ");
    assay_buf_text(
        text,
        "\" -- \"$word\"))\n        return\n    fi\n    case \"${COMP_WORDS[1]}:$before\" in\n");
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++)
        each_option(command, text, bash_choices);
    assay_buf_text(text,
                   "    esac\n    if [ -z \"$words\" ] && [ \"${word#-}\" != \"$word\" ]; then\n"
                   "        case \"${COMP_WORDS[1]}\" in\n");
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++) {
        assay_buf_printf(text, "        %s) words=\"", command->name);
        each_option(command, text, bash_option);
        assay_buf_text(text, "\" ;;\n");
    }
    assay_buf_text(text, "        esac\n    fi\n    if [ -n \"$words\" ]; then\n"
                         "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n    else\n"
                         "        COMPREPLY=($(compgen -f -- \"$word\"))\n    fi\n}\n"
                         "complete -o filenames -F _assay assay\n");
}

/* Text inside of single quotes of a shell, or inside of [] of zsh. */
static void append_quoted(struct assay_buf *text, const char *words, bool zsh)
{
    for (; *words; words++) {
        if (*words == '\'')
            assay_buf_text(text, "'\\''");
        else if (zsh && strchr("[]:\\", *words))
            assay_buf_printf(text, "\\%c", *words);
        else
            assay_buf_char(text, *words);
    }
}

static void zsh_option(const struct assay_cli_command *command,
                       const struct assay_cli_option *option, struct assay_buf *text)
{
    (void)command;
    assay_buf_printf(text, " \\\n            '%s--%s%s[", option->repeats ? "*" : "", option->name,
                     option->value ? "=" : "");
    append_quoted(text, option->doc, true);
    assay_buf_char(text, ']');
    if (option->choices) {
        assay_buf_printf(text, ":%s:(", option->value);
        for (const char *c = option->choices; *c; c++)
            assay_buf_char(text, *c == '|' ? ' ' : *c);
        assay_buf_char(text, ')');
    } else if (option->value) {
        assay_buf_text(text, ": :_files");
    }
    assay_buf_char(text, '\'');
}

static void append_zsh(struct assay_buf *text)
{
    assay_buf_text(text, "#compdef assay\n# zsh completion for assay\n_assay() {\n    local -a "
                         "commands\n    commands=(\n");
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++) {
        assay_buf_printf(text, "        '%s:", command->name);
        append_quoted(text, command->summary, true);
        assay_buf_text(text, "'\n");
    }
    assay_buf_text(text, "    )\n    if (( CURRENT == 2 )); then\n        _describe command "
                         "commands\n        return\n    fi\n"
                         "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    "
                         "case $command in\n");
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++) {
        assay_buf_printf(text, "        %s) _arguments", command->name);
        each_option(command, text, zsh_option);
        assay_buf_text(text, " \\\n            '*: :_files' ;;\n");
    }
    assay_buf_text(text, "    esac\n}\n_assay \"$@\"\n");
}

static void fish_option(const struct assay_cli_command *command,
                        const struct assay_cli_option *option, struct assay_buf *text)
{
    assay_buf_printf(text, "complete -c assay -n '__fish_seen_subcommand_from %s' -l %s",
                     command->name, option->name);
    if (option->letter)
        assay_buf_printf(text, " -s %c", option->letter);
    if (option->choices) {
        assay_buf_text(text, " -x -a '");
        for (const char *c = option->choices; *c; c++)
            assay_buf_char(text, *c == '|' ? ' ' : *c);
        assay_buf_char(text, '\'');
    } else if (option->value) {
        assay_buf_text(text, " -r");
    }
    assay_buf_text(text, " -d '");
    append_quoted(text, option->doc, false);
    assay_buf_text(text, "'\n");
}

static void append_fish(struct assay_buf *text)
{
    assay_buf_text(text, "# fish completion for assay\n");
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++) {
        assay_buf_printf(text, "complete -c assay -n __fish_use_subcommand -f -a %s -d '",
                         command->name);
        append_quoted(text, command->summary, false);
        assay_buf_text(text, "'\n");
        each_option(command, text, fish_option);
    }
}

static const struct shell {
    const char *name;
    void (*append)(struct assay_buf *text);
} shells[] = {{"bash", append_bash}, {"zsh", append_zsh}, {"fish", append_fish}};

int assay_completion_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    *ret_exit = ASSAY_EXIT_DONE;
    for (size_t i = 0; i < ASSAY_COUNT(shells); i++)
        if (strcmp(shells[i].name, args->arguments[0]) == 0) {
            ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
            shells[i].append(&text);
            return assay_output_write(NULL, &text, err);
        }
    return assay_fail(err, ASSAY_USAGE,
                      "making a completion script: there is none for %.40s: give bash, zsh or fish",
                      args->arguments[0]);
}
