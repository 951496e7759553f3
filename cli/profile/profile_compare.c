// What changed between two profiles: records, fields, types, figures, drift.
//
// {"containers": [{"name", "status": "same|changed|added|removed", "records_count": {"old", "new"},
//   "fields": [{"name", "status", "type": {"old", "new"}, "psi", "ks",
//               "drift": null or "none|moderate|large", "changes": [{"key", "old", "new"}]}]}]}
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile/drift.h"
#include "cli/profile/profile.h"
#include "common/base/file.h"
#include "common/base/number.h"

enum { FIELD_LINES = 12 }; /* of a field for a person */
#define MODERATE_PSI 0.1
#define LARGE_PSI    0.25
#define LARGE_KS     0.2

/* Figures that are shown when they differ, and what a person calls them. */
static const struct {
    const char *key, *label;
} figures[] = {
    {"native_type", "native type"},
    {"semantic_type", "semantic type"},
    {"type_confidence", "share of its type"},
    {"date_format", "date format"},
    {"completeness", "completeness"},
    {"null_count", "nulls"},
    {"empty_count", "empty"},
    {"blank_count", "blank"},
    {"invalid_utf8_count", "invalid UTF-8"},
    {"nan_count", "NaN"},
    {"inf_count", "infinite"},
    {"zero_count", "zeros"},
    {"negative_count", "negative"},
    {"approximate_distinct_values", "distinct"},
    {"min", "min"},
    {"max", "max"},
    {"mean", "mean"},
    {"std_dev", "standard deviation"},
    {"median", "median"},
    {"min_length", "shortest"},
    {"max_length", "longest"},
};

static const json_t *by_name(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        if (strcmp(assay_json_str(entry, "name", ""), name) == 0)
            return entry;
    }
    return NULL;
}

static json_t *or_null(json_t *value)
{
    return value ? json_incref(value) : json_null();
}

/* Reals that differ in their last digits only are the same. */
static bool same(const json_t *left, const json_t *right)
{
    if (json_is_number(left) && json_is_number(right)) {
        const double a = json_number_value(left), b = json_number_value(right);
        return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
    }
    return json_equal(left, right);
}

static int add_changes(json_t *entry, const json_t *before, const json_t *after,
                       struct assay_error *err)
{
    json_t *changes = json_array();
    ASSAY_TRY(assay_json_set(entry, "changes", changes, err));
    for (size_t i = 0; i < ASSAY_COUNT(figures); i++) {
        json_t *left = or_null(json_object_get(before, figures[i].key)),
               *right = or_null(json_object_get(after, figures[i].key));
        const bool equal = same(left, right);
        json_t *change =
            equal ? NULL
                  : json_pack("{s:s, s:O, s:O}", "key", figures[i].key, "old", left, "new", right);
        json_decref(left);
        json_decref(right);
        if (!equal)
            ASSAY_TRY(assay_json_push(changes, change, err));
    }
    return ASSAY_OK;
}

/* NULL: nothing to tell it by. */
static const char *drift_of(double psi, double ks)
{
    if (isnan(psi) && isnan(ks))
        return NULL;
    if (psi >= LARGE_PSI || ks >= LARGE_KS) /* NaN is neither */
        return "large";
    return psi >= MODERATE_PSI || ks >= LARGE_KS / 2 ? "moderate" : "none";
}

static double records_of(const json_t *container)
{
    return assay_json_num(container, "records_processed",
                          assay_json_num(container, "records_count", 0));
}

/* The containers that hold the two profiles of a field. */
struct sides {
    const json_t *before, *after;
};

static int compare_field(const struct sides *sides, const json_t *before, const json_t *after,
                         json_t *entry, struct assay_error *err)
{
    const char *old_type = assay_json_str(before, "type", ""),
               *new_type = assay_json_str(after, "type", "");
    const bool retyped = strcmp(old_type, new_type) != 0;
    const double psi =
        assay_drift_psi(before, records_of(sides->before), after, records_of(sides->after));
    const double ks = assay_drift_ks(before, after);
    ASSAY_TRY(assay_json_set(entry, "type",
                             json_pack("{s:s, s:s}", "old", old_type, "new", new_type), err));
    ASSAY_TRY(assay_json_set(entry, "psi", assay_json_real_or_null(psi), err));
    ASSAY_TRY(assay_json_set(entry, "ks", assay_json_real_or_null(ks), err));
    const char *drift = drift_of(psi, ks);
    ASSAY_TRY(assay_json_set(entry, "drift", drift ? json_string(drift) : json_null(), err));
    ASSAY_TRY(add_changes(entry, before, after, err));
    const bool changed = retyped || (drift && strcmp(drift, "none") != 0) ||
                         json_array_size(json_object_get(entry, "changes")) > 0;
    return assay_json_set(entry, "status", json_string(changed ? "changed" : "same"), err);
}

