/* Is a whole text one of these? No trimming, no allocation, never reads beyond size_bytes. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_INFER_SEMANTIC_VALIDATORS_H
#define ASSAY_INFER_SEMANTIC_VALIDATORS_H

#include <stdbool.h>
#include <stddef.h>

/* semantic_net.c */
bool assay_semantic_is_email(const char *text,
                             size_t size_bytes); /* local@domain.tld; no quoted local parts */
bool assay_semantic_is_url(const char *text, size_t size_bytes); /* http, https, ftp with a host */
bool assay_semantic_is_uuid(const char *text,
                            size_t size_bytes); /* RFC 9562: 8-4-4-4-12 hexadecimal digits */
bool assay_semantic_is_ipv4(const char *text,
                            size_t size_bytes); /* four numbers to 255 without leading zeros */
bool assay_semantic_is_ipv6(const char *text,
                            size_t size_bytes); /* RFC 4291, with `::`, without zone */
bool assay_semantic_is_mac(const char *text,
                           size_t size_bytes); /* six bytes with ':' or '-', or 0123.4567.89ab */

/* semantic_numbers.c */
bool assay_semantic_is_iban(const char *text,
                            size_t size_bytes); /* ISO 13616, mod 97; blanks between groups */
bool assay_semantic_is_credit_card(
    const char *text,
    size_t size_bytes); /* 13–19 digits, Luhn (ISO/IEC 7812), known issuers' first digits */
bool assay_semantic_is_ssn(const char *text,
                           size_t size_bytes); /* 123-45-6789, no area 000, 666, 9xx */
bool assay_semantic_is_phone(
    const char *text, size_t size_bytes); /* +41 44 123 45 67, (212) 555-0123, 212-555-0123 */
bool assay_semantic_is_loose_phone(
    const char *text, size_t size_bytes); /* 7–15 digits with the usual marks between */
bool assay_semantic_is_latitude(const char *text, size_t size_bytes); /* −90 … 90, with decimals */
bool assay_semantic_is_longitude(const char *text,
                                 size_t size_bytes); /* −180 … 180, with decimals */

/* semantic_codes.c */
bool assay_semantic_is_country_code(const char *text,
                                    size_t size_bytes); /* ISO 3166-1 alpha-2 or alpha-3 */
bool assay_semantic_is_currency_code(const char *text, size_t size_bytes); /* ISO 4217 */
bool assay_semantic_is_us_state(const char *text,
                                size_t size_bytes); /* code, or name in any case */
bool assay_semantic_is_postcode(const char *text,
                                size_t size_bytes); /* shapes of some twenty countries */

/* semantic_names.c */
bool assay_semantic_is_person_name(const char *text,
                                   size_t size_bytes); /* one to five capitalised words */
bool assay_semantic_is_company_name(
    const char *text, size_t size_bytes); /* ends in a legal form: Inc, GmbH, AG ... */
bool assay_semantic_is_title(const char *text,
                             size_t size_bytes); /* any text that begins with a capital or digit */

#endif
