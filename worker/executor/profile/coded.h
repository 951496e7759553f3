/* Coded: the fields of a Parquet container whose texts a pass counts as codes (batch/dictionary.h).
 *
 * Metadata of the first file only tells which ones it is worth for. Where a dictionary turns out to
 * be too small the field is lost for this pass, and must be read again as texts. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_CODED_H
#define ASSAY_PROFILE_CODED_H

#include "worker/executor/batch/dictionary.h"
#include "worker/executor/profile/profile_source.h"

/** Zero-initialised is none; assay_coded_release(). */
struct assay_coded {
    struct assay_dictionary **dictionaries; /* by field, NULL = comes as values; NULL = all do */
    size_t fields_count;
};

/** Choose among the fields; at most source->dictionaries_most are coded. None is when
 * memory runs out. */
void assay_coded_choose(const struct assay_profile_source *source, const char *const *fields,
                        size_t fields_count, struct assay_coded *ret_coded);
void assay_coded_release(struct assay_coded *coded);
/** Had the field a text that no code stands for? */
bool assay_coded_is_lost(const struct assay_coded *coded, size_t field);

#endif
