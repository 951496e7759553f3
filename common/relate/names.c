// Names: words, and how they match.
// SPDX-License-Identifier: Apache-2.0
#include "common/relate/names.h"

#include <string.h>

#include "common/base/cleanup.h"

/* Words as stem() leaves them. Those that name a key as such, and others that say nothing alone. */
static const char *const key_words[] = {"id",   "key",  "cod", "no", "nr", "num", "number",
                                        "uuid", "guid", "sk",  "pk", "fk", "ref"};
static const char *const general_words[] = {
    "nam", "dat", "day",  "tim", "timestamp", "valu", "typ",   "at",      "on",     "by",
    "of",  "the", "from", "to",  "count",     "sum",  "index", "created", "updated"};
/* Words of containers that say which layer of a warehouse they belong to. */
static const char *const layer_words[] = {"dim", "dimension", "fact", "fct", "tbl",    "tabl",
                                          "stg", "staging",   "raw",  "src", "lkp",    "lookup",
                                          "vw",  "view",      "t",    "v",   "current"};
/* Words of a field that refer to another record of its own container. */
static const char *const own_words[] = {"parent",      "manager",  "supervisor", "bos",  "root",
                                        "predecessor", "previous", "successor",  "next", "report"};
static const char *const extensions[] = {"csv",   "tsv",    "txt",     "psv",  "dat",  "json",
                                         "jsonl", "ndjson", "parquet", "avro", "xlsx", "xls",
                                         "gz",    "zst",    "bz2",     "zip",  "lz4",  "pq"};

#define IS_AMONG(word, list) is_among((word), (list), ASSAY_COUNT(list))

static bool is_among(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(word, list[i]))
            return true;
    }
    return false;
}

/* --- words --- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_upper(c) || is_lower(c) || is_digit(c);
}

static bool is_vowel(char c)
{
    return strchr("aeiou", c) != NULL;
}

/* One form for singular and plural; not always a word: "movies" and "movie" are "movi", "addresses"
 * and "address" "addres". */
static void stem(char *word)
{
    size_t size = strlen(word);
    if (size < 3)
        return;
    if (word[size - 1] == 's' && word[size - 2] != 'u')
        word[--size] = '\0';
    if (size > 3 && word[size - 1] == 'e')
        word[--size] = '\0';
    else if (size > 2 && word[size - 1] == 'y' && !is_vowel(word[size - 2]))
        word[size - 1] = 'i';
    if (size > 2 && word[size - 1] == 's' && word[size - 2] == 's')
        word[--size] = '\0';
}

/* The end of the word that begins at i: "OrderID" is Order, ID. */
static size_t word_end(const char *name, size_t size, size_t i)
{
    size_t end = i + 1;
    while (end < size && is_word(name[end])) {
        const bool rises = is_upper(name[end]) && is_lower(name[end - 1]);
        const bool falls = is_upper(name[end]) && end + 1 < size && is_lower(name[end + 1]) &&
                           is_upper(name[end - 1]);
        if (rises || falls)
            break;
        end++;
    }
    return end;
}

static bool is_number(const char *word)
{
    while (is_digit(*word))
        word++;
    return !*word;
}

static bool words_of(const char *name, size_t size, struct assay_arena *arena,
                     struct assay_words *ret_words)
{
    *ret_words = (struct assay_words){0};
    for (size_t i = 0, end; i < size && ret_words->count < ASSAY_WORDS_MAX; i = end) {
        end = i + 1;
        if (!is_word(name[i]))
            continue;
        end = word_end(name, size, i);
        char *word = assay_arena_strndup(arena, name + i, end - i);
        if (!word)
            return false;
        for (char *c = word; *c; c++)
            *c = is_upper(*c) ? (char)(*c - 'A' + 'a') : *c;
        stem(word);
        ret_words->words[ret_words->count++] = word;
    }
    return true;
}

bool assay_words_of_field(const char *name, struct assay_arena *arena,
                          struct assay_words *ret_words)
{
    return words_of(name, strlen(name), arena, ret_words);
}

static bool is_extension(const char *text, size_t size)
{
    for (size_t i = 0; i < ASSAY_COUNT(extensions); i++) {
        if (strlen(extensions[i]) == size && !strncmp(extensions[i], text, size))
            return true;
    }
    return false;
}

/* Where the name proper begins and ends: "data/orders_*.csv.gz" → "orders_*", "public.orders" →
 * "orders". */
