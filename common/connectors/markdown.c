// The page of connectors, written from the table.
// SPDX-License-Identifier: Apache-2.0
#include "common/connectors/markdown.h"

#include "common/connectors/connector_def.h"

static const char *const kind_words[] = {
    [ASSAY_PROPERTY_TEXT] = "text",
    [ASSAY_PROPERTY_INT] = "whole number",
    [ASSAY_PROPERTY_BOOL] = "true or false",
    [ASSAY_PROPERTY_CHOICE] = "one of",
};

static void append_choices(struct assay_buf *page, const char *choices)
{
    for (const char *c = choices; *c; c++)
        if (*c == '|')
            assay_buf_text(page, ", ");
        else
            assay_buf_char(page, *c);
}

static void append_property(struct assay_buf *page, const struct assay_property *property)
{
    assay_buf_printf(page, "| `%s` | %s | %s", property->key,
                     property->level == ASSAY_LEVEL_CONNECTION ? "connection" : "datastore",
                     kind_words[property->kind]);
    if (property->choices) {
        assay_buf_char(page, ' ');
        append_choices(page, property->choices);
    }
    assay_buf_printf(page, "%s%s | %s%s%s | %s |\n", property->required ? ", required" : "",
                     property->secret ? ", secret" : "", property->fallback ? "`" : "",
                     property->fallback ? property->fallback : "", property->fallback ? "`" : "",
                     property->doc);
}

static void append_connector(struct assay_buf *page, const struct assay_connector_def *def)
{
    assay_buf_printf(page, "\n## %s\n\n", def->title);
    assay_buf_printf(page, "`type: %s`, store type `%s`: %s. Proof: %s.\n\n", def->name,
                     def->store_type, def->doc, def->proof);
    assay_buf_text(page,
                   "| Property | Of the | Takes | Default | Meaning |\n|---|---|---|---|---|\n");
    for (const struct assay_property *property = def->properties; property->key; property++)
        append_property(page, property);
}

void assay_connectors_markdown(struct assay_buf *page)
{
    assay_buf_text(
        page,
        "# Connectors\n\n"
        "Written by `assay connectors --markdown` from the table in `common/connectors/`: do not "
        "edit "
        "by hand. Secret properties are\nencrypted at rest, never returned and never logged.\n");
    for (const struct assay_connector_def *def = assay_connector_defs; def->name; def++)
        append_connector(page, def);
}
