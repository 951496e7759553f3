// What libpq's own tools would take from the environment: PG* variables and .pgpass, as properties
// for the executor.
// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input/input.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/number.h"

enum { PART_BYTES = 256 };

/* What an address says: "" = nothing. */
struct said {
    char user[PART_BYTES], host[PART_BYTES], port[PART_BYTES], database[PART_BYTES];
    bool password;
    const char *query; /* NULL = none */
};

static void decode(const char *text, size_t size_bytes, char part[PART_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < size_bytes && used + 1 < PART_BYTES; i++) {
        if (text[i] == '%' && i + 2 < size_bytes && assay_hex_digit(text[i + 1]) >= 0 &&
            assay_hex_digit(text[i + 2]) >= 0) {
            part[used++] = (char)(assay_hex_digit(text[i + 1]) * 16 + assay_hex_digit(text[i + 2]));
            i += 2;
        } else {
            part[used++] = text[i];
        }
    }
    part[used] = '\0';
}

/* user:password@ */
static const char *read_user(const char *authority, const char *end, struct said *said)
{
    const char *at = memrchr(authority, '@', (size_t)(end - authority));
    if (!at)
        return authority;
    const char *colon = memchr(authority, ':', (size_t)(at - authority));
    decode(authority, (size_t)((colon ? colon : at) - authority), said->user);
    said->password = colon && colon + 1 < at;
    return at + 1;
}

static struct said read_address(const char *address)
{
    struct said said = {0};
    const char *authority = strstr(address, "://");
    if (!authority)
        return said;
    authority += 3;
    const char *end = authority + strcspn(authority, "/?");
    const char *host = read_user(authority, end, &said);
    const char *colon = host < end && *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
    colon = colon ? memchr(colon, ':', (size_t)(end - colon)) : NULL;
    decode(host, (size_t)((colon ? colon : end) - host), said.host);
    if (colon)
        decode(colon + 1, (size_t)(end - colon - 1), said.port);
    if (*end == '/')
        decode(end + 1, strcspn(end + 1, "?"), said.database);
    const char *question = strchr(end, '?');
    said.query = question ? question + 1 : NULL;
    return said;
}

static bool query_has(const char *query, const char *name)
{
    const size_t size_bytes = strlen(name);
    while (query && *query) {
        if (strncmp(query, name, size_bytes) == 0 && query[size_bytes] == '=')
            return true;
        query = strchr(query, '&');
        query += query != NULL;
    }
    return false;
}

/* key NULL: in the object `parameters`. */
static const struct variable {
    const char *name, *key, *parameter;
} variables[] = {
    {"PGHOST", "host", "host"},
    {"PGPORT", "port", "port"},
    {"PGUSER", "username", "user"},
    {"PGDATABASE", "database", "dbname"},
    {"PGSSLMODE", NULL, "sslmode"},
    {"PGSSLROOTCERT", NULL, "sslrootcert"},
    {"PGSSLCERT", NULL, "sslcert"},
    {"PGSSLKEY", NULL, "sslkey"},
    {"PGOPTIONS", NULL, "options"},
    {"PGTARGETSESSIONATTRS", NULL, "target_session_attrs"},
    {"PGKRBSRVNAME", NULL, "krbsrvname"},
    {"PGCHANNELBINDING", NULL, "channel_binding"},
    {"PGCONNECT_TIMEOUT", NULL, "connect_timeout"},
};

static bool is_said(const struct said *said, const char *parameter)
{
    const struct {
        const char *parameter, *text;
    } parts[] = {{"host", said->host},
                 {"port", said->port},
                 {"user", said->user},
                 {"dbname", said->database}};
    for (size_t i = 0; i < ASSAY_COUNT(parts); i++)
        if (strcmp(parts[i].parameter, parameter) == 0 && *parts[i].text)
            return true;
    return query_has(said->query, parameter);
}

static int put_missing(json_t *object, const char *key, const char *text, struct assay_error *err)
{
    return assay_json_get(object, key) ? ASSAY_OK
                                       : assay_json_set(object, key, json_string(text), err);
}

