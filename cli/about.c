// Commands that tell about the program: version, config, rules, connectors.
// SPDX-License-Identifier: Apache-2.0
#include "cli/about.h"

#include <stdio.h>
#include <string.h>

#include "cli/report/json_out.h"
#include "cli/report/output.h"
#include "cli/run/config_args.h"
#include "common/base/nearest.h"
#include "common/config/config_doc.h"
#include "common/connectors/connector_def.h"
#include "common/connectors/markdown.h"
#include "common/rules/rules_doc.h"

enum { NAME_COLUMNS = 26 };

int assay_version_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    (void)args;
    (void)err;
    *ret_exit = puts("assay " ASSAY_VERSION) < 0 ? ASSAY_EXIT_UNJUDGED : ASSAY_EXIT_DONE;
    return ASSAY_OK;
}

/* ---- config ---- */

const struct assay_cli_option assay_config_command_options[] = {
    {.name = "explain", .value = "KEY", .doc = "all that is known of one option"},
    {.name = "role",
     .value = "ROLE",
     .choices = "serve|scheduler|worker",
     .doc = "with the defaults and rules of a role"},
    {.name = "sample", .doc = "print a sample assay.yaml"},
    {.name = "markdown", .doc = "print docs/configuration.md"},
    {.name = NULL},
};

int assay_config_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    *ret_exit = ASSAY_EXIT_DONE;
    if (assay_args_given(args, "sample") || assay_args_given(args, "markdown")) {
        if (assay_args_given(args, "sample"))
            assay_config_append_sample(&text);
        else
            assay_config_append_markdown(&text);
        return assay_output_write(NULL, &text, err);
    }
    ASSAY_AUTO(assay_config_free) struct assay_config *config = NULL;
    const char *role = assay_args_text(args, "role"), *key = assay_args_text(args, "explain");
    ASSAY_TRY(assay_config_of_args(role ? role : "", args, &config, err));
    if (key)
        ASSAY_TRY(assay_config_explain(config, key, &text, err));
    else
        assay_config_append_table(config, &text);
    return assay_output_write(NULL, &text, err);
}

/* ---- rules and connectors ---- */

const struct assay_cli_option assay_listing_options[] = {
    {.name = "format",
     .value = "FORMAT",
     .choices = "text|json|markdown",
     .doc = "text (default), json or markdown"},
    {.name = NULL},
};

static void append_line(struct assay_buf *text, const char *name, const char *doc)
{
    assay_buf_printf(text, "%-*s", NAME_COLUMNS - 1, name);
    assay_buf_char(text, ' ');
    assay_help_append_wrapped(text, doc, NAME_COLUMNS, NAME_COLUMNS);
}

static bool wants(const struct assay_args *args, const char *format)
{
    const char *wanted = assay_args_text(args, "format");
    return wanted && strcmp(wanted, format) == 0;
}

static int append_rules(const struct assay_args *args, struct assay_buf *text,
                        struct assay_error *err)
{
    if (wants(args, "json")) {
        ASSAY_AUTO(assay_json_decref) json_t *rules = assay_rules_json();
        return rules ? assay_json_append_pretty(rules, text, err) : assay_fail_memory(err);
    }
    if (wants(args, "markdown")) {
        assay_rules_markdown(text);
        return ASSAY_OK;
    }
    for (const struct assay_rule_def *def = assay_rule_defs; def->name; def++)
        append_line(text, def->name, def->doc);
    return ASSAY_OK;
}

int assay_rules_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    *ret_exit = ASSAY_EXIT_DONE;
    if (args->arguments_count == 0) {
        ASSAY_TRY(append_rules(args, &text, err));
        return assay_output_write(NULL, &text, err);
    }
    const struct assay_rule_def *def = assay_rule_def_find(args->arguments[0]);
    const char *nearest = assay_rule_nearest(args->arguments[0]);
    if (!def)
        return assay_fail(err, ASSAY_USAGE,
                          "looking for the rule %.60s: there is none of that name: %s%s",
                          args->arguments[0], nearest ? "did you mean " : "see `assay rules`",
                          nearest ? nearest : "");
    assay_rule_markdown(def, &text);
    return assay_output_write(NULL, &text, err);
}

static void append_property(const struct assay_property *property, struct assay_buf *text)
{
    struct assay_buf doc = {0};
    assay_buf_printf(&doc, "%s%s", property->doc, property->required ? " (required)" : "");
    if (property->secret)
        assay_buf_text(&doc, " (secret)");
    if (property->fallback)
        assay_buf_printf(&doc, " (default %s)", property->fallback);
    assay_buf_text(text, "  ");
    assay_buf_printf(text, "%-*s ", NAME_COLUMNS - 3, property->key);
    assay_help_append_wrapped(text, assay_buf_str(&doc), NAME_COLUMNS, NAME_COLUMNS);
    assay_buf_release(&doc);
}

static void append_connector(const struct assay_connector_def *def, struct assay_buf *text)
{
    assay_buf_printf(text, "%s (%s)\n", def->title, def->name);
    assay_help_append_wrapped(text, def->doc, 0, 0);
    assay_buf_printf(text, "Proof: %s\n\nOf a connection:\n", def->proof);
    for (const struct assay_property *property = def->properties; property->key; property++)
        if (property->level == ASSAY_LEVEL_CONNECTION)
            append_property(property, text);
    assay_buf_text(text, "\nOf a datastore:\n");
    for (const struct assay_property *property = def->properties; property->key; property++)
        if (property->level == ASSAY_LEVEL_DATASTORE)
            append_property(property, text);
}

static int append_connectors_json(struct assay_buf *text, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    for (const struct assay_connector_def *def = assay_connector_defs; list && def->name; def++)
        ASSAY_TRY(assay_json_push(list,
                                  json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", def->name, "title",
                                            def->title, "store_type", def->store_type, "doc",
                                            def->doc, "proof", def->proof),
                                  err));
    return list ? assay_json_append_pretty(list, text, err) : assay_fail_memory(err);
}

static int append_connectors(const struct assay_args *args, struct assay_buf *text,
                             struct assay_error *err)
{
    if (wants(args, "json"))
        return append_connectors_json(text, err);
    if (wants(args, "markdown")) {
        assay_connectors_markdown(text);
        return ASSAY_OK;
    }
    for (const struct assay_connector_def *def = assay_connector_defs; def->name; def++)
        append_line(text, def->name, def->doc);
    return ASSAY_OK;
}

int assay_connectors_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    *ret_exit = ASSAY_EXIT_DONE;
    if (args->arguments_count == 0) {
        ASSAY_TRY(append_connectors(args, &text, err));
        return assay_output_write(NULL, &text, err);
    }
    const struct assay_connector_def *def = assay_connector_def_find(args->arguments[0]);
    const char *nearest =
        assay_nearest_name(args->arguments[0], assay_connector_defs, sizeof *assay_connector_defs);
    if (!def)
        return assay_fail(err, ASSAY_USAGE,
                          "looking for the connector %.60s: there is none of that name: %s%s",
                          args->arguments[0], nearest ? "did you mean " : "see `assay connectors`",
                          nearest ? nearest : "");
    append_connector(def, &text);
    return assay_output_write(NULL, &text, err);
}
