/* libaureon: run WebAssembly contracts with exact gas inside your own program.
 *
 *     struct au_runtime *runtime;
 *     struct au_module *module;
 *     struct au_result result;
 *     au_runtime_new(NULL, &runtime);
 *     au_module_load(runtime, code, &module, &reject);
 *     au_execute_contract(module, &options, &result);
 *     ...
 *     au_result_free(&result);
 *     au_module_free(module);
 *     au_runtime_free(runtime);
 *
 * Rules of the house
 *   - Unless said otherwise a pointer must not be NULL and what it points to is borrowed for the
 *     call. Output arguments are last, begin with out_, and are untouched unless AU_OK is returned.
 *   - No function prints, exits, reads the environment or keeps state outside its handle: two
 *     handles in one process share nothing but the signal handlers below.
 *   - A failed contract is a result, never an error: au_execute_contract returns AU_OK and says in
 *     the result what happened. An error means that this machine could not do the work.
 *   - The same module, options and version give the same result, byte for byte, everywhere.
 *
 * Threads
 *   Every function may be called from any thread. A runtime, a module and a registry may be used by
 *   any number of threads at once; free them when no other thread uses them. A thread that calls
 *   au_execute_contract needs AU_THREAD_STACK_SIZE bytes of stack left.
 *
 * Signals
 *   The first au_runtime_new installs process-wide handlers for SIGSEGV, SIGILL, SIGFPE and SIGBUS
 *   (SA_ONSTACK) and gives each executing thread an alternate signal stack; they turn faults of
 *   contract code into results and pass every other fault to the handler that was there before.
 *   Install your own handlers for these signals before the first runtime, or chain to the earlier
 *   ones. */
#ifndef AUREON_H
#define AUREON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AU_THREAD_STACK_SIZE (4u << 20) /* bytes */
#define AU_HASH_SIZE         32         /* bytes */
#define AU_ID_SIZE_MAX       64         /* bytes of an account id */
#define AU_GAS_LIMIT_MAX     9000000000000000u
#define AU_AMOUNT_MAX        9223372036854775807u /* base units: all balances together */

/* A borrowed run of bytes. data may be NULL when size is 0. */
struct au_bytes {
    const uint8_t *data;
    size_t size; /* bytes */
};

/* A SHA-256 digest. */
struct au_hash {
    uint8_t bytes[AU_HASH_SIZE];
};

/* What can go wrong in the world around the program. */
enum au_err {
    AU_OK = 0,
    AU_ERR_NO_MEMORY,      /* the heap, or the address space for contract memories, is used up */
    AU_ERR_IO,             /* reading or writing a file failed */
    AU_ERR_NOT_FOUND,      /* no such file, or no such code in the registry */
    AU_ERR_TOO_LARGE,      /* input above a limit named in the function's comment */
    AU_ERR_MALFORMED,      /* input is not in its format */
    AU_ERR_INVALID_ARG,    /* an argument is out of its range */
    AU_ERR_INVALID_MODULE, /* the module breaks a rule; the rejection says which and where */
    AU_ERR_UNSUPPORTED,    /* processor, vm.max_map_count or the thread's stack: see the function */
    AU_ERR_ENGINE,         /* the WebAssembly engine failed or disagreed: report it */
    AU_ERR_NO_SPACE        /* a disk, or a quota on it, is used up */
};

/* au_err_name gives an error's word ("no_memory"), au_err_text its sentence. Never NULL. */
const char *au_err_name(enum au_err err);
const char *au_err_text(enum au_err err);

/* How an execution ended. The numbers are frozen. */
enum au_outcome {
    AU_OUTCOME_SUCCESS = 0,
    AU_OUTCOME_REVERTED = 1,              /* the contract called revert: see revert_code, output */
    AU_OUTCOME_OUT_OF_GAS = 2,            /* the limit is reached; all of it is charged */
    AU_OUTCOME_TRAPPED = 3,               /* detail: 1 unreachable .. 9 abort (abi/detail.def) */
    AU_OUTCOME_STACK_LIMIT = 4,           /* the metered stack ran out */
    AU_OUTCOME_DEPTH_LIMIT = 5,           /* contract calls nested too deep */
    AU_OUTCOME_HOST_REJECTED = 6,         /* detail: host function's number x 256 + reason */
    AU_OUTCOME_INVALID_MODULE = 7,        /* the module is not acceptable */
    AU_OUTCOME_NO_CONTRACT = 8,           /* no contract at the address */
    AU_OUTCOME_NO_FUNCTION = 9,           /* the contract exports no such function */
    AU_OUTCOME_BAD_ARGUMENTS = 10,        /* the arguments do not fit the function */
    AU_OUTCOME_INSUFFICIENT_BALANCE = 11, /* the caller's balance does not cover the value */
    AU_OUTCOME_NOT_ALLOWED = 12           /* a write in a view; migrate or __* called; init, unless
                                            by the deployer */
};

