#include "core/receipt.h"

#include "base/utf8.h"
#include "crypto/sha256.h"

#define FIXED_SIZE_MAX    64u /* bytes of what comes before the output */
#define EVENT_SIZE_MIN    (AU_ADDRESS_SIZE + 3u * sizeof(uint32_t) + 1u)
#define BALANCE_SIZE      (AU_ADDRESS_SIZE + 2u * sizeof(uint64_t))
#define SLOT_SIZE_MIN     (AU_ADDRESS_SIZE + sizeof(uint32_t) + 2u)
#define CONTRACT_SIZE_MIN (AU_ADDRESS_SIZE + 3u + AU_HASH_SIZE)
#define CHANGES_MAX       (1u << 24) /* of each kind that a receipt may tell */
#define OUTCOME_MAX       AU_OUTCOME_NOT_ALLOWED

/* ---- the consensus part ---- */

/* Up to the output: writes at most FIXED_SIZE_MAX bytes and gives their number. */
static size_t put_fixed(uint8_t *at, const struct au_receipt *receipt)
{
    uint8_t *begin = at;
    *at++ = (uint8_t)receipt->outcome;
    memcpy(at, &receipt->detail, sizeof(receipt->detail));
    at += sizeof(receipt->detail);
    memcpy(at, &receipt->revert_code, sizeof(receipt->revert_code));
    at += sizeof(receipt->revert_code);
    memcpy(at, &receipt->gas_used, sizeof(receipt->gas_used));
    at += sizeof(receipt->gas_used);
    memcpy(at, &receipt->fee, sizeof(receipt->fee));
    at += sizeof(receipt->fee);
    *at++ = receipt->has_created;
    if (receipt->has_created) {
        memcpy(at, receipt->created.bytes, AU_ADDRESS_SIZE);
        at += AU_ADDRESS_SIZE;
    }
    return (size_t)(at - begin);
}

struct au_hash au_receipt_digest(const struct au_receipt *receipt)
{
    static const char tag[] = "\x0e"
                              "aureon/receipt"; /* its size in front */
    uint8_t fixed[FIXED_SIZE_MAX];
    uint32_t output_size = (uint32_t)receipt->output.size;
    struct au_bytes parts[] = {
        {(const uint8_t *)tag, sizeof(tag) - 1},
        {fixed, put_fixed(fixed, receipt)},
        {(const uint8_t *)&output_size, sizeof(output_size)},
        receipt->output,
        {(const uint8_t *)&receipt->events.count, sizeof(receipt->events.count)},
        receipt->events.bytes,
        {(const uint8_t *)&receipt->logs.count, sizeof(receipt->logs.count)},
        receipt->logs.bytes,
    };
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}

/* ---- encoding ---- */

static void put_sized(struct au_buf *buf, struct au_bytes bytes)
{
    au_buf_put_u32(buf, (uint32_t)bytes.size);
    au_buf_put_bytes(buf, bytes);
}

static void put_items(struct au_buf *buf, const struct au_items *items)
{
    au_buf_put_u32(buf, items->count);
    au_buf_put_bytes(buf, items->bytes);
}

void au_receipt_encode_core(struct au_buf *buf, const struct au_receipt *receipt)
{
    uint8_t fixed[FIXED_SIZE_MAX];
    au_buf_put(buf, fixed, put_fixed(fixed, receipt));
    put_sized(buf, receipt->output);
    put_items(buf, &receipt->events);
    put_items(buf, &receipt->logs);
}

void au_receipt_encode(struct au_buf *buf, const struct au_receipt *receipt)
{
    au_receipt_encode_core(buf, receipt);
    au_buf_put(buf, receipt->id.bytes, AU_HASH_SIZE);
    au_buf_put_u64(buf, receipt->height);
    au_buf_put_u32(buf, receipt->index);
    put_items(buf, &receipt->balances);
    put_items(buf, &receipt->slots);
    put_items(buf, &receipt->contracts);
    put_sized(buf, receipt->note);
}

static void put_option(struct au_buf *buf, bool has, struct au_bytes bytes)
{
    au_buf_put_u8(buf, has);
    if (has) put_sized(buf, bytes);
}

void au_receipt_put_event(struct au_buf *items, const struct au_receipt_event *event)
{
    au_buf_put(items, event->contract.bytes, AU_ADDRESS_SIZE);
    put_sized(items, event->name);
    au_buf_put_u32(items, (uint32_t)(event->topics.size / AU_EVENT_TOPIC_SIZE));
    au_buf_put_bytes(items, event->topics);
    put_sized(items, event->data);
}

void au_receipt_put_log(struct au_buf *items, struct au_bytes line)
{
    put_sized(items, line);
}

void au_receipt_put_balance(struct au_buf *items, const struct au_receipt_balance *change)
{
    au_buf_put(items, change->address.bytes, AU_ADDRESS_SIZE);
    au_buf_put_u64(items, change->before);
    au_buf_put_u64(items, change->after);
}

