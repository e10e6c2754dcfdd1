/* A chain in a test's own process, for contracts that are compiled for the machine: gdb,
 * sanitizers, coverage and fuzzers see the contract itself.
 *
 * Compile the contracts, the test and the mock into one program:
 *
 *     cc -g -fsanitize=address,undefined -Isdk/c token.c test_token.c sdk/c/aureon_mock*.c
 *
 * Every host function works, with the outcomes of the chain. What differs:
 *   - gas is not counted: aureon_gas_left gives what aureon_mock.gas says. So nothing runs out of
 *     gas or of metered stack.
 *   - An access outside the memory, a division by zero and the like end the program, or are shown
 *     by its sanitizer, where a chain ends the call as trapped.
 *   - Static variables of a contract keep their values between calls; on a chain they don't.
 *   - Limits of one transaction hold for each call that a test makes; a callee may use all that is
 *     left of them.
 *   - Signatures are those of aureon_mock_sign and its like, unless aureon_mock.crypto says other.
 *
 * One thread. Running out of memory ends the program. */
#ifndef AUREON_MOCK_H
#define AUREON_MOCK_H

#include "aureon_contract.h"

#define AUREON_MOCK_ARGS_MAX 64u

/* What a test may replace, with the arguments of the host functions; NULL = the mock's own. */
struct aureon_mock_crypto {
    int32_t (*ed25519_verify)(const void *key, const void *sig, const void *message, uint32_t size);
    int32_t (*secp256k1_verify)(const void *key, const void *sig, const void *hash);
    int32_t (*p256_verify)(const void *key, const void *sig, const void *hash);
    int32_t (*secp256k1_recover)(const void *sig, const void *hash, void *key);
};

/* What calls see; a test may set it at any time. */
struct aureon_mock {
    uint64_t height;
    uint64_t time_ms;
    uint64_t gas;
    const char *chain_id;
    struct aureon_mock_crypto crypto;
};
extern struct aureon_mock aureon_mock;

/* Encoded arguments, borrowed while the call runs. */
struct aureon_mock_args {
    uint32_t count;
    aureon_bytes items[AUREON_MOCK_ARGS_MAX];
};

struct aureon_mock_result {
    enum aureon_outcome outcome;
    uint32_t revert_code; /* of AUREON_REVERTED */
    aureon_bytes data;    /* output, or what it reverted with; until the next call */
};

struct aureon_mock_event {
    aureon_address contract;
    aureon_string name;
    uint32_t topic_count;
    uint8_t topics[4][32];
    aureon_bytes data;
};

/* aureon_mock_reset begins a new chain: no balances, contracts, events or logs; height 1. */
void aureon_mock_reset(void);

/* aureon_mock_account gives an address for a name: SHA-256 of it. */
aureon_address aureon_mock_account(const char *name);

uint64_t aureon_mock_balance(aureon_address account);
void aureon_mock_set_balance(aureon_address account, uint64_t amount);

/* aureon_mock_deploy makes a contract of what AUREON_CONTRACT named so, calls its init, and writes
 * the address on success. Its admin is `from`. A name that the program does not hold gives
 * AUREON_NO_CONTRACT, here and in aureon_mock_upgrade. */
struct aureon_mock_result aureon_mock_deploy(const char *contract, aureon_address from,
                                             uint64_t value, const struct aureon_mock_args *args,
                                             aureon_address *out_address);

/* aureon_mock_call calls a function as a transaction of `from`; aureon_mock_view as a view. */
struct aureon_mock_result aureon_mock_call(aureon_address contract, const char *function,
                                           aureon_address from, uint64_t value,
                                           const struct aureon_mock_args *args);
struct aureon_mock_result aureon_mock_view(aureon_address contract, const char *function,
                                           const struct aureon_mock_args *args);

/* aureon_mock_upgrade gives a contract the code of another name and calls its migrate. */
struct aureon_mock_result aureon_mock_upgrade(aureon_address contract, const char *to,
                                              aureon_address from,
                                              const struct aureon_mock_args *args);

/* aureon_mock_code_hash gives the hash that aureon_deploy and aureon_upgrade know a contract by. */
aureon_bytes32 aureon_mock_code_hash(const char *contract);

/* Events of calls that succeeded, and logs of all, since the reset. What they give is the mock's;
 * NULL past the end. */
const struct aureon_mock_event *aureon_mock_event(uint32_t index);
const aureon_string *aureon_mock_log(uint32_t index);

/* aureon_mock_sign writes a signature of 64 bytes that the mock's ed25519_verify (key of 32 bytes),
 * secp256k1_verify and p256_verify (33 bytes, message = the hash of 32) take as valid: it needs no
 * secret, and is worth nothing elsewhere. */
void aureon_mock_sign(const void *key, uint32_t key_size, const void *message, uint32_t size,
                      uint8_t sig[64]);

/* aureon_mock_sign_recoverable writes 65 bytes from which the mock's secp256k1_recover finds `key`,
 * which it also writes: 64 bytes made of the seed. */
void aureon_mock_sign_recoverable(const uint8_t seed[32], const void *hash, uint8_t sig[65],
                                  uint8_t key[64]);

#endif
