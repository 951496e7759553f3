// A small executor that misbehaves as its task says: {"settings": {"behave": NAME}}.
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/json/json.h"
#include "common/msg/frame.h"

enum { CONTROL = 3, FRAMES = 4 };

static struct assay_buf control;
static struct assay_frame frame;

static bool next_frame(void)
{
    bool end = true;
    return assay_frame_read(CONTROL, &control, &frame, &end, NULL) == ASSAY_OK && !end;
}

static void send_text(enum assay_frame_type type, const char *text)
{
    if (assay_frame_write(FRAMES, type, text, strlen(text), NULL) != ASSAY_OK)
        exit(9);
}

static void send_done(void)
{
    send_text(ASSAY_FRAME_DONE, "{\"records\":1}");
}

static void wait_for(enum assay_frame_type type)
{
    while (next_frame())
        if (frame.type == type)
            return;
    exit(8);
}

static void hang(void)
{
    for (;;)
        (void)pause();
}

/* Its progress says that it is ready. */
static void ignore_sigterm(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    send_text(ASSAY_FRAME_PROGRESS, "{}");
    hang();
}

static void segv(void)
{
    (void)fputs("about to die with password hunter22 in hand\n", stderr);
    (void)signal(SIGSEGV, SIG_DFL); /* not the sanitizer's */
    (void)raise(SIGSEGV);
}

static void flood_stderr(void)
{
    for (int i = 0; i < 200000; i++)
        (void)fprintf(stderr, "line %d of a flood\n", i);
    send_done();
}

static void garbage(void)
{
    if (write(FRAMES, "no frame at all, just text", 26) == 26)
        hang();
}

static void leave(void)
{
    (void)fputs("line one\nline two\n", stderr);
    exit(7);
}

static void close_frames(void)
{
    (void)close(FRAMES);
    hang();
}

/* More than any limit of its test, and keeps it. */
static void eat_memory(void)
{
    for (size_t mib = 0; mib < 700; mib++) {
        char *piece =
            mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (piece == MAP_FAILED)
            exit(5);
        memset(piece, 1, 1 << 20);
    }
    hang();
}

static void be_cancelled(void)
{
    send_text(ASSAY_FRAME_PROGRESS, "{\"phase\":\"reading\"}");
    wait_for(ASSAY_FRAME_CANCEL);
    send_text(ASSAY_FRAME_ERROR, "{\"code\":\"CANCELLED\",\"text\":\"asked to\"}");
}

static void fail(void)
{
    send_text(
        ASSAY_FRAME_ERROR,
        "{\"code\":\"DENIED\",\"text\":\"login with hunter22 refused\",\"sqlstate\":\"28P01\","
        "\"vendor_code\":7}");
}

static size_t put_frame(unsigned char *at, enum assay_frame_type type, const char *text)
{
    const size_t size_bytes = strlen(text);
    const unsigned char head[] = {(unsigned char)size_bytes, 0, 0, 0, (unsigned char)type};
    memcpy(at, head, sizeof head);
    memcpy(at + sizeof head, text, size_bytes);
    return sizeof head + size_bytes;
}

/* Both frames at once: nobody can end it between them. */
static void talk_on(void)
{
    unsigned char bytes[128];
    size_t size_bytes = put_frame(bytes, ASSAY_FRAME_DONE, "{\"records\":1}");
    size_bytes += put_frame(bytes + size_bytes, ASSAY_FRAME_RESULT, "{\"t\":\"found\"}");
    if (write(FRAMES, bytes, size_bytes) == (ssize_t)size_bytes)
        hang();
}

static volatile sig_atomic_t continued;

static void on_continue(int signum)
{
    (void)signum;
    continued = 1;
}

/* Goes on when it was stopped and continued; its progress says which process that is. */
static void be_stopped(void)
{
    sigset_t blocked, before;
    char text[64];
    (void)signal(SIGCONT, on_continue);
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGCONT);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before);
    (void)snprintf(text, sizeof text, "{\"pid\":%d}", (int)getpid());
    send_text(ASSAY_FRAME_PROGRESS, text);
    while (!continued)
        (void)sigsuspend(&before);
    send_done();
}

