/* Ownership by attribute: an early return is safe, and handing over leaves NULL behind. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_CLEANUP_H
#define ASSAY_BASE_CLEANUP_H

/** Declare `free_fn` usable with ASSAY_AUTO for pointers to `type`. Put it below the prototype of
 * free_fn. */
#define ASSAY_DEFINE_CLEANUP(type, free_fn)                                                        \
    static inline void free_fn##_at_exit(type **pointer)                                           \
    {                                                                                              \
        free_fn(*pointer);                                                                         \
    }

/** `ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;` closes when the scope
 * ends. */
#define ASSAY_AUTO(free_fn) __attribute__((cleanup(free_fn##_at_exit)))

/** `ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};` releases storage that the scope
 * owns. */
#define ASSAY_SCOPED(release_fn) __attribute__((cleanup(release_fn)))

/** Hand a pointer over: its value, leaving NULL behind. */
#define ASSAY_TAKE(pointer)                                                                        \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

#define ASSAY_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
