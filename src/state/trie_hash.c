/* The refs of the branches that a batch made: many are hashed at once, those of one depth, of which
 * none is above another. */
#include "base/mem.h"
#include "crypto/sha256.h"
#include "state/trie_internal.h"

#define GROUP       32u  /* branches that are hashed at once; 17 KB of encodings */
#define AHEAD       4u   /* branches on their way while another is looked at */
#define FEW         64u  /* branches and leaves that take nothing from the heap to be sorted */
#define BRANCH_SIZE 320u /* bytes of a branch that are had on their way: of 7 children */

/* Children that wait for their refs. */
struct group {
    struct waiting {
        struct au_trie_branch *parent;
        unsigned index;
    } waiting[GROUP];
    size_t count;
};

/* All branches of a part that this batch has made, by depth: those of depth d are the ones from
 * first[d] to first[d + 1]. */
struct by_depth {
    struct au_trie_branch **branches;
    size_t first[AU_NIBBLE_COUNT + 1];
};

/* A list does not begin with zero, and nobody knows of what zero is the hash. */
const struct au_trie_ref au_trie_ref_to_come = {.size = AU_HASH_SIZE};

static bool is_to_come(const struct au_trie_place *place)
{
    return memcmp(place->bytes, au_trie_ref_to_come.bytes, AU_HASH_SIZE) == 0;
}

static struct au_trie_place *place_of(const struct waiting *waiting)
{
    return &waiting->parent->places[au_trie_rank(waiting->parent, waiting->index)];
}

/* What stands between a branch's parent and it makes an extension of it. */
static struct au_trie_ref in_place(const struct au_trie_branch *branch, size_t start,
                                   struct au_trie_ref ref)
{
    uint8_t encoding[AU_EXTENSION_SIZE_MAX];
    if (start == branch->depth) return ref;
    struct au_trie_node node = {.path = branch->path, .depth = branch->depth};
    size_t size = au_extension_encode(encoding, &node, start, &ref);
    return au_ref_of((struct au_bytes){encoding, size}, start == 0);
}

static void put_ref(const struct waiting *waiting, struct au_trie_ref ref)
{
    struct au_trie_branch *parent = waiting->parent;
    ref = in_place(place_of(waiting)->link.branch, parent->depth + 1u, ref);
    memcpy(place_of(waiting)->bytes, ref.bytes, AU_HASH_SIZE);
    if (ref.size < AU_HASH_SIZE) parent->inlined |= (uint16_t)(1u << waiting->index);
}

/* Children that are smaller than a hash are their own refs. */
static void hash_group(struct group *group)
{
    uint8_t encodings[GROUP][AU_BRANCH_SIZE_MAX];
    struct au_bytes messages[GROUP];
    struct au_hash hashes[GROUP];
    for (size_t i = 0; i < group->count; i++) {
        const struct au_trie_branch *branch = place_of(&group->waiting[i])->link.branch;
        au_trie_encode(branch, encodings[i]);
        messages[i] = (struct au_bytes){encodings[i], au_trie_encoded_size(branch)};
    }
    au_sha256_many(messages, group->count, hashes);
    for (size_t i = 0; i < group->count; i++) {
        struct au_trie_ref ref = {.size = AU_HASH_SIZE};
        bool is_inlined = messages[i].size < AU_HASH_SIZE;
        if (is_inlined) ref.size = (uint8_t)messages[i].size;
        memcpy(ref.bytes, is_inlined ? encodings[i] : hashes[i].bytes, ref.size);
        put_ref(&group->waiting[i], ref);
    }
    group->count = 0;
}

static void hash_children(struct group *group, struct au_trie_branch *parent)
{
    const struct au_trie_place *place = parent->places;
    unsigned known = parent->leaves | (unsigned)parent->inlined;
    for (unsigned left = parent->children; left != 0; left &= left - 1, place++) {
        unsigned index = (unsigned)__builtin_ctz(left);
        if ((known >> index & 1) != 0 || !is_to_come(place)) continue;
        au_prefetch(place->link.branch, BRANCH_SIZE);
        group->waiting[group->count++] = (struct waiting){parent, index};
        if (group->count == GROUP) hash_group(group);
    }
}

/* Sorts the branches among what was made, from an index on, into sorted->branches. */
static void sort_made(const struct au_trie_items *made, size_t from, struct by_depth *sorted)
{
    size_t next[AU_NIBBLE_COUNT];
    memset(sorted->first, 0, sizeof(sorted->first));
    for (size_t i = from; i < made->count; i++) {
        const struct au_trie_branch *branch = made->items[i].node;
        if (!made->items[i].is_leaf) sorted->first[branch->depth + 1u]++;
    }
    for (size_t depth = 0; depth < AU_NIBBLE_COUNT; depth++) {
        sorted->first[depth + 1] += sorted->first[depth];
        next[depth] = sorted->first[depth];
    }
    for (size_t i = from; i < made->count; i++) {
        struct au_trie_branch *branch = made->items[i].node;
        if (!made->items[i].is_leaf) sorted->branches[next[branch->depth]++] = branch;
    }
}

static void hash_sorted(const struct by_depth *sorted)
{
    struct group group = {.count = 0};
    for (size_t depth = AU_NIBBLE_COUNT - 1; depth > 0; depth--) {
        size_t end = sorted->first[depth + 1];
        for (size_t i = sorted->first[depth]; i < end; i++) {
            if (i + AHEAD < end) au_prefetch(sorted->branches[i + AHEAD], BRANCH_SIZE);
            hash_children(&group, sorted->branches[i]);
        }
        if (group.count > 0) hash_group(&group);
    }
}

enum au_err au_trie_hash_made(struct au_trie_part *part)
{
    struct au_trie_branch *few[FEW];
    struct by_depth sorted = {.branches = few};
    size_t count = part->made.count - part->made_hashed;
    if (count == 0) return AU_OK;
    if (count > FEW) sorted.branches = au_mem_new(count * sizeof(few[0]));
    if (!sorted.branches) return AU_ERR_NO_MEMORY;
    sort_made(&part->made, part->made_hashed, &sorted);
    hash_sorted(&sorted);
    if (sorted.branches != few) au_mem_free(sorted.branches);
    part->made_hashed = part->made.count;
    return AU_OK;
}

struct au_trie_ref au_trie_hash_root(struct au_trie_branch *root)
{
    uint8_t encoding[AU_BRANCH_SIZE_MAX];
    struct group group = {.count = 0};
    hash_children(&group, root);
    if (group.count > 0) hash_group(&group);
    au_trie_encode(root, encoding);
    const struct au_bytes bytes = {encoding, au_trie_encoded_size(root)};
    return in_place(root, 0, au_ref_of(bytes, root->depth == 0));
}
