/* Relations between containers, from sketches of their fields alone: which field's values all
 * occur in a key of another container (existsIn), which two keys never meet (notExistsIn), which
 * container is a copy of another (isReplicaOf). What is found is a candidate: it becomes a check
 * once all records have been judged by it (task kind profile.relate).
 *
 * Sketches of a container, as its profile emits them (chunks "sketches", put together by
 * common/msg/result.h into the member "sketches" of the document) and as a catalog keeps them:
 *   {"v": 1, "records": n,
 *    "fields": [{"name", "type",       all fields, in their order
 *                "digest"}],           of figures that are equal in a copy
 *    "sketches": [{"field", "type",    Integral, String, Date or Timestamp
 *                  "distinct",         estimate, whole
 *                  "values",           that are not null
 *                  "unique",           as far as the statistics tell
 *                  "min", "max",       numbers: integers, days or µs since 1970; String: null
 *                  "shape",            String: the commonest one (sketch.h); else null
 *                  "code",             String of numbers behind a prefix (sketch.h): {"prefix",
 *                                      "first", "last"}; else null or absent
 *                  "registers"}]}      2,048 base64 digits, below
 * Fields without a sketch can be neither key nor reference: fractions, booleans, prose, lists,
 * fewer than 20 distinct values.
 *
 * Registers are those of a HyperLogLog of 2^11 registers (P. Flajolet et al., 2007) over the hashes
 * of the values, equal for equal values of any source. Digit i of the text (RFC 4648, section 4) is
 * register i: the base64 of six bits each. The registers of a union are the greater of each two, so
 * A in B needs every register of A to be at most that of B.
 *
 * Containment alone is found everywhere: the numbers 1 … 50 lie in every column of ids. So it
 * counts only where chance is no explanation, in the spirit of the randomness test of M. Zhang et
 * al., "On multi-column foreign key discovery" (2010), and of the features of A. Rostin et al., "A
 * machine learning approach to foreign key discovery" (2009); that only pairs of fields are looked
 * at, those of each type by themselves, is after F. De Marchi et al., "Unary and n-ary inclusion
 * dependency discovery in relational databases" (2009). The rules: docs/inference.md, "Relations".
 *
 * Pure, deterministic. Cost: a field is compared with the keys of its own container, with those
 * that share a word of their names, and with those of its type (texts: and shape) whose values
 * alone may convince; registers are compared last, up to the first that is greater. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RELATE_RELATE_H
#define ASSAY_RELATE_RELATE_H

#include "common/json/json.h"

#define ASSAY_RELATE_VERSION      1
#define ASSAY_RELATE_DISTINCT_MIN 20 /* fewer values are found in a key by chance */

/** Find candidates between any two of the containers, and within one.
 *  containers: [{"name": file name, glob or table, "datastore": number or null, "sketches": as
 *  above or null}]. A container of other sketches than those of version 1 is passed over. The order
 *  decides who refers to whom where nothing else does: later ones to earlier ones.
 *  *ret_candidates (the caller's), ordered by `of`:
 *  [{"of": index of the container that is to be checked, "ref": index of the one it refers to, the
 *    same for a reference to itself,
 *    "check": {"rule": "existsIn", "fields": ["customer_id"], "properties": {"field_name": "id"},
 *              "description": "…",
 *              "additional_metadata": {"inference": {"method": "overlap", "level": 4,
 *                 "overlap": share of the key's values that the field takes,
 *                 "chance": that fields which have nothing to do with each other look so,
 *                 "names": 0 (do not agree) … 4 (name the key and its container)}}}}]
 *  The caller sets the reference: properties.ref_container, or ref_container_id and
 *  ref_datastore_id; nothing where `ref` is `of`. fields of isReplicaOf are all that both have, its
 *  properties {}. ASSAY_NO_MEMORY; ASSAY_FORMAT for registers that are none. */
ASSAY_MUST_CHECK int assay_relate(const json_t *containers, json_t **ret_candidates,
                                  struct assay_error *err);

#endif
