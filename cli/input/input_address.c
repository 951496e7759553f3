// Inputs that are addresses: databases, and connections of assay.yaml.
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/input/input.h"
#include "common/base/memory.h"
#include "common/config/url_redact.h"
#include "common/connectors/connector_def.h"

/* Which connector takes which beginnings of an address. */
static const struct scheme {
    const char *beginning, *connector;
} schemes[] = {
    {"postgresql://", "postgresql"},
    {"postgres://", "postgresql"},
    {"sqlite:", "sqlite"},
};

bool assay_input_is_address(const char *text)
{
    const char *end = strstr(text, "://");
    if (strncmp(text, "sqlite:", strlen("sqlite:")) == 0)
        return true;
    if (!end || end == text)
        return false;
    for (const char *at = text; at < end; at++)
        if (!isalnum((unsigned char)*at) && !strchr("+-.", *at))
            return false;
    return true;
}

static const struct scheme *scheme_of(const char *address)
{
    for (size_t i = 0; i < ASSAY_COUNT(schemes); i++)
        if (strncmp(address, schemes[i].beginning, strlen(schemes[i].beginning)) == 0)
            return &schemes[i];
    return NULL;
}

/* Put a property where it belongs: secret ones into secrets, "parameters.x" into the object
 * `parameters`. */
static int put_property(const struct assay_connector_def *def, const char *key, const char *text,
                        json_t *properties, json_t *secrets, struct assay_error *err)
{
    const struct assay_property *property = assay_connector_property(def, key);
    json_t *target = property ? (property->secret ? secrets : properties)
                              : (assay_name_is_secret(key, strlen(key)) ? secrets : properties);
    const char *point = strchr(key, '.');
    if (point) {
        char *group = assay_strndup(key, (size_t)(point - key));
        if (!group)
            return assay_fail_memory(err);
        json_t *inner = json_object_get(target, group);
        int rc = ASSAY_OK;
        if (!inner)
            rc = assay_json_set(target, group, inner = json_object(), err);
        assay_free(group);
        ASSAY_TRY(rc);
        target = inner;
        key = point + 1;
    }
    return assay_json_set(target, key, json_string(text), err);
}

/* One part of a name: "quoted" with "" for a quote, else up to the first '.'. Returns what is
 * behind it. */
static const char *name_part(const char *text, bool last, struct assay_buf *part)
{
    if (*text != '"') {
        const size_t size_bytes = last ? strlen(text) : strcspn(text, ".");
        assay_buf_append(part, text, size_bytes);
        return text + size_bytes;
    }
    for (text++; *text; text++) {
        if (*text == '"' && text[1] != '"')
            return text + 1;
        text += *text == '"';
        assay_buf_char(part, *text);
    }
    return text;
}

/* Does a '.' stand outside of quotes? */
static bool has_schema(const char *container)
{
    bool quoted = false;
    for (; *container; container++) {
        if (*container == '"')
            quoted = !quoted;
        else if (*container == '.' && !quoted)
            return true;
    }
    return false;
}

static int split_container(const char *container, json_t *properties, char **ret_table,
                           struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf schema = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf table = {0};
    if (has_schema(container)) {
        container = name_part(container, false, &schema);
        container += *container == '.';
        ASSAY_TRY(assay_json_set(properties, "schema", json_string(assay_buf_str(&schema)), err));
    }
    (void)name_part(container, true, &table);
    if (!table.size)
        return assay_fail(err, ASSAY_USAGE,
                          "reading the name of a table: it is empty: write ADDRESS#schema.table");
    *ret_table = assay_buf_take(&table);
    return *ret_table ? ASSAY_OK : assay_fail_memory(err);
}

static int add_table(struct assay_inputs *inputs, const json_t *source, const json_t *secrets,
                     const char *table, const char *location, struct assay_error *err)
{
    struct assay_input item = {.name = assay_strdup(table),
                               .location = assay_strdup(location),
                               .source = json_deep_copy(source),
                               .secrets = json_incref((json_t *)secrets)};
    json_t *container = json_pack(
        "{s:o, s:s, s:o}", "name", assay_json_safe_string(table, strlen(table)), "container_type",
        "table", "location", assay_json_safe_string(location, strlen(location)));
    if (!item.source || json_object_set_new(item.source, "container", container)) {
        assay_input_release(&item);
        return assay_fail_memory(err);
    }
    return assay_inputs_add(inputs, &item, err);
}

/* properties and own (secrets) are complete: add the named table, or all that is there. */
static int add_source(struct assay_session *session, struct assay_inputs *inputs,
                      const char *connector, json_t *properties, json_t *own, const char *container,
                      const char *shown, struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *table = NULL;
    if (container)
        ASSAY_TRY(split_container(container, properties, &table, err));
    ASSAY_AUTO(assay_json_decref)
    json_t *source = json_pack("{s:s, s:O}", "connector", connector, "properties", properties);
    ASSAY_AUTO(assay_json_decref) json_t *secrets = json_pack("{s:O}", "0", own);
    if (!source || !secrets)
        return assay_fail_memory(err);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf location = {0};
    assay_url_redact(shown, &location);
    ASSAY_TRY(assay_buf_check(&location, err));
    if (table)
        return add_table(inputs, source, secrets, table, assay_buf_str(&location), err);
    const size_t before = inputs->count;
    ASSAY_TRY(
        assay_input_add_listed(session, inputs, source, secrets, assay_buf_str(&location), err));
    if (inputs->count == before)
        return assay_fail(err, ASSAY_USAGE,
                          "listing %s: it has no tables or views: name another schema",
                          assay_buf_str(&location));
    return ASSAY_OK;
}

