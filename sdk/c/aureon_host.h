/* What the host offers a contract: the functions of the module env, as they are; docs/host.md has
 * their prices. Comments of functions are those of abi/host_words.def (tools/doc-tables): each
 * parameter, then each result. aureon_contract.h, which contracts include, is built on them. */
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

/* Adds a line to the log of the receipt. Lines stay when the call fails, those of calls that were
 * undone too: they are for people who look for a fault. Programs follow events.
 *
 * line  any bytes; what is not UTF-8 is shown as U+FFFD
 * size  its bytes, at most 4,096 */
AUREON_IMPORT(log) void aureon_log(const void *line, uint32_t size);

/* Sets the output of the call. The last call wins, and the function's own result is not used then.
 * A call that fails has no output.
 *
 * data  any bytes
 * size  their number, at most 262,144 */
AUREON_IMPORT(return_data) void aureon_return_data(const void *data, uint32_t size);

/* Ends the call as failed, and undoes all it did. For what the caller did wrong. The caller, and
 * the receipt, get the code and the data. It does not return.
 *
 * code  a number of the contract's own choice
 * data  any bytes; by custom a sentence, or the fields of an error of the ABI
 * size  their number, at most 262,144 */
AUREON_IMPORT(revert)
AUREON_NORETURN void aureon_revert(uint32_t code, const void *data, uint32_t size);

/* ---- arguments ------------------------------------------------------------------------------- */

/* Tells how many arguments the call has.
 *
 * 0 to 64  their number */
AUREON_IMPORT(arg_count) uint32_t aureon_arg_count(void);

/* Tells the size of an argument.
 *
 * index  of the argument, from 0 on
 *
 * 0 to 262,144  its bytes
 * -1            there is no such argument */
AUREON_IMPORT(arg_size) int32_t aureon_arg_size(uint32_t index);

/* Copies an argument, or a part of it. Only what is copied is paid for: ask arg_size first.
 *
 * index   of the argument, from 0 on
 * bytes   where the bytes go
 * offset  the first byte that is copied
 * size    the most bytes that are copied; as many must lie in the memory
 *
 * 0 to size  bytes copied; 0 from the argument's end on
 * -1         there is no such argument */
AUREON_IMPORT(arg_read)
int32_t aureon_arg_read(uint32_t index, void *bytes, uint32_t offset, uint32_t size);

/* ---- storage --------------------------------------------------------------------------------- */

/* Copies the value of a key. A value that is longer than there is room for is cut, and the result
 * does not tell: compare with storage_size, or give room for a byte more than expected. The whole
 * value is paid for, whatever is copied.
 *
 * key       any bytes
 * key_size  their number, 1 to 256
 * value     where the bytes go
 * size_max  the most bytes that are copied; as many must lie in the memory
 *
 * 0 to size_max  bytes copied
 * -1             the key is absent, or its size is not allowed */
AUREON_IMPORT(storage_read)
int32_t aureon_storage_read(const void *key, uint32_t key_size, void *value, uint32_t size_max);

/* Puts a value under a key. A value of 0 bytes exists. Look at the result: a refused write changes
 * nothing.
 *
 * key         any bytes
 * key_size    their number, 1 to 256
 * value       any bytes
 * value_size  their number, 0 to 65,536
 *
 * 0  done
 * 1  a size is not allowed */
AUREON_IMPORT(storage_write)
int32_t aureon_storage_write(const void *key, uint32_t key_size, const void *value,
                             uint32_t value_size);

/* Tells the size of a key's value, and whether there is one. The whole value is paid for, though
 * nothing is copied.
 *
 * key       any bytes
 * key_size  their number, 1 to 256
 *
 * 0 to 65,536  bytes of the value
 * -1           the key is absent, or its size is not allowed */
AUREON_IMPORT(storage_size) int64_t aureon_storage_size(const void *key, uint32_t key_size);

/* Removes a key and its value. No gas comes back.
 *
 * key       any bytes
 * key_size  their number, 1 to 256
 *
 * 0  deleted
 * 1  the key was absent, or its size is not allowed */
