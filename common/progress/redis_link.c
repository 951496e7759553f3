// One connection to Redis with deadlines and a breaker.
// SPDX-License-Identifier: Apache-2.0
#include "common/progress/redis_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/number.h"

enum { DEFAULT_PORT = 6379, TIMEOUT_MS = 200, ERRORS_BEFORE_OPEN = 3 };
#define OPEN_NS (5 * ASSAY_NS_PER_S)

void assay_redis_address_release(struct redis_address *address)
{
    if (address->password)
        assay_wipe(address->password, strlen(address->password));
    assay_free(address->host);
    assay_free(address->user);
    assay_free(address->password);
    *address = (struct redis_address){0};
}

static bool parse_number(const char *text, size_t size, int64_t max, int *ret_value)
{
    int64_t value;
    if (!assay_parse_i64(text, size, &value) || value < 0 || value > max)
        return false;
    *ret_value = (int)value;
    return true;
}

/* "host[:port][/database]" */
static bool parse_place(const char *text, struct redis_address *address)
{
    const size_t place = strcspn(text, "/");
    const char *colon = memrchr(text, ':', place);
    const size_t host = colon ? (size_t)(colon - text) : place;
    address->port = DEFAULT_PORT;
    if (colon && !parse_number(colon + 1, place - host - 1, 65535, &address->port))
        return false;
    if (text[place] && text[place + 1] &&
        !parse_number(text + place + 1, strlen(text + place + 1), 65535, &address->database))
        return false;
    address->host = assay_strndup(text, host);
    return host > 0 && address->host;
}

int assay_redis_address_parse(const char *text, struct redis_address *ret_address,
                              struct assay_error *err)
{
    struct redis_address address = {0};
    const char *at = strrchr(text, '@');
    bool good = parse_place(at ? at + 1 : text, &address);
    if (at && good) {
        const size_t user = strcspn(text, ":@");
        if (user)
            good = (address.user = assay_strndup(text, user)) != NULL;
        if (text[user] == ':')
            good = good && (address.password =
                                assay_strndup(text + user + 1, (size_t)(at - text) - user - 1));
    }
    if (!good) {
        assay_redis_address_release(&address);
        return assay_fail(
            err, ASSAY_USAGE,
            "progress.url must look like redis://[user][:password@]host[:port][/database]");
    }
    *ret_address = address;
    return ASSAY_OK;
}

void assay_redis_link_init(struct redis_link *link, const struct redis_address *address)
{
    *link = (struct redis_link){.address = address};
    (void)pthread_mutex_init(&link->lock, NULL);
}

static void drop(struct redis_link *link)
{
    if (link->context)
        redisFree(link->context);
    link->context = NULL;
}

void assay_redis_link_release(struct redis_link *link)
{
    drop(link);
    (void)pthread_mutex_destroy(&link->lock);
}

static void note_error(struct redis_link *link)
{
    drop(link);
    if (++link->errors >= ERRORS_BEFORE_OPEN)
        link->closed_until_ns = assay_monotonic_ns() + OPEN_NS;
}

/* Runs a command of the set-up; its reply is not wanted. */
static int set_up_command(struct redis_link *link, int count, const char **words,
                          struct assay_error *err)
{
    redisReply *reply = NULL;
    ASSAY_TRY(assay_redis_link_append(link, count, words, NULL, err));
    ASSAY_TRY(assay_redis_link_reply(link, &reply, err));
    freeReplyObject(reply);
    return ASSAY_OK;
}

/* A connection to a frozen server succeeds (the kernel takes it), so only an answer to PING proves
 * anything. */
static int greet(struct redis_link *link, struct assay_error *err)
{
    const struct redis_address *address = link->address;
    char database[16];
    (void)snprintf(database, sizeof database, "%d", address->database);
    const char *with_user[] = {"AUTH", address->user, address->password};
    const char *without[] = {"AUTH", address->password};
    const char *select[] = {"SELECT", database}, *ping[] = {"PING"};
    if (address->password)
        ASSAY_TRY(
            set_up_command(link, address->user ? 3 : 2, address->user ? with_user : without, err));
    if (address->database)
        ASSAY_TRY(set_up_command(link, 2, select, err));
    return set_up_command(link, 1, ping, err);
}

int assay_redis_link_ready(struct redis_link *link, struct assay_error *err)
{
    if (link->errors >= ERRORS_BEFORE_OPEN && assay_monotonic_ns() < link->closed_until_ns)
        return assay_fail(err, ASSAY_UNAVAILABLE, "Redis did not answer; tried again every 5 s");
    if (link->context)
        return ASSAY_OK;
    const struct timeval limit = {.tv_usec = TIMEOUT_MS * 1000};
    link->context = redisConnectWithTimeout(link->address->host, link->address->port, limit);
    if (!link->context || link->context->err || redisSetTimeout(link->context, limit) != REDIS_OK) {
        const int rc = assay_fail(err, ASSAY_UNAVAILABLE, "Redis at %s:%d: %s", link->address->host,
                                  link->address->port,
                                  link->context ? link->context->errstr : "out of memory");
        note_error(link);
        return rc;
    }
    return greet(link, err);
}

int assay_redis_link_append(struct redis_link *link, int count, const char **words,
                            const size_t *sizes, struct assay_error *err)
{
    if (redisAppendCommandArgv(link->context, count, words, sizes) == REDIS_OK)
        return ASSAY_OK;
    note_error(link);
    return assay_fail_memory(err);
}

int assay_redis_link_reply(struct redis_link *link, redisReply **ret_reply, struct assay_error *err)
{
    void *reply = NULL;
    if (!link->context || redisGetReply(link->context, &reply) != REDIS_OK) {
        const int rc = assay_fail(err, ASSAY_UNAVAILABLE, "Redis at %s:%d: %s", link->address->host,
                                  link->address->port,
                                  link->context ? link->context->errstr : "not connected");
        note_error(link);
        return rc;
    }
    const redisReply *answer = reply;
    if (answer->type == REDIS_REPLY_ERROR) {
        const int rc = assay_fail(err, ASSAY_UNAVAILABLE, "Redis: %.200s", answer->str);
        freeReplyObject(reply);
        note_error(link);
        return rc;
    }
    link->errors = 0;
    *ret_reply = reply;
    return ASSAY_OK;
}

bool assay_redis_link_is_up(struct redis_link *link)
{
    (void)pthread_mutex_lock(&link->lock);
    bool up = assay_redis_link_ready(link, NULL) == ASSAY_OK;
    if (up) {
        const char *ping[] = {"PING"};
        up = set_up_command(link, 1, ping, NULL) == ASSAY_OK;
    }
    (void)pthread_mutex_unlock(&link->lock);
    return up;
}
