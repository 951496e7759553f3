/* HTML pages that need no network: escaping, one style sheet, charts as inline SVG. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_HTML_OUT_H
#define ASSAY_CLI_HTML_OUT_H

#include "common/base/buf.h"
#include "common/json/json.h"

/** Append everything before and after the page's own content. A policy in the page forbids every
 * load and script. */
void assay_html_begin(struct assay_buf *out, const char *title);
void assay_html_end(struct assay_buf *out);
/** Append a text with & < > " ' escaped and control characters replaced; safe inside of attributes
 * in quotes too. */
void assay_html_text(struct assay_buf *out, const char *text);
/** Append a scalar: texts escaped, reals with six digits, whole numbers grouped by thousands, "–"
 * for null. */
void assay_html_value(struct assay_buf *out, const json_t *value);
/** Append a histogram as SVG. buckets: [{"value" or "from" and "to", "count", "tail"?}]; each bar
 * that can be pointed at has its figures as a hint. */
void assay_html_bars(struct assay_buf *out, const json_t *buckets, int width, int height);
/** Append a share from 0 to 1 as a small bar with its percentage. */
void assay_html_share(struct assay_buf *out, double share, const char *class_name);

#endif
