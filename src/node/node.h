/* A running node: store, ledger, pool, producer and HTTP server, wired together.
 *
 *     au_node_start -> { serves } -> on_fault, _damage, _full, or its user's wish -> au_node_stop
 *
 * Threading: start, stop from one thread. */
#ifndef AUREON_NODE_NODE_H
#define AUREON_NODE_NODE_H

#include "base/buf.h"
#include "core/genesis.h"

/* What a node's folder has. */
#define AU_NODE_GENESIS_NAME   "genesis.json"
#define AU_NODE_STORE_NAME     "store"
#define AU_NODE_COMPILED_NAME  "compiled"
#define AU_NODE_SNAPSHOTS_NAME "snapshots"
#define AU_NODE_LISTS_MAX      (1u << 30) /* bytes of a genesis' lists */
#define AU_NODE_PORT_PRESET    8080u

struct au_node;

struct au_node_options {
    struct au_bytes genesis; /* encoded; borrowed for the start */
    const char *store;       /* folder of the store; NULL: in memory */
    const char *compiled;    /* folder of compiled contracts; NULL: in memory only */
    const char *snapshots;   /* folder of snapshots; NULL: none are made */
    uint64_t snapshot_every; /* blocks; with snapshots, above 0 */
    uint64_t verify_every;   /* blocks between two proofs of the state; 0: it is not proved */
    uint64_t reserve;        /* bytes of the store's disk that are left free; 0: none */
    uint64_t keep;           /* as in struct au_ledger_options */
    const char *address;     /* to listen on, numeric */
    uint16_t port;           /* 0: a free one */
    uint64_t interval_ms;    /* least time between blocks */
    bool is_manual;          /* blocks on demand only */
    bool is_dev;             /* signs for the dev accounts, offers /v1/dev */
    void *context;
    /* The node cannot go on: stop it. Any thread, maybe more than once, also during the start. */
    void (*on_fault)(void *context, const char *cause);
    /* Likewise, for the store does not have the state that a header promises. Any thread. */
    void (*on_damage)(void *context, const char *cause);
    /* The disk has no room: the node only reads from now on. Once au_node_has_room, stop it and
     * start another one. */
    void (*on_full)(void *context, const char *cause);
    void (*on_note)(void *context, const char *text); /* of use to know; the node goes on */
};

enum au_node_result {
    AU_NODE_STARTED,
    AU_NODE_PORT_TAKEN,
    AU_NODE_BAD_ADDRESS,
    AU_NODE_DAMAGED, /* what is on disk; another start finds the same */
    AU_NODE_FAILED,  /* the message tells */
};

/* au_node_start starts a node; it serves when this returns.
 *
 * message    gets what is wrong, a sentence, unless STARTED
 * out_node   owned by the caller: au_node_stop */
enum au_node_result au_node_start(const struct au_node_options *options, struct au_buf *message,
                                  struct au_node **out_node);

/* au_node_port gives the port that it listens on. */
uint16_t au_node_port(const struct au_node *node);

/* au_node_height gives the height of the last block. */
uint64_t au_node_height(const struct au_node *node);

/* au_node_has_room tells whether there is room on the disk for another try, after on_full. */
bool au_node_has_room(struct au_node *node);

/* au_node_stop answers what is pending, lets the block being made be committed, and closes all. */
void au_node_stop(struct au_node *node);

/* au_node_dev_genesis writes the genesis of a development chain: its accounts are rich, gas costs
 * what the sender likes. */
void au_node_dev_genesis(struct au_buf *encoded, uint64_t time_ms);

#endif
