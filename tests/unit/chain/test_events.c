/* The index of events, over the store in memory and over the one on disk: every filter, order and
 * range is compared with a search of all events. */
#include "chain/events.h"

#include "unit/chain/store_fixture.h"

#define BATCH_MAX   ((size_t)1 << 20)
#define ITEMS_MAX   4096u
#define EVENTS_MAX  32u
#define HEIGHT_BASE (UINT64_C(1) << 32) /* heights of the chain come before and after it */

/* ---- a chain ---- */

struct known {
    struct au_event_place place;
    uint8_t contract;
    const char *name;
    const char *topics; /* a topic is 32 times its letter */
};

static const struct known all[] = {
    {{{HEIGHT_BASE - 1, 0}, 0}, 1, "sold", "a"},    {{{HEIGHT_BASE - 1, 0}, 1}, 1, "sold", "b"},
    {{{HEIGHT_BASE - 1, 0}, 2}, 2, "sold", "a"},    {{{HEIGHT_BASE - 1, 2}, 0}, 2, "paid", ""},
    {{{HEIGHT_BASE, 0}, 0}, 1, "paid", "aa"},       {{{HEIGHT_BASE, 0}, 1}, 2, "sol", "abcd"},
    {{{HEIGHT_BASE + 1, 0}, 0}, 1, "sold", "a"},    {{{HEIGHT_BASE + 1, 255}, 0}, 1, "sold", ""},
    {{{HEIGHT_BASE + 1, 256}, 0}, 2, "sold", "cd"}, {{{HEIGHT_BASE + 3, 0}, 0}, 1, "sold", "da"},
};

static struct au_address address_of(uint8_t person)
{
    struct au_address address;
    memset(address.bytes, person, sizeof(address.bytes));
    return address;
}

static void put_known(struct au_buf *items, const struct known *known)
{
    uint8_t topics[AU_EVENT_TOPICS_MAX * AU_EVENT_TOPIC_SIZE];
    size_t count = strlen(known->topics);
    for (size_t i = 0; i < count; i++)
        memset(topics + i * AU_EVENT_TOPIC_SIZE, known->topics[i], AU_EVENT_TOPIC_SIZE);
    struct au_receipt_event event = {.contract = address_of(known->contract),
                                     .name = au_bytes_of(known->name),
                                     .topics = {topics, count * AU_EVENT_TOPIC_SIZE},
                                     .data = au_bytes_of("data")};
    au_receipt_put_event(items, &event);
}

typedef void change(struct au_kv_batch *batch, const struct au_receipt *receipt,
                    struct au_bytes tx);

/* Puts all transactions, or takes them away. */
static void make_chain(change *make)
{
    const struct au_tx tx = {
        .version = AU_TX_VERSION, .from = address_of(9), .gas_price = 1, .kind = AU_TX_STAKE};
    struct au_kv_batch batch;
    struct au_buf bytes, items;
    au_kv_batch_init(&batch, BATCH_MAX);
    au_buf_init(&bytes, AU_TX_SIZE_MAX);
    au_buf_init(&items, ITEMS_MAX);
    au_tx_encode(&bytes, &tx);
    for (size_t i = 0; i < AU_COUNT_OF(all);) {
        struct au_chain_place place = all[i].place.tx;
        struct au_receipt receipt = {.height = place.height, .index = place.index};
        memset(receipt.id.bytes, (int)i + 1, AU_HASH_SIZE);
        au_buf_clear(&items);
        do {
            put_known(&items, &all[i++]);
            receipt.events.count++;
        } while (i < AU_COUNT_OF(all) && all[i].place.number > 0);
        receipt.events.bytes = au_buf_bytes(&items);
        make(&batch, &receipt, au_buf_bytes(&bytes));
    }
    assert_ok(items.err);
    assert_ok(au_kv_write(&fixture.kv, &batch, false));
    au_kv_batch_done(&batch);
    au_buf_done(&bytes);
    au_buf_done(&items);
}

/* ---- searching ---- */

