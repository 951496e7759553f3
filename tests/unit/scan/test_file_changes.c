// Files that change while a scan reads: its own, and that of a reference. Standard input holds the
// scan up: it is read to its end after those files were opened, and before they are read.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/scan/scan_fixture.h"

#define INPUT_LINES 100000 /* more than a pipe holds: their end is read by the scan */

static char own_path[256], ref_path[256], new_path[256];

static void write_lines(const char *path, const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void leave(const char *path)
{
    (void)path;
}

/* Times of files have the grain of the machine: set by hand. */
static void touch(const char *path)
{
    const struct timespec times[2] = {{.tv_sec = 1001}, {.tv_sec = 1001}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void grow(const char *path)
{
    write_lines(path, "ab", "3\n");
}

static void shorten(const char *path)
{
    assert_int_equal(truncate(path, 4), 0);
}

static void replace(const char *path)
{
    write_lines(new_path, "wb", "a\n7\n8\n");
    assert_int_equal(rename(new_path, path), 0);
}

static const struct {
    const char *label;
    void (*change)(const char *path);
    const char *warning, *fault; /* behind the file's name; NULL = none */
} changes[] = {
    {"the same", leave, NULL, NULL},
    {"touched", touch, " changed while it was read: scan it again", NULL},
    {"grown", grow, " changed while it was read: scan it again", NULL},
    {"shortened", shorten, NULL,
     " was shortened while it was read, from 6 bytes to 4: scan it again"},
    {"replaced", replace, NULL, " was replaced by another file while it was read: scan it again"},
};

struct writer {
    int fd;
    void (*change)(const char *path);
    const char *path;
};

static void *write_input(void *context)
{
    const struct writer *writer = context;
    FILE *input = fdopen(writer->fd, "wb");
    (void)fputs("b\n", input);
    for (int i = 0; i < INPUT_LINES; i++)
        (void)fputs(i % 2 ? "1\n" : "2\n", input);
    (void)fflush(input);
    writer->change(writer->path);
    (void)fclose(input);
    return NULL;
}

static const char checks[] =
    "[{\"rule\":\"existsIn\",\"fields\":[\"a\"],\"properties\":{\"field_name\":\"b\","
    "\"ref_container\":\"first\"}},"
    "{\"rule\":\"existsIn\",\"fields\":[\"a\"],\"properties\":{\"field_name\":\"b\","
    "\"ref_container\":\"second\"}}]";

static json_t *reference(const char *name, const char *path)
{
    return json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s, s:s, s:[{s:s}]}}", "connector", "file",
                     "properties", "root", folder, "reader", "format", "csv", "container", "name",
                     name, "container_type", "file", "files", "path", path);
}

static void take_no_input(void)
{
    const int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(dup2(none, STDIN_FILENO), STDIN_FILENO);
    if (none != STDIN_FILENO)
        (void)close(none);
}

/* Scan, while the file changes behind its opening. */
static int scan_changing(void (*change)(const char *path), const char *path, struct output *out,
                         struct assay_error *err)
{
    int ends[2];
    pthread_t thread;
    write_lines(own_path, "wb", "a\n1\n2\n");
    write_lines(ref_path, "wb", "b\n1\n2\n");
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    struct writer writer = {ends[1], change, path};
    json_t *settings = json_pack("{s:{s:o, s:o}}", "refs", "first", reference("first", ref_path),
                                 "second", reference("second", "-"));
    char *text = assay_json_text(settings);
    assert_int_equal(pthread_create(&thread, NULL, write_input, &writer), 0);
    const int code = scan(own_path, checks, text, NULL, out, err);
    take_no_input(); /* nobody waits for a scan that ended before */
    assert_int_equal(pthread_join(thread, NULL), 0);
    free(text);
    json_decref(settings);
    return code;
}

static void judged_as(const char *label, const json_t *check, const char *outcome,
                      const char *message)
{
    if (strcmp(assay_json_str(check, "outcome", ""), outcome) ||
        strcmp(assay_json_str(check, "message", ""), message))
        fail_msg("%s: %s: %s", label, assay_json_str(check, "outcome", ""),
                 assay_json_str(check, "message", ""));
}

static void warns_of(size_t i, const char *path, const struct output *out)
{
    char message[400];
    const json_t *warnings = json_object_get(out->container, "warnings"),
                 *warning = json_array_get(warnings, 0);
    (void)snprintf(message, sizeof message, "%s%s", path, changes[i].warning);
    if (json_array_size(warnings) != (changes[i].warning ? 1 : 0))
        fail_msg("%s: %zu warnings", changes[i].label, json_array_size(warnings));
    if (!changes[i].warning)
        return;
    assert_string_equal(assay_json_str(warning, "code", ""), "file_changed");
    assert_string_equal(assay_json_str(warning, "message", ""), message);
}

static void of_the_container(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(changes); i++) {
        struct output out;
        struct assay_error err = {0};
        char message[400];
        const int code = scan_changing(changes[i].change, own_path, &out, &err);
        (void)snprintf(message, sizeof message, "scanning own.csv: %s%s", own_path,
                       changes[i].fault ? changes[i].fault : "");
        if (code != (changes[i].fault ? ASSAY_IO : ASSAY_OK))
            fail_msg("%s: %d: %s", changes[i].label, code, err.text);
        if (changes[i].fault)
            assert_string_equal(err.text, message);
        else
            warns_of(i, own_path, &out);
        release(&out);
    }
}

/* Only the check that needs it is errored. */
static void of_a_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(changes); i++) {
        struct output out;
        struct assay_error err = {0};
        char message[400] = "";
        if (scan_changing(changes[i].change, ref_path, &out, &err) != ASSAY_OK)
            fail_msg("%s: %s", changes[i].label, err.text);
        if (changes[i].fault)
            (void)snprintf(message, sizeof message, "the reference `first` cannot be read: %s%s",
                           ref_path, changes[i].fault);
        judged_as(changes[i].label, json_array_get(out.checks, 0),
                  changes[i].fault ? "errored" : "passed", message);
        judged_as(changes[i].label, json_array_get(out.checks, 1), "passed", "");
        warns_of(i, ref_path, &out);
        release(&out);
    }
}

static int make_paths(void **state)
{
    (void)signal(SIGPIPE, SIG_IGN);
    take_no_input();
    if (make_folder(state) != 0)
        return -1;
    (void)snprintf(own_path, sizeof own_path, "%s/own.csv", folder);
    (void)snprintf(ref_path, sizeof ref_path, "%s/ref.csv", folder);
    (void)snprintf(new_path, sizeof new_path, "%s/new.csv", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_the_container),
                                       cmocka_unit_test(of_a_reference)};
    return cmocka_run_group_tests(tests, make_paths, remove_folder);
}
