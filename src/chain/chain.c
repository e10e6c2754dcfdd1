#include "chain/chain.h"

#include <string.h>

#include "chain/events.h"

#define HEIGHT_SIZE 8u /* bytes of a height in a key */
#define PLACE_SIZE  12u

#define META_PRUNED "pruned"

#define HASH_TAG         'b'
#define HASH_KEY_SIZE    (1u + AU_HASH_SIZE)
#define HISTORY_TAG      'a'
#define CONTRACT_TAG     'c'
#define HISTORY_KEY_SIZE (1u + AU_ADDRESS_SIZE + PLACE_SIZE)

#define ROLES_ALL \
    (AU_CHAIN_ROLE_SENDER | AU_CHAIN_ROLE_TARGET | AU_CHAIN_ROLE_CREATED | AU_CHAIN_ROLE_CHANGED)

/* ---- keys ---- */

struct height_key {
    uint8_t bytes[HEIGHT_SIZE];
};

struct place_key {
    uint8_t bytes[PLACE_SIZE];
};

struct hash_key {
    uint8_t bytes[HASH_KEY_SIZE];
};

struct history_key {
    uint8_t bytes[HISTORY_KEY_SIZE];
};

#define BYTES_OF(key) ((struct au_bytes){(key).bytes, sizeof((key).bytes)})

static struct height_key key_of_height(uint64_t height)
{
    struct height_key key;
    au_put_big_endian(key.bytes, height, HEIGHT_SIZE);
    return key;
}

static struct place_key key_of_place(struct au_chain_place place)
{
    struct place_key key;
    au_put_big_endian(key.bytes, place.height, HEIGHT_SIZE);
    au_put_big_endian(key.bytes + HEIGHT_SIZE, place.index, PLACE_SIZE - HEIGHT_SIZE);
    return key;
}

static struct au_chain_place place_of_bytes(const uint8_t bytes[PLACE_SIZE])
{
    return (struct au_chain_place){
        .height = au_get_big_endian(bytes, HEIGHT_SIZE),
        .index = (uint32_t)au_get_big_endian(bytes + HEIGHT_SIZE, PLACE_SIZE - HEIGHT_SIZE),
    };
}

static struct au_chain_place inverted(struct au_chain_place place)
{
    return (struct au_chain_place){~place.height, ~place.index};
}

static struct hash_key key_of_hash(const struct au_hash *hash)
{
    struct hash_key key = {{HASH_TAG}};
    memcpy(key.bytes + 1, hash->bytes, AU_HASH_SIZE);
    return key;
}

static struct history_key key_of_history(uint8_t tag, const struct au_address *address,
                                         struct au_chain_place place)
{
    struct history_key key = {{tag}};
    struct place_key order = key_of_place(inverted(place));
    memcpy(key.bytes + 1, address->bytes, AU_ADDRESS_SIZE);
    memcpy(key.bytes + 1 + AU_ADDRESS_SIZE, order.bytes, PLACE_SIZE);
    return key;
}

/* ---- writing ---- */

/* Puts an encoded record and frees it; what it failed with becomes the batch's error. */
static void put_record(struct au_kv_batch *batch, enum au_cf cf, struct au_bytes key,
                       struct au_buf *record)
{
    if (record->err == AU_OK) {
        au_kv_batch_put(batch, cf, key, au_buf_bytes(record));
    } else if (batch->ops.err == AU_OK) {
        batch->ops.err = record->err;
    }
    au_buf_done(record);
}

void au_chain_put_block(struct au_kv_batch *batch, const struct au_header *header,
                        const struct au_hash *hash)
{
    struct height_key height = key_of_height(header->height);
    struct hash_key by_hash = key_of_hash(hash);
    struct au_buf record;
    au_buf_init(&record, AU_HEADER_SIZE_MAX);
    au_header_encode(&record, header);
    put_record(batch, AU_CF_BLK, BYTES_OF(height), &record);
    au_kv_batch_put(batch, AU_CF_IDX, BYTES_OF(by_hash), BYTES_OF(height));
}

void au_chain_put_pruned(struct au_kv_batch *batch, uint64_t height)
{
    struct height_key value = key_of_height(height);
    au_kv_batch_put(batch, AU_CF_META, au_bytes_of(META_PRUNED), BYTES_OF(value));
}

static bool has_target(enum au_tx_kind kind)
{
    return kind == AU_TX_TRANSFER || kind == AU_TX_CALL || kind == AU_TX_UPGRADE;
}

typedef void change(struct au_kv_batch *batch, enum au_cf cf, struct au_bytes key,
                    struct au_bytes value);

