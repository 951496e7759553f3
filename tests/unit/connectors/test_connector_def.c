// The table of definitions: order, finding, and properties that make sense.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/connectors/connector_def.h"

static void table_is_sorted_and_complete(void **state)
{
    (void)state;
    const char *before = "";
    for (const struct assay_connector_def *def = assay_connector_defs; def->name; def++) {
        assert_true(strcmp(before, def->name) < 0);
        before = def->name;
        assert_true(def->title && def->doc && def->proof && def->properties);
        assert_true(strcmp(def->store_type, "jdbc") == 0 || strcmp(def->store_type, "dfs") == 0 ||
                    strcmp(def->store_type, "native") == 0);
        assert_ptr_equal(assay_connector_def_find(def->name), def);
    }
    assert_null(assay_connector_def_find("oracle7"));
}

static void properties_make_sense(void **state)
{
    (void)state;
    for (const struct assay_connector_def *def = assay_connector_defs; def->name; def++)
        for (const struct assay_property *property = def->properties; property->key; property++) {
            assert_ptr_equal(assay_connector_property(def, property->key), property);
            assert_true(property->doc && *property->doc &&
                        property->doc[strlen(property->doc) - 1] != '.');
            assert_int_equal(property->kind == ASSAY_PROPERTY_CHOICE, property->choices != NULL);
            assert_false(property->secret && property->fallback);
        }
    const struct assay_connector_def *postgresql = assay_connector_def_find("postgresql");
    assert_true(assay_connector_property(postgresql, "password")->secret);
    assert_null(assay_connector_property(postgresql, "passwort"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sorted_and_complete),
        cmocka_unit_test(properties_make_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
