// Inputs: each text goes to the kind that it is.
// SPDX-License-Identifier: Apache-2.0
#include "cli/input/input.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "common/config/url_redact.h"

void assay_input_release(struct assay_input *item)
{
    assay_free(item->name);
    assay_free(item->location);
    json_decref(item->source);
    json_decref(item->secrets);
    *item = (struct assay_input){0};
}

void assay_inputs_release(struct assay_inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        assay_input_release(&inputs->items[i]);
    assay_free(inputs->items);
    json_decref(inputs->errors);
    *inputs = (struct assay_inputs){0};
}

int assay_inputs_add(struct assay_inputs *inputs, struct assay_input *item, struct assay_error *err)
{
    int rc = item->name && item->location && item->source ? ASSAY_OK : assay_fail_memory(err);
    if (rc == ASSAY_OK && inputs->count == inputs->capacity) {
        const size_t capacity = inputs->capacity ? 2 * inputs->capacity : 16;
        struct assay_input *items = assay_reallocarray(inputs->items, capacity, sizeof *items);
        if (items) {
            inputs->items = items;
            inputs->capacity = capacity;
        } else {
            rc = assay_fail_memory(err);
        }
    }
    if (rc != ASSAY_OK) {
        assay_input_release(item);
        return rc;
    }
    inputs->items[inputs->count++] = *item;
    *item = (struct assay_input){0};
    return ASSAY_OK;
}

int assay_inputs_add_error(struct assay_inputs *inputs, const char *doing, const char *name,
                           const char *location, struct assay_error *why, struct assay_error *err)
{
    if (doing && strncmp(why->text, doing, strlen(doing)) != 0)
        (void)assay_context(why, why->code, "%s %s", doing, location);
    (void)fprintf(stderr, "assay: %s\n", why->text);
    json_t *entry =
        json_pack("{s:o, s:s, s:o}", "container", assay_json_safe_string(name, strlen(name)),
                  "code", assay_code_name(why->code), "message",
                  assay_json_safe_string(why->text, strlen(why->text)));
    return assay_json_push(inputs->errors, entry, err);
}

int assay_inputs_ended(struct assay_inputs *inputs, const char *doing,
                       const struct assay_input *input, int code, struct assay_error *why,
                       bool *interrupted, bool *ret_listed, struct assay_error *err)
{
    if (ret_listed)
        *ret_listed = false;
    if (code == ASSAY_CANCELLED)
        *interrupted = true;
    if (code == ASSAY_OK || code == ASSAY_CANCELLED)
        return ASSAY_OK;
    if (code == ASSAY_USAGE || code == ASSAY_INVALID) {
        if (err)
            *err = *why;
        return code;
    }
    if (ret_listed)
        *ret_listed = true;
    return assay_inputs_add_error(inputs, doing, input->name, input->location, why, err);
}

/* "prod#public.orders": the connection's length, 0 when the text names none. */
static size_t connection_name(const struct assay_config *config, const char *text)
{
    const char *hash = strchr(text, '#');
    const json_t *connections = assay_config_subtree(config, "connections");
    const size_t size_bytes = hash ? (size_t)(hash - text) : strlen(text);
    return connections && json_object_getn(connections, text, size_bytes) ? size_bytes : 0;
}

static int add_connection(struct assay_session *session, const struct assay_config *config,
                          const char *text, size_t name_bytes, struct assay_inputs *inputs,
                          struct assay_error *err)
{
    const json_t *connection =
        json_object_getn(assay_config_subtree(config, "connections"), text, name_bytes);
    const char *container = text[name_bytes] == '#' ? text + name_bytes + 1 : NULL;
    if (json_is_string(connection))
        return assay_input_add_address(session, inputs, json_string_value(connection), container,
                                       text, err);
    return assay_input_add_properties(session, inputs, connection, container, text, err);
}

/* A text with '#' that is no file: most likely the name of a connection, mistyped. */
static int unknown_connection(const struct assay_config *config, const char *text,
                              struct assay_error *err)
{
    const char *hash = strchr(text, '#');
    char *name = assay_strndup(text, (size_t)(hash - text));
    if (!name)
        return assay_fail_memory(err);
    struct assay_nearest nearest = {.wanted = name};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)assay_config_subtree(config, "connections"), key, value)
        assay_nearest_offer(&nearest, key);
    const int rc = assay_fail(
        err, ASSAY_USAGE,
        "reading %s: there is no file of that name and no connection %s in the "
        "configuration: %s%s",
        text, name, nearest.best ? "did you mean " : "add it to assay.yaml below connections:",
        nearest.best ? nearest.best : "");
    assay_free(name);
    return rc;
}

static int add_text(struct assay_session *session, const struct assay_config *config,
                    const char *text, struct assay_inputs *inputs, struct assay_error *err)
{
    if (strcmp(text, "-") == 0)
        return assay_input_add_stdin(session, inputs, err);
    if (strncmp(text, "file://", strlen("file://")) == 0)
        return assay_input_add_path(session, inputs, text + strlen("file://"), err);
    if (assay_input_is_address(text)) {
        if (assay_url_has_password(text))
            assay_session_warn(session, "a password on the command line is seen by everyone on "
                                        "this machine: use PGPASSWORD, "
                                        ".pgpass or ${VAR} in assay.yaml");
        return assay_input_add_address(session, inputs, text, NULL, text, err);
    }
    const bool exists = access(text, F_OK) == 0;
    const size_t name_bytes = exists ? 0 : connection_name(config, text);
    if (name_bytes)
        return add_connection(session, config, text, name_bytes, inputs, err);
    if (!exists && strchr(text, '#'))
        return unknown_connection(config, text, err);
    return assay_input_add_path(session, inputs, text, err);
}

