/* Fuzzes receipts, in the form that is stored and in the one that is proved: what is read is
 * written again, the same bytes, whole and item by item. An error has a sentence and a place inside
 * the input. The verifier that others copy reads the same of what is proved. */
#include "aureon_verify.h"
#include "core/merkle.h"
#include "core/receipt.h"
#include "fuzz.h"

static void begin_again(struct au_buf *again)
{
    AU_ASSERT(again->err == AU_OK);
    au_buf_clear(again);
}

static void check_events(struct au_items items, struct au_buf *again)
{
    struct au_bytes all = items.bytes;
    struct au_receipt_event event;
    while (au_receipt_next_event(&items, &event)) {
        AU_ASSERT(event.name.size >= 1 && event.name.size <= AU_EVENT_NAME_SIZE_MAX);
        AU_ASSERT(event.topics.size % AU_EVENT_TOPIC_SIZE == 0);
        AU_ASSERT(event.topics.size / AU_EVENT_TOPIC_SIZE <= AU_EVENT_TOPICS_MAX);
        AU_ASSERT(event.data.size <= AU_EVENT_DATA_SIZE_MAX);
        au_receipt_put_event(again, &event);
    }
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(again), all));
    begin_again(again);
}

static void check_logs(struct au_items items, struct au_buf *again)
{
    struct au_bytes all = items.bytes;
    struct au_bytes line;
    while (au_receipt_next_log(&items, &line)) {
        AU_ASSERT(line.size <= AU_LOG_SIZE_MAX);
        au_receipt_put_log(again, line);
    }
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(again), all));
    begin_again(again);
}

static void check_balances(struct au_items items, struct au_buf *again)
{
    struct au_bytes all = items.bytes;
    struct au_receipt_balance change;
    while (au_receipt_next_balance(&items, &change))
        au_receipt_put_balance(again, &change);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(again), all));
    begin_again(again);
}

static void check_slots(struct au_items items, struct au_buf *again)
{
    struct au_bytes all = items.bytes;
    struct au_receipt_slot change;
    while (au_receipt_next_slot(&items, &change)) {
        AU_ASSERT(change.key.size >= 1 && change.key.size <= AU_KEY_SIZE_MAX);
        AU_ASSERT(change.existed || change.before.size == 0);
        AU_ASSERT(change.exists || change.after.size == 0);
        au_receipt_put_slot(again, &change);
    }
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(again), all));
    begin_again(again);
}

static void check_same(struct aureon_bytes theirs, struct au_bytes ours)
{
    AU_ASSERT(au_bytes_is_equal((struct au_bytes){theirs.data, theirs.size}, ours));
}

static void check_copied_lists(struct aureon_receipt *found, const struct au_receipt *receipt)
{
    struct au_items events = receipt->events, logs = receipt->logs;
    struct au_receipt_event our_event;
    struct aureon_event event;
    struct au_bytes our_line;
    struct aureon_bytes line;
    while (au_receipt_next_event(&events, &our_event)) {
        AU_ASSERT(aureon_next_event(found, &event));
        AU_ASSERT(memcmp(event.contract.bytes, our_event.contract.bytes, AU_ADDRESS_SIZE) == 0);
        check_same(event.name, our_event.name);
        check_same(event.topics, our_event.topics);
        check_same(event.data, our_event.data);
    }
    while (au_receipt_next_log(&logs, &our_line)) {
        AU_ASSERT(aureon_next_log(found, &line));
        check_same(line, our_line);
    }
    AU_ASSERT(!aureon_next_event(found, &event) && !aureon_next_log(found, &line));
}

/* The verifier that others copy reads what the digest is of, and takes it for a receipt of a block
 * that has no other. */
static void check_copied_verifier(struct au_bytes core, const struct au_receipt *receipt)
{
    struct aureon_receipt found;
    struct aureon_header header = {.tx_count = 1};
    if (receipt) {
        struct au_hash digest = au_receipt_digest(receipt);
        struct au_hash root = au_merkle_root_of(&digest, 1);
        memcpy(header.receipts_root.bytes, root.bytes, AU_HASH_SIZE);
    }
    const char *reason = aureon_verify_receipt(&header, (struct aureon_bytes){core.data, core.size},
                                               0, NULL, 0, &found);
    AU_ASSERT((reason == NULL) == (receipt != NULL));
    if (!receipt) return;
    AU_ASSERT(found.outcome == receipt->outcome && found.gas_used == receipt->gas_used);
    check_same(found.output, receipt->output);
    check_copied_lists(&found, receipt);
}

static void check_core(struct au_bytes bytes)
{
    struct au_receipt receipt;
    struct au_decode error;
    bool is_core = au_receipt_decode_core(bytes, &receipt, &error);
    check_copied_verifier(bytes, is_core ? &receipt : NULL);
    if (!is_core) return;
    struct au_buf again;
    au_buf_init(&again, AU_RECEIPT_SIZE_MAX);
    au_receipt_encode_core(&again, &receipt);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), bytes));
    au_buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_bytes bytes = {data, size};
    struct au_receipt receipt;
    struct au_decode error;
    check_core(bytes);
    if (!au_receipt_decode(bytes, &receipt, &error)) {
        AU_ASSERT(error.error != NULL);
        AU_ASSERT(error.error_at <= size);
        return 0;
    }
    struct au_buf again;
    au_buf_init(&again, AU_RECEIPT_SIZE_MAX);
    au_receipt_encode(&again, &receipt);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), bytes));
    begin_again(&again);
    check_events(receipt.events, &again);
    check_logs(receipt.logs, &again);
    check_balances(receipt.balances, &again);
    check_slots(receipt.slots, &again);
    au_buf_done(&again);

    struct au_hash before = au_receipt_digest(&receipt);
    receipt.height++;
    struct au_hash same = au_receipt_digest(&receipt);
    AU_ASSERT(au_hash_is_equal(&before, &same));
    receipt.gas_used++;
    struct au_hash other = au_receipt_digest(&receipt);
    AU_ASSERT(!au_hash_is_equal(&before, &other));
    return 0;
}
