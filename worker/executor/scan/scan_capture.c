// Captured records: a bounded heap per check, the highest record on top.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan_capture.h"

#include <stdlib.h>

#include "common/base/memory.h"

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

int assay_captured_compare(const struct assay_captured *left, const struct assay_captured *right)
{
    const struct assay_scan_place *a = &left->place, *b = &right->place;
    if (a->part != b->part)
        return COMPARE(a->part, b->part);
    if (a->file != b->file)
        return COMPARE(a->file, b->file);
    if (a->row != b->row)
        return COMPARE(a->row, b->row);
    return COMPARE(left->fingerprint, right->fingerprint);
}

void assay_captured_release(struct assay_captured *captured)
{
    if (!captured || --captured->holders)
        return;
    json_decref(captured->record);
    json_decref(captured->failed_checks);
    assay_free(captured);
}

bool assay_capture_wants(const struct assay_scan *scan, const struct assay_scan_check *check,
                         const struct assay_captured *candidate)
{
    return check->lowest_count < scan->max_anomalies ||
           (check->lowest_count && assay_captured_compare(candidate, check->lowest[0]) < 0);
}

static void swap(struct assay_captured **heap, size_t i, size_t j)
{
    struct assay_captured *kept = heap[i];
    heap[i] = heap[j];
    heap[j] = kept;
}

static void sift_up(struct assay_captured **heap, size_t i)
{
    while (i && assay_captured_compare(heap[i], heap[(i - 1) / 2]) > 0) {
        swap(heap, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void sift_down(struct assay_captured **heap, size_t count)
{
    for (size_t i = 0;;) {
        size_t highest = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
            if (assay_captured_compare(heap[child], heap[highest]) > 0)
                highest = child;
        if (highest == i)
            return;
        swap(heap, i, highest);
        i = highest;
    }
}

int assay_capture_keep(const struct assay_scan *scan, struct assay_scan_check *check,
                       struct assay_captured *captured, struct assay_error *err)
{
    if (check->lowest_count == scan->max_anomalies) {
        assay_captured_release(check->lowest[0]);
        check->lowest[0] = captured;
        captured->holders++;
        sift_down(check->lowest, check->lowest_count);
        return ASSAY_OK;
    }
    struct assay_captured **lowest =
        assay_reallocarray(check->lowest, check->lowest_count + 1, sizeof *lowest);
    if (!lowest)
        return assay_fail_memory(err);
    check->lowest = lowest;
    lowest[check->lowest_count] = captured;
    captured->holders++;
    sift_up(lowest, check->lowest_count++);
    return ASSAY_OK;
}

static int in_order(const void *left, const void *right)
{
    const struct assay_captured *a = *(struct assay_captured *const *)left,
                                *b = *(struct assay_captured *const *)right;
    const int order = assay_captured_compare(a, b);
    return order ? order : COMPARE((uintptr_t)a, (uintptr_t)b);
}

int assay_capture_list(const struct assay_scan *scan, struct assay_captured ***ret_list,
                       size_t *ret_count, struct assay_error *err)
{
    size_t total = 0, count = 0;
    for (size_t i = 0; i < scan->checks_count; i++)
        total += scan->checks[i].lowest_count;
    struct assay_captured **list = assay_calloc(total + 1, sizeof *list);
    if (!list)
        return assay_fail_memory(err);
    for (size_t i = 0; i < scan->checks_count; i++)
        for (size_t j = 0; j < scan->checks[i].lowest_count; j++)
            list[count++] = scan->checks[i].lowest[j];
    if (count)
        qsort(list, count, sizeof *list, in_order);
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++)
        if (!distinct || list[distinct - 1] != list[i])
            list[distinct++] = list[i];
    *ret_list = list;
    *ret_count = distinct;
    return ASSAY_OK;
}
