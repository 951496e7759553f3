// The result of a scan: the container, its checks, its anomalies (docs/documents.md).
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#include "common/base/clock.h"
#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "common/rules/check_validate.h"
#include "worker/executor/scan/scan_capture.h"
#include "worker/executor/scan/scan_reference.h"

static json_t *shared_or_null(const json_t *value)
{
    return value ? json_incref((json_t *)(uintptr_t)value) : json_null();
}

static const char *number_key(const struct assay_scan_check *check)
{
    return json_object_get(check->spec, "index") ? "index" : "id";
}

static const char *container_name(const struct assay_scan *scan)
{
    return assay_json_str(scan->task->container, "name", "");
}

json_t *assay_scan_check_number(const struct assay_scan_check *check)
{
    return shared_or_null(json_object_get(check->spec, number_key(check)));
}

const char *assay_scan_file_name(const struct assay_scan *scan, size_t file)
{
    const struct assay_file_set *set = scan->own.source.set;
    const char *root = assay_json_str(scan->task->properties, "root", "");
    const size_t size = strlen(root);
    if (!set || file >= set->count)
        return container_name(scan);
    const char *path = set->files[file].shown;
    if (size && !strncmp(path, root, size) && path[size] == '/')
        return path + size + 1;
    return path;
}

static json_t *fingerprint_json(uint64_t fingerprint)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, fingerprint);
    return json_string(text);
}

static const char *severity_of(const struct assay_scan_check *check)
{
    return assay_json_str(check->json, "severity", "error");
}

/* --- checks --- */

static json_t *check_json(const struct assay_scan_check *check)
{
    const json_t *fields = json_object_get(check->json ? check->json : check->spec, "fields");
    return json_pack("{s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:s?}", number_key(check),
                     assay_scan_check_number(check), "rule",
                     shared_or_null(json_object_get(check->spec, "rule")), "fields",
                     shared_or_null(fields), "outcome", assay_outcome_name(check->outcome),
                     "severity", severity_of(check), "asserted_records_count",
                     (json_int_t)check->asserted, "null_records_count", (json_int_t)check->nulls,
                     "anomalous_records_count", (json_int_t)check->failing, "message",
                     check->message);
}

static int report_checks(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    for (size_t i = 0; i < scan->checks_count; i++)
        ASSAY_TRY(assay_json_push(list, check_json(&scan->checks[i]), err));
    return assay_task_emit_list(scan->task, "checks", "checks", list, err);
}

/* --- anomalies --- */

static json_t *file_json(const struct assay_scan *scan, size_t file)
{
    const char *name = assay_scan_file_name(scan, file);
    return scan->own.source.set ? assay_json_safe_string(name, strlen(name)) : json_null();
}

static json_t *count_or_null(bool known, uint64_t value)
{
    return known ? json_integer((json_int_t)value) : json_null();
}

static json_t *record_anomaly(const struct assay_scan *scan, const struct assay_captured *captured)
{
    const struct assay_scan_place *place = &captured->place;
    const struct assay_scan_part *part =
        scan->own.parts && scan->own.has_order ? &scan->own.parts[place->part] : NULL;
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "type", "record", "fingerprint",
        fingerprint_json(captured->fingerprint), "file", file_json(scan, place->file), "row",
        count_or_null(scan->own.has_order, place->row + (part ? part->first_row : 0) + 1), "line",
        count_or_null(place->has_line, place->line + (part ? part->first_line : 0)), "byte_offset",
        count_or_null(place->has_offset, place->offset), "record", shared_or_null(captured->record),
        "anomalous_records_count", 1, "failed_checks", json_incref(captured->failed_checks));
}

/* A check that turned out errored has no failing records. Takes the errored ones out; true when
 * none is left. */
static bool drop_errored(const struct assay_scan *scan, json_t *failed_checks)
{
    for (size_t i = json_array_size(failed_checks); i-- > 0;) {
        const json_t *item = json_array_get(failed_checks, i);
        for (size_t j = 0; j < scan->checks_count; j++) {
            const struct assay_scan_check *check = &scan->checks[j];
            if (check->outcome == ASSAY_OUTCOME_ERRORED &&
                json_equal(json_object_get(item, number_key(check)),
                           json_object_get(check->spec, number_key(check)))) {
                json_array_remove(failed_checks, i);
                break;
            }
        }
    }
    return !json_array_size(failed_checks);
}

