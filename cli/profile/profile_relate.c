// Relations between the containers of one run.
// SPDX-License-Identifier: Apache-2.0
#include "cli/profile/profile_relate.h"

#include <string.h>

#include "common/relate/relate.h"

void assay_profile_relations_release(struct assay_profile_relations *relations)
{
    json_decref(relations->known);
    *relations = (struct assay_profile_relations){0};
}

/* A name that two inputs share says nothing in a file of checks. */
static bool is_ambiguous(const struct assay_inputs *inputs, size_t index)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (i != index && !strcmp(inputs->items[i].name, inputs->items[index].name))
            return true;
    }
    return false;
}

int assay_profile_relations_take(struct assay_profile_relations *relations,
                                 const struct assay_inputs *inputs, size_t index, json_t *document,
                                 struct assay_error *err)
{
    const struct assay_input *input = &inputs->items[index];
    json_t *sketches = json_object_get(document, "sketches");
    if (!sketches || input->from_stdin || is_ambiguous(inputs, index))
        return ASSAY_OK;
    if (!relations->known)
        relations->known = json_array();
    return assay_json_push(relations->known,
                           json_pack("{s:o, s:O, s:I}", "name",
                                     assay_json_safe_string(input->name, strlen(input->name)),
                                     "sketches", sketches, "input", (json_int_t)index),
                           err);
}

/* What one container's task needs. */
struct judging {
    struct assay_session *session;
    const struct assay_inputs *inputs;
    const struct assay_input *input;
    const json_t *all_refs;
    json_t *refs, *checks;
};

static size_t input_of(const struct assay_profile_relations *relations, const json_t *candidate,
                       const char *end)
{
    const json_t *known =
        json_array_get(relations->known, (size_t)assay_json_int(candidate, end, 0));
    return (size_t)assay_json_int(known, "input", 0);
}

static int add_candidate(struct judging *judging, const json_t *candidate,
                         const struct assay_input *ref, struct assay_error *err)
{
    json_t *check = json_object_get(candidate, "check");
    if (ref != judging->input) {
        json_t *properties = json_object_get(check, "properties");
        json_t *source = json_object_get(judging->all_refs, ref->name);
        ASSAY_TRY(assay_json_set(properties, "ref_container",
                                 assay_json_safe_string(ref->name, strlen(ref->name)), err));
        ASSAY_TRY(assay_json_set(judging->refs, ref->name, json_incref(source), err));
    }
    return assay_json_push(judging->checks, json_incref(check), err);
}

static int judge(const struct judging *judging, json_t **ret_document, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *secrets = judging->input->secrets ? json_copy(judging->input->secrets) : json_object();
    ASSAY_AUTO(assay_json_decref) json_t *settings = json_pack("{s:O}", "refs", judging->refs);
    if (!secrets || !settings)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_inputs_put_secrets(judging->inputs, judging->refs, secrets, err));
    const struct assay_session_task task = {
        .kind = "profile.relate",
        .name = judging->input->name,
        .source = judging->input->source,
        .secrets = secrets,
        .settings = settings,
        .checks = judging->checks,
    };
    return assay_session_run(judging->session, &task, ret_document, NULL, err);
}

static void say_unjudged(const struct judging *judging, const json_t *unjudged)
{
    if (json_array_size(unjudged))
        assay_session_warn(judging->session, "%zu relation%s of %s could not be judged: %s",
                           json_array_size(unjudged), json_array_size(unjudged) == 1 ? "" : "s",
                           judging->input->name,
                           assay_json_str(json_array_get(unjudged, 0), "message", ""));
}

/* The candidates of one container, from index *at on; *at: behind them. */
static int judge_container(struct assay_profile_relations *relations, struct judging *judging,
                           const json_t *candidates, size_t *at, json_t *checks,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *document = NULL;
    const size_t of = input_of(relations, json_array_get(candidates, *at), "of");
    struct assay_error why = {0};
    judging->input = &judging->inputs->items[of];
    for (; *at < json_array_size(candidates); (*at)++) {
        const json_t *candidate = json_array_get(candidates, *at);
        if (input_of(relations, candidate, "of") != of)
            break;
        const size_t ref = input_of(relations, candidate, "ref");
        ASSAY_TRY(add_candidate(judging, candidate, &judging->inputs->items[ref], err));
    }
    const int rc = judge(judging, &document, &why);
    if (rc == ASSAY_CANCELLED || rc == ASSAY_NO_MEMORY)
        return assay_fail(err, rc, "%s", why.text);
    if (rc != ASSAY_OK) {
        assay_session_warn(judging->session, "relations of %s were not judged: %s",
                           judging->input->name, why.text);
        return ASSAY_OK;
    }
    say_unjudged(judging, json_object_get(json_object_get(document, "inferred"), "unjudged"));
    const json_t *held = json_object_get(json_object_get(document, "inferred"), "checks");
    relations->found += json_array_size(held);
    return json_array_extend(checks, (json_t *)held) ? assay_fail_memory(err) : ASSAY_OK;
}

static int judge_all(struct assay_profile_relations *relations, struct assay_session *session,
                     const struct assay_inputs *inputs, const json_t *candidates, json_t *checks,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *all_refs = json_object();
    ASSAY_TRY(all_refs ? assay_inputs_put_refs(inputs, all_refs, err) : assay_fail_memory(err));
    for (size_t at = 0; at < json_array_size(candidates);) {
        ASSAY_AUTO(assay_json_decref) json_t *refs = json_object();
        ASSAY_AUTO(assay_json_decref) json_t *own = json_array();
        struct judging judging = {.session = session,
                                  .inputs = inputs,
                                  .all_refs = all_refs,
                                  .refs = refs,
                                  .checks = own};
        if (!refs || !own)
            return assay_fail_memory(err);
        ASSAY_TRY(judge_container(relations, &judging, candidates, &at, checks, err));
    }
    return ASSAY_OK;
}

int assay_profile_relations_find(struct assay_profile_relations *relations,
                                 struct assay_session *session, const struct assay_inputs *inputs,
                                 json_t *checks, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *candidates = NULL;
    if (!json_array_size(relations->known))
        return ASSAY_OK;
    ASSAY_TRY(assay_relate(relations->known, &candidates, err));
    return judge_all(relations, session, inputs, candidates, checks, err);
}
