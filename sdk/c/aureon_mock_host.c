/* The host functions of the mock, as contracts call them. */
#include "aureon_mock_internal.h"

enum {
    EVENT_DATA_MAX = 16384,
    EVENTS_MAX = 256,
    ARGS_SIZE_MAX = 262144,
    TOTAL_SIZE_MAX = 262144, /* of events' data, and of output */
    LOGS_SIZE_MAX = 65536
};

static void must_write(void)
{
    if (mock->top->is_view) aureon_mock_end(AUREON_NOT_ALLOWED);
}

/* Counts against a cap of the transaction. */
static void take(uint32_t *used, uint32_t size, uint32_t max)
{
    if (size > max - *used) aureon_mock_end(AUREON_HOST_REJECTED);
    *used += size;
}

static struct slot *slot_find(const void *key, uint32_t size)
{
    struct slot *slots = mock->world.slots.items;
    for (uint32_t i = 0; i < mock->world.slots.count; i++)
        if (aureon_is_equal(slots[i].contract, mock->top->self) && slots[i].key.size == size &&
            memcmp(slots[i].key.data, key, size) == 0)
            return &slots[i];
    return NULL;
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
    if (size > AUREON_LOG_SIZE_MAX) aureon_mock_end(AUREON_HOST_REJECTED);
    take(&mock->logs_size, size + 4, LOGS_SIZE_MAX);
    aureon_bytes line = aureon_mock_keep(text, size);
    aureon_string *added = aureon_mock_list_add(&mock->logs, sizeof(*added));
    *added = (aureon_string){(const char *)line.data, line.size};
}

void aureon_return_data(const void *data, uint32_t size)
{
    take(&mock->output_size, size, TOTAL_SIZE_MAX);
    mock->top->output = aureon_mock_keep(data, size);
}

void aureon_revert(uint32_t code, const void *data, uint32_t size)
{
    take(&mock->output_size, size, TOTAL_SIZE_MAX);
    mock->top->output = aureon_mock_keep(data, size);
    mock->top->revert_code = code;
    aureon_mock_end(AUREON_REVERTED);
}

uint32_t aureon_arg_count(void)
{
    return mock->top->args.count;
}

int32_t aureon_arg_size(uint32_t index)
{
    return index < mock->top->args.count ? (int32_t)mock->top->args.items[index].size : -1;
}

