/* Numbers as exact text. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_NUMBER_H
#define ASSAY_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 assay_i128;
__extension__ typedef unsigned __int128 assay_u128;

#define ASSAY_NUMBER_TEXT 400 /* bytes that hold any number made here */

/** Decimal text of value / 10^scale, with exactly `scale` digits after the point (none when 0).
 * Returns the length. */
size_t assay_format_i128(assay_i128 value, unsigned scale, char text[ASSAY_NUMBER_TEXT]);
/** Shortest text of 15 to 17 digits (zeros at the end cut) that reads back as the same double;
 * whole numbers end in ".0"; "NaN", "Infinity",
 * "-Infinity". Plain notation for 1e-5 ≤ |x| < 1e17, else with an exponent. */
size_t assay_format_double(double value, char text[ASSAY_NUMBER_TEXT]);
/** The same for a 32-bit float: shortest text that reads back as the same float. */
size_t assay_format_float(float value, char text[ASSAY_NUMBER_TEXT]);

/** Whole text an optional sign and digits; false also on overflow of 128 bits. */
bool assay_parse_i128(const char *text, size_t size, assay_i128 *ret_value);
bool assay_parse_i64(const char *text, size_t size, int64_t *ret_value);
/** Whole text a decimal number in C locale (no hex, no "inf"). */
bool assay_parse_double(const char *text, size_t size, double *ret_value);
/** Value of a hexadecimal digit in either case; -1 for anything else. */
int assay_hex_digit(char c);
/** "1GiB", "512MiB", "64k", "100": bytes; binary units (k = KiB). */
bool assay_parse_bytes(const char *text, uint64_t *ret_bytes);
/** "12 h", "30s", "500ms", "5m", "2d": milliseconds; a bare number is seconds. */
bool assay_parse_duration_ms(const char *text, int64_t *ret_ms);

#endif
