#include "state/retrace.h"

#include "base/hex.h"
#include "base/mem.h"
#include "state/history.h"

#define RECORD_SIZE_MAX ((size_t)16 << 20) /* bytes of a flat record, and of a leaf */

static const struct au_hash account_trie; /* zero: the owner that no contract is */

void au_retrace_init(struct au_retrace *retrace, struct au_trie_cache *tries, struct au_flat *flat,
                     const struct au_hash *root, size_t size_max)
{
    *retrace =
        (struct au_retrace){.tries = tries, .flat = flat, .root = root, .size_max = size_max};
    /* The budget is counted: the arena's own bound could not tell it from the end of the heap. */
    au_arena_init(&retrace->arena, SIZE_MAX);
    au_buf_init(&retrace->value, RECORD_SIZE_MAX);
}

void au_retrace_done(struct au_retrace *retrace)
{
    au_arena_done(&retrace->arena);
    au_buf_done(&retrace->value);
}

/* ---- roots ---- */

enum au_err au_retrace_account(struct au_retrace *retrace, const struct au_hash *key,
                               struct au_account *out_account)
{
    const struct au_flat *flat = retrace->flat;
    enum au_err err = au_kv_get(&flat->kv, flat->snapshot, AU_CF_ACC,
                                (struct au_bytes){key->bytes, AU_HASH_SIZE}, &retrace->value);
    *out_account = (struct au_account){0};
    if (err == AU_ERR_NOT_FOUND) return AU_OK;
    AU_TRY(err);
    bool is_good = au_flat_decode_account(au_buf_bytes(&retrace->value), out_account);
    return is_good ? AU_OK : AU_ERR_MALFORMED;
}

static enum au_err refuse(const struct au_retrace *retrace, const char *what,
                          const struct au_hash *owner)
{
    struct au_buf *message = retrace->message;
    if (!message || message->size > 0) return AU_ERR_MALFORMED;
    au_buf_put_text(message, what);
    if (owner) au_hex_put(message, (struct au_bytes){owner->bytes, AU_HASH_SIZE});
    return AU_ERR_MALFORMED;
}

static enum au_err check_root(struct au_retrace *retrace, const struct au_hash *owner,
                              const struct au_trie_root *root)
{
    struct au_account account;
    if (au_hash_is_equal(owner, &account_trie)) {
        if (au_hash_is_equal(&root->hash, retrace->root)) return AU_OK;
        return refuse(retrace, "the accounts do not give the state root of the block", NULL);
    }
    AU_TRY(au_retrace_account(retrace, owner, &account));
    bool fits = root->is_empty != account.has_storage &&
                (root->is_empty || au_hash_is_equal(&root->hash, &account.storage_root));
    if (fits) return AU_OK;
    return refuse(retrace, "the slots do not give the storage root of account ", owner);
}

/* ---- tries ---- */

/* Gives each update what its key has in the state to come to. */
static enum au_err take_leaves(struct au_retrace *retrace, const struct au_hash *owner,
                               struct au_trie_update *updates, size_t count)
{
    size_t size = 0;
    au_arena_reset(&retrace->arena);
    for (size_t i = 0; i < count; i++) {
        updates[i].value = (struct au_bytes){0};
        au_buf_clear(&retrace->value);
        enum au_err err = au_flat_key_leaf(retrace->flat, owner, &updates[i].key, &retrace->value);
        if (err == AU_ERR_NOT_FOUND) {
            updates[i].existed = false; /* it went, and the records may know so */
            continue;
        }
        AU_TRY(err);
        size += retrace->value.size;
        if (size > retrace->size_max) return AU_ERR_TOO_LARGE;
        AU_TRY(au_arena_copy(&retrace->arena, au_buf_bytes(&retrace->value), &updates[i].value));
    }
    return AU_OK;
}

enum au_err au_retrace_trie(struct au_retrace *retrace, const struct au_hash *owner,
                            struct au_trie_update *updates, size_t count)
{
    struct au_trie_root root;
    const struct au_trie_batch batch = {.owner = *owner,
                                        .updates = updates,
                                        .update_count = count,
                                        .is_written = retrace->is_written};
    AU_TRY(take_leaves(retrace, owner, updates, count));
    AU_TRY(au_trie_apply(retrace->tries, &batch, &root));
    return check_root(retrace, owner, &root);
}

/* ---- a history's changes ---- */

static struct au_hash owner_of(const struct au_undo_record *record)
{
    struct au_hash owner = account_trie;
    if (record->cf == AU_CF_STO) memcpy(owner.bytes, record->key.data, AU_HASH_SIZE);
    return owner;
}

/* Changes come by family and key: accounts, then the slots of one contract after the other. */
static enum au_err apply_changes(struct au_retrace *retrace, const struct au_kv *history,
                                 struct au_trie_update *updates)
{
    struct au_undo_record record;
    struct au_hash owner = account_trie;
    size_t cursor = 0, count = 0;
    while (au_history_next(history, &cursor, &record)) {
        if (record.cf != AU_CF_ACC && record.cf != AU_CF_STO) continue;
        struct au_hash next_owner = owner_of(&record);
        if (!au_hash_is_equal(&owner, &next_owner)) {
            AU_TRY(au_retrace_trie(retrace, &owner, updates, count));
            count = 0;
        }
        owner = next_owner;
        updates[count] = (struct au_trie_update){0};
        memcpy(updates[count++].key.bytes, record.key.data + record.key.size - AU_HASH_SIZE,
               AU_HASH_SIZE);
    }
    return au_retrace_trie(retrace, &owner, updates, count);
}

enum au_err au_retrace_changes(struct au_retrace *retrace, const struct au_kv *history)
{
    struct au_undo_record record;
    size_t cursor = 0;
    while (au_history_next(history, &cursor, &record)) {
    }
    struct au_trie_update *updates = au_mem_new(cursor * sizeof(*updates));
    if (!updates) return AU_ERR_NO_MEMORY;
    enum au_err err = apply_changes(retrace, history, updates);
    au_mem_free(updates);
    return err;
}
