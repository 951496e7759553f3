// Teams and users.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/team.h"

#include "scheduler/catalog/tag.h"

static const struct assay_column team_columns[] = {
    {"id", ASSAY_COLUMN_INT, "t.id"},
    {"name", ASSAY_COLUMN_TEXT, "t.name"},
    {"description", ASSAY_COLUMN_TEXT, "t.description"},
    {"permission", ASSAY_COLUMN_TEXT, "t.permission"},
    {"is_public", ASSAY_COLUMN_BOOL, "t.is_public"},
    {"created", ASSAY_COLUMN_TIME, "t.created_at"},
    {.key = NULL},
};
static const struct assay_filter team_filters[] = {
    {"name", ASSAY_FILTER_PART, "lower(t.name) LIKE %s ESCAPE '\\'", NULL, "part of the name"},
    {.param = NULL}};
static const struct assay_sort team_sorts[] = {{"sort_name", "t.name"}, {.param = NULL}};
const struct assay_listing assay_team_listing = {.columns = team_columns,
                                                 .from = "team t",
                                                 .id = "t.id",
                                                 .filters = team_filters,
                                                 .sorts = team_sorts,
                                                 .noun = "team"};

static const struct assay_column user_columns[] = {
    {"id", ASSAY_COLUMN_INT, "u.id"},
    {"name", ASSAY_COLUMN_TEXT, "u.name"},
    {"email", ASSAY_COLUMN_TEXT, "u.email"},
    {"role", ASSAY_COLUMN_TEXT, "u.role"},
    {"deactivated_at", ASSAY_COLUMN_TIME, "u.deactivated_at"},
    {"created", ASSAY_COLUMN_TIME, "u.created_at"},
    {.key = NULL},
};
static const struct assay_filter user_filters[] = {
    {"name", ASSAY_FILTER_PART, "lower(u.name) LIKE %s ESCAPE '\\'", NULL, "part of the name"},
    {.param = NULL}};
static const struct assay_sort user_sorts[] = {{"sort_name", "u.name"}, {.param = NULL}};
const struct assay_listing assay_user_listing = {.columns = user_columns,
                                                 .from = "user_account u",
                                                 .id = "u.id",
                                                 .filters = user_filters,
                                                 .sorts = user_sorts,
                                                 .noun = "user"};

int assay_team_attach_users(struct assay_db_conn *conn, json_t *teams, struct assay_error *err)
{
    static const struct assay_column columns[] = {
        {"id", ASSAY_COLUMN_INT, ""}, {"name", ASSAY_COLUMN_TEXT, ""}, {.key = NULL}};
    return assay_attach(
        conn, teams, "users",
        "SELECT t.id, u.id, u.name FROM team t JOIN user_account u ON t.is_public = 1 "
        "WHERE t.id IN (%s) ORDER BY u.id",
        columns, err);
}

static int link_team(struct assay_db_conn *conn, int64_t datastore_id, const char *name,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, "SELECT id FROM team WHERE name = $1", &rows, err,
                           assay_db_text(name ? name : "")));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_INVALID,
                          "\"teams\" must be a list of names of teams, and \"%.100s\" is none",
                          name ? name : "");
    return assay_db_run(
        conn,
        "INSERT INTO datastore_team (datastore_id, team_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        NULL, err, assay_db_int(datastore_id), assay_db_int(assay_db_get_int(rows, 0, 0)));
}

int assay_teams_replace(struct assay_db_conn *conn, int64_t datastore_id, const json_t *names,
                        struct assay_error *err)
{
    if (names && !json_is_null(names) && !json_is_array(names))
        return assay_fail(err, ASSAY_INVALID, "\"teams\" must be a list of names");
    ASSAY_TRY(assay_db_run(conn, "DELETE FROM datastore_team WHERE datastore_id = $1", NULL, err,
                           assay_db_int(datastore_id)));
    if (json_array_size(names) == 0)
        return assay_db_run(conn,
                            "INSERT INTO datastore_team (datastore_id, team_id) SELECT $1, id FROM "
                            "team WHERE is_public = 1",
                            NULL, err, assay_db_int(datastore_id));
    size_t i;
    json_t *member;
    json_array_foreach(names, i, member)
        ASSAY_TRY(link_team(conn, datastore_id, assay_member_name(member), err));
    return ASSAY_OK;
}

int assay_user_check(struct assay_db_conn *conn, const char *key, int64_t user_id,
                     struct assay_error *err)
{
    int64_t found = 0;
    if (user_id == 0)
        return ASSAY_OK;
    ASSAY_TRY(assay_select_int(
        conn, "SELECT id FROM user_account WHERE id = $1 AND deactivated_at IS NULL", user_id, 0,
        &found, err));
    return found ? ASSAY_OK
                 : assay_fail(err, ASSAY_INVALID, "\"%s\" must be the id of a user", key);
}