void au_receipt_put_slot(struct au_buf *items, const struct au_receipt_slot *change)
{
    au_buf_put(items, change->contract.bytes, AU_ADDRESS_SIZE);
    put_sized(items, change->key);
    put_option(items, change->existed, change->before);
    put_option(items, change->exists, change->after);
}

static void put_part(struct au_buf *buf, bool has, const uint8_t *bytes, size_t size)
{
    au_buf_put_u8(buf, has);
    if (has) au_buf_put(buf, bytes, size);
}

void au_receipt_put_contract(struct au_buf *items, const struct au_receipt_contract *change)
{
    au_buf_put(items, change->address.bytes, AU_ADDRESS_SIZE);
    put_part(items, change->existed, change->code_before.bytes, AU_HASH_SIZE);
    put_part(items, change->had_admin, change->admin_before.bytes, AU_ADDRESS_SIZE);
    au_buf_put(items, change->code_after.bytes, AU_HASH_SIZE);
    put_part(items, change->has_admin, change->admin_after.bytes, AU_ADDRESS_SIZE);
}

/* ---- decoding ---- */

static void decode_event(struct au_decode *decode, struct au_receipt_event *out_event)
{
    au_decode_raw(decode, out_event->contract.bytes, AU_ADDRESS_SIZE);
    out_event->name = au_decode_bytes(decode, AU_EVENT_NAME_SIZE_MAX);
    if (out_event->name.size == 0) au_decode_fail(decode, "an event without a name");
    if (!au_utf8_is_valid(out_event->name)) au_decode_fail(decode, "an event's name is no UTF-8");
    uint32_t topic_count = au_decode_count(decode, AU_EVENT_TOPICS_MAX, AU_EVENT_TOPIC_SIZE);
    out_event->topics = au_decode_take(decode, (size_t)topic_count * AU_EVENT_TOPIC_SIZE);
    out_event->data = au_decode_bytes(decode, AU_EVENT_DATA_SIZE_MAX);
}

static void decode_log(struct au_decode *decode, struct au_bytes *out_line)
{
    *out_line = au_decode_bytes(decode, AU_LOG_SIZE_MAX);
}

static void decode_balance(struct au_decode *decode, struct au_receipt_balance *out_change)
{
    au_decode_raw(decode, out_change->address.bytes, AU_ADDRESS_SIZE);
    out_change->before = au_decode_u64(decode);
    out_change->after = au_decode_u64(decode);
}

static bool decode_value(struct au_decode *decode, struct au_bytes *out_value)
{
    bool exists = au_decode_option(decode);
    *out_value = exists ? au_decode_bytes(decode, AU_VALUE_SIZE_MAX) : (struct au_bytes){0};
    return exists;
}

static void decode_slot(struct au_decode *decode, struct au_receipt_slot *out_change)
{
    au_decode_raw(decode, out_change->contract.bytes, AU_ADDRESS_SIZE);
    out_change->key = au_decode_bytes(decode, AU_KEY_SIZE_MAX);
    if (out_change->key.size == 0) au_decode_fail(decode, "a key of no bytes");
    out_change->existed = decode_value(decode, &out_change->before);
    out_change->exists = decode_value(decode, &out_change->after);
}

static bool decode_part(struct au_decode *decode, uint8_t *out_bytes, size_t size)
{
    bool has = au_decode_option(decode);
    if (has) au_decode_raw(decode, out_bytes, size);
    return has;
}

static void decode_contract(struct au_decode *decode, struct au_receipt_contract *out_change)
{
    *out_change = (struct au_receipt_contract){0};
    au_decode_raw(decode, out_change->address.bytes, AU_ADDRESS_SIZE);
    out_change->existed = decode_part(decode, out_change->code_before.bytes, AU_HASH_SIZE);
    out_change->had_admin = decode_part(decode, out_change->admin_before.bytes, AU_ADDRESS_SIZE);
    au_decode_raw(decode, out_change->code_after.bytes, AU_HASH_SIZE);
    out_change->has_admin = decode_part(decode, out_change->admin_after.bytes, AU_ADDRESS_SIZE);
}

enum item_kind { ITEM_EVENT, ITEM_LOG, ITEM_BALANCE, ITEM_SLOT, ITEM_CONTRACT };

static void skip_item(struct au_decode *decode, enum item_kind kind)
{
    struct au_receipt_event event;
    struct au_bytes line;
    struct au_receipt_balance balance;
    struct au_receipt_slot slot;
    struct au_receipt_contract contract;
    switch (kind) {
    case ITEM_EVENT: decode_event(decode, &event); break;
    case ITEM_LOG: decode_log(decode, &line); break;
    case ITEM_BALANCE: decode_balance(decode, &balance); break;
    case ITEM_SLOT: decode_slot(decode, &slot); break;
    case ITEM_CONTRACT: decode_contract(decode, &contract); break;
    }
}

