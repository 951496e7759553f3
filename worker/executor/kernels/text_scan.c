// One look at an array of texts.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/text_scan.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "worker/executor/kernels/hash_body.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

void assay_text_scan_init(struct assay_text_scan *scan, bool opaque, uint32_t keep_bytes)
{
    *scan = (struct assay_text_scan){.opaque = opaque, .keep_bytes = keep_bytes};
    scan->min.key = scan->min.next = UINT64_MAX;
    assay_lengths_init(&scan->lengths);
}

void assay_text_scan_release(struct assay_text_scan *scan)
{
    assay_free(scan->min.data);
    assay_free(scan->max.data);
    scan->min.data = scan->max.data = NULL;
}

bool assay_is_white_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

static bool is_blank(struct assay_text text)
{
    for (size_t i = 0; i < text.size_bytes;) {
        uint32_t code_point;
        i += assay_utf8_next(text.data + i, text.size_bytes - i, &code_point);
        if (!assay_is_white_space(code_point))
            return false;
    }
    return true;
}

static inline uint64_t load_word(const char *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

static inline uint64_t load_half(const char *data)
{
    uint32_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/* The first eight bytes so that numbers sort as bytes do; shorter texts have zeros behind. */
static inline uint64_t key_of(const char *data, uint32_t size)
{
    if (size >= 8)
        return __builtin_bswap64(load_word(data));
    if (size >= 4) {
        const uint64_t low = load_half(data), high = load_half(data + size - 4);
        return __builtin_bswap64(low | high << (8 * (size - 4)));
    }
    if (!size)
        return 0;
    const unsigned char *p = (const unsigned char *)data;
    const uint64_t last = size > 2 ? p[2] : 0, middle = size > 1 ? p[1] : 0;
    return (uint64_t)p[0] << 56 | middle << 48 | last << 40;
}

static inline uint64_t next_key(const char *data, uint32_t size)
{
    return size > 8 ? key_of(data + 8, size - 8) : 0;
}

/* Sixteen bytes at any address, as GCC's vectors. */
typedef uint64_t byte_block __attribute__((vector_size(16), aligned(1), may_alias));

static inline bool is_ascii(const char *data, uint32_t size, uint64_t key)
{
    if (size <= 8)
        return !(key & HIGH_BITS);
    if (size < 16)
        return !((key | load_word(data + size - 8)) & HIGH_BITS);
    byte_block bits = *(const byte_block *)(const void *)(data + size - 16);
    for (uint32_t i = 0; i + 16 < size; i += 16)
        bits |= *(const byte_block *)(const void *)(data + i);
    return !((bits[0] | bits[1]) & HIGH_BITS);
}

static int compare_kept(const struct assay_text_extreme *kept, struct assay_text text)
{
    const uint32_t common = kept->size_bytes < text.size_bytes ? kept->size_bytes : text.size_bytes;
    const int order = common ? memcmp(text.data, kept->data, common) : 0;
    if (order)
        return order;
    if (text.size_bytes > kept->size_bytes)
        return kept->cut ? 0 : 1;
    return text.size_bytes < kept->size_bytes ? -1 : 0;
}

static bool keep(struct assay_text_extreme *extreme, struct assay_text text, uint64_t key, bool cut,
                 uint32_t keep_bytes)
{
    const uint32_t size = text.size_bytes < keep_bytes ? text.size_bytes : keep_bytes;
    if (size > extreme->capacity_bytes || !extreme->data) {
        const uint32_t twice = size < keep_bytes / 2 ? size * 2 : keep_bytes;
        const uint32_t capacity = twice < 32 ? 32 : twice;
        char *data = assay_realloc(extreme->data, capacity);
        if (!data)
            return false;
        extreme->data = data;
        extreme->capacity_bytes = capacity;
    }
    if (size)
        memcpy(extreme->data, text.data, size);
    extreme->size_bytes = size;
    extreme->cut = cut || size < text.size_bytes;
    extreme->key = key;
    extreme->next = next_key(text.data, text.size_bytes);
    extreme->any = true;
    return true;
}

/* The keys say that the text may be a new extreme. */
static bool offer(struct assay_text_scan *scan, struct assay_text text, uint64_t key, bool cut)
{
    if (!scan->min.any || compare_kept(&scan->min, text) < 0) {
        if (!keep(&scan->min, text, key, cut, scan->keep_bytes))
            return false;
    }
    if (!scan->max.any || compare_kept(&scan->max, text) > 0) {
        if (!keep(&scan->max, text, key, cut, scan->keep_bytes))
            return false;
    }
    return true;
}

/* Can the text lie outside of what was seen? Only its first sixteen bytes are looked at. */
static inline bool may_be_extreme(const struct assay_text_scan *scan, struct assay_text text,
                                  uint64_t key)
{
    if (key > scan->min.key && key < scan->max.key)
        return false;
    const uint64_t next = next_key(text.data, text.size_bytes);
    return key < scan->min.key || (key == scan->min.key && next <= scan->min.next) ||
           key > scan->max.key || (key == scan->max.key && next >= scan->max.next);
}

/* What is not ASCII, or may be blank: its length in code points; counts what is malformed. */
static uint64_t look_closely(struct assay_text_scan *scan, struct assay_text text, bool ascii)
{
    scan->blank += is_blank(text);
    if (ascii)
        return text.size_bytes;
    scan->invalid_utf8 += !assay_utf8_valid(text.data, text.size_bytes);
    return assay_utf8_length(text.data, text.size_bytes);
}

/* What one look at a run of texts adds up. */
struct text_sums {
    uint64_t min, max, sum, empty;
    assay_u128 squares;
};

/* Lengths below 2^24, whose squares of a run fit in 64 bits, are the rule. */
static inline void add_length(struct text_sums *sums, uint64_t length, uint64_t *squares)
{
    sums->min = length < sums->min ? length : sums->min;
    sums->max = length > sums->max ? length : sums->max;
    sums->sum += length;
    if (length < UINT64_C(1) << 24)
        *squares += length * length;
    else
        sums->squares += (assay_u128)length * length;
}

/* At most 2^16 texts. */
static inline __attribute__((always_inline)) bool scan_run(struct assay_text_scan *scan,
                                                           const struct assay_text *texts, size_t n,
                                                           bool opaque, uint64_t *ret_hashes,
                                                           struct text_sums *sums)
{
    uint64_t squares = 0;
    for (size_t i = 0; i < n; i++) {
        const struct assay_text text = texts[i];
        const uint64_t key = key_of(text.data, text.size_bytes);
        const unsigned first = (unsigned)(key >> 56);
        uint64_t length = text.size_bytes;
        ret_hashes[i] = hash_never_zero(XXH3_64bits(text.data, text.size_bytes));
        const bool ascii = opaque || is_ascii(text.data, text.size_bytes, key);
        if (!opaque && (!ascii || first <= ' ') && length)
            length = look_closely(scan, text, ascii);
        sums->empty += !text.size_bytes;
        add_length(sums, length, &squares);
        if (may_be_extreme(scan, text, key) && !offer(scan, text, key, false))
            return false;
    }
    sums->squares += squares;
    return true;
}

bool assay_text_scan_add(struct assay_text_scan *scan, const struct assay_text *texts, size_t n,
                         uint64_t *ret_hashes)
{
    struct assay_length_figures *lengths = &scan->lengths;
    struct text_sums sums = {.min = lengths->min, .max = lengths->max};
    const bool done = scan->opaque ? scan_run(scan, texts, n, true, ret_hashes, &sums)
                                   : scan_run(scan, texts, n, false, ret_hashes, &sums);
    if (!done)
        return false;
    lengths->count += n;
    lengths->min = sums.min;
    lengths->max = sums.max;
    lengths->sum += sums.sum;
    lengths->squares += sums.squares;
    scan->empty += sums.empty;
    return true;
}

bool assay_text_scan_put(struct assay_text_scan *scan, struct assay_text text, uint64_t count,
                         uint64_t *ret_hash)
{
    const uint64_t empty = scan->empty, blank = scan->blank, invalid = scan->invalid_utf8;
    const assay_u128 sum = scan->lengths.sum, more = count - 1;
    if (!assay_text_scan_add(scan, &text, 1, ret_hash))
        return false;
    const assay_u128 length = scan->lengths.sum - sum;
    scan->lengths.count += count - 1;
    scan->lengths.sum += more * length;
    scan->lengths.squares += more * length * length;
    scan->empty += (scan->empty - empty) * (count - 1);
    scan->blank += (scan->blank - blank) * (count - 1);
    scan->invalid_utf8 += (scan->invalid_utf8 - invalid) * (count - 1);
    return true;
}

bool assay_text_is_plain(struct assay_text text, uint64_t *ret_length)
{
    if (is_blank(text) || !assay_utf8_valid(text.data, text.size_bytes))
        return false;
    *ret_length = assay_utf8_length(text.data, text.size_bytes);
    return text.size_bytes;
}

void assay_text_scan_thin(struct assay_text_scan *scan, uint32_t most)
{
    struct assay_text_extreme *both[] = {&scan->min, &scan->max};
    for (size_t i = 0; i < 2; i++) {
        if (both[i]->size_bytes <= most)
            continue;
        both[i]->size_bytes = most;
        both[i]->cut = true;
    }
}

bool assay_text_scan_merge(struct assay_text_scan *scan, const struct assay_text_scan *other)
{
    scan->empty += other->empty;
    scan->blank += other->blank;
    scan->invalid_utf8 += other->invalid_utf8;
    assay_lengths_merge(&scan->lengths, &other->lengths);
    const struct assay_text_extreme *both[] = {&other->min, &other->max};
    for (size_t i = 0; i < 2; i++) {
        const struct assay_text text = {.data = both[i]->data, .size_bytes = both[i]->size_bytes};
        if (both[i]->any && !offer(scan, text, both[i]->key, both[i]->cut))
            return false;
    }
    return true;
}

static void save_extreme(const struct assay_text_extreme *extreme, struct assay_buf *buf)
{
    assay_put_u8(buf, (uint8_t)(extreme->any | extreme->cut << 1));
    assay_put_varint(buf, extreme->size_bytes);
    if (extreme->size_bytes)
        assay_buf_append(buf, extreme->data, extreme->size_bytes);
}

static bool load_extreme(struct assay_text_extreme *extreme, uint32_t keep_bytes,
                         struct assay_bytes *in)
{
    const uint8_t flags = assay_get_u8(in);
    const uint32_t size = assay_get_count(in, keep_bytes);
    const struct assay_text text = {.data = assay_get_bytes(in, size), .size_bytes = size};
    if (in->failed || flags > 3 || (!(flags & 1) && (size || flags)))
        return false;
    if (!flags)
        return true;
    return keep(extreme, text, key_of(text.data, size), flags & 2, keep_bytes);
}

void assay_text_scan_save(const struct assay_text_scan *scan, struct assay_buf *buf)
{
    assay_put_varint(buf, scan->empty);
    assay_put_varint(buf, scan->blank);
    assay_put_varint(buf, scan->invalid_utf8);
    assay_lengths_save(&scan->lengths, buf);
    save_extreme(&scan->min, buf);
    save_extreme(&scan->max, buf);
}

bool assay_text_scan_load(struct assay_text_scan *scan, struct assay_bytes *in)
{
    scan->empty = assay_get_varint(in);
    scan->blank = assay_get_varint(in);
    scan->invalid_utf8 = assay_get_varint(in);
    assay_lengths_load(&scan->lengths, in);
    return load_extreme(&scan->min, scan->keep_bytes, in) &&
           load_extreme(&scan->max, scan->keep_bytes, in) && !in->failed;
}
