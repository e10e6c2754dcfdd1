/* The inside of the tries. Only src/state/trie.c, trie_hash.c, trie_memory.c, trie_flush.c,
 * trie_pass.c, trie_mend.c and proof.c may include this, and a test that looks at a pass.
 *
 * A batch changes no branch: one that it comes to is replaced by another, and so is each one above
 * it. Until au_trie_cache_commit both tries are there, the committed one, which readers walk, and
 * the next one. Then the replaced branches go, or after au_trie_cache_abort the new ones. Those
 * that a pass has to write yet go later.
 *
 * Which records are not in the store is noted in one of two masks of a branch. A pass writes what
 * the one mask has and clears it; what batches change meanwhile is noted in the other, and is the
 * next pass's.
 *
 * Threading: as state/trie.h says. */
#ifndef AUREON_STATE_TRIE_INTERNAL_H
#define AUREON_STATE_TRIE_INTERNAL_H

#include <stdatomic.h>

#include "base/prefetch.h"
#include "state/trie.h"

struct au_trie_leaf {
    union {
        struct au_hash key;
        struct au_trie_leaf *next_free;
    };
};

/* What a child is in memory. NULL: it has not been needed yet, or has been given up. */
union au_trie_link {
    struct au_trie_branch *branch;
    struct au_trie_leaf *leaf;
};

/* A child of a branch in memory. */
struct au_trie_place {
    union au_trie_link link;     /* changed where what it points to is given up */
    uint8_t bytes[AU_HASH_SIZE]; /* of the ref */
};

struct au_trie_branch {
    union {
        struct au_hash path; /* any key through it: its first depth nibbles count */
        struct au_trie_branch *next_free;
    };
    uint32_t made_at;   /* the batch: no branch below is younger */
    uint16_t children;  /* a bit for each child */
    uint16_t leaves;    /* those that are leaves */
    uint16_t inlined;   /* those whose ref is their encoding */
    uint16_t dirty[2];  /* branches whose records a pass has to write; no reader's affair */
    uint8_t depth;      /* the nibble that it branches at */
    uint8_t pair_count; /* it has room for twice as many children */
    struct au_trie_place places[];
};

/* A branch unfolded, to be looked at or to be changed: a place for each nibble. */
struct au_trie_open {
    struct au_trie_node node;
    union au_trie_link links[AU_CHILD_COUNT];
    uint16_t dirty;
};

enum au_trie_kind { AU_TRIE_NONE, AU_TRIE_LEAF, AU_TRIE_BRANCH };

/* A node as its parent sees it. */
struct au_trie_child {
    enum au_trie_kind kind;
    bool is_moved; /* its parent is new: it starts elsewhere than before, so that ref is wrong */
    bool is_dirty; /* a branch whose record the next pass has to write */
    union au_trie_link link;
    struct au_trie_ref ref;
};

/* A trie that has been applied to. A branch at its root is in memory. */
struct au_trie {
    struct au_hash owner;
    struct au_trie_child root; /* committed */
    struct au_trie_child next; /* if is_changed: what the root becomes */
    bool is_changed;
    uint32_t made_at; /* the batch that changed it last */
    struct au_trie *next_changed;
    struct au_trie *next_free;
};

/* A branch or leaf that a batch made, or that it left behind. */
struct au_trie_item {
    void *node;
    bool is_leaf;
};

/* How many children a branch has before one. */
static inline size_t au_trie_rank(const struct au_trie_branch *branch, unsigned index)
{
    return (size_t)__builtin_popcount(branch->children & ((1u << index) - 1));
}

/* The place of a child that a branch has. */
static inline const struct au_trie_place *au_trie_place(const struct au_trie_branch *branch,
                                                        unsigned index)
{
    return &branch->places[au_trie_rank(branch, index)];
}

/* The part that a key, or a path of at least one nibble, is of. */
static inline struct au_trie_part *au_trie_part_of(struct au_trie_cache *cache,
                                                   const struct au_hash *path)
{
    return &cache->parts[path->bytes[0] >> 4];
}

/* The branches of a trie that a pass writes. */
struct au_trie_root_written {
    struct au_hash owner;
    struct au_trie_branch *branch;
};

/* Records on their way to the store, those of one moment. */
struct au_trie_pass {
    struct au_kv kv;
    struct au_trie_heights heights; /* of the store's records meanwhile */
    uint32_t began_at; /* the batch: none of an earlier one's branches goes before it is done */
    unsigned mask;     /* which one has what is to be written */
    struct au_trie_root_written *roots; /* ascending */
    size_t root_count;
    struct au_trie_start *gone; /* to be deleted; ascending */
    size_t gone_count;
    struct au_kv_batch piece; /* the next changes to be written */
    size_t piece_size;
    pthread_t thread;
    pthread_mutex_t lock; /* over the next three */
    pthread_cond_t resumed;
    bool is_held; /* no piece is to be begun */
    bool is_waiting;
    atomic_bool is_done;
    enum au_err err; /* once it is done */
};

