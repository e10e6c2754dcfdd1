/* What the host offers a contract: the functions of the module env, as they are. abi/host.def has
 * their numbers and prices. aureon_contract.h, which contracts include, is built on them. */
#ifndef AUREON_HOST_H
#define AUREON_HOST_H

#include <stddef.h>
#include <stdint.h>

/* AUREON_EXPORT(name) names an exported function that no line of the ABI tells of. A pair (pointer,
 * size) of its parameters receives one argument of any size as it is, uint64_t one of 8 bytes,
 * uint32_t one of 4; without parameters it reads its arguments with aureon_arg_*. A result of 8 or
 * 4 bytes is the call's output, unless aureon_return_data gave another. */
#ifdef __wasm__
#define AUREON_EXPORT(name) __attribute__((export_name(#name))) name
#define AUREON_IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#else
#define AUREON_EXPORT(name) name
#define AUREON_IMPORT(name)
#endif
#define AUREON_NORETURN __attribute__((noreturn))

#define AUREON_ADDRESS_SIZE   32u    /* bytes */
#define AUREON_ACCOUNT_MAX    64u    /* bytes of an account's name in a run without a chain */
#define AUREON_KEY_SIZE_MAX   256u   /* bytes of a storage key, at least 1 */
#define AUREON_VALUE_SIZE_MAX 65536u /* bytes of a stored value */
#define AUREON_LOG_SIZE_MAX   4096u  /* bytes of a line */

/* ---- log, output, failure -------------------------------------------------------------------- */

/* aureon_log adds one line to the receipt. Lines stay when the call fails. */
AUREON_IMPORT(log) void aureon_log(const void *text, uint32_t size);

/* aureon_return_data sets the call's output; the last call wins. */
AUREON_IMPORT(return_data) void aureon_return_data(const void *data, uint32_t size);

/* aureon_revert ends the call and undoes all it did. The receipt carries code and data. */
AUREON_IMPORT(revert)
AUREON_NORETURN void aureon_revert(uint32_t code, const void *data, uint32_t size);

/* ---- arguments ------------------------------------------------------------------------------- */

/* aureon_arg_count gives the number of arguments; aureon_arg_size the bytes of argument index, -1
 * if there is none; aureon_arg_read copies at most size bytes from offset on and gives how many, -1
 * if there is no such argument. */
AUREON_IMPORT(arg_count) uint32_t aureon_arg_count(void);
AUREON_IMPORT(arg_size) int32_t aureon_arg_size(uint32_t index);
AUREON_IMPORT(arg_read)
int32_t aureon_arg_read(uint32_t index, void *data, uint32_t offset, uint32_t size);

/* ---- storage --------------------------------------------------------------------------------- */

/* aureon_storage_read copies at most size_max bytes of a value and gives how many, -1 if absent. */
AUREON_IMPORT(storage_read)
int32_t aureon_storage_read(const void *key, uint32_t key_size, void *value, uint32_t size_max);

/* aureon_storage_write gives 0, or 1 for a key or value of a size that is not allowed. A value of 0
 * bytes exists. */
AUREON_IMPORT(storage_write)
int32_t aureon_storage_write(const void *key, uint32_t key_size, const void *value, uint32_t size);

/* aureon_storage_size gives the bytes of a value, -1 if absent. */
AUREON_IMPORT(storage_size) int64_t aureon_storage_size(const void *key, uint32_t key_size);

/* aureon_storage_delete gives 0, or 1 if there was nothing. */
AUREON_IMPORT(storage_delete) int32_t aureon_storage_delete(const void *key, uint32_t key_size);

/* A walk over the slots whose keys begin with a prefix, in the order of their keys.
 *
 * aureon_iter_open gives a handle; 64 may be open in a call. aureon_iter_next copies the first slot
 * that exists now behind the one it gave before, at most key_max and value_max bytes of it, and
 * gives both full sizes, or AUREON_ITER_END. */
#define AUREON_ITER_END UINT64_MAX
AUREON_IMPORT(iter_open) int32_t aureon_iter_open(const void *prefix, uint32_t prefix_size);
AUREON_IMPORT(iter_next)
uint64_t aureon_iter_next(int32_t iter, void *key, uint32_t key_max, void *value,
                          uint32_t value_max);
AUREON_IMPORT(iter_close) void aureon_iter_close(int32_t iter);

/* The sizes in a result of aureon_iter_next that is not the end. */
static inline uint32_t aureon_iter_key_size(uint64_t sizes)
{
    return (uint32_t)(sizes >> 32);
}

static inline uint32_t aureon_iter_value_size(uint64_t sizes)
{
    return (uint32_t)sizes;
}

/* ---- accounts -------------------------------------------------------------------------------- */

enum aureon_transfer {
    AUREON_TRANSFER_DONE = 0,
    AUREON_TRANSFER_INSUFFICIENT = 1, /* the balance is smaller than the amount */
    AUREON_TRANSFER_NOT_OWNER = 2,    /* from is not this contract */
    AUREON_TRANSFER_BAD_RECIPIENT = 3 /* to names no account that may receive */
};

/* aureon_get_balance gives an account's balance, 0 if there is no such account. */
AUREON_IMPORT(get_balance) uint64_t aureon_get_balance(const void *account, uint32_t size);