/* au_outcome_name gives an outcome's word ("out_of_gas"), au_outcome_text its sentence; an unknown
 * number gives "unknown". Never NULL. */
const char *au_outcome_name(enum au_outcome outcome);
const char *au_outcome_text(enum au_outcome outcome);

/* The three classes of outcome: success, out of gas, and any other. */
enum au_class { AU_CLASS_SUCCESS = 0, AU_CLASS_OUT_OF_GAS = 1, AU_CLASS_EXECUTION_ERROR = 2 };

enum au_class au_outcome_class(enum au_outcome outcome);
const char *au_class_name(enum au_class outcome_class); /* "success", "out_of_gas", ... */

/* au_version gives the version of this library, "MAJOR.MINOR.PATCH". */
const char *au_version(void);

/* ---- runtime --------------------------------------------------------------------------------- */

struct au_runtime; /* the engine, its pool of contract memories and its cache of modules */

struct au_runtime_options {
    uint32_t parallel_max;      /* executions at the same time, 1..1,000; more wait. 0 = 16 */
    uint64_t module_cache_size; /* bytes of compiled code kept for reuse. 0 = 256 MiB */
    bool optimize_none;         /* compile faster, run slower: results and gas are the same */

    /* Path of the program aureon of this very version, which then compiles in a process of its own
     * with limits on time and memory. NULL: this process compiles, without any. */
    const char *helper;
};

/* au_runtime_new starts an engine.
 *
 * options      NULL = defaults
 * out_runtime  owned by the caller: au_runtime_free
 *
 * INVALID_ARG  an option is out of its range
 * UNSUPPORTED  the processor lacks x86-64-v2, or vm.max_map_count is too low for parallel_max
 * NO_MEMORY    the heap or the address space is used up: 64 GiB of address space per execution
 * ENGINE       the helper cannot be started
 *
 * Cost: a few ms. */
enum au_err au_runtime_new(const struct au_runtime_options *options,
                           struct au_runtime **out_runtime);

/* au_runtime_free stops an engine, after its modules are freed. NULL is legal. */
void au_runtime_free(struct au_runtime *runtime);

/* ---- modules --------------------------------------------------------------------------------- */

struct au_module; /* a validated, instrumented and compiled contract */

#define AU_REJECT_MESSAGE_SIZE 192
#define AU_REJECT_NO_FUNCTION  UINT32_MAX

/* Why a module is not acceptable. */
struct au_reject {
    const char *rule;  /* a word: "malformed", "type", "feature", "import", "limit"; static */
    uint32_t function; /* index of the function at fault, or AU_REJECT_NO_FUNCTION */
    size_t offset;     /* byte offset in the module */
    char message[AU_REJECT_MESSAGE_SIZE]; /* a sentence naming feature, limit or types; ends in 0 */
};

/* au_module_check validates a module without compiling it.
 *
 * code         a WebAssembly binary; at most 512 KiB (more is refused as limit)
 * out_reject   set on INVALID_MODULE only
 *
 * OK               acceptable
 * INVALID_MODULE   not acceptable
 * NO_MEMORY
 *
 * Cost: linear in the size, about 20 ns per byte. */
enum au_err au_module_check(struct au_bytes code, struct au_reject *out_reject);

/* au_module_load validates, instruments and compiles a module once; run it any number of times.
 * A module loaded before may come from the runtime's cache.
 *
 * out_module   owned by the caller: au_module_free
 * out_reject   set on INVALID_MODULE; on ENGINE too: rule "engine" and what the engine says
 *
 * OK
 * INVALID_MODULE   not acceptable
 * NO_MEMORY
 * ENGINE           the engine refused what the validator accepted, or failed
 *
 * Cost: 1 to 2 ms per kB of code; large functions full of branches take up to ten times that. */
