/* Fuzzes the storage file of the command line: the input is one file, or two with a zero byte
 * between them.
 *
 * What is read is written, read again and written again: the same bytes. The second file becomes
 * the changes of an execution, which are applied to the first; a model that searches lists from the
 * start must agree. */
#include "cli/world.h"
#include "fuzz.h"

#define TEXT_SIZE_MAX    (64u << 20) /* bytes */
#define MESSAGE_SIZE_MAX 65536u      /* bytes */

static bool parse(struct au_bytes text, struct au_world *world)
{
    struct au_buf message;
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    au_world_init(world);
    enum au_err err = au_world_parse(world, text, &message);
    if (err != AU_OK) {
        AU_ASSERT(err == AU_ERR_MALFORMED);
        AU_ASSERT(message.err == AU_OK);
        AU_ASSERT(message.size > 0);
    }
    au_buf_done(&message);
    return err == AU_OK;
}

static void format(const struct au_world *world, struct au_buf *out_text)
{
    au_buf_init(out_text, TEXT_SIZE_MAX);
    au_world_format(world, out_text);
    AU_ASSERT(out_text->err == AU_OK);
}

static void check_round_trip(const struct au_world *world)
{
    struct au_buf text;
    struct au_buf again;
    struct au_world reread;
    format(world, &text);
    AU_ASSERT(parse(au_buf_bytes(&text), &reread));
    format(&reread, &again);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&text), au_buf_bytes(&again)));
    AU_ASSERT(reread.entries.count == world->entries.count);
    AU_ASSERT(reread.balances.count == world->balances.count);
    AU_ASSERT(au_bytes_is_equal(reread.contract, world->contract));
    au_buf_done(&text);
    au_buf_done(&again);
    au_world_done(&reread);
}

static const struct au_entry *find_entry(const struct au_world *world, struct au_bytes key)
{
    const struct au_entry *entries = world->entries.items;
    for (size_t i = 0; i < world->entries.count; i++) {
        if (au_bytes_is_equal(entries[i].key, key)) return &entries[i];
    }
    return NULL;
}

static const struct au_balance *find_balance(const struct au_world *world, struct au_bytes account)
{
    const struct au_balance *balances = world->balances.items;
    for (size_t i = 0; i < world->balances.count; i++) {
        if (au_bytes_is_equal(balances[i].account, account)) return &balances[i];
    }
    return NULL;
}

/* An entry without bytes stands for a deletion. */
static void apply(struct au_world *world, const struct au_world *changes)
{
    const struct au_entry *entries = changes->entries.items;
    const struct au_balance *balances = changes->balances.items;
    for (size_t i = 0; i < changes->entries.count; i++) {
        struct au_storage_change change = {
            .key = entries[i].key, .exists = entries[i].value.size > 0, .after = entries[i].value};
        struct au_result result = {
            .success = true, .storage_changes = &change, .storage_change_count = 1};
        AU_ASSERT(au_world_apply(world, &result) == AU_OK);
    }
    for (size_t i = 0; i < changes->balances.count; i++) {
        struct au_state_change change = {.account = balances[i].account,
                                         .after = balances[i].amount};
        struct au_result result = {
            .success = true, .state_changes = &change, .state_change_count = 1};
        AU_ASSERT(au_world_apply(world, &result) == AU_OK);
    }
    if (changes->contract.size > 0)
        AU_ASSERT(au_world_set_contract(world, changes->contract) == AU_OK);
}

static void check_applied(const struct au_world *before, const struct au_world *changes,
                          const struct au_world *after)
{
    size_t count = before->entries.count;
    const struct au_entry *changed = changes->entries.items;
    for (size_t i = 0; i < changes->entries.count; i++) {
        const struct au_entry *entry = find_entry(after, changed[i].key);
        bool existed = find_entry(before, changed[i].key) != NULL;
        bool exists = changed[i].value.size > 0;
        AU_ASSERT((entry != NULL) == exists);
        if (entry != NULL) AU_ASSERT(au_bytes_is_equal(entry->value, changed[i].value));
        if (exists && !existed) count++;
        if (!exists && existed) count--;
    }
    AU_ASSERT(after->entries.count == count);

    const struct au_balance *balances = changes->balances.items;
    for (size_t i = 0; i < changes->balances.count; i++) {
        const struct au_balance *balance = find_balance(after, balances[i].account);
        AU_ASSERT(balance != NULL);
        AU_ASSERT(balance->amount == balances[i].amount);
    }
}

static void change(struct au_bytes text, const struct au_world *before, struct au_bytes more)
{
    struct au_world after;
    struct au_world changes;
    AU_ASSERT(parse(text, &after));
    if (parse(more, &changes)) {
        apply(&after, &changes);
        check_applied(before, &changes, &after);
        if (au_world_has_valid_sum(&after)) check_round_trip(&after);
    }
    au_world_done(&changes);
    au_world_done(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size == 0 ? NULL : memchr(data, 0, size);
    struct au_bytes text = {data, zero == NULL ? size : (size_t)(zero - data)};
    struct au_world world;
    if (parse(text, &world)) {
        AU_ASSERT(au_world_has_valid_sum(&world));
        check_round_trip(&world);
        if (zero != NULL) change(text, &world, (struct au_bytes){zero + 1, size - text.size - 1});
    }
    au_world_done(&world);
    return 0;
}
