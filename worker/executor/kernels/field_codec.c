// A field's state as bytes, and back.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/kernels/field_internal.h"
#include "worker/executor/kernels/hash.h"

/* version, size of the body (u32), body, XXH3 of the body (u64) */
#define VERSION       4
#define HEADER_BYTES  5
#define TRAILER_BYTES 8
#define DEPTH_MAX     8 /* arrays of arrays */

static void save_plan(const struct assay_field_plan *plan, struct assay_buf *buf)
{
    assay_put_u8(buf, (uint8_t)plan->layout);
    assay_put_u8(buf, plan->scale);
    assay_put_u64(buf, plan->seed);
    assay_put_varint(buf, plan->memory_max_bytes);
    assay_put_varint(buf, plan->histogram_max_distinct_values);
    assay_put_varint(buf, plan->top_values_max);
    assay_put_varint(buf, plan->leave_out);
    assay_put_u8(buf, plan->decimals);
}

static void save_counts(const struct assay_field_state *state, struct assay_buf *buf)
{
    const uint64_t counts[] = {state->records,  state->nulls, state->zero,
                               state->negative, state->nan,   state->inf};
    for (size_t i = 0; i < ASSAY_COUNT(counts); i++)
        assay_put_varint(buf, counts[i]);
    assay_put_u8(buf, state->any);
    assay_put_u8(buf, (uint8_t)state->granularity);
    if (!state->any)
        return;
    if (state->class == ASSAY_CLASS_REAL) {
        assay_put_real(buf, state->real_min);
        assay_put_real(buf, state->real_max);
    } else if (state->class == ASSAY_CLASS_WIDE) {
        assay_put_i128(buf, state->wide_min);
        assay_put_i128(buf, state->wide_max);
    } else {
        assay_put_u64(buf, (uint64_t)state->int_min);
        assay_put_u64(buf, (uint64_t)state->int_max);
    }
}

static void load_counts(struct assay_field_state *state, struct assay_bytes *in)
{
    uint64_t *counts[] = {&state->records,  &state->nulls, &state->zero,
                          &state->negative, &state->nan,   &state->inf};
    for (size_t i = 0; i < ASSAY_COUNT(counts); i++)
        *counts[i] = assay_get_varint(in);
    const uint8_t any = assay_get_u8(in), granularity = assay_get_u8(in);
    in->failed = in->failed || any > 1 || granularity < ASSAY_GRANULARITY_MICROSECOND ||
                 granularity > ASSAY_GRANULARITY_DAY || state->nulls > state->records;
    state->any = any;
    state->granularity = in->failed ? ASSAY_GRANULARITY_DAY : (enum assay_granularity)granularity;
    if (!state->any)
        return;
    if (state->class == ASSAY_CLASS_REAL) {
        state->real_min = assay_get_real(in);
        state->real_max = assay_get_real(in);
    } else if (state->class == ASSAY_CLASS_WIDE) {
        state->wide_min = assay_get_i128(in);
        state->wide_max = assay_get_i128(in);
    } else {
        state->int_min = (int64_t)assay_get_u64(in);
        state->int_max = (int64_t)assay_get_u64(in);
    }
}

static void save_numbers(const struct assay_field_state *state, struct assay_buf *buf)
{
    if (!state->numeric)
        return;
    if (state->class == ASSAY_CLASS_REAL) {
        assay_exact_sum_save(&state->exact_sum, buf);
        if (state->plan.decimals)
            assay_decimal_sum_save(&state->decimal_sum, buf);
    } else {
        assay_wide_sum_save(&state->wide_sum, buf);
        assay_put_i128(buf, state->origin);
    }
    assay_moments_save(&state->moments, buf);
}

static void load_numbers(struct assay_field_state *state, struct assay_bytes *in)
{
    if (!state->numeric)
        return;
    if (state->class == ASSAY_CLASS_REAL) {
        assay_exact_sum_load(&state->exact_sum, in);
        if (state->plan.decimals)
            assay_decimal_sum_load(&state->decimal_sum, in);
    } else {
        assay_wide_sum_load(&state->wide_sum, in);
        state->origin = assay_get_i128(in);
        in->failed = in->failed || (state->class == ASSAY_CLASS_INT &&
                                    (state->origin < INT64_MIN || state->origin > INT64_MAX));
    }
    assay_moments_load(&state->moments, in);
}

static int save_body(const struct assay_field_state *state, struct assay_buf *buf,
                     struct assay_error *err)
{
    assay_field_settle(state);
    save_plan(&state->plan, buf);
    save_counts(state, buf);
    save_numbers(state, buf);
    if (state->class == ASSAY_CLASS_TEXT)
        assay_text_scan_save(&state->text, buf);
    if (state->class == ASSAY_CLASS_LIST)
        assay_lengths_save(&state->list_lengths, buf);
    if (assay_field_has_distinct(state))
        assay_distinct_save(&state->distinct, buf);
    if (assay_field_has_quantiles(state))
        assay_quantile_save(&state->quantile, buf);
    if (assay_field_has_sample(state))
        assay_sample_save(&state->sample, buf);
    if (state->class != ASSAY_CLASS_LIST)
        return ASSAY_OK;
    assay_put_u8(buf, state->elements != NULL);
    return state->elements ? assay_field_state_save(state->elements, buf, err) : ASSAY_OK;
}

