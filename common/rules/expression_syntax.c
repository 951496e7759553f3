// The form of expressions, token by token.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/expression_syntax.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/rules/expression_functions.h"
#include "common/rules/expression_lex.h"

enum { DEPTH_MAX = 1000, WORD_BYTES = 64 };

/* What stood last: may an operand follow, may it end here? */
enum last {
    LAST_BEGIN,    /* of the text, a bracket, an argument */
    LAST_OPERATOR, /* an operand has to follow */
    LAST_LITERAL,  /* a number or text */
    LAST_WORD,     /* a name, a keyword that may end an expression */
    LAST_AS,       /* a type follows */
    LAST_CLOSED,
};

struct form {
    const char *at;
    struct assay_error *err;
    char open[DEPTH_MAX]; /* brackets */
    size_t depth;
    int cases; /* CASE without END */
    enum last last;
};

static int fail(const struct form *f, const char *at, const char *what)
{
    return *at ? assay_fail(f->err, ASSAY_INVALID, "%s at \"%.40s\"", what, at)
               : assay_fail(f->err, ASSAY_INVALID, "%s at its end", what);
}

static int need_operand(const struct form *f, const char *at)
{
    return f->last == LAST_OPERATOR || f->last == LAST_AS
               ? fail(f, at, "the expression lacks an operand")
               : ASSAY_OK;
}

/* --- brackets --- */

static int open_bracket(struct form *f)
{
    if (f->depth == DEPTH_MAX)
        return fail(f, f->at, "the expression is nested too deeply");
    f->open[f->depth++] = *f->at++;
    f->last = LAST_BEGIN;
    return ASSAY_OK;
}

static int close_bracket(struct form *f)
{
    const char wanted = *f->at == ')' ? '(' : *f->at == ']' ? '[' : '{';
    ASSAY_TRY(need_operand(f, f->at));
    if (!f->depth || f->open[f->depth - 1] != wanted)
        return fail(f, f->at, "a bracket is closed that is not open");
    f->depth--;
    f->at++;
    f->last = LAST_CLOSED;
    return ASSAY_OK;
}

/* --- operands --- */

static int literal(struct form *f, size_t size)
{
    if (f->last == LAST_LITERAL)
        return fail(f, f->at, "the expression lacks an operator");
    f->at += size;
    f->last = LAST_LITERAL;
    return ASSAY_OK;
}

/* From one quote to the one that closes it; the first pass has seen to it that there is one. */
static size_t quoted_bytes(const char *text)
{
    size_t size = 1;
    while (text[size] && (text[size] != text[0] || text[size + 1] == text[0]))
        size += text[size] == text[0] ? 2 : 1;
    return size + (text[size] != '\0');
}

/* 1, .5, 1e-3, 1_000 */
static size_t number_bytes(const char *text)
{
    size_t size = 0;
    while (isalnum((unsigned char)text[size]) || text[size] == '.' || text[size] == '_' ||
           (size && strchr("+-", text[size]) && text[size] && strchr("eE", text[size - 1])))
        size++;
    return size;
}

/* --- words --- */

/* Reserved words: those that want an operand behind them, of these the ones that want one before
 * them, and those that begin a statement. */
static const char *const dangling[] = {"and",  "or",   "not",  "is",   "in",   "like", "ilike",
                                       "case", "when", "then", "else", "from", NULL};
static const char *const joining[] = {"and", "or", "is", NULL};
static const char *const statements[] = {"select", "union", "intersect", "except",
                                         "order",  "group", "having",    NULL};
/* Words that a bracket may follow, beside functions: calls of their own form, types. */
static const char *const calls[] = {
    "any",     "all",       "cast",     "try_cast", "coalesce", "distinct", "end",     "exists",
    "extract", "filter",    "interval", "overlay",  "row",      "struct",   "some",    "array",
    "map",     "list",      "where",    "trim",     "similar",  "to",       "by",      "collate",
    "decimal", "numeric",   "dec",      "char",     "varchar",  "bpchar",   "nchar",   "float",
    "time",    "timestamp", "bit",      "string",   "text",     "both",     "leading", "escape",
    "between", "trailing",  "as",       "for",      "rlike",    "regexp",   NULL};

static bool is_among(const char *const *words, const char *word)
{
    while (*words && strcasecmp(*words, word) != 0)
        words++;
    return *words;
}