static int compare(const struct au_event_place *a, const struct au_event_place *b)
{
    if (a->tx.height != b->tx.height) return a->tx.height < b->tx.height ? -1 : 1;
    if (a->tx.index != b->tx.index) return a->tx.index < b->tx.index ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static struct au_event_filter filter_of(uint8_t contract, const char *name, char topic)
{
    struct au_event_filter filter = {.has_contract = contract != 0,
                                     .has_topic = topic != 0,
                                     .name_size = (uint8_t)strlen(name),
                                     .contract = address_of(contract)};
    memcpy(filter.name, name, filter.name_size);
    memset(filter.topic.bytes, topic, AU_HASH_SIZE);
    return filter;
}

static bool is_meant(const struct known *known, uint8_t contract, const char *name, char topic,
                     const struct au_event_range *range)
{
    if (contract != 0 && known->contract != contract) return false;
    if (*name != '\0' && strcmp(known->name, name) != 0) return false;
    if (topic != 0 && strchr(known->topics, topic) == NULL) return false;
    if (known->place.tx.height < range->from_height) return false;
    if (known->place.tx.height > range->to_height) return false;
    if (!range->has_after) return true;
    int order = compare(&known->place, &range->after);
    return range->order == AU_CHAIN_UPWARD ? order > 0 : order < 0;
}

static void expect_event(const struct au_event_walk *walk, const struct au_receipt_event *event,
                         const struct known *known)
{
    assert_int_equal(event->contract.bytes[0], known->contract);
    assert_bytes(event->name, known->name);
    assert_int_equal(event->topics.size, strlen(known->topics) * AU_EVENT_TOPIC_SIZE);
    assert_bytes(event->data, "data");
    assert_true(walk->receipt.height == known->place.tx.height);
    assert_int_equal(walk->receipt.index, known->place.tx.index);
}

/* Walks to the end and compares. */
static void expect_walk(uint8_t contract, const char *name, char topic,
                        const struct au_event_range *range)
{
    struct au_event_filter filter = filter_of(contract, name, topic);
    struct au_event_walk walk;
    struct au_event_place place;
    struct au_receipt_event event;
    bool is_match;
    enum au_err err;
    size_t left = AU_COUNT_OF(all);
    assert_ok(au_event_walk_open(&fixture.reader, &filter, range, &walk));
    for (size_t i = 0; i < AU_COUNT_OF(all); i++) {
        bool is_upward = range->order == AU_CHAIN_UPWARD;
        const struct known *known = &all[is_upward ? i : AU_COUNT_OF(all) - 1 - i];
        if (!is_meant(known, contract, name, topic, range)) continue;
        do {
            assert_true(left-- > 0);
            assert_ok(au_event_walk_next(&walk, &place, &event, &is_match));
        } while (!is_match);
        assert_int_equal(compare(&place, &known->place), 0);
        expect_event(&walk, &event, known);
    }
    while ((err = au_event_walk_next(&walk, &place, &event, &is_match)) == AU_OK)
        assert_false(is_match);
    assert_err(err, AU_ERR_NOT_FOUND);
    au_event_walk_close(&walk);
}

static void expect_ranges(uint8_t contract, const char *name, char topic)
{
    static const struct {
        uint64_t from, to;
    } heights[] = {
        {0, UINT64_MAX},  {HEIGHT_BASE, HEIGHT_BASE}, {HEIGHT_BASE, UINT64_MAX},
        {0, HEIGHT_BASE}, {HEIGHT_BASE + 2, 0},       {HEIGHT_BASE + 2, HEIGHT_BASE + 2},
    };
    for (size_t i = 0; i < AU_COUNT_OF(heights) * 2; i++) {
        struct au_event_range range = {.from_height = heights[i / 2].from,
                                       .to_height = heights[i / 2].to,
                                       .order = i % 2 ? AU_CHAIN_DOWNWARD : AU_CHAIN_UPWARD};
        expect_walk(contract, name, topic, &range);
        range.has_after = true;
        for (size_t j = 0; j < AU_COUNT_OF(all); j++) {
            range.after = all[j].place;
            expect_walk(contract, name, topic, &range);
        }
        range.after = (struct au_event_place){{HEIGHT_BASE, 7}, 7}; /* nothing is there */
        expect_walk(contract, name, topic, &range);
    }
}

static void test_filters(void **state)
{
    static const char *const names[] = {"", "sold", "sol", "paid", "lost"};
    (void)state;
    make_chain(au_chain_put_tx);
    for (uint8_t contract = 0; contract < 4; contract++) {
        for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
            expect_ranges(contract, names[i], 0);
            for (char topic = 'a'; topic <= 'e'; topic++)
                expect_ranges(contract, names[i], topic);
        }
    }
}