enum au_err au_module_load(struct au_runtime *runtime, struct au_bytes code,
                           struct au_module **out_module, struct au_reject *out_reject);

/* au_module_free gives a module back, when no execution of it is running. NULL is legal. */
void au_module_free(struct au_module *module);

/* au_wat_to_wasm turns WebAssembly text into a binary.
 *
 * text         at most 8 MiB
 * out_code     owned by the caller: free data with au_free
 * out_message  set on MALFORMED only: what is wrong and where, its end within message_size
 *
 * OK, MALFORMED, TOO_LARGE, NO_MEMORY */
enum au_err au_wat_to_wasm(struct au_bytes text, struct au_bytes *out_code, char *out_message,
                           size_t message_size);

/* au_free gives back memory that a function of this header handed over. NULL is legal. */
void au_free(const void *data);

/* ---- running a contract ---------------------------------------------------------------------- */

/* An account and its balance. An account is named by an id of 1..64 bytes ("Alice"). Contracts see
 * an id of 32 bytes as it is and any other as SHA-256(u8 11 || "aureon/name" || id). */
struct au_balance {
    struct au_bytes account;
    uint64_t amount; /* base units */
};

/* A storage entry of the contract. */
struct au_entry {
    struct au_bytes key;   /* 1..256 bytes */
    struct au_bytes value; /* 0..65,536 bytes */
};

/* One execution. Zero-initialise, then set what you need. */
struct au_execute_options {
    uint64_t gas_limit;          /* gas, 0..AU_GAS_LIMIT_MAX; 0 is out of gas at once */
    const char *function;        /* exported function; NULL = "run". init may be called: the
                                       caller is the deployer here. migrate, __*: not_allowed */
    const struct au_bytes *args; /* at most 64, 256 KiB together */
    size_t arg_count;
    uint64_t value;         /* base units moved from caller to self first; 0 in a view, else
                                       not_allowed */
    struct au_bytes self;   /* the contract's account id; empty = "contract" */
    struct au_bytes caller; /* who calls; empty = "caller" */
    struct au_bytes origin; /* who signed; empty = caller */
    uint64_t block_height;
    uint64_t block_time_ms;            /* Unix time */
    const char *chain_id;              /* 1..50 of [a-z0-9-]; NULL = "local" */
    bool is_view;                      /* a write ends the execution with not_allowed */
    const struct au_balance *balances; /* before; no account twice, be it by id and by its hash.
                                          Those listed, self, caller and origin exist: a transfer
                                          to any other pays for creating it */
    size_t balance_count;
    const struct au_entry *storage; /* the contract's entries before; no key twice */
    size_t storage_count;
};

/* A balance that an execution changed. */
struct au_state_change {
    struct au_bytes account; /* the id by which options or the contract named it */
    uint64_t before;
    uint64_t after;
};

/* A storage entry that an execution changed. */
struct au_storage_change {
    struct au_bytes key;
    bool existed;           /* before */
    bool exists;            /* after */
    struct au_bytes before; /* empty unless existed */
    struct au_bytes after;  /* empty unless exists */
};

/* What a contract told the world of itself. */
struct au_event {
    struct au_bytes contract; /* the id by which it was named; on a chain its 32 bytes */
    struct au_bytes name;     /* 1..64 bytes of UTF-8 */
    struct au_bytes topics;   /* at most 4, of 32 bytes each */
    struct au_bytes data;     /* at most 16 KiB */
};

/* What an execution did. Pointers live until au_result_free. */
struct au_result {
    bool success; /* outcome == AU_OUTCOME_SUCCESS */
    enum au_outcome outcome;
    enum au_class outcome_class;
    uint32_t detail;             /* abi/detail.def; 0 = none */
    uint32_t revert_code;        /* 0 unless reverted */
    const char *message;         /* one sentence for people; never NULL, never part of consensus */
    uint64_t gas_used;           /* entry and code; at most gas_limit */
    struct au_bytes output;      /* return data on success, revert data on reverted, else empty */
    const struct au_bytes *logs; /* in the order of their calls; kept on failure */
    size_t log_count;
    const struct au_event *events; /* in the order of their calls; none on failure */
    size_t event_count;
    const struct au_state_change *state_changes; /* balances, in order of first change */
    size_t state_change_count;
    const struct au_storage_change *storage_changes; /* in order of first write; none on failure */
    size_t storage_change_count;
    void *memory; /* private */
};

