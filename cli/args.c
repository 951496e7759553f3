// A command line taken apart by the tables of its command.
// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>

#include "cli/command.h"
#include "common/base/memory.h"
#include "common/base/nearest.h"

/* The parse in progress. */
struct parse {
    struct assay_args *args;
    char **argv;
    int argc, next;
};

static const struct assay_cli_option *find_in(const struct assay_cli_option *options,
                                              const char *name, size_t size_bytes, char letter)
{
    for (; options && options->name; options++)
        if (letter ? options->letter == letter
                   : strncmp(options->name, name, size_bytes) == 0 && !options->name[size_bytes])
            return options;
    return NULL;
}

/* By name (letter 0) or by letter. */
static const struct assay_cli_option *find_option(const struct assay_cli_command *command,
                                                  const char *name, size_t size_bytes, char letter)
{
    for (size_t i = 0; i < ASSAY_CLI_OPTION_TABLES; i++) {
        const struct assay_cli_option *option =
            find_in(command->options[i], name, size_bytes, letter);
        if (option)
            return option;
    }
    return find_in(assay_cli_global_options, name, size_bytes, letter);
}

static void offer_all(struct assay_nearest *nearest, const struct assay_cli_option *options)
{
    for (; options && options->name; options++)
        assay_nearest_offer(nearest, options->name);
}

static int unknown_option(const struct assay_cli_command *command, const char *name,
                          size_t size_bytes, struct assay_error *err)
{
    char *wanted = assay_strndup(name, size_bytes);
    if (!wanted)
        return assay_fail_memory(err);
    struct assay_nearest nearest = {.wanted = wanted};
    for (size_t i = 0; i < ASSAY_CLI_OPTION_TABLES; i++)
        offer_all(&nearest, command->options[i]);
    offer_all(&nearest, assay_cli_global_options);
    const int rc =
        nearest.best
            ? assay_fail(err, ASSAY_USAGE,
                         "reading the options of %s: there is no --%.60s: did you mean --%s?",
                         command->name, wanted, nearest.best)
            : assay_fail(err, ASSAY_USAGE,
                         "reading the options of %s: there is no --%.60s: see `assay %s --help`",
                         command->name, wanted, command->name);
    assay_free(wanted);
    return rc;
}

static bool is_choice(const char *choices, const char *value)
{
    const size_t size_bytes = strlen(value);
    for (const char *choice = choices; choice;
         choice = strchr(choice, '|') ? strchr(choice, '|') + 1 : NULL)
        if (size_bytes && strncmp(choice, value, size_bytes) == 0 &&
            (!choice[size_bytes] || choice[size_bytes] == '|'))
            return true;
    return false;
}

static int keep(struct parse *parse, const struct assay_cli_option *option, const char *value,
                struct assay_error *err)
{
    struct assay_args *args = parse->args;
    if (option->choices && !is_choice(option->choices, value))
        return assay_fail(err, ASSAY_USAGE, "reading --%s: it cannot be \"%.60s\": give one of %s",
                          option->name, value, option->choices);
    if (!option->repeats && assay_args_given(args, option->name) && option->value)
        return assay_fail(err, ASSAY_USAGE, "reading --%s: it is given twice: give it once",
                          option->name);
    args->options[args->options_count] = option;
    args->values[args->options_count++] = value;
    return ASSAY_OK;
}

/* The value is behind '=' or letter, else the next word. */
static int take_value(struct parse *parse, const struct assay_cli_option *option,
                      const char *attached, struct assay_error *err)
{
    if (!option->value && attached)
        return assay_fail(err, ASSAY_USAGE, "reading --%s: it takes no value: write --%s alone",
                          option->name, option->name);
    if (!option->value || attached)
        return keep(parse, option, attached, err);
    if (parse->next >= parse->argc)
        return assay_fail(err, ASSAY_USAGE, "reading --%s: its value is missing: write --%s %s",
                          option->name, option->name, option->value);
    return keep(parse, option, parse->argv[parse->next++], err);
}