static struct au_items decode_items(struct au_decode *decode, enum item_kind kind)
{
    static const struct {
        uint32_t count_max;
        size_t size_min;
    } bounds[] = {
        [ITEM_EVENT] = {AU_EVENTS_MAX, EVENT_SIZE_MIN},
        [ITEM_LOG] = {CHANGES_MAX, sizeof(uint32_t)},
        [ITEM_BALANCE] = {CHANGES_MAX, BALANCE_SIZE},
        [ITEM_SLOT] = {CHANGES_MAX, SLOT_SIZE_MIN},
        [ITEM_CONTRACT] = {CHANGES_MAX, CONTRACT_SIZE_MIN},
    };
    struct au_items items = {
        .count = au_decode_count(decode, bounds[kind].count_max, bounds[kind].size_min)};
    struct au_bytes before = decode->rest;
    for (uint32_t i = 0; i < items.count && !decode->error; i++) {
        skip_item(decode, kind);
    }
    if (decode->error) return (struct au_items){0};
    items.bytes = (struct au_bytes){before.data, before.size - decode->rest.size};
    return items;
}

static void decode_fixed(struct au_decode *decode, struct au_receipt *receipt)
{
    uint8_t outcome = au_decode_u8(decode);
    if (outcome > OUTCOME_MAX) au_decode_fail(decode, "an unknown outcome");
    receipt->outcome = decode->error ? AU_OUTCOME_SUCCESS : (enum au_outcome)outcome;
    receipt->detail = au_decode_u32(decode);
    receipt->revert_code = au_decode_u32(decode);
    receipt->gas_used = au_decode_u64(decode);
    receipt->fee = au_decode_u64(decode);
    receipt->has_created = au_decode_option(decode);
    if (receipt->has_created) au_decode_raw(decode, receipt->created.bytes, AU_ADDRESS_SIZE);
}

static struct au_receipt decode_core(struct au_decode *decode)
{
    struct au_receipt receipt = {0};
    decode_fixed(decode, &receipt);
    receipt.output = au_decode_bytes(decode, AU_OUTPUT_SIZE_MAX);
    receipt.events = decode_items(decode, ITEM_EVENT);
    receipt.logs = decode_items(decode, ITEM_LOG);
    return receipt;
}

bool au_receipt_decode_core(struct au_bytes bytes, struct au_receipt *out_receipt,
                            struct au_decode *out_error)
{
    au_decode_init(out_error, bytes);
    *out_receipt = decode_core(out_error);
    return au_decode_is_done(out_error);
}

bool au_receipt_decode(struct au_bytes bytes, struct au_receipt *out_receipt,
                       struct au_decode *out_error)
{
    struct au_decode *decode = out_error;
    au_decode_init(decode, bytes);
    struct au_receipt receipt = decode_core(decode);
    au_decode_raw(decode, receipt.id.bytes, AU_HASH_SIZE);
    receipt.height = au_decode_u64(decode);
    receipt.index = au_decode_u32(decode);
    receipt.balances = decode_items(decode, ITEM_BALANCE);
    receipt.slots = decode_items(decode, ITEM_SLOT);
    receipt.contracts = decode_items(decode, ITEM_CONTRACT);
    receipt.note = au_decode_bytes(decode, AU_RECEIPT_NOTE_SIZE_MAX);
    *out_receipt = receipt;
    return au_decode_is_done(decode);
}

/* ---- reading items ---- */

/* Items of a receipt were checked when they were decoded or made. */
static bool begin_item(struct au_items *items, struct au_decode *decode)
{
    if (items->count == 0) return false;
    items->count--;
    au_decode_init(decode, items->bytes);
    return true;
}

static bool end_item(struct au_items *items, const struct au_decode *decode)
{
    AU_ASSERT(!decode->error);
    items->bytes = decode->rest;
    return true;
}

bool au_receipt_next_event(struct au_items *items, struct au_receipt_event *out_event)
{
    struct au_decode decode;
    if (!begin_item(items, &decode)) return false;
    decode_event(&decode, out_event);
    return end_item(items, &decode);
}

bool au_receipt_next_log(struct au_items *items, struct au_bytes *out_line)
{
    struct au_decode decode;
    if (!begin_item(items, &decode)) return false;
    decode_log(&decode, out_line);
    return end_item(items, &decode);
}

bool au_receipt_next_balance(struct au_items *items, struct au_receipt_balance *out_change)
{
    struct au_decode decode;
    if (!begin_item(items, &decode)) return false;
    decode_balance(&decode, out_change);
    return end_item(items, &decode);
}

bool au_receipt_next_slot(struct au_items *items, struct au_receipt_slot *out_change)
{
    struct au_decode decode;
    if (!begin_item(items, &decode)) return false;
    decode_slot(&decode, out_change);
    return end_item(items, &decode);
}

bool au_receipt_next_contract(struct au_items *items, struct au_receipt_contract *out_change)
{
    struct au_decode decode;
    if (!begin_item(items, &decode)) return false;
    decode_contract(&decode, out_change);
    return end_item(items, &decode);
}