static int add_records(const struct assay_scan *scan, json_t *list, struct assay_error *err)
{
    struct assay_captured **captured = NULL;
    size_t count = 0;
    ASSAY_TRY(assay_capture_list(scan, &captured, &count, err));
    int code = ASSAY_OK;
    for (size_t i = 0; i < count && code == ASSAY_OK; i++)
        if (!drop_errored(scan, captured[i]->failed_checks))
            code = assay_json_push(list, record_anomaly(scan, captured[i]), err);
    assay_free(captured);
    return code;
}

/* One for a check that is judged as a whole; and one with the total where more records fail than
 * are listed. */
static bool has_shape_anomaly(const struct assay_scan *scan, const struct assay_scan_check *check)
{
    return check->outcome == ASSAY_OUTCOME_FAILED &&
           (check->rule->is_shape || check->failing > scan->max_anomalies);
}

static json_t *shape_anomaly(const struct assay_scan *scan, const struct assay_scan_check *check)
{
    return json_pack(
        "{s:s, s:o, s:n, s:n, s:n, s:n, s:n, s:I, s:[{s:o, s:s}]}", "type", "shape", "fingerprint",
        fingerprint_json(assay_check_uid(check->json, container_name(scan))), "file", "row", "line",
        "byte_offset", "record", "anomalous_records_count", (json_int_t)check->failing,
        "failed_checks", number_key(check), assay_scan_check_number(check), "message",
        check->message ? check->message : "");
}

static json_t *sample_json(const struct assay_scan *scan, const struct assay_rule_sample *sample)
{
    const struct assay_scan_part *part =
        scan->own.parts && scan->own.has_order ? &scan->own.parts[sample->part] : NULL;
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "file", file_json(scan, sample->file), "row",
        count_or_null(scan->own.has_order, sample->row + (part ? part->first_row : 0) + 1), "line",
        count_or_null(sample->has_line, sample->line + (part ? part->first_line : 0)),
        "byte_offset", count_or_null(sample->has_offset, sample->offset), "message",
        assay_json_safe_string(sample->message, strlen(sample->message)));
}

/* Some of the records, where the rule has something to say of each. */
static int add_samples(const struct assay_scan *scan, const struct assay_scan_check *check,
                       json_t *anomaly, struct assay_error *err)
{
    if (!check->samples_count)
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref) json_t *records = json_array();
    for (size_t i = 0; i < check->samples_count; i++)
        ASSAY_TRY(assay_json_push(records, sample_json(scan, &check->samples[i]), err));
    return assay_json_set(anomaly, "records", ASSAY_TAKE(records), err);
}

static int add_shapes(const struct assay_scan *scan, json_t *list, struct assay_error *err)
{
    for (size_t i = 0; i < scan->checks_count; i++) {
        if (!has_shape_anomaly(scan, &scan->checks[i]))
            continue;
        json_t *anomaly = shape_anomaly(scan, &scan->checks[i]);
        ASSAY_TRY(assay_json_push(list, anomaly, err));
        ASSAY_TRY(add_samples(scan, &scan->checks[i], anomaly, err));
    }
    return ASSAY_OK;
}

static json_t *rejection_json(const struct assay_scan *scan, const struct assay_scan_part *part,
                              const struct assay_rejection *rejection)
{
    const char *name = container_name(scan);
    XXH64_hash_t hash = XXH3_64bits(name, strlen(name) + 1);
    hash = XXH3_64bits_withSeed(rejection->raw, strlen(rejection->raw), hash);
    return json_pack("{s:s, s:o, s:o, s:n, s:I, s:I, s:n, s:o, s:o, s:i, s:[]}", "type", "record",
                     "fingerprint", fingerprint_json(hash), "file", file_json(scan, part->file),
                     "row", "line", (json_int_t)(rejection->line + part->first_line), "byte_offset",
                     (json_int_t)rejection->byte_offset, "record", "raw",
                     assay_json_safe_string(rejection->raw, strlen(rejection->raw)), "message",
                     assay_json_safe_string(rejection->reason, strlen(rejection->reason)),
                     "anomalous_records_count", 1, "failed_checks");
}

/* Records that could not be read: anomalies of the scan, of no check. */
static int add_rejections(const struct assay_scan *scan, json_t *list, struct assay_error *err)
{
    size_t left = ASSAY_REJECTIONS_KEPT;
    for (size_t i = 0; i < scan->own.parts_count; i++) {
        const struct assay_rejections *rejections = &scan->own.parts[i].rejections;
        for (size_t j = 0; j < rejections->kept && left; j++, left--)
            ASSAY_TRY(assay_json_push(
                list, rejection_json(scan, &scan->own.parts[i], &rejections->items[j]), err));
    }
    return ASSAY_OK;
}

