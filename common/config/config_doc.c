// Configuration for people: what is in force, what an option means, and the documents made from the
// table.
// SPDX-License-Identifier: Apache-2.0
#include "common/config/config_doc.h"

#include <string.h>

#include "common/base/nearest.h"
#include "common/base/utf8.h"
#include "common/config/config_internal.h"
#include "common/config/url_redact.h"

enum { KEY_COLUMNS = 24, VALUE_COLUMNS = 32, COMMENT_COLUMNS = 90 };

static const char *const kind_names[] = {
    [ASSAY_OPTION_TEXT] = "text",          [ASSAY_OPTION_INT] = "whole number",
    [ASSAY_OPTION_BOOL] = "true or false", [ASSAY_OPTION_BYTES] = "size",
    [ASSAY_OPTION_DURATION] = "time",      [ASSAY_OPTION_LIST] = "list",
    [ASSAY_OPTION_CHOICE] = "choice",
};

void assay_config_append_shown(const struct assay_config *config, const struct assay_option *option,
                               struct assay_buf *text)
{
    const char *value = assay_config_text(config, option->key);
    if (!value)
        assay_buf_text(text, "–");
    else if (option->secret && !strstr(value, ":"))
        assay_buf_text(text, "***");
    else
        assay_url_redact(value, text);
}

static void append_padded(struct assay_buf *text, const char *word, size_t columns)
{
    assay_buf_text(text, word);
    for (size_t used = assay_utf8_length(word, strlen(word)); used < columns; used++)
        assay_buf_char(text, ' ');
    assay_buf_char(text, ' ');
}

static void append_row(struct assay_buf *text, const char *key, const char *value,
                       const char *origin)
{
    append_padded(text, key, KEY_COLUMNS);
    append_padded(text, value, VALUE_COLUMNS);
    assay_buf_printf(text, "%s\n", origin);
}

static void append_free(const struct assay_config *config, const char *prefix, const json_t *object,
                        struct assay_buf *text)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        struct assay_buf key = {0}, shown = {0};
        assay_buf_printf(&key, "%s.%s", prefix, name);
        if (json_is_object(value)) {
            append_free(config, assay_buf_str(&key), value, text);
        } else {
            if (assay_name_is_secret(name, strlen(name)))
                assay_buf_text(&shown, "***");
            else
                assay_url_redact(json_string_value(value), &shown);
            append_row(text, assay_buf_str(&key), assay_buf_str(&shown), "");
        }
        assay_buf_release(&key);
        assay_buf_release(&shown);
    }
}

void assay_config_append_table(const struct assay_config *config, struct assay_buf *text)
{
    for (const struct assay_option *option = assay_options; option->key; option++) {
        struct assay_buf shown = {0};
        assay_config_append_shown(config, option, &shown);
        append_row(text, option->key, assay_buf_str(&shown),
                   assay_config_origin(config, option->key));
        assay_buf_release(&shown);
    }
    const char *prefix;
    json_t *object;
    json_object_foreach(config->free, prefix, object) append_free(config, prefix, object, text);
}

static void append_variable(const char *key, struct assay_buf *text)
{
    struct assay_arena arena = {0};
    const char *name = assay_config_variable(&arena, key);
    assay_buf_text(text, name ? name : "");
    assay_arena_release(&arena);
}

int assay_config_explain(const struct assay_config *config, const char *key, struct assay_buf *text,
                         struct assay_error *err)
{
    const int index = assay_config_index(key);
    if (index < 0) {
        struct assay_nearest nearest = {.wanted = key};
        for (const struct assay_option *option = assay_options; option->key; option++)
            assay_nearest_offer(&nearest, option->key);
        return assay_fail(err, ASSAY_USAGE, "explaining %.80s: there is no such option: %s%s", key,
                          nearest.best ? "did you mean " : "see `assay config`",
                          nearest.best ? nearest.best : "");
    }
    const struct assay_option *option = &assay_options[index];
    assay_buf_printf(text, "%s\n  %s\n\n", option->key, option->doc);
    assay_buf_printf(text, "  takes        %s\n",
                     option->choices ? option->choices : kind_names[option->kind]);
    assay_buf_printf(text, "  default      %s\n", option->fallback ? option->fallback : "–");
    if (option->serve_fallback)
        assay_buf_printf(text, "  under serve  %s\n", option->serve_fallback);
    assay_buf_text(text, "  environment  ");
    append_variable(option->key, text);
    if (option->secret) {
        assay_buf_text(text, ", or ");
        append_variable(option->key, text);
        assay_buf_text(text, "_FILE with the name of a file that holds it");
    }
    assay_buf_text(text, "\n  in force     ");
    assay_config_append_shown(config, option, text);
    assay_buf_printf(text, " (%s)\n", assay_config_origin(config, option->key));
    return assay_buf_check(text, err);
}

