/* Listing a folder: files grouped by name, where their headers agree. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_FILE_LIST_H
#define ASSAY_CONNECT_FILE_LIST_H

#include "worker/executor/connect/connector.h"
#include "worker/executor/connect/file_walk.h"

/** Every container below root, in name order. A group of names falls apart where headers differ:
 * the most common header keeps the group's name; the others form groups of their own, and
 * `details.note` says so. JSON files agree when they share half of their fields. details:
 * {"format", "files": [{"path", "size_bytes", "modified_us"}], "note", "error"}. Errors as of
 * assay_walk_folder() and of `found`. */
ASSAY_MUST_CHECK int assay_file_list(const char *root, const struct assay_fence *fence,
                                     bool whole_folders, const json_t *reader_options,
                                     const atomic_bool *cancelled, assay_found_fn *found,
                                     void *context, struct assay_error *err);

#endif
