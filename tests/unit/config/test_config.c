// Configuration: who wins, what is refused, and what is shown.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs setjmp, stdarg and stddef
#include <cmocka.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/config/config_doc.h"

static char folder[] = "/tmp/assay-test-config-XXXXXX";

/* Each test runs in an empty folder without ASSAY_ variables. */
static int enter(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder) || chdir(folder))
        return -1;
    for (char **setting = environ; *setting;) {
        char name[128] = "";
        const size_t size_bytes = strcspn(*setting, "=");
        if (strncmp(*setting, "ASSAY_", 6) == 0 && size_bytes < sizeof name) {
            memcpy(name, *setting, size_bytes);
            unsetenv(name);
            setting = environ;
        } else {
            setting++;
        }
    }
    return 0;
}

static int leave(void **state)
{
    (void)state;
    (void)unlink("assay.yaml");
    (void)unlink("url.txt");
    return chdir("/") || rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
    assert_int_equal(assay_file_write(name, text, strlen(text), 0600, NULL), ASSAY_OK);
}

static struct assay_config *load(const char *role, const char *set)
{
    struct assay_config *config = NULL;
    struct assay_error err = {0};
    if (assay_config_load(role, NULL, &set, set ? 1 : 0, &config, &err) != ASSAY_OK)
        fail_msg("%s", err.text);
    return config;
}

static void the_strongest_source_wins(void **state)
{
    (void)state;
    struct assay_config *config = load("", NULL);
    assert_string_equal(assay_config_text(config, "worker.pool"), "default");
    assert_string_equal(assay_config_origin(config, "worker.pool"), "default");
    assay_config_free(config);
    write_file("assay.yaml", "# comment\nworker:\n  pool: from-file\n");
    config = load("", NULL);
    assert_string_equal(assay_config_text(config, "worker.pool"), "from-file");
    assert_string_equal(assay_config_origin(config, "worker.pool"), "file assay.yaml:3");
    assay_config_free(config);
    setenv("ASSAY_WORKER_POOL", "from-environment", 1);
    config = load("", NULL);
    assert_string_equal(assay_config_text(config, "worker.pool"), "from-environment");
    assert_string_equal(assay_config_origin(config, "worker.pool"),
                        "environment ASSAY_WORKER_POOL");
    assay_config_free(config);
    config = load("", "worker.pool=from-set");
    assert_string_equal(assay_config_text(config, "worker.pool"), "from-set");
    assert_string_equal(assay_config_origin(config, "worker.pool"), "--set");
    assay_config_free(config);
}

static void kinds_are_parsed(void **state)
{
    (void)state;
    write_file(
        "assay.yaml",
        "worker.slots: 3\nworker.task_memory: 2GiB\nworker.task_deadline: 90s\napi.insecure: yes\n"
        "file.roots: [/data, /more]\nlog.level: debug\n");
    struct assay_config *config = load("", NULL);
    assert_int_equal(assay_config_int(config, "worker.slots"), 3);
    assert_int_equal(assay_config_bytes(config, "worker.task_memory"), UINT64_C(2) << 30);
    assert_int_equal(assay_config_duration_ms(config, "worker.task_deadline"), 90000);
    assert_true(assay_config_bool(config, "api.insecure"));
    size_t count;
    const char *const *roots = assay_config_list(config, "file.roots", &count);
    assert_int_equal(count, 2);
    assert_string_equal(roots[0], "/data");
    assert_string_equal(roots[1], "/more");
    assay_config_free(config);
}

static void serve_has_its_own_defaults(void **state)
{
    (void)state;
    struct assay_config *config = load("serve", NULL);
    assert_string_equal(assay_config_text(config, "catalog.url"), "sqlite:assay.db");
    assert_string_equal(assay_config_text(config, "queue.url"), "local:");
    assay_config_free(config);
    config = load("", NULL);
    assert_null(assay_config_text(config, "catalog.url"));
    assay_config_free(config);
}

static void secrets_may_stand_in_files(void **state)
{
    (void)state;
    write_file("url.txt", "postgresql://me:hunter22@db/x\n");
    setenv("ASSAY_CATALOG_URL_FILE", "url.txt", 1);
    struct assay_config *config = load("", NULL);
    assert_string_equal(assay_config_text(config, "catalog.url"), "postgresql://me:hunter22@db/x");
    assert_string_equal(assay_config_origin(config, "catalog.url"),
                        "environment ASSAY_CATALOG_URL_FILE");
    struct assay_buf table = {0};
    assay_config_append_table(config, &table);
    assert_non_null(strstr(assay_buf_str(&table), "postgresql://me:***@db/x"));
    assert_null(strstr(assay_buf_str(&table), "hunter22"));
    assay_buf_release(&table);
    assay_config_free(config);
    unsetenv("ASSAY_CATALOG_URL_FILE");
    config = load("", "catalog.url_file=url.txt");
    assert_string_equal(assay_config_text(config, "catalog.url"), "postgresql://me:hunter22@db/x");
    assay_config_free(config);
}

