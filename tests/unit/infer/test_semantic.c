// Semantic types: validators on values from standards and documents, judgement on samples.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include "worker/executor/infer/semantic.h"
#include "worker/executor/infer/semantic_validators.h"

static const struct {
    bool (*accepts)(const char *text, size_t size);
    const char *text;
    bool want;
} validated[] = {
    {assay_semantic_is_email, "jane.doe+x@example.co.uk", true},
    {assay_semantic_is_email, "jane@localhost", false},
    {assay_semantic_is_email, "@example.com", false},
    {assay_semantic_is_email, "a..b@example.com", false},
    {assay_semantic_is_email, "a b@example.com", false},
    {assay_semantic_is_url, "https://example.com/a?b=c#d", true},
    {assay_semantic_is_url, "HTTP://localhost:8080", true},
    {assay_semantic_is_url, "http://192.168.0.1/", true},
    {assay_semantic_is_url, "http://", false},
    {assay_semantic_is_url, "example.com", false},
    {assay_semantic_is_url, "http://a b", false},
    {assay_semantic_is_uuid, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true}, /* RFC 9562 */
    {assay_semantic_is_uuid, "f81d4fae-7dec-11d0-a765-00a0c91e6bf", false},
    {assay_semantic_is_uuid, "f81d4fae-7dec-11d0-a765-00a0c91e6bfg", false},
    {assay_semantic_is_ipv4, "255.0.10.1", true},
    {assay_semantic_is_ipv4, "256.0.10.1", false},
    {assay_semantic_is_ipv4, "1.2.3", false},
    {assay_semantic_is_ipv4, "01.2.3.4", false},
    {assay_semantic_is_ipv4, "1.2.3.4.5", false},
    {assay_semantic_is_ipv6, "2001:DB8:0:0:8:800:200C:417A", true}, /* RFC 4291 */
    {assay_semantic_is_ipv6, "2001:DB8::8:800:200C:417A", true},
    {assay_semantic_is_ipv6, "::1", true},
    {assay_semantic_is_ipv6, "::", true},
    {assay_semantic_is_ipv6, "::FFFF:129.144.52.38", true},
    {assay_semantic_is_ipv6, "0:0:0:0:0:0:13.1.68.3", true},
    {assay_semantic_is_ipv6, "1::2::3", false},
    {assay_semantic_is_ipv6, "1:2:3:4:5:6:7", false},
    {assay_semantic_is_ipv6, "12345::", false},
    {assay_semantic_is_ipv6, "10:30", false},
    {assay_semantic_is_mac, "00:1B:44:11:3a:b7", true},
    {assay_semantic_is_mac, "001b.4411.3ab7", true},
    {assay_semantic_is_mac, "00:1B:44:11:3a", false},
    {assay_semantic_is_mac, "00:1B-44:11:3a:b7", false},
    {assay_semantic_is_iban, "GB29 NWBK 6016 1331 9268 19", true}, /* registry's examples */
    {assay_semantic_is_iban, "CH9300762011623852957", true},
    {assay_semantic_is_iban, "DE89370400440532013000", true},
    {assay_semantic_is_iban, "DE89370400440532013001", false},
    {assay_semantic_is_iban, "XX00", false},
    {assay_semantic_is_credit_card, "4111 1111 1111 1111", true},
    {assay_semantic_is_credit_card, "378282246310005", true},
    {assay_semantic_is_credit_card, "5555-5555-5555-4444", true},
    {assay_semantic_is_credit_card, "4111111111111112", false},
    {assay_semantic_is_credit_card, "3530111333300000", true},
    {assay_semantic_is_credit_card, "30569309025904", true},
    {assay_semantic_is_credit_card, "2223003122003222", true},
    {assay_semantic_is_credit_card, "490154203237518", false}, /* an IMEI */
    {assay_semantic_is_credit_card, "356938035643809", false}, /* an IMEI */
    {assay_semantic_is_credit_card, "0000000000000000", false},
    {assay_semantic_is_ssn, "078-05-1120", true},
    {assay_semantic_is_ssn, "000-12-3456", false},
    {assay_semantic_is_ssn, "666-12-3456", false},
    {assay_semantic_is_ssn, "912-12-3456", false},
    {assay_semantic_is_phone, "+41 44 123 45 67", true},
    {assay_semantic_is_phone, "(212) 555-0123", true},
    {assay_semantic_is_phone, "212-555-0123", true},
    {assay_semantic_is_phone, "2024-01-31", false},
    {assay_semantic_is_phone, "2125550123", false},
    {assay_semantic_is_phone, "192.168.10.11", false},
    {assay_semantic_is_loose_phone, "2125550123", true},
    {assay_semantic_is_loose_phone, "12345", false},
    {assay_semantic_is_latitude, "47.37", true},
    {assay_semantic_is_latitude, "90.5", false},
    {assay_semantic_is_latitude, "47", false},
    {assay_semantic_is_longitude, "-179.9", true},
    {assay_semantic_is_company_name, "Smith & Sons, Inc.", true},
    {assay_semantic_is_company_name, "Denver, CO", false},
    {assay_semantic_is_country_code, "CH", true},
    {assay_semantic_is_country_code, "CHE", true},
    {assay_semantic_is_country_code, "ch", false},
    {assay_semantic_is_country_code, "ZZ", false},
    {assay_semantic_is_country_code, "HC", false}, /* across two codes of the list */
    {assay_semantic_is_currency_code, "CHF", true},
    {assay_semantic_is_currency_code, "ABC", false},
    {assay_semantic_is_us_state, "WA", true},
    {assay_semantic_is_us_state, "wa", false},
    {assay_semantic_is_us_state, "new york", true},
    {assay_semantic_is_us_state, "Bavaria", false},
    {assay_semantic_is_postcode, "8001", true},
    {assay_semantic_is_postcode, "SW1A 1AA", true},
    {assay_semantic_is_postcode, "90210-1234", true},
    {assay_semantic_is_postcode, "K1A 0B1", true},
    {assay_semantic_is_postcode, "12", false},
    {assay_semantic_is_person_name, "Anna-Lena M\xC3\xBCller", true},
    {assay_semantic_is_person_name, "Ludwig van Beethoven", true},
    {assay_semantic_is_person_name, "anna", false},
    {assay_semantic_is_person_name, "R2D2", false},
    {assay_semantic_is_company_name, "Example GmbH", true},
    {assay_semantic_is_company_name, "Acme Corp.", true},
    {assay_semantic_is_company_name, "GmbH", false},
    {assay_semantic_is_company_name, "Anna Meier", false},
};

