// What changed between two profiles, as a part of the page: a table of the fields that changed.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/profile/profile.h"
#include "cli/report/html_out.h"

static const struct {
    const char *word, *class_name;
} colors[] = {
    {"large", "bad"}, {"moderate", "warn"}, {"none", "dim"}, {"added", "good"}, {"removed", "bad"},
};

/* A word in the colour that it has. */
static void add_word(struct assay_buf *out, const char *word)
{
    const char *class_name = "dim";
    for (size_t i = 0; i < ASSAY_COUNT(colors); i++)
        if (strcmp(word, colors[i].word) == 0)
            class_name = colors[i].class_name;
    assay_buf_printf(out, "<span class=\"%s\">", class_name);
    assay_html_text(out, word);
    assay_buf_text(out, "</span>");
}

static void add_pair(struct assay_buf *out, const char *label, const json_t *pair)
{
    assay_buf_text(out, "<div><span class=\"dim\">");
    assay_html_text(out, label);
    assay_buf_text(out, "</span> ");
    assay_html_value(out, json_object_get(pair, "old"));
    assay_buf_text(out, " → ");
    assay_html_value(out, json_object_get(pair, "new"));
    assay_buf_text(out, "</div>");
}

static void add_changes(struct assay_buf *out, const json_t *field)
{
    const json_t *type = assay_json_get(field, "type"),
                 *changes = json_object_get(field, "changes");
    const bool retyped =
        strcmp(assay_json_str(type, "old", ""), assay_json_str(type, "new", "")) != 0;
    if (retyped)
        add_pair(out, "type", type);
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        if (!assay_comparison_follows_type(field, change))
            add_pair(out, assay_comparison_label(assay_json_str(change, "key", "")), change);
    }
}

static void add_drift_figure(struct assay_buf *out, const json_t *field, const char *key)
{
    const json_t *figure = assay_json_get(field, key);
    assay_buf_text(out, "<td class=\"n\">");
    if (figure)
        assay_buf_printf(out, "%.2f", json_number_value(figure));
    assay_buf_text(out, "</td>");
}

static void add_field(struct assay_buf *out, const json_t *field)
{
    const char *status = assay_json_str(field, "status", "");
    if (strcmp(status, "same") == 0)
        return;
    assay_buf_text(out, "<tr><td><strong>");
    assay_html_text(out, assay_json_str(field, "name", ""));
    assay_buf_text(out, "</strong></td><td>");
    add_word(out, assay_json_str(field, "drift", status));
    assay_buf_text(out, "</td>");
    add_drift_figure(out, field, "psi");
    add_drift_figure(out, field, "ks");
    assay_buf_text(out, "<td><div class=\"changes\">");
    add_changes(out, field);
    assay_buf_text(out, "</div></td></tr>\n");
}

static void add_container(struct assay_buf *out, const json_t *container)
{
    const char *status = assay_json_str(container, "status", "");
    const json_t *fields = json_object_get(container, "fields");
    const bool changed = strcmp(status, "changed") == 0;
    assay_buf_text(out, "<p><strong>");
    assay_html_text(out, assay_json_str(container, "name", ""));
    assay_buf_text(out, "</strong> ");
    add_word(out, strcmp(status, "same") == 0 ? "nothing changed" : status);
    assay_buf_text(out, "</p>\n");
    if (!changed)
        return;
    add_pair(out, "records", json_object_get(container, "records_count"));
    assay_buf_text(out,
                   "<div class=\"scroll\"><table><tr><th>field</th><th>drift</th><th class=\"n\">"
                   "PSI</th><th class=\"n\">KS</th><th>before → now</th></tr>\n");
    for (size_t i = 0; i < json_array_size(fields); i++)
        add_field(out, json_array_get(fields, i));
    assay_buf_text(out, "</table></div>\n");
}

void assay_comparison_html(const json_t *comparison, struct assay_buf *out)
{
    const json_t *containers = json_object_get(comparison, "containers");
    assay_buf_text(out, "<h2>Compared with the earlier profile</h2>\n");
    for (size_t i = 0; i < json_array_size(containers); i++)
        add_container(out, json_array_get(containers, i));
}
