/* Each field: a piece of work for every field, shared by threads that live as long as the call. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_EACH_FIELD_H
#define ASSAY_PROFILE_EACH_FIELD_H

#include <stddef.h>

#include "common/base/error.h"

/** Work on field number `field`, from any thread; it touches nothing that another field's does. */
typedef int assay_field_work(void *context, size_t field, struct assay_error *err);

/** Do the work for fields 0 … count - 1 on at most `threads` threads, this one among them. When
 * one fails the others stop early, and the first failure is told. */
ASSAY_MUST_CHECK int assay_each_field(size_t count, size_t threads, assay_field_work *work,
                                      void *context, struct assay_error *err);

#endif