AUREON_IMPORT(storage_delete) int32_t aureon_storage_delete(const void *key, uint32_t key_size);

#define AUREON_ITER_END UINT64_MAX /* what aureon_iter_next gives at the end: -1 */

/* Begins to walk over the slots whose keys begin with a prefix, in the order of their keys. Keys
 * are compared as unsigned bytes, a key before what it begins. Handles are the call's own, each the
 * lowest that is free, and are closed when it ends.
 *
 * prefix       any bytes; none for all slots
 * prefix_size  their number, 0 to 256
 *
 * 0 to 63  a handle for iter_next and iter_close */
AUREON_IMPORT(iter_open) int32_t aureon_iter_open(const void *prefix, uint32_t prefix_size);

/* Copies the next slot's key and value. The next slot is the first above the last one given that
 * exists now: what the contract writes or deletes meanwhile counts. With value_max 0 the values
 * cost nothing. What is longer than there is room for is cut, and the sizes tell.
 *
 * handle     of iter_open
 * key        where the key goes
 * key_max    the most bytes of it that are copied
 * value      where the value goes
 * value_max  the most bytes of it that are copied
 *
 * key size × 2^32 + value size  both in full
 * -1                            there is no further slot now; a later call looks again */
AUREON_IMPORT(iter_next)
uint64_t aureon_iter_next(int32_t handle, void *key, uint32_t key_max, void *value,
                          uint32_t value_max);

/* Ends a walk and frees its handle.
 *
 * handle  of iter_open */
AUREON_IMPORT(iter_close) void aureon_iter_close(int32_t handle);

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

/* Tells the balance of an account or contract.
 *
 * account  its address
 * size     bytes of the address, 32
 *
 * 0 or more  base units; 0 too if there is no such account, or the size is another */
AUREON_IMPORT(get_balance) uint64_t aureon_get_balance(const void *account, uint32_t size);

/* Moves an amount from this contract to an account or contract. No code of the recipient runs. Look
 * at the result: a refused transfer moves nothing. An amount of 0, and one to itself, succeed and
 * move nothing.
 *
 * from       the address of this contract, and of no other
 * from_size  its bytes, 32
 * to         the address of the recipient
 * to_size    its bytes, 32
 * amount     base units; 10^9 are 1 AUR
 *
 * 0  done
 * 1  the balance is smaller than the amount
 * 2  from is not this contract
 * 3  to may not receive: not 32 bytes, or the system account */
AUREON_IMPORT(transfer)
int32_t aureon_transfer(const void *from, uint32_t from_size, const void *to, uint32_t to_size,
                        uint64_t amount);

/* Writes the address of this contract.
 *
 * address  where its 32 bytes go */
AUREON_IMPORT(self_address) void aureon_self_address(void *address);

/* Writes the address of who called: a contract, or who signed. What a call may do depends on the
 * caller.
 *
 * address  where its 32 bytes go */
AUREON_IMPORT(caller) void aureon_caller(void *address);

/* Writes the address of who signed the transaction. Rights that are given to it are given to every
 * contract that it calls: ask for the caller.
 *
 * address  where its 32 bytes go */
AUREON_IMPORT(origin) void aureon_origin(void *address);

/* ---- the call and the chain ------------------------------------------------------------------ */

/* Tells what came with the call. It is in the contract's balance already, and goes back if the call
 * fails.
 *
 * 0 or more  base units */
AUREON_IMPORT(value) uint64_t aureon_value(void);

/* Tells the height of the block.
 *
 * 0 or more  the height of the block that the call is in */
AUREON_IMPORT(block_height) uint64_t aureon_block_height(void);

/* Tells the time of the block. Who makes the block chooses it; each is later than the one before.
 *
 * 0 or more  Unix milliseconds */
AUREON_IMPORT(block_time) uint64_t aureon_block_time_ms(void);

/* Tells what is left of the call's gas. After its own price, rounded down.
 *
 * 0 or more  gas */
AUREON_IMPORT(gas_left) uint64_t aureon_gas_left(void);

