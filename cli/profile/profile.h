/* `assay profile`: options, and the documents that are made of a profile. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_PROFILE_H
#define ASSAY_CLI_PROFILE_H

#include "cli/command.h"
#include "cli/report/text_out.h"
#include "common/json/json.h"

extern const struct assay_cli_option assay_profile_options[];
int assay_profile_command(const struct assay_args *args, int *ret_exit, struct assay_error *err);

/** Append a profile document (docs/documents.md, with "comparison" or without) for a person, and as
 * one HTML page that needs no network. */
void assay_profile_text(const json_t *document, const struct assay_style *style,
                        struct assay_buf *out);
void assay_profile_html(const json_t *document, struct assay_buf *out);

/** What to draw of a field with so many values that are not null: its histogram, of texts the most
 * frequent ones first; of an array that of its elements. NULL: nothing, or so little of the values
 * that it would mislead. Borrowed. */
const json_t *assay_profile_chart(const json_t *field, double present);

/** A profile document that --format json wrote; the caller's. ASSAY_USAGE: it cannot be read, or is
 * none. */
ASSAY_MUST_CHECK int assay_profile_read(const char *path, json_t **ret_document,
                                        struct assay_error *err);
/** What changed from an earlier profile document to this one, as the member "comparison"
 * (profile_compare.c says its form). The caller's. */
ASSAY_MUST_CHECK int assay_profile_compare(const json_t *document, const json_t *old,
                                           json_t **ret_comparison, struct assay_error *err);
/** What a person calls a figure that is compared. */
const char *assay_comparison_label(const char *key);
/** Whether a change says no more than that the field has another type: a figure that the one type
 * has and the other has not. */
bool assay_comparison_follows_type(const json_t *field, const json_t *change);
void assay_comparison_html(const json_t *comparison, struct assay_buf *out);
void assay_comparison_text(const json_t *comparison, const struct assay_style *style,
                           struct assay_buf *out);

#endif
