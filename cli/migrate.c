// `assay migrate`: brings the catalog to this program's version.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/about.h"
#include "cli/role.h"
#include "cli/run/config_args.h"
#include "common/db/migrate.h"
#include "common/queue/queue.h"

static int create_topics(const struct assay_config *config, struct assay_error *err)
{
    const char *url = assay_config_text(config, "queue.url");
    if (!url)
        return assay_fail(err, ASSAY_USAGE,
                          "creating topics: queue.url is not set: set it to kafka://HOST:9092");
    ASSAY_AUTO(assay_queue_close) struct assay_queue *queue = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *options = NULL;
    ASSAY_TRY(assay_role_queue_options(config, "assay-migrate", &options, err));
    ASSAY_TRY(assay_queue_open(url, options, &queue, err));
    ASSAY_TRY(assay_queue_create_topics(queue, assay_config_text(config, "worker.pool"), err));
    return puts("topics are there") < 0 ? assay_fail(err, ASSAY_IO, "writing the output failed")
                                        : ASSAY_OK;
}

int assay_migrate_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    ASSAY_AUTO(assay_config_free) struct assay_config *config = NULL;
    ASSAY_TRY(assay_config_of_args("", args, &config, err));
    const char *url = assay_config_text(config, "catalog.url");
    if (!url)
        return assay_fail(err, ASSAY_USAGE,
                          "migrating the catalog: catalog.url is not set: set it to sqlite:PATH or "
                          "postgresql://USER@HOST/DB");
    ASSAY_AUTO(assay_db_close) struct assay_db *db = NULL;
    ASSAY_TRY(assay_db_open(url, 1, &db, err));
    int version;
    if (assay_args_given(args, "check"))
        ASSAY_TRY(assay_migrate_check(db, &version, err));
    else
        ASSAY_TRY(assay_migrate(db, &version, err));
    (void)printf("the catalog is at version %d\n", version);
    *ret_exit = ASSAY_EXIT_DONE;
    return assay_args_given(args, "topics") ? create_topics(config, err) : ASSAY_OK;
}
