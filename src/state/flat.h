/* Accounts, slots and code as the store keeps them: the truth for execution. The trie over them is
 * only the commitment.
 *
 *     acc   SHA-256(address)                       -> account record
 *     sto   SHA-256(contract) || SHA-256(key)      -> format u8 = 1 || value
 *     key   SHA-256(contract) || key               -> ""     exists while the slot does
 *     cod   SHA-256(code)                          -> code
 *
 *     account record = format u8 = 1 || flags u8 || nonce u64 || balance u64 || stake u64 ||
 *                      storage_root[32] if flag 1 || code_hash[32] if flag 2 || admin[32] if flag 4
 *     account leaf   = RLP [nonce, balance, stake, storage_root or "", code_hash or "",
 *                           admin or ""]
 *     slot leaf      = RLP of the value's bytes
 *
 * Threading: a reader belongs to one thread; any number of them read one store. */
#ifndef AUREON_STATE_FLAT_H
#define AUREON_STATE_FLAT_H

#include "core/limits.h"
#include "state/object_cache.h"
#include "state/overlay.h"
#include "store/kv.h"

#define AU_FLAT_SLOT_KEY_SIZE    64u     /* bytes of a key in sto */
#define AU_FLAT_ACCOUNT_SIZE_MAX 122u    /* bytes of a record in acc */
#define AU_ACCOUNT_LEAF_SIZE_MAX 160u    /* bytes */
#define AU_FLAT_CODE_SIZE_MAX    524288u /* bytes of code */
#define AU_FLAT_WARM_MAX         256u    /* accounts */

/* Reads a store, at a snapshot or as it is now. */
struct au_flat {
    struct au_kv kv;
    const struct au_kv_snapshot *snapshot; /* NULL: now */
    struct au_object_cache *objects;       /* NULL: none */
    uint64_t height;                       /* of the snapshot: for the cache */
    struct au_buf value;                   /* what was read last */
};

/* au_flat_init prepares a reader in the caller's storage; au_flat_done frees what it holds. */
void au_flat_init(struct au_flat *flat, const struct au_kv *kv,
                  const struct au_kv_snapshot *snapshot);
void au_flat_done(struct au_flat *flat);

/* au_flat_use_cache makes a reader of the state at a height look for accounts and slots in a cache
 * first. */
void au_flat_use_cache(struct au_flat *flat, struct au_object_cache *objects, uint64_t height);

/* au_flat_source makes the reader the source of an overlay; it outlives it. */
struct au_state_source au_flat_source(struct au_flat *flat);

/* au_flat_account reads an account; one that is absent does not exist.
 * OK, MALFORMED (the record is damaged), or what the store failed with. */
AU_MUST_USE enum au_err au_flat_account(struct au_flat *flat, const struct au_address *address,
                                        struct au_account *out_account);

/* au_flat_warm reads accounts that the cache lacks into it; without a cache it does nothing.
 *
 * count   at most AU_FLAT_WARM_MAX; an account may be among them more than once
 *
 * Errors as above: then some may not have been read. */
AU_MUST_USE enum au_err au_flat_warm(struct au_flat *flat,
                                     const struct au_address *const *addresses, size_t count);

/* au_flat_slot reads a slot; its value lives until the next read. Errors as above. */
AU_MUST_USE enum au_err au_flat_slot(struct au_flat *flat, const struct au_address *contract,
                                     struct au_bytes key, struct au_slot *out_slot);

/* au_flat_code reads code, which lives until the next read. NOT_FOUND, or as above. */
AU_MUST_USE enum au_err au_flat_code(struct au_flat *flat, const struct au_hash *code_hash,
                                     struct au_bytes *out_code);

/* Leaves that are passed over. */
struct au_flat_filter {
    const void *context;
    bool (*is_passed)(const void *context, const struct au_hash *key);
};

/* A place in a trie. */
struct au_flat_place {
    const struct au_hash *owner;         /* zero: the account trie; else SHA-256 of a contract */
    struct au_bytes nibbles;             /* one per byte, at most 64 */
    const struct au_flat_filter *filter; /* NULL: none is passed over */
};

/* au_flat_leaf finds the first leaf of a trie whose key begins with the nibbles of a place.
 *
 * leaf   gets what the trie has under the key
 *
 * OK, NOT_FOUND, MALFORMED, or what the store failed with */
AU_MUST_USE enum au_err au_flat_leaf(struct au_flat *flat, const struct au_flat_place *place,
                                     struct au_hash *out_key, struct au_buf *leaf);

/* au_flat_key_leaf gives the leaf of a key; owner and results as above. */
AU_MUST_USE enum au_err au_flat_key_leaf(struct au_flat *flat, const struct au_hash *owner,
                                         const struct au_hash *key, struct au_buf *leaf);

/* The keys of the families. */
struct au_hash au_flat_account_key(const struct au_address *address);
struct au_hash au_flat_key_hash(struct au_bytes key);

/* A key in key, or a bound of a range there. */
struct au_flat_key {
    uint8_t bytes[AU_HASH_SIZE + AU_KEY_SIZE_MAX + 1];
    size_t size; /* as a bound 0: there is none */
};

/* au_flat_key gives the key of a contract's slot; owner is SHA-256 of the contract, key of at most
 * AU_KEY_SIZE_MAX bytes. au_flat_key_pass makes a key the least that is above all that begin with
 * it. */
struct au_flat_key au_flat_key(const struct au_hash *owner, struct au_bytes key);
void au_flat_key_pass(struct au_flat_key *key);

/* Records and leaves. A record is decoded strictly. */
void au_flat_encode_account(struct au_buf *buf, const struct au_account *account);
AU_MUST_USE bool au_flat_decode_account(struct au_bytes record, struct au_account *out_account);
void au_flat_encode_slot(struct au_buf *buf, struct au_bytes value);
AU_MUST_USE bool au_flat_decode_slot(struct au_bytes record, struct au_bytes *out_value);
void au_flat_account_leaf(struct au_buf *buf, const struct au_account *account);
void au_flat_slot_leaf(struct au_buf *buf, struct au_bytes value);

#endif
