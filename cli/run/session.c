// A session: options that profile and scan share, signals, and messages to the person who waits.
// SPDX-License-Identifier: Apache-2.0
#include "cli/run/session.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/run/config_args.h"
#include "common/base/clock.h"
#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "common/base/number.h"

enum { DEFAULT_SEED = 42 };
#define DEFAULT_MEMORY_BYTES (UINT64_C(1) << 30)
#define LEAST_MEMORY_BYTES   (UINT64_C(64) << 20) /* the executor takes no less */

atomic_bool assay_interrupted;

const struct assay_cli_option assay_input_options[] = {
    {.name = "reader",
     .value = "KEY=VALUE",
     .repeats = true,
     .doc = "reader option: format, delimiter, quote, escape, header, "
            "encoding, null_values, treat_empty_as_null, skip, comment, max_cell, types.FIELD"},
    {.name = "delimiter", .value = "C", .doc = "field delimiter of text files; `tab` for a tab"},
    {.name = "no-header", .doc = "text files have no line of names"},
    {.name = "timezone", .value = "TZ", .doc = "zone of times without one (default UTC)"},
    {.name = "union", .doc = "one container of all input files"},
    {.name = NULL},
};

const struct assay_cli_option assay_engine_options[] = {
    {.name = "threads", .value = "N", .doc = "threads (default: cores)"},
    {.name = "memory", .value = "SIZE", .doc = "memory budget of the executor (default 1GiB)"},
    {.name = "seed", .value = "S", .doc = "seed of every sample (default 42)"},
    {.name = "quiet", .letter = 'q', .doc = "no progress and no warnings"},
    {.name = "verbose", .letter = 'v', .doc = "say more"},
    {.name = NULL},
};

static void on_signal(int signum)
{
    (void)signum;
    atomic_store(&assay_interrupted, true);
}

/* The second signal ends the process at once; its executors die with it. */
static void take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* Reader options of docs/executor-protocol.md; `types.FIELD` besides. */
static const struct reader_key {
    const char *name;
} reader_keys[] = {
    {"arrays"},      {"comment"},
    {"delimiter"},   {"encoding"},
    {"escape"},      {"format"},
    {"header"},      {"max_cell"},
    {"null_values"}, {"quote"},
    {"quoted_null"}, {"infer_datatypes"},
    {"skip"},        {"treat_empty_as_null"},
    {NULL},
};

static int check_reader_key(const char *text, size_t size_bytes, struct assay_error *err)
{
    if (strncmp(text, "types.", strlen("types.")) == 0)
        return ASSAY_OK;
    for (const struct reader_key *key = reader_keys; key->name; key++)
        if (strlen(key->name) == size_bytes && strncmp(key->name, text, size_bytes) == 0)
            return ASSAY_OK;
    char *name = assay_strndup(text, size_bytes);
    const char *nearest = name ? assay_nearest_name(name, reader_keys, sizeof *reader_keys) : NULL;
    assay_free(name);
    return assay_fail(err, ASSAY_USAGE, "reading --reader %.60s: there is no such option: %s%s",
                      text, nearest ? "did you mean " : "see `assay profile --help`",
                      nearest ? nearest : "");
}

static int put_reader(json_t *reader, const char *text, struct assay_error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return assay_fail(
            err, ASSAY_USAGE,
            "reading --reader %.60s: there is no KEY=VALUE in it: write --reader format=csv", text);
    ASSAY_TRY(check_reader_key(text, (size_t)(equals - text), err));
    json_t *value = json_string(equals + 1);
    if (!value)
        return assay_fail(err, ASSAY_USAGE,
                          "reading --reader: the value is not UTF-8: write it in UTF-8");
    return json_object_setn_new_nocheck(reader, text, (size_t)(equals - text), value)
               ? assay_fail_memory(err)
               : ASSAY_OK;
}

static int read_reader(struct assay_session *session, const struct assay_args *args,
                       struct assay_error *err)
{
    session->reader = json_object();
    if (!session->reader)
        return assay_fail_memory(err);
    const char *text;
    for (size_t i = 0; (text = assay_args_nth(args, "reader", i)); i++)
        ASSAY_TRY(put_reader(session->reader, text, err));
    const char *delimiter = assay_args_text(args, "delimiter");
    if (delimiter) {
        if (strcmp(delimiter, "tab") == 0 || strcmp(delimiter, "\\t") == 0)
            delimiter = "\t";
        ASSAY_TRY(assay_json_set(session->reader, "delimiter", json_string(delimiter), err));
    }
    if (assay_args_given(args, "no-header"))
        ASSAY_TRY(assay_json_set(session->reader, "header", json_string("false"), err));
    return ASSAY_OK;
}

static int read_whole(const struct assay_args *args, const char *name, int64_t least,
                      int64_t fallback, int64_t *ret_value, struct assay_error *err)
{
    const char *text = assay_args_text(args, name);
    *ret_value = fallback;
    if (text && (!assay_parse_i64(text, strlen(text), ret_value) || *ret_value < least))
        return assay_fail(err, ASSAY_USAGE,
                          "reading --%s: \"%.40s\" is not a whole number from %lld on", name, text,
                          (long long)least);
    return ASSAY_OK;
}

static int read_engine(struct assay_session *session, const struct assay_args *args,
                       struct assay_error *err)
{
    int64_t threads;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    ASSAY_TRY(read_whole(args, "threads", 1, cores > 0 ? cores : 1, &threads, err));
    session->threads = threads > 1024 ? 1024 : (int)threads;
    ASSAY_TRY(read_whole(args, "seed", 0, DEFAULT_SEED, &session->seed, err));
    const char *memory = assay_args_text(args, "memory");
    session->memory_bytes = DEFAULT_MEMORY_BYTES;
    if (memory && (!assay_parse_bytes(memory, &session->memory_bytes) ||
                   session->memory_bytes < LEAST_MEMORY_BYTES))
        return assay_fail(
            err, ASSAY_USAGE,
            "reading --memory: \"%.40s\" is not a size from 64MiB on: give one such as "
            "512MiB or 2GiB",
            memory);
    session->timezone = assay_args_text(args, "timezone");
    return ASSAY_OK;
}

int assay_session_open(struct assay_session *session, const struct assay_args *args,
                       struct assay_error *err)
{
    session->quiet = assay_args_given(args, "quiet");
    session->verbose = assay_args_given(args, "verbose");
    session->progress.silent = session->quiet;
    (void)assay_format_timestamp(assay_now_us(), "Z", session->now);
    ASSAY_TRY(read_reader(session, args, err));
    ASSAY_TRY(read_engine(session, args, err));
    ASSAY_TRY(assay_config_of_args("", args, &session->config, err));
    take_signals();
    return ASSAY_OK;
}

void assay_session_release(struct assay_session *session)
{
    assay_progress_line_clear(&session->progress);
    json_decref(session->reader);
    assay_config_free(session->config);
    *session = (struct assay_session){0};
}

static void say(struct assay_session *session, const char *before, const char *format, va_list args)
{
    if (session->quiet)
        return;
    assay_progress_line_clear(&session->progress);
    struct assay_buf text = {0};
    assay_buf_printf(&text, "assay: %s", before);
    assay_buf_vprintf(&text, format, args);
    (void)fprintf(stderr, "%s\n", assay_buf_str(&text));
    assay_buf_release(&text);
}

void assay_session_warn(struct assay_session *session, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(session, "warning: ", format, args);
    va_end(args);
}

void assay_session_say(struct assay_session *session, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(session, "", format, args);
    va_end(args);
}
