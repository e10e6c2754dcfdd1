/* Where the events of a chain are: an index that is written with its transactions.
 *
 *     idx   'e' || list[32] || height || index || number   -> nothing
 *
 * An event is in the list of all events, in that of its contract, in that of its contract and its
 * name, and in those of its words: its topics and the address of who sent its transaction. A topic
 * may be an address: so one list has all events that an account has to do with.
 * Lists are named by hashes, so that keys are of one size;
 * heights (u64), indices (u32) and numbers of events in a receipt (u32) are big-endian, so that the
 * order of keys is that of the chain.
 *
 * Threading: writers as their batch, a walk as its reader.
 *
 * Errors of a walk, besides those it names: as those of chain/chain.h. */
#ifndef AUREON_CHAIN_EVENTS_H
#define AUREON_CHAIN_EVENTS_H

#include "chain/chain.h"

/* Where an event is. */
struct au_event_place {
    struct au_chain_place tx;
    uint32_t number; /* among the events of its receipt */
};

/* Which events are meant: those that have all of what is given. */
struct au_event_filter {
    bool has_contract;
    bool has_topic;
    bool has_account;
    uint8_t name_size; /* 0: any */
    struct au_address contract;
    uint8_t name[AU_EVENT_NAME_SIZE_MAX];
    struct au_hash topic;      /* any of an event's */
    struct au_address account; /* that sent the transaction, or is a topic of the event */
};

struct au_event_range {
    uint64_t from_height;
    uint64_t to_height; /* inclusive */
    enum au_chain_order order;
    bool has_after;
    struct au_event_place after; /* only what is behind this place, which need not be an event's */
};

/* au_events_put adds the events of a receipt to a batch, au_events_del takes them away; sender is
 * its transaction's. Cost: at most 8 changes of 49 bytes for each. */
void au_events_put(struct au_kv_batch *batch, const struct au_receipt *receipt,
                   const struct au_address *sender);
void au_events_del(struct au_kv_batch *batch, const struct au_receipt *receipt,
                   const struct au_address *sender);

/* A walk along the shortest list that a filter names. */
struct au_event_walk {
    struct au_chain_reader *reader;
    struct au_kv_iter iter;
    struct au_event_filter filter;
    struct au_receipt receipt; /* the last that was read */
    bool has_receipt;
    struct au_items rest; /* its events from next_number on */
    uint32_t next_number;
    uint64_t read_size; /* bytes of all receipts that were read */
};

/* au_event_walk_open prepares a walk; au_event_walk_close ends it. Until then the reader reads
 * no other receipt. */
AU_MUST_USE enum au_err au_event_walk_open(struct au_chain_reader *reader,
                                           const struct au_event_filter *filter,
                                           const struct au_event_range *range,
                                           struct au_event_walk *out_walk);
void au_event_walk_close(struct au_event_walk *walk);

/* au_event_walk_next looks at the next event of the list.
 *
 * out_place      where it is
 * out_event      borrows until the next call; its transaction is walk->receipt
 * out_is_match   whether it has what the filter wants besides
 *
 * OK, NOT_FOUND (the end). Cost: reads the receipt unless it was the last one read. */
AU_MUST_USE enum au_err au_event_walk_next(struct au_event_walk *walk,
                                           struct au_event_place *out_place,
                                           struct au_receipt_event *out_event, bool *out_is_match);

#endif
