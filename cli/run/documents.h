/* The documents that a command writes of one run: in --format, and one more for each --report. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_DOCUMENTS_H
#define ASSAY_CLI_DOCUMENTS_H

#include "cli/command.h"
#include "cli/report/text_out.h"
#include "common/base/buf.h"
#include "common/json/json.h"

/** Append the document as `format`, which is any but "json"; style is for texts. */
typedef int assay_document_append(const json_t *document, const char *format,
                                  const struct assay_style *style, struct assay_buf *out,
                                  struct assay_error *err);

struct assay_documents {
    const char *formats; /* of --report: each ended by NUL, the list by an empty one */
    assay_document_append *append;
};

/** Can all of --report be written? Asked before the work begins; ASSAY_USAGE: no. */
ASSAY_MUST_CHECK int assay_documents_probe(const struct assay_documents *documents,
                                           const struct assay_args *args, struct assay_error *err);
/** Write the document to `path` (NULL: standard output) in --format (text, if it is not given),
 * and in the formats of --report to theirs. JSON is indented. */
ASSAY_MUST_CHECK int assay_documents_write(const struct assay_documents *documents,
                                           const struct assay_args *args, const char *path,
                                           const json_t *document, struct assay_error *err);

#endif
