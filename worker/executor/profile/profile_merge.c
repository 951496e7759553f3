// Profile merge: the states of all splits of a container become its profile.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "worker/executor/profile/belief.h"
#include "worker/executor/profile/beliefs.h"
#include "worker/executor/profile/keep/keep_merge.h"
#include "worker/executor/profile/profile_run.h"
#include "worker/executor/profile/state.h"

/* A file of chunks, one JSON object a line; at most until so many splits are whole. */
static int take_lines(struct assay_state_merge *merge, FILE *file, int64_t until, const char *path,
                      struct assay_error *err)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    int rc = ASSAY_OK;
    while (rc == ASSAY_OK && merge->splits < until &&
           (size = getline(&line, &capacity, file)) > 0) {
        ASSAY_AUTO(assay_json_decref) json_t *chunk = NULL;
        rc = assay_json_parse(line, (size_t)size, path, &chunk, err);
        if (rc == ASSAY_OK)
            rc = assay_state_take(merge, chunk, err);
    }
    free(line); /* getline's own memory */
    return rc == ASSAY_OK && ferror(file) ? assay_fail(err, ASSAY_IO, "reading %.300s", path) : rc;
}

static int take_file(struct assay_state_merge *merge, const char *path, struct assay_error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return assay_fail_errno(err, assay_code_of_errno(errno), errno,
                                "opening the states in %.300s", path);
    const int rc = take_lines(merge, file, INT64_MAX, path, err);
    (void)fclose(file);
    return rc;
}

static int take_split(struct assay_state_merge *merge, const json_t *split, struct assay_error *err)
{
    const int64_t splits = assay_json_int(split, "splits", 1);
    const int64_t until = merge->splits + splits;
    const char *path = assay_json_str(split, "path", NULL);
    const json_t *chunks = assay_json_get(split, "chunks");
    if (path && !strcmp(path, "-"))
        ASSAY_TRY(take_lines(merge, stdin, until, path, err));
    else if (path)
        ASSAY_TRY(take_file(merge, path, err));
    for (size_t i = 0; i < json_array_size(chunks); i++)
        ASSAY_TRY(assay_state_take(merge, json_array_get(chunks, i), err));
    return splits > 0 && merge->splits == until
               ? ASSAY_OK
               : assay_fail(err, ASSAY_FORMAT, "the state of a split is not whole");
}

/* Types are decided from all values of all splits. *ret_changed: the first field that the splits
 * read otherwise, which has no figures to give; NULL = none. */
static int decide_types(struct assay_state_merge *merge,
                        const struct assay_profile_field **ret_changed, struct assay_error *err)
{
    *ret_changed = NULL;
    for (size_t i = 0; i < merge->fields_count; i++) {
        struct assay_profile_field *field = &merge->fields[i];
        bool changed;
        if (!field->state)
            return assay_fail(err, ASSAY_FORMAT, "no split holds the counts of %.100s",
                              field->name);
        assay_belief_decide(field, &changed);
        if (changed && !*ret_changed)
            *ret_changed = field;
    }
    return ASSAY_OK;
}

/* The container is to be read again, under what is known now; but only once. */
static int ask_again(struct assay_profile_run *run, const struct assay_state_merge *merge,
                     const struct assay_profile_field *changed, struct assay_error *err)
{
    json_t *beliefs = NULL;
    if (assay_json_str(run->task->settings, "again", NULL))
        return assay_fail(err, ASSAY_CONFLICT,
                          "the values of %.100s are of type %s, the splits read it otherwise: name "
                          "its type (types.%.100s) and profile again",
                          changed->name, assay_type_name(changed->decision.type), changed->name);
    ASSAY_TRY(assay_beliefs_json(merge->fields, merge->fields_count, &beliefs, err));
    char because[256];
    (void)snprintf(because, sizeof because, "the values of %.100s are of type %s", changed->name,
                   assay_type_name(changed->decision.type));
    return assay_task_emit(run->task, "again",
                           json_pack("{s:i, s:o, s:o}", "v", ASSAY_STATE_VERSION, "beliefs",
                                     beliefs, "because",
                                     assay_json_safe_string(because, strlen(because))),
                           err);
}

/* An entry that is kept is taken twice, into the container's counts and into its own. */
static int take_entry(struct assay_profile_run *run, struct assay_state_merge *merge,
                      struct assay_keep_merge *keep, size_t index, struct assay_error *err)
{
    const json_t *states = assay_json_get(run->task->settings, "states");
    const json_t *entry = json_array_get(states, index);
    const off_t before = ftello(stdin);
    ASSAY_TRY(take_split(merge, entry, err));
    if (before < 0 || strcmp(assay_json_str(entry, "path", ""), "-") != 0 ||
        !assay_keep_merge_wanted(run->task, merge->fields_count))
        return ASSAY_OK;
    if (fseeko(stdin, before, SEEK_SET))
        return assay_fail_errno(err, ASSAY_IO, errno, "reading the states again");
    ASSAY_TRY(take_split(&keep->own, entry, err));
    return assay_keep_merge_entry(keep, run->task, entry, index, json_array_size(states), err);
}

static int merge_splits(struct assay_profile_run *run, struct assay_state_merge *merge,
                        struct assay_keep_merge *keep, struct assay_error *err)
{
    const json_t *states = assay_json_get(run->task->settings, "states");
    if (!json_array_size(states))
        return assay_fail(err, ASSAY_INVALID, "settings.states names no splits");
    atomic_store(&run->task->progress.phase, "merging");
    for (size_t i = 0; i < json_array_size(states); i++) {
        ASSAY_TRY(assay_task_check(run->task, err));
        ASSAY_TRY(take_entry(run, merge, keep, i, err));
    }
    const struct assay_profile_field *changed;
    ASSAY_TRY(decide_types(merge, &changed, err));
    if (changed)
        return ask_again(run, merge, changed, err);
    struct assay_profile_result *result = &run->result;
    result->pass = merge->pass; /* lent: taken back before the run is released */
    result->fields_count = merge->fields_count;
    result->format = merge->format;
    result->dialect = merge->dialect;
    result->records_count = merge->records_count;
    result->records_processed = merge->records_processed;
    result->bytes_read = merge->bytes_read;
    result->sampled = merge->sampled;
    ASSAY_TRY(assay_keep_merge_json(run, &result->kept, err));
    ASSAY_TRY(assay_profile_finish(run, merge->fields, merge->fields_count, err));
    ASSAY_TRY(assay_profile_emit(run, err));
    ASSAY_TRY(assay_keep_merge_emit(keep, run->task, err));
    return assay_profile_done(run, err);
}

int assay_profile_merge_run(struct assay_task *task, struct assay_error *err)
{
    struct assay_profile_run run = {0};
    struct assay_state_merge merge = {0};
    struct assay_keep_merge keep = {0};
    int rc = assay_profile_run_init(&run, task, err);
    if (rc == ASSAY_OK)
        rc = merge_splits(&run, &merge, &keep, err);
    if (rc != ASSAY_OK)
        rc = assay_context(err, rc, "merging the profile of %.200s",
                           assay_json_str(task->container, "name", "the container"));
    run.result.pass = (struct assay_pass_result){0};
    run.result.fields_count = 0;
    assay_profile_run_release(&run);
    assay_state_merge_release(&merge);
    assay_keep_merge_release(&keep);
    return rc;
}
