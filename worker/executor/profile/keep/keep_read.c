// Keep: the container read group by group, with what is kept merged in.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/profile/belief.h"
#include "worker/executor/profile/keep/keep_run.h"
#include "worker/executor/profile/keep/keep_sum.h"
#include "worker/executor/profile/profile_parts.h"
#include "worker/executor/profile/profile_passes.h"
#include "worker/executor/profile/profile_plan.h"

struct reading {
    struct assay_profile_run *run;
    struct assay_profile_field **fields;
    size_t count;
    bool first; /* records are counted too, not only values */
    struct assay_keep_sum group, total;
};

/* --- kept states --- */

static int check_field(const struct assay_profile_field *field,
                       const struct assay_profile_field *kept, struct assay_error *err)
{
    const char *native = field->native_type ? field->native_type : "";
    const char *was = kept->native_type ? kept->native_type : "";
    if (field->layout != kept->layout || field->scale != kept->scale || strcmp(native, was) != 0)
        return assay_fail(err, ASSAY_CONFLICT, "the type of %.100s is another one now",
                          field->name);
    if (field->cells && !assay_cell_target_equal(&field->target, &kept->target))
        return assay_fail(err, ASSAY_CONFLICT, "%.100s was read as another type", field->name);
    return ASSAY_OK;
}

static const struct assay_profile_field *kept_field(const struct assay_state_merge *kept,
                                                    const char *name)
{
    const ptrdiff_t found = assay_schema_find(&kept->schema, name);
    return found < 0 ? NULL : &kept->fields[found];
}

static int check_names(const struct reading *reading, const struct assay_state_merge *kept,
                       struct assay_error *err)
{
    for (size_t i = 0; i < reading->count; i++)
        if (!kept_field(kept, reading->fields[i]->name))
            return assay_fail(err, ASSAY_CONFLICT, "the field %.100s is new",
                              reading->fields[i]->name);
    return kept->fields_count == reading->count
               ? ASSAY_OK
               : assay_fail(err, ASSAY_CONFLICT, "there are fewer fields than before");
}

/* Move what a kept state counted into the fields. */
static int move_fields(const struct reading *reading, struct assay_state_merge *kept,
                       struct assay_error *err)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct assay_profile_field *field = reading->fields[i];
        struct assay_profile_field *from =
            (struct assay_profile_field *)(uintptr_t)kept_field(kept, field->name);
        if (!from->state)
            return assay_fail(err, ASSAY_FORMAT, "a kept state lacks %.100s", field->name);
        ASSAY_TRY(check_field(field, from, err));
        assay_profile_field_reset(field);
        field->state = ASSAY_TAKE(from->state);
        field->plan = from->plan;
        field->types = from->types;
        from->types = (struct assay_type_profile){0};
    }
    return ASSAY_OK;
}

/* The rejections of a kept state count its files from its first one on. */
static void place_rejections(struct assay_state_merge *kept, size_t first)
{
    for (size_t i = 0; i < kept->pass.rejections.kept; i++)
        kept->pass.rejections.items[i].file += (uint32_t)first;
}

static int take_kept(struct reading *reading, size_t first, size_t state, struct assay_error *err)
{
    struct assay_state_merge kept = {0};
    int rc = assay_keep_spool_take(reading->run->keep, state, &kept, err);
    if (rc == ASSAY_OK)
        rc = check_names(reading, &kept, err);
    if (rc == ASSAY_OK)
        rc = move_fields(reading, &kept, err);
    if (rc == ASSAY_OK) {
        place_rejections(&kept, first);
        kept.pass.selected = kept.records_processed;
        rc = assay_keep_sum_fields(&reading->group, reading->fields, reading->count, err);
    }
    if (rc == ASSAY_OK)
        rc = assay_keep_sum_pass(&reading->group, &kept.pass, kept.records_count, err);
    assay_state_merge_release(&kept);
    return rc;
}

/* --- what is read --- */

/* Misfits are numbered by part while a pass runs; now by record. */
static void number_misfits(struct assay_type_profile *types, const struct assay_pass_result *pass)
{
    for (size_t i = 0; i < types->misfits_kept; i++) {
        const uint64_t part = types->misfits[i].row >> ASSAY_PART_SHIFT;
        const uint64_t row = types->misfits[i].row & ((UINT64_C(1) << ASSAY_PART_SHIFT) - 1);
        types->misfits[i].row = row + (part < pass->parts_count ? pass->first_rows[part] : 0);
    }
}

