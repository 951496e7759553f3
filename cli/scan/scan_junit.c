// JUnit XML: a container is a testsuite, a check a testcase.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/scan/scan.h"
#include "common/base/utf8.h"

/* XML 1.0 allows few control characters; the others are left out. */
static void add_text(struct assay_buf *out, const char *text)
{
    const size_t size_bytes = strlen(text);
    for (size_t at = 0; at < size_bytes;) {
        uint32_t code_point;
        const size_t taken = assay_utf8_next(text + at, size_bytes - at, &code_point);
        if (code_point == '&')
            assay_buf_text(out, "&amp;");
        else if (code_point == '<')
            assay_buf_text(out, "&lt;");
        else if (code_point == '>')
            assay_buf_text(out, "&gt;");
        else if (code_point == '"')
            assay_buf_text(out, "&quot;");
        else if (code_point == '\n' || code_point == '\t')
            assay_buf_printf(out, "&#%u;", (unsigned)code_point);
        else if (code_point >= 0x20 && code_point != 0xfffe && code_point != 0xffff)
            assay_buf_append(out, text + at, taken);
        at += taken;
    }
}

/* How often each kind occurs in a container. */
struct counts {
    int tests, failures, errors, skipped;
};

static bool is(const json_t *check, const char *outcome)
{
    return strcmp(assay_json_str(check, "outcome", "errored"), outcome) == 0;
}

static bool is_failure(const json_t *check)
{
    return is(check, "failed") && assay_scan_is_error(check);
}

static void count(const json_t *container, struct counts *counts)
{
    const json_t *checks = json_object_get(container, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        counts->tests++;
        counts->failures += is_failure(check);
        counts->errors += is(check, "errored");
        counts->skipped += is(check, "unasserted");
    }
    if (assay_json_num(container, "rejected_records", 0) > 0) {
        counts->tests++;
        counts->failures++;
    }
}

static void add_element(struct assay_buf *out, const char *element, const char *message)
{
    assay_buf_printf(out, "      <%s message=\"", element);
    add_text(out, message);
    assay_buf_text(out, "\"/>\n");
}

static void add_check(struct assay_buf *out, const char *container, const json_t *check)
{
    struct assay_buf name = {0};
    const char *message = assay_json_str(check, "message", "");
    assay_scan_check_name(check, &name);
    assay_buf_text(out, "    <testcase classname=\"");
    add_text(out, container);
    assay_buf_text(out, "\" name=\"");
    assay_buf_printf(out, "%lld ", (long long)assay_json_int(check, "index", 0));
    add_text(out, assay_buf_str(&name));
    assay_buf_text(out, "\">\n");
    if (is_failure(check))
        add_element(out, "failure", message);
    else if (is(check, "errored"))
        add_element(out, "error", message);
    else if (is(check, "unasserted"))
        add_element(out, "skipped", message);
    else if (is(check, "failed")) {
        assay_buf_text(out, "      <system-out>warning: ");
        add_text(out, message);
        assay_buf_text(out, "</system-out>\n");
    }
    assay_buf_text(out, "    </testcase>\n");
    assay_buf_release(&name);
}

static void add_rejected(struct assay_buf *out, const json_t *container)
{
    const double rejected = assay_json_num(container, "rejected_records", 0);
    char message[96];
    if (!(rejected > 0))
        return;
    assay_buf_text(out, "    <testcase classname=\"");
    add_text(out, assay_json_str(container, "name", ""));
    assay_buf_text(out, "\" name=\"records can be read\">\n");
    (void)snprintf(message, sizeof message, "%.0f records could not be read.", rejected);
    add_element(out, "failure", message);
    assay_buf_text(out, "    </testcase>\n");
}

static void add_container(struct assay_buf *out, const json_t *container)
{
    struct counts counts = {0};
    const char *name = assay_json_str(container, "name", "");
    const json_t *checks = json_object_get(container, "checks");
    count(container, &counts);
    assay_buf_text(out, "  <testsuite name=\"");
    add_text(out, name);
    assay_buf_printf(out, "\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\">\n",
                     counts.tests, counts.failures, counts.errors, counts.skipped);
    for (size_t i = 0; i < json_array_size(checks); i++)
        add_check(out, name, json_array_get(checks, i));
    add_rejected(out, container);
    assay_buf_text(out, "  </testsuite>\n");
}

static void add_unread(struct assay_buf *out, const json_t *error)
{
    assay_buf_text(out, "  <testsuite name=\"");
    add_text(out, assay_json_str(error, "container", ""));
    assay_buf_text(
        out,
        "\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    <testcase classname=\"");
    add_text(out, assay_json_str(error, "container", ""));
    assay_buf_text(out, "\" name=\"the input can be read\">\n");
    add_element(out, "error", assay_json_str(error, "message", ""));
    assay_buf_text(out, "    </testcase>\n  </testsuite>\n");
}

void assay_scan_junit(const json_t *document, struct assay_buf *out)
{
    struct counts counts = {0};
    const json_t *containers = json_object_get(document, "containers"),
                 *errors = json_object_get(document, "errors");
    for (size_t i = 0; i < json_array_size(containers); i++)
        count(json_array_get(containers, i), &counts);
    const int unread = (int)json_array_size(errors);
    assay_buf_printf(out,
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay scan\" "
                     "tests=\"%d\" failures=\"%d\" "
                     "errors=\"%d\" skipped=\"%d\">\n",
                     counts.tests + unread, counts.failures, counts.errors + unread,
                     counts.skipped);
    for (size_t i = 0; i < json_array_size(containers); i++)
        add_container(out, json_array_get(containers, i));
    for (size_t i = 0; i < json_array_size(errors); i++)
        add_unread(out, json_array_get(errors, i));
    assay_buf_text(out, "</testsuites>\n");
}
