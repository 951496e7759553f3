// The table of routes.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/handlers.h"
#include "scheduler/api/route.h"
#include "scheduler/catalog/anomaly.h"
#include "scheduler/catalog/connection.h"
#include "scheduler/catalog/container.h"
#include "scheduler/catalog/datastore.h"
#include "scheduler/catalog/operation.h"
#include "scheduler/catalog/tag.h"
#include "scheduler/catalog/team.h"
#include "scheduler/plan/plan.h"

/* Rows by resource; columns: method, path, handler, kind, body, its keys, listing, params, status,
 * doc. */
#define LIST(path, handler, listing, doc)                                                          \
    {                                                                                              \
        "GET", path, handler, ASSAY_ROUTE_PLAIN, ASSAY_BODY_NONE, NULL, listing, NULL, 200, doc    \
    }
#define GET(path, handler, doc)                                                                    \
    {                                                                                              \
        "GET", path, handler, ASSAY_ROUTE_PLAIN, ASSAY_BODY_NONE, NULL, NULL, NULL, 200, doc       \
    }
#define OPEN(path, handler, doc)                                                                   \
    {                                                                                              \
        "GET", path, handler, ASSAY_ROUTE_OPEN, ASSAY_BODY_NONE, NULL, NULL, NULL, 200, doc        \
    }
#define POST(path, handler, body, keys, status, doc)                                               \
    {                                                                                              \
        "POST", path, handler, ASSAY_ROUTE_PLAIN, body, keys, NULL, NULL, status, doc              \
    }
#define PUT(path, handler, keys, doc)                                                              \
    {                                                                                              \
        "PUT", path, handler, ASSAY_ROUTE_PLAIN, ASSAY_BODY_OBJECT, keys, NULL, NULL, 200, doc     \
    }
#define PATCH(path, handler, keys, doc)                                                            \
    {                                                                                              \
        "PATCH", path, handler, ASSAY_ROUTE_PLAIN, ASSAY_BODY_LIST, keys, NULL, NULL, 204, doc     \
    }
#define DELETE(path, handler, params, doc)                                                         \
    {                                                                                              \
        "DELETE", path, handler, ASSAY_ROUTE_PLAIN, ASSAY_BODY_NONE, NULL, NULL, params, 204, doc  \
    }
#define LATER(method, path)                                                                        \
    {                                                                                              \
        method, path, assay_later, ASSAY_ROUTE_LATER, ASSAY_BODY_NONE, NULL, NULL, NULL, 422, NULL \
    }

static const struct assay_query_param removal_params[] = {
    {"archive", "boolean", "true: archived (the default); false: deleted for good"},
    {"status", "string", "of the archived one"},
    {"delete_anomalies", "boolean", "with the anomalies that no other check raised"},
    {.name = NULL},
};
static const struct assay_query_param authorize_params[] = {
    {"redirect_uri", "string", "http:// on this machine"},
    {"state", "string", "comes back as it is"},
    {"hostname", "string", "names the token"},
    {.name = NULL},
};
static const struct assay_writable removal_keys[] = {
    {"id", NULL, ASSAY_WRITE_INT, .required = true},
    {"archive", NULL, ASSAY_WRITE_BOOL, .doc = "true unless given"},
    {"status", NULL, ASSAY_WRITE_TEXT, .doc = "of the archived one"},
    {"delete_anomalies", NULL, ASSAY_WRITE_BOOL, .doc = "checks: with their anomalies"},
    {.key = NULL},
};
static const struct assay_writable patch_keys[] = {
    {"id", NULL, ASSAY_WRITE_INT, .required = true},
    {"tags", NULL, ASSAY_WRITE_LIST, .doc = "names; replaces the list"},
    {.key = NULL}};
static const struct assay_writable anomaly_patch_keys[] = {
    {"id", NULL, ASSAY_WRITE_INT, .required = true},
    {"status", NULL, ASSAY_WRITE_CHOICE, .choices = "Active|Acknowledged"},
    {"description", NULL, ASSAY_WRITE_TEXT, .nullable = true},
    {"tags", NULL, ASSAY_WRITE_LIST, .doc = "names; replaces the list"},
    {.key = NULL},
};
static const struct assay_writable validate_keys[] = {{"container", NULL, ASSAY_WRITE_OBJECT,
                                                       .required = true,
                                                       .doc = "container_type, datastore_id, name"},
                                                      {.key = NULL}};
