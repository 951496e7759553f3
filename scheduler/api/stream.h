/* An answer that goes on: one thread writes, libmicrohttpd sends as the client takes. While there
 * is nothing to send its connection sleeps and costs no thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_STREAM_H
#define ASSAY_API_STREAM_H

#include <stdbool.h>

#include "common/base/cleanup.h"

struct assay_stream;
struct MHD_Connection;
struct MHD_Response;

/** With one reference, NULL when out of memory. */
struct assay_stream *assay_stream_new(void);
struct assay_stream *assay_stream_ref(struct assay_stream *stream);
void assay_stream_unref(struct assay_stream *stream);
ASSAY_DEFINE_CLEANUP(struct assay_stream, assay_stream_unref)

/** Append text and wake the connection. False: nobody listens any more, or the client is so slow
 *  that 256 KiB wait for it; the stream has ended. Thread-safe. */
bool assay_stream_write(struct assay_stream *stream, const char *text);
/** What was written is still sent, then the answer ends. Thread-safe. */
void assay_stream_end(struct assay_stream *stream);

/** The response of a connection; holds a reference of its own. NULL when out of memory. */
struct MHD_Response *assay_stream_response(struct assay_stream *stream,
                                           struct MHD_Connection *connection);

#endif