static int read_parts(struct reading *reading, size_t first, size_t end, struct assay_error *err)
{
    struct assay_profile_run *run = reading->run;
    struct assay_pass_result pass = {0};
    ASSAY_TRY(assay_keep_restrict(run, first, end - first, err));
    assay_profile_reset_fields(reading->fields, reading->count);
    ASSAY_TRY(assay_profile_read_once(run, reading->fields, reading->count, &pass, err));
    for (size_t i = 0; i < reading->count; i++)
        number_misfits(&reading->fields[i]->types, &pass);
    run->keep->records_read += reading->first ? pass.records : 0;
    int rc = assay_keep_sum_fields(&reading->group, reading->fields, reading->count, err);
    if (rc == ASSAY_OK)
        rc = assay_keep_sum_pass(&reading->group, &pass, pass.records, err);
    assay_pass_result_release(&pass);
    return rc;
}

/* --- groups --- */

static bool is_to_be_kept(const struct assay_keep *keep, const struct assay_keep_group *group)
{
    bool young = false;
    for (size_t i = 0; i < group->count; i++)
        young |= keep->parts[group->first + i].young;
    return !young && assay_keep_group_state(keep->parts, group) < 0;
}

static int read_group(struct reading *reading, size_t index, struct assay_error *err)
{
    struct assay_keep *keep = reading->run->keep;
    const struct assay_keep_group *group = &keep->groups[index];
    const size_t end = group->first + group->count;
    for (size_t at = group->first; at < end;) {
        const size_t next = assay_keep_member_end(keep->parts, group, at);
        ASSAY_TRY(assay_task_check(reading->run->task, err));
        if (keep->parts[at].state >= 0)
            ASSAY_TRY(take_kept(reading, at, (size_t)keep->parts[at].state, err));
        else
            ASSAY_TRY(read_parts(reading, at, next, err));
        at = next;
    }
    if (is_to_be_kept(keep, group))
        ASSAY_TRY(assay_keep_save(reading->run, &reading->group, reading->fields, reading->count,
                                  index, err));
    return assay_keep_sum_add(&reading->total, &reading->group, err);
}

/* The sums become the fields' own; records and rejections the run's, the first time. */
static void give_total(struct reading *reading)
{
    struct assay_profile_result *result = &reading->run->result;
    assay_profile_reset_fields(reading->fields, reading->count);
    assay_keep_sum_give(&reading->total, reading->fields, reading->count);
    if (!reading->first)
        return;
    assay_pass_result_release(&result->pass);
    result->pass = reading->total.pass;
    reading->total.pass = (struct assay_pass_result){0};
    result->records_processed = result->pass.selected;
}

static int read_groups(struct assay_profile_run *run, struct assay_profile_field **fields,
                       size_t count, bool first, struct assay_error *err)
{
    struct reading reading = {.run = run, .fields = fields, .count = count, .first = first};
    int rc = assay_keep_sum_init(&reading.group, count, err);
    if (rc == ASSAY_OK)
        rc = assay_keep_sum_init(&reading.total, count, err);
    for (size_t i = 0; rc == ASSAY_OK && i < run->keep->groups_count; i++)
        rc = read_group(&reading, i, err);
    if (rc == ASSAY_OK)
        give_total(&reading);
    assay_keep_sum_release(&reading.group);
    assay_keep_sum_release(&reading.total);
    return rc;
}

/* --- beliefs --- */

static ptrdiff_t first_kept(const struct assay_keep *keep)
{
    for (size_t i = 0; i < keep->parts_count; i++)
        if (keep->parts[i].state >= 0)
            return keep->parts[i].state;
    return -1;
}