static const struct assay_writable token_keys[] = {
    {"name", NULL, ASSAY_WRITE_TEXT, .doc = "what you know it by"},
    {"expires_in_days", NULL, ASSAY_WRITE_INT, .doc = "does not expire unless given"},
    {.key = NULL},
};
const struct assay_route assay_routes[] = {
    OPEN("/status", assay_status_get, "Is the service there?"),
    OPEN("/openapi.json", assay_openapi_get, "This document"),
    OPEN("/docs", assay_docs_get, "The routes as a page"),
    {"GET", "/cli/authorize", assay_authorize_get, ASSAY_ROUTE_OPEN, ASSAY_BODY_NONE, NULL, NULL,
     authorize_params, 200, "Give a command line on this machine a token"},
    {"POST", "/cli/authorize", assay_authorize_get, ASSAY_ROUTE_OPEN, ASSAY_BODY_FORM, NULL, NULL,
     authorize_params, 302, "The same, with the token that a person typed"},

    LIST("/connections", assay_connections_list, &assay_connection_listing, "Connections"),
    POST("/connections", assay_connections_create, ASSAY_BODY_OBJECT, assay_connection_writables,
         201, "Create a connection"),
    POST("/connections/test", assay_connections_test_draft, ASSAY_BODY_OBJECT,
         assay_connection_writables, 204, "Test a connection without saving it: 204 or 400"),
    GET("/connections/{id}", assay_connections_get, "A connection, secrets masked"),
    PUT("/connections/{id}", assay_connections_update, assay_connection_writables,
        "Change a connection; it is tested first"),
    DELETE("/connections/{id}", assay_connections_delete, NULL,
           "Delete a connection that no datastore uses"),
    POST("/connections/{id}/test", assay_connections_test, ASSAY_BODY_OPTIONAL,
         assay_connection_writables, 204,
         "Test a connection, with what the body changes: 204 or 400"),

    LIST("/datastores", assay_datastores_list, &assay_datastore_listing, "Datastores"),
    POST("/datastores", assay_datastores_create, ASSAY_BODY_OBJECT, assay_datastore_writables, 201,
         "Create a datastore; a first Sync runs unless trigger_sync is false"),
    POST("/datastores/connection", assay_datastores_test_draft, ASSAY_BODY_OBJECT,
         assay_datastore_writables, 204, "Test a datastore without saving it: 204 or 400"),
    GET("/datastores/{id}", assay_datastores_get, "A datastore"),
    PUT("/datastores/{id}", assay_datastores_update, assay_datastore_writables,
        "Change a datastore; tags and teams are replaced"),
    DELETE("/datastores/{id}", assay_datastores_delete, NULL,
           "Delete a datastore with all below it"),
    POST("/datastores/{id}/connection", assay_datastores_test, ASSAY_BODY_NONE, NULL, 200,
         "Is the datastore reached?"),
    LATER("PATCH", "/datastores/{id}/enrichment/{enrichment_id}"),
    LATER("DELETE", "/datastores/{id}/enrichment"),

    LIST("/containers", assay_containers_list, &assay_container_listing, "Containers"),
    LATER("POST", "/containers"),
    PATCH("/containers", assay_containers_patch, patch_keys,
          "Replace the tags of several containers"),
    {"GET", "/containers/listing", assay_containers_names, ASSAY_ROUTE_PLAIN, ASSAY_BODY_NONE, NULL,
     NULL,
     (const struct assay_query_param[]){{"datastore", "integer", "datastore's id; may be repeated"},
                                        {.name = NULL}},
     200, "Ids and names of containers, a bare list"},
    POST("/containers/validate", assay_containers_validate, ASSAY_BODY_OBJECT, validate_keys, 204,
         "Does the source have it?"),
    GET("/containers/{id}", assay_containers_get, "A container"),
    PUT("/containers/{id}", assay_containers_update, assay_container_writables,
        "Change a container's settings"),
    DELETE("/containers/{id}", assay_containers_delete, NULL,
           "Delete a container with all below it"),
    LIST("/containers/{id}/field-profiles", assay_containers_field_profiles,
         &assay_field_profile_listing, "The latest profiles of its fields"),
    GET("/containers/{id}/fields", assay_containers_fields,
        "Its active and missing fields, a bare list"),
    GET("/fields/{id}", assay_fields_get, "A field"),
    LATER("POST", "/computed-fields"),
    LATER("PUT", "/computed-fields/{id}"),
    LATER("DELETE", "/computed-fields/{id}"),

    LIST("/quality-checks", assay_checks_list, &assay_check_listing, "Quality checks"),
    POST("/quality-checks", assay_checks_create, ASSAY_BODY_OBJECT, assay_check_writables, 201,
         "Create a quality check"),
    {"DELETE", "/quality-checks", assay_checks_delete_many, ASSAY_ROUTE_PLAIN, ASSAY_BODY_LIST,
     removal_keys, NULL, NULL, 204, "Archive or delete several quality checks"},
    GET("/quality-checks/{id}", assay_checks_get, "A quality check"),
    PUT("/quality-checks/{id}", assay_checks_update, assay_check_writables,
        "Change a quality check, or bring it back"),
    DELETE("/quality-checks/{id}", assay_checks_delete, removal_params,
           "Archive or delete a quality check"),
    LATER("POST", "/quality-checks/{id}/template"),
    LATER("GET", "/quality-check-templates"),
    LATER("POST", "/quality-check-templates"),

    LIST("/anomalies", assay_anomalies_list, &assay_anomaly_listing, "Anomalies, newest first"),
    PATCH("/anomalies", assay_anomalies_patch, anomaly_patch_keys, "Change several anomalies"),
    {"DELETE", "/anomalies", assay_anomalies_delete_many, ASSAY_ROUTE_PLAIN, ASSAY_BODY_LIST,
     removal_keys, NULL, NULL, 204, "Archive or delete several anomalies"},
    GET("/anomalies/{uuid}", assay_anomalies_get, "An anomaly by id or uuid"),
    PUT("/anomalies/{uuid}", assay_anomalies_update, assay_anomaly_writables, "Change an anomaly"),
    DELETE("/anomalies/{uuid}", assay_anomalies_delete, removal_params,
           "Archive or delete an anomaly"),

    POST("/operations/run", assay_operations_run, ASSAY_BODY_OBJECT, assay_plan_request_keys, 201,
         "Run a sync, profile or scan"),
    LATER("POST", "/operations/schedule"),
    LIST("/operations", assay_operations_list, &assay_operation_listing,
         "Operations, newest first"),
    GET("/operations/{id}", assay_operations_get, "An operation: finished when end_time is set"),
    GET("/operations/{id}/events", assay_operations_events,
        "Its changes as server-sent events until it ends"),
    {"PUT", "/operations/abort/{id}", assay_operations_abort, ASSAY_ROUTE_PLAIN, ASSAY_BODY_NONE,
     NULL, NULL, NULL, 200, "Ask an operation to stop"},

    LIST("/global-tags", assay_tags_list, &assay_tag_listing, "Tags"),
    POST("/global-tags", assay_tags_create, ASSAY_BODY_OBJECT, assay_tag_writables, 201,
         "Create a tag"),
    GET("/global-tags/{name}", assay_tags_get, "A tag"),
    DELETE("/global-tags/{name}", assay_tags_delete, NULL, "Delete a tag"),
    LIST("/teams", assay_teams_list, &assay_team_listing, "Teams"),
    GET("/teams/{id}", assay_teams_get, "A team"),
    LIST("/users", assay_users_list, &assay_user_listing, "Users"),
    GET("/users/{id}", assay_users_get, "A user"),
    GET("/tokens", assay_tokens_list, "Tokens, by id and name"),
    POST("/tokens", assay_tokens_create, ASSAY_BODY_OPTIONAL, token_keys, 201,
         "Create a token; it is shown this once"),
    DELETE("/tokens/{uuid}", assay_tokens_delete, NULL, "Revoke a token"),

    LATER("POST", "/export/anomalies"),
    LATER("POST", "/export/checks"),
    LATER("POST", "/export/field-profiles"),
    LATER("POST", "/export/check-templates"),
    {.method = NULL},
};
