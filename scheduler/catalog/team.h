/* Teams and users: minimal real lists (roles and permissions come later). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_TEAM_H
#define ASSAY_CATALOG_TEAM_H

#include "scheduler/catalog/listing.h"

extern const struct assay_listing assay_team_listing;
extern const struct assay_listing assay_user_listing;

/** Give each team "users": [{id, name}]; the public one holds every user. */
ASSAY_MUST_CHECK int assay_team_attach_users(struct assay_db_conn *conn, json_t *teams,
                                             struct assay_error *err);
/** Replace a datastore's teams by names or {"name"}; NULL, null or an empty list: the public team.
 *  ASSAY_INVALID: no such team. */
ASSAY_MUST_CHECK int assay_teams_replace(struct assay_db_conn *conn, int64_t datastore_id,
                                         const json_t *names, struct assay_error *err);
/** Does a user of that id exist? ASSAY_INVALID, beginning with the key, when not. 0 passes. */
ASSAY_MUST_CHECK int assay_user_check(struct assay_db_conn *conn, const char *key, int64_t user_id,
                                      struct assay_error *err);

#endif
