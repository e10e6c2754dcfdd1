#include "aureon_mock_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { FUNCTION_SIZE_MAX = 64 };

struct state aureon_mock_state;
struct aureon_mock aureon_mock = {.height = 1, .gas = 1000000, .chain_id = "mock"};

/* ---- memory ---- */

static void *must(void *memory)
{
    if (memory != NULL) return memory;
    fprintf(stderr, "aureon_mock: no memory\n");
    exit(1);
}

static void *block_new(struct block **blocks, size_t size)
{
    struct block *block = must(malloc(sizeof(*block) + size));
    block->next = *blocks;
    *blocks = block;
    return block->bytes;
}

static void blocks_free(struct block **blocks)
{
    while (*blocks != NULL) {
        struct block *block = *blocks;
        *blocks = block->next;
        free(block);
    }
}

aureon_bytes aureon_mock_keep(const void *data, uint32_t size)
{
    uint8_t *copy = block_new(&mock->kept, size);
    if (size > 0) memcpy(copy, data, size);
    return (aureon_bytes){copy, size};
}

void *aureon_mock_list_add(struct list *list, size_t size)
{
    list->items = must(realloc(list->items, (list->count + 1) * size));
    uint8_t *item = (uint8_t *)list->items + list->count * size;
    list->count++;
    return memset(item, 0, size);
}

static struct list list_copy(struct list list, size_t size)
{
    struct list copy = {must(malloc(list.count * size + 1)), list.count};
    if (list.count > 0) memcpy(copy.items, list.items, list.count * size);
    return copy;
}

static struct world world_copy(void)
{
    return (struct world){list_copy(mock->world.accounts, sizeof(struct account)),
                          list_copy(mock->world.slots, sizeof(struct slot)),
                          list_copy(mock->world.events, sizeof(struct aureon_mock_event))};
}

static void world_free(struct world *old)
{
    free(old->accounts.items);
    free(old->slots.items);
    free(old->events.items);
    *old = (struct world){0};
}

void *aureon_mock_alloc(uint32_t size, uint32_t heap_size)
{
    if (size > heap_size - mock->top->allocated)
        aureon_fail_kit(AUREON_ERROR_MEMORY, "the heap is full");
    uint32_t rounded = size > UINT32_MAX - 15u ? size : (size + 15u) & ~15u;
    mock->top->allocated =
        rounded > heap_size - mock->top->allocated ? heap_size : mock->top->allocated + rounded;
    return block_new(&mock->top->blocks, size);
}

/* ---- the world ---- */

struct account *aureon_mock_account_find(const void *address)
{
    struct account *accounts = mock->world.accounts.items;
    for (uint32_t i = 0; i < mock->world.accounts.count; i++)
        if (memcmp(&accounts[i].address, address, sizeof(aureon_address)) == 0) return &accounts[i];
    return NULL;
}

struct account *aureon_mock_account_get(const void *address)
{
    struct account *account = aureon_mock_account_find(address);
    if (account != NULL) return account;
    account = aureon_mock_list_add(&mock->world.accounts, sizeof(*account));
    memcpy(&account->address, address, sizeof(account->address));
    return account;
}

static struct aureon_mock_function *function_find(const char *contract, const char *name,
                                                  uint32_t size)
{
    for (struct aureon_mock_function *f = mock->functions; f != NULL; f = f->next)
        if (strcmp(f->contract, contract) == 0 && strlen(f->name) == size &&
            memcmp(f->name, name, size) == 0)
            return f;
    return NULL;
}

const char *aureon_mock_contract_find(const void *code_hash)
{
    for (struct aureon_mock_function *f = mock->functions; f != NULL; f = f->next) {
        aureon_bytes32 hash = aureon_mock_code_hash(f->contract);
        if (memcmp(&hash, code_hash, sizeof(hash)) == 0) return f->contract;
    }
    return NULL;
}

void aureon_mock_register(struct aureon_mock_function *function)
{
    function->next = mock->functions;
    mock->functions = function;
}

bool aureon_mock_move(const void *from, const void *to, uint64_t amount)
{
    struct account *source = aureon_mock_account_find(from);
    if (amount == 0) return true;
    if (source == NULL || source->balance < amount) return false;
    source->balance -= amount;
    aureon_mock_account_get(to)->balance += amount;
    return true;
}

/* ---- frames ---- */

AUREON_NORETURN void aureon_mock_end(enum aureon_outcome outcome)
{
    mock->top->outcome = outcome;
    longjmp(mock->top->end, 1);
}

