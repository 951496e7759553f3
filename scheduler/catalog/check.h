/* Quality checks. A check is stored as it was sent (properties) once common/rules found it
 * valid. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_CHECK_H
#define ASSAY_CATALOG_CHECK_H

#include "scheduler/catalog/listing.h"
#include "scheduler/catalog/write.h"

extern const struct assay_writable assay_check_writables[];
extern const struct assay_listing assay_check_listing;

ASSAY_MUST_CHECK int assay_check_page(struct assay_db_conn *conn, const json_t *params,
                                      json_t **ret_page, struct assay_error *err);
ASSAY_MUST_CHECK int assay_check_get(struct assay_db_conn *conn, int64_t id, json_t **ret_check,
                                     struct assay_error *err);
/** In a transaction. editor: the user's name and id. ASSAY_INVALID: not a valid check, or a field
 * that the container lacks. ASSAY_CONFLICT: another one of the same rule, fields and filter is
 * there. */
struct assay_editor {
    int64_t user_id;
    const char *name;
};
ASSAY_MUST_CHECK int assay_check_create(struct assay_db_conn *conn, const json_t *body,
                                        const struct assay_editor *editor, int64_t *ret_id,
                                        struct assay_error *err);
/** Keys that are absent stay. A change of properties, coverage, filter or fields makes an inferred
 * check an authored one; status Active or Draft brings an archived one back. */
ASSAY_MUST_CHECK int assay_check_update(struct assay_db_conn *conn, int64_t id, const json_t *body,
                                        const struct assay_editor *editor, struct assay_error *err);

/** How checks and anomalies are taken away. */
struct assay_removal {
    bool archive; /* else for good */
    const char
        *status; /* of the archived: Invalid, Discarded (checks), Resolved, Duplicate (anomalies) */
    bool delete_anomalies; /* checks: with the anomalies that only they raised */
};
/** editor: who takes it away, NULL = who edited it last. An inferred check that a person archived
 * is not brought back by a profile. */
ASSAY_MUST_CHECK int assay_check_remove(struct assay_db_conn *conn, int64_t id,
                                        const struct assay_removal *removal,
                                        const struct assay_editor *editor, struct assay_error *err);

#endif
