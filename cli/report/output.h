/* Where a report goes: standard output, or a file that is replaced in one step. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_OUTPUT_H
#define ASSAY_CLI_OUTPUT_H

#include "common/base/buf.h"
#include "common/base/error.h"

/** Write the whole text. path NULL or "-" = standard output; /dev/… and pipes are written into,
 * files are replaced. ASSAY_USAGE: the place cannot be written. */
ASSAY_MUST_CHECK int assay_output_write(const char *path, const struct assay_buf *text,
                                        struct assay_error *err);
/** Can the file be written there? Asked before the work begins. */
ASSAY_MUST_CHECK int assay_output_probe(const char *path, struct assay_error *err);
/** "json=report.json": format and file; ASSAY_USAGE names the formats (each name ended by NUL, the
 * list by an empty one). */
ASSAY_MUST_CHECK int assay_output_split(const char *text, const char *formats,
                                        char ret_format[static 16], const char **ret_path,
                                        struct assay_error *err);

#endif
