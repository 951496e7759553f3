// Progress in Redis: updates are coalesced and sent twice a second by one thread; reads have a
// connection of their own. Keys: <prefix>:op:<id> hash, :tasks set, :ev stream;
// <prefix>:task:<id> hash.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/number.h"
#include "common/progress/progress_ops.h"
#include "common/progress/redis_link.h"

enum { SEND_EVERY_MS = 500, PENDING_MAX = 1024, WORDS_MAX = 72, NUMBER_TEXT = 32 };

/* KEYS: task hash, operation's task set. ARGV: epoch, ttl of the hash, ttl of the set, task id,
 * field, value, … */
static const char put_task_script[] =
    "local e = redis.call('HGET', KEYS[1], 'epoch') "
    "if e and tonumber(e) > tonumber(ARGV[1]) then return 0 end "
    "redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'task_id', ARGV[4], unpack(ARGV, 5)) "
    "redis.call('EXPIRE', KEYS[1], ARGV[2]) redis.call('SADD', KEYS[2], ARGV[4]) "
    "redis.call('EXPIRE', KEYS[2], ARGV[3]) "
    "return 1";
/* KEYS: operation hash, event stream. ARGV: ttl, greatest length, field, value, … */
static const char put_operation_script[] =
    "redis.call('HSET', KEYS[1], unpack(ARGV, 3)) redis.call('EXPIRE', KEYS[1], ARGV[1]) "
    "redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', unpack(ARGV, 3)) "
    "redis.call('EXPIRE', KEYS[2], ARGV[1]) "
    "return 1";
#define OPERATION_TTL "86400"
#define TASK_TTL      "3600"

struct redis_progress {
    struct assay_progress base;
    struct redis_address address;
    char *prefix;
    struct redis_link send_link, read_link;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake, idle;
    struct assay_progress_update pending[PENDING_MAX];
    size_t count;
    bool stop, hurry, sending;
};

/* The words of one command; numbers live beside them. */
struct command {
    const char *words[WORDS_MAX];
    char numbers[WORDS_MAX][NUMBER_TEXT];
    char keys[2][160];
    int count;
};

static void add(struct command *command, const char *word)
{
    if (command->count < WORDS_MAX)
        command->words[command->count++] = word;
}

static void add_value(struct command *command, const json_t *value)
{
    char *number = command->numbers[command->count < WORDS_MAX ? command->count : 0];
    if (json_is_integer(value))
        (void)snprintf(number, NUMBER_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        (void)snprintf(number, NUMBER_TEXT, "%.17g", json_real_value(value));
    else
        number = NULL;
    add(command, number                  ? number
                 : json_is_string(value) ? json_string_value(value)
                 : json_is_true(value)   ? "true"
                                         : "");
}

static void add_fields(struct command *command, json_t *fields)
{
    const char *name;
    json_t *value;
    json_object_foreach(fields, name, value)
    {
        if (command->count + 2 > WORDS_MAX || json_is_null(value))
            continue;
        add(command, name);
        add_value(command, value);
    }
}

static void build(const struct redis_progress *progress, const struct assay_progress_update *update,
                  struct command *command, char numbers[2][NUMBER_TEXT])
{
    command->count = 0;
    (void)snprintf(numbers[0], NUMBER_TEXT, "%" PRId64, update->epoch);
    (void)snprintf(numbers[1], NUMBER_TEXT, "%" PRId64, update->task_id);
    const char *kind = update->task_id ? "task" : "op";
    (void)snprintf(command->keys[0], sizeof command->keys[0], "%.100s:%s:%" PRId64,
                   progress->prefix, kind, update->task_id ? update->task_id : update->op_id);
    (void)snprintf(command->keys[1], sizeof command->keys[1], "%.100s:op:%" PRId64 ":%s",
                   progress->prefix, update->op_id, update->task_id ? "tasks" : "ev");
    add(command, "EVAL");
    add(command, update->task_id ? put_task_script : put_operation_script);
    add(command, "2");
    add(command, command->keys[0]);
    add(command, command->keys[1]);
    if (update->task_id) {
        add(command, numbers[0]);
        add(command, TASK_TTL);
        add(command, OPERATION_TTL);
        add(command, numbers[1]);
    } else {
        add(command, OPERATION_TTL);
        add(command, "1000");
    }
    add_fields(command, update->fields);
}

static int send_updates(struct redis_progress *progress,
                        const struct assay_progress_update *updates, size_t count)
{
    struct redis_link *link = &progress->send_link;
    (void)pthread_mutex_lock(&link->lock);
    int rc = assay_redis_link_ready(link, NULL);
    for (size_t i = 0; i < count && rc == ASSAY_OK; i++) {
        struct command command;
        char numbers[2][NUMBER_TEXT];
        build(progress, &updates[i], &command, numbers);
        rc = assay_redis_link_append(link, command.count, command.words, NULL, NULL);
    }
    for (size_t i = 0; i < count && rc == ASSAY_OK; i++) {
        redisReply *reply = NULL;
        rc = assay_redis_link_reply(link, &reply, NULL);
        if (reply)
            freeReplyObject(reply);
    }
    (void)pthread_mutex_unlock(&link->lock);
    return rc;
}

static void wait_for_work(struct redis_progress *progress)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += SEND_EVERY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / ASSAY_NS_PER_S;
    until.tv_nsec %= ASSAY_NS_PER_S;
    while (!progress->stop && !progress->hurry &&
           pthread_cond_timedwait(&progress->wake, &progress->lock, &until) == 0)
        continue;
    progress->hurry = false;
}

