// Expressions, first pass: what Spark SQL writes and DuckDB's parser does not know.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/expression_lex.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct lexer {
    const char *at;
    const json_t *variables;
    bool any_variable;
    struct assay_buf *sql;
    struct assay_error *err;
};

static int fail(struct lexer *l, const char *what)
{
    return assay_fail(l->err, ASSAY_INVALID, "%s at \"%.40s\"", what, l->at);
}

/* {{ name }}: the variable's text as it is; inside a text literal its quotes are doubled. */
static int take_variable(struct lexer *l, bool in_text)
{
    const char *begin = l->at + 2, *end = strstr(begin, "}}");
    if (!end)
        return fail(l, "a variable {{ … }} is not closed");
    while (*begin == ' ')
        begin++;
    size_t size = (size_t)(end - begin);
    while (size && begin[size - 1] == ' ')
        size--;
    char name[128];
    if (!size || size >= sizeof name)
        return fail(l, "a variable needs a name");
    memcpy(name, begin, size);
    name[size] = '\0';
    const json_t *value = json_object_get(l->variables, name);
    if (!value && l->any_variable) {
        assay_buf_text(l->sql, in_text ? "" : "\"{{}}\"");
        l->at = end + 2;
        return ASSAY_OK;
    }
    if (!value)
        return assay_fail(l->err, ASSAY_INVALID, "the variable {{ %s }} has no value", name);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    if (json_is_string(value))
        assay_buf_text(&text, json_string_value(value));
    else
        ASSAY_TRY(assay_json_append(value, &text, l->err));
    for (const char *p = assay_buf_str(&text); *p; p++) {
        if (in_text && *p == '\'')
            assay_buf_char(l->sql, '\'');
        assay_buf_char(l->sql, *p);
    }
    l->at = end + 2;
    return ASSAY_OK;
}

/* 'it''s' */
static int take_text(struct lexer *l)
{
    const char *start = l->at;
    assay_buf_char(l->sql, *l->at++);
    while (*l->at) {
        if (l->at[0] == '{' && l->at[1] == '{') {
            ASSAY_TRY(take_variable(l, true));
        } else if (l->at[0] == '\'' && l->at[1] == '\'') {
            assay_buf_text(l->sql, "''");
            l->at += 2;
        } else if (*l->at == '\'') {
            assay_buf_char(l->sql, *l->at++);
            return ASSAY_OK;
        } else {
            assay_buf_char(l->sql, *l->at++);
        }
    }
    l->at = start;
    return fail(l, "a text in single quotes is not closed");
}

/* `my col` or "my col": both become "my col". */
static int take_name(struct lexer *l)
{
    const char *start = l->at, quote = *l->at++;
    assay_buf_char(l->sql, '"');
    while (*l->at) {
        if (l->at[0] == quote && l->at[1] == quote) {
            assay_buf_text(l->sql, quote == '"' ? "\"\"" : "`");
            l->at += 2;
        } else if (*l->at == quote) {
            l->at++;
            assay_buf_char(l->sql, '"');
            return ASSAY_OK;
        } else {
            assay_buf_text(l->sql, *l->at == '"' ? "\"\"" : (char[]){*l->at, '\0'});
            l->at++;
        }
    }
    l->at = start;
    return fail(l, "a name in quotes is not closed");
}

static bool is_word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* RLIKE and REGEXP bind like LIKE; SIMILAR TO does too, and the checker knows it as a search. */
static int take_word(struct lexer *l)
{
    size_t size = 1;
    while (is_word_start(l->at[size]) || isdigit((unsigned char)l->at[size]))
        size++;
    if (size == 7 && !strncasecmp(l->at, "SIMILAR", size))
        return fail(l, "SIMILAR TO is not known: use LIKE or RLIKE");
    const bool matches = (size == 5 && !strncasecmp(l->at, "RLIKE", size)) ||
                         (size == 6 && !strncasecmp(l->at, "REGEXP", size));
    const char *next = l->at + size + strspn(l->at + size, " \t\r\n");
    if (matches && *next != '(')
        assay_buf_text(l->sql, "SIMILAR TO");
    else if (matches && l->sql->size && strchr(" \t\r\n", l->sql->data[l->sql->size - 1]) &&
             l->at[size] != '(')
        assay_buf_text(l->sql, "SIMILAR TO");
    else
        assay_buf_append(l->sql, l->at, size);
    l->at += size;
    return ASSAY_OK;
}

static int take_next(struct lexer *l)
{
    if (*l->at == '\'')
        return take_text(l);
    if (*l->at == '`' || *l->at == '"')
        return take_name(l);
    if (l->at[0] == '{' && l->at[1] == '{')
        return take_variable(l, false);
    if (is_word_start(*l->at))
        return take_word(l);
    if (*l->at == ';' || *l->at == '?' || *l->at == '$' || (l->at[0] == '-' && l->at[1] == '-') ||
        (l->at[0] == '/' && l->at[1] == '*'))
        return fail(l, "this is not part of an expression");
    if (!strncmp(l->at, "<=>", 3)) {
        assay_buf_text(l->sql, " IS NOT DISTINCT FROM ");
        l->at += 3;
        return ASSAY_OK;
    }
    assay_buf_char(l->sql, *l->at++);
    return ASSAY_OK;
}

int assay_expression_lex(const char *text, const json_t *variables, bool any_variable,
                         struct assay_buf *sql, struct assay_error *err)
{
    struct lexer l = {
        .at = text, .variables = variables, .any_variable = any_variable, .sql = sql, .err = err};
    if (strlen(text) > ASSAY_EXPRESSION_BYTES)
        return assay_fail(err, ASSAY_INVALID, "the expression is longer than %zu bytes",
                          ASSAY_EXPRESSION_BYTES);
    if (!text[strspn(text, " \t\r\n")])
        return assay_fail(err, ASSAY_INVALID, "the expression is empty");
    while (*l.at)
        ASSAY_TRY(take_next(&l));
    return assay_buf_check(sql, err);
}