static void validators(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(validated); i++) {
        /* the text stands at the end of its memory, so that reading beyond it shows */
        const size_t size = strlen(validated[i].text);
        ASSAY_AUTO(assay_free) void *exact = assay_memdup(validated[i].text, size);
        if (validated[i].accepts(exact, size) != validated[i].want)
            fail_msg("%s", validated[i].text);
        for (size_t cut = 1; cut < size; cut++) {
            ASSAY_AUTO(assay_free) void *shorter = assay_memdup(validated[i].text, cut);
            (void)validated[i].accepts(shorter, cut);
        }
    }
}

static const char *judge(const char *name, const char *const *values, size_t count, size_t times)
{
    static struct assay_text texts[4096];
    size_t rows = 0;
    for (size_t t = 0; t < times; t++) {
        for (size_t i = 0; i < count; i++)
            texts[rows++] = text_of(values[i]);
    }
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_TEXT, .value_bytes = sizeof *texts, .values = texts, .rows = rows};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    double share = -1;
    const struct assay_semantic_type *type = assay_semantic_judge(name, stats, &share);
    assert_true(!type || (share >= type->threshold && share <= 1));
    return type ? type->name : "none";
}

static void judgement(void **state)
{
    (void)state;
    static const char *const mails[] = {"a@b.ch", "c@d.org", "e@f.com", "g@h.net", "",
                                        "i@j.ch", "k@l.de",  "m@n.fr",  "o@p.it",  "q@r.at"};
    static const char *const states[] = {"CA", "WA", "TX", "NY", "OR"};
    static const char *const zips[] = {"01321", "90210", "10001"};
    static const char *const words[] = {"alpha", "beta", "gamma", "delta"};
    static const char *const names[] = {"Anna", "Beat", "Clara", "Dora"};
    assert_string_equal(judge("contact", mails, 10, 3), "email");
    assert_string_equal(judge("origin_state", states, 5, 20), "us_state");
    assert_string_equal(judge("code", states, 5, 20),
                        "none"); /* too few to tell from their shape */
    assert_string_equal(judge("country", states, 1, 20), "country_code");
    assert_string_equal(judge("shipZip", zips, 3, 20), "postcode");
    assert_string_equal(judge("number", zips, 3, 20), "none");
    assert_string_equal(judge("word", words, 4, 20), "none");
    assert_string_equal(judge("first_name", names, 4, 20), "person_name");
    assert_string_equal(judge("greek", names, 4, 20), "none");
    assert_string_equal(judge("nothing", words, 0, 0), "none");
}

