// Semantic types: the table, and the judgement.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/semantic.h"

#include <string.h>

#include "worker/executor/infer/semantic_validators.h"

#define ON_TEXT   (1u << ASSAY_TYPE_STRING)
#define ON_DIGITS (ON_TEXT | 1u << ASSAY_TYPE_INTEGRAL)
#define ON_REAL   (ON_TEXT | 1u << ASSAY_TYPE_FRACTIONAL)
#define WORD_MAX  32

const struct assay_semantic_type assay_semantic_types[] = {
    {"email", "an e-mail address", ON_TEXT, assay_semantic_is_email, 0.9, 3, "email mail", false,
     "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$"},
    {"url", "an http, https or ftp address", ON_TEXT, assay_semantic_is_url, 0.9, 3,
     "url link website", false, "^(?i:https?|ftp)://[^\\s/?#]+\\S*$"},
    {"uuid", "a universally unique identifier", ON_TEXT, assay_semantic_is_uuid, 0.95, 2,
     "uuid guid", false, "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"},
    {"mac_address", "a hardware address", ON_TEXT, assay_semantic_is_mac, 0.95, 2, "mac", false,
     "^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$|^([0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}$"},
    {"ipv4", "an internet address, version 4", ON_TEXT, assay_semantic_is_ipv4, 0.95, 2, "ip ipv4",
     false,
     "^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-"
     "9])$"},
    {"ipv6", "an internet address, version 6", ON_TEXT, assay_semantic_is_ipv6, 0.95, 2, "ip ipv6",
     false, NULL},
    {"iban", "an account number (IBAN) with valid check digits", ON_TEXT, assay_semantic_is_iban,
     0.9, 3, "iban", false, "^[A-Z]{2}[0-9]{2}( ?[0-9A-Z]){11,30}$"},
    {"credit_card", "a payment card number with a valid check digit", ON_DIGITS,
     assay_semantic_is_credit_card, 0.9, 5, "card cc pan", false, "^[2-6]([ -]?[0-9]){12,18}$"},
    {"ssn", "a social security number of the USA", ON_TEXT, assay_semantic_is_ssn, 0.95, 5,
     "ssn social", false, "^[0-9]{3}-[0-9]{2}-[0-9]{4}$"},
    {"phone", "a telephone number", ON_TEXT, assay_semantic_is_phone, 0.9, 5,
     "phone tel telephone mobile fax cell", false, NULL},
    {"phone", "a telephone number", ON_DIGITS, assay_semantic_is_loose_phone, 0.9, 3,
     "phone tel telephone mobile fax cell", true, NULL},
    {"us_state", "a state of the USA, code or name", ON_TEXT, assay_semantic_is_us_state, 0.95, 12,
     "state", false, NULL},
    {"country_code", "a country code of ISO 3166-1", ON_TEXT, assay_semantic_is_country_code, 0.95,
     20, "country nation iso nationality", false, NULL},
    {"currency_code", "a currency code of ISO 4217", ON_TEXT, assay_semantic_is_currency_code, 0.98,
     4, "currency ccy cur", false, NULL},
    {"postcode", "a postcode by its shape", ON_DIGITS, assay_semantic_is_postcode, 0.9, 2,
     "zip zipcode postcode postal plz postleitzahl cap", true, NULL},
    {"latitude", "degrees of latitude", ON_REAL, assay_semantic_is_latitude, 0.98, 2,
     "lat latitude", true, NULL},
    {"longitude", "degrees of longitude", ON_REAL, assay_semantic_is_longitude, 0.98, 2,
     "lon lng long longitude", true, NULL},
    {"company_name", "the name of a company", ON_TEXT, assay_semantic_is_company_name, 0.6, 5, NULL,
     false, NULL},
    {"company_name", "the name of a company", ON_TEXT, assay_semantic_is_title, 0.9, 3,
     "company vendor supplier manufacturer employer organisation organization firm", true, NULL},
    {"person_name", "the name of a person", ON_TEXT, assay_semantic_is_person_name, 0.85, 3,
     "firstname lastname surname forename fullname person first last given family director author",
     true, NULL},
    {NULL, NULL, 0, NULL, 0, 0, NULL, false, NULL},
};

const struct assay_semantic_type *assay_semantic_find(const char *name)
{
    for (const struct assay_semantic_type *type = assay_semantic_types; name && type->name;
         type++) {
        if (!strcmp(type->name, name))
            return type;
    }
    return NULL;
}

/* Is the word (lower case) among the blank-separated ones? */
static bool is_listed(const char *words, const char *word, size_t size)
{
    for (const char *at = words; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        const size_t length = strcspn(at, " ");
        if (length == size && !memcmp(at, word, size))
            return true;
    }
    return false;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_word_char(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* "ShipZipCode", "ship_zip" and "shipZIP" hold the word zip; so does "zipcode" hold zipcode. */
static bool name_speaks(const char *name, const char *words)
{
    char word[WORD_MAX];
    size_t size = 0;
    for (const char *at = name; words; at++) {
        const bool camel = is_upper(*at) && at > name && !is_upper(at[-1]);
        if (!is_word_char(*at) || camel) {
            if (size && is_listed(words, word, size))
                return true;
            size = 0;
        }
        if (!*at)
            return false;
        if (is_word_char(*at) && size < WORD_MAX)
            word[size++] = (char)(is_upper(*at) ? *at - 'A' + 'a' : *at);
    }
    return false;
}

static double share_accepted(const struct assay_semantic_type *type,
                             const struct assay_field_stats *stats)
{
    size_t accepted = 0, judged = 0;
    for (size_t i = 0; i < stats->sample_count; i++) {
        const struct assay_value_text *value = &stats->sample[i].value;
        if (!value->size_bytes || value->cut)
            continue;
        judged++;
        accepted += type->accepts(value->text, value->size_bytes);
    }
    return judged ? (double)accepted / (double)judged : 0;
}

static bool is_met(const struct assay_semantic_type *type, const struct assay_field_stats *stats,
                   bool speaks, double *ret_share)
{
    if (!(type->on & 1u << stats->type) || (type->name_needed && !speaks))
        return false;
    if (!speaks && !(stats->distinct >= (double)type->values_min))
        return false;
    *ret_share = share_accepted(type, stats);
    return *ret_share >= type->threshold;
}

const struct assay_semantic_type *assay_semantic_judge(const char *field_name,
                                                       const struct assay_field_stats *stats,
                                                       double *ret_share)
{
    double share = 0;
    for (int pass = 0; pass < 2 && stats->sample_count;
         pass++) { /* those that the name speaks for first */
        for (const struct assay_semantic_type *type = assay_semantic_types; type->name; type++) {
            const bool speaks = name_speaks(field_name, type->names);
            if (speaks == (pass == 0) && is_met(type, stats, speaks, &share)) {
                if (ret_share)
                    *ret_share = share;
                return type;
            }
        }
    }
    return NULL;
}
