/* How far a long walk over a store is.
 *
 * Threading: called by the thread that walks. */
#ifndef AUREON_STATE_PROGRESS_H
#define AUREON_STATE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define AU_PROGRESS_STEP 65536u /* entries between two calls */

/* Who is told now and then how many entries were gone through, in all. */
struct au_progress {
    void *context;
    void (*on_count)(void *context, uint64_t entry_count);
};

/* au_progress_step counts an entry; progress NULL: nobody is told. */
static inline void au_progress_step(const struct au_progress *progress, uint64_t *entry_count)
{
    bool is_told = ++*entry_count % AU_PROGRESS_STEP == 0 && progress;
    if (is_told) progress->on_count(progress->context, *entry_count);
}

#endif
