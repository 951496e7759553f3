/* One connection to Redis with deadlines and a breaker; only files of this folder include it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROGRESS_REDIS_LINK_H
#define ASSAY_PROGRESS_REDIS_LINK_H

#include <hiredis/hiredis.h>
#include <pthread.h>

#include "common/base/error.h"

struct redis_address {
    char *host, *user, *password;
    int port, database;
};
/** "[user][:password]@host[:port][/database]". ASSAY_USAGE without repeating the text, which may
 * hold a password. */
ASSAY_MUST_CHECK int assay_redis_address_parse(const char *text, struct redis_address *ret_address,
                                               struct assay_error *err);
void assay_redis_address_release(struct redis_address *address);

/** A connection that is made when needed. Connecting and every command wait at most 200 ms; after 3
 * errors in a row nothing is tried for 5 s. Callers hold `lock` from the first append to the last
 * reply. */
struct redis_link {
    const struct redis_address *address;
    pthread_mutex_t lock;
    redisContext *context; /* NULL = not connected */
    int errors;            /* in a row */
    int64_t closed_until_ns;
};
void assay_redis_link_init(struct redis_link *link, const struct redis_address *address);
void assay_redis_link_release(struct redis_link *link);
/** Under the lock: connected and answering, or ASSAY_UNAVAILABLE at once while the breaker is
 * open. */
ASSAY_MUST_CHECK int assay_redis_link_ready(struct redis_link *link, struct assay_error *err);
/** Under the lock: the reply to one appended command, the caller's (freeReplyObject()). An error
 * reply gives ASSAY_UNAVAILABLE; a broken connection is dropped, for it is dead for good. */
ASSAY_MUST_CHECK int assay_redis_link_reply(struct redis_link *link, redisReply **ret_reply,
                                            struct assay_error *err);
/** Under the lock: append (not yet sent) one command. */
ASSAY_MUST_CHECK int assay_redis_link_append(struct redis_link *link, int count, const char **words,
                                             const size_t *sizes, struct assay_error *err);
/** Is the breaker closed and was the last command answered? */
bool assay_redis_link_is_up(struct redis_link *link);

#endif
