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

struct again;

/* The same place in the text and in what it is decoded from. */
struct place {
    uint64_t text, encoded;
};

struct decode_layer {
    struct assay_layer layer;
    iconv_t descriptor;
    char *input;
    size_t at, size;
    const char *encoding;  /* the source's */
    uint64_t first, taken; /* encoded bytes in front of the text, of input[0] */
    int utf16;             /* 0 = other, 1 = little-endian, 2 = big-endian */
    bool ended;
    char over[LEAST_OUT]; /* for buffers too small for a character */
    size_t over_at, over_size;
    uint64_t made;       /* bytes of text so far */
    struct place *known; /* about every INPUT_BYTES of text, rising */
    size_t known_count, known_capacity;
    struct again *again; /* NULL until a place is asked for */
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

/* Remember now and then where the text at hand comes from. */
static int remember(struct decode_layer *decode, struct assay_error *err)
{
    if (decode->known_count &&
        decode->made - decode->known[decode->known_count - 1].text < INPUT_BYTES)
        return ASSAY_OK;
    if (decode->known_count == decode->known_capacity) {
        const size_t capacity = decode->known_capacity ? 2 * decode->known_capacity : 16;
        struct place *known = assay_reallocarray(decode->known, capacity, sizeof *known);
        if (!known)
            return assay_fail_memory(err);
        decode->known = known;
        decode->known_capacity = capacity;
    }
    decode->known[decode->known_count++] = (struct place){decode->made, decode->taken + decode->at};
    return ASSAY_OK;
}

static int fill(struct decode_layer *decode, char *out, size_t room, size_t *ret_size,
                struct assay_error *err)
{
    size_t made = 0;
    ASSAY_TRY(remember(decode, err));
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
    decode->made += made;
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

/* ---- back to the bytes it was decoded from ---- */

/* The layer below, read once more from some place. */
struct view_layer {
    struct assay_layer layer;
    uint64_t at;
};

/* A second reading of the same text, as far as `place`. */
struct again {
    struct view_layer view;
    struct decode_layer decode;
    struct place place;
};

static int view_read(struct assay_layer *layer, void *buffer, size_t size_bytes, size_t *ret_size,
                     struct assay_error *err)
{
    struct view_layer *view = (struct view_layer *)layer;
    struct assay_layer *below = layer->below;
    ASSAY_TRY(below->ops->read_at(below, view->at, buffer, size_bytes, ret_size, err));
    view->at += *ret_size;
    return ASSAY_OK;
}

static void again_free(struct again *again)
{
    if (!again)
        return;
    if (again->decode.descriptor != (iconv_t)-1)
        (void)iconv_close(again->decode.descriptor);
    assay_free(again->decode.input);
    assay_free(again);
}

static struct again *again_new(const struct decode_layer *decode)
{
    static const struct assay_layer_ops ops = {.read = view_read};
    struct again *again = assay_calloc(1, sizeof *again);
    if (!again)
        return NULL;
    again->view.layer = (struct assay_layer){.ops = &ops, .below = decode->layer.below};
    again->decode.layer.below = &again->view.layer;
    again->decode.utf16 = decode->utf16;
    again->decode.input = assay_malloc(INPUT_BYTES);
    again->decode.descriptor = iconv_open("UTF-8", decode->encoding);
    if (!again->decode.input || again->decode.descriptor == (iconv_t)-1) {
        again_free(again);
        return NULL;
    }
    return again;
}

/* The nearest known place that is not behind text_offset. */
static struct place place_before(const struct decode_layer *decode, uint64_t text_offset)
{
    size_t from = 0, to = decode->known_count;
    while (to - from > 1) {
        const size_t middle = from + (to - from) / 2;
        if (decode->known[middle].text <= text_offset)
            from = middle;
        else
            to = middle;
    }
    return to ? decode->known[from] : (struct place){0, decode->first};
}

/* Go on from the place at hand where that is nearest, else from a known one. */
static void begin_at(struct again *again, struct place known, uint64_t text_offset)
{
    if (again->place.encoded && again->place.text <= text_offset && again->place.text >= known.text)
        return;
    again->place = known;
    again->view.at = again->decode.taken = known.encoded;
    again->decode.at = again->decode.size = 0;
}

/* Decode as much as is there, up to text_offset; *ret_made bytes of text. */
static void step_to(struct again *again, uint64_t text_offset, size_t *ret_made)
{
    struct decode_layer *decode = &again->decode;
    char text[4096], malformed[LEAST_OUT];
    const uint64_t want = text_offset - again->place.text;
    const size_t room = want < sizeof text ? (size_t)want : sizeof text;
    char *to = text, *in = decode->input + decode->at;
    size_t space = room, left = decode->size - decode->at;
    errno = 0;
    const bool wrong = iconv(decode->descriptor, &in, &left, &to, &space) == (size_t)-1;
    *ret_made = room - space;
    decode->at = (size_t)(in - decode->input);
    if (wrong && errno == EILSEQ && *ret_made < want)
        *ret_made += pass_malformed(decode, malformed);
    again->place.text += *ret_made;
    again->place.encoded = decode->taken + decode->at;
}

bool assay_layer_decoded_from(struct assay_layer *layer, uint64_t text_offset, uint64_t *ret_offset)
{
    struct decode_layer *decode = (struct decode_layer *)layer;
    if (!layer->below->ops->read_at || (!decode->again && !(decode->again = again_new(decode))))
        return false;
    struct again *again = decode->again;
    begin_at(again, place_before(decode, text_offset), text_offset);
    while (again->place.text < text_offset) {
        size_t made;
        step_to(again, text_offset, &made);
        if (made)
            continue;
        if (input_more(&again->decode, NULL) != ASSAY_OK || again->decode.ended)
            return false;
    }
    *ret_offset = again->place.encoded;
    return true;
}

static void decode_close(struct assay_layer *layer)
{
    struct decode_layer *decode = (struct decode_layer *)layer;
    if (decode->descriptor != (iconv_t)-1)
        (void)iconv_close(decode->descriptor);
    again_free(decode->again);
    assay_free(decode->input);
    assay_free(decode->known);
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
    decode->encoding = encoding;
    decode->taken = decode->first = below->lead_at;
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
