// Secrets of a connection: taken apart, masked, kept when the mask comes back.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/secret.h"
#include "tests/unit/db/databases.h"

/* stored + body → what is kept, in the open and in secret; and what a person sees. */
static const struct {
    const char *label, *open_before, *secret_before, *body, *open_after, *secret_after, *shown;
} cases[] = {
    {"a new one", "{}", "{}",
     "{'name':'n','type':'postgresql','id':7,'host':'h','password':'p','parameters':{'sslmode':'"
     "require','sslpassword':'q'}}",
     "{'host':'h','parameters':{'sslmode':'require'}}",
     "{'password':'p','parameters':{'sslpassword':'q'}}",
     "{'host':'h','parameters':{'sslmode':'require','sslpassword':'********'},'password':'********'"
     "}"},
    {"the masks come back", "{'host':'h','parameters':{'sslmode':'require'}}",
     "{'password':'p','parameters':{'sslpassword':'q'}}",
     "{'host':'h2','password':'********','parameters':{'sslmode':'prefer','sslpassword':'********'}"
     "}",
     "{'host':'h2','parameters':{'sslmode':'prefer'}}",
     "{'password':'p','parameters':{'sslpassword':'q'}}",
     "{'host':'h2','parameters':{'sslmode':'prefer','sslpassword':'********'},'password':'********'"
     "}"},
    {"what is absent stays, null goes", "{'host':'h','port':5432}", "{'password':'p'}",
     "{'port':null,'username':'u'}", "{'host':'h','username':'u'}", "{'password':'p'}",
     "{'host':'h','username':'u','password':'********'}"},
    {"a secret goes by null", "{'host':'h'}", "{'password':'p'}", "{'password':null}",
     "{'host':'h'}", "{}", "{'host':'h'}"},
    {"parameters are replaced as a whole", "{'parameters':{'a':'1','b':'2'}}",
     "{'parameters':{'api_token':'t'}}", "{'parameters':{'a':'3'}}", "{'parameters':{'a':'3'}}",
     "{}", "{'parameters':{'a':'3'}}"},
    {"a mask where nothing was", "{}", "{}", "{'password':'********'}", "{}", "{}", "{}"},
    {"words that sound secret are", "{}", "{}",
     "{'parameters':{'client_secret':'x','private_key_file':'y','role':'r'}}",
     "{'parameters':{'role':'r'}}", "{'parameters':{'client_secret':'x','private_key_file':'y'}}",
     "{'parameters':{'role':'r','client_secret':'********','private_key_file':'********'}}"},
    {"secrets manager", "{}", "{}",
     "{'secrets_manager':{'login_url':'u','credentials_payload':{'role':'a'},'data_path':'$.data'}"
     "}",
     "{'secrets_manager':{'login_url':'u','data_path':'$.data'}}",
     "{'secrets_manager':{'credentials_payload':{'role':'a'}}}",
     "{'secrets_manager':{'login_url':'u','data_path':'$.data','credentials_payload':'********'}}"},
    {"what no connection has is left out", "{}", "{}",
     "{'roots':['/'],'root':'/','datastores':[],'connected':true}", "{}", "{}", "{}"},
};

static json_t *parse(const char *text)
{
    char copy[512];
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    json_t *json = json_loads(copy, 0, NULL);
    assert_non_null(json);
    return json;
}

static void expect(const char *label, const json_t *got, const char *wanted)
{
    ASSAY_AUTO(assay_json_decref) json_t *json = parse(wanted);
    ASSAY_AUTO(assay_free_text) char *text = assay_json_text(got);
    if (!json_equal(json, (json_t *)(uintptr_t)got))
        fail_msg("%s: %s instead of %s", label, text, wanted);
}

static void test_overlay_and_mask(void **state)
{
    (void)state;
    const struct assay_connector_def *def = assay_connector_def_find("postgresql");
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *open_part = parse(cases[i].open_before);
        ASSAY_AUTO(assay_json_decref) json_t *secret = parse(cases[i].secret_before);
        ASSAY_AUTO(assay_json_decref) json_t *body = parse(cases[i].body);
        ASSAY_AUTO(assay_json_decref) json_t *shown = NULL;
        TEST_OK(assay_secret_overlay(def, body, open_part, secret, &test_err));
        expect(cases[i].label, open_part, cases[i].open_after);
        expect(cases[i].label, secret, cases[i].secret_after);
        TEST_OK(assay_secret_join(open_part, secret, true, &shown, &test_err));
        expect(cases[i].label, shown, cases[i].shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlay_and_mask)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
