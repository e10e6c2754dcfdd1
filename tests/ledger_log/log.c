#include <inttypes.h>
#include <stdio.h>

#include "contract/host.h"
#include "ledger_log/log_internal.h"
#include "ledger_log/world.h"
#include "vm/module.h"

void log_put_hex(struct au_buf *buf, const void *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    au_buf_put_u8(buf, '"');
    for (size_t i = 0; i < size; i++) {
        au_buf_put_u8(buf, (uint8_t)digits[bytes[i] >> 4]);
        au_buf_put_u8(buf, (uint8_t)digits[bytes[i] & 15]);
    }
    au_buf_put_u8(buf, '"');
}

void log_put_hex_bytes(struct au_buf *buf, struct au_bytes bytes)
{
    log_put_hex(buf, bytes.data, bytes.size);
}

void log_put_comma(struct au_buf *buf, size_t start)
{
    if (buf->size > start) au_buf_put_u8(buf, ',');
}

/* `,"name":"hex"` */
static void put_hash(struct au_buf *buf, const char *name, const uint8_t hash[AU_HASH_SIZE])
{
    au_buf_printf(buf, ",\"%s\":", name);
    log_put_hex(buf, hash, AU_HASH_SIZE);
}

static void put_header(struct au_buf *buf, const struct au_header *header)
{
    struct au_hash hash = au_header_hash(header);
    struct au_buf bytes;
    au_buf_init(&bytes, AU_HEADER_SIZE_MAX);
    au_header_encode(&bytes, header);
    world_must(bytes.err);
    au_buf_put_text(buf, "\"header\":");
    log_put_hex_bytes(buf, au_buf_bytes(&bytes));
    put_hash(buf, "hash", hash.bytes);
    put_hash(buf, "state_root", header->state_root.bytes);
    au_buf_done(&bytes);
}

static void print_line(struct au_buf *line)
{
    au_buf_put_u8(line, '\n');
    world_must(line->err);
    bool is_written = fwrite(line->data, 1, line->size, stdout) == line->size;
    world_must(is_written && fflush(stdout) == 0 ? AU_OK : AU_ERR_IO);
    au_buf_done(line);
}

void log_genesis(struct au_bytes genesis, const struct au_header *header)
{
    struct au_buf line;
    au_buf_init(&line, SIZE_MAX);
    au_buf_put_text(&line, "{\"genesis\":");
    log_put_hex_bytes(&line, genesis);
    au_buf_put_text(&line, ",\"claim\":{");
    put_header(&line, header);
    au_buf_put_text(&line, "}}");
    print_line(&line);
}

/* ---- a block ---- */

void log_block_init(struct log_block *log)
{
    au_buf_init(&log->txs, SIZE_MAX);
    au_buf_init(&log->invalids, SIZE_MAX);
    au_buf_init(&log->digests, SIZE_MAX);
    log_trace_init(&log->trace);
}

void log_block_done(struct log_block *log)
{
    au_buf_done(&log->txs);
    au_buf_done(&log->invalids);
    au_buf_done(&log->digests);
    log_trace_done(&log->trace);
}

void log_block_begin(struct log_block *log, uint64_t time_ms)
{
    log->time_ms = time_ms;
    au_buf_clear(&log->txs);
    au_buf_clear(&log->invalids);
    au_buf_clear(&log->digests);
}

/* What the validator says of the code, asked here once more and apart from the ledger. */
static void put_verdict(struct au_buf *buf, struct au_bytes code)
{
    struct au_module_info *info;
    struct au_reject reject;
    enum au_err err = au_module_prepare(code, &au_host_env, NULL, &info, &reject);
    if (err == AU_ERR_INVALID_MODULE) {
        au_buf_put_text(buf, ",\"module\":\"invalid\"");
        return;
    }
    world_must(err);
    au_buf_printf(buf, ",\"module\":\"accepted\",\"compile_steps\":%" PRIu64, info->compile_steps);
    au_module_info_free(info);
}

static void put_logs(struct au_buf *buf, struct au_items logs)
{
    struct au_bytes line;
    size_t start = buf->size;
    while (au_receipt_next_log(&logs, &line)) {
        log_put_comma(buf, start);
        log_put_hex_bytes(buf, line);
    }
}

static void put_events(struct au_buf *buf, struct au_items events)
{
    struct au_receipt_event event;
    size_t start = buf->size;
    while (au_receipt_next_event(&events, &event)) {
        log_put_comma(buf, start);
        au_buf_put_text(buf, "{\"contract\":");
        log_put_hex(buf, event.contract.bytes, AU_ADDRESS_SIZE);
        au_buf_put_text(buf, ",\"name\":");
        log_put_hex_bytes(buf, event.name);
        au_buf_put_text(buf, ",\"topics\":[");
        for (size_t at = 0; at < event.topics.size; at += AU_EVENT_TOPIC_SIZE) {
            if (at > 0) au_buf_put_u8(buf, ',');
            log_put_hex(buf, event.topics.data + at, AU_EVENT_TOPIC_SIZE);
        }
        au_buf_put_text(buf, "],\"data\":");
        log_put_hex_bytes(buf, event.data);
        au_buf_put_u8(buf, '}');
    }
}

