#include "state/overlay.h"

#include <string.h>

#include "base/mem.h"

#define JOURNAL_CAPACITY_MIN  64u          /* entries */
#define JOURNAL_CAPACITY_KEPT 4096u        /* entries kept by a reset */
#define ARENA_KEPT            (256u << 10) /* bytes kept by a reset */
#define VALUE_CAPACITY_MIN    32u          /* bytes */

struct account_entry {
    struct au_address address;
    struct au_account now;
    size_t last_undo; /* journal entries up to and with its latest one; 0 = unchanged */
};

struct slot_entry {
    struct au_key_node node; /* contract and key; must be first */
    struct au_slot now;
    uint8_t *room;     /* where the value may be written over, or NULL */
    size_t room_size;  /* bytes */
    size_t last_undo;  /* as above */
    bool is_preloaded; /* what it was before is known nowhere else */
};

struct au_undo {
    struct account_entry *account; /* the entry changed: this or slot */
    struct slot_entry *slot;
    size_t last_undo; /* the entry's before */
    struct au_account account_before;
    struct au_slot slot_before;
    uint8_t *room_before;
    size_t room_size_before;
};

void au_overlay_init(struct au_overlay *overlay, const struct au_seed *seed,
                     const struct au_state_source *source, size_t memory_max)
{
    *overlay = (struct au_overlay){.seed = *seed, .source = source};
    au_arena_init(&overlay->arena, memory_max);
}

void au_overlay_done(struct au_overlay *overlay)
{
    au_arena_done(&overlay->arena);
    au_table_done(&overlay->accounts);
    au_table_done(&overlay->slots);
    au_mem_free(overlay->journal);
    overlay->journal = NULL;
    overlay->journal_size = overlay->journal_capacity = overlay->save_size = 0;
}

void au_overlay_reset(struct au_overlay *overlay)
{
    if (overlay->arena.held > ARENA_KEPT) {
        au_arena_reset(&overlay->arena);
    } else {
        au_arena_rewind(&overlay->arena, (struct au_arena_mark){0});
    }
    au_table_clear(&overlay->accounts);
    au_table_clear(&overlay->slots);
    overlay->order = (struct au_key_order){0};
    overlay->is_ordered = false;
    overlay->journal_size = overlay->save_size = 0;
    if (overlay->journal_capacity > JOURNAL_CAPACITY_KEPT) {
        au_mem_free(overlay->journal);
        overlay->journal = NULL;
        overlay->journal_capacity = 0;
    }
}

/* ---- entries ---- */

static struct account_entry *find_account(const struct au_overlay *overlay,
                                          const struct au_address *address, uint64_t hash)
{
    const struct au_table *table = &overlay->accounts;
    struct au_table_cell *cell = au_table_find(table, hash);
    for (; cell; cell = au_table_next(table, cell, hash)) {
        struct account_entry *entry = cell->entry;
        if (au_address_is_equal(&entry->address, address)) return entry;
    }
    return NULL;
}

static struct slot_entry *find_slot(const struct au_overlay *overlay,
                                    const struct au_address *contract, struct au_bytes key,
                                    uint64_t hash)
{
    const struct au_table *table = &overlay->slots;
    struct au_table_cell *cell = au_table_find(table, hash);
    for (; cell; cell = au_table_next(table, cell, hash)) {
        struct slot_entry *entry = cell->entry;
        const struct au_key_node *node = &entry->node;
        if (au_address_is_equal(&node->contract, contract) && au_bytes_is_equal(node->key, key)) {
            return entry;
        }
    }
    return NULL;
}

static enum au_err add_account(struct au_overlay *overlay, const struct au_address *address,
                               uint64_t hash, struct account_entry **out_entry)
{
    struct account_entry *entry = au_arena_zero(&overlay->arena, sizeof(*entry));
    if (!entry) return AU_ERR_NO_MEMORY;
    entry->address = *address;
    if (overlay->source) {
        AU_TRY(overlay->source->get_account(overlay->source->context, address, &entry->now));
    }
    AU_TRY(au_table_add(&overlay->accounts, hash, entry));
    *out_entry = entry;
    return AU_OK;
}

/* key lives as long as the entry. */
static enum au_err add_slot(struct au_overlay *overlay, const struct au_address *contract,
                            struct au_bytes key, uint64_t hash, struct slot_entry **out_entry)
{
    struct slot_entry *entry = au_arena_zero(&overlay->arena, sizeof(*entry));
    if (!entry) return AU_ERR_NO_MEMORY;
    entry->node.contract = *contract;
    entry->node.key = key;
    AU_TRY(au_table_add(&overlay->slots, hash, entry));
    *out_entry = entry;
    return AU_OK;
}

