/* Handlers, by resource: a file each. Named in routes.c and nowhere else. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_HANDLERS_H
#define ASSAY_API_HANDLERS_H

#include "scheduler/api/request.h"

/* connections.c */
assay_handler_fn assay_connections_list;
assay_handler_fn assay_connections_create;
assay_handler_fn assay_connections_get;
assay_handler_fn assay_connections_update;
assay_handler_fn assay_connections_delete;
assay_handler_fn assay_connections_test;       /* saved, with what the body changes */
assay_handler_fn assay_connections_test_draft; /* unsaved */

/* datastores.c */
assay_handler_fn assay_datastores_list;
assay_handler_fn assay_datastores_create;
assay_handler_fn assay_datastores_get;
assay_handler_fn assay_datastores_update;
assay_handler_fn assay_datastores_delete;
assay_handler_fn assay_datastores_test;
assay_handler_fn assay_datastores_test_draft;

/* containers.c */
assay_handler_fn assay_containers_list;
assay_handler_fn assay_containers_names;
assay_handler_fn assay_containers_validate;
assay_handler_fn assay_containers_patch;
assay_handler_fn assay_containers_get;
assay_handler_fn assay_containers_update;
assay_handler_fn assay_containers_delete;
assay_handler_fn assay_containers_fields;
assay_handler_fn assay_containers_field_profiles;
assay_handler_fn assay_fields_get;

/* checks.c */
assay_handler_fn assay_checks_list;
assay_handler_fn assay_checks_create;
assay_handler_fn assay_checks_get;
assay_handler_fn assay_checks_update;
assay_handler_fn assay_checks_delete;
assay_handler_fn assay_checks_delete_many;

/* anomalies.c */
assay_handler_fn assay_anomalies_list;
assay_handler_fn assay_anomalies_get;
assay_handler_fn assay_anomalies_update;
assay_handler_fn assay_anomalies_patch;
assay_handler_fn assay_anomalies_delete;
assay_handler_fn assay_anomalies_delete_many;

/* operations.c */
assay_handler_fn assay_operations_run;
assay_handler_fn assay_operations_list;
assay_handler_fn assay_operations_get;
assay_handler_fn assay_operations_events; /* server-sent */
assay_handler_fn assay_operations_abort;

/* people.c: tags, teams, users, tokens */
assay_handler_fn assay_tags_list;
assay_handler_fn assay_tags_create;
assay_handler_fn assay_tags_get;
assay_handler_fn assay_tags_delete;
assay_handler_fn assay_teams_list;
assay_handler_fn assay_teams_get;
assay_handler_fn assay_users_list;
assay_handler_fn assay_users_get;
assay_handler_fn assay_tokens_list;
assay_handler_fn assay_tokens_create;
assay_handler_fn assay_tokens_delete;

/* service.c: what the API says of itself */
assay_handler_fn assay_status_get;
assay_handler_fn assay_openapi_get;
assay_handler_fn assay_docs_get;
assay_handler_fn assay_authorize_get;
assay_handler_fn assay_later; /* 422: not built yet */

#endif