static void append_default_cell(const struct assay_option *option, struct assay_buf *text)
{
    if (option->fallback)
        assay_buf_printf(text, "`%s`", option->fallback);
    if (option->serve_fallback)
        assay_buf_printf(text, "%s`%s` (serve)", option->fallback ? ", " : "",
                         option->serve_fallback);
    if (!option->fallback && !option->serve_fallback)
        assay_buf_text(text, "–");
}

void assay_config_append_markdown(struct assay_buf *text)
{
    assay_buf_text(text,
                   "# Configuration\n\n"
                   "Made by `assay config --markdown` from the table in common/config/options.c; "
                   "do not edit.\n\n"
                   "A value comes from `--set KEY=VALUE`, else from the environment, else from the "
                   "file (`--config FILE`, else\n"
                   "`./assay.yaml`, else `/etc/assay/assay.yaml`), else it is the default. `assay "
                   "config` prints what is in\n"
                   "force and where it came from. Options marked * may hold a secret: `KEY_file` "
                   "(and the variable with `_FILE`\n"
                   "behind) names a file that holds the value. In the file, `${VAR}` stands for an "
                   "environment variable.\n\n"
                   "| Key | Environment | Default | Takes | Meaning |\n|---|---|---|---|---|\n");
    for (const struct assay_option *option = assay_options; option->key; option++) {
        assay_buf_printf(text, "| `%s`%s | `", option->key, option->secret ? " *" : "");
        append_variable(option->key, text);
        assay_buf_text(text, "` | ");
        append_default_cell(option, text);
        assay_buf_text(text, " | ");
        for (const char *c = option->choices ? option->choices : kind_names[option->kind]; *c; c++)
            assay_buf_text(text, *c == '|' ? ", " : (char[]){*c, '\0'});
        assay_buf_printf(text, " | %s |\n", option->doc);
    }
    assay_buf_text(text, "\nBelow `queue.kafka.` stand librdkafka's own properties, such as "
                         "`queue.kafka.security.protocol`\n"
                         "(`ASSAY_QUEUE_KAFKA_SECURITY_PROTOCOL`). Below `connections.` stand "
                         "names for the command line: after\n"
                         "`connections.prod: postgresql://USER@HOST/DB`, `assay profile "
                         "'prod#public.orders'` reads that table.\n");
}

/* "# " lines of at most COMMENT_COLUMNS columns. */
static void append_comment(const char *doc, struct assay_buf *text)
{
    size_t column = 0;
    while (*doc) {
        const size_t word_bytes = strcspn(doc, " ");
        if (column && column + word_bytes + 1 > COMMENT_COLUMNS) {
            assay_buf_char(text, '\n');
            column = 0;
        }
        assay_buf_text(text, column ? " " : "# ");
        assay_buf_append(text, doc, word_bytes);
        column += word_bytes + 1;
        doc += word_bytes + (doc[word_bytes] == ' ');
    }
    assay_buf_char(text, '\n');
}

void assay_config_append_sample(struct assay_buf *text)
{
    assay_buf_text(text, "# assay.yaml: every option with its default, as a comment. Made by "
                         "`assay config --sample`.\n");
    for (const struct assay_option *option = assay_options; option->key; option++) {
        assay_buf_char(text, '\n');
        append_comment(option->doc, text);
        const char *value = option->fallback ? option->fallback : option->serve_fallback;
        if (option->kind == ASSAY_OPTION_LIST)
            assay_buf_printf(text, "#%s: [%s]\n", option->key, value ? value : "");
        else
            assay_buf_printf(text, "#%s: %s%s%s\n", option->key,
                             value && strchr(value, ':') ? "\"" : "", value ? value : "",
                             value && strchr(value, ':') ? "\"" : "");
    }
    assay_buf_text(text,
                   "\n# Names for the command line: `assay profile 'prod#public.orders'`.\n"
                   "#connections:\n#  prod: postgresql://reader@db.example.org/shop\n#  "
                   "archive:\n#    type: postgresql\n"
                   "#    host: db.example.org\n#    database: archive\n#    username: reader\n"
                   "#    password: ${ARCHIVE_PASSWORD}\n");
}
