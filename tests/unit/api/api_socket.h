/* Tests: requests that no client library would send, byte by byte. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_API_SOCKET_H
#define ASSAY_TESTS_API_SOCKET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/unit/api/api_fixture.h"

static inline int port_of(const char *url)
{
    return atoi(strrchr(url, ':') + 1);
}

static inline int connect_to(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Send raw bytes, and the end of the stream where they are not a whole request; the status of the
 * answer, 0 when the server just closed or waits for more. */
static inline int raw_status(int port, const void *bytes, size_t size_bytes, bool whole)
{
    /* a whole request is answered, however late; what is none may be waited for in vain */
    const struct timeval limit = {.tv_sec = whole ? 120 : 0, .tv_usec = whole ? 0 : 50000};
    const int fd = connect_to(port);
    char answer[64] = {0};
    size_t sent = 0;
    while (sent < size_bytes) {
        const ssize_t now = send(fd, (const char *)bytes + sent, size_bytes - sent, MSG_NOSIGNAL);
        if (now <= 0)
            break;
        sent += (size_t)now;
    }
    if (!whole)
        (void)shutdown(fd, SHUT_WR);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const ssize_t got = recv(fd, answer, sizeof answer - 1, 0);
    close(fd);
    int status = 0;
    if (got > 0)
        (void)sscanf(answer, "HTTP/1.%*c %d", &status);
    return status;
}

#endif