static void linger(void)
{
    send_done();
    hang();
}

/* Five results, each only with a credit; a sixth says how many credits are left over. */
static void spend_credits(void)
{
    int credits = 0;
    for (int sent = 0; sent < 5; sent++) {
        while (credits == 0) {
            wait_for(ASSAY_FRAME_CREDIT);
            credits += frame.payload[0];
        }
        char text[64];
        (void)snprintf(text, sizeof text, "{\"t\":\"inspect\",\"n\":%d}", sent);
        send_text(ASSAY_FRAME_RESULT, text);
        credits--;
    }
    send_done();
}

/* What it can see, as one result. */
static int open_fds(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    if (dir)
        (void)closedir(dir);
    return count - 3; /* ".", ".." and the folder itself */
}

static void look_around(void)
{
    int death_signal = 0;
    (void)prctl(PR_GET_PDEATHSIG, &death_signal);
    struct rlimit core = {0}, data = {0};
    (void)getrlimit(RLIMIT_CORE, &core);
    (void)getrlimit(RLIMIT_DATA, &data);
    char input[16] = "";
    if (read(0, input, sizeof input - 1) < 0)
        input[0] = '!';
    char text[512];
    (void)snprintf(
        text, sizeof text,
        "{\"t\":\"inspect\",\"own_group\":%s,\"death_signal\":%d,\"core\":%lld,\"data\":%lld,"
        "\"fds\":%d,"
        "\"assay_env\":\"%s\",\"pg_env\":\"%s\",\"home\":\"%s\",\"lang\":\"%s\",\"input\":\"%s\"}",
        getpgid(0) == getpid() ? "true" : "false", death_signal, (long long)core.rlim_cur,
        (long long)data.rlim_cur, open_fds(), getenv("ASSAY_SECRET") ? "seen" : "",
        getenv("PGPASSWORD") ? "seen" : "", getenv("HOME"), getenv("LC_MESSAGES"), input);
    send_text(ASSAY_FRAME_RESULT, text);
    send_done();
}

/* The secrets that came, as one result: proof of the order T, S, C. */
static void show_secrets(void)
{
    wait_for(ASSAY_FRAME_SECRETS);
    char text[512];
    (void)snprintf(text, sizeof text, "{\"t\":\"inspect\",\"secrets\":%.*s}", (int)frame.size_bytes,
                   frame.payload);
    send_text(ASSAY_FRAME_RESULT, text);
    send_done();
}

/* A grandchild that holds all pipes open after the executor is gone. */
static void leave_a_child(void)
{
    if (fork() == 0)
        hang();
    send_done();
}

static const struct {
    const char *name;
    void (*act)(void);
} behaviours[] = {
    {"done", send_done},
    {"be_stopped", be_stopped},
    {"hang", hang},
    {"ignore_sigterm", ignore_sigterm},
    {"segv", segv},
    {"flood_stderr", flood_stderr},
    {"garbage", garbage},
    {"leave", leave},
    {"eat_memory", eat_memory},
    {"be_cancelled", be_cancelled},
    {"fail", fail},
    {"talk_on", talk_on},
    {"linger", linger},
    {"credits", spend_credits},
    {"look_around", look_around},
    {"secrets", show_secrets},
    {"leave_a_child", leave_a_child},
    {"close_frames", close_frames},
};

int main(void)
{
    if (!next_frame() || frame.type != ASSAY_FRAME_TASK)
        return 6;
    json_t *task = json_loadb(frame.payload, frame.size_bytes, 0, NULL);
    const char *behave = assay_json_str(json_object_get(task, "settings"), "behave", "");
    for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++)
        if (strcmp(behaviours[i].name, behave) == 0)
            behaviours[i].act();
    json_decref(task);
    assay_buf_release(&control);
    return 0;
}
