// Which kept states hold, and how partitions are grouped.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/profile/keep/keep.h"

enum { PARTS = 16, MANY = 20000 };

/* A container written as "a1 b1 c2*": key, fingerprint, * = young; kept states as "a1|b1 c1". */
struct sample {
    struct assay_keep_part parts[PARTS];
    char texts[PARTS][2][8];
    size_t parts_count;
    struct assay_keep_state states[PARTS];
    size_t states_count;
    json_t *lists;
};

static void read_parts(struct sample *sample, const char *text)
{
    char copy[128], *next = copy;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *word; (word = strsep(&next, " ")) && *word;) {
        const size_t at = sample->parts_count++;
        (void)snprintf(sample->texts[at][0], 8, "%c", word[0]);
        (void)snprintf(sample->texts[at][1], 8, "%c", word[1]);
        sample->parts[at] = (struct assay_keep_part){.key = sample->texts[at][0],
                                                     .fingerprint = sample->texts[at][1],
                                                     .bytes = 10,
                                                     .young = word[2] == '*'};
    }
}

static void read_states(struct sample *sample, const char *text)
{
    char copy[128], *next = copy;
    (void)snprintf(copy, sizeof copy, "%s", text);
    sample->lists = json_array();
    for (char *state; *text && (state = strsep(&next, "|"));) {
        json_t *list = json_array();
        for (char *word; (word = strsep(&state, " ")) && *word;)
            (void)json_array_append_new(list, json_pack("[s%, s]", word, (size_t)1, word + 1));
        (void)json_array_append_new(sample->lists, list);
        sample->states[sample->states_count++] = (struct assay_keep_state){
            .id = 1, .partitions = list, .bytes = 10 * json_array_size(list)};
    }
}

/* The groups as "a|bc|d". */
static void write_groups(const struct sample *sample, const struct assay_keep_group *groups,
                         size_t count, char *text)
{
    for (size_t g = 0; g < count; g++) {
        for (size_t i = 0; i < groups[g].count; i++)
            *text++ = *sample->parts[groups[g].first + i].key;
        *text++ = '|';
    }
    text[count ? -1 : 0] = 0;
}

static const struct {
    const char *label, *parts, *states;
    size_t most, to_read;
    const char *groups;
} cases[] = {
    {"nothing kept", "a1 b1 c1", "", 64, 3, "a|b|c"},
    {"all unchanged", "a1 b1 c1", "a1|b1|c1", 64, 0, "a|b|c"},
    {"one changed", "a1 b2 c1", "a1|b1|c1", 64, 1, "a|b|c"},
    {"one added in front", "0x a1 b1", "a1|b1", 64, 1, "0|a|b"},
    {"one removed", "a1 c1", "a1|b1|c1", 64, 0, "a|c"},
    {"together and unchanged", "a1 b1 c1 d1", "a1|b1 c1", 64, 1, "a|bc|d"},
    {"one of two together changed", "a1 b1 c2", "a1|b1 c1", 64, 2, "a|b|c"},
    {"one of two together gone", "a1 c1", "a1|b1 c1", 64, 1, "a|c"},
    {"something came between two together", "b1 bx c1", "b1 c1", 64, 3, "b|b|c"},
    {"order of the states does not matter", "a1 b1", "b1|a1", 64, 0, "a|b"},
    {"a state twice", "a1", "a1|a1", 64, 0, "a"},
    {"a state of nothing", "a1", "|a1", 64, 0, "a"},
    {"too many: the first of the smallest", "a1 b1 c1 d1", "", 3, 4, "ab|c|d"},
    {"too many: then the next", "a1 b1 c1 d1", "", 2, 4, "ab|cd"},
    {"too many: kept ones count by their bytes", "a1 b1 c1 d1", "a1 b1", 2, 2, "ab|cd"},
    {"a young one stays by itself", "a1 b1* c1 d1", "", 2, 4, "a|b|cd"},
    {"young ones do not count", "a1 b1* c1", "", 2, 3, "a|b|c"},
    {"all in one", "a1 b1 c1", "", 1, 3, "abc"},
};

static void test_groups(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct sample sample = {0};
        struct assay_keep_group groups[PARTS];
        char text[64] = "";
        print_message("%s\n", cases[i].label);
        read_parts(&sample, cases[i].parts);
        read_states(&sample, cases[i].states);
        assert_int_equal(
            assay_keep_match(sample.parts, sample.parts_count, sample.states, sample.states_count),
            cases[i].to_read);
        const size_t count = assay_keep_groups(sample.parts, sample.parts_count, sample.states,
                                               cases[i].most, groups);
        write_groups(&sample, groups, count, text);
        assert_string_equal(text, cases[i].groups);
        json_decref(sample.lists);
    }
}

static void test_group_states(void **state)
{
    (void)state;
    struct assay_keep_part parts[] = {{.state = 0}, {.state = 0}, {.state = -1}, {.state = 1}};
    const struct {
        struct assay_keep_group group;
        ptrdiff_t state;
    } rows[] = {{{0, 2}, 0}, {{2, 1}, -1}, {{3, 1}, 1}, {{0, 3}, -1}, {{2, 2}, -1}, {{0, 4}, -1}};
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        assert_int_equal(assay_keep_group_state(parts, &rows[i].group), rows[i].state);
    assert_int_equal(assay_keep_member_end(parts, &(struct assay_keep_group){0, 4}, 0), 2);
    assert_int_equal(assay_keep_member_end(parts, &(struct assay_keep_group){0, 4}, 2), 3);
}

/* Twenty thousand files: in little time, all of them, in order, in 64 groups of similar size. */
static void test_many(void **state)
{
    (void)state;
    struct assay_keep_part *parts = assay_calloc(MANY, sizeof *parts);
    struct assay_keep_group *groups = assay_calloc(MANY, sizeof *groups);
    for (size_t i = 0; i < MANY; i++)
        parts[i] = (struct assay_keep_part){.bytes = 1000 + i % 7, .state = -1};
    assert_int_equal(assay_keep_groups(parts, MANY, NULL, 64, groups), 64);
    for (size_t g = 0, first = 0; g < 64; first += groups[g++].count) {
        assert_int_equal(groups[g].first, first);
        assert_in_range(groups[g].count, MANY / 64 / 3, MANY / 64 * 3);
    }
    assay_free(parts);
    assay_free(groups);
}

static void test_most(void **state)
{
    (void)state;
    assert_int_equal(assay_keep_groups_max(0), 64);
    assert_int_equal(assay_keep_groups_max(32), 64);
    assert_int_equal(assay_keep_groups_max(100), 20);
    assert_int_equal(assay_keep_groups_max(2048), 1);
    assert_int_equal(assay_keep_groups_max(2049), 0); /* then nothing is kept */
}

/* Of five partitions that two states know, two are not there any more; what is new is not gone. */
static void partitions_that_are_gone(void **state)
{
    (void)state;
    const char *keys[] = {"d.csv", "a.csv", "new.csv", "c.csv"};
    json_t *states =
        json_pack("[{s:[[s,s],[s,s]]}, {s:[[s,s],[s,s],[s,s]]}]", "partitions", "a.csv", "1",
                  "b.csv", "1", "partitions", "c.csv", "1", "d.csv", "1", "e.csv", "1");
    assert_int_equal(assay_keep_gone(keys, 4, states), 2);
    assert_int_equal(assay_keep_gone(keys, 0, states), 5);
    assert_int_equal(assay_keep_gone(keys, 4, NULL), 0);
    json_decref(states);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partitions_that_are_gone),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_group_states),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