int assay_field_state_save(const struct assay_field_state *state, struct assay_buf *buf,
                           struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf body = {0};
    ASSAY_TRY(save_body(state, &body, err));
    ASSAY_TRY(assay_buf_check(&body, err));
    assay_put_u8(buf, VERSION);
    assay_put_u32(buf, (uint32_t)body.size);
    assay_buf_append(buf, body.data, body.size);
    assay_put_u64(buf, assay_hash_text(body.data, body.size));
    return assay_buf_check(buf, err);
}

static int load_plan(struct assay_bytes *in, struct assay_field_plan *ret_plan,
                     struct assay_error *err)
{
    struct assay_field_plan plan = {.layout = (enum assay_layout)assay_get_u8(in)};
    plan.scale = assay_get_u8(in);
    plan.seed = assay_get_u64(in);
    plan.memory_max_bytes = (size_t)assay_get_varint(in);
    plan.histogram_max_distinct_values = assay_get_count(in, UINT32_MAX);
    plan.top_values_max = assay_get_count(in, UINT32_MAX);
    plan.leave_out = assay_get_count(in, UINT32_MAX);
    const uint8_t decimals = assay_get_u8(in);
    plan.decimals = decimals == 1;
    if (in->failed || decimals > 1 || plan.layout > ASSAY_LAYOUT_STRUCT || plan.scale > 38)
        return assay_fail(err, ASSAY_FORMAT, "saved statistics: the plan is damaged");
    *ret_plan = plan;
    return ASSAY_OK;
}

static bool load_parts(struct assay_field_state *state, struct assay_bytes *in)
{
    load_counts(state, in);
    load_numbers(state, in);
    if (state->class == ASSAY_CLASS_TEXT && !assay_text_scan_load(&state->text, in))
        return false;
    if (state->class == ASSAY_CLASS_LIST)
        assay_lengths_load(&state->list_lengths, in);
    if (assay_field_has_distinct(state) && !assay_distinct_load(&state->distinct, in))
        return false;
    if (assay_field_has_quantiles(state) &&
        (!assay_quantile_load(&state->quantile, in) ||
         (assay_field_quantiles_wait(state) && state->quantile.count)))
        return false;
    if (assay_field_has_sample(state) && !assay_sample_load(&state->sample, in))
        return false;
    return !in->failed;
}

static int load_state(const void *data, size_t size_bytes, unsigned depth, size_t *ret_used,
                      struct assay_field_state **ret_state, struct assay_error *err);

static int load_elements(struct assay_field_state *state, struct assay_bytes *in, unsigned depth,
                         struct assay_error *err)
{
    if (state->class != ASSAY_CLASS_LIST)
        return ASSAY_OK;
    size_t used = 0;
    const uint8_t has = assay_get_u8(in);
    if (in->failed || has > 1 || depth == DEPTH_MAX)
        return assay_fail(err, ASSAY_FORMAT, "saved statistics: the elements are damaged");
    if (!has)
        return ASSAY_OK;
    ASSAY_TRY(load_state(in->data, in->left, depth + 1, &used, &state->elements, err));
    (void)assay_get_bytes(in, used);
    return ASSAY_OK;
}

static int load_body(struct assay_bytes *in, unsigned depth, struct assay_field_state **ret_state,
                     struct assay_error *err)
{
    struct assay_field_plan plan;
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *state = NULL;
    ASSAY_TRY(load_plan(in, &plan, err));
    ASSAY_TRY(assay_field_state_new(&plan, &state, err));
    if (!load_parts(state, in))
        return assay_fail(err, ASSAY_FORMAT, "saved statistics: a part is damaged");
    ASSAY_TRY(load_elements(state, in, depth, err));
    if (in->failed || in->left)
        return assay_fail(err, ASSAY_FORMAT, "saved statistics: the size is wrong");
    *ret_state = ASSAY_TAKE(state);
    return ASSAY_OK;
}

static int load_state(const void *data, size_t size_bytes, unsigned depth, size_t *ret_used,
                      struct assay_field_state **ret_state, struct assay_error *err)
{
    struct assay_bytes in = {.data = data, .left = size_bytes};
    const uint8_t version = assay_get_u8(&in);
    const uint32_t size = assay_get_u32(&in);
    if (!in.failed && version != VERSION)
        return assay_fail(err, ASSAY_FORMAT,
                          "saved statistics: version %u is not %u: profile the data again", version,
                          VERSION);
    struct assay_bytes body = {.data = assay_get_bytes(&in, size), .left = size};
    const uint64_t sum = assay_get_u64(&in);
    if (in.failed || sum != assay_hash_text(body.data, size))
        return assay_fail(err, ASSAY_FORMAT, "saved statistics: cut short or damaged");
    ASSAY_TRY(load_body(&body, depth, ret_state, err));
    *ret_used = (size_t)HEADER_BYTES + size + TRAILER_BYTES;
    return ASSAY_OK;
}

int assay_field_state_load(const void *data, size_t size_bytes, size_t *ret_used,
                           struct assay_field_state **ret_state, struct assay_error *err)
{
    return load_state(data, size_bytes, 0, ret_used, ret_state, err);
}
