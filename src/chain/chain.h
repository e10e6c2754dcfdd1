/* Blocks, transactions and receipts as the store keeps them: written when a block is sealed, read
 * by height, hash and account.
 *
 *     blk   height                                     -> header
 *     blk   height || index                            -> transaction
 *     rcp   height || index                            -> stored receipt
 *     txi   id[32]                                     -> height || index
 *     idx   'b' || block hash[32]                      -> height
 *     idx   'a' || address[32] || ~height || ~index    -> roles u8, of an account
 *     idx   'c' || address[32] || ~height || ~index    -> roles u8, of a contract that changed
 *     idx   'e' || ...: chain/events.h
 *     meta  "pruned"                                   -> height
 *
 * Heights (u64) and indices (u32) are big-endian, so that the order of keys is that of the chain;
 * in a history they are inverted, so that it begins with what is newest.
 *
 * Invariants:
 *   1. What is read was decoded to the last byte, and a header or a receipt is of the place that
 *      was asked for; else it is MALFORMED, as is a record larger than its kind can be. Whether a
 *      record is the one its hash promises is not looked at.
 *   2. Writers see no store: what they add depends on their arguments alone.
 *
 * Threading: writers as their batch; a reader belongs to one thread, any number of them read one
 * store.
 *
 * Errors of all readers, besides those they name: MALFORMED (a record is damaged), NO_MEMORY, or
 * what the store failed with. */
#ifndef AUREON_CHAIN_CHAIN_H
#define AUREON_CHAIN_CHAIN_H

#include "core/header.h"
#include "core/receipt.h"
#include "core/tx.h"
#include "store/kv.h"

/* What an account was to a transaction: bits. */
#define AU_CHAIN_ROLE_SENDER  1u
#define AU_CHAIN_ROLE_TARGET  2u /* recipient of a Transfer, contract of a Call or an Upgrade */
#define AU_CHAIN_ROLE_CREATED 4u /* contract that came to be */
#define AU_CHAIN_ROLE_CHANGED 8u /* contract whose code or admin it set */

/* Where a transaction is. */
struct au_chain_place {
    uint64_t height;
    uint32_t index; /* among the executed transactions of its block */
};

/* A transaction in the history of an account. */
struct au_chain_entry {
    struct au_chain_place place;
    uint8_t roles; /* the account's; never 0 */
};

enum au_chain_order { AU_CHAIN_UPWARD, AU_CHAIN_DOWNWARD };

/* ---- writing ---- */

/* au_chain_put_block adds a header, under its height and its hash, to a batch.
 *
 * What does not fit, or finds no memory, is the batch's error, as with au_kv_batch_put. */
void au_chain_put_block(struct au_kv_batch *batch, const struct au_header *header,
                        const struct au_hash *hash);

/* au_chain_put_tx adds an executed transaction and its receipt: under their place, under the
 * transaction's id, in the histories of sender, target, what was created and contracts that it
 * changed, and where its events are found by (chain/events.h).
 *
 * receipt   whole: its id, height and index are the keys
 * tx        the encoded transaction; that it decodes is the caller's affair
 *
 * Errors as above. Cost: both are copied; at most 6 changes, those of events, and one for
 * each change of a contract. */
void au_chain_put_tx(struct au_kv_batch *batch, const struct au_receipt *receipt,
                     struct au_bytes tx);

/* au_chain_del_block and au_chain_del_tx take away what au_chain_put_block and au_chain_put_tx add
 * for the same arguments. */
void au_chain_del_block(struct au_kv_batch *batch, const struct au_header *header,
                        const struct au_hash *hash);
void au_chain_del_tx(struct au_kv_batch *batch, const struct au_receipt *receipt,
                     struct au_bytes tx);

/* au_chain_put_pruned says that of the blocks up to a height the store has none, but for that one's
 * header. */
void au_chain_put_pruned(struct au_kv_batch *batch, uint64_t height);

/* ---- reading ---- */

/* Reads a store, at a snapshot or as it is now. Headers and places are copied out; what a
 * transaction or a receipt borrows lives until the reader reads the next of its kind. */