int32_t aureon_arg_read(uint32_t index, void *data, uint32_t offset, uint32_t size)
{
    if (index >= mock->top->args.count) return -1;
    return (int32_t)copy_out(mock->top->args.items[index], data, offset, size);
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
    aureon_bytes copy = aureon_mock_keep(value, size);
    struct slot *slot = slot_find(key, key_size);
    if (slot == NULL) {
        aureon_bytes key_copy = aureon_mock_keep(key, key_size);
        slot = aureon_mock_list_add(&mock->world.slots, sizeof(*slot));
        slot->contract = mock->top->self;
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
    struct slot *slots = mock->world.slots.items;
    *slot = slots[--mock->world.slots.count];
    return 0;
}

int32_t aureon_iter_open(const void *prefix, uint32_t prefix_size)
{
    int32_t i = 0;
    while (i < AUREON_MOCK_WALKS_MAX && mock->top->walks[i].is_open)
        i++;
    if (prefix_size > AUREON_KEY_SIZE_MAX || i == AUREON_MOCK_WALKS_MAX)
        aureon_mock_end(AUREON_HOST_REJECTED);
    mock->top->walks[i] =
        (struct walk){.is_open = true, .prefix = aureon_mock_keep(prefix, prefix_size)};
    return i;
}

static struct walk *walk_find(int32_t iter)
{
    if (iter < 0 || iter >= AUREON_MOCK_WALKS_MAX || !mock->top->walks[iter].is_open)
        aureon_mock_end(AUREON_HOST_REJECTED);
    return &mock->top->walks[iter];
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
    const struct slot *found = NULL, *slots = mock->world.slots.items;
    for (uint32_t i = 0; i < mock->world.slots.count; i++) {
        const struct slot *slot = &slots[i];
        if (aureon_is_equal(slot->contract, mock->top->self) &&
            slot->key.size >= walk->prefix.size &&
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
    struct account *found = size == AUREON_ADDRESS_SIZE ? aureon_mock_account_find(account) : NULL;
    return found == NULL ? 0 : found->balance;
}

int32_t aureon_transfer(const void *from, uint32_t from_size, const void *to, uint32_t to_size,
                        uint64_t amount)
{
    must_write();
    if (from_size != AUREON_ADDRESS_SIZE || memcmp(from, &mock->top->self, from_size) != 0)
        return AUREON_TRANSFER_NOT_OWNER;
    if (to_size != AUREON_ADDRESS_SIZE) return AUREON_TRANSFER_BAD_RECIPIENT;
    return aureon_mock_move(from, to, amount) ? AUREON_TRANSFER_DONE : AUREON_TRANSFER_INSUFFICIENT;
}

void aureon_self_address(void *address)
{
    memcpy(address, &mock->top->self, sizeof(mock->top->self));
}

void aureon_caller(void *address)
{
    memcpy(address, &mock->top->caller, sizeof(mock->top->caller));
}

void aureon_origin(void *address)
{
    memcpy(address, &mock->signer, sizeof(mock->signer));
}

uint64_t aureon_value(void)
{
    return mock->top->value;
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
        aureon_mock_end(AUREON_HOST_REJECTED);
    take(&mock->events_count, 1, EVENTS_MAX);
    take(&mock->events_size, data_size, TOTAL_SIZE_MAX);
    aureon_bytes name_copy = aureon_mock_keep(name, name_size),
                 data_copy = aureon_mock_keep(data, data_size);
    struct aureon_mock_event *event = aureon_mock_list_add(&mock->world.events, sizeof(*event));
    event->contract = mock->top->self;
    event->name = (aureon_string){(const char *)name_copy.data, name_size};
    event->topic_count = topic_count;
    if (topic_count > 0) memcpy(event->topics, topics, 32u * (size_t)topic_count);
    event->data = data_copy;
}

/* ---- host functions: other contracts ---- */

/* A canonical vec<bytes>; the items are copies, since the caller's memory may be used again. */
static bool args_decode(const void *data, uint32_t size, struct aureon_mock_args *out)
{
    aureon_bytes all = aureon_mock_keep(data, size);
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
    mock->top->returned = result.data;
    return (int32_t)result.outcome;
}

int32_t aureon_call(const void *address, const char *function, uint32_t function_size,
                    const void *args, uint32_t args_size, uint64_t value, uint64_t gas,
                    uint32_t flags)
{
    (void)gas;
    struct request r = {.caller = mock->top->self, .value = value};
    struct aureon_mock_result result = {AUREON_BAD_ARGUMENTS, 0, {NULL, 0}};
    if (flags > (AUREON_CALL_VIEW | AUREON_CALL_REENTRY)) aureon_mock_end(AUREON_HOST_REJECTED);
    if (value > 0) must_write();
    memcpy(&r.contract, address, sizeof(r.contract));
    r.function = (const char *)aureon_mock_keep(function, function_size).data;
    r.function_size = function_size;
    r.is_view = (flags & AUREON_CALL_VIEW) != 0;
    bool fits = args_decode(args, args_size, &r.args);
    mock->top->consents = (flags & AUREON_CALL_REENTRY) != 0;
    void (*entry)(void);
    enum aureon_outcome refusal = aureon_mock_check(&r, &entry);
    if (fits || refusal != AUREON_SUCCESS) result = aureon_mock_run(&r);
    mock->top->consents = false;
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
    const char *contract = aureon_mock_contract_find(code_hash);
    if (mock->top->depth >= AUREON_MOCK_DEPTH_MAX) {
        result.outcome = AUREON_DEPTH_LIMIT;
    } else if (value > aureon_mock_balance(mock->top->self)) {
        result.outcome = AUREON_INSUFFICIENT_BALANCE;
    } else if (contract == NULL) {
        result.outcome = AUREON_NO_CONTRACT;
    } else if (!args_decode(args, args_size, &items)) {
        result.outcome = AUREON_BAD_ARGUMENTS;
    } else {
        result =
            aureon_mock_instance_new(contract, mock->top->self, value, &items, false, &created);
    }
    if (result.outcome == AUREON_SUCCESS) memcpy(address, &created, sizeof(created));
    return give_result(result);
}

uint32_t aureon_ret_size(void)
{
    return mock->top->returned.size;
}

int32_t aureon_ret_read(void *data, uint32_t offset, uint32_t size)
{
    return (int32_t)copy_out(mock->top->returned, data, offset, size);
}

int32_t aureon_upgrade(const void *code_hash)
{
    must_write();
    struct account *account = aureon_mock_account_find(&mock->top->self);
    const char *contract = aureon_mock_contract_find(code_hash);
    if (!account->has_admin) return AUREON_NOT_ALLOWED;
    if (contract == NULL) return AUREON_NO_CONTRACT;
    account->contract = contract;
    return 0;
}

int32_t aureon_set_admin(const void *address, uint32_t size)
{
    must_write();
    struct account *account = aureon_mock_account_find(&mock->top->self);
    if (size != 0 && size != AUREON_ADDRESS_SIZE) aureon_mock_end(AUREON_HOST_REJECTED);
    if (!account->has_admin) return AUREON_NOT_ALLOWED;
    if (size != 0 && aureon_mock_is_small_order(address)) return AUREON_NOT_ALLOWED;
    account->has_admin = size != 0;
    if (size != 0) memcpy(&account->admin, address, size);
    return 0;
}
