// A listening socket.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 512 };

/* Cut "host:port", "[v6]:port" or ":port" apart. */
static bool split(const char *address, char host[static 256], char port[static 8])
{
    const char *colon = strrchr(address, ':');
    if (!colon || strlen(colon + 1) > 5 || !colon[1] || colon - address > 250)
        return false;
    const bool bracketed = *address == '[' && colon[-1] == ']';
    (void)snprintf(host, 256, "%.*s", (int)(colon - address) - (bracketed ? 2 : 0),
                   address + bracketed);
    (void)snprintf(port, 8, "%s", colon + 1);
    return strspn(port, "0123456789") == strlen(port);
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 ==
               127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static int describe(int fd, struct assay_listening *listening, struct assay_error *err)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0 ||
        getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return assay_fail_errno(err, ASSAY_IO, errno, "asking for the address of a socket");
    const bool v6 = bound.ss_family == AF_INET6;
    (void)snprintf(listening->host, sizeof listening->host, "%s%.50s%s", v6 ? "[" : "", host,
                   v6 ? "]" : "");
    listening->loopback = is_loopback((struct sockaddr *)&bound);
    listening->port = (int)ntohs(v6 ? ((struct sockaddr_in6 *)(void *)&bound)->sin6_port
                                    : ((struct sockaddr_in *)(void *)&bound)->sin_port);
    return ASSAY_OK;
}

static int bind_first(const struct addrinfo *found, const char *address, int *ret_fd,
                      struct assay_error *err)
{
    const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return assay_fail_errno(err, ASSAY_IO, errno, "opening a socket for %s", address);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (found->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
    if (bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        *ret_fd = fd;
        return ASSAY_OK;
    }
    const int reason = errno;
    close(fd);
    return assay_fail_errno(err, reason == EADDRINUSE ? ASSAY_CONFLICT : ASSAY_DENIED, reason,
                            "listening on %s", address);
}

int assay_listen(const char *address, struct assay_listening *ret_listening,
                 struct assay_error *err)
{
    char host[256], port[8];
    if (!split(address, host, port))
        return assay_fail(err, ASSAY_USAGE, "%.100s is not host:port", address);
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const int rc = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (rc != 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "listening on %.100s: %s", address,
                          gai_strerror(rc));
    struct assay_listening listening = {.fd = -1};
    int bound = bind_first(found, address, &listening.fd, err);
    freeaddrinfo(found);
    if (bound == ASSAY_OK)
        bound = describe(listening.fd, &listening, err);
    if (bound != ASSAY_OK && listening.fd >= 0)
        close(listening.fd);
    if (bound == ASSAY_OK)
        *ret_listening = listening;
    return bound;
}
