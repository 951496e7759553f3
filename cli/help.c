// --help: made from the tables of commands and options.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/command.h"
#include "common/base/utf8.h"

enum { WIDTH = 80, COMMAND_COLUMNS = 14, OPTION_COLUMNS = 28 };

static size_t columns_of(const char *text, size_t size_bytes)
{
    return assay_utf8_length(text, size_bytes);
}

static void append_blanks(struct assay_buf *text, size_t count)
{
    while (count-- > 0)
        assay_buf_char(text, ' ');
}

void assay_help_append_wrapped(struct assay_buf *text, const char *words, size_t column,
                               size_t indent)
{
    bool first = true;
    while (*words) {
        const size_t word_bytes = strcspn(words, " ");
        const size_t word_columns = columns_of(words, word_bytes);
        if (!first && column + 1 + word_columns > WIDTH) {
            assay_buf_char(text, '\n');
            append_blanks(text, indent);
            column = indent;
            first = true;
        }
        if (!first) {
            assay_buf_char(text, ' ');
            column++;
        }
        assay_buf_append(text, words, word_bytes);
        column += word_columns;
        first = false;
        words += word_bytes + (words[word_bytes] == ' ');
    }
    assay_buf_char(text, '\n');
}

void assay_help_append_all(struct assay_buf *text)
{
    assay_buf_text(
        text, "assay " ASSAY_VERSION
              ": quality of structured data: what it looks like, which records break its checks\n\n"
              "Usage: assay COMMAND [OPTION…] [ARGUMENT…]\n\nCommands:\n");
    for (const struct assay_cli_command *command = assay_cli_commands; command->name; command++) {
        const size_t used = 2 + strlen(command->name);
        assay_buf_printf(text, "  %s", command->name);
        append_blanks(text, used < COMMAND_COLUMNS ? COMMAND_COLUMNS - used : 1);
        assay_help_append_wrapped(text, command->summary, COMMAND_COLUMNS, COMMAND_COLUMNS);
    }
    assay_buf_text(text,
                   "\nFor the options of a command: assay COMMAND --help\n\n"
                   "First steps:\n"
                   "  assay profile orders.csv                        what is in it\n"
                   "  assay profile orders.csv --checks-out c.yaml    and which checks follow\n"
                   "  assay scan orders.csv --checks c.yaml           which records break them\n"
                   "  assay serve                                     REST API on this machine\n");
}

/* "  -o, --output FILE" */
static size_t append_option_name(const struct assay_cli_option *option, struct assay_buf *text)
{
    const size_t from = text->size;
    if (option->letter)
        assay_buf_printf(text, "  -%c, --%s", option->letter, option->name);
    else
        assay_buf_printf(text, "      --%s", option->name);
    if (option->value)
        assay_buf_printf(text, " %s", option->value);
    return columns_of(text->data + from, text->size - from);
}

static void append_options(const struct assay_cli_option *options, struct assay_buf *text)
{
    for (; options && options->name; options++) {
        const size_t used = append_option_name(options, text);
        if (used < OPTION_COLUMNS) {
            append_blanks(text, OPTION_COLUMNS - used);
        } else {
            assay_buf_char(text, '\n');
            append_blanks(text, OPTION_COLUMNS);
        }
        assay_help_append_wrapped(text, options->doc, OPTION_COLUMNS, OPTION_COLUMNS);
    }
}

/* Each line wrapped; lines that begin with a blank stay as they are. */
static void append_details(const char *details, struct assay_buf *text)
{
    assay_buf_char(text, '\n');
    while (*details) {
        const size_t size_bytes = strcspn(details, "\n");
        struct assay_buf line = {0};
        assay_buf_append(&line, details, size_bytes);
        if (*details == ' ')
            assay_buf_printf(text, "%s\n", assay_buf_str(&line));
        else
            assay_help_append_wrapped(text, assay_buf_str(&line), 0, 0);
        assay_buf_release(&line);
        details += size_bytes + (details[size_bytes] == '\n');
    }
}

void assay_help_append_command(const struct assay_cli_command *command, struct assay_buf *text)
{
    assay_buf_printf(text, "Usage: assay %s [OPTION…]%s%s\n\n", command->name,
                     *command->arguments ? " " : "", command->arguments);
    assay_help_append_wrapped(text, command->summary, 0, 0);
    assay_buf_text(text, "\nOptions:\n");
    for (size_t i = 0; i < ASSAY_CLI_OPTION_TABLES; i++)
        append_options(command->options[i], text);
    append_options(assay_cli_global_options, text);
    if (command->append_details) {
        assay_buf_char(text, '\n');
        command->append_details(command, text);
    }
    if (command->details)
        append_details(command->details, text);
}