struct au_chain_reader {
    struct au_kv kv;
    const struct au_kv_snapshot *snapshot; /* NULL: now */
    struct au_buf record;                  /* scratch: headers, places */
    struct au_buf tx;
    struct au_buf receipt;
};

/* au_chain_reader_init prepares a reader in the caller's storage; au_chain_reader_done frees what
 * it holds. Store and snapshot stay open in between. */
void au_chain_reader_init(struct au_chain_reader *reader, const struct au_kv *kv,
                          const struct au_kv_snapshot *snapshot);
void au_chain_reader_done(struct au_chain_reader *reader);

/* au_chain_header reads the header at a height. OK, NOT_FOUND. */
AU_MUST_USE enum au_err au_chain_header(struct au_chain_reader *reader, uint64_t height,
                                        struct au_header *out_header);

/* au_chain_headers reads headers of consecutive heights, until one is not there.
 *
 * from        the first height: to go on, the one next to the last that was given
 * count_max   room in out_headers
 * out_count   headers given; 0 if there is none at from
 *
 * Cost: one read for each. */
AU_MUST_USE enum au_err au_chain_headers(struct au_chain_reader *reader, uint64_t from,
                                         enum au_chain_order order, size_t count_max,
                                         struct au_header *out_headers, size_t *out_count);

/* au_chain_height gives the height of the block with a hash. OK, NOT_FOUND. */
AU_MUST_USE enum au_err au_chain_height(struct au_chain_reader *reader, const struct au_hash *hash,
                                        uint64_t *out_height);

/* au_chain_pruned gives the height up to which transactions, receipts and histories are not there.
 * OK, NOT_FOUND: all of them are. */
AU_MUST_USE enum au_err au_chain_pruned(struct au_chain_reader *reader, uint64_t *out_height);

/* au_chain_missing tells why there is no header at a height that the chain has come to: NOT_FOUND,
 * it is pruned; MALFORMED. */
AU_MUST_USE enum au_err au_chain_missing(struct au_chain_reader *reader, uint64_t height);

/* au_chain_place gives the place of the transaction with an id. OK, NOT_FOUND. */
AU_MUST_USE enum au_err au_chain_place(struct au_chain_reader *reader, const struct au_hash *id,
                                       struct au_chain_place *out_place);

/* au_chain_tx reads the transaction at a place, decoded and as it is. OK, NOT_FOUND. */
AU_MUST_USE enum au_err au_chain_tx(struct au_chain_reader *reader, struct au_chain_place place,
                                    struct au_tx *out_tx, struct au_bytes *out_bytes);

/* au_chain_receipt reads the receipt at a place. OK, NOT_FOUND. */
AU_MUST_USE enum au_err au_chain_receipt(struct au_chain_reader *reader,
                                         struct au_chain_place place,
                                         struct au_receipt *out_receipt);

/* au_chain_leaves gives what the Merkle trees of a block stand on: the leaves of its tx_root and
 * of its receipts_root, in order.
 *
 * header        of the block, as it was read
 * out_ids       room for header->tx_count hashes, or NULL
 * out_digests   likewise
 *
 * OK, MALFORMED also where a receipt is missing or one is too many. Both arrays are then
 * indeterminate. Cost: reads all receipts of the block. */
AU_MUST_USE enum au_err au_chain_leaves(struct au_chain_reader *reader,
                                        const struct au_header *header, struct au_hash *out_ids,
                                        struct au_hash *out_digests);

/* What au_chain_history is asked for. */
struct au_chain_page {
    const struct au_address *address;
    bool is_of_contract; /* only transactions that set its code or its admin: those whose receipts
                            have it among their contracts */
    const struct au_chain_place *before; /* only those before this place, which need not be in the
                                            history: to go on, that of the last entry; NULL: from
                                            the newest */
    size_t count_max;                    /* room in out_entries */
};

/* au_chain_history gives the transactions of an account, the newest first.
 *
 * out_count     entries given; fewer than count_max only at the end */
AU_MUST_USE enum au_err au_chain_history(struct au_chain_reader *reader,
                                         const struct au_chain_page *page,
                                         struct au_chain_entry *out_entries, size_t *out_count);

#endif