static void put_contracts(struct au_buf *buf, struct au_items contracts, size_t start)
{
    struct au_receipt_contract contract;
    while (au_receipt_next_contract(&contracts, &contract)) {
        log_put_comma(buf, start);
        au_buf_put_text(buf, "{\"address\":");
        log_put_hex(buf, contract.address.bytes, AU_ADDRESS_SIZE);
        put_hash(buf, "code_hash", contract.code_after.bytes);
        if (contract.has_admin)
            put_hash(buf, "admin", contract.admin_after.bytes);
        else
            au_buf_put_text(buf, ",\"admin\":null");
        au_buf_put_u8(buf, '}');
    }
}

/* Slots of the system account are none that code writes. */
static void put_changes(struct au_buf *buf, const struct au_receipt *receipt)
{
    struct au_items balances = receipt->balances, slots = receipt->slots;
    struct au_receipt_balance balance;
    struct au_receipt_slot slot;
    size_t start = buf->size;
    put_contracts(buf, receipt->contracts, start);
    while (au_receipt_next_balance(&balances, &balance)) {
        log_put_comma(buf, start);
        au_buf_put_text(buf, "{\"address\":");
        log_put_hex(buf, balance.address.bytes, AU_ADDRESS_SIZE);
        au_buf_printf(buf, ",\"balance\":%" PRIu64 "}", balance.after);
    }
    while (au_receipt_next_slot(&slots, &slot)) {
        if (au_address_is_equal(&slot.contract, &au_address_system)) continue;
        log_put_comma(buf, start);
        au_buf_put_text(buf, "{\"contract\":");
        log_put_hex(buf, slot.contract.bytes, AU_ADDRESS_SIZE);
        au_buf_put_text(buf, ",\"key\":");
        log_put_hex_bytes(buf, slot.key);
        au_buf_put_text(buf, ",\"value\":");
        if (slot.exists)
            log_put_hex_bytes(buf, slot.after);
        else
            au_buf_put_text(buf, "null");
        au_buf_put_u8(buf, '}');
    }
}

/* A trace that was cut short says nothing of what came afterwards, so it is left out. */
static void put_contract(struct au_buf *buf, const struct au_receipt *receipt,
                         const struct log_trace *trace)
{
    au_buf_printf(buf,
                  ",\"contract\":{\"outcome\":%d,\"detail\":%" PRIu32 ",\"revert_code\":%" PRIu32
                  ",\"gas_used\":%" PRIu64 ",\"output\":",
                  (int)receipt->outcome, receipt->detail, receipt->revert_code, receipt->gas_used);
    log_put_hex_bytes(buf, receipt->output);
    au_buf_put_text(buf, ",\"events\":[");
    put_events(buf, receipt->events);
    au_buf_put_text(buf, "],\"logs\":[");
    put_logs(buf, receipt->logs);
    au_buf_put_text(buf, "],\"changes\":[");
    put_changes(buf, receipt);
    au_buf_put_u8(buf, ']');
    if (!trace->tracer.is_truncated) {
        au_buf_put_text(buf, ",\"trace\":");
        log_put_trace(buf, trace);
    }
    au_buf_put_u8(buf, '}');
}

void log_block_add(struct log_block *log, struct au_bytes bytes, enum au_invalid invalid,
                   const struct au_tx *tx, const struct au_receipt *receipt)
{
    log_put_comma(&log->invalids, 0);
    au_buf_printf(&log->invalids, "%d", (int)invalid);
    log_put_comma(&log->txs, 0);
    au_buf_put_text(&log->txs, "{\"tx\":");
    log_put_hex_bytes(&log->txs, bytes);
    if (receipt) {
        struct au_hash digest = au_receipt_digest(receipt);
        bool has_code = tx->kind == AU_TX_DEPLOY || tx->kind == AU_TX_UPGRADE;
        if (has_code) put_verdict(&log->txs, tx->code);
        if (has_code || tx->kind == AU_TX_CALL) put_contract(&log->txs, receipt, &log->trace);
        log_put_comma(&log->digests, 0);
        log_put_hex(&log->digests, digest.bytes, AU_HASH_SIZE);
    }
    au_buf_put_u8(&log->txs, '}');
}

void log_block_print(const struct log_block *log, const struct au_header *header,
                     uint64_t validator_count)
{
    struct au_buf line;
    au_buf_init(&line, SIZE_MAX);
    au_buf_printf(&line, "{\"height\":%" PRIu64 ",\"time_ms\":%" PRIu64, header->height,
                  log->time_ms);
    put_hash(&line, "proposer", header->proposer.bytes);
    au_buf_put_text(&line, ",\"txs\":[");
    au_buf_put_bytes(&line, au_buf_bytes(&log->txs));
    au_buf_put_text(&line, "],\"claim\":{\"invalid\":[");
    au_buf_put_bytes(&line, au_buf_bytes(&log->invalids));
    au_buf_put_text(&line, "],\"receipts_digests\":[");
    au_buf_put_bytes(&line, au_buf_bytes(&log->digests));
    au_buf_printf(&line, "],\"validator_count\":%" PRIu64 ",\"gas_used\":%" PRIu64, validator_count,
                  header->gas_used);
    put_hash(&line, "tx_root", header->tx_root.bytes);
    put_hash(&line, "receipts_root", header->receipts_root.bytes);
    au_buf_put_u8(&line, ',');
    put_header(&line, header);
    au_buf_put_text(&line, "}}");
    world_must(log->txs.err);
    world_must(log->invalids.err);
    world_must(log->digests.err);
    print_line(&line);
}
