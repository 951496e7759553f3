// Decompressing layers of a source: gzip by zlib (several members), zstd (several frames).
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <limits.h>
#include <zlib.h>
#include <zstd.h>

#include "common/base/memory.h"
#include "worker/executor/read/source_layer.h"

#define INPUT_BYTES ((size_t)128 << 10)

/* Compressed input, shared by both formats. */
struct input {
    unsigned char *data;
    size_t at, size;
    uint64_t taken; /* compressed bytes in front of data[0] */
    bool ended;
};

static int input_more(struct input *input, struct assay_layer *layer, struct assay_error *err)
{
    if (input->at < input->size || input->ended)
        return ASSAY_OK;
    input->taken += input->size;
    input->at = input->size = 0;
    ASSAY_TRY(assay_layer_read(layer->below, input->data, INPUT_BYTES, &input->size, err));
    input->ended = input->size == 0;
    return ASSAY_OK;
}

static int fail_at(const struct assay_layer *layer, const struct input *input,
                   const char *format_name, const char *what, struct assay_error *err)
{
    return assay_fail(err, ASSAY_FORMAT, "reading %s: %s data %s at compressed byte %" PRIu64,
                      layer->name, format_name, what, input->taken + input->at);
}

struct gzip_layer {
    struct assay_layer layer;
    struct input input;
    z_stream stream;
    bool between; /* at the start, or behind a whole member */
};

static void *zlib_alloc(void *context, unsigned count, unsigned size_bytes)
{
    (void)context;
    return assay_calloc(count, size_bytes);
}

static void zlib_free(void *context, void *pointer)
{
    (void)context;
    assay_free(pointer);
}

/* Behind a member: another one, padding with zeros, or the end. *ret_end true at the end. */
static int gzip_next_member(struct gzip_layer *gzip, bool *ret_end, struct assay_error *err)
{
    struct input *input = &gzip->input;
    for (;;) {
        ASSAY_TRY(input_more(input, &gzip->layer, err));
        if (input->ended) {
            *ret_end = true;
            return ASSAY_OK;
        }
        if (input->data[input->at] != 0)
            break;
        input->at++;
    }
    if (input->data[input->at] != 0x1f)
        return fail_at(&gzip->layer, input, "gzip", "are followed by something else", err);
    if (inflateReset(&gzip->stream) != Z_OK)
        return assay_fail(err, ASSAY_INTERNAL, "reading %s: zlib cannot be reset",
                          gzip->layer.name);
    gzip->between = false;
    *ret_end = false;
    return ASSAY_OK;
}

static int gzip_step(struct gzip_layer *gzip, struct assay_error *err)
{
    struct input *input = &gzip->input;
    ASSAY_TRY(input_more(input, &gzip->layer, err));
    if (input->ended)
        return fail_at(&gzip->layer, input, "gzip", "end in the middle (is the file truncated?)",
                       err);
    gzip->stream.next_in = input->data + input->at;
    gzip->stream.avail_in = (unsigned)(input->size - input->at);
    const int rc = inflate(&gzip->stream, Z_NO_FLUSH);
    input->at = input->size - gzip->stream.avail_in;
    if (rc == Z_STREAM_END)
        gzip->between = true;
    else if (rc == Z_MEM_ERROR)
        return assay_fail_memory(err);
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        return fail_at(&gzip->layer, input, "gzip", "are damaged", err);
    return ASSAY_OK;
}

static int gzip_read(struct assay_layer *layer, void *buffer, size_t size_bytes, size_t *ret_size,
                     struct assay_error *err)
{
    struct gzip_layer *gzip = (struct gzip_layer *)layer;
    const unsigned room = size_bytes > UINT_MAX / 2 ? UINT_MAX / 2 : (unsigned)size_bytes;
    gzip->stream.next_out = buffer;
    gzip->stream.avail_out = room;
    while (gzip->stream.avail_out == room) {
        if (gzip->between) {
            bool end;
            ASSAY_TRY(gzip_next_member(gzip, &end, err));
            if (end)
                break;
        }
        ASSAY_TRY(gzip_step(gzip, err));
    }
    *ret_size = room - gzip->stream.avail_out;
    return ASSAY_OK;
}

static void gzip_close(struct assay_layer *layer)
{
    struct gzip_layer *gzip = (struct gzip_layer *)layer;
    (void)inflateEnd(&gzip->stream);
    assay_free(gzip->input.data);
    assay_free(gzip);
}

int assay_layer_gzip(struct assay_layer *below, struct assay_layer **ret_layer,
                     struct assay_error *err)
{
    static const struct assay_layer_ops ops = {.read = gzip_read, .close = gzip_close};
    struct gzip_layer *gzip = assay_calloc(1, sizeof *gzip);
    if (!gzip)
        return assay_fail_memory(err);
    gzip->layer.ops = &ops;
    gzip->layer.name = below->name;
    gzip->between = true;
    gzip->stream.zalloc = zlib_alloc;
    gzip->stream.zfree = zlib_free;
    gzip->input.data = assay_malloc(INPUT_BYTES);
    if (!gzip->input.data || inflateInit2(&gzip->stream, 15 + 16) != Z_OK) {
        gzip_close(&gzip->layer);
        return assay_fail_memory(err);
    }
    gzip->layer.below = below;
    *ret_layer = &gzip->layer;
    return ASSAY_OK;
}

struct zstd_layer {
    struct assay_layer layer;
    struct input input;
    ZSTD_DStream *stream;
    bool between;
};

static int zstd_read(struct assay_layer *layer, void *buffer, size_t size_bytes, size_t *ret_size,
                     struct assay_error *err)
{
    struct zstd_layer *zstd = (struct zstd_layer *)layer;
    struct input *input = &zstd->input;
    ZSTD_outBuffer out = {.dst = buffer, .size = size_bytes};
    while (out.pos == 0) {
        ASSAY_TRY(input_more(input, layer, err));
        if (input->ended && zstd->between)
            break;
        ZSTD_inBuffer in = {.src = input->data, .size = input->size, .pos = input->at};
        const size_t rc = ZSTD_decompressStream(zstd->stream, &out, &in);
        const bool moved = in.pos > input->at || out.pos;
        input->at = in.pos;
        if (ZSTD_isError(rc))
            return fail_at(layer, input, "zstd", ZSTD_getErrorName(rc), err);
        if (input->ended && !moved)
            return fail_at(layer, input, "zstd", "end in the middle (is the file truncated?)", err);
        zstd->between = rc == 0;
    }
    *ret_size = out.pos;
    return ASSAY_OK;
}

static void zstd_close(struct assay_layer *layer)
{
    struct zstd_layer *zstd = (struct zstd_layer *)layer;
    (void)ZSTD_freeDStream(zstd->stream);
    assay_free(zstd->input.data);
    assay_free(zstd);
}

int assay_layer_zstd(struct assay_layer *below, struct assay_layer **ret_layer,
                     struct assay_error *err)
{
    static const struct assay_layer_ops ops = {.read = zstd_read, .close = zstd_close};
    struct zstd_layer *zstd = assay_calloc(1, sizeof *zstd);
    if (!zstd)
        return assay_fail_memory(err);
    zstd->layer.ops = &ops;
    zstd->layer.name = below->name;
    zstd->between = true;
    zstd->input.data = assay_malloc(INPUT_BYTES);
    zstd->stream = ZSTD_createDStream();
    if (!zstd->input.data || !zstd->stream) {
        zstd_close(&zstd->layer);
        return assay_fail_memory(err);
    }
    zstd->layer.below = below;
    *ret_layer = &zstd->layer;
    return ASSAY_OK;
}
