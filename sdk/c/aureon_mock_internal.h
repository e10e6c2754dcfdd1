/* What the files of the mock share. Nobody else includes this. */
#ifndef AUREON_MOCK_INTERNAL_H
#define AUREON_MOCK_INTERNAL_H

#include "aureon_mock.h"

#include <setjmp.h>

enum { AUREON_MOCK_DEPTH_MAX = 16, AUREON_MOCK_WALKS_MAX = 64 /* of a call */ };

struct account {
    aureon_address address;
    uint64_t balance;
    uint64_t nonce;
    const char *contract; /* the name of its code; NULL = none */
    bool has_admin;
    aureon_address admin;
};

struct slot {
    aureon_address contract;
    aureon_bytes key;
    aureon_bytes value;
};

/* What a call that fails undoes: lists that are copied, of texts that are not. */
struct list {
    void *items;
    uint32_t count;
};

struct world {
    struct list accounts;
    struct list slots;
    struct list events;
};

struct block {
    struct block *next;
    max_align_t bytes[];
};

struct walk {
    bool is_open;
    aureon_bytes prefix;
    aureon_bytes last; /* the key that was given last; without data: none yet */
};

struct frame {
    struct frame *up;
    uint32_t depth;
    aureon_address self;
    aureon_address caller;
    uint64_t value;
    struct aureon_mock_args args;
    bool is_view;
    bool consents; /* to reentry, in the call that is open */
    enum aureon_outcome outcome;
    uint32_t revert_code;
    aureon_bytes output;
    aureon_bytes returned; /* of its last call */
    struct walk walks[AUREON_MOCK_WALKS_MAX];
    struct block *blocks;
    uint32_t allocated; /* bytes of blocks */
    jmp_buf end;
};

struct request {
    aureon_address contract;
    aureon_address caller;
    const char *function;
    uint32_t function_size;
    uint64_t value;
    bool is_view;
    bool is_special; /* init and migrate are meant */
    struct aureon_mock_args args;
};

struct state {
    struct aureon_mock_function *functions;
    struct world world;
    struct list logs;
    struct block *kept; /* texts of the world, until the reset */
    struct frame *top;
    /* of the transaction */
    aureon_address signer;
    uint32_t events_size;
    uint32_t events_count;
    uint32_t logs_size;
    uint32_t output_size;
};
extern struct state aureon_mock_state;
static struct state *const mock = &aureon_mock_state;

/* ---- memory and accounts ---- */

/* A copy that lasts until the reset. */
aureon_bytes aureon_mock_keep(const void *data, uint32_t size);

/* A new item, zeroed, of a list of items of `size` bytes. */
void *aureon_mock_list_add(struct list *list, size_t size);

/* aureon_mock_account_find gives NULL if there is none; aureon_mock_account_get makes it. */
struct account *aureon_mock_account_find(const void *address);
struct account *aureon_mock_account_get(const void *address);

/* The name of a contract of the program by its code's hash; NULL: none. */
const char *aureon_mock_contract_find(const void *code_hash);

/* A key of Ed25519 that anyone could sign for. */
bool aureon_mock_is_small_order(const void *key);

/* False: the balance is too small. */
bool aureon_mock_move(const void *from, const void *to, uint64_t amount);

/* ---- frames ---- */

AUREON_NORETURN void aureon_mock_end(enum aureon_outcome outcome);

/* The refusals of a call, in the order of the chain; `entry` is set on success. */
enum aureon_outcome aureon_mock_check(const struct request *r, void (**out_entry)(void));
struct aureon_mock_result aureon_mock_run(const struct request *r);

/* Gives an address code and calls its init, which it need not have. */
struct aureon_mock_result aureon_mock_instance_new(const char *contract, aureon_address from,
                                                   uint64_t value,
                                                   const struct aureon_mock_args *args,
                                                   bool has_admin, aureon_address *out_address);

#endif