static void free_keys_are_kept(void **state)
{
    (void)state;
    setenv("SHOP_PASSWORD", "hunter22", 1);
    setenv("ASSAY_QUEUE_KAFKA_SASL_PASSWORD", "hunter23", 1);
    write_file(
        "assay.yaml",
        "queue:\n  kafka:\n    security.protocol: SASL_SSL\n    sasl:\n      mechanism: PLAIN\n"
        "connections:\n  prod: postgresql://me@db/x\n  shop:\n    type: postgresql\n"
        "    password: ${SHOP_PASSWORD}\n    note: $${literally}\n");
    struct assay_config *config = load("", NULL);
    const json_t *kafka = assay_config_subtree(config, "queue.kafka");
    assert_string_equal(assay_json_str(kafka, "security.protocol", ""), "SASL_SSL");
    assert_string_equal(assay_json_str(kafka, "sasl.mechanism", ""), "PLAIN");
    assert_string_equal(assay_json_str(kafka, "sasl.password", ""), "hunter23");
    const json_t *connections = assay_config_subtree(config, "connections");
    assert_string_equal(assay_json_str(connections, "prod", ""), "postgresql://me@db/x");
    const json_t *shop = json_object_get(connections, "shop");
    assert_string_equal(assay_json_str(shop, "password", ""), "hunter22");
    assert_string_equal(assay_json_str(shop, "note", ""), "${literally}");
    struct assay_buf table = {0};
    assay_config_append_table(config, &table);
    assert_null(strstr(assay_buf_str(&table), "hunter2"));
    assay_buf_release(&table);
    assay_config_free(config);
}

static void wrong_input_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *file, *set, *role, *said;
    } cases[] = {
        {"worker:\n  slot: 3\n", NULL, "",
         "assay.yaml: line 2: worker.slot is no option: did you mean worker.slots"},
        {"nonsense: 3\n", NULL, "", "line 1: nonsense is no option"},
        {"worker.slots: many\n", NULL, "",
         "(file assay.yaml:1): worker.slots: \"many\" cannot be read: give a whole number"},
        {"worker: 3\n", NULL, "", "line 1: worker is no option"},
        {"worker.pool: {a: 1}\n", NULL, "", "not a mapping"},
        {"- a\n", NULL, "", "must be a mapping"},
        {"a: [\n", NULL, "", "reading the configuration"},
        {"catalog.url: ${NOT_SET_HERE}\n", NULL, "",
         "line 1: the variable NOT_SET_HERE is not set"},
        {"", "worker.slots", "", "no KEY=VALUE"},
        {"", "worker.slot=1", "", "did you mean worker.slots"},
        {"", "log.level=loud", "", "give one of debug|info|warning|error"},
        {"", "worker.task_memory=lots", "", "give a size such as"},
        {"", "catalog.url_file=/does/not/exist", "", "reading catalog.url_file (--set)"},
        {"", "api.listen=0.0.0.0:8080", "serve", "has no TLS"},
        {"", "api.listen=8080", "serve", "has no port"},
        {"", "api.tls_cert=x.pem", "serve", "belong together"},
        {"", NULL, "worker", "worker needs catalog.url"},
        {"catalog.url: postgresql://db/x\n", NULL, "scheduler", "scheduler needs queue.url"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        write_file("assay.yaml", cases[i].file);
        struct assay_config *config = NULL;
        struct assay_error err = {0};
        const int rc = assay_config_load(cases[i].role, NULL, &cases[i].set, cases[i].set ? 1 : 0,
                                         &config, &err);
        if (rc == ASSAY_OK || !strstr(err.text, cases[i].said))
            fail_msg("case %zu: code %d, \"%s\"", i, rc, err.text);
        assert_null(config);
    }
}

static void listening_without_tls_can_be_asked_for(void **state)
{
    (void)state;
    static const char *const sets[] = {"api.listen=0.0.0.0:8080", "api.insecure=true"};
    struct assay_config *config = NULL;
    assert_int_equal(assay_config_load("serve", NULL, sets, 2, &config, NULL), ASSAY_OK);
    assay_config_free(config);
}