/* au_execute_contract runs one function of a contract over the state given in options.
 *
 * OK           it ran, or was refused as a contract call: see the result; au_result_free it
 * INVALID_ARG  gas limit, id, argument, key, value, chain id or sum of balances out of range, an
 *              account or key given twice, or self is the system account
 * UNSUPPORTED  less than AU_THREAD_STACK_SIZE of stack left on this thread
 * NO_MEMORY
 * ENGINE       the engine failed
 *
 * Cost: about 4 us and the contract's own work. */
enum au_err au_execute_contract(const struct au_module *module,
                                const struct au_execute_options *options,
                                struct au_result *out_result);

/* au_result_free gives back what a result points to and zeroes it. A zeroed result is legal. */
void au_result_free(struct au_result *result);

/* ---- code registry --------------------------------------------------------------------------- */

struct au_registry; /* contract code by its SHA-256 */

/* au_registry_new makes an empty registry, owned by the caller: au_registry_free. OK, NO_MEMORY */
enum au_err au_registry_new(struct au_registry **out_registry);
void au_registry_free(struct au_registry *registry);

/* au_registry_deploy validates code and keeps a copy under its hash. Deploying the same code again
 * is OK and changes nothing.
 *
 * OK, NO_MEMORY
 * INVALID_MODULE   not acceptable: out_reject says why; nothing is kept */
enum au_err au_registry_deploy(struct au_registry *registry, struct au_bytes code,
                               struct au_hash *out_code_hash, struct au_reject *out_reject);

/* au_registry_get_contract gives the code under a hash; it lives as long as the registry.
 * OK, NOT_FOUND */
enum au_err au_registry_get_contract(const struct au_registry *registry,
                                     const struct au_hash *code_hash, struct au_bytes *out_code);

/* au_registry_contract_exists tells whether code is kept under a hash. */
bool au_registry_contract_exists(const struct au_registry *registry,
                                 const struct au_hash *code_hash);

/* ---- ledger ---------------------------------------------------------------------------------- */

struct au_chain; /* accounts, contracts and blocks, in memory or in a folder */

/* An account and what it has when the chain begins. */
struct au_chain_account {
    uint8_t address[AU_HASH_SIZE]; /* its Ed25519 public key */
    uint64_t balance;              /* base units, > 0 */
};

/* A chain. Zero-initialise, then set what you need. The same options name the same chain. */
struct au_chain_options {
    const char *folder;     /* of its store, made if it is not there; NULL = in memory */
    const char *chain_id;   /* 1..50 of [a-z0-9-]; NULL = "local" */
    uint64_t time_ms;       /* when it begins, Unix time */
    uint64_t gas_price_min; /* base units per gas, at most 10^9 */
    const struct au_chain_account *accounts; /* in any order, none twice */
    size_t account_count;
    uint8_t proposer[AU_HASH_SIZE]; /* the account that fees go to; not zero */
};

/* au_chain_open opens a chain; an empty store begins it.
 *
 * runtime       runs its contracts; outlives the chain
 * out_message   gets a sentence unless OK, its end within message_size
 * out_chain     owned by the caller: au_chain_close
 *
 * OK
 * INVALID_ARG   an option is out of its range, or the folder holds another chain
 * MALFORMED     the store is damaged
 * IO            the folder cannot be used, or another process has it open
 * NO_MEMORY */
enum au_err au_chain_open(struct au_runtime *runtime, const struct au_chain_options *options,
                          char *out_message, size_t message_size, struct au_chain **out_chain);

/* au_chain_close closes a chain that no thread uses. NULL is legal. */
void au_chain_close(struct au_chain *chain);

/* au_chain_genesis_hash gives the hash that every signature names: a transaction signs
 * "aureon/tx/1" || genesis hash || body. */
struct au_hash au_chain_genesis_hash(const struct au_chain *chain);

/* What an account has, as committed. One that is absent has zeros. */
struct au_account_state {
    uint64_t balance;
    uint64_t nonce; /* of its next transaction */
    uint64_t stake;
    bool is_contract;
    struct au_hash code_hash; /* zero unless is_contract */
};

/* au_chain_get_account reads an account. OK, NO_MEMORY, IO, MALFORMED */
enum au_err au_chain_get_account(struct au_chain *chain, const uint8_t address[AU_HASH_SIZE],
                                 struct au_account_state *out_account);

