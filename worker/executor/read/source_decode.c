// Decoding layer of a source: any encoding that iconv(3) knows into UTF-8.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/read/source_layer.h"

#define INPUT_BYTES ((size_t)64 << 10)

enum { LEAST_OUT = 8 }; /* bytes that hold any one character */

struct decode_layer {
    struct assay_layer layer;
    iconv_t descriptor;
    char *input;
    size_t at, size;
    uint64_t taken; /* encoded bytes in front of input[0] */
    int utf16;      /* 0 = other, 1 = little-endian, 2 = big-endian */
    bool ended;
    char over[LEAST_OUT]; /* for buffers too small for a character */
    size_t over_at, over_size;
};

static int input_more(struct decode_layer *decode, struct assay_error *err)
{
    memmove(decode->input, decode->input + decode->at, decode->size - decode->at);
    decode->taken += decode->at;
    decode->size -= decode->at;
    decode->at = 0;
    size_t got;
    ASSAY_TRY(assay_layer_read(decode->layer.below, decode->input + decode->size,
                               INPUT_BYTES - decode->size, &got, err));
    decode->size += got;
    decode->ended = got == 0;
    return ASSAY_OK;
}

/* What the encoding does not know, passed on as malformed UTF-8. At least LEAST_OUT bytes of
 * room. */
static size_t pass_malformed(struct decode_layer *decode, char *out)
{
    const unsigned char *in = (const unsigned char *)decode->input + decode->at;
    if (!decode->utf16) {
        out[0] = (char)*in;
        decode->at++;
        return 1;
    }
    const unsigned unit =
        decode->utf16 == 1 ? (unsigned)(in[0] | in[1] << 8) : (unsigned)(in[0] << 8 | in[1]);
    out[0] = (char)(0xE0 | unit >> 12);
    out[1] = (char)(0x80 | (unit >> 6 & 0x3F));
    out[2] = (char)(0x80 | (unit & 0x3F));
    decode->at += 2;
    return 3;
}

static int fill(struct decode_layer *decode, char *out, size_t room, size_t *ret_size,
                struct assay_error *err)
{
    size_t made = 0;
    bool need = decode->at == decode->size;
    while (made == 0) {
        if (need && !decode->ended)
            ASSAY_TRY(input_more(decode, err));
        if (decode->at == decode->size)
            break;
        char *in = decode->input + decode->at, *to = out;
        size_t left = decode->size - decode->at, space = room;
        errno = 0;
        const size_t rc = iconv(decode->descriptor, &in, &left, &to, &space);
        const int errnum = rc == (size_t)-1 ? errno : 0;
        decode->at = (size_t)(in - decode->input);
        made = (size_t)(to - out);
        if (errnum == EILSEQ && room - made >= LEAST_OUT)
            made += pass_malformed(decode, out + made);
        need = errnum == EINVAL;
        if (need && decode->ended && !made)
            return assay_fail(err, ASSAY_FORMAT,
                              "reading %s: the text ends inside of a character at byte %" PRIu64,
                              decode->layer.name, decode->taken + decode->at);
    }
    *ret_size = made;
    return ASSAY_OK;
}

static int decode_read(struct assay_layer *layer, void *buffer, size_t size_bytes, size_t *ret_size,
                       struct assay_error *err)
{
    struct decode_layer *decode = (struct decode_layer *)layer;
    if (size_bytes >= 2 * LEAST_OUT && decode->over_at == decode->over_size)
        return fill(decode, buffer, size_bytes, ret_size, err);
    if (decode->over_at == decode->over_size) {
        decode->over_at = decode->over_size = 0;
        ASSAY_TRY(fill(decode, decode->over, sizeof decode->over, &decode->over_size, err));
    }
    const size_t left = decode->over_size - decode->over_at;
    const size_t size = left < size_bytes ? left : size_bytes;
    memcpy(buffer, decode->over + decode->over_at, size);
    decode->over_at += size;
    *ret_size = size;
    return ASSAY_OK;
}

static void decode_close(struct assay_layer *layer)
{
    struct decode_layer *decode = (struct decode_layer *)layer;
    if (decode->descriptor != (iconv_t)-1)
        (void)iconv_close(decode->descriptor);
    assay_free(decode->input);
    assay_free(decode);
}

int assay_layer_decode(struct assay_layer *below, const char *encoding,
                       struct assay_layer **ret_layer, struct assay_error *err)
{
    static const struct assay_layer_ops ops = {.read = decode_read, .close = decode_close};
    struct decode_layer *decode = assay_calloc(1, sizeof *decode);
    if (!decode)
        return assay_fail_memory(err);
    decode->layer.ops = &ops;
    decode->layer.name = below->name;
    decode->utf16 = !strcmp(encoding, "utf-16le") ? 1 : !strcmp(encoding, "utf-16be") ? 2 : 0;
    decode->descriptor = iconv_open("UTF-8", encoding);
    decode->input = assay_malloc(INPUT_BYTES);
    int rc = decode->input ? ASSAY_OK : assay_fail_memory(err);
    if (rc == ASSAY_OK && decode->descriptor == (iconv_t)-1)
        rc = assay_fail(
            err, ASSAY_INVALID,
            "reading %s: unknown encoding \"%.40s\"; known ones are utf-8, utf-16, latin-1, "
            "windows-1252 and those of iconv -l",
            below->name, encoding);
    if (rc != ASSAY_OK) {
        decode_close(&decode->layer);
        return rc;
    }
    decode->layer.below = below;
    *ret_layer = &decode->layer;
    return ASSAY_OK;
}
