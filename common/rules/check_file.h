/* Checks files: YAML or JSON in, normal form out (docs/documents.md); and back. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_CHECK_FILE_H
#define ASSAY_RULES_CHECK_FILE_H

#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/json/json.h"

/** The checks of a file, each in normal form (check_validate.h) with "index" (its place in the
 * file, from 0) and, of a file, "line". Free with assay_check_file_release(). */
struct assay_check_file {
    json_t *checks; /* array */
};

/** Read a document: `{version: 1, checks: […]}`, or a list of checks. A check is the long form, or
 * the short one:
 *  `- notNull: [id, email]`, with the check's other keys beside it if need be. name stands in
 * errors, which give line and nearest valid name. ASSAY_FORMAT: not YAML; ASSAY_INVALID: not a
 * checks file. Checks are appended to file->checks, with indexes that go on from those already
 * there. */
ASSAY_MUST_CHECK int assay_check_file_parse(const char *text, size_t size_bytes, const char *name,
                                            struct assay_check_file *file, struct assay_error *err);
/** The same from a path. ASSAY_NOT_FOUND, ASSAY_DENIED, ASSAY_IO too. */
ASSAY_MUST_CHECK int assay_check_file_read(const char *path, struct assay_check_file *file,
                                           struct assay_error *err);
/** One check, as `--check '{rule: notNull, fields: [id]}'` or `--check 'notNull: [id]'` gives
 * it. */
ASSAY_MUST_CHECK int assay_check_file_add(const char *text, struct assay_check_file *file,
                                          struct assay_error *err);
void assay_check_file_release(struct assay_check_file *file);

enum assay_check_form { ASSAY_CHECK_YAML, ASSAY_CHECK_JSON };
/** What a file of that name holds: JSON behind ".json", else YAML. */
enum assay_check_form assay_check_form_of(const char *path);
/** Append checks in normal form as a checks file that reads back to the same. Properties that have
 * their fallback, a coverage of 1 and empty keys are left out. */
ASSAY_MUST_CHECK int assay_check_file_write(const json_t *checks, enum assay_check_form form,
                                            struct assay_buf *text, struct assay_error *err);

/** Does a check that names a container (or a glob: * ? [a-z]; NULL = any) mean this one? */
bool assay_check_means(const json_t *check, const char *container);

#endif
