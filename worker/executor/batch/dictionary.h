/* Dictionary: the texts of a column, each once, with a number (code) that stands for it in batches.
 *
 * An engine that holds a column as codes of its own calls for the code of each entry once, and
 * kernels count two bytes for each record. Codes are given in the order in which texts come; they
 * and the texts stay as they are as long as the dictionary lives. It holds so many texts and bytes
 * and no more: what has no room has the code ASSAY_CODE_OTHER, and whoever counts codes must then
 * read the column as texts. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_DICTIONARY_H
#define ASSAY_EXECUTOR_DICTIONARY_H

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "worker/executor/batch/batch.h"

#define ASSAY_DICTIONARY_CODES 8192 /* of texts and of null */
#define ASSAY_CODE_NULL        0
#define ASSAY_CODE_OTHER       ASSAY_DICTIONARY_CODES /* a text that had no room */

/** Bytes of one dictionary, at most. */
#define ASSAY_DICTIONARY_BYTES ((size_t)448 << 10)

struct assay_dictionary;

ASSAY_MUST_CHECK int assay_dictionary_new(struct assay_dictionary **ret_dictionary,
                                          struct assay_error *err);
void assay_dictionary_free(struct assay_dictionary *dictionary);
ASSAY_DEFINE_CLEANUP(struct assay_dictionary, assay_dictionary_free)

/** The codes of n texts, those of them that are not valid (NULL = all are) ASSAY_CODE_NULL. Texts
 * are copied. Any thread. */
void assay_dictionary_codes(struct assay_dictionary *dictionary, const struct assay_text *texts,
                            const uint64_t *validity, size_t n, uint16_t *ret_codes);
/** Had a text no room? Any thread; it sees the texts of all codes that were given before. */
bool assay_dictionary_is_full(struct assay_dictionary *dictionary);
/** The text of a code that this thread was given, or that was given before it asked
 * assay_dictionary_is_full(); not of the two codes that stand for no text. */
struct assay_text assay_dictionary_text(const struct assay_dictionary *dictionary, size_t code);

#endif
