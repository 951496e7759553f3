// --baseline: which failing records are new, which were there before, which are gone.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/scan/scan.h"
#include "common/base/file.h"

#define FINGERPRINT_COLUMN "_assay_fingerprint"

enum { NEW_LISTED = 1000, MOST_COLUMNS = 100000 };

/* Fingerprints of a list of failing records, as the keys of an object. */
struct failing {
    json_t *fingerprints;
    bool capped; /* more fail than are listed */
};

static int add(struct failing *failing, const char *fingerprint, struct assay_error *err)
{
    return assay_json_set(failing->fingerprints, fingerprint, json_true(), err);
}

/* ---- from a JSON document ---- */

/* Only failing records have a fingerprint in both kinds of files. */
static bool is_failing_record(const json_t *anomaly)
{
    return strcmp(assay_json_str(anomaly, "type", "record"), "record") == 0 &&
           json_array_size(json_object_get(anomaly, "failed_checks")) > 0;
}

static int add_container(struct failing *failing, const json_t *container, struct assay_error *err)
{
    const json_t *anomalies = json_object_get(container, "anomalies"),
                 *checks = json_object_get(container, "checks");
    for (size_t i = 0; i < json_array_size(anomalies); i++) {
        const json_t *anomaly = json_array_get(anomalies, i);
        const char *fingerprint = assay_json_str(anomaly, "fingerprint", NULL);
        if (fingerprint && is_failing_record(anomaly))
            ASSAY_TRY(add(failing, fingerprint, err));
    }
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        const int64_t index = assay_json_int(check, "index", -1);
        int64_t listed = 0;
        for (size_t j = 0; j < json_array_size(anomalies); j++) {
            const json_t *failed = json_object_get(json_array_get(anomalies, j), "failed_checks");
            for (size_t k = 0; k < json_array_size(failed); k++)
                listed += assay_json_int(json_array_get(failed, k), "index", -2) == index;
        }
        failing->capped |= listed < assay_json_int(check, "anomalous_records_count", 0);
    }
    return ASSAY_OK;
}

static int read_document(struct failing *failing, const json_t *document, struct assay_error *err)
{
    const json_t *containers = json_object_get(document, "containers");
    if (!json_is_array(containers))
        return assay_fail(err, ASSAY_USAGE,
                          "it is no scan: give a file of --format json or --failing");
    for (size_t i = 0; i < json_array_size(containers); i++)
        ASSAY_TRY(add_container(failing, json_array_get(containers, i), err));
    return ASSAY_OK;
}

/* ---- from a --failing file: JSON lines or CSV as assay writes it ---- */

static int read_lines(struct failing *failing, const char *text, const char *path,
                      struct assay_error *err)
{
    while (*text) {
        const size_t size_bytes = strcspn(text, "\n");
        ASSAY_AUTO(assay_json_decref) json_t *record = NULL;
        if (size_bytes)
            ASSAY_TRY(assay_json_parse(text, size_bytes, path, &record, err));
        const char *fingerprint = assay_json_str(record, FINGERPRINT_COLUMN, NULL);
        if (size_bytes && !fingerprint)
            return assay_fail(err, ASSAY_USAGE,
                              "it has no " FINGERPRINT_COLUMN ": give a file of --failing");
        if (fingerprint)
            ASSAY_TRY(add(failing, fingerprint, err));
        text += size_bytes + (text[size_bytes] == '\n');
    }
    return ASSAY_OK;
}

/* One cell into `cell`; returns what is behind it (at ',', line end or the text's end). */
static const char *csv_cell(const char *text, struct assay_buf *cell)
{
    assay_buf_clear(cell);
    if (*text != '"') {
        const size_t size_bytes = strcspn(text, ",\r\n");
        assay_buf_append(cell, text, size_bytes);
        return text + size_bytes;
    }
    for (text++; *text; text++) {
        if (*text == '"' && *++text != '"')
            break;
        assay_buf_char(cell, *text);
    }
    return text;
}

/* Reads a record; *ret_wanted: the column of FINGERPRINT_COLUMN when `wanted` is -1, else its cell
 * stays in `cell`. */
static const char *csv_record(const char *text, int wanted, struct assay_buf *cell,
                              struct assay_buf *kept, int *ret_wanted)
{
    for (int column = 0; column < MOST_COLUMNS; column++) {
        text = csv_cell(text, cell);
        if (wanted < 0 && strcmp(assay_buf_str(cell), FINGERPRINT_COLUMN) == 0)
            *ret_wanted = column;
        if (column == wanted) {
            assay_buf_clear(kept);
            assay_buf_text(kept, assay_buf_str(cell));
        }
        if (*text != ',')
            break;
        text++;
    }
    return text + strspn(text, "\r\n");
}

