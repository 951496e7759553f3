// The `file` connector: a folder of this machine, within its fence.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/connect/file.h"
#include "worker/executor/connect/file_describe.h"
#include "worker/executor/connect/file_list.h"

/* A container opened before, kept for the next read of it. */
struct kept_set {
    struct kept_set *next;
    char *key;
    struct assay_file_set *set;
};

struct file_conn {
    struct assay_conn base;
    char *root; /* real path; NULL when only given paths are read */
    struct assay_fence fence;
    pthread_mutex_t lock;  /* guards kept */
    struct kept_set *kept; /* sets are immutable once kept */
};

static void file_close(struct assay_conn *base)
{
    struct file_conn *conn = (struct file_conn *)base;
    if (!conn)
        return;
    for (struct kept_set *kept = conn->kept, *next; kept; kept = next) {
        next = kept->next;
        assay_file_set_free(kept->set);
        assay_free(kept->key);
        assay_free(kept);
    }
    (void)pthread_mutex_destroy(&conn->lock);
    assay_fence_release(&conn->fence);
    assay_free(conn->root);
    assay_free(conn);
}

/* The folder of a file: URI, percent signs decoded. */
static int append_uri_folder(struct assay_buf *path, const char *uri, struct assay_error *err)
{
    if (strncmp(uri, "file://", 7) != 0 ||
        (uri[7] != '/' && strncmp(uri + 7, "localhost/", 10) != 0))
        return assay_fail(err, ASSAY_INVALID, "file: uri is %.200s: give file:///folder", uri);
    for (const char *c = strchr(uri + 7, '/'); *c; c++) {
        const int high = *c == '%' ? assay_hex_digit(c[1]) : -1,
                  low = high >= 0 ? assay_hex_digit(c[2]) : -1;
        if (low >= 0 && (high || low)) {
            assay_buf_char(path, (char)(high << 4 | low));
            c += 2;
        } else {
            assay_buf_char(path, *c);
        }
    }
    return assay_buf_check(path, err);
}

static int add_roots(struct file_conn *conn, const json_t *roots, struct assay_error *err)
{
    size_t i;
    const json_t *root;
    json_array_foreach(roots, i, root)
    {
        if (!json_is_string(root))
            return assay_fail(err, ASSAY_INVALID, "file: roots holds something that is no text");
        ASSAY_TRY(assay_fence_add(&conn->fence, json_string_value(root), err));
    }
    return ASSAY_OK;
}

/* The datastore's folder must lie in the connection's one, and that in the roots allowed. */
static int settle_root(struct file_conn *conn, const json_t *properties, struct assay_error *err)
{
    const json_t *roots = assay_json_get(properties, "roots");
    const char *uri = assay_json_str(properties, "uri", NULL),
               *root = assay_json_str(properties, "root", NULL);
    const char *below = assay_json_str(properties, "root_path", "");
    if (roots && !json_array_size(roots))
        return assay_fail(err, ASSAY_DENIED, "file: no folder is allowed here: set file.roots");
    ASSAY_TRY(add_roots(conn, roots, err));
    if (!uri && !root)
        return ASSAY_OK;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    if (root)
        assay_buf_text(&path, root);
    else
        ASSAY_TRY(append_uri_folder(&path, uri, err));
    ASSAY_AUTO(assay_free_text) char *folder = NULL;
    ASSAY_TRY(assay_fence_resolve(&conn->fence, assay_buf_str(&path), &folder, err));
    ASSAY_SCOPED(assay_fence_release) struct assay_fence own = {0};
    ASSAY_TRY(assay_fence_add(&own, folder, err));
    assay_buf_printf(&path, "/%s", below);
    ASSAY_TRY(assay_fence_resolve(&own, assay_buf_str(&path), &conn->root, err));
    return conn->fence.count ? ASSAY_OK : assay_fence_add(&conn->fence, conn->root, err);
}

