/* Global tags, and their links to datastores, containers, fields, checks and anomalies. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_TAG_H
#define ASSAY_CATALOG_TAG_H

#include "scheduler/catalog/listing.h"
#include "scheduler/catalog/write.h"

extern const struct assay_writable assay_tag_writables[];
extern const struct assay_listing assay_tag_listing;

ASSAY_MUST_CHECK int assay_tag_get(struct assay_db_conn *conn, const char *name, json_t **ret_tag,
                                   struct assay_error *err);
/** ASSAY_CONFLICT: the name is taken. */
ASSAY_MUST_CHECK int assay_tag_create(struct assay_db_conn *conn, const json_t *body,
                                      struct assay_error *err);
ASSAY_MUST_CHECK int assay_tag_delete(struct assay_db_conn *conn, const char *name,
                                      struct assay_error *err);

/** What can carry tags. */
enum assay_tagged {
    ASSAY_TAGGED_DATASTORE,
    ASSAY_TAGGED_CONTAINER,
    ASSAY_TAGGED_FIELD,
    ASSAY_TAGGED_CHECK,
    ASSAY_TAGGED_ANOMALY,
};
/** Replace the tags of one by a list of names or {"name"}; names that are not known become tags.
 *  names NULL or null: nothing changes. */
ASSAY_MUST_CHECK int assay_tags_replace(struct assay_db_conn *conn, enum assay_tagged kind,
                                        int64_t id, const json_t *names, struct assay_error *err);
/** Give each item "tags": [names] and "global_tags": [objects]. */
ASSAY_MUST_CHECK int assay_tags_attach(struct assay_db_conn *conn, enum assay_tagged kind,
                                       json_t *items, struct assay_error *err);

/** The name of a list's member: a text, or an object with "name"; NULL when neither. */
const char *assay_member_name(const json_t *member);

/** A unique name was taken: turn ASSAY_CONFLICT of an INSERT or UPDATE into a sentence. Returns
 * rc. */
int assay_name_taken(int rc, const char *noun, const json_t *body, struct assay_error *err);

#endif
