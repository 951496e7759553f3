// Keep: the kept states that came with the task, in a file of chunks.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "worker/executor/profile/keep/keep_run.h"
#include "worker/executor/profile/state.h"

/* A line that begins a state: {"kept": id}; its chunks follow, one a line. */
static ptrdiff_t state_of(const struct assay_keep *keep, const json_t *line)
{
    const int64_t id = assay_json_int(line, "kept", 0);
    for (size_t i = 0; id && i < keep->states_count; i++)
        if (keep->states[i].id == id)
            return (ptrdiff_t)i;
    return -1;
}

static int next_line(struct assay_keep *keep, json_t **ret_line, struct assay_error *err)
{
    char *text = NULL;
    size_t capacity = 0;
    const ssize_t size = getline(&text, &capacity, keep->spool);
    int rc = ASSAY_OK;
    *ret_line = NULL;
    if (size > 0)
        rc = assay_json_parse(text, (size_t)size, "a kept state", ret_line, err);
    else if (ferror(keep->spool))
        rc = assay_fail(err, ASSAY_IO, "reading the kept states");
    free(text); /* getline's own memory */
    return rc;
}

static int unwrap(const json_t *line, json_t **ret_chunk, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    if (!line || assay_json_get(line, "kept"))
        return assay_fail(err, ASSAY_FORMAT, "a kept state is cut short");
    ASSAY_TRY(assay_keep_unpack(assay_json_str(line, "chunk", ""), assay_json_str(line, "sum", ""),
                                &text, err));
    return assay_json_parse(text.data, text.size, "a kept state", ret_chunk, err);
}

/* Only headers are looked at here: a line that is none belongs to a state. */
static int find_states(struct assay_keep *keep, struct assay_error *err)
{
    static const char mark[] = "{\"kept\":";
    char *text = NULL;
    size_t capacity = 0;
    ssize_t size;
    while ((size = getline(&text, &capacity, keep->spool)) > 0) {
        ASSAY_AUTO(assay_json_decref) json_t *line = NULL;
        if (strncmp(text, mark, sizeof mark - 1) != 0 ||
            assay_json_parse(text, (size_t)size, "a kept state", &line, NULL) != ASSAY_OK)
            continue;
        const ptrdiff_t state = state_of(keep, line);
        if (state >= 0)
            keep->offsets[state] = ftello(keep->spool);
    }
    free(text); /* getline's own memory */
    return ferror(keep->spool) ? assay_fail(err, ASSAY_IO, "reading the kept states") : ASSAY_OK;
}

int assay_keep_spool_open(struct assay_keep *keep, const char *path, struct assay_error *err)
{
    keep->offsets = assay_calloc(keep->states_count + 1, sizeof *keep->offsets);
    if (!keep->offsets)
        return assay_fail_memory(err);
    for (size_t i = 0; i < keep->states_count; i++)
        keep->offsets[i] = -1;
    if (!path || !keep->states_count)
        return ASSAY_OK;
    const int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
                                     : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    keep->spool = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!keep->spool) {
        const int failure = errno;
        if (fd >= 0)
            (void)close(fd);
        return assay_fail_errno(err, assay_code_of_errno(failure), failure,
                                "opening the kept states in %.300s", path);
    }
    return find_states(keep, err);
}

int assay_keep_spool_take(struct assay_keep *keep, size_t state, struct assay_state_merge *merge,
                          struct assay_error *err)
{
    if (!keep->spool || keep->offsets[state] < 0)
        return assay_fail(err, ASSAY_FORMAT, "a kept state is not there");
    if (fseeko(keep->spool, keep->offsets[state], SEEK_SET))
        return assay_fail_errno(err, ASSAY_IO, errno, "reading the kept states");
    while (!merge->splits) {
        ASSAY_AUTO(assay_json_decref) json_t *line = NULL, *chunk = NULL;
        ASSAY_TRY(next_line(keep, &line, err));
        ASSAY_TRY(unwrap(line, &chunk, err));
        ASSAY_TRY(assay_state_take(merge, chunk, err));
        const json_t *split = assay_json_get(chunk, "split");
        if (split &&
            !json_equal(json_object_get(split, "partitions"), keep->states[state].partitions))
            return assay_fail(err, ASSAY_FORMAT, "a kept state is of other partitions");
    }
    return merge->open ? assay_fail(err, ASSAY_FORMAT, "a kept state lacks a piece") : ASSAY_OK;
}
