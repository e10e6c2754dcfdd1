#include "aureon_mock.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    DEPTH_MAX = 16,
    WALKS_MAX = 64, /* of a call */
    EVENT_DATA_MAX = 16384,
    EVENTS_MAX = 256,
    ARGS_SIZE_MAX = 262144,
    TOTAL_SIZE_MAX = 262144, /* of events' data, and of output */
    LOGS_SIZE_MAX = 65536,
    FUNCTION_SIZE_MAX = 64
};

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
    struct walk walks[WALKS_MAX];
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

struct aureon_mock aureon_mock = {.height = 1, .gas = 1000000, .chain_id = "mock"};

static struct aureon_mock_function *functions;
static struct world world;
static struct list logs;
static struct block *kept; /* texts of the world, until the reset */
static struct frame *top;
static aureon_address signer;
static uint32_t events_size, events_count, logs_size, output_size; /* of the transaction */

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

static aureon_bytes keep(const void *data, uint32_t size)
{
    uint8_t *copy = block_new(&kept, size);
    if (size > 0) memcpy(copy, data, size);
    return (aureon_bytes){copy, size};
}

static void *list_add(struct list *list, size_t size)
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
    return (struct world){list_copy(world.accounts, sizeof(struct account)),
                          list_copy(world.slots, sizeof(struct slot)),
                          list_copy(world.events, sizeof(struct aureon_mock_event))};
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
    if (size > heap_size - top->allocated) aureon_fail_kit(AUREON_ERROR_MEMORY, "the heap is full");
    uint32_t rounded = size > UINT32_MAX - 15u ? size : (size + 15u) & ~15u;
    top->allocated = rounded > heap_size - top->allocated ? heap_size : top->allocated + rounded;
    return block_new(&top->blocks, size);
}

/* ---- the world ---- */

static struct account *account_find(const void *address)
{
    struct account *accounts = world.accounts.items;
    for (uint32_t i = 0; i < world.accounts.count; i++)
        if (memcmp(&accounts[i].address, address, sizeof(aureon_address)) == 0) return &accounts[i];
    return NULL;
}

static struct account *account_get(const void *address)
{
    struct account *account = account_find(address);
    if (account != NULL) return account;
    account = list_add(&world.accounts, sizeof(*account));
    memcpy(&account->address, address, sizeof(account->address));
    return account;
}

static struct slot *slot_find(const void *key, uint32_t size)
{
    struct slot *slots = world.slots.items;
    for (uint32_t i = 0; i < world.slots.count; i++)
        if (aureon_is_equal(slots[i].contract, top->self) && slots[i].key.size == size &&
            memcmp(slots[i].key.data, key, size) == 0)
            return &slots[i];
    return NULL;
}

static struct aureon_mock_function *function_find(const char *contract, const char *name,
                                                  uint32_t size)
{
    for (struct aureon_mock_function *f = functions; f != NULL; f = f->next)
        if (strcmp(f->contract, contract) == 0 && strlen(f->name) == size &&
            memcmp(f->name, name, size) == 0)
            return f;
    return NULL;
}

static const char *contract_find(const void *code_hash)
{
    for (struct aureon_mock_function *f = functions; f != NULL; f = f->next) {
        aureon_bytes32 hash = aureon_mock_code_hash(f->contract);
        if (memcmp(&hash, code_hash, sizeof(hash)) == 0) return f->contract;
    }
    return NULL;
}

void aureon_mock_register(struct aureon_mock_function *function)
{
    function->next = functions;
    functions = function;
}

static bool move(const void *from, const void *to, uint64_t amount)
{
    struct account *source = account_find(from);
    if (amount == 0) return true;
    if (source == NULL || source->balance < amount) return false;
    source->balance -= amount;
    account_get(to)->balance += amount;
    return true;
}

/* ---- frames ---- */

AUREON_NORETURN static void frame_end(enum aureon_outcome outcome)
{
    top->outcome = outcome;
    longjmp(top->end, 1);
}

static void must_write(void)
{
    if (top->is_view) frame_end(AUREON_NOT_ALLOWED);
}

/* Counts against a cap of the transaction. */
static void take(uint32_t *used, uint32_t size, uint32_t max)
{
    if (size > max - *used) frame_end(AUREON_HOST_REJECTED);
    *used += size;
}

static void frame_run(struct frame *frame, void (*entry)(void))
{
    if (setjmp(frame->end) == 0) entry();
}