/* sqlite:FILE → an absolute one, since the executor runs elsewhere. */
static int absolute_sqlite(const char *address, struct assay_buf *uri, struct assay_error *err)
{
    char absolute[PATH_MAX];
    const char *path = address + strlen("sqlite:");
    if (!realpath(path, absolute))
        return assay_fail(err, ASSAY_NOT_FOUND, "reading %s: there is no such file: check its name",
                          path);
    assay_buf_printf(uri, "sqlite:%s", absolute);
    return assay_buf_check(uri, err);
}

static int unsupported(const char *address, struct assay_error *err)
{
    const size_t size_bytes = strcspn(address, ":");
    return assay_fail(err, ASSAY_USAGE,
                      "reading an input: no connector takes addresses that begin with %.*s: see "
                      "`assay connectors`",
                      (int)(size_bytes > 40 ? 40 : size_bytes), address);
}

static int fill_address(const struct scheme *scheme, const char *address, json_t *properties,
                        json_t *own, struct assay_error *err)
{
    if (strcmp(scheme->connector, "sqlite") == 0) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf uri = {0};
        ASSAY_TRY(absolute_sqlite(address, &uri, err));
        return assay_json_set(properties, "uri", json_string(assay_buf_str(&uri)), err);
    }
    json_t *uri = json_string(address);
    if (!uri)
        return assay_fail(err, ASSAY_USAGE,
                          "reading an address: it is not UTF-8: write other bytes as %%XX");
    ASSAY_TRY(assay_json_set(own, "uri", uri, err));
    return assay_postgres_complete(address, properties, own, err);
}

int assay_input_add_address(struct assay_session *session, struct assay_inputs *inputs,
                            const char *address, const char *container, const char *shown,
                            struct assay_error *err)
{
    const struct scheme *scheme = scheme_of(address);
    if (!scheme || !assay_connector_def_find(scheme->connector))
        return unsupported(address, err);
    const char *hash = container ? NULL : strchr(address, '#');
    ASSAY_AUTO(assay_free_text)
    char *plain = hash ? assay_strndup(address, (size_t)(hash - address)) : assay_strdup(address);
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_AUTO(assay_json_decref) json_t *own = json_object();
    if (!plain || !properties || !own)
        return assay_fail_memory(err);
    ASSAY_TRY(fill_address(scheme, plain, properties, own, err));
    return add_source(session, inputs, scheme->connector, properties, own,
                      container ? container
                      : hash    ? hash + 1
                                : NULL,
                      shown, err);
}

/* A `file` connection: the container is a path below its folder. */
static int add_file_connection(struct assay_session *session, struct assay_inputs *inputs,
                               const json_t *properties, const char *container,
                               struct assay_error *err)
{
    const char *uri = assay_json_str(properties, "uri", "file:///");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    assay_buf_text(&path, strncmp(uri, "file://", 7) == 0 ? uri + 7 : uri);
    assay_buf_printf(&path, "%s", assay_json_str(properties, "root_path", ""));
    if (container)
        assay_buf_printf(&path, "/%s", container);
    ASSAY_TRY(assay_buf_check(&path, err));
    return assay_input_add_path(session, inputs, assay_buf_str(&path), err);
}

static int fill_properties(const struct assay_connector_def *def, const json_t *given,
                           json_t *properties, json_t *own, struct assay_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)given, key, value) if (strcmp(key, "type") != 0)
        ASSAY_TRY(put_property(def, key, json_string_value(value), properties, own, err));
    return strcmp(def->name, "postgresql") == 0 ? assay_postgres_complete("", properties, own, err)
                                                : ASSAY_OK;
}

int assay_input_add_properties(struct assay_session *session, struct assay_inputs *inputs,
                               const json_t *properties, const char *container, const char *shown,
                               struct assay_error *err)
{
    const char *type = assay_json_str(properties, "type", NULL);
    const struct assay_connector_def *def = type ? assay_connector_def_find(type) : NULL;
    if (!def)
        return assay_fail(err, ASSAY_USAGE,
                          "reading the connection %.60s: its type %s%s: see `assay connectors`",
                          shown, type ? "is unknown: " : "is missing", type ? type : "");
    if (strcmp(def->name, "file") == 0)
        return add_file_connection(session, inputs, properties, container, err);
    ASSAY_AUTO(assay_json_decref) json_t *filled = json_object();
    ASSAY_AUTO(assay_json_decref) json_t *own = json_object();
    if (!filled || !own)
        return assay_fail_memory(err);
    ASSAY_TRY(fill_properties(def, properties, filled, own, err));
    return add_source(session, inputs, def->name, filled, own, container, shown, err);
}