static const json_t *files_of(const struct assay_input *item)
{
    return json_object_get(json_object_get(item->source, "container"), "files");
}

/* The same file twice would count everything twice: the second one is left out. */
static bool same_files(const struct assay_input *left, const struct assay_input *right)
{
    const json_t *files = files_of(left), *others = files_of(right);
    if (!files || !others || json_array_size(files) != json_array_size(others))
        return false;
    for (size_t i = 0; i < json_array_size(files); i++)
        if (strcmp(assay_json_str(json_array_get(files, i), "path", ""),
                   assay_json_str(json_array_get(others, i), "path", "?")) != 0)
            return false;
    return true;
}

static void drop_repeats(struct assay_session *session, struct assay_inputs *inputs)
{
    for (size_t i = 1; i < inputs->count; i++)
        for (size_t before = 0; before < i; before++)
            if (same_files(&inputs->items[before], &inputs->items[i])) {
                assay_session_warn(session, "%s is given twice: it is read once",
                                   inputs->items[i].location);
                assay_input_release(&inputs->items[i]);
                memmove(&inputs->items[i], &inputs->items[i + 1],
                        (inputs->count - i - 1) * sizeof *inputs->items);
                inputs->count--;
                i--;
                break;
            }
}

static bool is_repeated(const struct assay_inputs *inputs, size_t at)
{
    if (!files_of(&inputs->items[at]))
        return false;
    for (size_t i = 0; i < inputs->count; i++)
        if (i != at && strcmp(inputs->items[i].name, inputs->items[at].name) == 0)
            return true;
    return false;
}

static int rename_input(struct assay_input *item, const char *name, struct assay_error *err)
{
    char *copy = assay_strdup(name);
    if (!copy)
        return assay_fail_memory(err);
    assay_free(item->name);
    item->name = copy;
    return assay_json_set(json_object_get(item->source, "container"), "name",
                          assay_json_safe_string(copy, strlen(copy)), err);
}

/* Files of one name in different folders: their places tell them apart. */
static int name_apart(struct assay_inputs *inputs, struct assay_error *err)
{
    bool *repeated = assay_calloc(inputs->count + 1, sizeof *repeated);
    if (!repeated)
        return assay_fail_memory(err);
    for (size_t i = 0; i < inputs->count; i++)
        repeated[i] = is_repeated(inputs, i);
    int rc = ASSAY_OK;
    for (size_t i = 0; i < inputs->count && rc == ASSAY_OK; i++)
        if (repeated[i])
            rc = rename_input(&inputs->items[i], inputs->items[i].location, err);
    assay_free(repeated);
    return rc;
}

/* One container of all files: their entries move to the first one. */
static int join_all(struct assay_inputs *inputs, const char *const *texts, size_t texts_count,
                    struct assay_error *err)
{
    json_t *all = (json_t *)files_of(&inputs->items[0]);
    for (size_t i = 0; i < inputs->count; i++) {
        json_t *files = (json_t *)files_of(&inputs->items[i]);
        if (!files || inputs->items[i].from_stdin)
            return assay_fail(
                err, ASSAY_USAGE,
                "joining the inputs: %s is not a file: --union takes files, globs and folders",
                inputs->items[i].location);
        if (i && json_array_extend(all, files))
            return assay_fail_memory(err);
    }
    while (inputs->count > 1)
        assay_input_release(&inputs->items[--inputs->count]);
    struct assay_input *only = &inputs->items[0];
    const char *name = texts_count == 1 ? texts[0] : "union";
    ASSAY_TRY(rename_input(only, name, err));
    char *location = assay_strdup(name);
    if (!location)
        return assay_fail_memory(err);
    assay_free(only->location);
    only->location = location;
    return assay_json_set(json_object_get(only->source, "container"), "location",
                          assay_json_safe_string(name, strlen(name)), err);
}

int assay_inputs_resolve(struct assay_session *session, const struct assay_config *config,
                         const char *const *texts, size_t texts_count, bool join,
                         struct assay_inputs *inputs, struct assay_error *err)
{
    inputs->errors = json_array();
    if (!inputs->errors)
        return assay_fail_memory(err);
    for (size_t i = 0; i < texts_count; i++) {
        struct assay_error why = {0};
        const int rc = add_text(session, config, texts[i], inputs, &why);
        if (rc == ASSAY_USAGE || rc == ASSAY_CANCELLED || rc == ASSAY_NO_MEMORY) {
            if (err)
                *err = why;
            return rc;
        }
        if (rc != ASSAY_OK)
            ASSAY_TRY(assay_inputs_add_error(inputs, NULL, texts[i], texts[i], &why, err));
    }
    drop_repeats(session, inputs);
    if (join && inputs->count)
        return join_all(inputs, texts, texts_count, err);
    return name_apart(inputs, err);
}
