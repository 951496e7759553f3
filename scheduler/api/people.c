// Routes of tags, teams, users and tokens.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.h"
#include "scheduler/api/handlers.h"
#include "scheduler/catalog/tag.h"
#include "scheduler/catalog/team.h"

static int read_tags(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    return assay_listing_page(conn, &assay_tag_listing, request->params, ret_json, err);
}

static int read_tag(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                    struct assay_error *err)
{
    const char *name =
        request->body ? assay_json_str(request->body, "name", "") : request->values[0];
    return assay_tag_get(conn, name, ret_json, err);
}

int assay_tags_list(struct assay_request *request, struct assay_answer *answer,
                    struct assay_error *err)
{
    return assay_read(request, read_tags, answer, err);
}

int assay_tags_get(struct assay_request *request, struct assay_answer *answer,
                   struct assay_error *err)
{
    return assay_read(request, read_tag, answer, err);
}

static int write_tag(struct assay_db_conn *conn, struct assay_request *request, void *context,
                     struct assay_error *err)
{
    (void)context;
    return assay_tag_create(conn, request->body, err);
}

int assay_tags_create(struct assay_request *request, struct assay_answer *answer,
                      struct assay_error *err)
{
    ASSAY_TRY(assay_in_transaction(request, write_tag, NULL, err));
    return assay_read(request, read_tag, answer, err);
}

static int write_tag_deletion(struct assay_db_conn *conn, struct assay_request *request,
                              void *context, struct assay_error *err)
{
    (void)context;
    return assay_tag_delete(conn, request->values[0], err);
}

int assay_tags_delete(struct assay_request *request, struct assay_answer *answer,
                      struct assay_error *err)
{
    (void)answer;
    return assay_in_transaction(request, write_tag_deletion, NULL, err);
}

static int read_teams(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
    ASSAY_TRY(assay_listing_page(conn, &assay_team_listing, request->params, &page, err));
    ASSAY_TRY(assay_team_attach_users(conn, json_object_get(page, "items"), err));
    *ret_json = ASSAY_TAKE(page);
    return ASSAY_OK;
}

static int read_team(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *team = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_team_listing, request->id, &team, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_pack("[O]", team);
    ASSAY_TRY(assay_team_attach_users(conn, items, err));
    *ret_json = ASSAY_TAKE(team);
    return ASSAY_OK;
}

int assay_teams_list(struct assay_request *request, struct assay_answer *answer,
                     struct assay_error *err)
{
    return assay_read(request, read_teams, answer, err);
}

int assay_teams_get(struct assay_request *request, struct assay_answer *answer,
                    struct assay_error *err)
{
    return assay_read(request, read_team, answer, err);
}

static int read_users(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                      struct assay_error *err)
{
    return assay_listing_page(conn, &assay_user_listing, request->params, ret_json, err);
}

static int read_user(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    return assay_listing_get(conn, &assay_user_listing, request->id, ret_json, err);
}

int assay_users_list(struct assay_request *request, struct assay_answer *answer,
                     struct assay_error *err)
{
    return assay_read(request, read_users, answer, err);
}

int assay_users_get(struct assay_request *request, struct assay_answer *answer,
                    struct assay_error *err)
{
    return assay_read(request, read_user, answer, err);
}

static const struct assay_column token_columns[] = {
    {"id", ASSAY_COLUMN_TEXT, "t.jti"},
    {"name", ASSAY_COLUMN_TEXT, "t.name"},
    {"user_id", ASSAY_COLUMN_INT, "t.user_id"},
    {"audience", ASSAY_COLUMN_TEXT, "t.audience"},
    {"expires", ASSAY_COLUMN_TIME, "t.expires_at"},
    {"revoked", ASSAY_COLUMN_TIME, "t.revoked_at"},
    {"created", ASSAY_COLUMN_TIME, "t.created_at"},
    {.key = NULL},
};
static const struct assay_listing token_listing = {
    .columns = token_columns, .from = "api_token t", .id = "t.jti", .noun = "token"};

static int read_tokens(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                       struct assay_error *err)
{
    return assay_listing_page(conn, &token_listing, request->params, ret_json, err);
}

int assay_tokens_list(struct assay_request *request, struct assay_answer *answer,
                      struct assay_error *err)
{
    return assay_read(request, read_tokens, answer, err);
}

/* The token itself is in this answer and nowhere else. */
int assay_tokens_create(struct assay_request *request, struct assay_answer *answer,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    char jti[ASSAY_UUID_TEXT];
    const int64_t days = assay_json_int(request->body, "expires_in_days", 0);
    if (days < 0 || days > 36500)
        return assay_fail(err, ASSAY_INVALID, "\"expires_in_days\" must be from 1 to 36500");
    const struct assay_token_new token = {.name = assay_json_str(request->body, "name", "token"),
                                          .user_id = request->identity.user_id,
                                          .ttl_us = days * 86400 * ASSAY_US_PER_S};
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    ASSAY_TRY(assay_token_create(conn, request->with->keyring, &token, &text, jti, err));
    answer->json =
        json_pack("{s:s, s:s, s:s}", "id", jti, "name", token.name, "token", assay_buf_str(&text));
    return ASSAY_OK;
}

int assay_tokens_delete(struct assay_request *request, struct assay_answer *answer,
                        struct assay_error *err)
{
    (void)answer;
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    return assay_token_revoke(conn, request->values[0], err);
}
