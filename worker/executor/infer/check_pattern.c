// Patterns of texts: the semantic type's own, or one made of the classes of characters that values
// are built of.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/infer/check_offer.h"

#define RUNS_MAX   24   /* of one value */
#define SHAPES_MAX 5    /* more are no pattern */
#define LENGTH_MAX 64   /* of a value, bytes */
#define RARE       0.01 /* a shape of fewer values is an accident */
#define SHARE_MIN  0.8  /* of the values, for a pattern with coverage */

/* A value as runs of classes: 'A', 'a', '9', or the character itself. */
struct runs {
    char classes[RUNS_MAX + 1];
    unsigned lengths[RUNS_MAX];
    size_t count;
};

/* Values of the same classes, with the lengths that occur. */
struct shape {
    char classes[RUNS_MAX + 1];
    unsigned least[RUNS_MAX], most[RUNS_MAX];
    size_t count, values;
};

struct shapes {
    struct shape shape[SHAPES_MAX];
    size_t count, values, others; /* others: values that found no place */
};

static char class_of(char c)
{
    if (c >= '0' && c <= '9')
        return '9';
    if (c >= 'A' && c <= 'Z')
        return 'A';
    return c >= 'a' && c <= 'z' ? 'a' : c;
}

/* False for what no pattern is made of: long, not ASCII, control characters, too many runs. */
static bool runs_of(const struct assay_value_text *value, struct runs *ret)
{
    ret->count = 0;
    if (!value->size_bytes || value->size_bytes > LENGTH_MAX || value->cut)
        return false;
    for (size_t i = 0; i < value->size_bytes; i++) {
        const char class = class_of(value->text[i]);
        if (class < ' ' || class > '~')
            return false;
        if (ret->count && ret->classes[ret->count - 1] == class) {
            ret->lengths[ret->count - 1]++;
            continue;
        }
        if (ret->count == RUNS_MAX)
            return false;
        ret->classes[ret->count] = class;
        ret->lengths[ret->count++] = 1;
    }
    ret->classes[ret->count] = '\0';
    return true;
}

static void learn(struct shapes *shapes, const struct assay_value_text *value)
{
    struct runs runs;
    size_t i = 0;
    shapes->values++;
    if (!runs_of(value, &runs)) {
        shapes->others++;
        return;
    }
    while (i < shapes->count && strcmp(shapes->shape[i].classes, runs.classes) != 0)
        i++;
    if (i == SHAPES_MAX) {
        shapes->others++;
        return;
    }
    struct shape *shape = &shapes->shape[i];
    if (i == shapes->count) {
        *shape = (struct shape){.count = runs.count};
        memcpy(shape->classes, runs.classes, sizeof runs.classes);
        memcpy(shape->least, runs.lengths, sizeof runs.lengths);
        shapes->count++;
    }
    shape->values++;
    for (size_t r = 0; r < runs.count; r++) {
        shape->least[r] = runs.lengths[r] < shape->least[r] ? runs.lengths[r] : shape->least[r];
        shape->most[r] = runs.lengths[r] > shape->most[r] ? runs.lengths[r] : shape->most[r];
    }
}

static void drop_rare(struct shapes *shapes)
{
    size_t kept = 0;
    for (size_t i = 0; i < shapes->count; i++) {
        if ((double)shapes->shape[i].values < RARE * (double)shapes->values) {
            shapes->others += shapes->shape[i].values;
            continue;
        }
        shapes->shape[kept++] = shapes->shape[i];
    }
    shapes->count = kept;
}

/* Lengths that vary may vary a little more. */
static void widen(struct shapes *shapes)
{
    for (size_t i = 0; i < shapes->count; i++) {
        struct shape *shape = &shapes->shape[i];
        for (size_t r = 0; r < shape->count; r++) {
            const unsigned spread = shape->most[r] - shape->least[r];
            shape->most[r] += spread;
            shape->least[r] -= spread && shape->least[r] > 1;
        }
    }
}

static bool matches(const struct shapes *shapes, const struct assay_value_text *value)
{
    struct runs runs;
    if (!runs_of(value, &runs))
        return false;
    for (size_t i = 0; i < shapes->count; i++) {
        const struct shape *shape = &shapes->shape[i];
        bool fits = !strcmp(shape->classes, runs.classes);
        for (size_t r = 0; fits && r < runs.count; r++)
            fits = runs.lengths[r] >= shape->least[r] && runs.lengths[r] <= shape->most[r];
        if (fits)
            return true;
    }
    return false;
}

/* Words of varying length say nothing: "Aa", "Aa Aa". */
static bool is_prose(const struct shape *shape)
{
    bool varies = false;
    for (size_t r = 0; r < shape->count; r++) {
        if (!strchr("Aa '.-,", shape->classes[r]))
            return false;
        varies = varies || shape->least[r] != shape->most[r];
    }
    return varies;
}

static void append_shape(struct assay_buf *buf, const struct shape *shape)
{
    for (size_t r = 0; r < shape->count; r++) {
        const char class = shape->classes[r];
        if (class == 'A' || class == 'a' || class == '9')
            assay_buf_text(buf, class == 'A' ? "[A-Z]" : class == 'a' ? "[a-z]" : "[0-9]");
        else if (strchr("\\.+*?()|[]{}^$", class))
            assay_buf_printf(buf, "\\%c", class);
        else
            assay_buf_char(buf, class);
        if (shape->least[r] != shape->most[r])
            assay_buf_printf(buf, "{%u,%u}", shape->least[r], shape->most[r]);
        else if (shape->most[r] > 1)
            assay_buf_printf(buf, "{%u}", shape->most[r]);
    }
}