/* Copies the name of the chain.
 *
 * text      where the bytes go
 * size_max  the most bytes that are copied; as many must lie in the memory
 *
 * 1 to 50  bytes of the name, whatever was copied */
AUREON_IMPORT(chain_id) uint32_t aureon_chain_id(void *text, uint32_t size_max);

/* ---- events ---------------------------------------------------------------------------------- */

/* Puts an event into the receipt. For the world outside: contracts cannot read events. An event
 * goes with the call that emitted it when that fails. A name or topics that the ABI tells of are
 * shown by name.
 *
 * name         UTF-8
 * name_size    its bytes, 1 to 64
 * topics       what events are looked for by: 32 bytes each, in a row
 * topic_count  their number, 0 to 4
 * data         any bytes; by the ABI the fields that are no topics
 * data_size    their number, 0 to 16,384 */
AUREON_IMPORT(emit)
void aureon_emit(const char *name, uint32_t name_size, const void *topics, uint32_t topic_count,
                 const void *data, uint32_t data_size);

/* ---- other contracts ------------------------------------------------------------------------- */

#define AUREON_CALL_VIEW    1u /* the callee may not write */
#define AUREON_CALL_REENTRY 2u /* this contract may be called again meanwhile */

/* Runs a function of another contract. A callee that fails does not end its caller: look at the
 * result. What it did is undone, its value comes back, and its gas is used. A call that is refused
 * costs no gas but its price. The reasons of a refusal are looked for in this order: 5, 12 by a
 * view or reentry, 11, 8, 12 by the name, 9, 10. A view that calls with value ends itself.
 *
 * contract       its address, 32 bytes
 * function       the name of an exported function
 * function_size  its bytes, 1 to 64
 * args           a u32 count, then for each argument a u32 size and the bytes, all little-endian
 * args_size      bytes of all that, 4 at least
 * value          base units that move to the callee; 0 with flag 1
 * gas            the most gas that it may use; 0 for all but a 64th of what is left
 * flags          1: the callee, and all that it calls, is a view; 2: this contract may be entered
 *                again meanwhile
 *
 * 0           success; ret_read has the output
 * 1           it reverted; ret_read has the data
 * 2, 3, 4, 6  it ran out of gas, trapped, ran out of stack, or was rejected by a host function
 * 5           refused: calls are nested 16 deep
 * 8           refused: there is no such contract
 * 9           refused: it exports no such function
 * 10          refused: the arguments do not fit the function, or are not encoded so
 * 11          refused: the balance is smaller than the value
 * 12          refused: reentry without consent, value for a view, or a name that cannot be called;
 *             or the callee did what it may not */
AUREON_IMPORT(call)
int32_t aureon_call(const void *contract, const char *function, uint32_t function_size,
                    const void *args, uint32_t args_size, uint64_t value, uint64_t gas,
                    uint32_t flags);

/* Makes a contract of code that is on the chain, and runs its init. The new contract has no admin.
 * Its address is that of this contract, its nonce and the code. This contract cannot be entered
 * meanwhile.
 *
 * code_hash  SHA-256 of the code, 32 bytes
 * args       of init, encoded as for call
 * args_size  bytes of all that, 4 at least
 * value      base units that move to the new contract
 * gas        the most gas that init may use; 0 for all but a 64th of what is left
 * address    where the 32 bytes of the new contract go, on 0
 *
 * 0                 done; ret_read has the output of init
 * 1, 2, 3, 4, 6, 9  init failed with that outcome; all is undone
 * 5                 refused: calls are nested 16 deep
 * 8                 refused: there is no such code on the chain
 * 10                refused: the arguments do not fit init, or there is none to take them
 * 11                refused: the balance is smaller than the value
 * 12                refused: the address has code; or init did what it may not */
AUREON_IMPORT(deploy)
int32_t aureon_deploy(const void *code_hash, const void *args, uint32_t args_size, uint64_t value,
                      uint64_t gas, void *address);

/* Tells how many bytes the last call or deploy gave.
 *
 * 0 or more  bytes of the output on 0, of the data on 1; else 0 */
AUREON_IMPORT(ret_size) uint32_t aureon_ret_size(void);

