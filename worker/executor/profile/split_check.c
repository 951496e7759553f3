// Split check: files that changed between the plan and the end of a split.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/split_check.h"

#include <stdlib.h>
#include <string.h>

/* The fingerprint that the plan saw; NULL = the split has nothing of that file. */
static const char *planned(const json_t *split, const char *key)
{
    const json_t *partitions = assay_json_get(split, "partitions");
    for (size_t i = 0; i < json_array_size(partitions); i++) {
        const json_t *partition = json_array_get(partitions, i);
        if (!strcmp(assay_json_str(partition, "key", ""), key))
            return assay_json_str(partition, "fingerprint", NULL);
    }
    return NULL;
}

static int warn(const struct assay_profile_result *result, const char *shown,
                struct assay_error *err)
{
    char message[400];
    (void)snprintf(message, sizeof message,
                   "%.300s changed while it was read in splits: profile it again", shown);
    json_t *text = assay_json_safe_string(message, strlen(message));
    ASSAY_AUTO(assay_json_decref)
    json_t *list = json_pack("[{s:s, s:n, s:o}]", "code", "file_changed", "field", "message", text);
    return list ? assay_pass_add_warnings(result->pass.warnings, list, err)
                : assay_fail_memory(err);
}

static int check_file(const struct assay_profile_result *result, const struct assay_set_file *file,
                      const char *before, struct assay_error *err)
{
    char now[ASSAY_FINGERPRINT_BYTES];
    const uint64_t size = assay_set_file_stat(file, now), was = strtoull(before, NULL, 10);
    if (!strcmp(before, now))
        return ASSAY_OK;
    if (size < was)
        return assay_fail(err, ASSAY_INVALID,
                          "%.300s was shortened while it was read in splits, from %llu bytes to "
                          "%llu: profile it again",
                          file->shown, (unsigned long long)was, (unsigned long long)size);
    return warn(result, file->shown, err);
}

int assay_split_check(const struct assay_profile_result *result, struct assay_error *err)
{
    const struct assay_file_set *set = result->source->set;
    for (size_t i = 0; set && i < set->count; i++) {
        const char *before = planned(result->task->split, set->files[i].shown);
        if (before)
            ASSAY_TRY(check_file(result, &set->files[i], before, err));
    }
    return ASSAY_OK;
}