/* Takes everything pending, sends it outside the lock, and drops it whether it arrived or not: the
 * next update repeats it. */
static void *sender(void *context)
{
    struct redis_progress *progress = context;
    struct assay_progress_update *batch = assay_calloc(PENDING_MAX, sizeof *batch);
    (void)pthread_mutex_lock(&progress->lock);
    while (batch && (!progress->stop || progress->count)) {
        if (!progress->stop)
            wait_for_work(progress);
        const size_t count = progress->count;
        if (count) {
            memcpy(batch, progress->pending, count * sizeof *batch);
            progress->count = 0;
            progress->sending = true;
            (void)pthread_mutex_unlock(&progress->lock);
            (void)send_updates(progress, batch, count);
            for (size_t i = 0; i < count; i++)
                json_decref(batch[i].fields);
            (void)pthread_mutex_lock(&progress->lock);
            progress->sending = false;
        }
        (void)pthread_cond_broadcast(&progress->idle);
    }
    (void)pthread_mutex_unlock(&progress->lock);
    assay_free(batch);
    return NULL;
}

static int redis_open(const char *address, const char *prefix, struct assay_progress **ret_progress,
                      struct assay_error *err)
{
    struct redis_progress *progress = assay_calloc(1, sizeof *progress);
    if (!progress)
        return assay_fail_memory(err);
    progress->base.ops = &assay_progress_redis;
    (void)pthread_mutex_init(&progress->lock, NULL);
    (void)pthread_cond_init(&progress->wake, NULL);
    (void)pthread_cond_init(&progress->idle, NULL);
    assay_redis_link_init(&progress->send_link, &progress->address);
    assay_redis_link_init(&progress->read_link, &progress->address);
    progress->prefix = assay_strdup(prefix);
    int rc = progress->prefix ? assay_redis_address_parse(address, &progress->address, err)
                              : assay_fail_memory(err);
    if (rc == ASSAY_OK && pthread_create(&progress->thread, NULL, sender, progress))
        rc = assay_fail(err, ASSAY_NO_MEMORY, "no thread for progress");
    progress->started = rc == ASSAY_OK;
    if (rc != ASSAY_OK) {
        assay_progress_redis.close(&progress->base);
        return rc;
    }
    *ret_progress = &progress->base;
    return ASSAY_OK;
}

