// OpenAPI 3 from the table of routes.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/api/route.h"

/* object with one more member; NULL, and both given back, when memory is short. */
static json_t *with(json_t *object, const char *key, json_t *value)
{
    if (!json_object_set_new(object, key, value))
        return object;
    json_decref(object);
    return NULL;
}

static json_t *typed(const char *type, const char *format)
{
    return json_pack("{s:s, s:s*}", "type", type, "format", format);
}

static json_t *parameter(const char *in, const char *name, bool required, const char *doc,
                         json_t *schema)
{
    return json_pack("{s:s, s:s, s:b, s:s, s:o}", "in", in, "name", name, "required", required,
                     "description", doc ? doc : "", "schema", schema);
}

static json_t *filter_schema(const struct assay_filter *filter)
{
    if (filter->kind == ASSAY_FILTER_ID || filter->kind == ASSAY_FILTER_TEXT)
        return json_pack("{s:s, s:o}", "type", "array", "items",
                         typed(filter->kind == ASSAY_FILTER_ID ? "integer" : "string", NULL));
    return typed(filter->kind == ASSAY_FILTER_BOOL ? "boolean" : "string", NULL);
}

static int add_listing_parameters(const struct assay_listing *listing, json_t *list,
                                  struct assay_error *err)
{
    for (const struct assay_filter *filter = listing->filters; filter && filter->param; filter++)
        if (filter->doc)
            ASSAY_TRY(assay_json_push(
                list, parameter("query", filter->param, false, filter->doc, filter_schema(filter)),
                err));
    for (const struct assay_sort *sort = listing->sorts; sort && sort->param; sort++)
        ASSAY_TRY(assay_json_push(
            list, parameter("query", sort->param, false, "asc or desc", typed("string", NULL)),
            err));
    ASSAY_TRY(assay_json_push(
        list, parameter("query", "page", false, "from 1", typed("integer", NULL)), err));
    return assay_json_push(
        list, parameter("query", "size", false, "of a page, at most 1000", typed("integer", NULL)),
        err);
}

static int add_path_parameters(const char *path, json_t *list, struct assay_error *err)
{
    for (const char *place = strchr(path, '{'); place; place = strchr(place, '{')) {
        const size_t size = strcspn(++place, "}");
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)size, place);
        const bool number =
            strcmp(name, "id") == 0 || (size > 3 && strcmp(name + size - 3, "_id") == 0);
        ASSAY_TRY(assay_json_push(
            list, parameter("path", name, true, "", typed(number ? "integer" : "string", NULL)),
            err));
    }
    return ASSAY_OK;
}

static int add_parameters(const struct assay_route *route, json_t *operation,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    ASSAY_TRY(add_path_parameters(route->path, list, err));
    if (route->listing)
        ASSAY_TRY(add_listing_parameters(route->listing, list, err));
    for (const struct assay_query_param *param = route->params; param && param->name; param++)
        ASSAY_TRY(assay_json_push(
            list, parameter("query", param->name, false, param->doc, typed(param->type, NULL)),
            err));
    return json_array_size(list) ? assay_json_set(operation, "parameters", ASSAY_TAKE(list), err)
                                 : ASSAY_OK;
}

static json_t *choices_schema(const char *choices)
{
    json_t *values = json_array();
    bool whole = values != NULL;
    for (const char *choice = choices; whole && *choice; choice += *choice == '|') {
        const size_t size = strcspn(choice, "|");
        whole = !json_array_append_new(values, json_stringn(choice, size));
        choice += size;
    }
    if (whole)
        return json_pack("{s:s, s:o}", "type", "string", "enum", values);
    json_decref(values);
    return NULL;
}

static json_t *writable_schema(const struct assay_writable *writable)
{
    static const char *const types[] = {[ASSAY_WRITE_TEXT] = "string",
                                        [ASSAY_WRITE_INT] = "integer",
                                        [ASSAY_WRITE_REAL] = "number",
                                        [ASSAY_WRITE_BOOL] = "boolean",
                                        [ASSAY_WRITE_OBJECT] = "object"};
    json_t *schema;
    if (writable->kind == ASSAY_WRITE_CHOICE)
        schema = choices_schema(writable->choices);
    else if (writable->kind == ASSAY_WRITE_LIST)
        schema = json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
    else
        schema = typed(types[writable->kind], NULL);
    if (writable->doc)
        schema = with(schema, "description", json_string(writable->doc));
    return writable->nullable ? with(schema, "nullable", json_true()) : schema;
}

static int body_schema(const struct assay_route *route, json_t **ret_schema,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_AUTO(assay_json_decref) json_t *required = json_array();
    for (const struct assay_writable *writable = route->writables; writable && writable->key;
         writable++) {
        if (writable->later)
            continue;
        ASSAY_TRY(assay_json_set(properties, writable->key, writable_schema(writable), err));
        if (writable->required && strcmp(route->method, "POST") == 0)
            ASSAY_TRY(assay_json_push(required, json_string(writable->key), err));
    }
    ASSAY_AUTO(assay_json_decref)
    json_t *object = json_pack("{s:s, s:O}", "type", "object", "properties", properties);
    if (json_array_size(required) > 0)
        ASSAY_TRY(assay_json_set(object, "required", ASSAY_TAKE(required), err));
    *ret_schema = route->body == ASSAY_BODY_LIST
                      ? json_pack("{s:s, s:O}", "type", "array", "items", object)
                      : json_incref(object);
    return *ret_schema ? ASSAY_OK : assay_fail_memory(err);
}