static int file_open(const json_t *properties, int64_t timeout_ms, const atomic_bool *cancelled,
                     struct assay_conn **ret_conn, struct assay_error *err)
{
    (void)timeout_ms;
    struct file_conn *conn = assay_calloc(1, sizeof *conn);
    if (!conn)
        return assay_fail_memory(err);
    conn->base = (struct assay_conn){&assay_file_connector, cancelled};
    (void)pthread_mutex_init(&conn->lock, NULL);
    const int rc = settle_root(conn, properties, err);
    if (rc != ASSAY_OK) {
        file_close(&conn->base);
        return rc;
    }
    *ret_conn = &conn->base;
    return ASSAY_OK;
}

static int file_ping(struct assay_conn *base, char **ret_product, struct assay_error *err)
{
    const struct file_conn *conn = (const struct file_conn *)base;
    struct stat info;
    if (conn->root && (stat(conn->root, &info) || !S_ISDIR(info.st_mode)))
        return assay_fail_errno(err, assay_code_of_errno(errno), errno, "%s is no folder",
                                conn->root);
    char *product = assay_strdup("local folder");
    if (!product)
        return assay_fail_memory(err);
    *ret_product = product;
    return ASSAY_OK;
}

static int file_list(struct assay_conn *base, const json_t *options, assay_found_fn *found,
                     void *context, struct assay_error *err)
{
    const struct file_conn *conn = (const struct file_conn *)base;
    if (!conn->root)
        return assay_fail(err, ASSAY_INVALID, "file: a folder is needed to list: give uri");
    return assay_file_list(conn->root, &conn->fence,
                           assay_json_bool(options, "folder_globbing_enabled", false), NULL,
                           base->cancelled, found, context, err);
}

/* Files of a container that is known by name only: a file, or a pattern of the listing. */
static int find_files(const struct file_conn *conn, const char *name, json_t **ret_files,
                      struct assay_error *err)
{
    if (!conn->root)
        return assay_fail(err, ASSAY_INVALID,
                          "%s has no files, and no folder is set to look for it", name);
    ASSAY_SCOPED(assay_walk_release) struct assay_walk walk = {0};
    ASSAY_TRY(assay_walk_folder(conn->root, &conn->fence, conn->base.cancelled, &walk, err));
    ASSAY_AUTO(assay_json_decref) json_t *files = json_array();
    for (size_t i = 0; i < walk.count; i++) {
        const struct assay_walk_file *file = &walk.files[i];
        if (strcmp(file->name, name) != 0 && fnmatch(name, file->name, FNM_PATHNAME) != 0)
            continue;
        if (file->error)
            return assay_fail(err, ASSAY_DENIED, "%s", file->error);
        ASSAY_TRY(assay_json_push(
            files,
            json_pack("{s:o}", "path", assay_json_safe_string(file->path, strlen(file->path))),
            err));
    }
    if (!json_array_size(files))
        return assay_fail(err, ASSAY_NOT_FOUND, "%s: no such file below %s", name, conn->root);
    *ret_files = ASSAY_TAKE(files);
    return ASSAY_OK;
}

/* The container with its files. */
static int complete_container(const struct file_conn *conn, const json_t *container,
                              json_t **ret_container, struct assay_error *err)
{
    if (json_array_size(json_object_get(container, "files"))) {
        *ret_container = json_incref((json_t *)container);
        return ASSAY_OK;
    }
    const char *name = NULL;
    json_t *files = NULL;
    ASSAY_TRY(assay_json_need_str(container, "name", &name, err));
    ASSAY_TRY(find_files(conn, name, &files, err));
    json_t *complete = json_pack("{s:s, s:o}", "name", name, "files", files);
    if (!complete)
        return assay_fail_memory(err);
    *ret_container = complete;
    return ASSAY_OK;
}

/* What tells one opened container from another. */
static char *set_key(const json_t *container, const json_t *reader_options)
{
    struct assay_buf key = {0};
    if (assay_json_append(container, &key, NULL) != ASSAY_OK ||
        (reader_options && assay_json_append(reader_options, &key, NULL) != ASSAY_OK)) {
        assay_buf_release(&key);
        return NULL;
    }
    return assay_buf_take(&key);
}

