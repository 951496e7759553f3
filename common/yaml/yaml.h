/* YAML 1.2 (core schema) to JSON values, with the line of every node; JSON documents are read
 * too. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_YAML_YAML_H
#define ASSAY_YAML_YAML_H

#include "common/base/error.h"
#include "common/json/json.h"

/** A parsed document. Scalars keep their source text: `texts` of a node gives "01321" or "NO"
 * although the JSON value is a number or a text. Free with assay_yaml_free(). */
struct assay_yaml;

/** Parse one document. `name` stands in errors with line and column. Duplicate keys, more than one
 * document, aliases that would expand beyond 100,000 nodes: ASSAY_FORMAT. */
ASSAY_MUST_CHECK int assay_yaml_parse(const char *text, size_t size_bytes, const char *name,
                                      struct assay_yaml **ret_yaml, struct assay_error *err);
void assay_yaml_free(struct assay_yaml *yaml);
ASSAY_DEFINE_CLEANUP(struct assay_yaml, assay_yaml_free)

/** The root value; the document's. true/false/null, integers, reals as in the core schema (NO, off,
 * y are texts). */
json_t *assay_yaml_root(const struct assay_yaml *yaml);
/** Line (from 1) and column of a node of this document, 0 when unknown. */
int assay_yaml_line(const struct assay_yaml *yaml, const json_t *node);
/** From now on every line is unknown: those of a document that is an argument say nothing. */
void assay_yaml_forget_lines(struct assay_yaml *yaml);
/** Source text of a scalar node of this document (without quotes), NULL when unknown. The
 * document's. */
const char *assay_yaml_text(const struct assay_yaml *yaml, const json_t *node);

/** The same for a member and for an item: these know true, false and null too, of which jansson has
 * one node for all. The line of a member is that of its key. */
int assay_yaml_key_line(const struct assay_yaml *yaml, const json_t *object, const char *key);
const char *assay_yaml_member_text(const struct assay_yaml *yaml, const json_t *object,
                                   const char *key);
const char *assay_yaml_item_text(const struct assay_yaml *yaml, const json_t *array, size_t index);

#endif