/* What a name is of stands at its end. */
static void ends_of_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is;
    } cases[] = {
        {"id", true},    {"brewery_id", true}, {"VendorID", true},     {"order.customer_id", true},
        {"key_2", true}, {"house no", true},   {"id_origin", true},    {"order.no", true},
        {"idea", false}, {"id_count", false},  {"paid", false},        {"keyboard price", false},
        {"no", false},   {"NO2", false},       {"no_of_rooms", false}, {"", false},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        if (assay_semantic_name_is_of(cases[i].name, "id key +no") != cases[i].is)
            fail_msg("%s", cases[i].name);
    }
    assert_false(assay_semantic_name_is_of("id", NULL));
}

static void table(void **state)
{
    (void)state;
    for (const struct assay_semantic_type *type = assay_semantic_types; type->name; type++) {
        assert_true(type->accepts && type->on && type->threshold > 0 && type->threshold <= 1);
        assert_true(!type->name_needed || type->names);
        assert_non_null(assay_semantic_find(type->name));
    }
    assert_null(assay_semantic_find("nonsense"));
    assert_null(assay_semantic_find(NULL));
}

/* Every code of so many capitals is tried: as many are accepted as the standard lists, and they are
 * the same ones: FNV-1a of them in order, made from pycountry 26.2.16 (currencies: with those that
 * were replaced, without XTS and XXX; states without UM). */
static void codes_are_the_standards(void **state)
{
    (void)state;
    static const struct {
        bool (*accepts)(const char *text, size_t size);
        size_t size, count;
        uint64_t hash;
    } lists[] = {
        {assay_semantic_is_country_code, 2, 249, UINT64_C(0xff9a119e93205e50)},
        {assay_semantic_is_country_code, 3, 249, UINT64_C(0x5b84f1b92fea138)},
        {assay_semantic_is_currency_code, 3, 182, UINT64_C(0xacd8fa818db70113)},
        {assay_semantic_is_us_state, 2, 56, UINT64_C(0xe8b7021ab9af41e5)},
    };
    for (size_t i = 0; i < ASSAY_COUNT(lists); i++) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        size_t count = 0;
        for (unsigned n = 0; n < (lists[i].size == 2 ? 676u : 17576u); n++) {
            const char code[] = {(char)('A' + n / (lists[i].size == 2 ? 26 : 676)),
                                 (char)('A' + n / (lists[i].size == 2 ? 1 : 26) % 26),
                                 (char)('A' + n % 26)};
            if (!lists[i].accepts(code, lists[i].size))
                continue;
            count++;
            for (size_t j = 0; j < lists[i].size; j++)
                hash = (hash ^ (unsigned char)code[j]) * UINT64_C(0x100000001b3);
        }
        assert_int_equal(count, lists[i].count);
        assert_int_equal(hash, lists[i].hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(validators), cmocka_unit_test(judgement),
                                       cmocka_unit_test(ends_of_names), cmocka_unit_test(table),
                                       cmocka_unit_test(codes_are_the_standards)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
