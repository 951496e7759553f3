/* Logs: one event a line, with typed fields; JSON for machines, text on a terminal. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_LOG_H
#define ASSAY_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum assay_log_level { ASSAY_LOG_DEBUG, ASSAY_LOG_INFO, ASSAY_LOG_WARNING, ASSAY_LOG_ERROR };

enum assay_field_kind { ASSAY_FIELD_TEXT, ASSAY_FIELD_INT, ASSAY_FIELD_DOUBLE, ASSAY_FIELD_BOOL };

/** One typed field. Make it with the ASSAY_F_ macros; texts are borrowed for the call. */
struct assay_log_field {
    const char *name;
    enum assay_field_kind kind;
    union {
        const char *text;
        int64_t integer;
        double real;
        bool truth;
    } as;
};

#define ASSAY_F_TEXT(n, v)                                                                         \
    ((struct assay_log_field){.name = (n), .kind = ASSAY_FIELD_TEXT, .as.text = (v)})
#define ASSAY_F_INT(n, v)                                                                          \
    ((struct assay_log_field){.name = (n), .kind = ASSAY_FIELD_INT, .as.integer = (v)})
#define ASSAY_F_DOUBLE(n, v)                                                                       \
    ((struct assay_log_field){.name = (n), .kind = ASSAY_FIELD_DOUBLE, .as.real = (v)})
#define ASSAY_F_BOOL(n, v)                                                                         \
    ((struct assay_log_field){.name = (n), .kind = ASSAY_FIELD_BOOL, .as.truth = (v)})

/** Write one event: a constant sentence, values only in the fields, never a secret, no row data at
 * info. Thread-safe; one write(2) a line. Only the outermost layer of a process calls this. */
#define ASSAY_LOG(level, event, ...)                                                               \
    assay_log((level), (event),                                                                    \
              (const struct assay_log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = 0}})
void assay_log(enum assay_log_level level, const char *event, const struct assay_log_field *fields);

/** Least level written (default info), JSON or text (default: text when stderr is a terminal), and
 * where to (default 2). Set once at the start of a program. */
void assay_log_setup(enum assay_log_level least, bool json, int fd);
bool assay_log_level_parse(const char *text, enum assay_log_level *ret_level);

#endif
