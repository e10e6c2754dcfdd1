#include "chain/events.h"

#include <string.h>

#include "crypto/sha256.h"

#define TAG         'e'
#define LIST_SIZE   (1u + AU_HASH_SIZE)
#define HEIGHT_SIZE 8u
#define INDEX_SIZE  4u
#define NUMBER_SIZE 4u
#define KEY_SIZE    (LIST_SIZE + HEIGHT_SIZE + INDEX_SIZE + NUMBER_SIZE)

/* What a list is of, the first byte of what its hash is of. */
enum list_kind { LIST_ALL, LIST_CONTRACT, LIST_NAME, LIST_WORD };

/* ---- keys ---- */

struct key {
    uint8_t bytes[KEY_SIZE + 1]; /* with a zero behind it: the first key after it */
};

static struct au_bytes bytes_of(const struct key *key, size_t size)
{
    return (struct au_bytes){key->bytes, size};
}

static struct key key_of_list(enum list_kind kind, struct au_bytes first, struct au_bytes second)
{
    uint8_t tag = (uint8_t)kind;
    struct au_bytes parts[] = {{&tag, 1}, first, second};
    struct au_hash hash = au_sha256_parts(parts, AU_COUNT_OF(parts));
    struct key key = {{TAG}};
    memcpy(key.bytes + 1, hash.bytes, AU_HASH_SIZE);
    return key;
}

static void put_place(struct key *key, struct au_event_place place)
{
    uint8_t *at = key->bytes + LIST_SIZE;
    au_put_big_endian(at, place.tx.height, HEIGHT_SIZE);
    au_put_big_endian(at + HEIGHT_SIZE, place.tx.index, INDEX_SIZE);
    au_put_big_endian(at + HEIGHT_SIZE + INDEX_SIZE, place.number, NUMBER_SIZE);
}

static struct au_event_place place_of(const uint8_t key[KEY_SIZE])
{
    const uint8_t *at = key + LIST_SIZE;
    return (struct au_event_place){
        .tx = {au_get_big_endian(at, HEIGHT_SIZE),
               (uint32_t)au_get_big_endian(at + HEIGHT_SIZE, INDEX_SIZE)},
        .number = (uint32_t)au_get_big_endian(at + HEIGHT_SIZE + INDEX_SIZE, NUMBER_SIZE),
    };
}

static struct au_bytes address_bytes(const struct au_address *address)
{
    return (struct au_bytes){address->bytes, AU_ADDRESS_SIZE};
}

/* ---- writing ---- */

typedef void change(struct au_kv_batch *batch, const struct key *key);

static void add(struct au_kv_batch *batch, const struct key *key)
{
    au_kv_batch_put(batch, AU_CF_IDX, bytes_of(key, KEY_SIZE), (struct au_bytes){0});
}

static void take_away(struct au_kv_batch *batch, const struct key *key)
{
    au_kv_batch_del(batch, AU_CF_IDX, bytes_of(key, KEY_SIZE));
}

/* What the events of a transaction are put with, or taken away. */
struct changes {
    struct au_kv_batch *batch;
    const struct au_address *sender;
    change *make;
};

static void change_event(const struct changes *changes, const struct au_receipt_event *event,
                         struct au_event_place place)
{
    const struct au_bytes none = {0};
    struct au_bytes contract = address_bytes(&event->contract);
    struct key keys[4 + AU_EVENT_TOPICS_MAX] = {
        key_of_list(LIST_ALL, none, none),
        key_of_list(LIST_CONTRACT, contract, none),
        key_of_list(LIST_NAME, contract, event->name),
        key_of_list(LIST_WORD, address_bytes(changes->sender), none),
    };
    size_t count = 4;
    for (size_t at = 0; at < event->topics.size; at += AU_EVENT_TOPIC_SIZE) {
        struct au_bytes topic = {event->topics.data + at, AU_EVENT_TOPIC_SIZE};
        keys[count++] = key_of_list(LIST_WORD, topic, none);
    }
    for (size_t i = 0; i < count; i++) {
        put_place(&keys[i], place);
        changes->make(changes->batch, &keys[i]);
    }
}

static void change_events(const struct changes *changes, const struct au_receipt *receipt)
{
    struct au_items items = receipt->events;
    struct au_event_place place = {.tx = {receipt->height, receipt->index}};
    struct au_receipt_event event;
    for (; au_receipt_next_event(&items, &event); place.number++)
        change_event(changes, &event, place);
}

void au_events_put(struct au_kv_batch *batch, const struct au_receipt *receipt,
                   const struct au_address *sender)
{
    change_events(&(struct changes){batch, sender, add}, receipt);
}

void au_events_del(struct au_kv_batch *batch, const struct au_receipt *receipt,
                   const struct au_address *sender)
{
    change_events(&(struct changes){batch, sender, take_away}, receipt);
}

/* ---- reading ---- */

