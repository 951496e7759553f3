// --dry-run and --explain: what would be judged, and how.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/scan/scan.h"
#include "common/base/memory.h"
#include "common/rules/rule_def.h"

static void add_line(struct assay_buf *out, const struct assay_style *style, const char *label,
                     const char *value)
{
    struct assay_buf safe = {0};
    assay_text_safe(&safe, style, value);
    assay_buf_printf(out, "      %-11s", label);
    assay_help_append_wrapped(out, assay_buf_str(&safe), 17, 17);
    assay_buf_release(&safe);
}

static void add_json(struct assay_buf *out, const struct assay_style *style, const char *label,
                     const json_t *value)
{
    char *text = assay_json_text(value);
    if (text)
        add_line(out, style, label, text);
    assay_free(text);
}

static void explain(struct assay_buf *out, const struct assay_style *style, const json_t *check)
{
    const struct assay_rule_def *def = assay_rule_def_find(assay_json_str(check, "rule", ""));
    if (!def)
        return;
    add_line(out, style, "rule", def->doc);
    add_line(out, style, "judges",
             def->record ? "each record by itself: passed, failed, or null and passed"
                         : "the container as a whole");
    if (json_object_size(json_object_get(check, "properties")))
        add_json(out, style, "with", json_object_get(check, "properties"));
    if (assay_json_str(check, "filter", NULL))
        add_line(out, style, "looks at", assay_json_str(check, "filter", ""));
    if (assay_json_num(check, "coverage", 1) < 1)
        add_json(out, style, "coverage", json_object_get(check, "coverage"));
    add_line(out, style, "severity", assay_json_str(check, "severity", "error"));
}

static void add_check(struct assay_buf *out, const struct assay_style *style, const json_t *check,
                      bool explained)
{
    struct assay_buf name = {0}, safe = {0};
    assay_scan_check_name(check, &name);
    assay_text_safe(&safe, style, assay_buf_str(&name));
    assay_buf_printf(out, "  %3lld  %s\n", (long long)assay_json_int(check, "index", 0),
                     assay_buf_str(&safe));
    if (explained)
        explain(out, style, check);
    assay_buf_release(&safe);
    assay_buf_release(&name);
}

void assay_scan_append_plan(const struct assay_scan_run *run, bool explained,
                            const struct assay_style *style, struct assay_buf *out)
{
    const json_t *missing = json_object_get(run->document, "containers");
    for (size_t i = 0; i < run->inputs.count; i++) {
        assay_text_paint_begin(out, style, ASSAY_BOLD);
        assay_text_safe(out, style, run->inputs.items[i].location);
        assay_text_paint_end(out, style);
        assay_buf_printf(out, "  %zu checks\n", json_array_size(run->assigned[i]));
        for (size_t j = 0; j < json_array_size(run->assigned[i]); j++)
            add_check(out, style, json_array_get(run->assigned[i], j), explained);
    }
    for (size_t i = 0; i < json_array_size(missing); i++) {
        const json_t *container = json_array_get(missing, i);
        assay_text_safe(out, style, assay_json_str(container, "name", ""));
        assay_buf_printf(out, "  is not among the inputs: %zu checks would be errored\n",
                         json_array_size(json_object_get(container, "checks")));
    }
}
