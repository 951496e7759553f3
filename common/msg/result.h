/* Results in chunks: the executor cuts a result into chunks, the supervisor puts them together
 * again. docs/executor-protocol.md, "Chunks", lists the kinds. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_MSG_RESULT_H
#define ASSAY_MSG_RESULT_H

#include <stddef.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/json/json.h"
#include "common/msg/frame.h"

/** Takes one chunk (JSON text, at most ASSAY_CHUNK_MAX_BYTES; borrowed for the call), for instance
 * as one RESULT frame. Not ASSAY_OK ends the sending and is returned by it. */
typedef int assay_emit_fn(const char *chunk, size_t size_bytes, void *context,
                          struct assay_error *err);

/** Send `list` under `key` in as many chunks {"t": kind, key: [part]} as its size needs, in order;
 * an empty list is one chunk, so that the reader knows that it came. An element that is larger than
 * a chunk gets its texts above 64 KiB cut at a code point, with "…" behind; when that does not
 * help: ASSAY_LIMIT. list is not changed. */
ASSAY_MUST_CHECK int assay_result_send_list(const char *kind, const char *key, const json_t *list,
                                            assay_emit_fn *emit, void *context,
                                            struct assay_error *err);
/** Send the members of `body` as one chunk {"t": kind, …}. Texts are cut as above. ASSAY_LIMIT when
 * too large. */
ASSAY_MUST_CHECK int assay_result_send_object(const char *kind, const json_t *body,
                                              assay_emit_fn *emit, void *context,
                                              struct assay_error *err);

/** Chunks of one task, put together. One thread. */
struct assay_result;

/** max_bytes: ceiling for the sum of the chunks, 0 = 1 GiB. */
ASSAY_MUST_CHECK int assay_result_new(uint64_t max_bytes, struct assay_result **ret_result,
                                      struct assay_error *err);
void assay_result_free(struct assay_result *result);
ASSAY_DEFINE_CLEANUP(struct assay_result, assay_result_free)
/** Add the next chunk, in the order of the frames. One of a kind that is not known is passed over:
 * executors of a later version may send it. ASSAY_FORMAT: not an object with a text `t`;
 * ASSAY_LIMIT. */
ASSAY_MUST_CHECK int assay_result_add(struct assay_result *result, const char *chunk,
                                      size_t size_bytes, struct assay_error *err);
/** The first kind that was passed over, the result's; NULL: all were known. */
const char *assay_result_unknown(const struct assay_result *result);
/** The document so far; the result's. Members are absent until their first chunk came:
 *  profile  {"container": {the profile's object with "fields"}, "inferred": {"checks": […]},
 *            "kept": {"states": […]}}; parts of kept states stay in their chunks;
 *            "sketches": {"v", "records", "fields": […], "sketches": […]} of common/relate/relate.h
 *  scan     {"container": {the scan's object with "checks" and "anomalies"}}
 *  sync     {"found": {"containers": […]}}
 *  inspect  {"inspect": {"connected", "product", "fields", "records"}}
 * Both objects: docs/documents.md. */
json_t *assay_result_document(const struct assay_result *result);

#endif
