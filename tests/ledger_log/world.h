/* A chain of random parameters over a store in memory, and what the maker of transactions knows of
 * it: people with keys, contracts, how both are now.
 *
 * Invariant: between blocks and inside the open one, a person's nonce, balance and stake are those
 * that the person's next transaction meets; a mistake here would only make transactions that fail
 * by the wrong reason, since nothing of it is in the log.
 *
 * Threading: one thread at a time. Whatever fails that must not ends the program. */
#ifndef AUREON_TESTS_LEDGER_LOG_WORLD_H
#define AUREON_TESTS_LEDGER_LOG_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "crypto/sign.h"
#include "ledger/block.h"
#include "ledger_log/codes.h"
#include "ledger_log/dice.h"

#define PERSON_COUNT    8u
#define KEY_COUNT       5u  /* of validators */
#define CONTRACTS_MAX   40u /* remembered */
#define WORLD_BLOCK_TXS 150u

struct person {
    struct au_sign_key key;
    struct au_address address;
    uint64_t nonce;
    uint64_t balance;
    uint64_t stake;
};

struct known_contract {
    struct au_address address;
    const struct code *code;
    bool has_admin;
    struct au_address admin;
};

struct world_options {
    uint64_t seed;
    bool has_graphs; /* contracts that call one another, and hardly anything else (graph.h) */
    bool optimizes;  /* compiles to fast code, which must change nothing */
};

struct world {
    struct dice dice;
    bool has_graphs;
    struct au_kv kv;
    struct au_engine *engine;
    struct au_buf genesis;
    struct au_ledger *ledger;
    struct au_block *block;
    struct au_arena arena;    /* for the world's life */
    struct au_arena tx_arena; /* for a block's */
    uint64_t time_ms;         /* the source's */
    bool is_stuffed;          /* the open block is to run out of bytes before gas */
    struct code codes[CODES_MAX];
    size_t code_count;
    struct person people[PERSON_COUNT]; /* the first are rich, the last has nothing */
    struct au_sign_key keys[KEY_COUNT];
    struct known_contract contracts[CONTRACTS_MAX];
    size_t contract_count;
};

/* world_must ends the program unless err is AU_OK. */
#define world_must(err) world_check(err, __FILE__, __LINE__)
void world_check(enum au_err err, const char *file, int line);

void world_open(struct world *world, const struct world_options *options);
void world_close(struct world *world);

/* world_reopen closes the ledger and opens it again over the same store. */
void world_reopen(struct world *world);

/* world_look brings what is known of people up to date with the committed height. */
void world_look(struct world *world);

/* world_learn takes over what a transaction changed, as its receipt has it. */
void world_learn(struct world *world, const struct au_tx *tx, const struct au_receipt *receipt);

/* world_copy copies bytes into memory that lives until the block is over. */
struct au_bytes world_copy(struct world *world, const void *data, size_t size);

/* world_stake_proof signs the owner's claim on a validator key. */
void world_stake_proof(const struct world *world, const struct au_sign_key *key,
                       const struct au_address *owner, uint8_t out_proof[AU_TX_SIGNATURE_SIZE]);

#endif
