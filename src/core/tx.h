/* Transactions: what an account signs (protocol.md section 2).
 *
 *     tx   = body || signature[64]                       id = SHA-256(tx)
 *     body = version u8 || from[32] || nonce u64 || gas_price u64 || valid_until u64 || payload
 *
 * Every transaction has exactly one encoding: what au_tx_decode takes, au_tx_encode gives back, to
 * the byte. Whether a transaction is valid is another question, which the ledger answers.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_TX_H
#define AUREON_CORE_TX_H

#include "base/buf.h"
#include "base/hash.h"
#include "core/address.h"
#include "core/decode.h"
#include "core/limits.h"

#define AU_TX_VERSION        1
#define AU_TX_SIGNATURE_SIZE 64

enum au_tx_kind { /* the payload's tag */
                  AU_TX_TRANSFER = 0,
                  AU_TX_DEPLOY = 1,
                  AU_TX_CALL = 2,
                  AU_TX_STAKE = 3,
                  AU_TX_UNSTAKE = 4,
                  AU_TX_UPGRADE = 5,
};
#define AU_TX_KIND_COUNT 6

/* A transaction. Bytes are borrowed from what was decoded. Fields that the kind does not have are
 * zero. */
struct au_tx {
    uint8_t version;
    struct au_address from;
    uint64_t nonce;
    uint64_t gas_price;   /* base units per gas */
    uint64_t valid_until; /* last height at which it may be included; 0 = none */
    enum au_tx_kind kind;
    struct au_address to;     /* Transfer: recipient; Call, Upgrade: contract */
    uint64_t amount;          /* Transfer, Stake, Unstake: base units */
    struct au_bytes code;     /* Deploy, Upgrade */
    struct au_bytes function; /* Call: 1..64 bytes of [A-Za-z0-9_] */
    struct au_bytes args;     /* Deploy, Call, Upgrade: the items of a vec<bytes> */
    uint32_t arg_count;       /* likewise: at most AU_ARG_COUNT_MAX */
    uint64_t gas_limit;       /* likewise */
    uint64_t value;           /* Deploy, Call: base units */
    bool has_admin;           /* Deploy */
    struct au_address admin;  /* zero unless has_admin */
    bool has_validator;       /* Stake */
    uint8_t validator_key[AU_ADDRESS_SIZE];
    uint8_t validator_proof[AU_TX_SIGNATURE_SIZE];
    uint8_t signature[AU_TX_SIGNATURE_SIZE];
};

/* au_tx_kind_name gives a kind's name: "Transfer", "ContractDeploy", ... */
const char *au_tx_kind_name(enum au_tx_kind kind);

/* au_tx_decode reads a transaction of at most AU_TX_SIZE_MAX bytes.
 *
 * out_tx     borrows from bytes; of use on true only
 * out_error  set on false: what is wrong (error, static) and where (error_at)
 *
 * A version that is not AU_TX_VERSION is the error au_tx_other_version, at 0, where nothing else is
 * wrong. Cost: linear. */
AU_MUST_USE bool au_tx_decode(struct au_bytes bytes, struct au_tx *out_tx,
                              struct au_decode *out_error);

extern const char au_tx_other_version[];

/* au_tx_encode writes a transaction; au_tx_encode_body leaves the signature out. */
void au_tx_encode(struct au_buf *buf, const struct au_tx *tx);
void au_tx_encode_body(struct au_buf *buf, const struct au_tx *tx);

/* au_tx_args gives the arguments of a transaction that was decoded, and how many they are. */
size_t au_tx_args(const struct au_tx *tx, struct au_bytes out_args[AU_ARG_COUNT_MAX]);

/* au_tx_function gives the function that a transaction runs: of a deployment `init`, of an upgrade
 * `migrate`, if the code has it. Empty: it runs none. */
struct au_bytes au_tx_function(const struct au_tx *tx);

/* au_tx_id gives the id of an encoded transaction. */
struct au_hash au_tx_id(struct au_bytes bytes);

/* au_tx_put_signed_message writes what the sender signs: domain, genesis hash, body. */
void au_tx_put_signed_message(struct au_buf *buf, const struct au_hash *genesis_hash,
                              struct au_bytes body);

/* au_tx_signed_message_size gives the size of that message for a body of body_size bytes. */
size_t au_tx_signed_message_size(size_t body_size);

/* au_tx_proof_message gives what a validator key signs, so that nobody stakes for a key that he
 * does not have: H("aureon/pop", genesis_hash || from). */
struct au_hash au_tx_proof_message(const struct au_hash *genesis_hash,
                                   const struct au_address *from);

/* au_tx_intrinsic_steps gives what a transaction of size bytes costs before anything runs, without
 * the 50,000 steps of a Transfer that creates its recipient. */
uint64_t au_tx_intrinsic_steps(const struct au_tx *tx, size_t size);

#endif
