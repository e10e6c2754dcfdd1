/* Checks Aureon's proofs without a node: accounts, stored values and their absence under a state
 * root, transactions and receipts under a block's roots. This header and aureon_verify.c are all
 * that is needed; copy both. C99 and a libc's string.h.
 *
 * A check returns NULL if the claim is proved, else why not: a static sentence. What it gives is
 * set with NULL alone and borrows from the bytes it was read from. Everything but roots and hashes
 * that the caller trusts may come from anybody.
 *
 *     header      aureon_verify_header, against the hash of a block that the caller trusts
 *     account     aureon_verify_account, against the header's state_root
 *     slot        aureon_verify_slot, against the account of its contract
 *     tx          aureon_verify_inclusion, against the header's tx_root
 *     receipt     aureon_verify_receipt, against the header; it is that of the transaction which
 *                 aureon_verify_inclusion proves at the same index
 *
 * A document of many accounts and slots has the nodes of each: it is checked one by one.
 *
 * Threading: pure functions. Memory: about 2 KiB of stack, nothing from the heap. Cost: linear in
 * the size of what is given. */
#ifndef AUREON_VERIFY_H
#define AUREON_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AUREON_HASH_SIZE         32u /* bytes; of an address too */
#define AUREON_CHAIN_ID_SIZE_MAX 50u
#define AUREON_PROOF_NODES_MAX   65u /* more are never needed */
#define AUREON_PATH_HASHES_MAX   32u /* of a tree over transactions */

struct aureon_hash {
    uint8_t bytes[AUREON_HASH_SIZE];
};

struct aureon_bytes {
    const uint8_t *data; /* NULL only if size is 0 */
    size_t size;
};

/* account_proof or storage_proof of a document: nodes from the root on, decoded from hex. */
struct aureon_nodes {
    const struct aureon_bytes *nodes;
    size_t count;
};

struct aureon_header {
    struct aureon_hash hash; /* of the block: of all that follows */
    char chain_id[AUREON_CHAIN_ID_SIZE_MAX + 1];
    uint64_t height;
    struct aureon_hash parent;
    uint64_t time_ms;
    struct aureon_hash proposer; /* an address */
    struct aureon_hash state_root;
    struct aureon_hash tx_root;
    struct aureon_hash receipts_root;
    uint64_t gas_used;
    uint64_t gas_limit;
    uint32_t tx_count;
};

/* What a trie says of a key. */
struct aureon_claim {
    bool exists;
    struct aureon_bytes value; /* empty if it does not exist */
};

struct aureon_account {
    bool exists; /* false: all else is zero */
    uint64_t nonce;
    uint64_t balance;
    uint64_t stake;
    bool has_storage;
    struct aureon_hash storage_root;
    bool has_code;
    struct aureon_hash code_hash;
    bool has_admin;
    struct aureon_hash admin; /* an address */
};

/* What a transaction did. The lists are as they are encoded. */
struct aureon_receipt {
    struct aureon_hash digest; /* the leaf of receipts_root */
    uint8_t outcome;           /* 0: success; docs/outcomes.md has the others */
    uint32_t detail;
    uint32_t revert_code; /* 0 unless reverted */
    uint64_t gas_used;
    uint64_t fee; /* base units */
    bool has_created;
    struct aureon_hash created; /* an address */
    struct aureon_bytes output;
    uint32_t event_count;
    struct aureon_bytes events;
    uint32_t log_count;
    struct aureon_bytes logs;
};

/* What a contract told of itself. */
struct aureon_event {
    struct aureon_hash contract; /* an address */
    struct aureon_bytes name;    /* UTF-8 */
    struct aureon_bytes topics;  /* of 32 bytes each */
    struct aureon_bytes data;
};

/* aureon_sha256 hashes bytes. */
struct aureon_hash aureon_sha256(struct aureon_bytes bytes);

/* aureon_parse_address reads an address as documents have it: "aur1" and small letters and digits,
 * Bech32m. text ends with a zero byte. */
const char *aureon_parse_address(const char *text, struct aureon_hash *out_address);

/* aureon_verify_header decodes a header and checks it.
 *
 * block   the hash that is trusted; NULL: compare out_header->hash with one yourself, or nothing
 *         is proved */
const char *aureon_verify_header(struct aureon_bytes encoded, const struct aureon_hash *block,
                                 struct aureon_header *out_header);

/* aureon_verify_key proves what the trie under a root has under a key of 32 bytes: the value as the
 * trie holds it, or that there is none. */
const char *aureon_verify_key(const struct aureon_hash *root, const struct aureon_hash *key,
                              struct aureon_nodes nodes, struct aureon_claim *out_claim);

/* aureon_verify_account proves an account, or that there is none at the address. */
const char *aureon_verify_account(const struct aureon_hash *state_root,
                                  const struct aureon_hash *address, struct aureon_nodes nodes,
                                  struct aureon_account *out_account);

/* aureon_verify_slot proves the value of a contract's slot, or that it has none.
 *
 * contract   of aureon_verify_account; an account without storage has no slots, which no nodes
 *            prove
 * key        as the contract named it, not hashed */
const char *aureon_verify_slot(const struct aureon_account *contract, struct aureon_bytes key,
                               struct aureon_nodes nodes, struct aureon_claim *out_claim);

/* aureon_verify_inclusion proves that leaf is number `index` of `count` under a root: a
 * transaction's id under tx_root, a receipt's digest under receipts_root.
 *
 * count   the header's tx_count, never one that came with the proof */
const char *aureon_verify_inclusion(const struct aureon_hash *root, const struct aureon_hash *leaf,
                                    uint32_t index, uint32_t count, const struct aureon_hash *path,
                                    size_t path_count);

/* aureon_verify_receipt decodes a receipt, which a document has as `receipt`, and proves that it is
 * number `index` of the block.
 *
 * header   of aureon_verify_header
 * path     the document's receipt_path */
const char *aureon_verify_receipt(const struct aureon_header *header, struct aureon_bytes encoded,
                                  uint32_t index, const struct aureon_hash *path, size_t path_count,
                                  struct aureon_receipt *out_receipt);

/* aureon_next_event takes the first event off a verified receipt, aureon_next_log the first line
 * off its logs; false: there is none. */
bool aureon_next_event(struct aureon_receipt *receipt, struct aureon_event *out_event);
bool aureon_next_log(struct aureon_receipt *receipt, struct aureon_bytes *out_line);

#ifdef __cplusplus
}
#endif

#endif