static bool may_reenter(const aureon_address *contract)
{
    bool is_live = false, all_consent = true;
    for (struct frame *f = top; f != NULL; f = f->up) {
        if (!aureon_is_equal(f->self, *contract)) continue;
        is_live = true;
        all_consent = all_consent && f->consents;
    }
    return !is_live || all_consent;
}

/* The refusals of protocol.md, in their order; `entry` is set on success. */
static enum aureon_outcome request_check(const struct request *r, void (**out_entry)(void))
{
    if (top != NULL && top->depth >= DEPTH_MAX) return AUREON_DEPTH_LIMIT;
    if (!may_reenter(&r->contract)) return AUREON_NOT_ALLOWED;
    if (r->value > aureon_mock_balance(r->caller)) return AUREON_INSUFFICIENT_BALANCE;
    struct account *account = account_find(&r->contract);
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

static struct aureon_mock_result request_run(const struct request *r)
{
    void (*entry)(void) = NULL;
    struct aureon_mock_result result = {request_check(r, &entry), 0, {NULL, 0}};
    if (result.outcome != AUREON_SUCCESS) return result;

    struct world before = world_copy();
    struct frame *frame = must(calloc(1, sizeof(*frame)));
    frame->up = top;
    frame->depth = top == NULL ? 1 : top->depth + 1;
    frame->self = r->contract;
    frame->caller = r->caller;
    frame->value = r->value;
    frame->args = r->args;
    frame->is_view = r->is_view || (top != NULL && top->is_view);
    move(&r->caller, &r->contract, r->value);
    top = frame;
    frame_run(frame, entry);
    top = frame->up;

    struct world *undone = frame->outcome == AUREON_SUCCESS ? &before : &world;
    world_free(undone);
    if (undone == &world) world = before;
    result.outcome = frame->outcome;
    result.revert_code = frame->revert_code;
    if (frame->outcome <= AUREON_REVERTED) result.data = frame->output;
    blocks_free(&frame->blocks);
    free(frame);
    return result;
}

/* Gives `address` code and calls its init, which it need not have. */
static struct aureon_mock_result instance_new(const char *contract, aureon_address from,
                                              uint64_t value, const struct aureon_mock_args *args,
                                              bool has_admin, aureon_address *out_address)
{
    uint8_t seed[sizeof(from) + sizeof(uint64_t) + sizeof(aureon_bytes32)];
    aureon_bytes32 hash = aureon_mock_code_hash(contract);
    uint64_t nonce = account_get(&from)->nonce++;
    memcpy(seed, &from, sizeof(from));
    memcpy(seed + sizeof(from), &nonce, sizeof(nonce));
    memcpy(seed + sizeof(from) + sizeof(nonce), &hash, sizeof(hash));
    struct request r = {
        .caller = from, .function = "init", .function_size = 4, .value = value, .is_special = true};
    aureon_sha256(seed, sizeof(seed), r.contract.bytes);
    if (args != NULL) r.args = *args;

    struct world before = world_copy();
    struct account *account = account_get(&r.contract);
    account->contract = contract;
    account->has_admin = has_admin;
    account->admin = from;
    struct aureon_mock_result result = {AUREON_SUCCESS, 0, {NULL, 0}};
    if (contract_find(&hash) == NULL) {
        result.outcome = AUREON_NO_CONTRACT;
    } else if (value > aureon_mock_balance(from)) {
        result.outcome = AUREON_INSUFFICIENT_BALANCE;
    } else if (function_find(contract, "init", 4) != NULL) {
        result = request_run(&r);
    } else if (r.args.count > 0) {
        result.outcome = AUREON_BAD_ARGUMENTS;
    } else {
        move(&from, &r.contract, value);
    }
    struct world *undone = result.outcome == AUREON_SUCCESS ? &before : &world;
    world_free(undone);
    if (undone == &world) world = before;
    if (result.outcome == AUREON_SUCCESS) *out_address = r.contract;
    return result;
}

/* ---- what a test does ---- */

void aureon_mock_reset(void)
{
    world_free(&world);
    free(logs.items);
    logs = (struct list){0};
    blocks_free(&kept);
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
    struct account *found = account_find(&account);
    return found == NULL ? 0 : found->balance;
}

void aureon_mock_set_balance(aureon_address account, uint64_t amount)
{
    account_get(&account)->balance = amount;
}

aureon_bytes32 aureon_mock_code_hash(const char *contract)
{
    aureon_bytes32 hash;
    aureon_sha256(contract, (uint32_t)strlen(contract), hash.bytes);
    return hash;
}

static void transaction_begin(aureon_address from)
{
    signer = from;
    events_size = events_count = logs_size = output_size = 0;
}

struct aureon_mock_result aureon_mock_deploy(const char *contract, aureon_address from,
                                             uint64_t value, const struct aureon_mock_args *args,
                                             aureon_address *out_address)
{
    transaction_begin(from);
    return instance_new(contract, from, value, args, true, out_address);
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
    return request_run(&r);
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
    struct account *account = account_find(&contract);
    aureon_bytes32 code = aureon_mock_code_hash(to);
    if (account == NULL || account->contract == NULL || contract_find(&code) == NULL) return result;
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
        result = request_run(&r);
    } else if (r.args.count > 0) {
        result.outcome = AUREON_BAD_ARGUMENTS;
    }
    if (result.outcome != AUREON_SUCCESS) account_find(&contract)->contract = before;
    return result;
}

