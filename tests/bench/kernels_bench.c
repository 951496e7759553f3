// Nanoseconds per value of the field statistics, by layout and shape of the data; not asserted.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "worker/executor/kernels/field_state.h"
#include "worker/executor/kernels/hash.h"

#define BATCHES   512 /* 1,048,576 values */
#define TEXT_ROOM 24

/* The values of one column of all batches; texts point into `bytes`. */
struct data {
    union {
        int64_t ints[ASSAY_BATCH_ROWS];
        double reals[ASSAY_BATCH_ROWS];
        float floats[ASSAY_BATCH_ROWS];
        int32_t days[ASSAY_BATCH_ROWS];
        uint8_t bools[ASSAY_BATCH_ROWS];
        assay_i128 wides[ASSAY_BATCH_ROWS];
        struct assay_text texts[ASSAY_BATCH_ROWS];
    } batch[BATCHES];
    char bytes[BATCHES][ASSAY_BATCH_ROWS][TEXT_ROOM];
    uint64_t validity[BATCHES][ASSAY_BATCH_ROWS / 64];
};

static uint64_t random_state = 1;

/* Time of the processor, so that a busy machine disturbs less. */
static int64_t spent_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * ASSAY_NS_PER_S + now.tv_nsec;
}

static uint64_t below(uint64_t n)
{
    return assay_random_next(&random_state) % n;
}

static void put_text(struct data *data, size_t b, size_t i, const char *format,
                     unsigned long long value)
{
    const int size = snprintf(data->bytes[b][i], TEXT_ROOM, format, value);
    data->batch[b].texts[i] =
        (struct assay_text){.data = data->bytes[b][i], .size_bytes = (uint32_t)size};
}

static void int_unique(struct data *d, size_t b, size_t i)
{
    d->batch[b].ints[i] = (int64_t)(b * ASSAY_BATCH_ROWS + i);
}
static void int_few(struct data *d, size_t b, size_t i)
{
    d->batch[b].ints[i] = (int64_t)below(50);
}
static void int_thousands(struct data *d, size_t b, size_t i)
{
    d->batch[b].ints[i] = (int64_t)below(3000);
}
static void int_wide_range(struct data *d, size_t b, size_t i)
{
    d->batch[b].ints[i] = (int64_t)below(UINT64_C(1) << 60);
}
static void real_price(struct data *d, size_t b, size_t i)
{
    d->batch[b].reals[i] = (double)below(1000000) / 100;
}
static void real_unique(struct data *d, size_t b, size_t i)
{
    d->batch[b].reals[i] = (double)below(UINT64_C(1) << 53) / 1e9;
}
static void float_any(struct data *d, size_t b, size_t i)
{
    d->batch[b].floats[i] = (float)below(1000000) / 7;
}
static void day(struct data *d, size_t b, size_t i)
{
    d->batch[b].days[i] = 18000 + (int32_t)below(3650);
}
static void instant(struct data *d, size_t b, size_t i)
{
    d->batch[b].ints[i] = INT64_C(1600000000000000) + (int64_t)below(100000000) * 1000000;
}
static void truth(struct data *d, size_t b, size_t i)
{
    d->batch[b].bools[i] = (uint8_t)below(2);
}
static void wide(struct data *d, size_t b, size_t i)
{
    d->batch[b].wides[i] = (assay_i128)below(UINT64_C(1) << 60) * 1000;
}
static void text_few(struct data *d, size_t b, size_t i)
{
    put_text(d, b, i, "category-%llu", below(30));
}
static void text_unique(struct data *d, size_t b, size_t i)
{
    put_text(d, b, i, "user%llu@mail.ch", b * ASSAY_BATCH_ROWS + i);
}
static void text_short(struct data *d, size_t b, size_t i)
{
    put_text(d, b, i, "%llu", below(2000));
}

struct shape {
    const char *name;
    enum assay_layout layout;
    void (*fill)(struct data *data, size_t batch, size_t row);
    unsigned null_percent;
};
static const struct shape shapes[] = {
    {"int, unique", ASSAY_LAYOUT_INT64, int_unique, 0},
    {"int, 50 values", ASSAY_LAYOUT_INT64, int_few, 0},
    {"int, 3,000 values", ASSAY_LAYOUT_INT64, int_thousands, 0},
    {"int, 60 bits", ASSAY_LAYOUT_INT64, int_wide_range, 0},
    {"int, 60 bits, 10 % null", ASSAY_LAYOUT_INT64, int_wide_range, 10},
    {"double, price", ASSAY_LAYOUT_DOUBLE, real_price, 0},
    {"double, unique", ASSAY_LAYOUT_DOUBLE, real_unique, 0},
    {"float", ASSAY_LAYOUT_FLOAT, float_any, 0},
    {"date", ASSAY_LAYOUT_DATE, day, 0},
    {"instant", ASSAY_LAYOUT_INSTANT, instant, 0},
    {"bool", ASSAY_LAYOUT_BOOL, truth, 0},
    {"int128", ASSAY_LAYOUT_INT128, wide, 0},
    {"text, 30 values", ASSAY_LAYOUT_TEXT, text_few, 0},
    {"text, 2,000 values", ASSAY_LAYOUT_TEXT, text_short, 0},
    {"text, unique", ASSAY_LAYOUT_TEXT, text_unique, 0},
    {"text, unique, 10 % null", ASSAY_LAYOUT_TEXT, text_unique, 10},
};

static void fill(struct data *data, const struct shape *shape)
{
    memset(data->validity, 0, sizeof data->validity);
    for (size_t b = 0; b < BATCHES; b++) {
        for (size_t i = 0; i < ASSAY_BATCH_ROWS; i++) {
            shape->fill(data, b, i);
            if (below(100) >= shape->null_percent)
                data->validity[b][i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
}

static int measure(struct data *data, const struct shape *shape, struct assay_kernel_rows *rows)
{
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *state = NULL;
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = NULL;
    const struct assay_field_plan plan = {.layout = shape->layout, .seed = 7};
    ASSAY_TRY(assay_field_state_new(&plan, &state, NULL));
    int64_t spent = 0;
    for (size_t b = 0; b < BATCHES; b++) {
        const struct assay_column column = {.layout = shape->layout,
                                            .validity =
                                                shape->null_percent ? data->validity[b] : NULL,
                                            .values = &data->batch[b]};
        assay_kernel_rows_set(rows, 7, 0, b * ASSAY_BATCH_ROWS, NULL, ASSAY_BATCH_ROWS);
        const int64_t before = spent_ns();
        ASSAY_TRY(assay_field_state_add(state, &column, rows, NULL));
        spent += spent_ns() - before;
    }
    const int64_t before = spent_ns();
    ASSAY_TRY(assay_field_state_finish(state, &stats, NULL));
    const double finish_us = (double)(spent_ns() - before) / 1e3;
    printf("%-26s %6.1f ns/value   finish %7.0f us   distinct %.0f\n", shape->name,
           (double)spent / BATCHES / ASSAY_BATCH_ROWS, finish_us, stats->distinct);
    return ASSAY_OK;
}

/* With an argument: only the shapes whose name contains it. */
int main(int argc, char **argv)
{
    struct data *data = assay_calloc(1, sizeof *data);
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *rows = assay_kernel_rows_new();
    int rc = data && rows ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t i = 0; rc == ASSAY_OK && i < ASSAY_COUNT(shapes); i++) {
        if (argc > 1 && !strstr(shapes[i].name, argv[1]))
            continue;
        fill(data, &shapes[i]);
        rc = measure(data, &shapes[i], rows);
    }
    assay_free(data);
    return rc == ASSAY_OK ? 0 : 1;
}
