/* What a transaction did (protocol.md section 6).
 *
 *     core    = outcome u8 || detail u32 || revert_code u32 || gas_used u64 || fee u64 ||
 *               created option<[32]> || output bytes || vec<event> || vec<bytes> logs
 *     digest  = H("aureon/receipt", core)
 *     stored  = core || id[32] || height u64 || index u32 || vec<balance change> ||
 *               vec<slot change> || note bytes
 *     event          = contract[32] || name string || vec<topic[32]> || data bytes
 *     balance change = address[32] || before u64 || after u64
 *     slot change    = contract[32] || key bytes || before option<bytes> || after option<bytes>
 *
 * The note is a sentence for people, apart from consensus, and not checked to be UTF-8: au_utf8_put
 * shows it. Lists are kept as their encoded items, which iterators read: a decoded receipt borrows
 * everything and allocates nothing.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_RECEIPT_H
#define AUREON_CORE_RECEIPT_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/outcome.h"
#include "core/address.h"
#include "core/decode.h"
#include "core/limits.h"

#define AU_RECEIPT_SIZE_MAX      (64u << 20) /* bytes of the stored form */
#define AU_RECEIPT_NOTE_SIZE_MAX 1024u       /* bytes */

/* Bytes of the encoded events of a transaction. */
#define AU_RECEIPT_EVENTS_SIZE_MAX                                                                \
    (AU_EVENTS_DATA_SIZE_MAX +                                                                    \
     AU_EVENTS_MAX * (AU_ADDRESS_SIZE + 3 * (uint32_t)sizeof(uint32_t) + AU_EVENT_NAME_SIZE_MAX + \
                      AU_EVENT_TOPICS_MAX * AU_EVENT_TOPIC_SIZE))

/* The encoded items of a vec. */
struct au_items {
    struct au_bytes bytes;
    uint32_t count;
};

struct au_receipt {
    enum au_outcome outcome;
    uint32_t detail;
    uint32_t revert_code; /* 0 unless reverted */
    uint64_t gas_used;
    uint64_t fee; /* base units: gas_used x gas_price */
    bool has_created;
    struct au_address created; /* zero unless has_created */
    struct au_bytes output;    /* empty unless success or reverted */
    struct au_items events;    /* none unless success */
    struct au_items logs;      /* lines */
    struct au_hash id;         /* the transaction's; from here on not in the digest */
    uint64_t height;
    uint32_t index;            /* among the executed transactions of its block */
    struct au_items balances;  /* in order of first change */
    struct au_items slots;     /* likewise */
    struct au_items contracts; /* likewise */
    struct au_bytes note;      /* "" if there is nothing to say */
};

struct au_receipt_event {
    struct au_address contract; /* that emitted it */
    struct au_bytes name;       /* 1..64 bytes of UTF-8 */
    struct au_bytes topics;     /* at most 4, of 32 bytes each */
    struct au_bytes data;
};

struct au_receipt_balance {
    struct au_address address;
    uint64_t before;
    uint64_t after;
};

struct au_receipt_slot {
    struct au_address contract;
    struct au_bytes key; /* 1..256 bytes */
    bool existed;        /* before */
    bool exists;         /* after */
    struct au_bytes before;
    struct au_bytes after;
};

/* What a contract's code or its admin became. */
struct au_receipt_contract {
    struct au_address address;
    bool existed; /* before */
    bool had_admin;
    bool has_admin;
    struct au_hash code_before; /* zero unless existed */
    struct au_hash code_after;
    struct au_address admin_before; /* zero unless had_admin */
    struct au_address admin_after;  /* zero unless has_admin */
};

/* au_receipt_digest gives the leaf of receipts_root. */
struct au_hash au_receipt_digest(const struct au_receipt *receipt);

/* au_receipt_encode writes the stored form, au_receipt_encode_core what the digest is of. */
void au_receipt_encode(struct au_buf *buf, const struct au_receipt *receipt);
void au_receipt_encode_core(struct au_buf *buf, const struct au_receipt *receipt);

/* au_receipt_decode reads exactly a stored receipt, au_receipt_decode_core exactly the core of one;
 * what is not in the core is then zero. All items are checked; borrows from bytes. false: out_error
 * tells what is wrong. */
AU_MUST_USE bool au_receipt_decode(struct au_bytes bytes, struct au_receipt *out_receipt,
                                   struct au_decode *out_error);
AU_MUST_USE bool au_receipt_decode_core(struct au_bytes bytes, struct au_receipt *out_receipt,
                                        struct au_decode *out_error);

/* Writers of items, for receipts being made, and readers: each takes the first of items off, false
 * if there is none. items begins as a copy of the receipt's. */
void au_receipt_put_event(struct au_buf *items, const struct au_receipt_event *event);
void au_receipt_put_log(struct au_buf *items, struct au_bytes line);
void au_receipt_put_balance(struct au_buf *items, const struct au_receipt_balance *change);
void au_receipt_put_slot(struct au_buf *items, const struct au_receipt_slot *change);
void au_receipt_put_contract(struct au_buf *items, const struct au_receipt_contract *change);
bool au_receipt_next_event(struct au_items *items, struct au_receipt_event *out_event);
bool au_receipt_next_log(struct au_items *items, struct au_bytes *out_line);
bool au_receipt_next_balance(struct au_items *items, struct au_receipt_balance *out_change);
bool au_receipt_next_slot(struct au_items *items, struct au_receipt_slot *out_change);
bool au_receipt_next_contract(struct au_items *items, struct au_receipt_contract *out_change);

#endif