const struct aureon_mock_event *aureon_mock_event(uint32_t index)
{
    const struct aureon_mock_event *events = world.events.items;
    return index < world.events.count ? &events[index] : NULL;
}

const aureon_string *aureon_mock_log(uint32_t index)
{
    const aureon_string *lines = logs.items;
    return index < logs.count ? &lines[index] : NULL;
}

/* ---- host functions: output, arguments ---- */

static uint32_t copy_out(aureon_bytes from, void *to, uint32_t offset, uint32_t size)
{
    if (offset >= from.size || size == 0) return 0;
    if (size > from.size - offset) size = from.size - offset;
    memcpy(to, from.data + offset, size);
    return size;
}

void aureon_log(const void *text, uint32_t size)
{
    if (size > AUREON_LOG_SIZE_MAX) frame_end(AUREON_HOST_REJECTED);
    take(&logs_size, size + 4, LOGS_SIZE_MAX);
    aureon_bytes line = keep(text, size);
    aureon_string *added = list_add(&logs, sizeof(*added));
    *added = (aureon_string){(const char *)line.data, line.size};
}

void aureon_return_data(const void *data, uint32_t size)
{
    take(&output_size, size, TOTAL_SIZE_MAX);
    top->output = keep(data, size);
}

void aureon_revert(uint32_t code, const void *data, uint32_t size)
{
    take(&output_size, size, TOTAL_SIZE_MAX);
    top->output = keep(data, size);
    top->revert_code = code;
    frame_end(AUREON_REVERTED);
}

uint32_t aureon_arg_count(void)
{
    return top->args.count;
}

int32_t aureon_arg_size(uint32_t index)
{
    return index < top->args.count ? (int32_t)top->args.items[index].size : -1;
}

int32_t aureon_arg_read(uint32_t index, void *data, uint32_t offset, uint32_t size)
{
    if (index >= top->args.count) return -1;
    return (int32_t)copy_out(top->args.items[index], data, offset, size);
}

/* ---- host functions: storage ---- */

int32_t aureon_storage_read(const void *key, uint32_t key_size, void *value, uint32_t size_max)
{
    if (key_size == 0 || key_size > AUREON_KEY_SIZE_MAX) return -1;
    struct slot *slot = slot_find(key, key_size);
    return slot == NULL ? -1 : (int32_t)copy_out(slot->value, value, 0, size_max);
}

int32_t aureon_storage_write(const void *key, uint32_t key_size, const void *value, uint32_t size)
{
    must_write();
    if (key_size == 0 || key_size > AUREON_KEY_SIZE_MAX || size > AUREON_VALUE_SIZE_MAX) return 1;
    aureon_bytes copy = keep(value, size);
    struct slot *slot = slot_find(key, key_size);
    if (slot == NULL) {
        aureon_bytes key_copy = keep(key, key_size);
        slot = list_add(&world.slots, sizeof(*slot));
        slot->contract = top->self;
        slot->key = key_copy;
    }
    slot->value = copy;
    return 0;
}

int64_t aureon_storage_size(const void *key, uint32_t key_size)
{
    if (key_size == 0 || key_size > AUREON_KEY_SIZE_MAX) return -1;
    struct slot *slot = slot_find(key, key_size);
    return slot == NULL ? -1 : (int64_t)slot->value.size;
}

int32_t aureon_storage_delete(const void *key, uint32_t key_size)
{
    must_write();
    if (key_size == 0 || key_size > AUREON_KEY_SIZE_MAX) return 1;
    struct slot *slot = slot_find(key, key_size);
    if (slot == NULL) return 1;
    struct slot *slots = world.slots.items;
    *slot = slots[--world.slots.count];
    return 0;
}

