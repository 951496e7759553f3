// Walking folders: what is found, what is left out, and the fence.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "tests/unit/connect/folder.h"
#include "worker/executor/connect/file_walk.h"

static struct folder inside, outside;

static int set_up(void **state)
{
    (void)state;
    folder_make(&inside);
    folder_make(&outside);
    folder_write(&inside, "b.csv", "x");
    folder_write(&inside, "a.json.gz", "x");
    folder_write(&inside, "sub/c.parquet", "xyz");
    folder_write(&inside, ".hidden.csv", "x");
    folder_write(&inside, ".git/d.csv", "x");
    folder_write(&inside, "_temporary/e.csv", "x");
    folder_write(&inside, "readme.md", "x");
    folder_write(&inside, "\xff.csv", "x");
    folder_write(&outside, "secret.csv", "x");
    (void)mkdir(folder_path(&inside, "void"), 0700);
    char target[128];
    (void)snprintf(target, sizeof target, "%s/secret.csv", outside.path);
    assert_int_equal(symlink(target, folder_path(&inside, "leak.csv")), 0);
    assert_int_equal(symlink(outside.path, folder_path(&inside, "leak")), 0);
    assert_int_equal(symlink("b.csv", folder_path(&inside, "link.csv")), 0);
    assert_int_equal(symlink("nowhere.csv", folder_path(&inside, "dangling.csv")), 0);
    assert_int_equal(symlink("..", folder_path(&inside, "sub/loop")), 0);
    assert_int_equal(mkfifo(folder_path(&inside, "pipe.csv"), 0600), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(&inside);
    folder_remove(&outside);
    return 0;
}

static void what_is_found(void **state)
{
    (void)state;
    struct assay_fence fence = {0};
    struct assay_walk walk = {0};
    assert_int_equal(assay_fence_add(&fence, inside.path, NULL), ASSAY_OK);
    assert_int_equal(assay_walk_folder(fence.folders[0], &fence, NULL, &walk, NULL), ASSAY_OK);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf names = {0};
    for (size_t i = 0; i < walk.count; i++)
        assay_buf_printf(&names, "%s:%lld%s ", walk.files[i].name,
                         (long long)walk.files[i].size_bytes,
                         !walk.files[i].error                           ? ""
                         : strstr(walk.files[i].error, "leads outside") ? "!"
                                                                        : "?");
    assert_string_equal(assay_buf_str(&names),
                        "a.json.gz:1 b.csv:1 dangling.csv:-1? leak:-1! leak.csv:-1! link.csv:1 "
                        "sub/c.parquet:3 \xff.csv:-1? ");
    assay_walk_release(&walk);
    assay_fence_release(&fence);
}

static void another_root_is_reached(void **state)
{
    (void)state;
    struct assay_fence fence = {0};
    struct assay_walk walk = {0};
    assert_int_equal(assay_fence_add(&fence, inside.path, NULL), ASSAY_OK);
    assert_int_equal(assay_fence_add(&fence, outside.path, NULL), ASSAY_OK);
    assert_int_equal(assay_walk_folder(fence.folders[0], &fence, NULL, &walk, NULL), ASSAY_OK);
    bool found = false;
    for (size_t i = 0; i < walk.count; i++)
        found = found || strcmp(walk.files[i].name, "leak/secret.csv") == 0;
    assert_true(found);
    assay_walk_release(&walk);
    assay_fence_release(&fence);
}

static void fence_holds(void **state)
{
    (void)state;
    struct assay_fence fence = {0};
    char *path = NULL;
    char beside[128];
    assert_int_equal(assay_fence_add(&fence, inside.path, NULL), ASSAY_OK);
    (void)snprintf(beside, sizeof beside, "%s/../%s/secret.csv", inside.path,
                   strrchr(outside.path, '/') + 1);
    assert_int_equal(assay_fence_resolve(&fence, beside, &path, NULL), ASSAY_DENIED);
    assert_int_equal(assay_fence_resolve(&fence, folder_path(&inside, "leak.csv"), &path, NULL),
                     ASSAY_DENIED);
    assert_int_equal(assay_fence_resolve(&fence, folder_path(&inside, "nothing"), &path, NULL),
                     ASSAY_NOT_FOUND);
    (void)snprintf(beside, sizeof beside, "%sx",
                   inside.path); /* a sibling whose name only begins alike */
    assert_int_equal(mkdir(beside, 0700), 0);
    assert_int_equal(assay_fence_resolve(&fence, beside, &path, NULL), ASSAY_DENIED);
    (void)rmdir(beside);
    assert_int_equal(
        assay_fence_resolve(&fence, folder_path(&inside, "sub/../link.csv"), &path, NULL),
        ASSAY_OK);
    assert_string_equal(strrchr(path, '/'), "/b.csv");
    assay_free(path);
    assay_fence_release(&fence);
}

static void missing_root(void **state)
{
    (void)state;
    struct assay_fence fence = {0};
    struct assay_walk walk = {0};
    assert_int_equal(assay_walk_folder(folder_path(&inside, "nothing"), &fence, NULL, &walk, NULL),
                     ASSAY_NOT_FOUND);
    const atomic_bool cancelled = true;
    assert_int_equal(assay_walk_folder(inside.path, &fence, &cancelled, &walk, NULL),
                     ASSAY_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found),
        cmocka_unit_test(another_root_is_reached),
        cmocka_unit_test(fence_holds),
        cmocka_unit_test(missing_root),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