static int keep_set(struct file_conn *conn, const json_t *container, const json_t *reader_options,
                    char *key, struct assay_file_set **ret_set, struct assay_error *err)
{
    for (struct kept_set *kept = conn->kept; kept; kept = kept->next)
        if (strcmp(kept->key, key) == 0) {
            assay_free(key);
            *ret_set = kept->set;
            return ASSAY_OK;
        }
    ASSAY_AUTO(assay_free_text) char *own_key = key;
    ASSAY_AUTO(assay_json_decref) json_t *complete = NULL;
    ASSAY_TRY(complete_container(conn, container, &complete, err));
    ASSAY_AUTO(assay_file_set_free) struct assay_file_set *set = NULL;
    ASSAY_TRY(assay_file_set_open(complete, reader_options, &conn->fence, false,
                                  conn->base.cancelled, &set, err));
    struct kept_set *kept = assay_calloc(1, sizeof *kept);
    if (!kept)
        return assay_fail_memory(err);
    *kept = (struct kept_set){conn->kept, ASSAY_TAKE(own_key), ASSAY_TAKE(set)};
    conn->kept = kept;
    *ret_set = kept->set;
    return ASSAY_OK;
}

int assay_file_conn_set(struct assay_conn *base, const json_t *container,
                        const json_t *reader_options, struct assay_file_set **ret_set,
                        struct assay_error *err)
{
    struct file_conn *conn = (struct file_conn *)base;
    char *key = set_key(container, reader_options);
    if (!key)
        return assay_fail_memory(err);
    (void)pthread_mutex_lock(&conn->lock);
    const int rc = keep_set(conn, container, reader_options, key, ret_set, err);
    (void)pthread_mutex_unlock(&conn->lock);
    return rc;
}

static int describe_sample(struct file_conn *conn, const json_t *container,
                           const json_t *reader_options, struct assay_schema *ret_schema,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *complete = NULL;
    ASSAY_AUTO(assay_file_set_free) struct assay_file_set *set = NULL;
    ASSAY_TRY(complete_container(conn, container, &complete, err));
    ASSAY_TRY(assay_file_set_open(complete, reader_options, &conn->fence, true,
                                  conn->base.cancelled, &set, err));
    return assay_file_set_describe(set, ret_schema, err);
}

static int file_describe(struct assay_conn *base, const json_t *container,
                         const json_t *reader_options, struct assay_schema *ret_schema,
                         struct assay_error *err)
{
    struct file_conn *conn = (struct file_conn *)base;
    if (assay_json_bool(reader_options, "sample_fields", false))
        return describe_sample(conn, container, reader_options, ret_schema, err);
    struct assay_file_set *set = NULL;
    ASSAY_TRY(assay_file_conn_set(base, container, reader_options, &set, err));
    return assay_file_set_describe(set, ret_schema, err);
}

static int file_read(struct assay_conn *base, const json_t *container, const json_t *reader_options,
                     const struct assay_split *split, const char *const *fields,
                     size_t fields_count, struct assay_reader **ret_reader, struct assay_error *err)
{
    struct assay_file_set *set = NULL;
    ASSAY_TRY(assay_file_conn_set(base, container, reader_options, &set, err));
    return assay_file_set_read(set, split ? split->bounds : NULL, fields, fields_count,
                               base->cancelled, ret_reader, err);
}

static int file_plan(struct assay_conn *base, const json_t *container, const json_t *reader_options,
                     const struct assay_plan_goal *goal, json_t **ret_groups,
                     struct assay_error *err)
{
    struct assay_file_set *set = NULL;
    ASSAY_TRY(assay_file_conn_set(base, container, reader_options, &set, err));
    return assay_file_set_plan(set, goal, ret_groups, err);
}

const struct assay_connector assay_file_connector = {
    .name = "file",
    .open = file_open,
    .close = file_close,
    .ping = file_ping,
    .list = file_list,
    .describe = file_describe,
    .read = file_read,
    .plan = file_plan,
};