/* Whether a pass may still walk over what a batch left behind. */
static inline bool au_trie_is_needed(const struct au_trie_cache *cache, struct au_trie_item item)
{
    const struct au_trie_pass *pass = cache->pass;
    const struct au_trie_branch *branch = item.node;
    return pass && !item.is_leaf && !atomic_load(&pass->is_done) &&
           (int32_t)(branch->made_at - pass->began_at) < 0;
}

/* The size of a node that stands in its parent: a list, whose first byte tells. */
static inline size_t au_trie_inlined_size(const uint8_t *encoding)
{
    return encoding[0] - 0xc0u + 1u;
}

/* ---- state/trie_memory.c ---- */

/* au_trie_find gives the trie of an owner if it is in memory, else NULL. */
struct au_trie *au_trie_find(const struct au_trie_cache *cache, const struct au_hash *owner);

/* au_trie_add puts a trie into memory, empty. Readers are kept out meanwhile. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_trie_add(struct au_trie_cache *cache, const struct au_hash *owner,
                                    struct au_trie_child root, struct au_trie **out_trie);

/* au_trie_unfold unfolds a branch, all but what is dirty. */
void au_trie_unfold(const struct au_trie_branch *branch, struct au_trie_open *out_open);

/* au_trie_encode writes a branch's encoding, of au_trie_encoded_size bytes, as au_branch_encode
 * does for one that is unfolded. */
size_t au_trie_encoded_size(const struct au_trie_branch *branch);
void au_trie_encode(const struct au_trie_branch *branch, uint8_t *out);

/* au_trie_fold makes a branch of one that is unfolded; au_trie_new_leaf makes a leaf. NULL: no
 * memory. */
AU_MUST_USE struct au_trie_branch *au_trie_fold(struct au_trie_cache *cache,
                                                const struct au_trie_open *open);
AU_MUST_USE struct au_trie_leaf *au_trie_new_leaf(struct au_trie_cache *cache,
                                                  const struct au_hash *key);

/* au_trie_free gives up one branch or leaf, not what is below. */
void au_trie_free(struct au_trie_cache *cache, struct au_trie_item item);

/* au_trie_note_made puts a branch or leaf down as one that this batch made, au_trie_note_left as
 * one that it leaves behind. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_trie_note_made(struct au_trie_cache *cache, struct au_trie_item item);
AU_MUST_USE enum au_err au_trie_note_left(struct au_trie_cache *cache, struct au_trie_item item);

/* au_trie_del_record notes that a record is to be deleted. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_trie_del_record(struct au_trie_cache *cache,
                                           const struct au_trie_start *start);

/* au_trie_free_left frees what committed batches left behind, but for what a pass needs. */
void au_trie_free_left(struct au_trie_cache *cache);

/* au_trie_forget_dirt says that the store, or a pass, has all records as they are to be. */
void au_trie_forget_dirt(struct au_trie_cache *cache);

/* au_trie_give_up gives up what has not been used for longest, until at most so many bytes of
 * branches and leaves are left, but for what is dirty. There is no pass. Readers are kept out
 * meanwhile. */
void au_trie_give_up(struct au_trie_cache *cache, size_t size_max);

/* ---- state/trie_hash.c ---- */

/* What stands for the ref of a branch until au_trie_hash_made. */
extern const struct au_trie_ref au_trie_ref_to_come;

/* au_trie_hash_made makes the refs that are to come of the children of all branches of a part that
 * were made since it was called last, or since the batch began, but for a root's that branches at
 * the first nibble: its children are of all parts. OK, NO_MEMORY
 * au_trie_hash_root makes a root's own, and those of its children that are to come. */
AU_MUST_USE enum au_err au_trie_hash_made(struct au_trie_part *part);
struct au_trie_ref au_trie_hash_root(struct au_trie_branch *root);

/* ---- state/trie_flush.c ---- */

/* au_trie_put_record puts the record of a branch that starts after start nibbles. */
void au_trie_put_record(struct au_kv_batch *batch, const struct au_hash *owner,
                        const struct au_trie_branch *branch, size_t start);

/* au_trie_put_heights has a batch say of which heights the records are. */
void au_trie_put_heights(struct au_kv_batch *batch, const struct au_trie_heights *heights);

/* au_trie_flush_as does what au_trie_cache_flush does, and says heights. */
AU_MUST_USE enum au_err au_trie_flush_as(struct au_trie_cache *cache,
                                         const struct au_trie_heights *heights);

/* au_trie_load reads a branch from its record. OK, NOT_FOUND, MALFORMED, or what the store failed
 * with. */
AU_MUST_USE enum au_err au_trie_load(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                                     struct au_buf *value, const struct au_trie_start *start,
                                     struct au_trie_node *out_node);

#endif
