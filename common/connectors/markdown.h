/* The page docs/connectors.md, generated from the table of definitions. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECTORS_MARKDOWN_H
#define ASSAY_CONNECTORS_MARKDOWN_H

#include "common/base/buf.h"

/** Append docs/connectors.md as it must be. The caller checks the buffer. */
void assay_connectors_markdown(struct assay_buf *page);

#endif