/* au_chain_get_storage reads an entry of a contract.
 *
 * out_value   owned by the caller: free data with au_free
 *
 * OK, NOT_FOUND, NO_MEMORY, IO, MALFORMED */
enum au_err au_chain_get_storage(struct au_chain *chain, const uint8_t contract[AU_HASH_SIZE],
                                 struct au_bytes key, struct au_bytes *out_value);

/* au_chain_get_code reads the code that a contract has.
 *
 * out_code   owned by the caller: free data with au_free
 *
 * OK, NOT_FOUND (no contract), NO_MEMORY, IO, MALFORMED */
enum au_err au_chain_get_code(struct au_chain *chain, const uint8_t contract[AU_HASH_SIZE],
                              struct au_bytes *out_code);

/* What a transaction came to. */
struct au_tx_result {
    struct au_hash id;
    uint32_t invalid;         /* 0, or why it may not be in a block (abi/invalid.def): then it did
                                 nothing, and what follows is zero */
    const char *invalid_name; /* "nonce_low", or "none"; static */
    enum au_outcome outcome;
    uint32_t detail;      /* abi/detail.def; 0 = none */
    uint32_t revert_code; /* 0 unless reverted */
    uint64_t gas_used;
    uint64_t fee; /* base units */
    bool has_created;
    uint8_t created[AU_HASH_SIZE]; /* the contract that was deployed */
    struct au_bytes output;
    const struct au_bytes *logs;
    size_t log_count;
    const struct au_event *events;
    size_t event_count;
    struct au_bytes message; /* a sentence for people, if something went wrong */
    struct au_bytes receipt; /* as it is stored */
};

/* What a block came to. Pointers live until au_block_result_free. */
struct au_block_result {
    uint64_t height;
    uint64_t time_ms;
    uint64_t gas_used;
    struct au_hash hash;            /* zero if no block was made */
    struct au_hash state_root;      /* likewise */
    const struct au_tx_result *txs; /* one for each transaction given, in order */
    size_t tx_count;
    void *memory; /* private */
};

/* au_apply_block executes encoded transactions in order and commits the block: when it returns OK,
 * the block is on disk. Those that may not be in a block are left out.
 *
 * count     at most 100,000
 * time_ms   Unix time; a block is at least 1 ms later than the one before
 *
 * OK
 * INVALID_ARG       count
 * NO_MEMORY, ENGINE, UNSUPPORTED   nothing happened
 * IO, MALFORMED     close the chain: it is open whether the block is on disk
 *
 * Threading: any thread; blocks of one chain are made one after the other. */
enum au_err au_apply_block(struct au_chain *chain, const struct au_bytes *txs, size_t count,
                           uint64_t time_ms, struct au_block_result *out_result);

/* au_apply_transaction makes a block of one transaction. One that may not be in a block makes
 * none. Errors as au_apply_block. */
enum au_err au_apply_transaction(struct au_chain *chain, struct au_bytes tx, uint64_t time_ms,
                                 struct au_block_result *out_result);

/* au_simulate_block tells what au_apply_block would do now, and does nothing: hash and state_root
 * stay zero. Errors as au_apply_block. */
enum au_err au_simulate_block(struct au_chain *chain, const struct au_bytes *txs, size_t count,
                              uint64_t time_ms, struct au_block_result *out_result);

/* A function that is run to be asked, and may not write. */
struct au_chain_view {
    uint8_t contract[AU_HASH_SIZE];
    uint8_t caller[AU_HASH_SIZE]; /* zero: nobody */
    struct au_bytes function;
    const struct au_bytes *args; /* at most 64, 256 KiB together */
    size_t arg_count;
    uint64_t gas_limit; /* at most a block's, 4,000,000 */
};

/* au_chain_view runs a view on the committed state, in a block that is dropped.
 *
 * time_ms      the block time that it sees, as for au_apply_block
 * out_result   of one item, without id, fee and receipt
 *
 * Errors as au_apply_block; INVALID_ARG for what is beyond the bounds above. */
enum au_err au_chain_view(struct au_chain *chain, const struct au_chain_view *view,
                          uint64_t time_ms, struct au_block_result *out_result);

/* au_block_result_free gives back what a result points to and zeroes it. A zeroed result is
 * legal. */
void au_block_result_free(struct au_block_result *result);

#ifdef __cplusplus
}
#endif

#endif
