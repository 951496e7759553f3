/* Profile field: one field of the container on its way through a profile: how it is read, what was
 * counted, what it turned out to be. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_FIELD_H
#define ASSAY_PROFILE_FIELD_H

#include "worker/executor/infer/semantic.h"
#include "worker/executor/infer/type_decide.h"
#include "worker/executor/kernels/field_state.h"

/** Where the type of a field comes from. */
enum assay_type_source {
    ASSAY_SOURCE_DECLARED, /* the source is typed */
    ASSAY_SOURCE_INFERRED, /* from all values */
    ASSAY_SOURCE_GIVEN,    /* the user's word (types.<field>) */
};

struct assay_profile_field {
    const char *name;         /* the schema's */
    const char *native_type;  /* NULL for untyped text */
    enum assay_layout layout; /* as the reader delivers it */
    uint8_t scale;
    bool cells;         /* values, or a list's elements, are untyped cells */
    bool projected;     /* child of a struct, with a name of its own */
    bool long_decimals; /* declared as decimals of any length, delivered as their texts */
    bool given;
    struct assay_cell_target given_target;
    struct assay_cell_target target; /* how cells are read in the next pass */
    struct assay_field_plan plan;    /* how values are counted in the next pass */

    /* after a pass */
    struct assay_field_state *state; /* merged over all lanes */
    struct assay_type_profile types; /* of cells; misfit rows hold part << ASSAY_PART_SHIFT | row */
    struct assay_type_decision decision;
    const struct assay_semantic_type *semantic; /* after finishing; NULL = none */
    struct assay_field_stats *stats;            /* after finishing */
};

/** Misfits are remembered with the part that they came from, as parts learn their first record
 * number only at the end. */
#define ASSAY_PART_SHIFT 40

/** Take over a schema field's description. Nothing is copied. untyped: the elements of lists are
 * cells (JSON). */
void assay_profile_field_init(struct assay_profile_field *field, const struct assay_field *source,
                              bool untyped);
/** Set the plan for the next pass from the target and the settings. state_bytes: ceiling of a
 * state. */
void assay_profile_field_plan(struct assay_profile_field *field, uint64_t seed, size_t state_bytes,
                              uint32_t histogram_values);
/** Forget what was counted, keep what was learnt. */
void assay_profile_field_reset(struct assay_profile_field *field);
void assay_profile_field_release(struct assay_profile_field *field);

/** Type as users see it, after the decision. */
enum assay_type assay_profile_field_type(const struct assay_profile_field *field);

#endif