/* An account's list is the one that need not be compared with its events. A topic is likely to be
 * rarer than the name of an event, and that rarer than its contract. */
static struct key list_of(const struct au_event_filter *filter)
{
    const struct au_bytes none = {0};
    struct au_bytes contract = address_bytes(&filter->contract);
    struct au_bytes name = {filter->name, filter->name_size};
    struct au_bytes topic = {filter->topic.bytes, AU_HASH_SIZE};
    if (filter->has_account) {
        return key_of_list(LIST_WORD, address_bytes(&filter->account), none);
    }
    if (filter->has_topic) return key_of_list(LIST_WORD, topic, none);
    if (!filter->has_contract) return key_of_list(LIST_ALL, none, none);
    if (filter->name_size > 0) return key_of_list(LIST_NAME, contract, name);
    return key_of_list(LIST_CONTRACT, contract, none);
}

enum au_err au_event_walk_open(struct au_chain_reader *reader, const struct au_event_filter *filter,
                               const struct au_event_range *range, struct au_event_walk *out_walk)
{
    const bool is_downward = range->order == AU_CHAIN_DOWNWARD;
    struct key lower = list_of(filter);
    struct key upper = lower;
    struct key after = lower;
    put_place(&lower, (struct au_event_place){.tx = {range->from_height, 0}});
    put_place(&upper, (struct au_event_place){{range->to_height, UINT32_MAX}, UINT32_MAX});
    put_place(&after, range->after);
    struct au_kv_range keys = {.cf = AU_CF_IDX,
                               .lower = bytes_of(&lower, KEY_SIZE),
                               .upper = bytes_of(&upper, KEY_SIZE + 1),
                               .is_downward = is_downward};
    struct au_bytes bound = bytes_of(&after, is_downward ? KEY_SIZE : KEY_SIZE + 1);
    if (range->has_after && is_downward && au_bytes_compare(bound, keys.upper) < 0) {
        keys.upper = bound;
    }
    if (range->has_after && !is_downward && au_bytes_compare(bound, keys.lower) > 0) {
        keys.lower = bound;
    }
    if (au_bytes_compare(keys.lower, keys.upper) > 0) keys.upper = keys.lower;
    *out_walk = (struct au_event_walk){.reader = reader, .filter = *filter};
    return au_kv_iter_open(&reader->kv, reader->snapshot, &keys, &out_walk->iter);
}

void au_event_walk_close(struct au_event_walk *walk)
{
    au_kv_iter_close(&walk->iter);
}

static enum au_err read_receipt(struct au_event_walk *walk, struct au_chain_place place)
{
    const struct au_receipt *receipt = &walk->receipt;
    bool is_read =
        walk->has_receipt && receipt->height == place.height && receipt->index == place.index;
    if (is_read) return AU_OK;
    walk->has_receipt = false;
    enum au_err err = au_chain_receipt(walk->reader, place, &walk->receipt);
    if (err != AU_OK) return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
    walk->read_size += walk->reader->receipt.size;
    walk->has_receipt = true;
    walk->rest = walk->receipt.events;
    walk->next_number = 0;
    return AU_OK;
}

static bool find_event(struct au_event_walk *walk, uint32_t number,
                       struct au_receipt_event *out_event)
{
    if (number >= walk->receipt.events.count) return false;
    if (number < walk->next_number) {
        walk->rest = walk->receipt.events;
        walk->next_number = 0;
    }
    while (walk->next_number <= number) {
        if (!au_receipt_next_event(&walk->rest, out_event)) return false;
        walk->next_number++;
    }
    return true;
}

static bool has_topic(const struct au_receipt_event *event, const struct au_hash *topic)
{
    for (size_t at = 0; at < event->topics.size; at += AU_EVENT_TOPIC_SIZE) {
        if (memcmp(event->topics.data + at, topic->bytes, AU_EVENT_TOPIC_SIZE) == 0) return true;
    }
    return false;
}

/* Of an event in the list of the filter. */
static bool is_match(const struct au_event_filter *filter, const struct au_receipt_event *event)
{
    struct au_bytes name = {filter->name, filter->name_size};
    if (filter->has_contract && !au_address_is_equal(&filter->contract, &event->contract))
        return false;
    if (name.size > 0 && !au_bytes_is_equal(name, event->name)) return false;
    return !filter->has_topic || has_topic(event, &filter->topic);
}

enum au_err au_event_walk_next(struct au_event_walk *walk, struct au_event_place *out_place,
                               struct au_receipt_event *out_event, bool *out_is_match)
{
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_next(&walk->iter, &entry));
    if (entry.key.size != KEY_SIZE || entry.value.size != 0) return AU_ERR_MALFORMED;
    struct au_event_place place = place_of(entry.key.data);
    AU_TRY(read_receipt(walk, place.tx));
    if (!find_event(walk, place.number, out_event)) return AU_ERR_MALFORMED;
    *out_place = place;
    *out_is_match = is_match(&walk->filter, out_event);
    return AU_OK;
}