/* What is kept was read under types and ceilings that what is read now has to share. */
static int adopt(struct assay_profile_run *run, struct assay_profile_field **fields, size_t count,
                 struct assay_error *err)
{
    struct assay_keep *keep = run->keep;
    const struct reading reading = {.run = run, .fields = fields, .count = count};
    struct assay_state_merge kept = {0};
    int rc = assay_keep_spool_take(keep, (size_t)first_kept(keep), &kept, err);
    if (rc == ASSAY_OK)
        rc = check_names(&reading, &kept, err);
    for (size_t i = 0; rc == ASSAY_OK && i < count; i++) {
        const struct assay_profile_field *from = kept_field(&kept, fields[i]->name);
        fields[i]->target = from->target;
        fields[i]->given = from->given;
        fields[i]->given_target = from->given_target;
        run->groups.state_bytes = from->plan.memory_max_bytes;
        if (run->groups.state_bytes > keep->state_bytes)
            rc = assay_fail(err, ASSAY_CONFLICT, "there was more memory before");
    }
    assay_state_merge_release(&kept);
    return rc;
}

/* --- the whole --- */

static int read_kept(struct assay_profile_run *run, struct assay_profile_field **fields,
                     size_t count, struct assay_error *err)
{
    ASSAY_TRY(adopt(run, fields, count, err));
    ASSAY_TRY(read_groups(run, fields, count, true, err));
    for (size_t i = 0; i < count; i++) {
        bool changed;
        assay_belief_decide(fields[i], &changed);
        if (changed)
            return assay_fail(err, ASSAY_CONFLICT, "the values of %.100s are of type %s now",
                              fields[i]->name, assay_type_name(fields[i]->decision.type));
    }
    return ASSAY_OK;
}

static int read_all(struct assay_profile_run *run, struct assay_profile_field **fields,
                    size_t count, struct assay_error *err)
{
    ASSAY_TRY(assay_keep_restrict(run, 0, 0, err));
    if (!assay_profile_source_is_parquet(&run->source))
        ASSAY_TRY(assay_belief_form(&run->source, fields, count, err));
    ASSAY_TRY(read_groups(run, fields, count, true, err));
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(count + 1, sizeof *fields);
    struct assay_profile_field **changed = memory;
    if (!changed)
        return assay_fail_memory(err);
    const size_t again = assay_profile_find_changed(fields, count, changed);
    if (!again)
        return ASSAY_OK;
    atomic_store(&run->task->progress.phase, "reading again");
    ASSAY_TRY(read_groups(run, changed, again, false, err));
    (void)assay_profile_find_changed(changed, again, changed);
    return ASSAY_OK;
}

/* What is kept does not go together with what is there: as if nothing had been kept. */
static int start_over(struct assay_profile_run *run, struct assay_profile_field **fields,
                      size_t count, struct assay_error *err)
{
    struct assay_keep *keep = run->keep;
    ASSAY_TASK_LOG(run->task, ASSAY_LOG_WARNING, "kept states refused",
                   ASSAY_F_TEXT("reason", keep->reason ? keep->reason : ""));
    if (keep->refused)
        ASSAY_TRY(assay_keep_warn_refused(run, keep->reason ? keep->reason : "", err));
    assay_profile_reset_fields(fields, count);
    assay_pass_result_release(&run->result.pass);
    run->groups.state_bytes = keep->state_bytes;
    keep->records_read = 0;
    ASSAY_TRY(assay_keep_restrict(run, 0, 0, err));
    if (!strcmp(run->task->kind, "profile.plan"))
        ASSAY_TRY(assay_profile_plan(run, keep->reason, keep->refused, &run->planned, err));
    if (run->planned) /* too much for one process: splits read it */
        return ASSAY_OK;
    ASSAY_TRY(assay_keep_regroup(keep, run->result.fields_count, true, err));
    return read_all(run, fields, count, err);
}

static bool is_of_kept(int code)
{
    return code == ASSAY_CONFLICT || code == ASSAY_FORMAT || code == ASSAY_INVALID;
}

int assay_keep_read(struct assay_profile_run *run, struct assay_profile_field **fields,
                    size_t count, struct assay_error *err)
{
    struct assay_error own = {0};
    if (first_kept(run->keep) < 0)
        return read_all(run, fields, count, err);
    const int rc = read_kept(run, fields, count, &own);
    if (rc == ASSAY_OK || !is_of_kept(rc)) {
        if (rc != ASSAY_OK && err)
            *err = own;
        return rc;
    }
    run->keep->refused = rc == ASSAY_FORMAT;
    assay_keep_reason(run->keep, own.text);
    return start_over(run, fields, count, err);
}