static void redis_close(struct assay_progress *base)
{
    struct redis_progress *progress = (struct redis_progress *)base;
    (void)pthread_mutex_lock(&progress->lock);
    progress->stop = true;
    (void)pthread_cond_broadcast(&progress->wake);
    (void)pthread_mutex_unlock(&progress->lock);
    if (progress->started)
        (void)pthread_join(progress->thread, NULL);
    assay_redis_link_release(&progress->send_link);
    assay_redis_link_release(&progress->read_link);
    assay_redis_address_release(&progress->address);
    (void)pthread_cond_destroy(&progress->wake);
    (void)pthread_cond_destroy(&progress->idle);
    (void)pthread_mutex_destroy(&progress->lock);
    assay_free(progress->prefix);
    assay_free(progress);
}

static bool redis_is_up(struct assay_progress *base)
{
    return assay_redis_link_is_up(&((struct redis_progress *)base)->read_link);
}

/* Updates of a task are coalesced to the latest; an operation's are events and stay apart. */
static void redis_put(struct assay_progress *base, struct assay_progress_update *update)
{
    struct redis_progress *progress = (struct redis_progress *)base;
    json_t *unused = update->fields;
    (void)pthread_mutex_lock(&progress->lock);
    size_t at = progress->count;
    for (size_t i = 0; i < progress->count && update->task_id; i++)
        if (progress->pending[i].task_id == update->task_id)
            at = i;
    if (at < progress->count && progress->pending[at].epoch <= update->epoch) {
        unused = progress->pending[at].fields;
        progress->pending[at] = *update;
    } else if (at == progress->count && at < PENDING_MAX) {
        progress->pending[progress->count++] = *update;
        unused = NULL;
    }
    (void)pthread_mutex_unlock(&progress->lock);
    json_decref(unused);
}

static void redis_flush(struct assay_progress *base, int timeout_ms)
{
    struct redis_progress *progress = (struct redis_progress *)base;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000 + 1;
    (void)pthread_mutex_lock(&progress->lock);
    int waited = 0;
    while ((progress->count || progress->sending) && waited == 0) {
        progress->hurry = true;
        (void)pthread_cond_broadcast(&progress->wake);
        waited = pthread_cond_timedwait(&progress->idle, &progress->lock, &until);
    }
    (void)pthread_mutex_unlock(&progress->lock);
}

static json_t *value_of(const redisReply *reply)
{
    int64_t integer;
    double real;
    if (assay_parse_i64(reply->str, reply->len, &integer))
        return json_integer(integer);
    if (assay_parse_double(reply->str, reply->len, &real))
        return json_real(real);
    return assay_json_safe_string(reply->str, reply->len);
}

/* "field, value, …" of a hash or a stream entry */
static int object_of(const redisReply *reply, json_t **ret_object, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *object = json_object();
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        ASSAY_TRY(
            assay_json_set(object, reply->element[i]->str, value_of(reply->element[i + 1]), err));
    if (!object)
        return assay_fail_memory(err);
    *ret_object = ASSAY_TAKE(object);
    return ASSAY_OK;
}

/* Under the read link's lock. */
static int ask(struct redis_link *link, int count, const char **words, redisReply **ret_reply,
               struct assay_error *err)
{
    ASSAY_TRY(assay_redis_link_ready(link, err));
    ASSAY_TRY(assay_redis_link_append(link, count, words, NULL, err));
    return assay_redis_link_reply(link, ret_reply, err);
}

static int read_hash(struct redis_progress *progress, const char *kind, const char *id,
                     json_t **ret_object, struct assay_error *err)
{
    char key[192];
    (void)snprintf(key, sizeof key, "%.100s:%s:%s", progress->prefix, kind, id);
    const char *words[] = {"HGETALL", key};
    redisReply *reply = NULL;
    ASSAY_TRY(ask(&progress->read_link, 2, words, &reply, err));
    const int rc = object_of(reply, ret_object, err);
    freeReplyObject(reply);
    return rc;
}

