#include "state/walk.h"

void au_walk_open(struct au_walk *walk, struct au_overlay *overlay,
                  const struct au_address *contract, struct au_bytes prefix)
{
    AU_ASSERT(prefix.size <= AU_KEY_SIZE_MAX);
    walk->overlay = overlay;
    walk->contract = *contract;
    if (prefix.size > 0) memcpy(walk->prefix, prefix.data, prefix.size);
    walk->prefix_size = prefix.size;
    walk->has_last = false;
    walk->keys = NULL;
}

static void close_keys(struct au_walk *walk)
{
    if (walk->keys) walk->overlay->source->keys_close(walk->keys);
    walk->keys = NULL;
}

void au_walk_close(struct au_walk *walk)
{
    close_keys(walk);
}

static struct au_bytes prefix_of(const struct au_walk *walk)
{
    return (struct au_bytes){walk->prefix, walk->prefix_size};
}

static struct au_bytes last_of(const struct au_walk *walk)
{
    return (struct au_bytes){walk->last, walk->last_size};
}

/* ---- what the source tells ---- */

/* The next key of the source; keys that have come to their end are closed, so that a later step
 * begins anew: what it finds there may have been passed over. */
static enum au_err hold_next(struct au_walk *walk)
{
    enum au_err err = walk->overlay->source->keys_next(walk->keys, &walk->held);
    if (err != AU_OK) close_keys(walk);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

/* Brings the source to its first key above the last one given. */
static enum au_err hold_first(struct au_walk *walk)
{
    const struct au_state_source *source = walk->overlay->source;
    if (!source) return AU_OK;
    if (!walk->keys) {
        struct au_bytes lower = walk->has_last ? last_of(walk) : prefix_of(walk);
        AU_TRY(source->keys_open(source->context, &walk->contract, prefix_of(walk), lower,
                                 &walk->keys));
        AU_TRY(hold_next(walk));
    }
    while (walk->keys && walk->has_last && au_bytes_compare(walk->held, last_of(walk)) <= 0) {
        AU_TRY(hold_next(walk));
    }
    return AU_OK;
}

/* ---- steps ---- */

static enum au_err seek_listed(const struct au_walk *walk, struct au_listed_key *out_key)
{
    struct au_bytes from = walk->has_last ? last_of(walk) : prefix_of(walk);
    return au_overlay_seek_key(walk->overlay, &walk->contract, from, walk->has_last, out_key);
}

static bool has_prefix(const struct au_walk *walk, struct au_bytes key)
{
    return key.size >= walk->prefix_size &&
           (walk->prefix_size == 0 || memcmp(key.data, walk->prefix, walk->prefix_size) == 0);
}

static struct au_walk_step give(struct au_walk *walk, struct au_bytes key, uint64_t passed)
{
    AU_ASSERT(key.size <= AU_KEY_SIZE_MAX);
    memcpy(walk->last, key.data, key.size);
    walk->last_size = key.size;
    walk->has_last = true;
    return (struct au_walk_step){.key = last_of(walk), .passed = passed};
}

/* Of the two lists the lower key comes first; where both have it, the overlay knows better. */
static enum au_err find(struct au_walk *walk, uint64_t passed_max, struct au_walk_step *out_step)
{
    struct au_listed_key listed;
    uint64_t passed = 0;
    AU_TRY(hold_first(walk));
    AU_TRY(seek_listed(walk, &listed));
    while (passed <= passed_max) {
        bool has_listed = listed.node && has_prefix(walk, listed.key);
        int order = walk->keys ? -1 : 1;
        if (has_listed && walk->keys) order = au_bytes_compare(walk->held, listed.key);
        if (!has_listed && !walk->keys) {
            *out_step = (struct au_walk_step){.is_end = true, .passed = passed};
            return AU_OK;
        }
        if (order < 0 || listed.exists) {
            *out_step = give(walk, order < 0 ? walk->held : listed.key, passed);
            return AU_OK;
        }
        passed++;
        if (order == 0) AU_TRY(hold_next(walk));
        au_overlay_next_key(&listed);
    }
    *out_step = (struct au_walk_step){.passed = passed};
    return AU_OK;
}

enum au_err au_walk_next(struct au_walk *walk, uint64_t passed_max, struct au_walk_step *out_step)
{
    struct au_walk_step step;
    AU_TRY(find(walk, passed_max, &step));
    /* What the source has passed over may be there again by the next step. */
    if (step.is_end || step.passed > passed_max) close_keys(walk);
    *out_step = step;
    return AU_OK;
}
