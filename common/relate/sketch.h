/* Sketch: what is known of a field's values when they are to be compared with another's. Written by
 * the executor, read by assay_relate(); both by this file. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RELATE_SKETCH_H
#define ASSAY_RELATE_SKETCH_H

#include "common/json/json.h"

#define ASSAY_SKETCH_REGISTERS 2048 /* of the HyperLogLog: 2^11 */
#define ASSAY_SKETCH_RANK_MAX  54   /* 64 − 11 + 1 */
#define ASSAY_SKETCH_SHAPE     64   /* bytes that hold any shape */

/** Append the registers as text: digit i of base64 (RFC 4648, section 4) is register i. */
void assay_sketch_registers_append(struct assay_buf *text, const uint8_t *registers);
/** False when the text is no such one. */
bool assay_sketch_registers_parse(const char *text, size_t size_bytes,
                                  uint8_t ret_registers[ASSAY_SKETCH_REGISTERS]);

/** May A be contained in B: is every register at most the other's? */
bool assay_sketch_contained(const uint8_t *a, const uint8_t *b);
/** The chance that registers of `distinct` values that have nothing to do with B are contained in
 * B's: each register holds, on average, distinct / m of them, and of those none may have a rank
 * above b, 2^−b each. */
double assay_sketch_chance(double distinct, const uint8_t *b);
/** Distinct values of the union, by P. Flajolet et al., "HyperLogLog" (2007), with linear counting
 * below 2.5 m: relative standard error 2.3 %. */
double assay_sketch_union(const uint8_t *a, const uint8_t *b);

/** The shape of a character-class pattern ("AB-1234" is "A{2}-9{4}"): lengths left out, letters and
 * digits that take turns as one: "A-9"; "9f8a-b1" is "x-x". False when it is longer than a shape.
 * ret_shape is NUL-terminated. */
bool assay_sketch_shape(const char *pattern, char ret_shape[ASSAY_SKETCH_SHAPE]);

/** Numbers behind a prefix: texts of one length, from "C-00017" to "C-99940". */
struct assay_sketch_code {
    size_t prefix_bytes;
    double first, last;
};
/** Are texts of size_bytes between these two (in the order of bytes) such numbers? As far as the
 * two tell: both must have the prefix, and digits behind it, at most 15. */
bool assay_sketch_code_of(const char *first, const char *last, size_t size_bytes,
                          struct assay_sketch_code *ret_code);

#endif