static void frame_run(struct frame *frame, void (*entry)(void))
{
    if (setjmp(frame->end) == 0) entry();
}

static bool may_reenter(const aureon_address *contract)
{
    bool is_live = false, all_consent = true;
    for (struct frame *f = mock->top; f != NULL; f = f->up) {
        if (!aureon_is_equal(f->self, *contract)) continue;
        is_live = true;
        all_consent = all_consent && f->consents;
    }
    return !is_live || all_consent;
}

enum aureon_outcome aureon_mock_check(const struct request *r, void (**out_entry)(void))
{
    if (mock->top != NULL && mock->top->depth >= AUREON_MOCK_DEPTH_MAX) return AUREON_DEPTH_LIMIT;
    if (!may_reenter(&r->contract)) return AUREON_NOT_ALLOWED;
    if (r->value > aureon_mock_balance(r->caller)) return AUREON_INSUFFICIENT_BALANCE;
    struct account *account = aureon_mock_account_find(&r->contract);
    if (account == NULL || account->contract == NULL) return AUREON_NO_CONTRACT;
    bool is_special = (r->function_size == 4 && memcmp(r->function, "init", 4) == 0) ||
                      (r->function_size == 7 && memcmp(r->function, "migrate", 7) == 0);
    bool is_hidden = r->function_size >= 2 && memcmp(r->function, "__", 2) == 0;
    if (is_hidden || is_special != r->is_special) return AUREON_NOT_ALLOWED;
    struct aureon_mock_function *f =
        function_find(account->contract, r->function, r->function_size);
    if (f == NULL || r->function_size > FUNCTION_SIZE_MAX) return AUREON_NO_FUNCTION;
    *out_entry = f->entry;
    return AUREON_SUCCESS;
}

struct aureon_mock_result aureon_mock_run(const struct request *r)
{
    void (*entry)(void) = NULL;
    struct aureon_mock_result result = {aureon_mock_check(r, &entry), 0, {NULL, 0}};
    if (result.outcome != AUREON_SUCCESS) return result;

    struct world before = world_copy();
    struct frame *frame = must(calloc(1, sizeof(*frame)));
    frame->up = mock->top;
    frame->depth = mock->top == NULL ? 1 : mock->top->depth + 1;
    frame->self = r->contract;
    frame->caller = r->caller;
    frame->value = r->value;
    frame->args = r->args;
    frame->is_view = r->is_view || (mock->top != NULL && mock->top->is_view);
    aureon_mock_move(&r->caller, &r->contract, r->value);
    mock->top = frame;
    frame_run(frame, entry);
    mock->top = frame->up;

    struct world *undone = frame->outcome == AUREON_SUCCESS ? &before : &mock->world;
    world_free(undone);
    if (undone == &mock->world) mock->world = before;
    result.outcome = frame->outcome;
    result.revert_code = frame->revert_code;
    if (frame->outcome <= AUREON_REVERTED) result.data = frame->output;
    blocks_free(&frame->blocks);
    free(frame);
    return result;
}

struct aureon_mock_result aureon_mock_instance_new(const char *contract, aureon_address from,
                                                   uint64_t value,
                                                   const struct aureon_mock_args *args,
                                                   bool has_admin, aureon_address *out_address)
{
    uint8_t seed[sizeof(from) + sizeof(uint64_t) + sizeof(aureon_bytes32)];
    aureon_bytes32 hash = aureon_mock_code_hash(contract);
    uint64_t nonce = aureon_mock_account_get(&from)->nonce++;
    memcpy(seed, &from, sizeof(from));
    memcpy(seed + sizeof(from), &nonce, sizeof(nonce));
    memcpy(seed + sizeof(from) + sizeof(nonce), &hash, sizeof(hash));
    struct request r = {
        .caller = from, .function = "init", .function_size = 4, .value = value, .is_special = true};
    aureon_sha256(seed, sizeof(seed), r.contract.bytes);
    if (args != NULL) r.args = *args;

    struct world before = world_copy();
    struct account *account = aureon_mock_account_get(&r.contract);
    account->contract = contract;
    account->has_admin = has_admin;
    account->admin = from;
    struct aureon_mock_result result = {AUREON_SUCCESS, 0, {NULL, 0}};
    if (aureon_mock_contract_find(&hash) == NULL) {
        result.outcome = AUREON_NO_CONTRACT;
    } else if (value > aureon_mock_balance(from)) {
        result.outcome = AUREON_INSUFFICIENT_BALANCE;
    } else if (function_find(contract, "init", 4) != NULL) {
        result = aureon_mock_run(&r);
    } else if (r.args.count > 0) {
        result.outcome = AUREON_BAD_ARGUMENTS;
    } else {
        aureon_mock_move(&from, &r.contract, value);
    }
    struct world *undone = result.outcome == AUREON_SUCCESS ? &before : &mock->world;
    world_free(undone);
    if (undone == &mock->world) mock->world = before;
    if (result.outcome == AUREON_SUCCESS) *out_address = r.contract;
    return result;
}