static void unknown_variables_are_warned_about(void **state)
{
    (void)state;
    setenv("ASSAY_WORKER_SLOT", "3", 1);
    setenv("ASSAY_SERVER", "http://x", 1);
    struct assay_config *config = load("", NULL);
    assert_string_equal(
        assay_config_warnings(config),
        "the variable ASSAY_WORKER_SLOT is no option: did you mean ASSAY_WORKER_SLOTS?\n");
    assay_config_free(config);
}

static void the_table_is_in_order(void **state)
{
    (void)state;
    for (const struct assay_option *option = assay_options; option[1].key; option++)
        assert_true(strcmp(option->key, option[1].key) < 0);
    for (const struct assay_option *option = assay_options; option->key; option++) {
        assert_true(option->doc[strlen(option->doc) - 1] == '.');
        assert_true((option->kind == ASSAY_OPTION_CHOICE) == (option->choices != NULL));
    }
}

static void the_document_agrees_with_the_table(void **state)
{
    (void)state;
    struct assay_buf made = {0}, kept = {0};
    assay_config_append_markdown(&made);
    assert_int_equal(assay_file_read(ASSAY_SOURCE_DIR "/docs/configuration.md", &kept, NULL),
                     ASSAY_OK);
    assert_string_equal(assay_buf_str(&made), assay_buf_str(&kept));
    assay_buf_release(&made);
    assay_buf_release(&kept);
}

/* Every "#key: value" of the sample without its '#' must load. */
static void the_sample_loads(void **state)
{
    (void)state;
    setenv("ARCHIVE_PASSWORD", "x", 1);
    struct assay_buf sample = {0}, active = {0};
    assay_config_append_sample(&sample);
    for (const char *line = assay_buf_str(&sample); *line;) {
        const size_t size_bytes = strcspn(line, "\n");
        if (line[0] == '#' && line[1] != ' ')
            assay_buf_append(&active, line + 1, size_bytes);
        else if (strncmp(line, "#  ", 3) == 0)
            assay_buf_append(&active, line + 1, size_bytes);
        line += size_bytes + (line[size_bytes] == '\n');
        if (active.size && active.data[active.size - 1] != '\n')
            assay_buf_char(&active, '\n');
    }
    write_file("assay.yaml", assay_buf_str(&active));
    assay_config_free(load("", NULL));
    assay_buf_release(&sample);
    assay_buf_release(&active);
}

static void an_option_is_explained(void **state)
{
    (void)state;
    struct assay_config *config = load("", "catalog.url=postgresql://a:hunter22@b/c");
    struct assay_buf text = {0};
    assert_int_equal(assay_config_explain(config, "catalog.url", &text, NULL), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&text), "ASSAY_CATALOG_URL, or ASSAY_CATALOG_URL_FILE"));
    assert_non_null(strstr(assay_buf_str(&text), "postgresql://a:***@b/c (--set)"));
    struct assay_error err = {0};
    assert_int_equal(assay_config_explain(config, "catalog.ur", &text, &err), ASSAY_USAGE);
    assert_non_null(strstr(err.text, "did you mean catalog.url"));
    assay_buf_release(&text);
    assay_config_free(config);
}

/* Each allocation fails in turn: a clean error or success, never a crash or a leak. */
static void memory_may_run_out(void **state)
{
    (void)state;
    write_file("assay.yaml",
               "worker.slots: 3\nfile.roots: [/a, /b]\nconnections: {prod: {type: file}}\n");
    for (int64_t nth = 1; nth < 10000; nth++) {
        assay_memory_fail_at(nth);
        struct assay_config *config = NULL;
        struct assay_error err = {0};
        const int rc = assay_config_load("serve", NULL, NULL, 0, &config, &err);
        const bool reached = assay_memory_count() >= nth;
        assay_memory_fail_at(0);
        assay_config_free(config);
        if (!reached) {
            assert_int_equal(rc, ASSAY_OK);
            return;
        }
    }
    fail_msg("the load never ended");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        CASE(the_strongest_source_wins),
        CASE(kinds_are_parsed),
        CASE(serve_has_its_own_defaults),
        CASE(secrets_may_stand_in_files),
        CASE(free_keys_are_kept),
        CASE(wrong_input_is_named),
        CASE(listening_without_tls_can_be_asked_for),
        CASE(unknown_variables_are_warned_about),
        CASE(the_table_is_in_order),
        CASE(the_document_agrees_with_the_table),
        CASE(the_sample_loads),
        CASE(an_option_is_explained),
        CASE(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
