/* YAML scalars to JSON values by the core schema of YAML 1.2 (chapter 10.3). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_YAML_SCALAR_H
#define ASSAY_YAML_SCALAR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/** Resolve a scalar. tag: explicit tag or NULL; plain: written without quotes, so that its text
 * decides the type. *ret_node is the caller's, NULL when out of memory. Integers beyond 64 bits
 * become reals; NaN and infinities, which JSON has not, stay texts. False when the tag is not of
 * the core schema. */
bool assay_yaml_scalar(const char *text, size_t size_bytes, const char *tag, bool plain,
                       json_t **ret_node);

#endif