static int put_variables(const struct said *said, json_t *properties, struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(variables); i++) {
        const char *text = getenv(variables[i].name);
        if (!text || !*text || is_said(said, variables[i].parameter))
            continue;
        json_t *target = properties;
        if (!variables[i].key && !(target = json_object_get(properties, "parameters"))) {
            target = json_object();
            ASSAY_TRY(assay_json_set(properties, "parameters", target, err));
        }
        ASSAY_TRY(put_missing(target, variables[i].key ? variables[i].key : variables[i].parameter,
                              text, err));
    }
    return ASSAY_OK;
}

/* ---- .pgpass: host:port:database:user:password, '*' fits all, '\' escapes ---- */

/* Does the line's next part fit the wanted text? Returns what is behind its ':' or NULL. */
static const char *fits(const char *line, const char *wanted)
{
    if (line[0] == '*' && line[1] == ':')
        return line + 2;
    for (; *line && *line != ':'; line++, wanted++) {
        line += *line == '\\' && line[1];
        if (*line != *wanted)
            return NULL;
    }
    return *line == ':' && !*wanted ? line + 1 : NULL;
}

static void unescape(const char *text, struct assay_buf *password)
{
    for (; *text && *text != ':'; text++) {
        text += *text == '\\' && text[1];
        assay_buf_char(password, *text);
    }
}

static bool find_in_pgpass(char *text, const char *const wanted[4], struct assay_buf *password)
{
    char *rest;
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        const char *at = *line == '#' ? NULL : line;
        for (int part = 0; part < 4 && at; part++)
            at = fits(at, wanted[part]);
        if (at) {
            unescape(at, password);
            return password->size > 0;
        }
    }
    return false;
}

static bool pgpass_path(char *path, size_t size_bytes)
{
    const char *named = getenv("PGPASSFILE");
    const char *home = getenv("HOME");
    if (!home || !*home) {
        const struct passwd *account = getpwuid(geteuid());
        home = account ? account->pw_dir : NULL;
    }
    if (named && *named)
        (void)snprintf(path, size_bytes, "%s", named);
    else if (home)
        (void)snprintf(path, size_bytes, "%s/.pgpass", home);
    struct stat status;
    return (named || home) && stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           !(status.st_mode & (S_IRWXG | S_IRWXO));
}

static const char *first_of(const char *said, const char *set, const char *fallback)
{
    return said && *said ? said : set && *set ? set : fallback;
}

static int put_pgpass(const struct said *said, const json_t *properties, json_t *secrets,
                      struct assay_error *err)
{
    char path[4096];
    if (!pgpass_path(path, sizeof path))
        return ASSAY_OK;
    const struct passwd *account = getpwuid(geteuid());
    const char *user = first_of(said->user, assay_json_str(properties, "username", NULL),
                                account ? account->pw_name : "");
    const char *host = first_of(said->host, assay_json_str(properties, "host", NULL), "localhost");
    const char *const wanted[4] = {
        *host == '/' ? "localhost" : host,
        first_of(said->port, assay_json_str(properties, "port", NULL), "5432"),
        first_of(said->database, assay_json_str(properties, "database", NULL), user), user};
    struct assay_buf text = {0}, password = {0};
    int rc = ASSAY_OK;
    if (assay_file_read(path, &text, NULL) == ASSAY_OK && text.data &&
        find_in_pgpass(text.data, wanted, &password))
        rc = assay_json_set(secrets, "password", json_string(assay_buf_str(&password)), err);
    if (text.data)
        assay_wipe(text.data, text.capacity);
    if (password.data)
        assay_wipe(password.data, password.capacity);
    assay_buf_release(&text);
    assay_buf_release(&password);
    return rc;
}

int assay_postgres_complete(const char *address, json_t *properties, json_t *secrets,
                            struct assay_error *err)
{
    const struct said said = read_address(address);
    ASSAY_TRY(put_variables(&said, properties, err));
    if (said.password || query_has(said.query, "password") || assay_json_get(secrets, "password"))
        return ASSAY_OK;
    const char *password = getenv("PGPASSWORD");
    if (password && *password)
        return assay_json_set(secrets, "password", json_string(password), err);
    return put_pgpass(&said, properties, secrets, err);
}
