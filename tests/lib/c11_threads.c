// C11 threads by way of POSIX threads, preloaded under ThreadSanitizer: GCC 12's knows the second
// only, and librdkafka uses the first. The types are the same ones in glibc.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "a mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "a cnd_t is a pthread_cond_t");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "a thrd_t is a pthread_t");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "a once_flag is a pthread_once_t");

static pthread_mutex_t *mutex_of(mtx_t *mutex)
{
    return (pthread_mutex_t *)(void *)mutex;
}

static pthread_cond_t *condition_of(cnd_t *condition)
{
    return (pthread_cond_t *)(void *)condition;
}

static int result_of(int errnum)
{
    return errnum == 0           ? thrd_success
           : errnum == ETIMEDOUT ? thrd_timedout
           : errnum == EBUSY     ? thrd_busy
           : errnum == ENOMEM    ? thrd_nomem
                                 : thrd_error;
}

/* ---- threads ---- */

struct start {
    thrd_start_t run;
    void *context;
};

static void *run_thread(void *context)
{
    const struct start start = *(struct start *)context;
    free(context);
    return (void *)(long)start.run(start.context);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *context)
{
    struct start *start = malloc(sizeof *start);
    if (!start)
        return thrd_nomem;
    *start = (struct start){run, context};
    const int errnum = pthread_create(thread, NULL, run_thread, start);
    if (errnum)
        free(start);
    return result_of(errnum);
}

int thrd_join(thrd_t thread, int *ret_value)
{
    void *value = NULL;
    const int errnum = pthread_join(thread, &value);
    if (ret_value)
        *ret_value = (int)(long)value;
    return result_of(errnum);
}

int thrd_detach(thrd_t thread)
{
    return result_of(pthread_detach(thread));
}

void call_once(once_flag *flag, void (*run)(void))
{
    (void)pthread_once((pthread_once_t *)(void *)flag, run);
}

/* ---- mutexes ---- */

int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes))
        return thrd_error;
    if (type & mtx_recursive)
        (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    const int errnum = pthread_mutex_init(mutex_of(mutex), &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return result_of(errnum);
}

int mtx_lock(mtx_t *mutex)
{
    return result_of(pthread_mutex_lock(mutex_of(mutex)));
}

int mtx_trylock(mtx_t *mutex)
{
    return result_of(pthread_mutex_trylock(mutex_of(mutex)));
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    return result_of(pthread_mutex_timedlock(mutex_of(mutex), until));
}

int mtx_unlock(mtx_t *mutex)
{
    return result_of(pthread_mutex_unlock(mutex_of(mutex)));
}

void mtx_destroy(mtx_t *mutex)
{
    (void)pthread_mutex_destroy(mutex_of(mutex));
}

/* ---- conditions ---- */

int cnd_init(cnd_t *condition)
{
    return result_of(pthread_cond_init(condition_of(condition), NULL));
}

int cnd_signal(cnd_t *condition)
{
    return result_of(pthread_cond_signal(condition_of(condition)));
}

int cnd_broadcast(cnd_t *condition)
{
    return result_of(pthread_cond_broadcast(condition_of(condition)));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return result_of(pthread_cond_wait(condition_of(condition), mutex_of(mutex)));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    return result_of(pthread_cond_timedwait(condition_of(condition), mutex_of(mutex), until));
}

void cnd_destroy(cnd_t *condition)
{
    (void)pthread_cond_destroy(condition_of(condition));
}