static int add_body(const struct assay_route *route, json_t *operation, struct assay_error *err)
{
    json_t *schema = NULL;
    if (route->body == ASSAY_BODY_NONE)
        return ASSAY_OK;
    ASSAY_TRY(body_schema(route, &schema, err));
    const char *type =
        route->body == ASSAY_BODY_FORM ? "application/x-www-form-urlencoded" : "application/json";
    return assay_json_set(operation, "requestBody",
                          json_pack("{s:b, s:{s:{s:o}}}", "required",
                                    route->body != ASSAY_BODY_OPTIONAL, "content", type, "schema",
                                    schema),
                          err);
}

static json_t *column_schema(const struct assay_column *column)
{
    static const char *const types[] = {
        [ASSAY_COLUMN_INT] = "integer", [ASSAY_COLUMN_REAL] = "number",
        [ASSAY_COLUMN_TEXT] = "string", [ASSAY_COLUMN_BOOL] = "boolean",
        [ASSAY_COLUMN_TIME] = "string", [ASSAY_COLUMN_JSON] = "object"};
    const char *format = column->kind == ASSAY_COLUMN_TIME ? "date-time" : NULL;
    return with(typed(types[column->kind], format), "nullable", json_true());
}

/* A page of a listing's rows. */
static int page_schema(const struct assay_listing *listing, json_t **ret_schema,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    for (const struct assay_column *column = listing->columns; column->key; column++)
        ASSAY_TRY(assay_json_set(properties, column->key, column_schema(column), err));
    *ret_schema =
        json_pack("{s:s, s:{s:{s:s, s:{s:s, s:O}}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}}", "type",
                  "object", "properties", "items", "type", "array", "items", "type", "object",
                  "properties", properties, "total", "type", "integer", "page", "type", "integer",
                  "size", "type", "integer", "pages", "type", "integer");
    return *ret_schema ? ASSAY_OK : assay_fail_memory(err);
}

static int add_responses(const struct assay_route *route, json_t *operation,
                         struct assay_error *err)
{
    char status[8];
    (void)snprintf(status, sizeof status, "%d", route->status);
    ASSAY_AUTO(assay_json_decref)
    json_t *success =
        json_pack("{s:s}", "description", route->status == 204 ? "done" : "the answer");
    if (route->listing) {
        json_t *schema = NULL;
        ASSAY_TRY(page_schema(route->listing, &schema, err));
        ASSAY_TRY(assay_json_set(
            success, "content", json_pack("{s:{s:o}}", "application/json", "schema", schema), err));
    }
    ASSAY_AUTO(assay_json_decref)
    json_t *responses = json_pack("{s:O, s:{s:s}}", status, success, "default", "description",
                                  "an error: {\"detail\": …}");
    return assay_json_set(operation, "responses", ASSAY_TAKE(responses), err);
}

/* The first word of the path is the tag: "/connections/{id}" → connections. */
static json_t *tags_of(const struct assay_route *route)
{
    return json_pack("[s%]", route->path + 1, strcspn(route->path + 1, "/"));
}

static int add_route(const struct assay_route *route, json_t *paths, struct assay_error *err)
{
    char path[128], method[16], id[160];
    (void)snprintf(path, sizeof path, "/api%s", route->path);
    (void)snprintf(id, sizeof id, "%s %s", route->method, route->path);
    size_t i = 0;
    for (; route->method[i] && i + 1 < sizeof method; i++)
        method[i] = (char)(route->method[i] | 0x20);
    method[i] = '\0';
    ASSAY_AUTO(assay_json_decref)
    json_t *operation = json_pack("{s:s, s:s, s:o}", "summary", route->doc, "operationId", id,
                                  "tags", tags_of(route));
    ASSAY_TRY(add_parameters(route, operation, err));
    ASSAY_TRY(add_body(route, operation, err));
    ASSAY_TRY(add_responses(route, operation, err));
    if (route->kind == ASSAY_ROUTE_OPEN)
        ASSAY_TRY(assay_json_set(operation, "security", json_array(), err));
    if (!json_object_get(paths, path))
        ASSAY_TRY(assay_json_set(paths, path, json_object(), err));
    return assay_json_set(json_object_get(paths, path), method, ASSAY_TAKE(operation), err);
}

int assay_openapi(const struct assay_route *routes, json_t **ret_document, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *paths = json_object();
    for (const struct assay_route *route = routes; route->method; route++)
        if (route->kind != ASSAY_ROUTE_LATER)
            ASSAY_TRY(add_route(route, paths, err));
    json_t *document =
        json_pack("{s:s, s:{s:s, s:s}, s:[{s:[]}], s:O, s:{s:{s:{s:s, s:s, s:s}}}}", "openapi",
                  "3.0.3", "info", "title", "Assay", "version", ASSAY_VERSION, "security", "bearer",
                  "paths", paths, "components", "securitySchemes", "bearer", "type", "http",
                  "scheme", "bearer", "bearerFormat", "JWT");
    if (!document)
        return assay_fail_memory(err);
    *ret_document = document;
    return ASSAY_OK;
}
