// Progress on stderr.
// SPDX-License-Identifier: Apache-2.0
#include "cli/run/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/number.h"

#define QUIET_AT_FIRST_NS (INT64_C(300) * 1000000)
#define SAY_EVERY_NS      (10 * ASSAY_NS_PER_S)

/* "1234567" → "1,234,567" */
static void append_grouped(long long count, char text[static 32])
{
    char digits[32];
    const int size = snprintf(digits, sizeof digits, "%lld", count);
    size_t used = 0;
    for (int i = 0; i < size; i++) {
        text[used++] = digits[i];
        if ((size - 1 - i) % 3 == 0 && i + 1 < size && digits[i] != '-')
            text[used++] = ',';
    }
    text[used] = '\0';
}

static const char *scaled(double value, const char *const *units, size_t count, const char *blank,
                          char text[static 32])
{
    size_t unit = 0;
    while (unit + 1 < count && value >= 999.95) {
        value /= 1000;
        unit++;
    }
    (void)snprintf(text, 32, unit && value < 99.95 ? "%.1f%s%s" : "%.0f%s%s", value,
                   units[unit][0] ? blank : "", units[unit]);
    return text;
}

const char *assay_human_count(double count, char text[static 32])
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    if (count < 1e6) {
        append_grouped((long long)count, text);
        return text;
    }
    return scaled(count, units, ASSAY_COUNT(units), " ", text);
}

const char *assay_human_bytes(double bytes, char text[static 32])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    return scaled(bytes, units, ASSAY_COUNT(units), " ", text);
}

const char *assay_human_seconds(double seconds, char text[static 32])
{
    const long whole = (long)(seconds + 0.5);
    if (seconds < 59.5)
        (void)snprintf(text, 32, seconds < 9.95 ? "%.2f s" : "%.0f s", seconds);
    else if (whole < 3600)
        (void)snprintf(text, 32, "%ld:%02ld", whole / 60, whole % 60);
    else
        (void)snprintf(text, 32, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    return text;
}

void assay_progress_line_begin(struct assay_progress_line *line, const char *name)
{
    line->name = name;
    line->terminal = isatty(STDERR_FILENO);
    line->started_ns = line->said_ns = assay_monotonic_ns();
}

void assay_progress_line_clear(struct assay_progress_line *line)
{
    if (!line->shown)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    line->shown = false;
}

void assay_progress_describe(const char *name, const json_t *body, double seconds, char *text,
                             size_t size_bytes)
{
    const double bytes = (double)assay_json_int(body, "bytes", 0),
                 total = (double)assay_json_int(body, "bytes_total", 0);
    char records[32], rate[32], left[32];
    int used =
        snprintf(text, size_bytes, "%.40s: %s", name, assay_json_str(body, "phase", "working"));
    if (total <= 0 && bytes <= 0 && !assay_json_int(body, "records", 0)) {
        if (seconds >= 1)
            (void)snprintf(text + used, size_bytes - (size_t)used, " for %.0f s", floor(seconds));
        return;
    }
    if (total > 0)
        used += snprintf(text + used, size_bytes - (size_t)used, ", %.0f %%",
                         100 * bytes / total > 100 ? 100 : 100 * bytes / total);
    used += snprintf(text + used, size_bytes - (size_t)used, ", %s records",
                     assay_human_count((double)assay_json_int(body, "records", 0), records));
    if (bytes > 0 && seconds > 0)
        used += snprintf(text + used, size_bytes - (size_t)used, ", %s/s",
                         assay_human_bytes(bytes / seconds, rate));
    if (total > bytes && bytes > 0)
        (void)snprintf(text + used, size_bytes - (size_t)used, ", %s left",
                       assay_human_seconds((total - bytes) * seconds / bytes, left));
}

void assay_progress_line_show(struct assay_progress_line *line, const json_t *body)
{
    const int64_t now_ns = assay_monotonic_ns();
    if (line->silent || now_ns - line->started_ns < QUIET_AT_FIRST_NS)
        return;
    if (!line->terminal && now_ns - line->said_ns < SAY_EVERY_NS)
        return;
    line->said_ns = now_ns;
    char text[256];
    assay_progress_describe(line->name, body,
                            (double)(now_ns - line->started_ns) / (double)ASSAY_NS_PER_S, text,
                            sizeof text);
    if (line->terminal)
        (void)fprintf(stderr, "\r\033[K%.79s", text);
    else
        (void)fprintf(stderr, "assay: %s\n", text);
    (void)fflush(stderr);
    line->shown = line->terminal;
}
