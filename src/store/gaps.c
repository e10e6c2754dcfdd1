#include "store/gaps.h"

#include "base/lock.h"
#include "base/mem.h"

enum au_err au_gaps_init(struct au_gaps *gaps, size_t count_max)
{
    AU_ASSERT(count_max > 0);
    *gaps = (struct au_gaps){.count_max = count_max};
    gaps->items = au_mem_new(count_max * sizeof(*gaps->items));
    if (!gaps->items) return AU_ERR_NO_MEMORY;
    if (pthread_mutex_init(&gaps->lock, NULL) == 0) return AU_OK;
    au_mem_free(gaps->items);
    return AU_ERR_NO_MEMORY;
}

void au_gaps_done(struct au_gaps *gaps)
{
    for (size_t i = 0; i < gaps->count; i++) {
        au_mem_free(gaps->items[i]);
    }
    au_mem_free(gaps->items);
    AU_ASSERT(pthread_mutex_destroy(&gaps->lock) == 0);
}

struct au_gap_bound au_gap_bound_of(struct au_bytes key)
{
    struct au_gap_bound bound;
    AU_ASSERT(key.size <= AU_GAP_KEY_SIZE_MAX);
    if (key.size > 0) memcpy(bound.bytes, key.data, key.size);
    bound.size = key.size;
    return bound;
}

/* ---- places ---- */

/* The index of the first gap that ends above a key, or at it if is_touching. */
static size_t find(const struct au_gaps *gaps, struct au_bytes key, bool is_touching)
{
    size_t low = 0;
    size_t high = gaps->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = au_bytes_compare(au_gap_bytes_of(&gaps->items[middle]->upper), key);
        if (order < 0 || (order == 0 && !is_touching)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool begins_above(const struct au_gap *gap, struct au_bytes key)
{
    return au_bytes_compare(au_gap_bytes_of(&gap->lower), key) > 0;
}

/* Frees gaps from index first on, up to but without end. */
static void remove_items(struct au_gaps *gaps, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        au_mem_free(gaps->items[i]);
    }
    memmove(gaps->items + first, gaps->items + end, (gaps->count - end) * sizeof(*gaps->items));
    gaps->count -= end - first;
}

/* The one whose tombstones are walked over again soonest. */
static void remove_lightest(struct au_gaps *gaps)
{
    size_t lightest = 0;
    for (size_t i = 1; i < gaps->count; i++) {
        if (gaps->items[i]->weight < gaps->items[lightest]->weight) lightest = i;
    }
    remove_items(gaps, lightest, lightest + 1);
}

static void insert(struct au_gaps *gaps, const struct au_gap *gap)
{
    struct au_gap *item = au_mem_new(sizeof(*item));
    if (!item) return;
    *item = *gap;
    if (gaps->count == gaps->count_max) remove_lightest(gaps);
    size_t at = find(gaps, au_gap_bytes_of(&gap->lower), false);
    memmove(gaps->items + at + 1, gaps->items + at, (gaps->count - at) * sizeof(*gaps->items));
    gaps->items[at] = item;
    gaps->count++;
}

/* ---- readers ---- */

uint64_t au_gaps_age(struct au_gaps *gaps)
{
    au_lock(&gaps->lock);
    uint64_t age = gaps->age;
    au_unlock(&gaps->lock);
    return age;
}

bool au_gaps_find(struct au_gaps *gaps, uint64_t age, struct au_bytes key, struct au_gap *out_gap)
{
    au_lock(&gaps->lock);
    size_t at = find(gaps, key, false);
    while (at < gaps->count && gaps->items[at]->age > age) {
        at++;
    }
    bool is_found = at < gaps->count;
    if (is_found) *out_gap = *gaps->items[at];
    au_unlock(&gaps->lock);
    return is_found;
}

/* Makes a gap as wide as those that it touches, which go. */
static void absorb(struct au_gaps *gaps, struct au_gap *gap)
{
    size_t first = find(gaps, au_gap_bytes_of(&gap->lower), true);
    size_t end = first;
    for (; end < gaps->count; end++) {
        const struct au_gap *item = gaps->items[end];
        if (begins_above(item, au_gap_bytes_of(&gap->upper))) break;
        if (!begins_above(item, au_gap_bytes_of(&gap->lower))) gap->lower = item->lower;
        int order = au_bytes_compare(au_gap_bytes_of(&item->upper), au_gap_bytes_of(&gap->upper));
        if (order > 0) gap->upper = item->upper;
        gap->weight += item->weight;
    }
    remove_items(gaps, first, end);
}

void au_gaps_add(struct au_gaps *gaps, uint64_t age, struct au_bytes lower, struct au_bytes upper,
                 uint64_t weight)
{
    if (lower.size > AU_GAP_KEY_SIZE_MAX || upper.size > AU_GAP_KEY_SIZE_MAX) return;
    if (au_bytes_compare(lower, upper) >= 0) return;
    struct au_gap gap = {
        .lower = au_gap_bound_of(lower), .upper = au_gap_bound_of(upper), .weight = weight};
    au_lock(&gaps->lock);
    if (!gaps->is_writing && gaps->age == age) {
        gap.age = age;
        absorb(gaps, &gap);
        insert(gaps, &gap);
    }
    au_unlock(&gaps->lock);
}

/* ---- the writer ---- */

void au_gaps_begin_write(struct au_gaps *gaps)
{
    au_lock(&gaps->lock);
    gaps->is_writing = true;
    au_unlock(&gaps->lock);
}

/* What is left of a gap on both sides of a key that comes into it. */
static void split(struct au_gaps *gaps, size_t at, struct au_bytes key)
{
    struct au_gap left = *gaps->items[at];
    struct au_gap right = left;
    remove_items(gaps, at, at + 1);
    if (key.size >= AU_GAP_KEY_SIZE_MAX) return;
    left.upper = au_gap_bound_of(key);
    right.lower = left.upper;
    right.lower.bytes[right.lower.size++] = 0; /* the next key that there can be */
    const struct au_gap *const parts[] = {&left, &right};
    for (size_t i = 0; i < AU_COUNT_OF(parts); i++) {
        struct au_bytes lower = au_gap_bytes_of(&parts[i]->lower);
        struct au_bytes upper = au_gap_bytes_of(&parts[i]->upper);
        if (au_bytes_compare(lower, upper) < 0) insert(gaps, parts[i]);
    }
}

void au_gaps_put(struct au_gaps *gaps, struct au_bytes key)
{
    au_lock(&gaps->lock);
    AU_ASSERT(gaps->is_writing);
    size_t at = find(gaps, key, false);
    if (at < gaps->count && !begins_above(gaps->items[at], key)) split(gaps, at, key);
    au_unlock(&gaps->lock);
}

void au_gaps_end_write(struct au_gaps *gaps)
{
    au_lock(&gaps->lock);
    gaps->is_writing = false;
    gaps->age++;
    au_unlock(&gaps->lock);
}