/* With a source the entry is made even for a read: the store is asked once. */
static enum au_err load_account(struct au_overlay *overlay, const struct au_address *address,
                                bool is_put, struct account_entry **out_entry)
{
    uint64_t hash = au_key_hash(&overlay->seed, address, (struct au_bytes){0});
    struct account_entry *entry = find_account(overlay, address, hash);
    if (!entry && (is_put || overlay->source)) AU_TRY(add_account(overlay, address, hash, &entry));
    *out_entry = entry;
    return AU_OK;
}

static enum au_err load_slot(struct au_overlay *overlay, const struct au_address *contract,
                             struct au_bytes key, bool is_put, struct slot_entry **out_entry)
{
    uint64_t hash = au_key_hash(&overlay->seed, contract, key);
    struct slot_entry *entry = find_slot(overlay, contract, key, hash);
    if (!entry && (is_put || overlay->source)) {
        const struct au_state_source *source = overlay->source;
        struct au_slot before = {0};
        struct au_bytes copy = {0};
        if (source) {
            AU_TRY(source->get_slot(source->context, contract, key, &overlay->arena, &before));
        }
        AU_TRY(au_arena_copy(&overlay->arena, key, &copy));
        AU_TRY(add_slot(overlay, contract, copy, hash, &entry));
        entry->now = before;
    }
    *out_entry = entry;
    return AU_OK;
}

enum au_err au_overlay_preload_account(struct au_overlay *overlay, const struct au_address *address,
                                       struct au_account account, bool *out_is_new)
{
    AU_ASSERT(overlay->journal_size == 0);
    AU_ASSERT(account.exists || account.balance == 0);
    uint64_t hash = au_key_hash(&overlay->seed, address, (struct au_bytes){0});
    struct account_entry *entry = find_account(overlay, address, hash);
    if (entry) {
        *out_is_new = false;
        return AU_OK;
    }
    AU_TRY(add_account(overlay, address, hash, &entry));
    entry->now = account;
    *out_is_new = true;
    return AU_OK;
}

enum au_err au_overlay_preload_slot(struct au_overlay *overlay, const struct au_address *contract,
                                    struct au_bytes key, struct au_bytes value, bool *out_is_new)
{
    AU_ASSERT(overlay->journal_size == 0);
    uint64_t hash = au_key_hash(&overlay->seed, contract, key);
    struct slot_entry *entry = find_slot(overlay, contract, key, hash);
    if (entry) {
        *out_is_new = false;
        return AU_OK;
    }
    AU_TRY(add_slot(overlay, contract, key, hash, &entry));
    entry->now = (struct au_slot){.exists = true, .value = value};
    entry->is_preloaded = true;
    *out_is_new = true;
    return AU_OK;
}

enum au_err au_overlay_get_account(struct au_overlay *overlay, const struct au_address *address,
                                   struct au_account *out_account)
{
    struct account_entry *entry;
    AU_TRY(load_account(overlay, address, /* is_put */ false, &entry));
    *out_account = entry ? entry->now : (struct au_account){0};
    return AU_OK;
}

enum au_err au_overlay_get_slot(struct au_overlay *overlay, const struct au_address *contract,
                                struct au_bytes key, struct au_slot *out_slot)
{
    struct slot_entry *entry;
    AU_TRY(load_slot(overlay, contract, key, /* is_put */ false, &entry));
    *out_slot = entry ? entry->now : (struct au_slot){0};
    return AU_OK;
}

enum au_err au_overlay_look_slot(const struct au_overlay *overlay,
                                 const struct au_address *contract, struct au_bytes key,
                                 struct au_slot *out_slot)
{
    const struct au_state_source *source = overlay->source;
    uint64_t hash = au_key_hash(&overlay->seed, contract, key);
    const struct slot_entry *entry = find_slot(overlay, contract, key, hash);
    if (!entry && source) return source->get_slot(source->context, contract, key, NULL, out_slot);
    *out_slot = entry ? entry->now : (struct au_slot){0};
    return AU_OK;
}

/* ---- keys in order ---- */

/* Which slots are told in order: those that are not as the source has them, or of which it has
 * none. */
static bool is_listed(const struct slot_entry *entry)
{
    return entry->is_preloaded || entry->last_undo > 0;
}

