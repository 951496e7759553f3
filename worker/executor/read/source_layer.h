/* Source layers: a source is a short stack (file or memory, decompression, decoding), each reading
 * from the one below. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SOURCE_LAYER_H
#define ASSAY_EXECUTOR_SOURCE_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

struct assay_layer;

struct assay_layer_ops {
    int (*read)(struct assay_layer *layer, void *buffer, size_t size_bytes, size_t *ret_size,
                struct assay_error *err);
    void (*close)(struct assay_layer *layer); /* frees the layer itself, not the one below */
    /* Read from any place, not moving the layer; NULL where that cannot be done. */
    int (*read_at)(struct assay_layer *layer, uint64_t offset, void *buffer, size_t size_bytes,
                   size_t *ret_size, struct assay_error *err);
};

/** First member of every layer's own struct. */
struct assay_layer {
    const struct assay_layer_ops *ops;
    struct assay_layer *below; /* owned; NULL for the lowest */
    const char *name;          /* for errors; the source's */
    unsigned char lead[64];    /* first bytes, looked at before they are read */
    size_t lead_size, lead_at;
};

/** Read what the layer delivers; 0 is the end. */
ASSAY_MUST_CHECK int assay_layer_read(struct assay_layer *layer, void *buffer, size_t size_bytes,
                                      size_t *ret_size, struct assay_error *err);
/** Fill `lead` with the first bytes, fewer when there are no more. Once, before any read. */
ASSAY_MUST_CHECK int assay_layer_fill_lead(struct assay_layer *layer, struct assay_error *err);
/** Drop that many bytes of the lead (a byte order mark). */
void assay_layer_skip_lead(struct assay_layer *layer, size_t size_bytes);
/** Close the layer and all below; NULL is allowed. */
void assay_layer_close(struct assay_layer *layer);

/** Decompressing layers over `below`, which they own on success. */
ASSAY_MUST_CHECK int assay_layer_gzip(struct assay_layer *below, struct assay_layer **ret_layer,
                                      struct assay_error *err);
ASSAY_MUST_CHECK int assay_layer_zstd(struct assay_layer *below, struct assay_layer **ret_layer,
                                      struct assay_error *err);
/** A layer that turns `encoding` into UTF-8. Bytes that the encoding does not know are passed on as
 * malformed UTF-8 (a lone surrogate as its three bytes), so that they are counted with the cell
 * that holds them. ASSAY_INVALID: no such encoding. */
ASSAY_MUST_CHECK int assay_layer_decode(struct assay_layer *below, const char *encoding,
                                        struct assay_layer **ret_layer, struct assay_error *err);
/** Where byte text_offset of a decoding layer's text, at which a character begins, stands in what
 * it decodes. False where the layer below cannot be read again. Quickest for rising offsets. */
bool assay_layer_decoded_from(struct assay_layer *layer, uint64_t text_offset,
                              uint64_t *ret_offset);

#endif
