// Lists: filters, order, paging.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/listing.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"

/* A value that is not of its parameter's kind. */
static int wrong_value(const char *param, const char *wanted, struct assay_error *err)
{
    return assay_fail(err, ASSAY_INVALID, "\"%s\" must be %s", param, wanted);
}

static int filter_ids(struct assay_query *query, const struct assay_filter *filter,
                      const json_t *texts, struct assay_error *err)
{
    struct assay_db_value ids[256];
    const size_t count = json_array_size(texts);
    if (count > ASSAY_COUNT(ids))
        return wrong_value(filter->param, "at most 256 numbers", err);
    for (size_t i = 0; i < count; i++) {
        int64_t id;
        if (!assay_param_int(json_string_value(json_array_get(texts, i)), &id))
            return wrong_value(filter->param, "a whole number", err);
        ids[i] = assay_db_int(id);
    }
    assay_query_bind_in(query, filter->sql, ids, count);
    return ASSAY_OK;
}

static int filter_texts(struct assay_query *query, const struct assay_filter *filter,
                        const json_t *texts, struct assay_error *err)
{
    struct assay_db_value values[256];
    const size_t count = json_array_size(texts);
    if (count > ASSAY_COUNT(values))
        return wrong_value(filter->param, "at most 256 values", err);
    for (size_t i = 0; i < count; i++)
        values[i] = assay_db_text(json_string_value(json_array_get(texts, i)));
    assay_query_bind_in(query, filter->sql, values, count);
    return ASSAY_OK;
}

/* "%part%" in lower case (ASCII), with LIKE's own signs escaped. */
static int filter_part(struct assay_query *query, const struct assay_filter *filter,
                       const char *text, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf pattern = {0};
    assay_buf_char(&pattern, '%');
    for (; *text; text++) {
        if (strchr("%_\\", *text))
            assay_buf_char(&pattern, '\\');
        assay_buf_char(&pattern, (unsigned char)*text < 128 ? (char)tolower(*text) : *text);
    }
    assay_buf_char(&pattern, '%');
    ASSAY_TRY(assay_buf_check(&pattern, err));
    const char *copy = assay_arena_strdup(&query->texts, pattern.data);
    if (!copy)
        return assay_fail_memory(err);
    const struct assay_db_value value = assay_db_text(copy);
    assay_query_bind_in(query, filter->sql, &value, 1);
    return ASSAY_OK;
}

static int filter_instant(struct assay_query *query, const struct assay_filter *filter,
                          const char *text, struct assay_error *err)
{
    int64_t us;
    if (!assay_param_time(text, filter->kind == ASSAY_FILTER_UNTIL, &us))
        return wrong_value(filter->param, "a date (2026-11-20) or a time (2026-11-20T10:00:00Z)",
                           err);
    const struct assay_db_value value = assay_db_int(us);
    assay_query_bind_in(query, filter->sql, &value, 1);
    return ASSAY_OK;
}

static int filter_timeframe(struct assay_query *query, const struct assay_filter *filter,
                            const char *text, struct assay_error *err)
{
    static const struct {
        const char *name;
        int64_t days;
    } frames[] = {{"day", 1}, {"week", 7}, {"month", 30}, {"quarter", 91}, {"year", 365}};
    for (size_t i = 0; i < ASSAY_COUNT(frames); i++)
        if (strcasecmp(frames[i].name, text) == 0) {
            const struct assay_db_value since =
                assay_db_int(assay_now_us() - frames[i].days * 86400 * ASSAY_US_PER_S);
            assay_query_bind_in(query, filter->sql, &since, 1);
            return ASSAY_OK;
        }
    return wrong_value(filter->param, "day, week, month, quarter or year", err);
}

static int filter_truth(struct assay_query *query, const struct assay_filter *filter,
                        const char *text, struct assay_error *err)
{
    bool value;
    if (!assay_param_bool(text, &value))
        return wrong_value(filter->param, "true or false", err);
    assay_query_text(query, value ? filter->sql : filter->otherwise);
    return ASSAY_OK;
}

static int filter_archived(struct assay_query *query, const struct assay_filter *filter,
                           const json_t *params, struct assay_error *err)
{
    const char *text = assay_param(params, filter->param);
    bool value = false;
    if (!text && filter->otherwise && assay_param(params, filter->otherwise))
        text = "include";
    if (text && strcasecmp(text, "include") == 0) {
        assay_query_text(query, "1 = 1");
        return ASSAY_OK;
    }
    if (text && strcasecmp(text, "only") == 0)
        value = true;
    else if (text && *text && !assay_param_bool(text, &value))
        return wrong_value(filter->param, "only, include, true or false", err);
    assay_query_text(query, filter->sql);
    assay_query_text(query, value ? " IS NOT NULL" : " IS NULL");
    return ASSAY_OK;
}

static int add_filter(struct assay_query *query, const struct assay_filter *filter,
                      const json_t *params, struct assay_error *err)
{
    if (filter->kind == ASSAY_FILTER_ARCHIVED)
        return filter_archived(query, filter, params, err);
    const json_t *texts = json_object_get(params, filter->param);
    const char *text = assay_param(params, filter->param);
    switch (filter->kind) {
    case ASSAY_FILTER_ID:
        return filter_ids(query, filter, texts, err);
    case ASSAY_FILTER_TEXT:
        return filter_texts(query, filter, texts, err);
    case ASSAY_FILTER_PART:
        return filter_part(query, filter, text, err);
    case ASSAY_FILTER_TIMEFRAME:
        return filter_timeframe(query, filter, text, err);
    case ASSAY_FILTER_BOOL:
        return filter_truth(query, filter, text, err);
    default:
        return filter_instant(query, filter, text, err);
    }
}