/* Copies what the last call or deploy gave, or a part of it.
 *
 * bytes   where the bytes go
 * offset  the first byte that is copied
 * size    the most bytes that are copied; as many must lie in the memory
 *
 * 0 to size  bytes copied; 0 from the end on */
AUREON_IMPORT(ret_read) int32_t aureon_ret_read(void *bytes, uint32_t offset, uint32_t size);

/* Gives this contract other code of the chain. Calls that begin later run it; those that run now go
 * on with the old. No migrate runs. It is for the contract to decide who may ask for it.
 *
 * code_hash  SHA-256 of the code, 32 bytes
 *
 * 0   done
 * 8   there is no such code on the chain
 * 12  this contract has no admin, so its code is fixed */
AUREON_IMPORT(upgrade) int32_t aureon_upgrade(const void *code_hash);

/* Gives this contract another admin, or none for ever. Without an admin the code can never be
 * changed again.
 *
 * admin  its address
 * size   its bytes, 32; 0 = none
 *
 * 0   done
 * 12  this contract has no admin, or the address is a key that anybody could sign for */
AUREON_IMPORT(set_admin) int32_t aureon_set_admin(const void *admin, uint32_t size);

/* ---- cryptography ---------------------------------------------------------------------------- */

/* Writes the SHA-256 of a message.
 *
 * message  any bytes
 * size     their number
 * hash     where the 32 bytes go */
AUREON_IMPORT(sha256) void aureon_sha256(const void *message, uint32_t size, void *hash);

/* Writes the Keccak-256 of a message. With the padding that Ethereum uses, which is not that of
 * SHA3-256.
 *
 * message  any bytes
 * size     their number
 * hash     where the 32 bytes go */
AUREON_IMPORT(keccak256) void aureon_keccak256(const void *message, uint32_t size, void *hash);

/* Writes the BLAKE2b-256 of a message. Without a key.
 *
 * message  any bytes
 * size     their number
 * hash     where the 32 bytes go */
AUREON_IMPORT(blake2b_256) void aureon_blake2b_256(const void *message, uint32_t size, void *hash);

/* Checks a signature of Ed25519, by the rules of ZIP-215. Put the chain, the contract and a number
 * that is used once into the message, or the signature can be used again.
 *
 * key        32 bytes
 * signature  64 bytes
 * message    any bytes
 * size       their number
 *
 * 1  valid
 * 0  not valid, or a key that anybody could sign for */
AUREON_IMPORT(ed25519_verify)
int32_t aureon_ed25519_verify(const void *key, const void *signature, const void *message,
                              uint32_t size);

/* Checks a signature of ECDSA over secp256k1. Numbers are big-endian. An s above half of the
 * group's order is refused, so that nobody can make a second signature of one.
 *
 * key        a compressed point, 33 bytes: 2 or 3, then x
 * signature  r and s, 64 bytes
 * hash       of what was signed, 32 bytes
 *
 * 1  valid
 * 0  not valid */
AUREON_IMPORT(secp256k1_verify)
int32_t aureon_secp256k1_verify(const void *key, const void *signature, const void *hash);

/* Checks a signature of ECDSA over P-256, as devices and browsers make them. As secp256k1_verify.
 *
 * key        a compressed point, 33 bytes: 2 or 3, then x
 * signature  r and s, 64 bytes
 * hash       of what was signed, 32 bytes
 *
 * 1  valid
 * 0  not valid */
AUREON_IMPORT(p256_verify)
int32_t aureon_p256_verify(const void *key, const void *signature, const void *hash);

/* Finds the key of a signature of Ethereum. The last 20 bytes of the key's keccak256 are the
 * address. A result of 1 says that some key signed: compare it with the one expected.
 *
 * signature  r, s and which of the keys, 65 bytes; the last is 0 to 3, Ethereum's v less 27
 * hash       of what was signed, 32 bytes
 * key        where x and y go, 64 bytes, on 1
 *
 * 1  the key is written
 * 0  there is none */
AUREON_IMPORT(secp256k1_recover)
int32_t aureon_secp256k1_recover(const void *signature, const void *hash, void *key);

#endif