static int call(const struct form *f, const char *name)
{
    bool known;
    (void)assay_function_find(name, 1, &known);
    if (known || f->last == LAST_AS || is_among(dangling, name) || is_among(calls, name))
        return ASSAY_OK;
    const char *nearest = assay_function_nearest(name);
    return assay_fail(
        f->err, ASSAY_INVALID, "the function \"%s\" is not allowed in an expression%s%s%s", name,
        nearest ? ": did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static int word(struct form *f)
{
    char name[WORD_BYTES];
    size_t size = 1;
    while (isalnum((unsigned char)f->at[size]) || f->at[size] == '_' ||
           (unsigned char)f->at[size] >= 0x80)
        size++;
    const size_t kept = size < sizeof name ? size : sizeof name - 1;
    memcpy(name, f->at, kept);
    name[kept] = '\0';
    if (f->at[size + strspn(f->at + size, " \t\r\n")] == '(')
        ASSAY_TRY(call(f, name));
    if (is_among(statements, name) && (f->last == LAST_BEGIN || f->last == LAST_CLOSED))
        return fail(f, f->at, "a statement is not part of an expression");
    if (is_among(joining, name) && (f->last == LAST_BEGIN || f->last == LAST_OPERATOR))
        return fail(f, f->at, "the expression lacks an operand");
    f->cases += !strcasecmp(name, "case") - (f->cases && !strcasecmp(name, "end"));
    f->at += size;
    f->last = is_among(dangling, name)  ? LAST_OPERATOR
              : !strcasecmp(name, "as") ? LAST_AS
                                        : LAST_WORD;
    return ASSAY_OK;
}

/* --- operators --- */

#define OPERATOR_CHARS "=<>!|&/%^~@:"

/* + and - may stand before an operand, * and . may be one; the others have one on each side. */
static int operator(struct form *f)
{
    const char *start = f->at;
    const bool begins = f->last == LAST_BEGIN || f->last == LAST_OPERATOR;
    if (strchr("+-*", *start)) {
        f->at++;
        f->last = *start == '*' && begins ? LAST_WORD : LAST_OPERATOR;
        return ASSAY_OK;
    }
    f->at += strspn(f->at, OPERATOR_CHARS);
    const bool prefix = f->at == start + 1 && strchr("~@", *start);
    if (begins && !prefix)
        return fail(f, start, "the expression lacks an operand");
    f->last = f->at == start + 2 && start[0] == ':' && start[1] == ':' ? LAST_AS : LAST_OPERATOR;
    return ASSAY_OK;
}

static int comma(struct form *f)
{
    if (f->last == LAST_BEGIN || !f->depth)
        return fail(f, f->at, "a comma is not expected");
    ASSAY_TRY(need_operand(f, f->at));
    f->at++;
    f->last = LAST_BEGIN;
    return ASSAY_OK;
}

static int step(struct form *f)
{
    const char c = *f->at;
    if (c == '\'')
        return literal(f, quoted_bytes(f->at));
    if (c == '"') {
        f->at += quoted_bytes(f->at);
        f->last = LAST_WORD;
        return ASSAY_OK;
    }
    if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)f->at[1])))
        return literal(f, number_bytes(f->at));
    if (isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80)
        return word(f);
    if (strchr("([{", c))
        return open_bracket(f);
    if (strchr(")]}", c))
        return close_bracket(f);
    if (c == ',')
        return comma(f);
    if (c == ':' && f->at[1] != ':') { /* of a slice or a struct */
        f->at++;
        f->last = LAST_BEGIN;
        return ASSAY_OK;
    }
    if (strchr("+-*" OPERATOR_CHARS, c))
        return operator(f);
    f->at++; /* a point, a blank, what only the parser judges */
    return ASSAY_OK;
}

static int read_form(struct form *f)
{
    while (*f->at)
        ASSAY_TRY(step(f));
    ASSAY_TRY(need_operand(f, f->at));
    if (f->depth)
        return assay_fail(f->err, ASSAY_INVALID, "a bracket \"%c\" is not closed",
                          f->open[f->depth - 1]);
    return f->cases ? assay_fail(f->err, ASSAY_INVALID, "a CASE has no END") : ASSAY_OK;
}

int assay_expression_syntax(const char *text, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    ASSAY_TRY(assay_expression_lex(text, NULL, true, &sql, err));
    struct form f = {.at = assay_buf_str(&sql), .err = err};
    return read_form(&f);
}
