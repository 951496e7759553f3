// SARIF 2.1.0: rule id assay/<rule>, region from the line.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/report/json_out.h"
#include "cli/scan/scan.h"
#include "common/rules/rule_def.h"

/* What is being made. */
struct log {
    json_t *results;
    json_t *rules; /* descriptors, in the order of first use */
};

static int rule_index(struct log *log, const char *rule, json_int_t *ret_index,
                      struct assay_error *err)
{
    struct assay_buf id = {0};
    assay_buf_printf(&id, "assay/%s", rule);
    const size_t count = json_array_size(log->rules);
    size_t at = 0;
    while (at < count && strcmp(assay_json_str(json_array_get(log->rules, at), "id", ""),
                                assay_buf_str(&id)) != 0)
        at++;
    const struct assay_rule_def *def = assay_rule_def_find(rule);
    int rc = ASSAY_OK;
    if (at == count)
        rc = assay_json_push(log->rules,
                             json_pack("{s:s, s:{s:s}}", "id", assay_buf_str(&id),
                                       "shortDescription", "text",
                                       def ? def->doc : "a record that could not be read"),
                             err);
    assay_buf_release(&id);
    *ret_index = (json_int_t)at;
    return rc;
}

static const char *file_of(const json_t *container, const json_t *anomaly)
{
    const char *location =
        assay_json_str(container, "location", assay_json_str(container, "name", ""));
    return anomaly ? assay_json_str(anomaly, "file", location) : location;
}

/* A URI reference: what RFC 3986 does not allow in a path is escaped. */
static json_t *uri_of(const char *path)
{
    struct assay_buf uri = {0};
    for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
            strchr("-._~/", *c))
            assay_buf_char(&uri, (char)*c);
        else
            assay_buf_printf(&uri, "%%%02X", *c);
    }
    json_t *json = uri.failed ? NULL : json_string(assay_buf_str(&uri));
    assay_buf_release(&uri);
    return json;
}

static int location_of(const json_t *container, const json_t *anomaly, json_t **ret_location,
                       struct assay_error *err)
{
    const int64_t line = anomaly ? assay_json_int(anomaly, "line", 0) : 0;
    ASSAY_AUTO(assay_json_decref)
    json_t *physical =
        json_pack("{s:{s:o}}", "artifactLocation", "uri", uri_of(file_of(container, anomaly)));
    if (line > 0)
        ASSAY_TRY(assay_json_set(physical, "region",
                                 json_pack("{s:I}", "startLine", (json_int_t)line), err));
    *ret_location = json_pack("[{s:O}]", "physicalLocation", physical);
    return *ret_location ? ASSAY_OK : assay_fail_memory(err);
}

static int add_result(struct log *log, const char *rule, const char *level, const char *message,
                      const json_t *container, const json_t *anomaly, struct assay_error *err)
{
    json_int_t index;
    ASSAY_TRY(rule_index(log, rule, &index, err));
    json_t *location = NULL;
    ASSAY_TRY(location_of(container, anomaly, &location, err));
    struct assay_buf id = {0};
    assay_buf_printf(&id, "assay/%s", rule);
    ASSAY_AUTO(assay_json_decref)
    json_t *result = json_pack("{s:s, s:I, s:s, s:{s:s}, s:o}", "ruleId", assay_buf_str(&id),
                               "ruleIndex", index, "level", level, "message", "text",
                               *message ? message : rule, "locations", location);
    assay_buf_release(&id);
    const char *fingerprint = anomaly ? assay_json_str(anomaly, "fingerprint", NULL) : NULL;
    if (fingerprint)
        ASSAY_TRY(assay_json_set(result, "partialFingerprints",
                                 json_pack("{s:s}", "assay/v1", fingerprint), err));
    return assay_json_push(log->results, ASSAY_TAKE(result), err);
}

static int add_anomaly(struct log *log, const json_t *container, const json_t *anomaly,
                       struct assay_error *err)
{
    const json_t *failed = json_object_get(anomaly, "failed_checks");
    for (size_t i = 0; i < json_array_size(failed); i++) {
        const json_t *entry = json_array_get(failed, i);
        const json_t *check = assay_scan_check_of(container, assay_json_int(entry, "index", -1));
        ASSAY_TRY(add_result(log, assay_json_str(check, "rule", "rejected"),
                             check && !assay_scan_is_error(check) ? "warning" : "error",
                             assay_json_str(entry, "message", ""), container, anomaly, err));
    }
    if (!json_array_size(failed))
        ASSAY_TRY(add_result(log, "rejected", "error",
                             assay_json_str(anomaly, "message", "A record could not be read."),
                             container, anomaly, err));
    return ASSAY_OK;
}

/* Errored checks are findings about the run. */
static int add_container(struct log *log, const json_t *container, struct assay_error *err)
{
    const json_t *anomalies = json_object_get(container, "anomalies"),
                 *checks = json_object_get(container, "checks");
    for (size_t i = 0; i < json_array_size(anomalies); i++)
        ASSAY_TRY(add_anomaly(log, container, json_array_get(anomalies, i), err));
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        if (strcmp(assay_json_str(check, "outcome", ""), "errored") == 0)
            ASSAY_TRY(add_result(log, assay_json_str(check, "rule", "check"), "note",
                                 assay_json_str(check, "message", ""), container, NULL, err));
    }
    return ASSAY_OK;
}

static int make(struct log *log, const json_t *document, struct assay_buf *out,
                struct assay_error *err)
{
    const json_t *containers = json_object_get(document, "containers");
    if (!log->results || !log->rules)
        return assay_fail_memory(err);
    for (size_t i = 0; i < json_array_size(containers); i++)
        ASSAY_TRY(add_container(log, json_array_get(containers, i), err));
    ASSAY_AUTO(assay_json_decref)
    json_t *sarif = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:O}}, s:O}]}", "$schema",
                              "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
                              "runs", "tool", "driver", "name", "assay", "version", ASSAY_VERSION,
                              "rules", log->rules, "results", log->results);
    return sarif ? assay_json_append_pretty(sarif, out, err) : assay_fail_memory(err);
}

int assay_scan_sarif(const json_t *document, struct assay_buf *out, struct assay_error *err)
{
    struct log log = {.results = json_array(), .rules = json_array()};
    const int rc = make(&log, document, out, err);
    json_decref(log.results);
    json_decref(log.rules);
    return rc;
}
