// Values from assay.yaml: nested or dotted keys, ${VAR} in texts.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/nearest.h"
#include "common/config/config_internal.h"
#include "common/yaml/yaml.h"

enum { MAX_FILE_BYTES = 4 << 20 };

/* One file being read. */
struct file {
    struct assay_config *config;
    const struct assay_yaml *yaml;
    const char *path;
};

static int fail_at(const struct file *file, int line, struct assay_error *err, const char *what)
{
    return assay_fail(err, ASSAY_USAGE, "reading %s: line %d: %s", file->path, line, what);
}

/* "${NAME}" becomes the variable's text, "$${" stays "${". */
static int expand(const struct file *file, int line, const char *text, struct assay_buf *expanded,
                  struct assay_error *err)
{
    while (*text) {
        if (strncmp(text, "$${", 3) == 0) {
            assay_buf_text(expanded, "${");
            text += 3;
            continue;
        }
        const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;
        if (!end) {
            assay_buf_char(expanded, *text++);
            continue;
        }
        const char *name =
            assay_arena_strndup(&file->config->arena, text + 2, (size_t)(end - text - 2));
        if (!name)
            return assay_fail_memory(err);
        const char *value = getenv(name);
        if (!value)
            return assay_fail(
                err, ASSAY_USAGE,
                "reading %s: line %d: the variable %s is not set: export it, or write $${%s} "
                "for the text itself",
                file->path, line, name, name);
        assay_buf_text(expanded, value);
        text = end + 1;
    }
    return assay_buf_check(expanded, err);
}

static int put_text(const struct file *file, int line, const char *key, const char *text,
                    struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf expanded = {0};
    ASSAY_TRY(expand(file, line, text, &expanded, err));
    const char *origin = assay_arena_printf(&file->config->arena, "file %s:%d", file->path, line);
    if (!origin)
        return assay_fail_memory(err);
    return assay_config_put(file->config, key, assay_buf_str(&expanded), origin, err);
}

static int unknown_key(const struct file *file, int line, const char *key, struct assay_error *err)
{
    struct assay_nearest nearest = {.wanted = key};
    for (const struct assay_option *option = assay_options; option->key; option++)
        assay_nearest_offer(&nearest, option->key);
    return assay_fail(err, ASSAY_USAGE, "reading %s: line %d: %s is no option: %s%s", file->path,
                      line, key, nearest.best ? "did you mean " : "see `assay config`",
                      nearest.best ? nearest.best : "");
}

/* A sequence as the text that --set would take. Commas in items would change their number. */
static int put_sequence(const struct file *file, int line, const char *key, const json_t *items,
                        struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf joined = {0};
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *item = assay_yaml_item_text(file->yaml, items, i);
        if (!item || strchr(item, ','))
            return fail_at(file, line, err, "an item of a list must be a text without commas");
        assay_buf_printf(&joined, "%s%s", i ? "," : "", item);
    }
    ASSAY_TRY(assay_buf_check(&joined, err));
    return put_text(file, line, key, assay_buf_str(&joined), err);
}

static int put_mapping(const struct file *file, const json_t *mapping, const char *prefix,
                       struct assay_error *err);

static bool is_group(const char *key)
{
    const size_t size_bytes = strlen(key);
    for (const struct assay_option *option = assay_options; option->key; option++)
        if (strncmp(option->key, key, size_bytes) == 0 && option->key[size_bytes] == '.')
            return true;
    return false;
}

static int put_member(const struct file *file, const json_t *mapping, const char *name,
                      const char *key, struct assay_error *err)
{
    const json_t *value = json_object_get(mapping, name);
    const int line = assay_yaml_key_line(file->yaml, mapping, name);
    const bool free = assay_config_free_prefix(key) != NULL;
    const bool group = free || is_group(key) || assay_config_is_free_root(key);
    if (json_is_null(value))
        return ASSAY_OK;
    if (json_is_object(value) && group)
        return put_mapping(file, value, key, err);
    if (!free && assay_config_index(key) < 0 && assay_config_file_index(key) < 0)
        return unknown_key(file, line, key, err);
    if (json_is_object(value))
        return fail_at(file, line, err, "a value must be a text or a number, not a mapping");
    if (json_is_array(value))
        return put_sequence(file, line, key, value, err);
    const char *text = assay_yaml_member_text(file->yaml, mapping, name);
    return text ? put_text(file, line, key, text, err)
                : fail_at(file, line, err, "a value must be a text or a number");
}

static int put_mapping(const struct file *file, const json_t *mapping, const char *prefix,
                       struct assay_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)mapping, name, value)
    {
        const char *key =
            *prefix ? assay_arena_printf(&file->config->arena, "%s.%s", prefix, name) : name;
        if (!key)
            return assay_fail_memory(err);
        ASSAY_TRY(put_member(file, mapping, name, key, err));
    }
    return ASSAY_OK;
}

int assay_config_put_file(struct assay_config *config, const char *path, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {.max_bytes = MAX_FILE_BYTES};
    int rc = assay_file_read(path, &text, err);
    if (rc != ASSAY_OK)
        return assay_context(err, rc, "reading the configuration");
    ASSAY_AUTO(assay_yaml_free) struct assay_yaml *yaml = NULL;
    rc = assay_yaml_parse(assay_buf_str(&text), text.size, path, &yaml, err);
    if (rc != ASSAY_OK)
        return assay_context(err, rc, "reading the configuration");
    const struct file file = {.config = config, .yaml = yaml, .path = path};
    const json_t *root = assay_yaml_root(yaml);
    if (!root || json_is_null(root))
        return ASSAY_OK;
    if (!json_is_object(root))
        return fail_at(&file, 1, err, "the document must be a mapping of options");
    return put_mapping(&file, root, "", err);
}
