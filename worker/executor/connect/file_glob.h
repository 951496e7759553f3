/* Multi-token globbing: which files of a folder belong together by their names. Pure: no file is
 * touched. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_FILE_GLOB_H
#define ASSAY_CONNECT_FILE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

/** A group of files. Heap; members are indexes into the names given. */
struct assay_glob_group {
    char *name; /* the file's own name, or a pattern: "2024/orders_*.csv" */
    size_t *members;
    size_t count;
};
struct assay_glob_groups {
    struct assay_glob_group *items; /* by name */
    size_t count;
};
void assay_glob_groups_release(struct assay_glob_groups *groups);

/** The known extension of a file name ("csv", "csv.gz"; lower-case in the table, any case in the
 * name): a pointer into `name`, behind the stem's dot; NULL when unknown. *ret_format: "csv",
 * "tsv", "psv", "txt", "json", "jsonl", "parquet". */
const char *assay_glob_extension(const char *name, const char **ret_format);

/** Group names (relative to the root, '/' between folders, each with a known extension, no
 * duplicates) as follows. Only files of the same folder and extension come together. The delimiter
 * is '_' or '-', whichever more of them hold. A name of one token stays alone. Tokens with a digit
 * vary: names equal in all other tokens form a group. Names still alone come together where all
 * tokens but one are equal, at the position that makes the largest group, the last one on a tie. In
 * the pattern a position stays literal where the group agrees on it and is `*` elsewhere.
 *  whole_folders: all files of one folder and extension form one group ("folder/" + "*.csv").
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_glob_group(const char *const *names, size_t count, bool whole_folders,
                                      struct assay_glob_groups *ret_groups,
                                      struct assay_error *err);

/** The narrowest pattern for some of the names: as above for one group. Heap, NULL when out of
 * memory. */
char *assay_glob_pattern(const char *const *names, const size_t *members, size_t count,
                         bool whole_folders);

#endif
