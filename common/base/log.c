// Logs: composes one line in a buffer and writes it at once.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/datetime.h"
#include "common/base/number.h"
#include "common/base/utf8.h"

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static atomic_int least_level = ASSAY_LOG_INFO;
static atomic_int as_json = -1; /* -1: decide by the terminal */
static atomic_int log_fd = STDERR_FILENO;

void assay_log_setup(enum assay_log_level least, bool json, int fd)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&as_json, json);
    atomic_store(&log_fd, fd);
}

bool assay_log_level_parse(const char *text, enum assay_log_level *ret_level)
{
    for (size_t i = 0; i < ASSAY_COUNT(level_names); i++) {
        if (!strcasecmp(text, level_names[i])) {
            *ret_level = (enum assay_log_level)i;
            return true;
        }
    }
    return false;
}

static void append_quoted(struct assay_buf *line, const char *text)
{
    struct assay_buf safe = {0};
    assay_utf8_append_safe(&safe, text, strlen(text));
    assay_buf_char(line, '"');
    for (const char *p = assay_buf_str(&safe); *p; p++) {
        if (*p == '"' || *p == '\\')
            assay_buf_printf(line, "\\%c", *p);
        else if ((unsigned char)*p < 0x20)
            assay_buf_printf(line, "\\u%04x", (unsigned)*p);
        else
            assay_buf_char(line, *p);
    }
    assay_buf_char(line, '"');
    assay_buf_release(&safe);
}

static void append_value(struct assay_buf *line, const struct assay_log_field *field)
{
    char number[ASSAY_NUMBER_TEXT];
    switch (field->kind) {
    case ASSAY_FIELD_TEXT:
        append_quoted(line, field->as.text ? field->as.text : "");
        break;
    case ASSAY_FIELD_INT:
        assay_buf_printf(line, "%" PRId64, field->as.integer);
        break;
    case ASSAY_FIELD_DOUBLE:
        (void)assay_format_double(field->as.real, number);
        assay_buf_text(line, isfinite(field->as.real) ? number : "null");
        break;
    case ASSAY_FIELD_BOOL:
        assay_buf_text(line, field->as.truth ? "true" : "false");
        break;
    }
}

void assay_log(enum assay_log_level level, const char *event, const struct assay_log_field *fields)
{
    if ((int)level < atomic_load(&least_level))
        return;
    const int fd = atomic_load(&log_fd);
    int json = atomic_load(&as_json);
    if (json < 0)
        json = !isatty(fd);
    char time[ASSAY_DATETIME_TEXT];
    (void)assay_format_timestamp(assay_now_us(), "Z", time);
    struct assay_buf line = {.max_bytes = 65536};
    if (json) {
        assay_buf_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":", time,
                         level_names[level]);
        append_quoted(&line, event);
    } else {
        assay_buf_printf(&line, "%s %-7s %s", time, level_names[level], event);
    }
    for (; fields && fields->name; fields++) {
        assay_buf_text(&line, json ? ",\"" : " ");
        assay_buf_text(&line, fields->name);
        assay_buf_text(&line, json ? "\":" : "=");
        append_value(&line, fields);
    }
    assay_buf_text(&line, json ? "}\n" : "\n");
    if (!line.failed) {
        const ssize_t written = write(fd, line.data, line.size);
        (void)written; /* a log that cannot be written has nowhere to complain */
    }
    assay_buf_release(&line);
}
