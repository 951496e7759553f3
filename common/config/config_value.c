// One option's value: its text parsed by kind.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/number.h"
#include "common/config/config_internal.h"

static bool parse_int(const char *text, struct assay_config_value *value)
{
    return assay_parse_i64(text, strlen(text), &value->number);
}

static bool parse_bool(const char *text, struct assay_config_value *value)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < ASSAY_COUNT(words); i++)
        for (int truth = 0; truth < 2; truth++)
            if (strcasecmp(text, words[i][truth]) == 0) {
                value->number = truth;
                return true;
            }
    return false;
}

static bool parse_bytes(const char *text, struct assay_config_value *value)
{
    return assay_parse_bytes(text, &value->bytes);
}

static bool parse_duration(const char *text, struct assay_config_value *value)
{
    return assay_parse_duration_ms(text, &value->number);
}

static bool parse_any(const char *text, struct assay_config_value *value)
{
    (void)text;
    (void)value;
    return true;
}

static const struct kind {
    enum assay_option_kind kind;
    bool (*parse)(const char *text, struct assay_config_value *value);
    const char *takes;
} kinds[] = {
    {ASSAY_OPTION_TEXT, parse_any, "a text"},
    {ASSAY_OPTION_INT, parse_int, "a whole number such as 4"},
    {ASSAY_OPTION_BOOL, parse_bool, "true or false"},
    {ASSAY_OPTION_BYTES, parse_bytes, "a size such as 512MiB or 2GiB"},
    {ASSAY_OPTION_DURATION, parse_duration, "a time such as 30s, 5m or 12h"},
    {ASSAY_OPTION_LIST, parse_any, "texts separated by commas"},
    {ASSAY_OPTION_CHOICE, parse_any, "one of its choices"},
};

static bool is_choice(const char *choices, const char *text)
{
    const size_t size_bytes = strlen(text);
    for (const char *choice = choices; choice;
         choice = strchr(choice, '|') ? strchr(choice, '|') + 1 : NULL)
        if (size_bytes && strncmp(choice, text, size_bytes) == 0 &&
            (choice[size_bytes] == '|' || !choice[size_bytes]))
            return true;
    return false;
}

/* "a, b" → {"a", "b"}; blanks around and empty items are left out. */
static int split_list(const char *text, struct assay_arena *arena, struct assay_config_value *value,
                      struct assay_error *err)
{
    size_t most = 1;
    for (const char *at = text; *at; at++)
        most += *at == ',';
    value->list = assay_arena_zalloc(arena, most * sizeof *value->list);
    if (!value->list)
        return assay_fail_memory(err);
    value->list_count = 0;
    while (*text) {
        text += strspn(text, " ,");
        size_t size_bytes = strcspn(text, ",");
        const char *next = text + size_bytes;
        while (size_bytes && text[size_bytes - 1] == ' ')
            size_bytes--;
        if (size_bytes &&
            !(value->list[value->list_count++] = assay_arena_strndup(arena, text, size_bytes)))
            return assay_fail_memory(err);
        text = next;
    }
    return ASSAY_OK;
}

int assay_config_parse(const struct assay_option *option, const char *text,
                       struct assay_arena *arena, struct assay_config_value *ret_value,
                       struct assay_error *err)
{
    const struct kind *kind = &kinds[option->kind];
    struct assay_config_value value = {.origin = ret_value->origin,
                                       .text = assay_arena_strdup(arena, text)};
    if (!value.text)
        return assay_fail_memory(err);
    if (option->kind == ASSAY_OPTION_CHOICE && !is_choice(option->choices, text))
        return assay_fail(err, ASSAY_USAGE,
                          "%s: \"%.80s\" is not one of its choices: give one of %s", option->key,
                          text, option->choices);
    if (!kind->parse(text, &value))
        return assay_fail(err, ASSAY_USAGE, "%s: \"%.80s\" cannot be read: give %s", option->key,
                          text, kind->takes);
    if (option->kind == ASSAY_OPTION_LIST)
        ASSAY_TRY(split_list(text, arena, &value, err));
    *ret_value = value;
    return ASSAY_OK;
}
