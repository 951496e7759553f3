// Groups: the memory contract.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/groups.h"

#include "worker/executor/batch/dictionary.h"
#include "worker/executor/profile/lane.h"

#define PROCESS_BYTES (UINT64_C(40) << 20) /* code, libraries, frames, the document */
#define READER_BYTES  (UINT64_C(12) << 20) /* buffers of one reader */
#define LEAST_BYTES   ((size_t)160 << 10)  /* of a state, before groups are made */
#define STATES_BYTES  (UINT64_C(2) << 20)  /* of all states, at least */
#define ENGINE_BYTES  (UINT64_C(4) << 20)  /* of the engine before it decodes */
#define DECODE_BYTES  ((uint64_t)6 * ASSAY_BATCH_ROWS * 16) /* of a column's vectors in a thread */

size_t assay_groups_lanes(const struct assay_profile_source *source)
{
    const size_t threads = source->task->is_split ? 1 : (size_t)source->task->threads;
    const size_t parts = json_array_size(source->bounds);
    if (assay_profile_source_by_engine(source))
        return (size_t)assay_profile_engine_threads(source);
    return threads < parts ? threads : parts ? parts : 1;
}

/* What is left for states: the budget without the process, and the engine or the readers; of these
 * never less than a quarter, as their buffers are not all full at once. */
static uint64_t states_budget(const struct assay_profile_source *source, size_t lanes)
{
    const uint64_t budget = source->task->memory_bytes;
    if (assay_profile_source_by_engine(source)) {
        const uint64_t left = assay_profile_engine_left(source);
        const uint64_t engine = assay_profile_engine_bytes(source);
        return engine + STATES_BYTES < left ? left - engine : STATES_BYTES;
    }
    const uint64_t taken = PROCESS_BYTES + READER_BYTES * lanes;
    return taken < budget - budget / 4 ? budget - taken : budget / 4;
}

static uint64_t sum_bytes(const struct assay_profile_field *fields, size_t fields_count,
                          size_t state_bytes, bool engine)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < fields_count; i++) {
        struct assay_profile_field field = fields[i];
        if (field.layout == ASSAY_LAYOUT_CELL)
            field.target.layout = ASSAY_LAYOUT_TEXT; /* what it may turn out to be */
        assay_profile_field_plan(&field, 0, state_bytes, 0);
        sum += assay_lane_field_bytes(&field) + (engine ? ASSAY_VECTORS_FIELD_BYTES : 0);
    }
    return sum;
}

/* Columns that the engine decodes at once within its share. */
static size_t engine_fields(const struct assay_profile_source *source, size_t lanes)
{
    const uint64_t share = assay_profile_engine_bytes(source);
    const uint64_t room = share > 2 * ENGINE_BYTES ? share - ENGINE_BYTES : share / 2;
    const uint64_t most = room / lanes / (DECODE_BYTES + source->survey.column_bytes);
    return most ? (size_t)most : 1;
}

static void limit_group(struct assay_groups *groups, size_t fields_count, size_t most)
{
    if (groups->group_fields <= most)
        return;
    const size_t parts = (fields_count + most - 1) / most;
    groups->group_fields = (fields_count + parts - 1) / parts;
}

struct assay_groups assay_groups_plan(const struct assay_profile_source *source,
                                      const struct assay_profile_field *fields, size_t fields_count)
{
    const size_t lanes = assay_groups_lanes(source);
    const bool engine = assay_profile_source_by_engine(source);
    const uint64_t budget = /* of one lane */
        states_budget(source, lanes) / (lanes + source->spare_states);
    struct assay_groups groups = {.state_bytes = ASSAY_FIELD_STATE_BYTES,
                                  .group_fields = fields_count ? fields_count : 1};
    if (engine)
        limit_group(&groups, fields_count, engine_fields(source, lanes));
    const size_t shares = fields_count ? fields_count / groups.group_fields : 1; /* full groups */
    while (groups.state_bytes > LEAST_BYTES) {
        const uint64_t sum = sum_bytes(fields, fields_count, groups.state_bytes, engine) / shares;
        if (sum <= budget) {
            if (groups.state_bytes == ASSAY_FIELD_STATE_BYTES)
                groups.dictionaries = (size_t)((budget - sum) / ASSAY_DICTIONARY_BYTES);
            return groups;
        }
        groups.state_bytes =
            groups.state_bytes / 2 > LEAST_BYTES ? groups.state_bytes / 2 : LEAST_BYTES;
    }
    const uint64_t all = sum_bytes(fields, fields_count, groups.state_bytes, engine);
    if (all > budget) {
        const size_t parts = (size_t)((all + budget - 1) / budget);
        limit_group(&groups, fields_count, (fields_count + parts - 1) / parts);
    }
    return groups;
}