static int take_long(struct parse *parse, const char *name, struct assay_error *err)
{
    const size_t size_bytes = strcspn(name, "=");
    const struct assay_cli_option *option = find_option(parse->args->command, name, size_bytes, 0);
    if (!option)
        return unknown_option(parse->args->command, name, size_bytes, err);
    return take_value(parse, option, name[size_bytes] ? name + size_bytes + 1 : NULL, err);
}

/* "-qv", "-oFILE", "-o FILE" */
static int take_letters(struct parse *parse, const char *letters, struct assay_error *err)
{
    for (; *letters; letters++) {
        const struct assay_cli_option *option =
            find_option(parse->args->command, NULL, 0, *letters);
        if (!option)
            return assay_fail(err, ASSAY_USAGE,
                              "reading the options of %s: there is no -%c: see `assay %s --help`",
                              parse->args->command->name, *letters, parse->args->command->name);
        if (option->value)
            return take_value(parse, option, letters[1] ? letters + 1 : NULL, err);
        ASSAY_TRY(keep(parse, option, NULL, err));
    }
    return ASSAY_OK;
}

static int take_words(struct parse *parse, struct assay_error *err)
{
    bool options_end = false;
    while (parse->next < parse->argc) {
        const char *word = parse->argv[parse->next++];
        if (options_end || word[0] != '-' || !word[1])
            parse->args->arguments[parse->args->arguments_count++] = word;
        else if (strcmp(word, "--") == 0)
            options_end = true;
        else
            ASSAY_TRY(word[1] == '-' ? take_long(parse, word + 2, err)
                                     : take_letters(parse, word + 1, err));
    }
    return ASSAY_OK;
}

static int check_count(const struct assay_args *args, struct assay_error *err)
{
    const struct assay_cli_command *command = args->command;
    const int count = (int)args->arguments_count;
    if (assay_args_given(args, "help"))
        return ASSAY_OK;
    if (count < command->least)
        return assay_fail(err, ASSAY_USAGE,
                          "reading the command line: %s needs %s: see `assay %s --help`",
                          command->name, command->arguments, command->name);
    if (command->most >= 0 && count > command->most)
        return assay_fail(
            err, ASSAY_USAGE,
            "reading the command line: %s does not take \"%.80s\": see `assay %s --help`",
            command->name, args->arguments[command->most], command->name);
    return ASSAY_OK;
}

int assay_args_parse(const struct assay_cli_command *command, int argc, char **argv,
                     struct assay_args *ret_args, struct assay_error *err)
{
    size_t most = (size_t)argc;
    for (int i = 0; i < argc; i++)
        most += strlen(argv[i]); /* letters of one word */
    *ret_args = (struct assay_args){
        .command = command,
        .arguments = assay_calloc(most + 1, sizeof *ret_args->arguments),
        .options = assay_calloc(most + 1, sizeof *ret_args->options),
        .values = assay_calloc(most + 1, sizeof *ret_args->values),
    };
    if (!ret_args->arguments || !ret_args->options || !ret_args->values)
        return assay_fail_memory(err);
    struct parse parse = {.args = ret_args, .argv = argv, .argc = argc};
    ASSAY_TRY(take_words(&parse, err));
    return check_count(ret_args, err);
}

void assay_args_release(struct assay_args *args)
{
    assay_free(args->arguments);
    assay_free(args->options);
    assay_free(args->values);
    *args = (struct assay_args){0};
}

const char *assay_args_text(const struct assay_args *args, const char *name)
{
    assert(find_option(args->command, name, strlen(name), 0));
    const char *last = NULL;
    for (size_t i = 0; i < args->options_count; i++)
        if (strcmp(args->options[i]->name, name) == 0)
            last = args->values[i];
    return last;
}

bool assay_args_given(const struct assay_args *args, const char *name)
{
    for (size_t i = 0; i < args->options_count; i++)
        if (strcmp(args->options[i]->name, name) == 0)
            return true;
    return false;
}

const char *assay_args_nth(const struct assay_args *args, const char *name, size_t nth)
{
    assert(find_option(args->command, name, strlen(name), 0));
    for (size_t i = 0; i < args->options_count; i++)
        if (strcmp(args->options[i]->name, name) == 0 && nth-- == 0)
            return args->values[i];
    return NULL;
}
