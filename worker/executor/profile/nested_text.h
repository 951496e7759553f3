/* Structs and arrays that a reader leaves as JSON text: beyond the levels that are projected to
 * fields, and elements of arrays. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_NESTED_TEXT_H
#define ASSAY_PROFILE_NESTED_TEXT_H

#include "worker/executor/profile/profile_field.h"

/** Leave such a field, or the elements of such an array, with counts of records and nulls only, as
 * structs of typed sources have: the figures of their text would depend on how the source spells
 * them. After the field is finished, before anything is told from its figures. */
void assay_nested_text_forget(struct assay_profile_field *field);

#endif