/* aureon_transfer moves an amount from this contract and gives an enum aureon_transfer. */
AUREON_IMPORT(transfer)
int32_t aureon_transfer(const void *from, uint32_t from_size, const void *to, uint32_t to_size,
                        uint64_t amount);

/* Each writes AUREON_ADDRESS_SIZE bytes: this contract, who called it, who signed. */
AUREON_IMPORT(self_address) void aureon_self_address(void *address);
AUREON_IMPORT(caller) void aureon_caller(void *address);
AUREON_IMPORT(origin) void aureon_origin(void *address);

/* ---- the call and the chain ------------------------------------------------------------------ */

AUREON_IMPORT(value) uint64_t aureon_value(void); /* base units that came with the call */
AUREON_IMPORT(block_height) uint64_t aureon_block_height(void);
AUREON_IMPORT(block_time) uint64_t aureon_block_time_ms(void); /* Unix time */
AUREON_IMPORT(gas_left) uint64_t aureon_gas_left(void);

/* aureon_chain_id copies at most size_max bytes of the chain's name and gives its full size. */
AUREON_IMPORT(chain_id) uint32_t aureon_chain_id(void *name, uint32_t size_max);

/* ---- events ---------------------------------------------------------------------------------- */

/* aureon_emit puts an event into the receipt, which goes when the call fails.
 *
 * name    1..64 bytes of UTF-8
 * topics  at most 4, of 32 bytes each
 * data    at most 16 KiB */
AUREON_IMPORT(emit)
void aureon_emit(const char *name, uint32_t name_size, const void *topics, uint32_t topic_count,
                 const void *data, uint32_t data_size);

/* ---- other contracts ------------------------------------------------------------------------- */

#define AUREON_CALL_VIEW    1u /* the callee may not write */
#define AUREON_CALL_REENTRY 2u /* this contract may be called again meanwhile */

/* aureon_call runs a function of another contract and gives the number of its outcome, 0 = success;
 * docs/outcomes.md lists them. A callee that fails does not end this call.
 *
 * address  AUREON_ADDRESS_SIZE bytes
 * args     a u32 count, then for each argument a u32 size and the bytes
 * value    base units that move to the callee
 * gas      the most that it may use; 0 = all but a 64th of what is left
 * flags    of AUREON_CALL_ */
AUREON_IMPORT(call)
int32_t aureon_call(const void *address, const char *function, uint32_t function_size,
                    const void *args, uint32_t args_size, uint64_t value, uint64_t gas,
                    uint32_t flags);

/* aureon_deploy makes a contract of code that is on the chain under a hash of 32 bytes, calls its
 * init, and writes its address if the outcome, which it gives, is 0. */
AUREON_IMPORT(deploy)
int32_t aureon_deploy(const void *code_hash, const void *args, uint32_t args_size, uint64_t value,
                      uint64_t gas, void *address);

/* What the last call or deploy gave: output, or what it reverted with. aureon_ret_read copies at
 * most size bytes from offset on and gives how many. */
AUREON_IMPORT(ret_size) uint32_t aureon_ret_size(void);
AUREON_IMPORT(ret_read) int32_t aureon_ret_read(void *data, uint32_t offset, uint32_t size);

/* aureon_upgrade gives this contract other code that is on the chain, for calls that begin later;
 * aureon_set_admin another admin, or with size 0 none for ever. Both give 0, or 12 if it has no
 * admin; aureon_upgrade gives 8 for unknown code. */
AUREON_IMPORT(upgrade) int32_t aureon_upgrade(const void *code_hash);
AUREON_IMPORT(set_admin) int32_t aureon_set_admin(const void *account, uint32_t size);

/* ---- cryptography ---------------------------------------------------------------------------- */

/* aureon_sha256, aureon_keccak256 (Ethereum's) and aureon_blake2b_256 write 32 bytes. */
AUREON_IMPORT(sha256) void aureon_sha256(const void *data, uint32_t size, void *digest);
AUREON_IMPORT(keccak256) void aureon_keccak256(const void *data, uint32_t size, void *digest);
AUREON_IMPORT(blake2b_256) void aureon_blake2b_256(const void *data, uint32_t size, void *digest);

/* aureon_ed25519_verify gives 1 if sig (64 bytes) is the signature of key (32 bytes), else 0. */
AUREON_IMPORT(ed25519_verify)
int32_t aureon_ed25519_verify(const void *key, const void *sig, const void *message, uint32_t size);

/* aureon_secp256k1_verify and aureon_p256_verify give 1 if sig (r and s, 64 bytes, big-endian, s at
 * most half of the group's order) is the ECDSA signature of key (a compressed point, 33 bytes) of
 * what has the hash (32 bytes), else 0. */
AUREON_IMPORT(secp256k1_verify)
int32_t aureon_secp256k1_verify(const void *key, const void *sig, const void *hash);
AUREON_IMPORT(p256_verify)
int32_t aureon_p256_verify(const void *key, const void *sig, const void *hash);

/* aureon_secp256k1_recover writes the key (x and y, 64 bytes) under which sig is valid and gives 1;
 * 0 if there is none. sig has 65 bytes, of which the last says which key, 0..3: v - 27 of
 * Ethereum. */
AUREON_IMPORT(secp256k1_recover)
int32_t aureon_secp256k1_recover(const void *sig, const void *hash, void *key);

#endif