/* ---- what a test does ---- */

void aureon_mock_reset(void)
{
    world_free(&mock->world);
    free(mock->logs.items);
    mock->logs = (struct list){0};
    blocks_free(&mock->kept);
    aureon_mock = (struct aureon_mock){.height = 1, .gas = 1000000, .chain_id = "mock"};
}

aureon_address aureon_mock_account(const char *name)
{
    aureon_address address;
    aureon_sha256(name, (uint32_t)strlen(name), address.bytes);
    return address;
}

uint64_t aureon_mock_balance(aureon_address account)
{
    struct account *found = aureon_mock_account_find(&account);
    return found == NULL ? 0 : found->balance;
}

void aureon_mock_set_balance(aureon_address account, uint64_t amount)
{
    aureon_mock_account_get(&account)->balance = amount;
}

aureon_bytes32 aureon_mock_code_hash(const char *contract)
{
    aureon_bytes32 hash;
    aureon_sha256(contract, (uint32_t)strlen(contract), hash.bytes);
    return hash;
}

static void transaction_begin(aureon_address from)
{
    mock->signer = from;
    mock->events_size = mock->events_count = mock->logs_size = mock->output_size = 0;
}

struct aureon_mock_result aureon_mock_deploy(const char *contract, aureon_address from,
                                             uint64_t value, const struct aureon_mock_args *args,
                                             aureon_address *out_address)
{
    transaction_begin(from);
    return aureon_mock_instance_new(contract, from, value, args, true, out_address);
}

static struct aureon_mock_result transaction(aureon_address contract, const char *function,
                                             aureon_address from, uint64_t value,
                                             const struct aureon_mock_args *args, bool is_view)
{
    struct request r = {.contract = contract,
                        .caller = from,
                        .function = function,
                        .function_size = (uint32_t)strlen(function),
                        .value = value,
                        .is_view = is_view};
    if (args != NULL) r.args = *args;
    transaction_begin(from);
    return aureon_mock_run(&r);
}

struct aureon_mock_result aureon_mock_call(aureon_address contract, const char *function,
                                           aureon_address from, uint64_t value,
                                           const struct aureon_mock_args *args)
{
    return transaction(contract, function, from, value, args, false);
}

struct aureon_mock_result aureon_mock_view(aureon_address contract, const char *function,
                                           const struct aureon_mock_args *args)
{
    return transaction(contract, function, (aureon_address){{0}}, 0, args, true);
}

struct aureon_mock_result aureon_mock_upgrade(aureon_address contract, const char *to,
                                              aureon_address from,
                                              const struct aureon_mock_args *args)
{
    struct aureon_mock_result result = {AUREON_NO_CONTRACT, 0, {NULL, 0}};
    struct account *account = aureon_mock_account_find(&contract);
    aureon_bytes32 code = aureon_mock_code_hash(to);
    if (account == NULL || account->contract == NULL || aureon_mock_contract_find(&code) == NULL)
        return result;
    result.outcome = AUREON_NOT_ALLOWED;
    if (!account->has_admin || !aureon_is_equal(account->admin, from)) return result;
    result.outcome = AUREON_SUCCESS;
    const char *before = account->contract;
    account->contract = to;
    struct request r = {.contract = contract,
                        .caller = from,
                        .function = "migrate",
                        .function_size = 7,
                        .is_special = true};
    if (args != NULL) r.args = *args;
    transaction_begin(from);
    if (function_find(to, "migrate", 7) != NULL) {
        result = aureon_mock_run(&r);
    } else if (r.args.count > 0) {
        result.outcome = AUREON_BAD_ARGUMENTS;
    }
    if (result.outcome != AUREON_SUCCESS) aureon_mock_account_find(&contract)->contract = before;
    return result;
}

const struct aureon_mock_event *aureon_mock_event(uint32_t index)
{
    const struct aureon_mock_event *events = mock->world.events.items;
    return index < mock->world.events.count ? &events[index] : NULL;
}

const aureon_string *aureon_mock_log(uint32_t index)
{
    const aureon_string *lines = mock->logs.items;
    return index < mock->logs.count ? &lines[index] : NULL;
}
