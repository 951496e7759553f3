// Conformance: the answer to COMMIT is lost, and nothing is done twice.
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "tests/conformance/job/suite.h"

/* A proxy before PostgreSQL that, once armed, passes a COMMIT on and then cuts the line before its
 * answer. */
struct proxy {
    int listener;
    struct sockaddr_in server;
    atomic_bool armed, stop;
    atomic_int swallowed;
    pthread_t acceptor;
};
struct line {
    struct proxy *proxy;
    int client, server;
};

/* Pass what is there from one end to the other. False: the end, or the cut. */
static bool pass(struct line *line, int from, int to)
{
    char bytes[8192];
    const ssize_t size = read(from, bytes, sizeof bytes);
    if (size <= 0 || write(to, bytes, (size_t)size) != size)
        return false;
    if (from != line->client || !memmem(bytes, (size_t)size, "COMMIT", 6) ||
        !atomic_exchange(&line->proxy->armed, false))
        return true;
    if (read(line->server, bytes, sizeof bytes) >= 0) /* it is committed: nobody hears of it */
        atomic_fetch_add(&line->proxy->swallowed, 1);
    return false;
}

static void *carry(void *context)
{
    struct line *line = context;
    struct pollfd ends[] = {{.fd = line->client, .events = POLLIN},
                            {.fd = line->server, .events = POLLIN}};
    bool open = true;
    while (open && !atomic_load(&line->proxy->stop)) {
        if (poll(ends, 2, 50) <= 0)
            continue;
        if (ends[0].revents)
            open = pass(line, line->client, line->server);
        if (open && ends[1].revents)
            open = pass(line, line->server, line->client);
    }
    (void)close(line->client);
    (void)close(line->server);
    free(line);
    return NULL;
}

static void *accept_all(void *context)
{
    struct proxy *proxy = context;
    pthread_t carriers[32];
    size_t count = 0;
    struct pollfd place = {.fd = proxy->listener, .events = POLLIN};
    while (!atomic_load(&proxy->stop)) {
        if (poll(&place, 1, 50) <= 0 || count == ASSAY_COUNT(carriers))
            continue;
        struct line *line = calloc(1, sizeof *line);
        *line = (struct line){proxy, accept(proxy->listener, NULL, NULL),
                              socket(AF_INET, SOCK_STREAM, 0)};
        if (connect(line->server, (struct sockaddr *)&proxy->server, sizeof proxy->server) ||
            pthread_create(&carriers[count++], NULL, carry, line))
            abort();
    }
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(carriers[i], NULL);
    return NULL;
}

/* The address within "postgresql://user:password@host:port/name", and the same URL by way of the
 * proxy. */
static void proxy_start(struct proxy *proxy, const char *url, char *ret_url, size_t size)
{
    const char *authority = strstr(url, "://") + 3;
    const char *at = memchr(authority, '@', strcspn(authority, "/?"));
    const char *host = at ? at + 1 : authority;
    const char *port = strchr(host, ':') + 1;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t own_size = sizeof own;
    *proxy = (struct proxy){.listener = socket(AF_INET, SOCK_STREAM, 0), .server = own};
    proxy->server.sin_port = htons((uint16_t)atoi(port));
    assert_int_equal(bind(proxy->listener, (struct sockaddr *)&own, own_size), 0);
    assert_int_equal(listen(proxy->listener, 16), 0);
    assert_int_equal(getsockname(proxy->listener, (struct sockaddr *)&own, &own_size), 0);
    (void)snprintf(ret_url, size, "%.*s127.0.0.1:%d%.*s?sslmode=disable", (int)(host - url), url,
                   ntohs(own.sin_port), (int)strcspn(port + strcspn(port, "/?"), "?"),
                   port + strcspn(port, "/?"));
    assert_int_equal(pthread_create(&proxy->acceptor, NULL, accept_all, proxy), 0);
}

static void proxy_stop(struct proxy *proxy)
{
    atomic_store(&proxy->stop, true);
    (void)pthread_join(proxy->acceptor, NULL);
    (void)close(proxy->listener);
}

/* The suite's store, but by way of the proxy. */
struct detour {
    struct proxy proxy;
    struct assay_db *db;
    struct assay_job_store *store;
};

/* Not on the stack: a test that fails leaves the proxy running. */
static struct detour *detour_open(struct suite *s)
{
    char url[640];
    struct detour *d = calloc(1, sizeof *d);
    assert_non_null(d);
    proxy_start(&d->proxy, s->base.url, url, sizeof url);
    TEST_OK(assay_db_open(url, 4, &d->db, &test_err));
    TEST_OK(assay_job_store_open(d->db, &d->store, &test_err));
    return d;
}

static void detour_close(struct detour *d)
{
    assay_job_store_close(d->store);
    assay_db_close(d->db);
    proxy_stop(&d->proxy);
    free(d);
}

static void completion(struct suite *s)
{
    if (s->base.kind == ASSAY_DB_SQLITE)
        return; /* no line to lose */
    const struct suite_running r = suite_run_one(s, "profile");
    struct detour *d = detour_open(s);
    atomic_store(&d->proxy.armed, true);
    TEST_OK(assay_job_complete(d->store, r.task_id, r.epoch, "{\"records\":1}", &test_err));
    assert_int_equal(d->proxy.swallowed, 1);
    suite_expect(s, r.task_id, "state", "succeeded");
    assert_int_equal(suite_number(s, "result_epoch", r.task_id), r.epoch);
    detour_close(d);
}

static void plan(struct suite *s)
{
    static const char *const specs[] = {"{}"};
    static const struct assay_job_task_new tasks[] = {
        {.kind = "profile.split", .split_count = 1, .unblocks = 1},
        {.kind = "profile.merge", .split_count = 1, .unblocks = -1}};
    if (s->base.kind == ASSAY_DB_SQLITE)
        return;
    const struct suite_running r = suite_run_one(s, "profile.plan");
    struct detour *d = detour_open(s);
    atomic_store(&d->proxy.armed, true);
    TEST_OK(assay_job_plan_done(d->store, r.task_id, r.epoch, NULL, specs, 1, tasks, 2, &test_err));
    assert_int_equal(d->proxy.swallowed, 1);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task"), 3); /* once */
    detour_close(d);
}

/* A failure that was counted is not counted again: the repeat is stale, and the worker drops the
 * task. */
static void failure(struct suite *s)
{
    const char *state = NULL;
    if (s->base.kind == ASSAY_DB_SQLITE)
        return;
    const struct suite_running r = suite_run_one(s, "profile");
    struct detour *d = detour_open(s);
    atomic_store(&d->proxy.armed, true);
    TEST_FAILS(ASSAY_UNAVAILABLE,
               assay_job_fail(d->store, r.task_id, r.epoch, false, SUITE_ERROR, &state, &test_err));
    TEST_FAILS(ASSAY_STALE,
               assay_job_fail(d->store, r.task_id, r.epoch, false, SUITE_ERROR, &state, &test_err));
    assert_int_equal(suite_number(s, "failures", r.task_id), 1);
    detour_close(d);
}

static const struct suite_case cases[] = {
    {"completion whose answer is lost", completion},
    {"plan whose answer is lost", plan},
    {"failure whose answer is lost", failure},
};

int main(void)
{
    return suite_main("job: ambiguous commits", cases, ASSAY_COUNT(cases));
}
