// Document: the container.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/document.h"

#include <string.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"

static json_t *string_or_null(const char *text)
{
    return text ? assay_json_safe_string(text, strlen(text)) : json_null();
}

json_t *assay_document_dialect(const struct assay_profile_source *source)
{
    const struct assay_csv_head *head =
        source->set && source->set->family == ASSAY_FAMILY_CSV && source->set->count
            ? source->set->files[0].head
            : NULL;
    return head ? assay_dialect_json(&head->dialect, head->encoding) : json_null();
}

static int rejections_json(const struct assay_profile_result *result, json_t **ret_list,
                           struct assay_error *err)
{
    const struct assay_rejections *rejections = &result->pass.rejections;
    const struct assay_file_set *set = result->source ? result->source->set : NULL;
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    for (size_t i = 0; i < rejections->kept; i++) {
        const struct assay_rejection *item = &rejections->items[i];
        json_t *object =
            json_pack("{s:I, s:I, s:o, s:o}", "line", (json_int_t)item->line, "byte_offset",
                      (json_int_t)item->byte_offset, "reason", string_or_null(item->reason), "raw",
                      result->no_values ? json_null() : string_or_null(item->raw));
        if (object && set && set->count > 1 && item->file < set->count)
            ASSAY_TRY(
                assay_json_set(object, "file", string_or_null(set->files[item->file].shown), err));
        ASSAY_TRY(assay_json_push(list, object, err));
    }
    if (!list)
        return assay_fail_memory(err);
    *ret_list = ASSAY_TAKE(list);
    return ASSAY_OK;
}

static json_t *run_json(const struct assay_profile_result *result)
{
    char started[ASSAY_DATETIME_TEXT];
    (void)assay_format_timestamp(result->started_us, "Z", started);
    json_t *run =
        json_pack("{s:s, s:I, s:I, s:i, s:i}", "started_at", started, "duration_ms",
                  (json_int_t)result->duration_ms, "bytes_read", (json_int_t)result->bytes_read,
                  "passes", (int)result->passes, "threads", result->task->threads);
    if (run && result->kept && json_object_update(run, result->kept)) {
        json_decref(run);
        return NULL;
    }
    return run;
}

int assay_document_container(const struct assay_profile_result *result, json_t *warnings,
                             json_t **ret_container, struct assay_error *err)
{
    const json_t *container = result->task->container;
    const char *name = assay_json_str(container, "name", "");
    json_t *rejections = NULL;
    ASSAY_TRY(rejections_json(result, &rejections, err));
    json_t *document = json_pack(
        "{s:o, s:o, s:s, s:o, s:I, s:I, s:I, s:o, s:b, s:o, s:O}", "name", string_or_null(name),
        "location", string_or_null(assay_json_str(container, "location", name)), "format",
        result->source ? assay_profile_source_format(result->source)
                       : json_string_value(result->format),
        "dialect",
        result->source ? assay_document_dialect(result->source)
                       : json_incref((json_t *)(uintptr_t)result->dialect),
        "records_count", (json_int_t)result->records_count, "records_processed",
        (json_int_t)result->records_processed, "rejected_records",
        (json_int_t)result->pass.rejections.count, "rejections", rejections, "sampled",
        (int)result->sampled, "run", run_json(result), "warnings", warnings);
    if (!document)
        return assay_fail_memory(err);
    *ret_container = document;
    return ASSAY_OK;
}
