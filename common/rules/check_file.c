// Checks files: the document, its list, long and short form.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/check_file.h"

#include <fnmatch.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/nearest.h"
#include "common/rules/check_params.h"
#include "common/rules/check_validate.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

struct document {
    struct assay_check_input in;
    const struct assay_yaml *yaml;
    json_t *checks;
};

/* The key of a short form: a rule's name. */
static const char *short_rule(const json_t *item)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)item, key, value)
    {
        if (assay_rule_def_find(key))
            return key;
    }
    return NULL;
}

/* {notNull: [id], severity: warning} → {rule: notNull, fields: [id], severity: warning}. Values are
 * shared, so that places and texts of the document are still found. */
static int expand(struct document *d, const json_t *item, const char *rule, json_t **ret_long)
{
    ASSAY_AUTO(assay_json_decref) json_t *expanded = json_copy((json_t *)(uintptr_t)item);
    if (!expanded)
        return assay_fail_memory(d->in.err);
    if (json_object_get(item, "fields"))
        return assay_check_fail(&d->in, item, "fields",
                                "the short form %s: […] names the fields already", rule);
    ASSAY_TRY(assay_json_set(expanded, "rule", json_string(rule), d->in.err));
    ASSAY_TRY(
        assay_json_set(expanded, "fields", json_incref(json_object_get(item, rule)), d->in.err));
    json_object_del(expanded, rule);
    *ret_long = ASSAY_TAKE(expanded);
    return ASSAY_OK;
}

static int refuse_item(struct document *d, const json_t *item)
{
    const char *key = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)item));
    const char *nearest = key ? assay_rule_nearest(key) : NULL;
    if (key && nearest && json_object_size(item) == 1)
        return assay_check_unknown(&d->in, item, "rule", key, nearest);
    return assay_check_fail(&d->in, item, NULL,
                            "a check needs the key \"rule\", or the short form \"notNull: [id]\"");
}

/* Errors of a short form point at its line, since its copy is not a node of the document. */
static int validate(struct document *d, const json_t *item, const json_t *long_form,
                    json_t **ret_check)
{
    if (long_form == item)
        return assay_check_validate(item, d->yaml, ASSAY_CHECK_FROM_FILE, ret_check, d->in.err);
    struct assay_error inner = {0};
    if (assay_check_validate(long_form, d->yaml, ASSAY_CHECK_FROM_FILE, ret_check, &inner) ==
        ASSAY_OK)
        return ASSAY_OK;
    if (inner.code != ASSAY_INVALID || !strncmp(inner.text, "line ", 5))
        return assay_fail(d->in.err, inner.code, "%s", inner.text);
    return assay_check_fail(&d->in, item, NULL, "%s", inner.text);
}

static int add_check(struct document *d, const json_t *item)
{
    ASSAY_AUTO(assay_json_decref) json_t *expanded = NULL;
    const char *rule = json_object_get(item, "rule") ? NULL : short_rule(item);
    if (!json_is_object(item) || (!rule && !json_object_get(item, "rule")))
        return refuse_item(d, item);
    if (rule)
        ASSAY_TRY(expand(d, item, rule, &expanded));
    ASSAY_AUTO(assay_json_decref) json_t *check = NULL;
    ASSAY_TRY(validate(d, item, expanded ? expanded : item, &check));
    ASSAY_TRY(assay_json_set(check, "index", json_integer((json_int_t)json_array_size(d->checks)),
                             d->in.err));
    const int line = assay_yaml_line(d->yaml, item);
    if (line > 0)
        ASSAY_TRY(assay_json_set(check, "line", json_integer(line), d->in.err));
    return assay_json_push(d->checks, ASSAY_TAKE(check), d->in.err);
}

static int add_checks(struct document *d, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        ASSAY_TRY(add_check(d, item));
    }
    return ASSAY_OK;
}

static const struct root_key {
    const char *name;
} root_keys[] = {{"version"}, {"checks"}, {NULL}};

static int check_root(struct document *d, const json_t *root)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)root, key, value)
    {
        if (strcmp(key, "version") && strcmp(key, "checks"))
            return assay_check_unknown(&d->in, root, "key", key,
                                       assay_nearest_name(key, root_keys, sizeof *root_keys));
    }
    const json_t *version = json_object_get(root, "version");
    if (version && (!json_is_integer(version) || json_integer_value(version) != 1))
        return assay_check_fail(&d->in, root, "version", "version must be 1");
    if (!json_is_array(json_object_get(root, "checks")))
        return assay_check_fail(&d->in, root, "checks", "\"checks\" must be a list of checks");
    return ASSAY_OK;
}

static int add_document(struct document *d)
{
    const json_t *root = assay_yaml_root(d->yaml);
    if (json_is_array(root))
        return add_checks(d, root);
    if (!json_is_object(root))
        return assay_check_fail(&d->in, root, NULL,
                                "a checks file begins with \"version: 1\" and \"checks:\"");
    ASSAY_TRY(check_root(d, root));
    return add_checks(d, json_object_get(root, "checks"));
}

static int parse(const char *text, size_t size_bytes, const char *name,
                 struct assay_check_file *file, bool single, struct assay_error *err)
{
    ASSAY_AUTO(assay_yaml_free) struct assay_yaml *yaml = NULL;
    struct assay_error own = {0};
    ASSAY_TRY(assay_yaml_parse(text, size_bytes, name, &yaml, err));
    if (!file->checks && !(file->checks = json_array()))
        return assay_fail_memory(err);
    if (single)
        assay_yaml_forget_lines(yaml);
    struct document d = {.in = {.yaml = yaml, .err = &own}, .yaml = yaml, .checks = file->checks};
    const int code = single ? add_check(&d, assay_yaml_root(yaml)) : add_document(&d);
    return code == ASSAY_OK ? ASSAY_OK : assay_fail(err, code, "%s: %s", name, own.text);
}

int assay_check_file_parse(const char *text, size_t size_bytes, const char *name,
                           struct assay_check_file *file, struct assay_error *err)
{
    return parse(text, size_bytes, name, file, false, err);
}

int assay_check_file_add(const char *text, struct assay_check_file *file, struct assay_error *err)
{
    return parse(text, strlen(text), "--check", file, true, err);
}

int assay_check_file_read(const char *path, struct assay_check_file *file, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {.max_bytes = FILE_BYTES_MAX};
    ASSAY_TRY(assay_file_read(path, &text, err));
    return parse(assay_buf_str(&text), text.size, path, file, false, err);
}

void assay_check_file_release(struct assay_check_file *file)
{
    json_decref(file->checks);
    file->checks = NULL;
}

bool assay_check_means(const json_t *check, const char *container)
{
    const char *wanted = assay_json_str(check, "container", NULL);
    return !wanted || !strcmp(wanted, container) || fnmatch(wanted, container, 0) == 0;
}
