/* A listening socket from "host:port". */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_LISTEN_H
#define ASSAY_API_LISTEN_H

#include <stdbool.h>

#include "common/base/error.h"

struct assay_listening {
    int fd;        /* the caller's */
    int port;      /* as bound: also where 0 was asked for */
    bool loopback; /* reached from this machine alone */
    char host[64]; /* numeric, in brackets for IPv6 */
};

/** An empty host means every address. ASSAY_USAGE: not host:port; ASSAY_CONFLICT: in use;
 * ASSAY_NOT_FOUND: no such host. */
ASSAY_MUST_CHECK int assay_listen(const char *address, struct assay_listening *ret_listening,
                                  struct assay_error *err);

#endif