/* An empty value ("name=") is as good as none. */
static bool is_given(const struct assay_filter *filter, const json_t *params)
{
    const char *text = assay_param(params, filter->param);
    return filter->kind == ASSAY_FILTER_ARCHIVED || (text && *text);
}

static int add_where(struct assay_query *query, const struct assay_listing *listing,
                     const json_t *params, struct assay_error *err)
{
    assay_query_text(query, " FROM ");
    assay_query_text(query, listing->from);
    assay_query_text(query, " WHERE ");
    assay_query_text(query, listing->where ? listing->where : "1 = 1");
    for (const struct assay_filter *filter = listing->filters; filter && filter->param; filter++) {
        if (!is_given(filter, params))
            continue;
        assay_query_text(query, " AND ");
        ASSAY_TRY(add_filter(query, filter, params, err));
    }
    return ASSAY_OK;
}

static int add_order(struct assay_query *query, const struct assay_listing *listing,
                     const json_t *params, struct assay_error *err)
{
    bool newest_first = listing->newest_first;
    assay_query_text(query, " ORDER BY ");
    for (const struct assay_sort *sort = listing->sorts; sort && sort->param; sort++) {
        const char *direction = assay_param(params, sort->param);
        if (!direction || !*direction)
            continue;
        newest_first = strcasecmp(direction, "desc") == 0;
        if (!newest_first && strcasecmp(direction, "asc") != 0)
            return wrong_value(sort->param, "asc or desc", err);
        assay_query_text(query, sort->sql);
        assay_query_text(query, newest_first ? " DESC, " : " ASC, ");
    }
    assay_query_text(query, listing->id);
    assay_query_text(query, newest_first ? " DESC" : " ASC");
    return ASSAY_OK;
}

static int count_all(struct assay_db_conn *conn, const struct assay_listing *listing,
                     const json_t *params, int64_t *ret_total, struct assay_error *err)
{
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    assay_query_text(&query, "SELECT count(*)");
    ASSAY_TRY(add_where(&query, listing, params, err));
    ASSAY_TRY(assay_query_run(&query, conn, &rows, err));
    *ret_total = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int select_items(struct assay_db_conn *conn, const struct assay_listing *listing,
                        const json_t *params, int64_t limit, int64_t offset, json_t **ret_items,
                        struct assay_error *err)
{
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    assay_query_text(&query, "SELECT ");
    assay_columns_select(&query, listing->columns);
    ASSAY_TRY(add_where(&query, listing, params, err));
    ASSAY_TRY(add_order(&query, listing, params, err));
    assay_query_text(&query, " LIMIT ");
    assay_query_bind(&query, assay_db_int(limit));
    assay_query_text(&query, " OFFSET ");
    assay_query_bind(&query, assay_db_int(offset));
    ASSAY_TRY(assay_query_run(&query, conn, &rows, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_array();
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        json_t *item = NULL;
        ASSAY_TRY(assay_row_object(rows, row, 0, listing->columns, &item, err));
        ASSAY_TRY(assay_json_push(items, item, err));
    }
    if (!items)
        return assay_fail_memory(err);
    *ret_items = ASSAY_TAKE(items);
    return ASSAY_OK;
}

static int whole_param(const json_t *params, const char *name, int64_t fallback, int64_t max,
                       int64_t *ret_value, struct assay_error *err)
{
    const char *text = assay_param(params, name);
    *ret_value = fallback;
    if (!text || !*text)
        return ASSAY_OK;
    if (!assay_param_int(text, ret_value) || *ret_value < 1 || *ret_value > max)
        return assay_fail(err, ASSAY_INVALID, "\"%s\" must be a whole number from 1 to %lld", name,
                          (long long)max);
    return ASSAY_OK;
}

int assay_listing_page(struct assay_db_conn *conn, const struct assay_listing *listing,
                       const json_t *params, json_t **ret_page, struct assay_error *err)
{
    int64_t page, size, total;
    ASSAY_TRY(whole_param(params, "page", 1, INT64_MAX / ASSAY_PAGE_MAX, &page, err));
    ASSAY_TRY(whole_param(params, "size", ASSAY_PAGE_DEFAULT, ASSAY_PAGE_MAX, &size, err));
    ASSAY_TRY(count_all(conn, listing, params, &total, err));
    json_t *items = NULL;
    ASSAY_TRY(select_items(conn, listing, params, size, (page - 1) * size, &items, err));
    json_t *answer = json_pack("{s:o, s:I, s:I, s:I, s:I}", "items", items, "total", total, "page",
                               page, "size", size, "pages", (total + size - 1) / size);
    if (!answer)
        return assay_fail_memory(err);
    *ret_page = answer;
    return ASSAY_OK;
}

int assay_listing_all(struct assay_db_conn *conn, const struct assay_listing *listing,
                      const json_t *params, json_t **ret_items, struct assay_error *err)
{
    return select_items(conn, listing, params, INT64_MAX, 0, ret_items, err);
}

int assay_listing_get(struct assay_db_conn *conn, const struct assay_listing *listing, int64_t id,
                      json_t **ret_item, struct assay_error *err)
{
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    assay_query_text(&query, "SELECT ");
    assay_columns_select(&query, listing->columns);
    assay_query_text(&query, " FROM ");
    assay_query_text(&query, listing->from);
    assay_query_text(&query, " WHERE ");
    assay_query_text(&query, listing->id);
    assay_query_text(&query, " = ");
    assay_query_bind(&query, assay_db_int(id));
    ASSAY_TRY(assay_query_run(&query, conn, &rows, err));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "%s %lld is not in the catalog", listing->noun,
                          (long long)id);
    return assay_row_object(rows, 0, 0, listing->columns, ret_item, err);
}
