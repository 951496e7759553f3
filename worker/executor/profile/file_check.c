// File check: files that changed while they were read.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/file_check.h"

#include <stdlib.h>
#include <string.h>

#include "worker/executor/profile/reading.h"

/* Where a check says what it found. */
struct findings {
    bool split; /* the files are read in splits */
    const char *advice;
    json_t *warnings;
};

/* The fingerprint that the plan of a split saw, else that of the opening; NULL = the split has
 * nothing of that file. */
static const char *fingerprint_before(const struct assay_task *task,
                                      const struct assay_set_file *file)
{
    const json_t *partitions = assay_json_get(task->split, "partitions");
    if (!partitions)
        return task->is_split ? NULL : file->opened;
    for (size_t i = 0; i < json_array_size(partitions); i++) {
        const json_t *partition = json_array_get(partitions, i);
        if (!strcmp(assay_json_str(partition, "key", ""), file->shown))
            return assay_json_str(partition, "fingerprint", NULL);
    }
    return NULL;
}

static int warn(const struct findings *findings, const char *shown, const char *what,
                struct assay_error *err)
{
    char message[400];
    (void)snprintf(message, sizeof message, "%.300s %s while it was read%s: %s", shown, what,
                   findings->split ? " in splits" : "", findings->advice);
    json_t *text = assay_json_safe_string(message, strlen(message));
    ASSAY_AUTO(assay_json_decref)
    json_t *list = json_pack("[{s:s, s:n, s:o}]", "code", "file_changed", "field", "message", text);
    return list ? assay_pass_add_warnings(findings->warnings, list, err) : assay_fail_memory(err);
}

static int check_file(const struct findings *findings, const struct assay_set_file *file,
                      const char *before, struct assay_error *err)
{
    const bool split = findings->split;
    char now[ASSAY_FINGERPRINT_BYTES];
    switch (assay_set_file_change(file, before)) {
    case ASSAY_FILE_CHANGED:
        return warn(findings, file->shown, "changed", err);
    case ASSAY_FILE_GONE: /* what was open was read to its end */
        return warn(findings, file->shown, "was removed", err);
    case ASSAY_FILE_REPLACED:
        return assay_fail(err, split ? ASSAY_INVALID : ASSAY_IO,
                          "%.300s was replaced by another file while it was read: %s", file->shown,
                          findings->advice);
    case ASSAY_FILE_SHORTER:
        return assay_fail(err, split ? ASSAY_INVALID : ASSAY_IO,
                          "%.300s was shortened while it was read%s, from %llu bytes to %llu: "
                          "%s",
                          file->shown, split ? " in splits" : "", strtoull(before, NULL, 10),
                          (unsigned long long)assay_set_file_stat(file, now), findings->advice);
    default:
        return ASSAY_OK;
    }
}

int assay_file_check(const struct assay_profile_source *source, const char *advice,
                     json_t *warnings, struct assay_error *err)
{
    const struct findings findings = {source->task->is_split, advice, warnings};
    const struct assay_file_set *set = source->set;
    for (size_t i = 0; set && i < set->count; i++) {
        const char *before = fingerprint_before(source->task, &set->files[i]);
        if (before)
            ASSAY_TRY(check_file(&findings, &set->files[i], before, err));
    }
    return ASSAY_OK;
}