int32_t aureon_iter_open(const void *prefix, uint32_t prefix_size)
{
    int32_t i = 0;
    while (i < WALKS_MAX && top->walks[i].is_open)
        i++;
    if (prefix_size > AUREON_KEY_SIZE_MAX || i == WALKS_MAX) frame_end(AUREON_HOST_REJECTED);
    top->walks[i] = (struct walk){.is_open = true, .prefix = keep(prefix, prefix_size)};
    return i;
}

static struct walk *walk_find(int32_t iter)
{
    if (iter < 0 || iter >= WALKS_MAX || !top->walks[iter].is_open) frame_end(AUREON_HOST_REJECTED);
    return &top->walks[iter];
}

static bool is_before(aureon_bytes a, aureon_bytes b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order < 0 : a.size < b.size;
}

uint64_t aureon_iter_next(int32_t iter, void *key, uint32_t key_max, void *value,
                          uint32_t value_max)
{
    struct walk *walk = walk_find(iter);
    const struct slot *found = NULL, *slots = world.slots.items;
    for (uint32_t i = 0; i < world.slots.count; i++) {
        const struct slot *slot = &slots[i];
        if (aureon_is_equal(slot->contract, top->self) && slot->key.size >= walk->prefix.size &&
            memcmp(slot->key.data, walk->prefix.data, walk->prefix.size) == 0 &&
            (!walk->last.data || is_before(walk->last, slot->key)) &&
            (!found || is_before(slot->key, found->key)))
            found = slot;
    }
    if (found == NULL) return AUREON_ITER_END;
    walk->last = found->key;
    copy_out(found->key, key, 0, key_max);
    copy_out(found->value, value, 0, value_max);
    return (uint64_t)found->key.size << 32 | found->value.size;
}

void aureon_iter_close(int32_t iter)
{
    walk_find(iter)->is_open = false;
}

/* ---- host functions: accounts and the chain ---- */

uint64_t aureon_get_balance(const void *account, uint32_t size)
{
    struct account *found = size == AUREON_ADDRESS_SIZE ? account_find(account) : NULL;
    return found == NULL ? 0 : found->balance;
}

int32_t aureon_transfer(const void *from, uint32_t from_size, const void *to, uint32_t to_size,
                        uint64_t amount)
{
    must_write();
    if (from_size != AUREON_ADDRESS_SIZE || memcmp(from, &top->self, from_size) != 0)
        return AUREON_TRANSFER_NOT_OWNER;
    if (to_size != AUREON_ADDRESS_SIZE) return AUREON_TRANSFER_BAD_RECIPIENT;
    return move(from, to, amount) ? AUREON_TRANSFER_DONE : AUREON_TRANSFER_INSUFFICIENT;
}

void aureon_self_address(void *address)
{
    memcpy(address, &top->self, sizeof(top->self));
}

void aureon_caller(void *address)
{
    memcpy(address, &top->caller, sizeof(top->caller));
}

void aureon_origin(void *address)
{
    memcpy(address, &signer, sizeof(signer));
}

uint64_t aureon_value(void)
{
    return top->value;
}

uint64_t aureon_block_height(void)
{
    return aureon_mock.height;
}

uint64_t aureon_block_time_ms(void)
{
    return aureon_mock.time_ms;
}

uint64_t aureon_gas_left(void)
{
    return aureon_mock.gas;
}

uint32_t aureon_chain_id(void *name, uint32_t size_max)
{
    uint32_t size = (uint32_t)strlen(aureon_mock.chain_id);
    copy_out((aureon_bytes){(const uint8_t *)aureon_mock.chain_id, size}, name, 0, size_max);
    return size;
}

void aureon_emit(const char *name, uint32_t name_size, const void *topics, uint32_t topic_count,
                 const void *data, uint32_t data_size)
{
    must_write();
    if (name_size == 0 || name_size > 64 || topic_count > 4 || data_size > EVENT_DATA_MAX ||
        !aureon_is_utf8((const uint8_t *)name, name_size))
        frame_end(AUREON_HOST_REJECTED);
    take(&events_count, 1, EVENTS_MAX);
    take(&events_size, data_size, TOTAL_SIZE_MAX);
    aureon_bytes name_copy = keep(name, name_size), data_copy = keep(data, data_size);
    struct aureon_mock_event *event = list_add(&world.events, sizeof(*event));
    event->contract = top->self;
    event->name = (aureon_string){(const char *)name_copy.data, name_size};
    event->topic_count = topic_count;
    if (topic_count > 0) memcpy(event->topics, topics, 32u * (size_t)topic_count);
    event->data = data_copy;
}

