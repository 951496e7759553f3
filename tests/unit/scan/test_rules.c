// Every defined rule has its implementation, of the shape that its definition states, and the other
// way round.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/executor/rules/rule.h"
#include "worker/executor/rules/text_tests.h"

static void tables_agree(void **state)
{
    (void)state;
    size_t i = 0;
    for (; assay_rule_defs[i].name && assay_rules[i].name; i++) {
        const struct assay_rule_def *def = &assay_rule_defs[i];
        const struct assay_rule *rule = &assay_rules[i];
        assert_string_equal(def->name, rule->name);
        assert_int_equal(
            (rule->predicate != NULL) + (rule->aggregate != NULL) + (rule->conclude != NULL), 1);
        assert_true(!def->record || rule->predicate);
        assert_true(!rule->prepare || rule->predicate);
    }
    assert_null(assay_rule_defs[i].name);
    assert_null(assay_rules[i].name);
}

static void cards(void **state)
{
    (void)state;
    /* numbers that the card schemes publish for tests */
    static const struct {
        const char *text;
        bool is, has;
    } cases[] = {
        {"4111111111111111", true, true},
        {"378282246310005", true, true},
        {"5555-5555-5555-4444", true, true},
        {"6011 1111 1111 1117", true, true},
        {"4111111111111112", false, false},
        {"paid by 4111 1111 1111 1111.", false, true},
        {"4111  1111 1111 1111", false, false},
        {"41111111111111110000", false, false},
        {"", false, false},
        {"-4111111111111111", false, true},
        {"4111111111111111 ", false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t size = strlen(cases[i].text);
        if (assay_text_is_card(cases[i].text, size) != cases[i].is ||
            assay_text_has_card(cases[i].text, size) != cases[i].has)
            fail_msg("%s", cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables_agree), cmocka_unit_test(cards)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
