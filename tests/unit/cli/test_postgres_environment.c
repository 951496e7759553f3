// PG* variables and .pgpass become properties; what the address says wins.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs setjmp, stdarg and stddef
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input/input.h"
#include "common/base/file.h"

static const char *const variables[] = {"PGHOST",     "PGPORT",    "PGUSER",    "PGPASSWORD",
                                        "PGDATABASE", "PGSSLMODE", "PGPASSFILE"};
static char pass_file[] = "/tmp/assay-test-pgpass-XXXXXX";

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(variables); i++)
        unsetenv(variables[i]);
    return setenv("HOME", "/nonexistent", 1);
}

static json_t *complete(const char *address, json_t **ret_secrets)
{
    json_t *properties = json_object();
    *ret_secrets = json_object();
    assert_int_equal(assay_postgres_complete(address, properties, *ret_secrets, NULL), ASSAY_OK);
    return properties;
}

static void variables_fill_what_is_missing(void **state)
{
    (void)state;
    setenv("PGHOST", "elsewhere", 1);
    setenv("PGUSER", "me", 1);
    setenv("PGPASSWORD", "hunter22", 1);
    setenv("PGSSLMODE", "require", 1);
    json_t *secrets, *properties = complete("postgresql://host/db", &secrets);
    assert_null(json_object_get(properties, "host"));
    assert_string_equal(assay_json_str(properties, "username", ""), "me");
    assert_string_equal(assay_json_str(json_object_get(properties, "parameters"), "sslmode", ""),
                        "require");
    assert_string_equal(assay_json_str(secrets, "password", ""), "hunter22");
    json_decref(properties);
    json_decref(secrets);
    properties = complete("postgresql://you:pw@/db?sslmode=disable", &secrets);
    assert_string_equal(assay_json_str(properties, "host", ""), "elsewhere");
    assert_null(json_object_get(properties, "username"));
    assert_null(json_object_get(properties, "parameters"));
    assert_null(json_object_get(secrets, "password"));
    json_decref(properties);
    json_decref(secrets);
}

static void the_password_file_is_searched(void **state)
{
    (void)state;
    static const char text[] = "# "
                               "comment\nother:5432:db:me:wrong\nhost:5432:db:me:hunter\\:22\nhost:"
                               "*:d\\:b:*:colon\n*:*:*:you:any\n";
    static const struct {
        const char *address, *password;
    } cases[] = {
        {"postgresql://me@host/db", "hunter:22"}, {"postgresql://me@host:5432/db", "hunter:22"},
        {"postgresql://me@host:5433/db", NULL},   {"postgresql://me@host/d%3Ab", "colon"},
        {"postgresql://you@anywhere:1/x", "any"}, {"postgresql://me@third/db", NULL},
        {"postgresql://me:own@host/db", NULL},    {"postgresql://me@host/db?password=own", NULL},
    };
    strcpy(pass_file + strlen(pass_file) - 6, "XXXXXX");
    const int fd = mkstemp(pass_file);
    assert_true(fd >= 0);
    assert_int_equal(assay_fd_write_all(fd, pass_file, text, sizeof text - 1, NULL), ASSAY_OK);
    close(fd);
    setenv("PGPASSFILE", pass_file, 1);
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        json_t *secrets, *properties = complete(cases[i].address, &secrets);
        const char *password = assay_json_str(secrets, "password", NULL);
        if ((password == NULL) != (cases[i].password == NULL) ||
            (password && strcmp(password, cases[i].password) != 0))
            fail_msg("%s: %s", cases[i].address, password ? password : "none");
        json_decref(properties);
        json_decref(secrets);
    }
    assert_int_equal(chmod(pass_file, 0644),
                     0); /* as libpq: a file that others may read is not taken */
    json_t *secrets, *properties = complete("postgresql://me@host/db", &secrets);
    assert_null(json_object_get(secrets, "password"));
    json_decref(properties);
    json_decref(secrets);
    unlink(pass_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(variables_fill_what_is_missing, clear),
        cmocka_unit_test_setup(the_password_file_is_searched, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
