/* Whether the steps of a traced frame's functions add up. */
#ifndef AUREON_TESTS_PROFILE_SUMS_H
#define AUREON_TESTS_PROFILE_SUMS_H

#include "contract/tracer.h"

/* profile_sums_check asserts, if the tracer has kept all there was: the steps of each function
 * are its own, those of the functions that it called and those of its host calls; and a frame's
 * functions and host calls took no more than the frame. */
static inline void profile_sums_check(const struct au_tracer *tracer)
{
    if (tracer->is_truncated) return;
    for (const struct au_traced *frame = tracer->first; frame; frame = frame->next) {
        int64_t inside = 0;
        if (!frame->is_frame) continue;
        const struct au_profile_node *first = frame->frame.profile.first;
        for (const struct au_profile_node *node = first; node; node = node->next) {
            int64_t sum = node->own_steps;
            AU_ASSERT(node->own_steps >= 0 && node->call_count > 0);
            AU_ASSERT(!node->outer || node->outer->place < node->place);
            if (!node->outer) inside += node->steps;
            for (const struct au_profile_node *inner = first; inner; inner = inner->next)
                sum += inner->outer == node ? inner->steps : 0;
            for (const struct au_traced *host = frame->next; host; host = host->next)
                sum += !host->is_frame && host->host.within == node ? host->steps : 0;
            AU_ASSERT(sum == node->steps);
        }
        for (const struct au_traced *host = frame->next; host; host = host->next)
            inside += host->outer == frame && !host->host.within ? host->steps : 0;
        AU_ASSERT(inside <= frame->steps);
    }
}

#endif
