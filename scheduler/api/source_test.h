/* Tests of connections and datastores: from a draft to an answer. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_SOURCE_TEST_H
#define ASSAY_API_SOURCE_TEST_H

#include "scheduler/api/inspect.h"
#include "scheduler/catalog/connection.h"

/** Ping the source of a draft within a scope (properties of the datastore level, NULL = none). */
ASSAY_MUST_CHECK int assay_source_ping(struct assay_request *request,
                                       const struct assay_connection_draft *draft,
                                       const json_t *scope, struct assay_inspected *ret_inspected,
                                       struct assay_error *err);
/** 204 when it was reached, else 400 {"connected": false, "message"}. */
void assay_source_answer(const struct assay_inspected *inspected, struct assay_answer *answer);
/** A refusal as an answer of 400; true when it was one. */
bool assay_source_refused(const struct assay_inspected *inspected, struct assay_answer *answer);

/** A draft read over a connection of its own, given back before the ping. */
ASSAY_MUST_CHECK int assay_source_draft(struct assay_request *request, int64_t connection_id,
                                        const json_t *body,
                                        struct assay_connection_draft *ret_draft,
                                        struct assay_error *err);

#endif
