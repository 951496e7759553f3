// The nearest of several names: edit distance with a bound.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/nearest.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define LONGEST 63

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(char left, char right)
{
    return lower(left) == lower(right);
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    const unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

unsigned assay_edit_distance(const char *left, const char *right)
{
    const size_t m = strlen(left), n = strlen(right);
    if (m > LONGEST || n > LONGEST)
        return UINT_MAX;
    unsigned rows[3][LONGEST + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            const unsigned cost = same(left[i - 1], right[j - 1]) ? 0 : 1;
            row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && same(left[i - 1], right[j - 2]) &&
                same(left[i - 2], right[j - 1]))
                row[j] = least(row[j], row[j], before[j - 2] + 1);
        }
        unsigned *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[n];
}

void assay_nearest_offer(struct assay_nearest *nearest, const char *candidate)
{
    const unsigned distance = assay_edit_distance(nearest->wanted, candidate);
    const size_t bound = 1 + strlen(nearest->wanted) / 4;
    if (distance > bound || (nearest->best && distance >= nearest->distance))
        return;
    nearest->best = candidate;
    nearest->distance = distance;
}

const char *assay_nearest_name(const char *wrong, const void *rows, size_t row_bytes)
{
    struct assay_nearest nearest = {.wanted = wrong};
    const char *row = rows;
    for (const char *name; (name = *(const char *const *)(const void *)row); row += row_bytes)
        assay_nearest_offer(&nearest, name);
    return nearest.best;
}