static enum au_err prepare(struct au_overlay *overlay, struct slot_entry *entry)
{
    struct au_key_node *node = &entry->node;
    uint64_t hash = au_key_hash(&overlay->seed, &node->contract, node->key);
    return au_key_order_prepare(node, hash, &overlay->arena);
}

/* Most executions never ask for keys in order: until the first does, nothing is put in order. */
static enum au_err put_in_order(struct au_overlay *overlay)
{
    const struct au_table *table = &overlay->slots;
    if (overlay->is_ordered) return AU_OK;
    for (size_t i = 0; i < table->capacity; i++) {
        struct slot_entry *entry = table->cells[i].entry;
        if (!entry || !is_listed(entry)) continue;
        AU_TRY(prepare(overlay, entry));
        if (!entry->node.is_in) au_key_order_add(&overlay->order, &entry->node);
    }
    overlay->is_ordered = true;
    return AU_OK;
}

static const struct slot_entry *entry_of(const struct au_key_node *node)
{
    return (const struct slot_entry *)(const void *)node;
}

static struct au_listed_key listed_key(const struct au_key_node *node)
{
    if (!node) return (struct au_listed_key){0};
    return (struct au_listed_key){node, node->key, entry_of(node)->now.exists};
}

enum au_err au_overlay_seek_key(struct au_overlay *overlay, const struct au_address *contract,
                                struct au_bytes key, bool is_above, struct au_listed_key *out_key)
{
    AU_TRY(put_in_order(overlay));
    *out_key = listed_key(au_key_order_seek(&overlay->order, contract, key, is_above));
    return AU_OK;
}

void au_overlay_next_key(struct au_listed_key *key)
{
    *key = listed_key(au_key_order_next(key->node));
}

/* ---- changes ---- */

static bool is_journaled(const struct au_overlay *overlay, size_t last_undo)
{
    return last_undo > overlay->save_size;
}

static enum au_err grow_journal(struct au_overlay *overlay)
{
    if (overlay->journal_size < overlay->journal_capacity) return AU_OK;
    size_t capacity = overlay->journal_capacity * 2;
    if (capacity < JOURNAL_CAPACITY_MIN) capacity = JOURNAL_CAPACITY_MIN;
    if (capacity > SIZE_MAX / 2 / sizeof(struct au_undo)) return AU_ERR_NO_MEMORY;
    struct au_undo *grown = au_mem_resize(overlay->journal, capacity * sizeof(*overlay->journal));
    if (!grown) return AU_ERR_NO_MEMORY;
    overlay->journal = grown;
    overlay->journal_capacity = capacity;
    return AU_OK;
}

static enum au_err note_slot(struct au_overlay *overlay, struct slot_entry *entry)
{
    AU_TRY(grow_journal(overlay));
    if (overlay->is_ordered && !entry->node.is_in) {
        AU_TRY(prepare(overlay, entry));
        au_key_order_add(&overlay->order, &entry->node);
    }
    overlay->journal[overlay->journal_size++] = (struct au_undo){
        .slot = entry,
        .last_undo = entry->last_undo,
        .slot_before = entry->now,
        .room_before = entry->room,
        .room_size_before = entry->room_size,
    };
    entry->last_undo = overlay->journal_size;
    return AU_OK;
}

enum au_err au_overlay_put_account(struct au_overlay *overlay, const struct au_address *address,
                                   struct au_account account)
{
    AU_ASSERT(account.exists || account.balance == 0);
    struct account_entry *entry;
    AU_TRY(load_account(overlay, address, /* is_put */ true, &entry));
    if (!is_journaled(overlay, entry->last_undo)) {
        AU_TRY(grow_journal(overlay));
        overlay->journal[overlay->journal_size++] = (struct au_undo){
            .account = entry,
            .last_undo = entry->last_undo,
            .account_before = entry->now,
        };
        entry->last_undo = overlay->journal_size;
    }
    entry->now = account;
    return AU_OK;
}

/* Room for a value that may not go where the present one is. It doubles, so that a slot rewritten
 * with ever longer values takes at most four times its longest. */
static enum au_err get_room(struct au_overlay *overlay, size_t size, size_t old_size,
                            uint8_t **out_room, size_t *out_size)
{
    size_t room_size = size < VALUE_CAPACITY_MIN ? VALUE_CAPACITY_MIN : size;
    if (room_size < old_size * 2) room_size = old_size * 2;
    uint8_t *room = au_arena_get(&overlay->arena, room_size);
    if (!room) return AU_ERR_NO_MEMORY;
    *out_room = room;
    *out_size = room_size;
    return AU_OK;
}

