// expectedValues: the value is one of a list.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

#define SHOWN_MAX 10

/* Texts are compared by one hashed IN; other types by their exact comparisons. */
static int write_texts(struct assay_rule_check *check, const json_t *list, struct assay_buf *sql)
{
    size_t i, count = 0;
    const json_t *item;
    assay_buf_printf(sql, "NOT (%s IN (", check->fields[0]->sql);
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        if (!json_is_string(item))
            continue;
        assay_buf_text(sql, count++ ? ", " : "");
        assay_sql_text(sql, json_string_value(item));
    }
    assay_buf_text(sql, "))");
    return ASSAY_OK;
}

static int write_others(struct assay_rule_check *check, const json_t *list, struct assay_buf *sql,
                        struct assay_error *err)
{
    size_t i, count = 0;
    const json_t *item;
    assay_buf_text(sql, "NOT (");
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        if (!json_is_string(item))
            continue;
        assay_buf_text(sql, count++ ? " OR " : "");
        ASSAY_TRY(
            assay_constant_equals(check, check->fields[0], json_string_value(item), sql, err));
    }
    assay_buf_char(sql, ')');
    return ASSAY_OK;
}

static size_t count_texts(const json_t *list)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        count += json_is_string(json_array_get(list, i));
    return count;
}

static void append_list(const json_t *list, struct assay_buf *text)
{
    const size_t size = json_array_size(list);
    for (size_t i = 0; i < size && i < SHOWN_MAX; i++) {
        const char *item = json_string_value(json_array_get(list, i));
        assay_buf_printf(text, "%s%s", i ? ", " : "", item ? item : "null");
    }
    if (size > SHOWN_MAX)
        assay_buf_printf(text, ", … (%zu values)", size);
}

int assay_expected_values(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0}, words = {0};
    const json_t *list = json_object_get(check->properties, "list");
    if (!count_texts(list)) /* nothing is expected: every value fails */
        assay_buf_printf(&sql, "%s IS NOT NULL", check->fields[0]->sql);
    else if (check->fields[0]->type == ASSAY_TYPE_STRING)
        ASSAY_TRY(write_texts(check, list, &sql));
    else
        ASSAY_TRY(write_others(check, list, &sql, err));
    ASSAY_TRY(assay_rule_keep(check, &sql, &check->fails_sql, err));
    append_list(list, &words);
    return assay_rule_say(check, "is not", "are not", err, "one of the expected values: %s",
                          assay_buf_str(&words));
}
