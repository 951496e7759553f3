// Settings of the executor from REST's options, by kind of operation.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "scheduler/plan/source.h"

/* Inference levels by their number in older clients. */
static const char *const efforts[] = {"off", "low", "medium", "high", "xhigh", "max"};
enum { DEFAULT_EFFORT = 2, MAX_ROLLUP = 1000000 };

static int effort_of(const json_t *body, const char **ret_effort, struct assay_error *err)
{
    const json_t *number = assay_json_get(body, "inference_threshold");
    const char *word = assay_json_str(body, "ai_effort", NULL);
    const json_int_t level = number ? json_integer_value(number) : DEFAULT_EFFORT;
    if (number &&
        (!json_is_integer(number) || level < 0 || level >= (json_int_t)ASSAY_COUNT(efforts)))
        return assay_fail(err, ASSAY_INVALID,
                          "\"inference_threshold\" must be a number from 0 to 5");
    *ret_effort = efforts[level];
    if (!assay_json_get(body, "ai_effort"))
        return ASSAY_OK;
    for (size_t i = 0; word && i < ASSAY_COUNT(efforts); i++)
        if (!strcmp(word, efforts[i])) {
            *ret_effort = efforts[i];
            return ASSAY_OK;
        }
    return assay_fail(err, ASSAY_INVALID,
                      "\"ai_effort\" must be one of off|low|medium|high|xhigh|max");
}

/* An integer option; absent, null and -1 mean: no limit. */
static int copy_limit(const json_t *body, const char *key, json_t *settings,
                      struct assay_error *err)
{
    const json_t *value = assay_json_get(body, key);
    if (!value)
        return ASSAY_OK;
    if (!json_is_integer(value) || json_integer_value(value) < -1)
        return assay_fail(err, ASSAY_INVALID, "\"%s\" must be a whole number from -1 (all)", key);
    if (json_integer_value(value) == -1)
        return ASSAY_OK;
    return assay_json_set(settings, key, json_integer(json_integer_value(value)), err);
}

static int profile_settings(const struct assay_plan_datastore *datastore, const json_t *body,
                            json_t *settings, struct assay_error *err)
{
    (void)datastore;
    const char *effort = NULL;
    ASSAY_TRY(effort_of(body, &effort, err));
    ASSAY_TRY(assay_json_set(settings, "infer", json_string(effort), err));
    ASSAY_TRY(assay_json_set(settings, "infer_as_draft",
                             json_boolean(assay_json_bool(body, "infer_as_draft", false)), err));
    const json_t *testing = assay_json_get(body, "percent_testing_threshold");
    if (testing)
        ASSAY_TRY(assay_json_set(settings, "percent_testing_threshold",
                                 json_real(json_number_value(testing)), err));
    ASSAY_TRY(copy_limit(body, "histogram_max_distinct_values", settings, err));
    return copy_limit(body, "max_records_analyzed_per_partition", settings, err);
}

static int scan_settings(const struct assay_plan_datastore *datastore, const json_t *body,
                         json_t *settings, struct assay_error *err)
{
    const json_t *variables = assay_json_get(body, "check_variables");
    const json_int_t rollup =
        assay_json_int(body, "high_count_rollup_threshold", datastore->rollup_threshold);
    if (rollup < 1 || rollup > MAX_ROLLUP)
        return assay_fail(err, ASSAY_INVALID,
                          "\"high_count_rollup_threshold\" must lie between 1 and %d", MAX_ROLLUP);
    if (variables && !json_is_object(variables))
        return assay_fail(err, ASSAY_INVALID,
                          "\"check_variables\" must be an object of names and values");
    ASSAY_TRY(assay_json_set(settings, "max_anomalies", json_integer(rollup), err));
    ASSAY_TRY(assay_json_set(settings, "examples", json_string("all"), err));
    if (variables)
        ASSAY_TRY(assay_json_set(settings, "variables", json_deep_copy(variables), err));
    return copy_limit(body, "max_records_analyzed_per_partition", settings, err);
}

static int sync_settings(const struct assay_plan_datastore *datastore, const json_t *body,
                         json_t *settings, struct assay_error *err)
{
    const json_t *include = assay_json_get(body, "include");
    size_t i;
    json_t *kind;
    if (include && !json_is_array(include))
        return assay_fail(err, ASSAY_INVALID, "\"include\" must be a list of table, view");
    json_array_foreach(include, i, kind)
    {
        const char *word = json_is_string(kind) ? json_string_value(kind) : "";
        if (strcmp(word, "table") != 0 && strcmp(word, "view") != 0)
            return assay_fail(err, ASSAY_INVALID, "\"include\" must be a list of table, view");
    }
    if (json_array_size(include))
        ASSAY_TRY(assay_json_set(settings, "include", json_deep_copy(include), err));
    return assay_json_set(settings, "folder_globbing_enabled",
                          json_boolean(datastore->folder_globbing), err);
}

int assay_plan_settings(const char *kind, const struct assay_plan_datastore *datastore,
                        const json_t *body, json_t **ret_settings, struct assay_error *err)
{
    static const struct {
        const char *kind;
        int (*fill)(const struct assay_plan_datastore *datastore, const json_t *body,
                    json_t *settings, struct assay_error *err);
    } rows[] = {{"profile", profile_settings}, {"scan", scan_settings}, {"sync", sync_settings}};
    ASSAY_AUTO(assay_json_decref) json_t *settings = json_object();
    if (!settings)
        return assay_fail_memory(err);
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (!strcmp(kind, rows[i].kind))
            ASSAY_TRY(rows[i].fill(datastore, body, settings, err));
    *ret_settings = ASSAY_TAKE(settings);
    return ASSAY_OK;
}