static void take_away(struct au_kv_batch *batch, enum au_cf cf, struct au_bytes key,
                      struct au_bytes value)
{
    (void)value;
    au_kv_batch_del(batch, cf, key);
}

/* One record for each account, with all that it was: who pays himself is sender and target. */
static void change_histories(struct au_kv_batch *batch, const struct au_receipt *receipt,
                             const struct au_tx *tx, change *make)
{
    const struct au_chain_place place = {receipt->height, receipt->index};
    const struct {
        const struct au_address *address; /* NULL: nobody */
        unsigned role;
    } parts[] = {
        {&tx->from, AU_CHAIN_ROLE_SENDER},
        {has_target(tx->kind) ? &tx->to : NULL, AU_CHAIN_ROLE_TARGET},
        {receipt->has_created ? &receipt->created : NULL, AU_CHAIN_ROLE_CREATED},
    };
    for (size_t i = 0; i < AU_COUNT_OF(parts); i++) {
        if (!parts[i].address) continue;
        unsigned roles = 0;
        for (size_t j = 0; j < AU_COUNT_OF(parts); j++) {
            bool is_same =
                parts[j].address && au_address_is_equal(parts[i].address, parts[j].address);
            if (is_same) roles |= parts[j].role;
        }
        struct history_key key = key_of_history(HISTORY_TAG, parts[i].address, place);
        uint8_t value = (uint8_t)roles;
        make(batch, AU_CF_IDX, BYTES_OF(key), (struct au_bytes){&value, 1});
    }
}

static void change_contracts(struct au_kv_batch *batch, const struct au_receipt *receipt,
                             change *make)
{
    static const uint8_t role = AU_CHAIN_ROLE_CHANGED;
    struct au_items items = receipt->contracts;
    struct au_receipt_contract contract;
    const struct au_chain_place place = {receipt->height, receipt->index};
    while (au_receipt_next_contract(&items, &contract)) {
        struct history_key key = key_of_history(CONTRACT_TAG, &contract.address, place);
        make(batch, AU_CF_IDX, BYTES_OF(key), (struct au_bytes){&role, 1});
    }
}

void au_chain_put_tx(struct au_kv_batch *batch, const struct au_receipt *receipt,
                     struct au_bytes tx)
{
    struct au_tx decoded;
    struct au_decode error;
    AU_ASSERT(au_tx_decode(tx, &decoded, &error));
    struct place_key place = key_of_place((struct au_chain_place){receipt->height, receipt->index});
    struct au_buf record;
    au_buf_init(&record, AU_RECEIPT_SIZE_MAX);
    au_receipt_encode(&record, receipt);
    put_record(batch, AU_CF_RCP, BYTES_OF(place), &record);
    au_kv_batch_put(batch, AU_CF_BLK, BYTES_OF(place), tx);
    au_kv_batch_put(batch, AU_CF_TXI, BYTES_OF(receipt->id), BYTES_OF(place));
    change_histories(batch, receipt, &decoded, au_kv_batch_put);
    change_contracts(batch, receipt, au_kv_batch_put);
    au_events_put(batch, receipt, &decoded.from);
}

void au_chain_del_block(struct au_kv_batch *batch, const struct au_header *header,
                        const struct au_hash *hash)
{
    struct height_key height = key_of_height(header->height);
    struct hash_key by_hash = key_of_hash(hash);
    au_kv_batch_del(batch, AU_CF_BLK, BYTES_OF(height));
    au_kv_batch_del(batch, AU_CF_IDX, BYTES_OF(by_hash));
}

void au_chain_del_tx(struct au_kv_batch *batch, const struct au_receipt *receipt,
                     struct au_bytes tx)
{
    struct au_tx decoded;
    struct au_decode error;
    AU_ASSERT(au_tx_decode(tx, &decoded, &error));
    struct place_key place = key_of_place((struct au_chain_place){receipt->height, receipt->index});
    au_kv_batch_del(batch, AU_CF_RCP, BYTES_OF(place));
    au_kv_batch_del(batch, AU_CF_BLK, BYTES_OF(place));
    au_kv_batch_del(batch, AU_CF_TXI, BYTES_OF(receipt->id));
    change_histories(batch, receipt, &decoded, take_away);
    change_contracts(batch, receipt, take_away);
    au_events_del(batch, receipt, &decoded.from);
}

/* ---- reading ---- */

void au_chain_reader_init(struct au_chain_reader *reader, const struct au_kv *kv,
                          const struct au_kv_snapshot *snapshot)
{
    *reader = (struct au_chain_reader){.kv = *kv, .snapshot = snapshot};
    au_buf_init(&reader->record, AU_HEADER_SIZE_MAX);
    au_buf_init(&reader->tx, AU_TX_SIZE_MAX);
    au_buf_init(&reader->receipt, AU_RECEIPT_SIZE_MAX);
}

