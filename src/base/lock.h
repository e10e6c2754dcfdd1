/* Mutexes. To fail at locking one is a bug of ours. */
#ifndef AUREON_BASE_LOCK_H
#define AUREON_BASE_LOCK_H

#include <pthread.h>

#include "base/base.h"

static inline void au_lock(pthread_mutex_t *mutex)
{
    AU_ASSERT(pthread_mutex_lock(mutex) == 0);
}

static inline void au_unlock(pthread_mutex_t *mutex)
{
    AU_ASSERT(pthread_mutex_unlock(mutex) == 0);
}

#endif
