// Each field: threads that take the next field until none is left.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/each_field.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { HELPERS_MAX = 63, FIELDS_EACH = 2 }; /* fewer for a thread are not worth its start */

struct work {
    assay_field_work *run;
    void *context;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
    struct assay_error error; /* of the thread that set `failed` */
};

static void *work_main(void *context)
{
    struct work *work = context;
    while (!atomic_load(&work->failed)) {
        struct assay_error error = {0};
        const size_t field = atomic_fetch_add(&work->next, 1);
        if (field >= work->count)
            break;
        if (work->run(work->context, field, &error) != ASSAY_OK &&
            !atomic_exchange(&work->failed, true))
            work->error = error; /* read after all threads have ended */
    }
    return NULL;
}

int assay_each_field(size_t count, size_t threads, assay_field_work *work, void *context,
                     struct assay_error *err)
{
    struct work shared = {.run = work, .context = context, .count = count};
    pthread_t helpers[HELPERS_MAX];
    size_t started = 0;
    while (started < HELPERS_MAX && started + 1 < threads && (started + 1) * FIELDS_EACH < count &&
           !pthread_create(&helpers[started], NULL, work_main, &shared))
        started++; /* a thread that does not start leaves its work to the others */
    (void)work_main(&shared);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(helpers[i], NULL);
    if (!atomic_load(&shared.failed))
        return ASSAY_OK;
    if (err)
        *err = shared.error;
    return shared.error.code;
}