void au_chain_reader_done(struct au_chain_reader *reader)
{
    au_buf_done(&reader->record);
    au_buf_done(&reader->tx);
    au_buf_done(&reader->receipt);
}

static enum au_err read_record(const struct au_chain_reader *reader, enum au_cf cf,
                               struct au_bytes key, struct au_buf *out_record)
{
    enum au_err err = au_kv_get(&reader->kv, reader->snapshot, cf, key, out_record);
    return err == AU_ERR_TOO_LARGE ? AU_ERR_MALFORMED : err;
}

enum au_err au_chain_header(struct au_chain_reader *reader, uint64_t height,
                            struct au_header *out_header)
{
    struct height_key key = key_of_height(height);
    struct au_header header;
    struct au_decode error;
    AU_TRY(read_record(reader, AU_CF_BLK, BYTES_OF(key), &reader->record));
    bool is_header = au_header_decode(au_buf_bytes(&reader->record), &header, &error);
    if (!is_header || header.height != height) return AU_ERR_MALFORMED;
    *out_header = header;
    return AU_OK;
}

enum au_err au_chain_headers(struct au_chain_reader *reader, uint64_t from,
                             enum au_chain_order order, size_t count_max,
                             struct au_header *out_headers, size_t *out_count)
{
    const uint64_t last = order == AU_CHAIN_UPWARD ? UINT64_MAX : 0;
    size_t count = 0;
    for (uint64_t height = from; count < count_max;) {
        enum au_err err = au_chain_header(reader, height, &out_headers[count]);
        if (err == AU_ERR_NOT_FOUND) break;
        AU_TRY(err);
        count++;
        if (height == last) break;
        height = order == AU_CHAIN_UPWARD ? height + 1 : height - 1;
    }
    *out_count = count;
    return AU_OK;
}

static enum au_err read_height(struct au_chain_reader *reader, enum au_cf cf, struct au_bytes key,
                               uint64_t *out_height)
{
    AU_TRY(read_record(reader, cf, key, &reader->record));
    if (reader->record.size != HEIGHT_SIZE) return AU_ERR_MALFORMED;
    *out_height = au_get_big_endian(reader->record.data, HEIGHT_SIZE);
    return AU_OK;
}

enum au_err au_chain_height(struct au_chain_reader *reader, const struct au_hash *hash,
                            uint64_t *out_height)
{
    struct hash_key key = key_of_hash(hash);
    return read_height(reader, AU_CF_IDX, BYTES_OF(key), out_height);
}

enum au_err au_chain_pruned(struct au_chain_reader *reader, uint64_t *out_height)
{
    return read_height(reader, AU_CF_META, au_bytes_of(META_PRUNED), out_height);
}

enum au_err au_chain_missing(struct au_chain_reader *reader, uint64_t height)
{
    uint64_t pruned = 0;
    enum au_err err = au_chain_pruned(reader, &pruned);
    if (err != AU_OK && err != AU_ERR_NOT_FOUND) return err;
    return height < pruned ? AU_ERR_NOT_FOUND : AU_ERR_MALFORMED;
}

enum au_err au_chain_place(struct au_chain_reader *reader, const struct au_hash *id,
                           struct au_chain_place *out_place)
{
    AU_TRY(read_record(reader, AU_CF_TXI, BYTES_OF(*id), &reader->record));
    if (reader->record.size != PLACE_SIZE) return AU_ERR_MALFORMED;
    *out_place = place_of_bytes(reader->record.data);
    return AU_OK;
}

enum au_err au_chain_tx(struct au_chain_reader *reader, struct au_chain_place place,
                        struct au_tx *out_tx, struct au_bytes *out_bytes)
{
    struct place_key key = key_of_place(place);
    struct au_tx tx;
    struct au_decode error;
    AU_TRY(read_record(reader, AU_CF_BLK, BYTES_OF(key), &reader->tx));
    if (!au_tx_decode(au_buf_bytes(&reader->tx), &tx, &error)) return AU_ERR_MALFORMED;
    *out_tx = tx;
    *out_bytes = au_buf_bytes(&reader->tx);
    return AU_OK;
}

static bool decode_receipt(struct au_bytes record, struct au_chain_place place,
                           struct au_receipt *out_receipt)
{
    struct au_decode error;
    return au_receipt_decode(record, out_receipt, &error) && out_receipt->height == place.height &&
           out_receipt->index == place.index;
}

