/* Errors: one code, one message, one retry class. Outputs are written only on success. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_ERROR_H
#define ASSAY_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define ASSAY_MUST_CHECK        __attribute__((warn_unused_result))
#define ASSAY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/** May the same work be tried again? TRANSIENT: after a pause. SOURCE_DOWN: when the source is
 * back; counts against nobody. NEVER: the same input gives the same error. */
enum assay_retry { ASSAY_RETRY_NEVER, ASSAY_RETRY_TRANSIENT, ASSAY_RETRY_SOURCE_DOWN };

/* name, code, text, retry class, HTTP status */
#define ASSAY_ERROR_CODES(X)                                                                       \
    X(ASSAY_OK, 0, "ok", ASSAY_RETRY_NEVER, 200)                                                   \
    X(ASSAY_INVALID, -1, "invalid input", ASSAY_RETRY_NEVER, 422)                                  \
    X(ASSAY_USAGE, -2, "wrong usage", ASSAY_RETRY_NEVER, 400)                                      \
    X(ASSAY_NOT_FOUND, -3, "not found", ASSAY_RETRY_NEVER, 404)                                    \
    X(ASSAY_CONFLICT, -4, "conflict", ASSAY_RETRY_NEVER, 409)                                      \
    X(ASSAY_DENIED, -5, "permission denied", ASSAY_RETRY_NEVER, 403)                               \
    X(ASSAY_UNAUTHENTICATED, -6, "not authenticated", ASSAY_RETRY_NEVER, 401)                      \
    X(ASSAY_UNAVAILABLE, -7, "unavailable", ASSAY_RETRY_SOURCE_DOWN, 503)                          \
    X(ASSAY_TIMEOUT, -8, "timed out", ASSAY_RETRY_TRANSIENT, 504)                                  \
    X(ASSAY_CANCELLED, -9, "cancelled", ASSAY_RETRY_NEVER, 499)                                    \
    X(ASSAY_IO, -10, "input/output error", ASSAY_RETRY_TRANSIENT, 500)                             \
    X(ASSAY_FORMAT, -11, "malformed data", ASSAY_RETRY_NEVER, 422)                                 \
    X(ASSAY_NO_MEMORY, -12, "out of memory", ASSAY_RETRY_TRANSIENT, 500)                           \
    X(ASSAY_LIMIT, -13, "limit exceeded", ASSAY_RETRY_NEVER, 413)                                  \
    X(ASSAY_UNSUPPORTED, -14, "not supported", ASSAY_RETRY_NEVER, 422)                             \
    X(ASSAY_SCHEMA_CHANGED, -15, "schema changed", ASSAY_RETRY_NEVER, 409)                         \
    X(ASSAY_STALE, -16, "fenced: a newer epoch holds the task", ASSAY_RETRY_NEVER, 409)            \
    X(ASSAY_TRANSIENT, -17, "temporary failure", ASSAY_RETRY_TRANSIENT, 503)                       \
    X(ASSAY_INTERNAL, -18, "internal error", ASSAY_RETRY_NEVER, 500)

enum assay_code {
#define X(name, code, text, retry, http) name = (code),
    ASSAY_ERROR_CODES(X)
#undef X
};

/** The caller's place for an error; no allocation. Zero-initialise it (`= {0}`). */
struct assay_error {
    int code;         /* enum assay_code */
    int vendor_code;  /* errno, HTTP status, driver's own code; 0 = none */
    char sqlstate[6]; /* "" = none */
    char text[512];   /* UTF-8; outer layers put their context in front: "context: text" */
};

#define ASSAY_TRY(call)                                                                            \
    do {                                                                                           \
        const int rc_ = (call);                                                                    \
        if (rc_ != ASSAY_OK)                                                                       \
            return rc_;                                                                            \
    } while (0)

/** Says aloud that the result of a must-check call does not matter here. */
#define ASSAY_IGNORE(call)                                                                         \
    do {                                                                                           \
        if (call) { /* ignored on purpose */                                                       \
        }                                                                                          \
    } while (0)

/** Record the first error and return `code`. err may be NULL; a later call on a set err changes
 * nothing. */
int assay_fail(struct assay_error *err, int code, const char *format, ...) ASSAY_PRINTF(3, 4);
int assay_vfail(struct assay_error *err, int code, const char *format, va_list args);

/** As assay_fail() with errno's number and text appended (": No such file or directory"). */
int assay_fail_errno(struct assay_error *err, int code, int errnum, const char *format, ...)
    ASSAY_PRINTF(4, 5);

/** Put context in front of a recorded error ("reading orders.csv: ..."). Returns err->code, or
 * `code` when err is NULL. */
int assay_context(struct assay_error *err, int code, const char *format, ...) ASSAY_PRINTF(3, 4);

/** The out-of-memory error. */
int assay_fail_memory(struct assay_error *err);

/** Forget the recorded error, so that err can be used again. */
void assay_error_clear(struct assay_error *err);

const char *assay_code_text(int code); /* "not found" */
const char *assay_code_name(int code); /* "NOT_FOUND" */
enum assay_retry assay_code_retry(int code);
int assay_code_http(int code);
int assay_code_by_name(const char *name); /* ASSAY_INTERNAL when unknown */

#endif
