// Finding the route of a path.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/route.h"

#include <stdio.h>
#include <string.h>

/* Does the path fit the pattern? The number of literal segments, -1 when it does not. */
static int literals_matched(const char *pattern, const char *path)
{
    int literals = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++, path++;
        const size_t wanted = strcspn(pattern, "/");
        const size_t given = strcspn(path, "/");
        if (*pattern != '{' && (wanted != given || memcmp(pattern, path, given) != 0))
            return -1;
        if (*pattern == '{' && given == 0)
            return -1;
        literals += *pattern != '{';
        pattern += wanted;
        path += given;
    }
    return *pattern == '\0' && *path == '\0' ? literals : -1;
}

static void note_method(struct assay_match *match, const char *method)
{
    const size_t used = strlen(match->allow);
    if (!strstr(match->allow, method))
        (void)snprintf(match->allow + used, sizeof match->allow - used, "%s%s", used ? ", " : "",
                       method);
}

void assay_route_match(const struct assay_route *routes, const char *method, const char *path,
                       struct assay_match *ret_match)
{
    struct assay_match match = {0};
    int best = -1;
    for (const struct assay_route *route = routes; route->method; route++) {
        const int literals = literals_matched(route->path, path);
        if (literals < best || literals < 0)
            continue;
        if (literals > best)
            match = (struct assay_match){0};
        best = literals;
        match.path_known = true;
        note_method(&match, route->method);
        if (strcmp(route->method, method) == 0)
            match.route = route;
    }
    *ret_match = match;
}