enum au_err au_overlay_put_slot(struct au_overlay *overlay, const struct au_address *contract,
                                struct au_bytes key, struct au_bytes value)
{
    struct slot_entry *entry;
    AU_TRY(load_slot(overlay, contract, key, /* is_put */ true, &entry));
    bool is_first = !is_journaled(overlay, entry->last_undo);
    uint8_t *room = entry->room;
    size_t room_size = entry->room_size;
    if (is_first || !room || room_size < value.size) {
        AU_TRY(get_room(overlay, value.size, is_first ? 0 : room_size, &room, &room_size));
    }
    if (is_first) AU_TRY(note_slot(overlay, entry));
    if (value.size > 0) memmove(room, value.data, value.size);
    entry->room = room;
    entry->room_size = room_size;
    entry->now = (struct au_slot){.exists = true, .value = {room, value.size}};
    return AU_OK;
}

enum au_err au_overlay_del_slot(struct au_overlay *overlay, const struct au_address *contract,
                                struct au_bytes key)
{
    struct slot_entry *entry;
    AU_TRY(load_slot(overlay, contract, key, /* is_put */ false, &entry));
    if (!entry || !entry->now.exists) return AU_OK;
    if (!is_journaled(overlay, entry->last_undo)) {
        AU_TRY(note_slot(overlay, entry));
        /* The room holds the value that the journal may bring back. */
        entry->room = NULL;
        entry->room_size = 0;
    }
    entry->now = (struct au_slot){0};
    return AU_OK;
}

/* ---- savepoints ---- */

struct au_savepoint au_overlay_save(struct au_overlay *overlay)
{
    overlay->save_size = overlay->journal_size;
    return (struct au_savepoint){overlay->journal_size};
}

void au_overlay_restore(struct au_overlay *overlay, struct au_savepoint savepoint)
{
    AU_ASSERT(savepoint.journal_size <= overlay->journal_size);
    while (overlay->journal_size > savepoint.journal_size) {
        const struct au_undo *undo = &overlay->journal[--overlay->journal_size];
        if (undo->account) {
            undo->account->now = undo->account_before;
            undo->account->last_undo = undo->last_undo;
            continue;
        }
        undo->slot->now = undo->slot_before;
        undo->slot->room = undo->room_before;
        undo->slot->room_size = undo->room_size_before;
        undo->slot->last_undo = undo->last_undo;
        if (undo->slot->node.is_in && !is_listed(undo->slot)) {
            au_key_order_remove(&overlay->order, &undo->slot->node);
        }
    }
    overlay->save_size = savepoint.journal_size;
}

static bool is_same_account(const struct au_account *a, const struct au_account *b)
{
    return a->exists == b->exists && a->balance == b->balance && a->nonce == b->nonce &&
           a->stake == b->stake && a->has_code == b->has_code && a->has_admin == b->has_admin &&
           memcmp(&a->code_hash, &b->code_hash, sizeof(a->code_hash)) == 0 &&
           au_address_is_equal(&a->admin, &b->admin);
}

static bool is_same_slot(const struct au_slot *a, const struct au_slot *b)
{
    return a->exists == b->exists && au_bytes_is_equal(a->value, b->value);
}

bool au_overlay_next_change(const struct au_overlay *overlay, struct au_savepoint since,
                            size_t *cursor, struct au_change *out_change)
{
    while (since.journal_size + *cursor < overlay->journal_size) {
        const struct au_undo *undo = &overlay->journal[since.journal_size + (*cursor)++];
        /* Only an entry's first journal entry after the savepoint holds what it was there. */
        if (undo->last_undo > since.journal_size) continue;
        if (undo->account) {
            if (is_same_account(&undo->account_before, &undo->account->now)) continue;
            *out_change = (struct au_change){
                .address = &undo->account->address,
                .account_before = undo->account_before,
                .account_after = undo->account->now,
            };
            return true;
        }
        if (is_same_slot(&undo->slot_before, &undo->slot->now)) continue;
        *out_change = (struct au_change){
            .is_slot = true,
            .address = &undo->slot->node.contract,
            .key = undo->slot->node.key,
            .slot_before = undo->slot_before,
            .slot_after = undo->slot->now,
        };
        return true;
    }
    return false;
}