enum au_err au_chain_receipt(struct au_chain_reader *reader, struct au_chain_place place,
                             struct au_receipt *out_receipt)
{
    struct place_key key = key_of_place(place);
    struct au_receipt receipt;
    AU_TRY(read_record(reader, AU_CF_RCP, BYTES_OF(key), &reader->receipt));
    if (!decode_receipt(au_buf_bytes(&reader->receipt), place, &receipt)) return AU_ERR_MALFORMED;
    *out_receipt = receipt;
    return AU_OK;
}

/* Takes the receipts of a block off iter, none left out and none left over. */
static enum au_err collect_leaves(struct au_kv_iter *iter, const struct au_header *header,
                                  struct au_hash *out_ids, struct au_hash *out_digests)
{
    struct au_kv_entry entry;
    struct au_receipt receipt;
    for (uint32_t i = 0; i < header->tx_count; i++) {
        const struct au_chain_place place = {header->height, i};
        struct place_key key = key_of_place(place);
        enum au_err err = au_kv_iter_next(iter, &entry);
        if (err == AU_ERR_NOT_FOUND) return AU_ERR_MALFORMED;
        AU_TRY(err);
        if (!au_bytes_is_equal(entry.key, BYTES_OF(key))) return AU_ERR_MALFORMED;
        if (!decode_receipt(entry.value, place, &receipt)) return AU_ERR_MALFORMED;
        if (out_ids) out_ids[i] = receipt.id;
        if (out_digests) out_digests[i] = au_receipt_digest(&receipt);
    }
    enum au_err err = au_kv_iter_next(iter, &entry);
    if (err == AU_OK) return AU_ERR_MALFORMED;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

enum au_err au_chain_leaves(struct au_chain_reader *reader, const struct au_header *header,
                            struct au_hash *out_ids, struct au_hash *out_digests)
{
    struct height_key lower = key_of_height(header->height);
    struct height_key upper = key_of_height(header->height + 1);
    struct au_kv_range range = {.cf = AU_CF_RCP, .lower = BYTES_OF(lower)};
    if (header->height < UINT64_MAX) range.upper = BYTES_OF(upper);
    struct au_kv_iter iter;
    AU_TRY(au_kv_iter_open(&reader->kv, reader->snapshot, &range, &iter));
    enum au_err err = collect_leaves(&iter, header, out_ids, out_digests);
    au_kv_iter_close(&iter);
    return err;
}

static bool decode_history(const struct au_kv_entry *record, struct au_chain_entry *out_entry)
{
    if (record->key.size != HISTORY_KEY_SIZE || record->value.size != 1) return false;
    uint8_t roles = record->value.data[0];
    const uint8_t *place = record->key.data + 1 + AU_ADDRESS_SIZE;
    *out_entry = (struct au_chain_entry){inverted(place_of_bytes(place)), roles};
    return roles != 0 && (roles & ~ROLES_ALL) == 0;
}

static enum au_err collect_history(struct au_kv_iter *iter, size_t count_max,
                                   struct au_chain_entry *out_entries, size_t *out_count)
{
    size_t count = 0;
    for (; count < count_max; count++) {
        struct au_kv_entry record;
        enum au_err err = au_kv_iter_next(iter, &record);
        if (err == AU_ERR_NOT_FOUND) break;
        AU_TRY(err);
        if (!decode_history(&record, &out_entries[count])) return AU_ERR_MALFORMED;
    }
    *out_count = count;
    return AU_OK;
}

/* The bounds are keys with a zero behind them: the first keys after those. */
enum au_err au_chain_history(struct au_chain_reader *reader, const struct au_chain_page *page,
                             struct au_chain_entry *out_entries, size_t *out_count)
{
    uint8_t tag = page->is_of_contract ? CONTRACT_TAG : HISTORY_TAG;
    struct history_key oldest = key_of_history(tag, page->address, (struct au_chain_place){0, 0});
    uint8_t lower[HISTORY_KEY_SIZE + 1] = {0};
    uint8_t upper[HISTORY_KEY_SIZE + 1] = {0};
    memcpy(lower, oldest.bytes, 1 + AU_ADDRESS_SIZE);
    memcpy(upper, oldest.bytes, HISTORY_KEY_SIZE);
    struct au_kv_range range = {
        .cf = AU_CF_IDX, .lower = {lower, 1 + AU_ADDRESS_SIZE}, .upper = {upper, sizeof(upper)}};
    if (page->before) {
        struct history_key key = key_of_history(tag, page->address, *page->before);
        memcpy(lower, key.bytes, HISTORY_KEY_SIZE);
        range.lower.size = sizeof(lower);
    }
    struct au_kv_iter iter;
    AU_TRY(au_kv_iter_open(&reader->kv, reader->snapshot, &range, &iter));
    enum au_err err = collect_history(&iter, page->count_max, out_entries, out_count);
    au_kv_iter_close(&iter);
    return err;
}