static int regex_of(const struct shapes *shapes, struct assay_buf *buf, struct assay_error *err)
{
    const bool many = shapes->count > 1;
    assay_buf_text(buf, many ? "^(?:" : "^");
    for (size_t i = 0; i < shapes->count; i++) {
        assay_buf_text(buf, i ? "|" : "");
        append_shape(buf, &shapes->shape[i]);
    }
    assay_buf_text(buf, many ? ")$" : "$");
    return assay_buf_check(buf, err);
}

static const struct assay_value_text *text_at(const struct assay_inference *inference, size_t field,
                                              size_t record, bool training)
{
    const struct assay_sample_value *value = assay_record_value(&inference->records, field, record);
    return inference->records.training[record] == training && value ? &value->value : NULL;
}

/* Shapes of the training part. False when there are none worth a pattern. */
static bool learn_shapes(const struct assay_inference *inference, size_t field,
                         struct shapes *ret_shapes)
{
    *ret_shapes = (struct shapes){0};
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_value_text *value = text_at(inference, field, i, true);
        if (value)
            learn(ret_shapes, value);
    }
    drop_rare(ret_shapes);
    for (size_t i = 0; i < ret_shapes->count; i++) {
        if (is_prose(&ret_shapes->shape[i]))
            return false;
    }
    widen(ret_shapes);
    return ret_shapes->count > 0 && ret_shapes->values >= ASSAY_INFER_RECORDS_MIN;
}

static int offer_pattern(struct assay_inference *inference, size_t field, const char *pattern,
                         double coverage, const struct assay_evidence *evidence,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(assay_set_text(properties, "pattern", pattern, err));
    const struct assay_offer offer = {.rule = "matchesPattern",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .coverage = coverage,
                                      .description = "built as the profiled texts are",
                                      .evidence = *evidence};
    inference->offers[field].pattern = true;
    return assay_inference_offer(inference, &offer, err);
}

/* Every value of the sample must be accepted by the semantic type's validator. */
static int offer_semantic(struct assay_inference *inference, size_t field,
                          const struct assay_semantic_type *type, struct assay_error *err)
{
    struct assay_evidence evidence = {.method = "the semantic type's own pattern", .sampled = true};
    evidence.judged = inference->fields[field].stats->valid_count;
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (!value)
            continue;
        const bool accepted = type->accepts(value->value.text, value->value.size_bytes);
        evidence.support++;
        evidence.held += accepted;
        evidence.tested += !inference->records.training[i];
        evidence.passed += !inference->records.training[i] && accepted;
    }
    if (!evidence.support || evidence.held < evidence.support)
        return ASSAY_OK;
    return offer_pattern(inference, field, type->pattern, 1, &evidence, err);
}

static bool is_patterned(const struct assay_inference *inference, size_t field)
{
    const struct assay_infer_field *f = &inference->fields[field];
    return f->type == ASSAY_TYPE_STRING && !inference->offers[field].values &&
           !inference->offers[field].pattern && !f->stats->invalid_utf8_count &&
           f->stats->valid_count >= ASSAY_INFER_VALUES_MIN;
}

static void test_shapes(const struct assay_inference *inference, size_t field,
                        const struct shapes *shapes, struct assay_evidence *evidence)
{
    evidence->judged = inference->fields[field].stats->valid_count;
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_value_text *training = text_at(inference, field, i, true);
        const struct assay_value_text *held_out = text_at(inference, field, i, false);
        if (!training && !held_out)
            continue;
        const bool fits = matches(shapes, training ? training : held_out);
        evidence->support++;
        evidence->held += fits;
        evidence->tested += held_out != NULL;
        evidence->passed += held_out && fits;
    }
}

int assay_infer_pattern(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_semantic_type *type =
        assay_semantic_find(inference->fields[field].semantic_type);
    struct shapes shapes;
    struct assay_evidence evidence = {
        .method = "runs of character classes, lengths that vary widened", .sampled = true};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf regex = {0};
    if (!is_patterned(inference, field))
        return ASSAY_OK;
    if (type && type->pattern)
        return offer_semantic(inference, field, type, err);
    if (!learn_shapes(inference, field, &shapes) || shapes.others)
        return ASSAY_OK;
    test_shapes(inference, field, &shapes, &evidence);
    if (evidence.held < evidence.support)
        return ASSAY_OK;
    ASSAY_TRY(regex_of(&shapes, &regex, err));
    return offer_pattern(inference, field, assay_buf_str(&regex), 1, &evidence, err);
}

int assay_infer_pattern_shape(struct assay_inference *inference, size_t field,
                              struct assay_error *err)
{
    struct shapes shapes;
    struct assay_evidence evidence = {.method = "the common runs of character classes",
                                      .sampled = true};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf regex = {0};
    if (!is_patterned(inference, field) || !learn_shapes(inference, field, &shapes))
        return ASSAY_OK;
    test_shapes(inference, field, &shapes, &evidence);
    /* the training part made the pattern: only what was held out tells how many it misses */
    evidence.support = evidence.tested;
    evidence.held = evidence.passed;
    const double coverage = assay_coverage_of(&evidence);
    if (coverage < SHARE_MIN || evidence.held == evidence.support)
        return ASSAY_OK;
    ASSAY_TRY(regex_of(&shapes, &regex, err));
    return offer_pattern(inference, field, assay_buf_str(&regex), coverage, &evidence, err);
}
