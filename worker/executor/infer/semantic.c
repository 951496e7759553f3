// Semantic types: the table, and the judgement.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/semantic.h"

#include <stdio.h>
#include <string.h>

#include "worker/executor/infer/semantic_validators.h"

#define ON_TEXT   (1u << ASSAY_TYPE_STRING)
#define ON_DIGITS (ON_TEXT | 1u << ASSAY_TYPE_INTEGRAL)
#define ON_REAL   (ON_TEXT | 1u << ASSAY_TYPE_FRACTIONAL)
#define WORD_MAX  32
#define WORDS_MAX 16 /* of a name */

#define PHONE_WORDS                                                                                \
    "phone tel telephone mobile fax cell phonenumber phoneno phonenr telephonenumber telno telnr " \
    "mobilenumber mobileno cellnumber cellphone faxnumber faxno"

const struct assay_semantic_type assay_semantic_types[] = {
    {"email", "an e-mail address", ON_TEXT, assay_semantic_is_email, 0.9, 3,
     "email mail emailaddress mailaddress", false,
     "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", 1},
    {"url", "an http, https or ftp address", ON_TEXT, assay_semantic_is_url, 0.9, 3,
     "url link website", false, "^(?i:https?|ftp)://[^\\s/?#]+\\S*$", 1},
    {"uuid", "a universally unique identifier", ON_TEXT, assay_semantic_is_uuid, 0.95, 2,
     "uuid guid", false, "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", 1},
    {"mac_address", "a hardware address", ON_TEXT, assay_semantic_is_mac, 0.95, 2, "mac macaddress",
     false, "^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$|^([0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}$", 1},
    {"ipv4", "an internet address, version 4", ON_TEXT, assay_semantic_is_ipv4, 0.95, 2,
     "ip ipv4 ipaddress", false,
     "^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-"
     "9])$",
     1},
    {"ipv6", "an internet address, version 6", ON_TEXT, assay_semantic_is_ipv6, 0.95, 2,
     "ip ipv6 ipaddress", false, NULL, 1},
    {"iban", "an account number (IBAN) with valid check digits", ON_TEXT, assay_semantic_is_iban,
     0.9, 3, "iban", false, "^[A-Z]{2}[0-9]{2}( ?[0-9A-Z]){11,30}$", 1},
    {"credit_card", "a payment card number with a valid check digit", ON_DIGITS,
     assay_semantic_is_credit_card, 0.9, 5, "card cc pan cardnumber cardno", false,
     "^[2-6]([ -]?[0-9]){12,18}$", 1},
    {"ssn", "a social security number of the USA", ON_TEXT, assay_semantic_is_ssn, 0.95, 5,
     "ssn social socialsecurity", false, "^[0-9]{3}-[0-9]{2}-[0-9]{4}$", 1},
    {"phone", "a telephone number", ON_TEXT, assay_semantic_is_phone, 0.9, 5, PHONE_WORDS, false,
     NULL, 1},
    {"phone", "a telephone number", ON_DIGITS, assay_semantic_is_loose_phone, 0.9, 3, PHONE_WORDS,
     true, NULL, 1},
    {"us_state", "a state of the USA, code or name", ON_TEXT, assay_semantic_is_us_state, 0.95, 12,
     "state statecode stateabbr", false, NULL, 3},
    {"country_code", "a country code of ISO 3166-1", ON_TEXT, assay_semantic_is_country_code, 0.95,
     20, "country nation iso nationality countrycode isocode", false, NULL, 1},
    {"currency_code", "a currency code of ISO 4217", ON_TEXT, assay_semantic_is_currency_code, 0.98,
     4, "currency ccy cur currencycode", false, NULL, 1},
    {"postcode", "a postcode by its shape", ON_DIGITS, assay_semantic_is_postcode, 0.9, 2,
     "zip zipcode postcode postal postalcode plz postleitzahl =cap", true, NULL, 1},
    {"latitude", "degrees of latitude", ON_REAL, assay_semantic_is_latitude, 0.98, 2,
     "lat latitude", true, NULL, 1},
    {"longitude", "degrees of longitude", ON_REAL, assay_semantic_is_longitude, 0.98, 2,
     "lon lng longitude =long", true, NULL, 1},
    {"company_name", "the name of a company", ON_TEXT, assay_semantic_is_company_name, 0.6, 5, NULL,
     false, NULL, 1},
    {"company_name", "the name of a company", ON_TEXT, assay_semantic_is_title, 0.9, 3,
     "company vendor supplier manufacturer employer organisation organization firm", true, NULL, 1},
    {"person_name", "the name of a person", ON_TEXT, assay_semantic_is_person_name, 0.85, 3,
     "firstname lastname givenname familyname middlename surname forename fullname namefirst "
     "namelast person director author =first =last",
     true, NULL, 1},
    {NULL, NULL, 0, NULL, 0, 0, NULL, false, NULL, 0},
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

/* The words of a name, in lower case; digits behind a word are no part of it. */
struct words {
    char text[WORDS_MAX][WORD_MAX];
    size_t count;
    size_t segment; /* first word behind the last dot: "first" of user.name.first */
};

static void end_word(struct words *words, size_t size)
{
    char *word = words->text[words->count];
    const size_t letters = strcspn(word, "0123456789");
    if (!size)
        return;
    while (size > letters && letters && word[size - 1] >= '0' && word[size - 1] <= '9')
        size--;
    word[size] = '\0';
    words->count++;
}

/* "ShipZipCode", "ship zip_code" and "shipZIP.code" are three words. */
static void split_name(const char *name, struct words *words)
{
    size_t size = 0;
    for (const char *at = name; words->count < WORDS_MAX; at++) {
        const bool camel = is_upper(*at) && at > name && !is_upper(at[-1]);
        if (!is_word_char(*at) || camel) {
            words->text[words->count][size] = '\0';
            end_word(words, size);
            size = 0;
        }
        if (!*at || words->count == WORDS_MAX)
            return;
        if (*at == '.')
            words->segment = words->count;
        if (is_word_char(*at) && size < WORD_MAX - 1)
            words->text[words->count][size++] = (char)(is_upper(*at) ? *at - 'A' + 'a' : *at);
    }
}

/* Words that say which one of several, and not what it is. */
static bool is_neutral(const char *word)
{
    static const char neutral[] =
        "name home work office private business main primary secondary billing shipping delivery "
        "pickup dropoff start end from to origin destination dest deg degrees";
    return !word[strspn(word, "0123456789")] || is_listed(neutral, word, strlen(word));
}

static bool speaks_at(const struct words *words, size_t i, const char *list)
{
    char pair[2 * WORD_MAX];
    (void)snprintf(pair, sizeof pair, "%s%s", i ? words->text[i - 1] : "", words->text[i]);
    if (is_listed(list, words->text[i], strlen(words->text[i])) ||
        (i && is_listed(list, pair, strlen(pair))))
        return true;
    (void)snprintf(pair, sizeof pair, "=%s", words->text[i]);
    if (i == words->segment && is_listed(list, pair, strlen(pair)))
        return true;
    pair[0] = '+';
    return i && is_listed(list, pair, strlen(pair));
}

bool assay_semantic_name_is_of(const char *name, const char *words)
{
    struct words split = {0};
    if (!words)
        return false;
    split_name(name, &split);
    for (size_t i = split.count; i-- > 0;) {
        if (speaks_at(&split, i, words))
            return true;
        if (!is_neutral(split.text[i]))
            return false;
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
    if (!(stats->distinct >= (double)(speaks ? type->named_min : type->values_min)))
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
            const bool speaks = assay_semantic_name_is_of(field_name, type->names);
            if (speaks == (pass == 0) && is_met(type, stats, speaks, &share)) {
                if (ret_share)
                    *ret_share = share;
                return type;
            }
        }
    }
    return NULL;
}