static int read_tasks(struct redis_progress *progress, const char *op_id, json_t *tasks,
                      struct assay_error *err)
{
    char key[192];
    (void)snprintf(key, sizeof key, "%.100s:op:%s:tasks", progress->prefix, op_id);
    const char *words[] = {"SMEMBERS", key};
    redisReply *reply = NULL;
    ASSAY_TRY(ask(&progress->read_link, 2, words, &reply, err));
    int rc = ASSAY_OK;
    for (size_t i = 0; i < reply->elements && rc == ASSAY_OK; i++) {
        json_t *task = NULL;
        rc = read_hash(progress, "task", reply->element[i]->str, &task, err);
        if (rc == ASSAY_OK)
            rc = assay_json_push(tasks, task, err);
    }
    freeReplyObject(reply);
    return rc;
}

static int redis_get(struct assay_progress *base, int64_t op_id, json_t **ret_state,
                     struct assay_error *err)
{
    struct redis_progress *progress = (struct redis_progress *)base;
    char id[NUMBER_TEXT];
    (void)snprintf(id, sizeof id, "%" PRId64, op_id);
    json_t *operation = NULL, *tasks = json_array();
    (void)pthread_mutex_lock(&progress->read_link.lock);
    int rc = read_hash(progress, "op", id, &operation, err);
    if (rc == ASSAY_OK)
        rc = read_tasks(progress, id, tasks, err);
    (void)pthread_mutex_unlock(&progress->read_link.lock);
    if (rc == ASSAY_OK && !json_object_size(operation) && !json_array_size(tasks))
        rc = assay_fail(err, ASSAY_NOT_FOUND, "no progress of operation %" PRId64, op_id);
    json_t *state = NULL;
    if (rc == ASSAY_OK) {
        state = json_pack("{s:O, s:O}", "operation", operation, "tasks", tasks);
        rc = state ? ASSAY_OK : assay_fail_memory(err);
    }
    if (rc == ASSAY_OK)
        *ret_state = state;
    json_decref(operation);
    json_decref(tasks);
    return rc;
}

static int events_of(const redisReply *reply, json_t *events, struct assay_error *err)
{
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *entry = reply->element[i];
        json_t *fields = NULL;
        ASSAY_TRY(object_of(entry->element[1], &fields, err));
        ASSAY_TRY(assay_json_push(
            events, json_pack("{s:s, s:o}", "id", entry->element[0]->str, "fields", fields), err));
    }
    return ASSAY_OK;
}

static int redis_events(struct assay_progress *base, int64_t op_id, const char *after,
                        json_t **ret_events, struct assay_error *err)
{
    struct redis_progress *progress = (struct redis_progress *)base;
    char key[192], from[96];
    (void)snprintf(key, sizeof key, "%.100s:op:%" PRId64 ":ev", progress->prefix, op_id);
    (void)snprintf(from, sizeof from, "(%.80s", after);
    const char *words[] = {"XRANGE", key, !strcmp(after, "0") ? "-" : from, "+", "COUNT", "100"};
    redisReply *reply = NULL;
    (void)pthread_mutex_lock(&progress->read_link.lock);
    int rc = ask(&progress->read_link, 6, words, &reply, err);
    (void)pthread_mutex_unlock(&progress->read_link.lock);
    ASSAY_TRY(rc);
    ASSAY_AUTO(assay_json_decref) json_t *events = json_array();
    rc = events_of(reply, events, err);
    freeReplyObject(reply);
    if (rc == ASSAY_OK && !events)
        rc = assay_fail_memory(err);
    if (rc == ASSAY_OK)
        *ret_events = ASSAY_TAKE(events);
    return rc;
}

const struct assay_progress_ops assay_progress_redis = {
    .open = redis_open,
    .close = redis_close,
    .is_up = redis_is_up,
    .put = redis_put,
    .flush = redis_flush,
    .get = redis_get,
    .events = redis_events,
};