static const char *proper(const char *name, size_t *ret_size)
{
    const char *slash = strrchr(name, '/');
    const char *begin = slash && slash[1] ? slash + 1 : name;
    size_t size = strlen(begin);
    for (size_t dot = size; dot-- > 0;) {
        if (begin[dot] != '.')
            continue;
        if (!is_extension(begin + dot + 1, size - dot - 1)) {
            begin += dot + 1;
            size -= dot + 1;
            break;
        }
        size = dot;
    }
    *ret_size = size;
    return begin;
}

bool assay_words_of_container(const char *name, struct assay_arena *arena,
                              struct assay_words *ret_words)
{
    struct assay_words all;
    size_t size;
    const char *begin = proper(name, &size);
    *ret_words = (struct assay_words){0};
    if (!words_of(begin, size, arena, &all))
        return false;
    for (size_t i = 0; i < all.count; i++) {
        if (!is_number(all.words[i]) && !IS_AMONG(all.words[i], layer_words))
            ret_words->words[ret_words->count++] = all.words[i];
    }
    return true;
}

/* --- matches --- */

static bool is_key_word(const char *word)
{
    return IS_AMONG(word, key_words);
}

bool assay_word_is_general(const char *word)
{
    return is_key_word(word) || IS_AMONG(word, general_words) || is_number(word);
}

static bool has_word(const struct assay_words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (!strcmp(words->words[i], word))
            return true;
    }
    return false;
}

bool assay_words_within(const struct assay_words *few, const struct assay_words *many)
{
    for (size_t from = 0; few->count && from + few->count <= many->count; from++) {
        size_t i = 0;
        while (i < few->count && !strcmp(few->words[i], many->words[from + i]))
            i++;
        if (i == few->count)
            return true;
    }
    return false;
}

static bool equal(const struct assay_words *a, const struct assay_words *b)
{
    return a->count == b->count && assay_words_within(a, b);
}

static bool says_something(const struct assay_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (!assay_word_is_general(words->words[i]))
            return true;
    }
    return false;
}

static bool shares_word(const struct assay_words *a, const struct assay_words *b)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!assay_word_is_general(a->words[i]) && has_word(b, a->words[i]))
            return true;
    }
    return false;
}

/* What the key's name says beyond its container's: nothing, something general, something that the
 * field says too? */
static void beyond(const struct assay_words *field, const struct assay_words *key,
                   const struct assay_words *container, bool *ret_said, bool *ret_general)
{
    *ret_said = *ret_general = true;
    for (size_t i = 0; i < key->count; i++) {
        if (has_word(container, key->words[i]))
            continue;
        *ret_said &= has_word(field, key->words[i]);
        *ret_general &= assay_word_is_general(key->words[i]);
    }
}

/* manager_id beside id, parent beside node_id */
static bool refers_to_own(const struct assay_words *field, const struct assay_words *key,
                          const struct assay_words *container)
{
    bool said, general, refers = false;
    beyond(field, key, container, &said, &general);
    for (size_t i = 0; i < field->count; i++)
        refers |= IS_AMONG(field->words[i], own_words);
    refers |= field->count && is_key_word(field->words[field->count - 1]);
    return refers && general && key->count && is_key_word(key->words[key->count - 1]);
}

/* Does the name end as a reference does: customer_id, ship_to_customer, but not customer_age? */
static bool ends_as_reference(const struct assay_words *field, const struct assay_words *key,
                              const struct assay_words *container)
{
    const char *last = field->count ? field->words[field->count - 1] : "";
    return is_key_word(last) || has_word(container, last) || has_word(key, last);
}

enum assay_names assay_names_match(const struct assay_words *field, const struct assay_words *key,
                                   const struct assay_words *container, bool same_container)
{
    bool said, general;
    if (same_container && refers_to_own(field, key, container))
        return ASSAY_NAMES_SHARE;
    if (!ends_as_reference(field, key, container))
        return ASSAY_NAMES_NONE;
    beyond(field, key, container, &said, &general);
    const bool names_container = assay_words_within(container, field);
    if (names_container && said)
        return ASSAY_NAMES_WHOLE;
    if ((names_container && general) || (equal(field, key) && says_something(field)))
        return ASSAY_NAMES_EQUAL;
    if (names_container || (assay_words_within(key, field) && says_something(key)))
        return ASSAY_NAMES_PART;
    return shares_word(field, key) || shares_word(field, container) ? ASSAY_NAMES_SHARE
                                                                    : ASSAY_NAMES_NONE;
}
