/* Key set: different keys in 16 bytes each, sorted, found by their first bits. Bounded: what does
 * not fit is said, not dropped. One thread fills it; finished, any number of threads read it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_LOOKUP_KEY_SET_H
#define ASSAY_LOOKUP_KEY_SET_H

#include "worker/executor/lookup/key.h"

/** Zero-initialised with `most`. */
struct assay_key_set {
    size_t most; /* keys that it may hold, ≥ ASSAY_KEY_SET_LEAST */
    struct assay_key *keys;
    size_t count, room;
    struct assay_key *recent; /* keys that came lately are not taken again */
    uint32_t *starts;         /* finished: first key of each value of the first `bits` bits */
    unsigned bits;
};

#define ASSAY_KEY_SET_LEAST ((size_t)8192)
/** Bytes of a finished set for each of its keys, at most, beside a few KiB. */
#define ASSAY_KEY_SET_BYTES 17

/** Add n keys, of which some may be there. *ret_taken < n: it is full, and keys from there on were
 * not looked at. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_key_set_add(struct assay_key_set *set, const struct assay_key *keys,
                                       size_t n, size_t *ret_taken, struct assay_error *err);
/** No more keys come: each is there once, in order. */
ASSAY_MUST_CHECK int assay_key_set_finish(struct assay_key_set *set, struct assay_error *err);
/** Of a finished set. */
bool assay_key_set_has(const struct assay_key_set *set, struct assay_key key);
/** Empty again; `most` stays. */
void assay_key_set_release(struct assay_key_set *set);

#endif
