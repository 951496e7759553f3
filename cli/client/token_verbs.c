// `assay token create`: on the catalog itself (--admin, --worker), else by the server.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/verbs.h"
#include "cli/report/output.h"
#include "cli/run/config_args.h"
#include "common/base/memory.h"
#include "common/crypto/keyring.h"
#include "common/db/migrate.h"
#include "scheduler/auth/token.h"

#define DEFAULT_CATALOG "sqlite:assay.db"

/* As configured, else assay.key beside a SQLite catalog, where `assay serve` made it. */
static int load_keyring(const struct assay_config *config, const char *url,
                        struct assay_keyring **ret_keyring, struct assay_error *err)
{
    const char *given = assay_config_text(config, "secrets.passphrase_file");
    if (given)
        return assay_keyring_load(given, ret_keyring, err);
    if (strncmp(url, "sqlite:", 7) != 0)
        return assay_fail(err, ASSAY_USAGE,
                          "making a token: secrets.passphrase_file is not set: name the file that "
                          "the scheduler uses");
    const char *slash = strrchr(url + 7, '/');
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    if (slash)
        assay_buf_append(&path, url + 7, (size_t)(slash - url - 7) + 1);
    assay_buf_text(&path, "assay.key");
    ASSAY_TRY(assay_buf_check(&path, err));
    return assay_keyring_load(assay_buf_str(&path), ret_keyring, err);
}

static int open_catalog(const struct assay_config *config, struct assay_db **ret_db,
                        struct assay_keyring **ret_keyring, struct assay_error *err)
{
    const char *url = assay_config_text(config, "catalog.url");
    int version;
    if (!url)
        url = DEFAULT_CATALOG;
    if (strncmp(url, "sqlite:", 7) == 0 && access(url + 7, F_OK))
        return assay_fail(err, ASSAY_USAGE,
                          "making a token: there is no catalog at %s: start `assay serve` once, or "
                          "set catalog.url",
                          url + 7);
    ASSAY_TRY(load_keyring(config, url, ret_keyring, err));
    ASSAY_TRY(assay_db_open(url, 1, ret_db, err));
    return assay_migrate_check(*ret_db, &version, err);
}

static int print_token(struct assay_buf *token, struct assay_error *err)
{
    assay_buf_char(token, '\n');
    const int rc = assay_output_write(NULL, token, err);
    if (token->data)
        assay_wipe(token->data, token->capacity);
    return rc;
}

static int create_here(const struct assay_args *args, struct assay_error *err)
{
    ASSAY_AUTO(assay_config_free) struct assay_config *config = NULL;
    ASSAY_AUTO(assay_keyring_free) struct assay_keyring *keyring = NULL;
    ASSAY_AUTO(assay_db_close) struct assay_db *db = NULL;
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    const char *name = assay_args_text(args, "name");
    const bool worker = assay_args_given(args, "worker");
    ASSAY_TRY(assay_config_of_args("", args, &config, err));
    ASSAY_TRY(open_catalog(config, &db, &keyring, err));
    ASSAY_TRY(assay_db_acquire(db, &conn, err));
    const struct assay_token_new token = {.name = name     ? name
                                                  : worker ? "worker"
                                                           : "admin",
                                          .audience =
                                              worker ? ASSAY_AUDIENCE_WORKER : ASSAY_AUDIENCE_API};
    ASSAY_TRY(assay_token_create(conn, keyring, &token, &text, NULL, err));
    return print_token(&text, err);
}

static int create_there(const struct assay_args *args, struct assay_rest *rest,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_config_free) struct assay_config *config = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *answer = NULL;
    const char *name = assay_args_text(args, "name");
    ASSAY_TRY(assay_config_of_args("", args, &config, err));
    ASSAY_TRY(assay_rest_open(rest, args, config, err));
    ASSAY_TRY(assay_client_read_body(args, 1, &body, err));
    if (name)
        ASSAY_TRY(assay_json_set(body, "name", assay_json_safe_string(name, strlen(name)), err));
    ASSAY_TRY(assay_rest_call(rest, "POST", "/tokens", body, &answer, err));
    const char *token = assay_json_str(answer, "token", NULL);
    if (!token)
        return assay_client_print(args, answer, NULL, err);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_buf_text(&text, token);
    return print_token(&text, err);
}

int assay_client_token_create(struct assay_rest *rest, const struct assay_args *args, int *ret_exit,
                              struct assay_error *err)
{
    *ret_exit = ASSAY_EXIT_DONE;
    if (assay_args_given(args, "admin") && assay_args_given(args, "worker"))
        return assay_fail(err, ASSAY_USAGE,
                          "making a token: --admin and --worker are two kinds: give one");
    if (assay_args_given(args, "admin") || assay_args_given(args, "worker"))
        return create_here(args, err);
    return create_there(args, rest, err);
}