static int push_entry(json_t *list, const json_t *named, const char *status, json_t **ret_entry,
                      struct assay_error *err)
{
    *ret_entry = json_pack("{s:O, s:s}", "name", json_object_get(named, "name"), "status", status);
    return assay_json_push(list, *ret_entry, err);
}

static int compare_fields(const json_t *before, const json_t *after, json_t *list,
                          struct assay_error *err)
{
    json_t *entry;
    const struct sides sides = {before, after};
    const json_t *old_fields = json_object_get(before, "fields"),
                 *new_fields = json_object_get(after, "fields");
    for (size_t i = 0; i < json_array_size(new_fields); i++) {
        const json_t *field = json_array_get(new_fields, i);
        const json_t *earlier = by_name(old_fields, assay_json_str(field, "name", ""));
        ASSAY_TRY(push_entry(list, field, earlier ? "same" : "added", &entry, err));
        if (earlier)
            ASSAY_TRY(compare_field(&sides, earlier, field, entry, err));
    }
    for (size_t i = 0; i < json_array_size(old_fields); i++) {
        const json_t *field = json_array_get(old_fields, i);
        if (!by_name(new_fields, assay_json_str(field, "name", "")))
            ASSAY_TRY(push_entry(list, field, "removed", &entry, err));
    }
    return ASSAY_OK;
}

static bool all_same(const json_t *entries)
{
    for (size_t i = 0; i < json_array_size(entries); i++)
        if (strcmp(assay_json_str(json_array_get(entries, i), "status", ""), "same") != 0)
            return false;
    return true;
}

static int compare_container(const json_t *before, const json_t *after, json_t *entry,
                             struct assay_error *err)
{
    json_t *fields = json_array();
    json_t *old_count = or_null(json_object_get(before, "records_count")),
           *new_count = or_null(json_object_get(after, "records_count"));
    const bool same_count = same(old_count, new_count);
    ASSAY_TRY(assay_json_set(entry, "records_count",
                             json_pack("{s:o, s:o}", "old", old_count, "new", new_count), err));
    ASSAY_TRY(assay_json_set(entry, "fields", fields, err));
    ASSAY_TRY(compare_fields(before, after, fields, err));
    return assay_json_set(entry, "status",
                          json_string(same_count && all_same(fields) ? "same" : "changed"), err);
}

/* One container on each side is the same one, whatever its name. */
static const json_t *earlier_of(const json_t *olds, const json_t *news, const json_t *container)
{
    if (json_array_size(olds) == 1 && json_array_size(news) == 1)
        return json_array_get(olds, 0);
    return by_name(olds, assay_json_str(container, "name", ""));
}

static int compare_all(const json_t *olds, const json_t *news, json_t *list,
                       struct assay_error *err)
{
    json_t *entry;
    for (size_t i = 0; i < json_array_size(news); i++) {
        const json_t *container = json_array_get(news, i);
        const json_t *earlier = earlier_of(olds, news, container);
        ASSAY_TRY(push_entry(list, container, "added", &entry, err));
        if (earlier)
            ASSAY_TRY(compare_container(earlier, container, entry, err));
    }
    if (json_array_size(olds) == 1 && json_array_size(news) == 1)
        return ASSAY_OK;
    for (size_t i = 0; i < json_array_size(olds); i++) {
        const json_t *container = json_array_get(olds, i);
        if (!by_name(news, assay_json_str(container, "name", "")))
            ASSAY_TRY(push_entry(list, container, "removed", &entry, err));
    }
    return ASSAY_OK;
}

int assay_profile_compare(const json_t *document, const json_t *old, json_t **ret_comparison,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *comparison = json_pack("{s:[]}", "containers");
    if (!comparison)
        return assay_fail_memory(err);
    ASSAY_TRY(compare_all(json_object_get(old, "containers"),
                          json_object_get(document, "containers"),
                          json_object_get(comparison, "containers"), err));
    *ret_comparison = ASSAY_TAKE(comparison);
    return ASSAY_OK;
}

/* A list of objects with names. */
static bool is_named(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!assay_json_str(json_array_get(list, i), "name", NULL))
            return false;
    return json_is_array(list);
}

static bool is_profile(const json_t *document)
{
    const json_t *containers = json_object_get(document, "containers");
    if (!assay_json_str(document, "assay", NULL) || !is_named(containers))
        return false;
    for (size_t i = 0; i < json_array_size(containers); i++)
        if (!is_named(json_object_get(json_array_get(containers, i), "fields")))
            return false;
    return true;
}

static int parse_profile(const struct assay_buf *text, json_t **ret_document,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *document = NULL;
    ASSAY_TRY(
        assay_json_parse(assay_buf_str(text), text->size, "it is no profile", &document, err));
    if (!is_profile(document))
        return assay_fail(err, ASSAY_INVALID, "it is no profile");
    *ret_document = ASSAY_TAKE(document);
    return ASSAY_OK;
}

