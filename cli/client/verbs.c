// The table of verbs.
// SPDX-License-Identifier: Apache-2.0
#include "cli/client/verbs.h"

#include <string.h>

#include "common/base/nearest.h"

static const struct assay_client_column connection_columns[] = {
    {"id", "id", true},      {"name", "name", false}, {"type", "type", false},
    {"host", "host", false}, {"uri", "uri", false},   {NULL, NULL, false}};
static const struct assay_client_column datastore_columns[] = {
    {"id", "id", true},
    {"name", "name", false},
    {"type", "type", false},
    {"connection", "connection.name", false},
    {"database", "database", false},
    {"schema", "schema", false},
    {"root_path", "root_path", false},
    {NULL, NULL, false}};
static const struct assay_client_column container_columns[] = {
    {"id", "id", true},
    {"name", "name", false},
    {"type", "container_type", false},
    {"datastore", "datastore.name", false},
    {"tags", "global_tags", false},
    {NULL, NULL, false}};
static const struct assay_client_column field_columns[] = {
    {"id", "id", true},
    {"name", "name", false},
    {"type", "type", false},
    {"complete", "completeness", true},
    {"distinct", "approximate_distinct_values", true},
    {"min", "min", false},
    {"max", "max", false},
    {NULL, NULL, false}};
static const struct assay_client_column check_columns[] = {
    {"id", "id", true},          {"rule", "rule_type", false},
    {"fields", "fields", false}, {"container", "container.name", false},
    {"status", "status", false}, {"description", "description", false},
    {NULL, NULL, false}};
static const struct assay_client_column operation_columns[] = {
    {"id", "id", true},
    {"type", "type", false},
    {"datastore", "datastore.name", false},
    {"result", "result", false},
    {"start", "start_time", false},

    {"message", "message", false},
    {NULL, NULL, false}};
static const struct assay_client_column anomaly_columns[] = {
    {"id", "id", true},
    {"type", "type", false},
    {"status", "status", false},
    {"container", "container.name", false},
    {"records", "anomalous_records_count", true},
    {"description", "description", false},
    {NULL, NULL, false}};
static const struct assay_client_column token_columns[] = {{"id", "id", false},
                                                           {"name", "name", false},
                                                           {"created", "created", false},
                                                           {"expires", "expires", false},
                                                           {NULL, NULL, false}};

#define LIST(noun, route, cols, text)                                                              \
    {                                                                                              \
        .resource = noun, .verb = "list", .method = "GET", .path = route, .columns = cols,         \
        .doc = text                                                                                \
    }
#define SHOW(noun, route)                                                                          \
    {                                                                                              \
        .resource = noun, .verb = "show", .method = "GET", .path = route "/{id}",                  \
        .doc = "one " noun                                                                         \
    }
#define CREATE(noun, route)                                                                        \
    {                                                                                              \
        .resource = noun, .verb = "create", .method = "POST", .path = route,                       \
        .body = ASSAY_CLIENT_BODY, .doc = "make one from KEY=VALUE or --file"                      \
    }
#define UPDATE(noun, route)                                                                        \
    {                                                                                              \
        .resource = noun, .verb = "update", .method = "PUT", .path = route "/{id}",                \
        .body = ASSAY_CLIENT_OVERLAY, .doc = "change what KEY=VALUE says"                          \
    }
#define DELETE(noun, route)                                                                        \
    {                                                                                              \
        .resource = noun, .verb = "delete", .method = "DELETE", .path = route "/{id}",             \
        .doc = "delete one"                                                                        \
    }

const struct assay_client_verb assay_client_verbs[] = {
    LIST("anomaly", "/anomalies", anomaly_columns,
         "anomalies; KEY=VALUE filters, such as status=Active"),
    SHOW("anomaly", "/anomalies"),
    UPDATE("anomaly", "/anomalies"),
    DELETE("anomaly", "/anomalies"),
    LIST("check", "/quality-checks", check_columns, "checks of --datastore or --container"),
    SHOW("check", "/quality-checks"),
    CREATE("check", "/quality-checks"),
    UPDATE("check", "/quality-checks"),
    DELETE("check", "/quality-checks"),
    {.resource = "check",
     .verb = "export",
     .doc = "write the checks of --datastore into a checks file, references by name",
     .run = assay_client_check_export},
    {.resource = "check",
     .verb = "import",
     .doc = "make every check of a checks file in --datastore",
     .run = assay_client_check_import},
    LIST("connection", "/connections", connection_columns, "all connections"),
    SHOW("connection", "/connections"),
    CREATE("connection", "/connections"),
    UPDATE("connection", "/connections"),
    DELETE("connection", "/connections"),
    {.resource = "connection",
     .verb = "test",
     .method = "POST",
     .path = "/connections/{id}/test",
     .doc = "does the source answer?"},
    LIST("container", "/containers", container_columns, "containers of --datastore"),
    SHOW("container", "/containers"),
    UPDATE("container", "/containers"),
    DELETE("container", "/containers"),
    LIST("datastore", "/datastores", datastore_columns, "all datastores"),
    SHOW("datastore", "/datastores"),
    CREATE("datastore", "/datastores"),
    UPDATE("datastore", "/datastores"),
    DELETE("datastore", "/datastores"),
    {.resource = "datastore",
     .verb = "test",
     .method = "POST",
     .path = "/datastores/{id}/connection",
     .doc = "does the source answer?"},
    LIST("field", "/containers/{container}/field-profiles", field_columns,
         "fields of --container with their last profile"),
    SHOW("field", "/fields"),
    LIST("operation", "/operations?sort_created=desc", operation_columns,
         "operations, the newest first"),
    SHOW("operation", "/operations"),
    {.resource = "operation",
     .verb = "run",
     .doc = "run sync, profile or scan on --datastore; --watch waits",
     .run = assay_client_operation_run},
    {.resource = "operation",
     .verb = "watch",
     .doc = "wait for the end and say how it went",
     .run = assay_client_operation_watch},
    {.resource = "operation",
     .verb = "abort",
     .method = "PUT",
     .path = "/operations/abort/{id}",
     .doc = "stop one"},
    LIST("token", "/tokens", token_columns, "tokens by id and name"),
    {.resource = "token",
     .verb = "create",
     .doc = "make a token: on the catalog itself with --admin or --worker, else by the server",
     .run = assay_client_token_create,
     .offline = true},
    DELETE("token", "/tokens"),
    {.resource = NULL},
};

int assay_client_verb_find(const char *resource, const char *verb,
                           const struct assay_client_verb **ret_verb, struct assay_error *err)
{
    struct assay_nearest nearest = {.wanted = verb};
    for (const struct assay_client_verb *row = assay_client_verbs; row->resource; row++) {
        if (strcmp(row->resource, resource) != 0)
            continue;
        if (strcmp(row->verb, verb) == 0) {
            *ret_verb = row;
            return ASSAY_OK;
        }
        assay_nearest_offer(&nearest, row->verb);
    }
    return assay_fail(err, ASSAY_USAGE, "reading the command line: %s has no verb %.40s: %s%s%s",
                      resource, verb, nearest.best ? "did you mean " : "see `assay ",
                      nearest.best ? nearest.best : resource, nearest.best ? "?" : " --help`");
}