static int report_anomalies(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    if (!list)
        return assay_fail_memory(err);
    ASSAY_TRY(add_records(scan, list, err));
    ASSAY_TRY(add_shapes(scan, list, err));
    ASSAY_TRY(add_rejections(scan, list, err));
    return assay_task_emit_list(scan->task, "anomalies", "anomalies", list, err);
}

/* --- the container --- */

/* Errored before failed before passed, as the exit code counts; warnings do not fail. */
static enum assay_outcome container_outcome(const struct assay_scan *scan)
{
    size_t counts[4] = {0};
    for (size_t i = 0; i < scan->checks_count; i++) {
        const struct assay_scan_check *check = &scan->checks[i];
        const bool warning =
            check->outcome == ASSAY_OUTCOME_FAILED && !strcmp(severity_of(check), "warning");
        counts[warning ? ASSAY_OUTCOME_PASSED : check->outcome]++;
    }
    if (counts[ASSAY_OUTCOME_ERRORED])
        return ASSAY_OUTCOME_ERRORED;
    if (counts[ASSAY_OUTCOME_FAILED] || assay_scan_container_rejected(&scan->own))
        return ASSAY_OUTCOME_FAILED;
    return counts[ASSAY_OUTCOME_UNASSERTED] && !counts[ASSAY_OUTCOME_PASSED]
               ? ASSAY_OUTCOME_UNASSERTED
               : ASSAY_OUTCOME_PASSED;
}

static size_t evaluated(const struct assay_scan *scan)
{
    size_t count = 0;
    for (size_t i = 0; i < scan->checks_count; i++)
        count += scan->checks[i].outcome == ASSAY_OUTCOME_PASSED ||
                 scan->checks[i].outcome == ASSAY_OUTCOME_FAILED;
    return count;
}

static json_t *run_json(const struct assay_scan *scan, int64_t started_us)
{
    char started[ASSAY_DATETIME_TEXT];
    assay_format_timestamp(started_us, "Z", started);
    return json_pack("{s:s, s:I, s:I}", "started_at", started, "duration_ms",
                     (json_int_t)((assay_now_us() - started_us) / 1000), "bytes_read",
                     (json_int_t)scan->task->done.bytes);
}

/* Those of the files, and of the containers that checks refer to. */
static int list_warnings(const struct assay_scan *scan, json_t **ret_warnings,
                         struct assay_error *err)
{
    const struct assay_file_set *set = scan->own.source.set;
    ASSAY_AUTO(assay_json_decref)
    json_t *warnings = set && set->warnings ? json_copy(set->warnings) : json_array();
    if (!warnings || json_array_extend(warnings, scan->file_warnings))
        return assay_fail_memory(err);
    ASSAY_TRY(assay_scan_references_warn(scan, warnings, err));
    *ret_warnings = ASSAY_TAKE(warnings);
    return ASSAY_OK;
}

static int report_container(struct assay_scan *scan, int64_t started_us, struct assay_error *err)
{
    const json_t *container = scan->task->container;
    const int files = scan->own.source.set ? (int)scan->own.source.set->count : 1;
    json_t *warnings = NULL;
    ASSAY_TRY(list_warnings(scan, &warnings, err));
    json_t *body = json_pack(
        "{s:o, s:s, s:s, s:I, s:I, s:s, s:{s:i, s:i, s:i, s:i}, s:o, s:o}", "name",
        shared_or_null(json_object_get(container, "name")), "location",
        assay_json_str(container, "location", container_name(scan)), "format",
        assay_profile_source_format(&scan->own.source), "records_count", (json_int_t)scan->records,
        "rejected_records", (json_int_t)assay_scan_container_rejected(&scan->own), "outcome",
        assay_outcome_name(container_outcome(scan)), "assessed", "checks", (int)scan->checks_count,
        "checks_evaluated", (int)evaluated(scan), "partitions", files, "partitions_scanned", files,
        "warnings", warnings, "run", run_json(scan, started_us));
    return assay_task_emit(scan->task, "container", body, err);
}

int assay_scan_report(struct assay_scan *scan, int64_t started_us, struct assay_error *err)
{
    ASSAY_TRY(report_container(scan, started_us, err));
    ASSAY_TRY(report_checks(scan, err));
    return report_anomalies(scan, err);
}
