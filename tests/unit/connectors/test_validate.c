// Connection and datastore bodies: what is accepted, and what the refusal says.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/connectors/connector_def.h"

static const struct {
    const char *connector;
    enum assay_property_level level;
    const char *body;
    const char *says; /* part of the error's text, NULL = accepted */
} cases[] = {
    {"file", ASSAY_LEVEL_CONNECTION, "{\"uri\":\"file:///data\"}", NULL},
    {"file", ASSAY_LEVEL_CONNECTION, "{\"uri\":\"file:///data\",\"anything\":[1]}", NULL},
    {"file", ASSAY_LEVEL_CONNECTION, "{}", "uri is missing"},
    {"file", ASSAY_LEVEL_CONNECTION, "{\"uri\":null}", "uri is missing"},
    {"file", ASSAY_LEVEL_CONNECTION, "{\"url\":\"file:///data\"}", "did you mean it by url?"},
    {"file", ASSAY_LEVEL_CONNECTION, "{\"uri\":\"\"}", "uri is empty"},
    {"file", ASSAY_LEVEL_CONNECTION, "{\"uri\":7}", "uri takes a text"},
    {"file", ASSAY_LEVEL_CONNECTION, "[]", "not an object"},
    {"file", ASSAY_LEVEL_DATASTORE, "{\"folder_globbing_enabled\":true}", NULL},
    {"file", ASSAY_LEVEL_DATASTORE, "{\"folder_globbing_enabled\":\"yes\"}", "takes true or false"},
    {"postgresql", ASSAY_LEVEL_CONNECTION, "{\"host\":\"db\",\"port\":5432}", NULL},
    {"postgresql", ASSAY_LEVEL_CONNECTION, "{\"host\":\"db\",\"port\":\"5432\"}", NULL},
    {"postgresql", ASSAY_LEVEL_CONNECTION, "{\"uri\":\"postgresql://db\"}", NULL},
    {"postgresql", ASSAY_LEVEL_CONNECTION, "{\"hots\":\"db\"}", "did you mean it by hots?"},
    {"postgresql", ASSAY_LEVEL_CONNECTION, "{}", "host is missing"},
    {"postgresql", ASSAY_LEVEL_CONNECTION, "{\"host\":\"db\",\"port\":\"54x\"}",
     "port takes a whole number"},
    {"postgresql", ASSAY_LEVEL_CONNECTION,
     "{\"host\":\"db\",\"parameters\":{\"sslmode\":\"require\"}}", NULL},
    {"postgresql", ASSAY_LEVEL_CONNECTION,
     "{\"host\":\"db\",\"parameters\":{\"sslmode\":\"verify\"}}",
     "parameters.sslmode is one of disable|allow"},
    {"postgresql", ASSAY_LEVEL_CONNECTION, "{\"host\":\"db\",\"parameters\":{\"sslmode\":\"\"}}",
     "is one of"},
    {"postgresql", ASSAY_LEVEL_DATASTORE, "{}", NULL},
    {"postgresql", ASSAY_LEVEL_DATASTORE, "{\"schema\":7}", "schema takes a text"},
};

static void bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
        assert_int_equal(
            assay_json_parse(cases[i].body, strlen(cases[i].body), "case", &body, NULL), ASSAY_OK);
        struct assay_error err = {0};
        const int rc = assay_connector_validate(assay_connector_def_find(cases[i].connector), body,
                                                cases[i].level, &err);
        print_message("%s: %s\n", cases[i].body, rc ? err.text : "accepted");
        assert_int_equal(rc, cases[i].says ? ASSAY_INVALID : ASSAY_OK);
        if (cases[i].says)
            assert_non_null(strstr(err.text, cases[i].says));
    }
}

static void secrets_stay_out_of_errors(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_json_decref)
    json_t *body = json_pack("{s:s,s:[s]}", "host", "db", "password", "hunter2");
    struct assay_error err = {0};
    assert_int_equal(assay_connector_validate(assay_connector_def_find("postgresql"), body,
                                              ASSAY_LEVEL_CONNECTION, &err),
                     ASSAY_INVALID);
    assert_null(strstr(err.text, "hunter2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bodies),
                                       cmocka_unit_test(secrets_stay_out_of_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
