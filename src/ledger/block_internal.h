/* What the files of a block share. Only src/ledger may include this. */
#ifndef AUREON_LEDGER_BLOCK_INTERNAL_H
#define AUREON_LEDGER_BLOCK_INTERNAL_H

#include "contract/frame.h"
#include "ledger/block.h"
#include "ledger/ledger_internal.h"
#include "state/overlay.h"

/* Code that the open block has brought to the chain. */
struct new_code {
    struct new_code *next;
    struct au_hash hash;
    struct au_bytes code;
};

/* An owner that has an unbonding record of the open block. */
struct new_unbonding {
    struct new_unbonding *next;
    struct au_address owner;
};

/* An executed transaction; all in the block's arena. */
struct block_entry {
    struct au_bytes bytes;
    struct au_receipt *receipt;
};

enum block_state { BLOCK_IDLE, BLOCK_OPEN, BLOCK_SEALED };

#define BLOCK_CHANGE_KINDS 3u /* that a receipt tells: balances, slots, contracts */

struct au_block {
    struct au_ledger *ledger;
    enum block_state state;
    bool has_read;
    bool is_again;            /* executed anew, over the state that it was made on */
    struct au_tracer *tracer; /* is told what contracts do, or NULL */
    struct au_read read;      /* the committed state below; none below block 0 */
    struct au_state_source source;
    struct au_overlay overlay;
    struct au_arena arena; /* receipts, outputs, bytes of transactions */
    struct au_buf logs;    /* of the running transaction */
    struct au_buf events;  /* likewise */
    struct au_buf note;    /* likewise */
    size_t explain_left;   /* bytes of code that may still be searched for where calls failed */
    struct au_buf changes[BLOCK_CHANGE_KINDS]; /* scratch */
    struct au_header header;
    struct block_entry *entries; /* header.tx_count of them */
    size_t capacity;
    uint64_t size;  /* bytes of all transactions */
    uint64_t purse; /* fees so far, in base units */
    struct new_code *codes;
    struct new_unbonding *unbondings;
    uint64_t validator_count; /* owners with a key and enough stake */
    struct au_kv_batch batch;
};

/* What a payload came to. */
struct execution {
    enum au_outcome outcome;
    uint32_t detail;
    uint32_t revert_code;
    int64_t steps_used; /* with the intrinsic */
    struct au_bytes output;
    uint32_t log_count;   /* in block->logs */
    uint32_t event_count; /* in block->events */
    bool has_created;
    struct au_address created;
    const char *why;      /* for people: NULL = block->note, or nothing to say */
    struct au_bytes code; /* that the transaction brings, once it is accepted */
};

/* au_execute_payload runs a transaction's payload after its nonce and reserve were taken; the
 * caller undoes the overlay unless it is a success. */
AU_MUST_USE enum au_err au_execute_payload(struct au_block *block, const struct au_checked *checked,
                                           struct execution *execution);

/* au_execute_view runs a view; the caller undoes the overlay. */
AU_MUST_USE enum au_err au_execute_view(struct au_block *block, const struct au_view *view,
                                        struct execution *execution);

/* Two of the payloads. */
AU_MUST_USE enum au_err au_stake(struct au_block *block, const struct au_tx *tx,
                                 struct execution *execution);
AU_MUST_USE enum au_err au_unstake(struct au_block *block, const struct au_tx *tx,
                                   struct execution *execution);

/* What genesis puts into the system account. */
AU_MUST_USE enum au_err au_put_params(struct au_block *block);
AU_MUST_USE enum au_err au_put_stake(struct au_block *block, const struct au_genesis_stake *stake);

/* au_pay_unbondings frees what is due at this height. */
AU_MUST_USE enum au_err au_pay_unbondings(struct au_block *block);

/* au_put_unbonding_index notes in the batch which record is an owner's last. */
void au_put_unbonding_index(struct au_block *block);

/* au_unbonding_amount gives what an unbonding record holds, 0 for any other slot. */
uint64_t au_unbonding_amount(const struct au_change *change, const struct au_slot *slot);

/* au_credit adds to an account's balance, which may make it exist. */
AU_MUST_USE enum au_err au_credit(struct au_overlay *overlay, const struct au_address *address,
                                  uint64_t amount);

/* au_block_close lets go of the committed state: the block is idle. */
void au_block_close(struct au_block *block);

/* au_block_finish makes roots, header and batch of a block whose state is final. */
AU_MUST_USE enum au_err au_block_finish(struct au_block *block);

#endif