static int read_csv(struct failing *failing, const char *text, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf cell = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf kept = {0};
    int wanted = -1;
    text = csv_record(text, -1, &cell, &kept, &wanted);
    if (wanted < 0)
        return assay_fail(err, ASSAY_USAGE,
                          "it has no " FINGERPRINT_COLUMN ": give a file of --failing");
    while (*text) {
        text = csv_record(text, wanted, &cell, &kept, &wanted);
        ASSAY_TRY(assay_buf_check(&kept, err));
        ASSAY_TRY(add(failing, assay_buf_str(&kept), err));
    }
    return ASSAY_OK;
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t path_bytes = strlen(path), ending_bytes = strlen(ending);
    return path_bytes >= ending_bytes && strcmp(path + path_bytes - ending_bytes, ending) == 0;
}

static int read_file(struct failing *failing, const char *path, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {.max_bytes = (size_t)4 << 30};
    if (ends_in(path, ".parquet"))
        return assay_fail(err, ASSAY_USAGE,
                          "a Parquet file cannot be a baseline: write --failing as .csv or .jsonl");
    ASSAY_TRY(assay_file_read(path, &text, err));
    if (ends_in(path, ".csv"))
        return read_csv(failing, assay_buf_str(&text), err);
    if (ends_in(path, ".jsonl"))
        return read_lines(failing, assay_buf_str(&text), path, err);
    ASSAY_AUTO(assay_json_decref) json_t *document = NULL;
    ASSAY_TRY(assay_json_parse(assay_buf_str(&text), text.size, path, &document, err));
    return read_document(failing, document, err);
}

/* This run's --failing file is complete; else its document, which may be capped. */
static int read_current(const struct assay_scan_run *run, struct failing *now,
                        struct assay_error *err)
{
    const bool whole = run->failing && run->inputs.count == 1 && !ends_in(run->failing, ".parquet");
    return whole ? read_file(now, run->failing, err) : read_document(now, run->document, err);
}

static int describe(const struct failing *before, const struct failing *now, json_t **ret_baseline,
                    struct assay_error *err)
{
    json_int_t added = 0, still = 0;
    const char *fingerprint;
    json_t *value;
    ASSAY_AUTO(assay_json_decref) json_t *listed = json_array();
    json_object_foreach(now->fingerprints, fingerprint, value)
    {
        if (json_object_get(before->fingerprints, fingerprint)) {
            still++;
            continue;
        }
        added++;
        if (json_array_size(listed) < NEW_LISTED)
            ASSAY_TRY(assay_json_push(listed, json_string(fingerprint), err));
    }
    const json_int_t gone = (json_int_t)json_object_size(before->fingerprints) - still;
    *ret_baseline = json_pack("{s:I, s:I, s:o, s:O}", "new", added, "still_failing", still, "gone",
                              before->capped || now->capped ? json_null() : json_integer(gone),
                              "new_fingerprints", listed);
    return *ret_baseline ? ASSAY_OK : assay_fail_memory(err);
}

int assay_scan_read_baseline(struct assay_scan_run *run, const char *path, struct assay_error *err)
{
    struct failing before = {.fingerprints = run->baseline = json_object()};
    if (!run->baseline)
        return assay_fail_memory(err);
    const int rc = read_file(&before, path, err);
    run->baseline_capped = before.capped;
    if (rc == ASSAY_OK)
        return ASSAY_OK;
    (void)assay_context(err, rc, "reading --baseline %s", path);
    if (err)
        err->code = ASSAY_USAGE;
    return ASSAY_USAGE;
}

int assay_scan_compare_baseline(struct assay_scan_run *run, struct assay_error *err)
{
    const struct failing before = {.fingerprints = run->baseline, .capped = run->baseline_capped};
    struct failing now = {.fingerprints = json_object()};
    json_t *baseline = NULL;
    int rc = now.fingerprints ? read_current(run, &now, err) : assay_fail_memory(err);
    if (rc == ASSAY_OK)
        rc = describe(&before, &now, &baseline, err);
    json_decref(now.fingerprints);
    return rc == ASSAY_OK ? assay_json_set(run->document, "baseline", baseline, err) : rc;
}