int assay_profile_read(const char *path, json_t **ret_document, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    struct assay_error why = {0};
    int rc = assay_file_read(path, &text, &why);
    if (rc == ASSAY_OK)
        rc = parse_profile(&text, ret_document, &why);
    return rc == ASSAY_OK ? ASSAY_OK
                          : assay_fail(err, ASSAY_USAGE,
                                       "comparing with %s: %s: give a file that `assay profile "
                                       "--format json` wrote",
                                       path, why.text);
}

/* ---- for a person ---- */

static void append_figure(struct assay_buf *text, const json_t *value)
{
    char number[ASSAY_NUMBER_TEXT];
    if (json_is_string(value))
        assay_buf_text(text, json_string_value(value));
    else if (json_is_real(value))
        assay_buf_printf(text, "%.6g", json_real_value(value));
    else if (json_is_integer(value)) {
        (void)assay_format_i128(json_integer_value(value), 0, number);
        assay_buf_text(text, number);
    } else
        assay_buf_text(text, "-");
}

const char *assay_comparison_label(const char *key)
{
    for (size_t i = 0; i < ASSAY_COUNT(figures); i++)
        if (strcmp(figures[i].key, key) == 0)
            return figures[i].label;
    return key;
}

static void append_pair(struct assay_buf *text, const char *key, const json_t *pair,
                        const struct assay_style *style)
{
    assay_buf_printf(text, "%s ", key);
    append_figure(text, json_object_get(pair, "old"));
    assay_buf_printf(text, " %s ", assay_text_sign(style, "→", "->"));
    append_figure(text, json_object_get(pair, "new"));
}

bool assay_comparison_follows_type(const json_t *field, const json_t *change)
{
    const json_t *type = assay_json_get(field, "type");
    return strcmp(assay_json_str(type, "old", ""), assay_json_str(type, "new", "")) != 0 &&
           (!assay_json_get(change, "old") || !assay_json_get(change, "new"));
}

static void describe_field(const json_t *field, const struct assay_style *style,
                           struct assay_buf *text)
{
    const json_t *type = json_object_get(field, "type"),
                 *changes = json_object_get(field, "changes");
    const char *between = "";
    if (strcmp(assay_json_str(type, "old", ""), assay_json_str(type, "new", "")) != 0) {
        append_pair(text, "type", type, style);
        between = ", ";
    }
    if (strcmp(assay_json_str(field, "drift", "none"), "none") != 0) {
        assay_buf_printf(text, "%s%s drift (", between, assay_json_str(field, "drift", ""));
        if (assay_json_get(field, "psi"))
            assay_buf_printf(text, "PSI %.2f%s", assay_json_num(field, "psi", 0),
                             assay_json_get(field, "ks") ? ", " : "");
        if (assay_json_get(field, "ks"))
            assay_buf_printf(text, "KS %.2f", assay_json_num(field, "ks", 0));
        assay_buf_text(text, ")");
        between = ", ";
    }
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        if (assay_comparison_follows_type(field, change))
            continue;
        assay_buf_text(text, between);
        append_pair(text, assay_comparison_label(assay_json_str(change, "key", "")), change, style);
        between = ", ";
    }
}

static void append_field(const json_t *field, const struct assay_style *style,
                         struct assay_buf *out)
{
    const char *status = assay_json_str(field, "status", "");
    if (strcmp(status, "same") == 0)
        return;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_buf_printf(&text, "%s: ", assay_json_str(field, "name", ""));
    if (strcmp(status, "changed") == 0)
        describe_field(field, style, &text);
    else
        assay_buf_text(&text, status);
    assay_buf_text(out, "   ");
    assay_text_wrapped(out, style, assay_buf_str(&text), 5, FIELD_LINES);
}

static void append_container(const json_t *container, const struct assay_style *style,
                             struct assay_buf *out)
{
    const char *status = assay_json_str(container, "status", "");
    assay_buf_text(out, "\n ");
    assay_text_paint(out, style, ASSAY_BOLD, "compared");
    assay_buf_char(out, ' ');
    assay_text_safe(out, style, assay_json_str(container, "name", ""));
    assay_buf_printf(out, ": %s", strcmp(status, "same") == 0 ? "nothing changed" : status);
    const json_t *counts = json_object_get(container, "records_count");
    if (strcmp(status, "changed") == 0) {
        assay_buf_text(out, ", ");
        append_pair(out, "records", counts, style);
    }
    assay_buf_char(out, '\n');
    const json_t *fields = json_object_get(container, "fields");
    for (size_t i = 0; i < json_array_size(fields); i++)
        append_field(json_array_get(fields, i), style, out);
}

void assay_comparison_text(const json_t *comparison, const struct assay_style *style,
                           struct assay_buf *out)
{
    const json_t *containers = json_object_get(comparison, "containers");
    for (size_t i = 0; i < json_array_size(containers); i++)
        append_container(json_array_get(containers, i), style, out);
}