/* What a filter names by its list alone is found without looking at anything else. */
static void test_lists(void **state)
{
    static const struct {
        uint8_t contract;
        const char *name;
        char topic;
        uint8_t account;
        size_t count;
    } cases[] = {{0, "", 0, 0, 10},   {1, "", 0, 0, 6},   {1, "sold", 0, 0, 5},
                 {2, "sol", 0, 0, 1}, {0, "", 'a', 0, 6}, {0, "", 'd', 0, 3},
                 {0, "", 0, 9, 10},   {0, "", 0, 'a', 6}, {0, "", 0, 8, 0}};
    const struct au_event_range range = {.to_height = UINT64_MAX};
    (void)state;
    make_chain(au_chain_put_tx);
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_event_filter filter = filter_of(cases[i].contract, cases[i].name, cases[i].topic);
        filter.has_account = cases[i].account != 0;
        filter.account = address_of(cases[i].account);
        struct au_event_walk walk;
        struct au_event_place place;
        struct au_receipt_event event;
        bool is_match = false;
        size_t count = 0;
        assert_ok(au_event_walk_open(&fixture.reader, &filter, &range, &walk));
        while (au_event_walk_next(&walk, &place, &event, &is_match) == AU_OK) {
            assert_true(is_match);
            count++;
        }
        assert_int_equal(count, cases[i].count);
        au_event_walk_close(&walk);
    }
}

static size_t count_index(void)
{
    const struct au_kv_range range = {.cf = AU_CF_IDX, .lower = au_bytes_of("e")};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    size_t count = 0;
    assert_ok(au_kv_iter_open(&fixture.kv, NULL, &range, &iter));
    for (; au_kv_iter_next(&iter, &entry) == AU_OK; count++)
        assert_int_equal(entry.key.size, 49);
    au_kv_iter_close(&iter);
    return count;
}

/* Four lists for each event, and one for each topic, of which one event has the same twice. */
static void test_taken_away(void **state)
{
    (void)state;
    make_chain(au_chain_put_tx);
    assert_int_equal(count_index(), 4 * AU_COUNT_OF(all) + 13);
    make_chain(au_chain_del_tx);
    assert_int_equal(count_index(), 0);
}

/* ---- damage ---- */

static enum au_err walk_all(void)
{
    const struct au_event_range range = {.to_height = UINT64_MAX};
    const struct au_event_filter filter = {0};
    struct au_event_walk walk;
    struct au_event_place place;
    struct au_receipt_event event;
    bool is_match;
    enum au_err err = AU_OK;
    assert_ok(au_event_walk_open(&fixture.reader, &filter, &range, &walk));
    while (err == AU_OK)
        err = au_event_walk_next(&walk, &place, &event, &is_match);
    au_event_walk_close(&walk);
    return err;
}

/* The first record of the index is gone, and is there again with a byte of its key changed, or with
 * one more, or with a value. */
static void test_damage(void **state)
{
    static const struct {
        size_t at;
        uint8_t change;
        size_t size;
        const char *value;
        enum au_err expected;
    } cases[] = {
        {48, 0, 49, "", AU_ERR_NOT_FOUND},    {48, 0xff, 49, "", AU_ERR_MALFORMED},
        {44, 0x55, 49, "", AU_ERR_MALFORMED}, {48, 0, 50, "", AU_ERR_MALFORMED},
        {48, 0, 49, "x", AU_ERR_MALFORMED},
    };
    const struct au_event_filter filter = {0};
    const struct au_event_range range = {.to_height = UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        uint8_t key[50] = {0};
        struct au_event_walk walk;
        struct au_kv_entry entry;
        struct au_kv_batch batch;
        make_chain(au_chain_put_tx);
        assert_ok(au_event_walk_open(&fixture.reader, &filter, &range, &walk));
        assert_ok(au_kv_iter_next(&walk.iter, &entry));
        memcpy(key, entry.key.data, 49);
        au_event_walk_close(&walk);
        au_kv_batch_init(&batch, BATCH_MAX);
        au_kv_batch_del(&batch, AU_CF_IDX, (struct au_bytes){key, 49});
        key[cases[i].at] ^= cases[i].change;
        struct au_bytes damaged = {key, cases[i].size};
        au_kv_batch_put(&batch, AU_CF_IDX, damaged, au_bytes_of(cases[i].value));
        assert_ok(au_kv_write(&fixture.kv, &batch, false));
        assert_err(walk_all(), cases[i].expected);
        au_kv_batch_done(&batch);
        au_kv_batch_init(&batch, BATCH_MAX);
        au_kv_batch_del(&batch, AU_CF_IDX, damaged);
        assert_ok(au_kv_write(&fixture.kv, &batch, false));
        au_kv_batch_done(&batch);
    }
}

#define CASE(test, open, where)                         \
    {                                                   \
        where ": " #test, test, open, close_store, NULL \
    }
#define CASES(open, where)                                          \
    CASE(test_filters, open, where), CASE(test_lists, open, where), \
        CASE(test_taken_away, open, where), CASE(test_damage, open, where)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASES(open_memory, "memory"),
        CASES(open_disk, "disk"),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
