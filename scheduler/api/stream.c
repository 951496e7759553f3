// An answer that goes on.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/stream.h"

#include <microhttpd.h>
#include <pthread.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/memory.h"

enum { WAITING_BYTES = 256 << 10, BLOCK_BYTES = 16 << 10 };

/* All guarded by the lock. connection may be touched only while `asleep`: libmicrohttpd keeps it
 * then. */
struct assay_stream {
    pthread_mutex_t lock;
    int references;
    struct assay_buf waiting;
    struct MHD_Connection *connection;
    bool asleep, ended, gone; /* gone: the client has left */
};

struct assay_stream *assay_stream_new(void)
{
    struct assay_stream *stream = assay_calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    (void)pthread_mutex_init(&stream->lock, NULL);
    stream->waiting.max_bytes = WAITING_BYTES;
    stream->references = 1;
    return stream;
}

struct assay_stream *assay_stream_ref(struct assay_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->references++;
    pthread_mutex_unlock(&stream->lock);
    return stream;
}

void assay_stream_unref(struct assay_stream *stream)
{
    if (!stream)
        return;
    pthread_mutex_lock(&stream->lock);
    const bool last = --stream->references == 0;
    pthread_mutex_unlock(&stream->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&stream->lock);
    assay_buf_release(&stream->waiting);
    assay_free(stream);
}

static void wake(struct assay_stream *stream)
{
    if (stream->asleep)
        MHD_resume_connection(stream->connection);
    stream->asleep = false;
}

bool assay_stream_write(struct assay_stream *stream, const char *text)
{
    pthread_mutex_lock(&stream->lock);
    assay_buf_text(&stream->waiting, text);
    stream->ended = stream->ended || stream->gone || stream->waiting.failed;
    const bool going = !stream->ended;
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
    return going;
}

void assay_stream_end(struct assay_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->ended = true;
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

/* libmicrohttpd asks for bytes: some, none yet (sleep), or the end. */
static ssize_t on_read(void *context, uint64_t position, char *data, size_t size_bytes)
{
    (void)position;
    struct assay_stream *stream = context;
    pthread_mutex_lock(&stream->lock);
    ssize_t given = 0;
    if (stream->waiting.size > 0) {
        const size_t size = stream->waiting.size < size_bytes ? stream->waiting.size : size_bytes;
        memcpy(data, stream->waiting.data, size);
        assay_buf_consume(&stream->waiting, size);
        given = (ssize_t)size;
    } else if (stream->ended) {
        given = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        MHD_suspend_connection(stream->connection);
        stream->asleep = true;
    }
    pthread_mutex_unlock(&stream->lock);
    return given;
}

static void on_free(void *context)
{
    struct assay_stream *stream = context;
    pthread_mutex_lock(&stream->lock);
    stream->gone = true;
    pthread_mutex_unlock(&stream->lock);
    assay_stream_unref(stream);
}

struct MHD_Response *assay_stream_response(struct assay_stream *stream,
                                           struct MHD_Connection *connection)
{
    stream->connection = connection;
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_read, assay_stream_ref(stream), on_free);
    if (!response)
        assay_stream_unref(stream);
    return response;
}