/* ---- host functions: other contracts ---- */

/* A canonical vec<bytes>; the items are copies, since the caller's memory may be used again. */
static bool args_decode(const void *data, uint32_t size, struct aureon_mock_args *out)
{
    aureon_bytes all = keep(data, size);
    uint32_t pos = sizeof(out->count);
    if (size < pos || size > ARGS_SIZE_MAX) return false;
    memcpy(&out->count, all.data, sizeof(out->count));
    if (out->count > AUREON_MOCK_ARGS_MAX) return false;
    for (uint32_t i = 0; i < out->count; i++) {
        uint32_t item_size;
        if (size - pos < sizeof(item_size)) return false;
        memcpy(&item_size, all.data + pos, sizeof(item_size));
        pos += (uint32_t)sizeof(item_size);
        if (size - pos < item_size) return false;
        out->items[i] = (aureon_bytes){all.data + pos, item_size};
        pos += item_size;
    }
    return pos == size;
}

static int32_t give_result(struct aureon_mock_result result)
{
    top->returned = result.data;
    return (int32_t)result.outcome;
}

int32_t aureon_call(const void *address, const char *function, uint32_t function_size,
                    const void *args, uint32_t args_size, uint64_t value, uint64_t gas,
                    uint32_t flags)
{
    (void)gas;
    struct request r = {.caller = top->self, .value = value};
    struct aureon_mock_result result = {AUREON_BAD_ARGUMENTS, 0, {NULL, 0}};
    if (flags > (AUREON_CALL_VIEW | AUREON_CALL_REENTRY)) frame_end(AUREON_HOST_REJECTED);
    if (value > 0) must_write();
    memcpy(&r.contract, address, sizeof(r.contract));
    r.function = (const char *)keep(function, function_size).data;
    r.function_size = function_size;
    r.is_view = (flags & AUREON_CALL_VIEW) != 0;
    bool fits = args_decode(args, args_size, &r.args);
    top->consents = (flags & AUREON_CALL_REENTRY) != 0;
    void (*entry)(void);
    enum aureon_outcome refusal = request_check(&r, &entry);
    if (fits || refusal != AUREON_SUCCESS) result = request_run(&r);
    top->consents = false;
    return give_result(result);
}

int32_t aureon_deploy(const void *code_hash, const void *args, uint32_t args_size, uint64_t value,
                      uint64_t gas, void *address)
{
    (void)gas;
    must_write();
    struct aureon_mock_result result = {AUREON_SUCCESS, 0, {NULL, 0}};
    struct aureon_mock_args items = {0};
    aureon_address created = {{0}};
    const char *contract = contract_find(code_hash);
    if (top->depth >= DEPTH_MAX) {
        result.outcome = AUREON_DEPTH_LIMIT;
    } else if (value > aureon_mock_balance(top->self)) {
        result.outcome = AUREON_INSUFFICIENT_BALANCE;
    } else if (contract == NULL) {
        result.outcome = AUREON_NO_CONTRACT;
    } else if (!args_decode(args, args_size, &items)) {
        result.outcome = AUREON_BAD_ARGUMENTS;
    } else {
        result = instance_new(contract, top->self, value, &items, false, &created);
    }
    if (result.outcome == AUREON_SUCCESS) memcpy(address, &created, sizeof(created));
    return give_result(result);
}

uint32_t aureon_ret_size(void)
{
    return top->returned.size;
}

int32_t aureon_ret_read(void *data, uint32_t offset, uint32_t size)
{
    return (int32_t)copy_out(top->returned, data, offset, size);
}

int32_t aureon_upgrade(const void *code_hash)
{
    must_write();
    struct account *account = account_find(&top->self);
    const char *contract = contract_find(code_hash);
    if (!account->has_admin) return AUREON_NOT_ALLOWED;
    if (contract == NULL) return AUREON_NO_CONTRACT;
    account->contract = contract;
    return 0;
}

int32_t aureon_set_admin(const void *address, uint32_t size)
{
    must_write();
    struct account *account = account_find(&top->self);
    if (size != 0 && size != AUREON_ADDRESS_SIZE) frame_end(AUREON_HOST_REJECTED);
    if (!account->has_admin) return AUREON_NOT_ALLOWED;
    account->has_admin = size != 0;
    if (size != 0) memcpy(&account->admin, address, size);
    return 0;
}
