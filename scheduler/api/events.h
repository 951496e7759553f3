/* Watchers of operations: server-sent events, all from one thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_EVENTS_H
#define ASSAY_API_EVENTS_H

#include "scheduler/api/api.h"
#include "scheduler/api/stream.h"

struct assay_events;

/** Start the thread. options are borrowed. */
ASSAY_MUST_CHECK int assay_events_start(const struct assay_api_options *options,
                                        struct assay_events **ret_events, struct assay_error *err);
/** End all streams and the thread. A stream that is added later ends at once. NULL is allowed. */
void assay_events_stop(struct assay_events *events);
void assay_events_free(struct assay_events *events);
ASSAY_DEFINE_CLEANUP(struct assay_events, assay_events_free)

/** Write to the stream what the operation looks like, now and whenever it has changed (looked at
 *  twice a second), until it has ended: `event: operation`, data as GET /operations/{id} gives it.
 *  Takes a reference. ASSAY_UNAVAILABLE: too many watch. */
ASSAY_MUST_CHECK int assay_events_add(struct assay_events *events, int64_t operation_id,
                                      struct assay_stream *stream, struct assay_error *err);

#endif
