/* Fuzzes the tries' proofs. The first byte chooses what the rest is:
 *
 *     0   a key, and a proof as it travels; its root is that of its first node
 *     1   a key, and nodes: size u16, place u16, bytes; each has the next one's hash at its place,
 *         so that what is found below a hash is found without guessing it
 *     2   batches of a trie: number of changes u8, changes of two bytes
 *     3   the same, then a record of the store with the rest of the input in it
 *
 * What is proved stays unproved without any of its nodes, with one bit of one changed, and with one
 * more. A trie's root is that of a trie made at once; it proves each key that was ever named, and
 * nothing but the truth. A damaged store is noticed or harmless. The input as RLP is written again,
 * the same bytes. The verifier that others copy says of each proof what the node's says. */
#include "aureon_verify.h"
#include "crypto/sha256.h"
#include "fuzz.h"
#include "state/proof.h"
#include "state/rlp.h"
#include "state/trie.h"
#include "store/memkv.h"

#define PROOF_SIZE_MAX ((size_t)64 << 10) /* bytes */
#define RECORDS_MAX    ((size_t)4 << 20)  /* bytes of a batch */
#define ENTRIES_MAX    24u
#define CHANGES_MAX    16u /* of a batch */
#define BATCHES_MAX    6u
#define VALUE_SIZE_MAX 33u /* bytes */
#define LEAF_SIZE_MAX  (VALUE_SIZE_MAX + 1)
#define LIST_DEPTH_MAX 16u
#define CACHED_MAX     2000u /* bytes of tries: few, so that the store is read */
#define NIBBLE_HEAD    4u    /* nibbles of a key that the damaged record may be at */

enum input_kind { RAW_PROOF, LINKED_NODES, TRIE, DAMAGED_TRIE, KIND_COUNT };

static const struct au_seed trie_seed = {{7}};

/* ---- rlp ------------------------------------------------------------------------------------- */

static void check_u64(struct au_bytes encoded)
{
    struct au_bytes rest = encoded;
    uint64_t value;
    if (!au_rlp_next_u64(&rest, &value)) return;
    struct au_buf again;
    au_buf_init(&again, AU_RLP_HEAD_SIZE_MAX);
    au_rlp_put_u64(&again, value);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), encoded));
    au_buf_done(&again);
}

/* Recursion ends at LIST_DEPTH_MAX. */
static void check_rlp(struct au_bytes rest, unsigned depth)
{
    struct au_rlp_item item;
    struct au_buf again;
    au_buf_init(&again, PROOF_SIZE_MAX);
    while (au_rlp_next(&rest, &item)) {
        au_buf_clear(&again);
        if (item.is_list) {
            struct au_rlp_list list = au_rlp_begin_list(&again);
            au_buf_put_bytes(&again, item.payload);
            au_rlp_end_list(&again, list);
            if (depth < LIST_DEPTH_MAX) check_rlp(item.payload, depth + 1);
        } else {
            au_rlp_put_bytes(&again, item.payload);
        }
        AU_ASSERT(again.err == AU_OK);
        AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), item.encoded));
        check_u64(item.encoded);
    }
    au_buf_done(&again);
}

/* ---- proofs from anybody --------------------------------------------------------------------- */

struct proof {
    uint8_t bytes[PROOF_SIZE_MAX]; /* of the nodes */
    size_t size;
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count;
};

static uint8_t *add_node(struct proof *proof, struct au_bytes node)
{
    AU_ASSERT(proof->count < AU_PROOF_NODES_MAX);
    AU_ASSERT(node.size <= sizeof(proof->bytes) - proof->size);
    uint8_t *copy = proof->bytes + proof->size;
    if (node.size > 0) memcpy(copy, node.data, node.size);
    proof->nodes[proof->count++] = (struct au_bytes){copy, node.size};
    proof->size += node.size;
    return copy;
}

static struct aureon_hash foreign(const struct au_hash *hash)
{
    struct aureon_hash copy;
    memcpy(copy.bytes, hash->bytes, AU_HASH_SIZE);
    return copy;
}

/* What was proved as a trie's leaf, once more as an account's and as a slot's: neither may read
 * beyond it. */
static void check_leaf(const struct aureon_hash *root, const struct au_hash *key,
                       struct aureon_nodes nodes)
{
    struct aureon_account account = {.has_storage = true, .storage_root = *root};
    struct aureon_account found;
    struct aureon_claim claim;
    struct aureon_hash address = foreign(key);
    const char *reason = aureon_verify_account(root, &address, nodes, &found);
    AU_ASSERT(reason != NULL || found.exists || found.balance == 0);
    reason = aureon_verify_slot(&account, (struct aureon_bytes){key->bytes, 5}, nodes, &claim);
    AU_ASSERT(reason != NULL || claim.exists || claim.value.size == 0);
}

static void check_copied_verifier(const struct au_hash *root, const struct au_hash *key,
                                  const struct au_bytes *nodes, size_t count,
                                  const struct au_proof_claim *claim, const char *reason)
{
    struct aureon_bytes copies[AU_PROOF_NODES_MAX + 1];
    struct aureon_claim found;
    for (size_t i = 0; i < count; i++) {
        copies[i] = (struct aureon_bytes){nodes[i].data, nodes[i].size};
    }
    struct aureon_hash foreign_root = foreign(root), foreign_key = foreign(key);
    struct aureon_nodes list = {copies, count};
    const char *other = aureon_verify_key(&foreign_root, &foreign_key, list, &found);
    check_leaf(&foreign_root, key, list);
    AU_ASSERT((other == NULL) == (reason == NULL));
    if (reason != NULL) {
        AU_ASSERT(strcmp(reason, other) == 0);
        return;
    }
    AU_ASSERT(found.exists == claim->exists && found.value.size == claim->value.size);
    AU_ASSERT(found.value.data == claim->value.data);
}

static bool is_proved(const struct au_hash *root, const struct au_hash *key,
                      const struct au_bytes *nodes, size_t count, struct au_proof_claim *out_claim)
{
    const char *reason = NULL;
    enum au_err err = au_proof_verify(root, key, nodes, count, out_claim, &reason);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
    AU_ASSERT((reason == NULL) == (err == AU_OK));
    check_copied_verifier(root, key, nodes, count, out_claim, reason);
    return err == AU_OK;
}

static bool is_inside(const struct proof *proof, struct au_bytes value)
{
    return value.data >= proof->bytes && value.data + value.size <= proof->bytes + proof->size;
}

/* Tells whether the nodes prove something; if so, that nothing else does. */
static bool check_proof(struct proof *proof, const struct au_hash *root, const struct au_hash *key,
                        struct au_proof_claim *out_claim)
{
    struct au_proof_claim other;
    struct au_bytes nodes[AU_PROOF_NODES_MAX + 1];
    size_t count = proof->count;
    if (!is_proved(root, key, proof->nodes, count, out_claim)) return false;
    AU_ASSERT(out_claim->exists == (out_claim->value.size > 0));
    AU_ASSERT(!out_claim->exists || is_inside(proof, out_claim->value));
    for (size_t i = 0; i < count; i++) {
        memcpy(nodes, proof->nodes, i * sizeof(nodes[0]));
        memcpy(nodes + i, proof->nodes + i + 1, (count - i - 1) * sizeof(nodes[0]));
        AU_ASSERT(!is_proved(root, key, nodes, count - 1, &other));

        struct au_bytes node = proof->nodes[i];
        AU_ASSERT(node.size > 0);
        size_t at = (size_t)(node.data - proof->bytes) + key->bytes[31 - i % 31] % node.size;
        proof->bytes[at] ^= 1u;
        AU_ASSERT(!is_proved(root, key, proof->nodes, count, &other));
        proof->bytes[at] ^= 1u;
    }
    memcpy(nodes, proof->nodes, count * sizeof(nodes[0]));
    nodes[count] = count > 0 ? nodes[count - 1] : (struct au_bytes){key->bytes, AU_HASH_SIZE};
    AU_ASSERT(!is_proved(root, key, nodes, count + 1, &other));
    return true;
}

static struct au_hash take_key(struct fuzz_input *input)
{
    struct au_hash key = {0};
    struct au_bytes bytes = fuzz_take(input, AU_HASH_SIZE);
    if (bytes.size > 0) memcpy(key.bytes, bytes.data, bytes.size);
    return key;
}

static struct au_hash root_of(const struct proof *proof)
{
    return proof->count == 0 ? au_trie_empty_hash() : au_sha256(proof->nodes[0]);
}

/* Splits a proof, which is its nodes and nothing else, into one of our own. */
static bool split(struct au_bytes bytes, struct proof *proof)
{
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count = 0;
    struct au_buf again;
    proof->size = 0;
    proof->count = 0;
    if (!au_proof_split(bytes, nodes, &count)) return false;
    AU_ASSERT(count <= AU_PROOF_NODES_MAX);
    au_buf_init(&again, PROOF_SIZE_MAX);
    au_buf_put_u32(&again, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        au_buf_put_u32(&again, (uint32_t)nodes[i].size);
        au_buf_put_bytes(&again, nodes[i]);
        add_node(proof, nodes[i]);
    }
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), bytes));
    au_buf_done(&again);
    return true;
}

static void check_raw_proof(struct fuzz_input *input, struct proof *proof)
{
    struct au_proof_claim claim;
    struct au_hash key = take_key(input);
    if (!split((struct au_bytes){input->pos, fuzz_left(input)}, proof)) return;
    struct au_hash root = root_of(proof);
    check_proof(proof, &root, &key, &claim);
    root.bytes[key.bytes[0] % AU_HASH_SIZE] ^= 1u;
    AU_ASSERT(!is_proved(&root, &key, proof->nodes, proof->count, &claim));
}

static void check_linked_nodes(struct fuzz_input *input, struct proof *proof)
{
    uint8_t *copies[AU_PROOF_NODES_MAX];
    size_t places[AU_PROOF_NODES_MAX];
    struct au_proof_claim claim;
    struct au_hash key = take_key(input);
    proof->size = 0;
    proof->count = 0;
    while (fuzz_left(input) > 0 && proof->count < AU_PROOF_NODES_MAX) {
        size_t size = (size_t)fuzz_number(input, 2);
        places[proof->count] = (size_t)fuzz_number(input, 2);
        uint8_t *copy = add_node(proof, fuzz_take(input, size));
        copies[proof->count - 1] = copy;
    }
    for (size_t i = proof->count; i > 1; i--) {
        struct au_hash hash = au_sha256(proof->nodes[i - 1]);
        size_t size = proof->nodes[i - 2].size;
        if (size < AU_HASH_SIZE || places[i - 2] > size - AU_HASH_SIZE) continue;
        memcpy(copies[i - 2] + places[i - 2], hash.bytes, AU_HASH_SIZE);
    }
    struct au_hash root = root_of(proof);
    check_proof(proof, &root, &key, &claim);
}

/* ---- tries of our own ------------------------------------------------------------------------ */

struct entry {
    struct au_hash key;
    uint8_t leaf[LEAF_SIZE_MAX];
    size_t leaf_size; /* 0: the key is absent now */
};

struct world {
    struct au_kv kv;
    struct au_trie_cache cache;
    struct au_kv_batch records;
    struct au_hash owner;
    struct au_hash root;
    struct entry entries[ENTRIES_MAX]; /* every key that was named, sorted */
    size_t entry_count;
};

static void open_world(struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->owner.bytes[0] = 1;
    enum au_err err = au_memkv_open(&world->kv);
    AU_ASSERT(err == AU_OK);
    err = au_trie_cache_init(&world->cache, &world->kv, &trie_seed, CACHED_MAX);
    AU_ASSERT(err == AU_OK);
    au_kv_batch_init(&world->records, RECORDS_MAX);
}

static void close_world(struct world *world)
{
    au_kv_batch_done(&world->records);
    au_trie_cache_done(&world->cache);
    au_kv_close(&world->kv);
}

/* A change: four nibbles of the key, in front, in the middle and at the end, and which value. */
static struct entry take_change(struct fuzz_input *input)
{
    struct entry entry = {0};
    uint8_t value[VALUE_SIZE_MAX];
    unsigned places = fuzz_u8(input);
    unsigned more = fuzz_u8(input);
    entry.key.bytes[0] = (uint8_t)(places & 0xf0u);
    entry.key.bytes[15] = (uint8_t)(places & 0x0fu);
    entry.key.bytes[31] = (uint8_t)(more & 0x1fu);
    static const size_t sizes[] = {1, 1, 1, 1, 2, VALUE_SIZE_MAX};
    unsigned choice = more >> 5;
    if (choice >= AU_COUNT_OF(sizes)) return entry;
    struct au_buf leaf;
    memset(value, (int)(places ^ (more + choice)), sizeof(value));
    au_buf_init(&leaf, LEAF_SIZE_MAX);
    au_rlp_put_bytes(&leaf, (struct au_bytes){value, sizes[choice]});
    AU_ASSERT(leaf.err == AU_OK);
    memcpy(entry.leaf, leaf.data, leaf.size);
    entry.leaf_size = leaf.size;
    au_buf_done(&leaf);
    return entry;
}

static size_t find_entry(const struct entry *entries, size_t count, const struct au_hash *key)
{
    size_t at = 0;
    while (at < count && memcmp(entries[at].key.bytes, key->bytes, AU_HASH_SIZE) < 0) {
        at++;
    }
    return at;
}

/* Puts an entry in its place and gives the new count; a new key that has no room is left out. */
static size_t put_entry(struct entry *entries, size_t count, const struct entry *entry)
{
    size_t at = find_entry(entries, count, &entry->key);
    if (at < count && au_hash_is_equal(&entries[at].key, &entry->key)) {
        entries[at] = *entry;
        return count;
    }
    if (count == ENTRIES_MAX) return count;
    memmove(&entries[at + 1], &entries[at], (count - at) * sizeof(entries[0]));
    entries[at] = *entry;
    return count + 1;
}

static void put_slot(struct world *world, const struct entry *entry)
{
    const struct au_hash halves[2] = {world->owner, entry->key};
    struct au_bytes key = {halves[0].bytes, sizeof(halves)};
    struct au_bytes rest = {entry->leaf, entry->leaf_size};
    struct au_rlp_item item;
    if (!au_rlp_next(&rest, &item)) {
        au_kv_batch_del(&world->records, AU_CF_STO, key);
        return;
    }
    struct au_buf record;
    au_buf_init(&record, LEAF_SIZE_MAX + 1);
    au_flat_encode_slot(&record, item.payload);
    au_kv_batch_put(&world->records, AU_CF_STO, key, au_buf_bytes(&record));
    au_buf_done(&record);
}

static enum au_err apply(struct world *world, const struct entry *entries, size_t count,
                         struct au_trie_root *out_root)
{
    struct au_trie_update updates[ENTRIES_MAX];
    for (size_t i = 0; i < count; i++) {
        updates[i] = (struct au_trie_update){.key = entries[i].key,
                                             .value = {entries[i].leaf, entries[i].leaf_size}};
    }
    const struct au_trie_batch batch = {
        .owner = world->owner, .updates = updates, .update_count = count};
    return au_trie_apply(&world->cache, &batch, out_root);
}

static void flush(struct world *world)
{
    enum au_err err = au_trie_cache_flush(&world->cache, 0);
    AU_ASSERT(err == AU_OK);
}

static void commit(struct world *world, const struct entry *entries, size_t count)
{
    struct au_trie_root root;
    enum au_err err = apply(world, entries, count, &root);
    AU_ASSERT(err == AU_OK);
    au_kv_batch_clear(&world->records);
    for (size_t i = 0; i < count; i++) {
        put_slot(world, &entries[i]);
    }
    err = au_kv_write(&world->kv, &world->records, false);
    AU_ASSERT(err == AU_OK);
    au_trie_cache_commit(&world->cache);
    world->root = root.hash;
    if (count % 2 == 0) flush(world);
}

static bool is_named(const struct world *world, const struct au_hash *key)
{
    size_t at = find_entry(world->entries, world->entry_count, key);
    return at < world->entry_count && au_hash_is_equal(&world->entries[at].key, key);
}

static void take_batches(struct world *world, struct fuzz_input *input)
{
    struct entry changes[ENTRIES_MAX];
    for (size_t i = 0; i < BATCHES_MAX && fuzz_left(input) > 0; i++) {
        size_t change_count = fuzz_u8(input) % (CHANGES_MAX + 1);
        size_t count = 0;
        if (change_count == 0) return;
        while (change_count-- > 0) {
            struct entry change = take_change(input);
            world->entry_count = put_entry(world->entries, world->entry_count, &change);
            if (is_named(world, &change.key)) count = put_entry(changes, count, &change);
        }
        commit(world, changes, count);
    }
}

static void check_made_at_once(const struct world *world)
{
    static struct world once;
    open_world(&once);
    commit(&once, world->entries, world->entry_count);
    AU_ASSERT(au_hash_is_equal(&once.root, &world->root));
    close_world(&once);
}

static void check_entry(struct world *world, const struct entry *entry, struct proof *proof)
{
    struct au_proof_claim claim = {0};
    struct au_flat flat;
    struct au_buf out;
    au_flat_init(&flat, &world->kv, NULL);
    au_buf_init(&out, PROOF_SIZE_MAX);
    const struct au_proof_source source = {&flat, &world->cache, &world->owner};
    au_trie_lock_shared(&world->cache);
    enum au_err err = au_proof_make(&source, &entry->key, &out);
    au_trie_unlock(&world->cache);
    AU_ASSERT(err == AU_OK);
    bool is_good = split(au_buf_bytes(&out), proof);
    AU_ASSERT(is_good);
    is_good = check_proof(proof, &world->root, &entry->key, &claim);
    AU_ASSERT(is_good);
    AU_ASSERT(au_bytes_is_equal(claim.value, (struct au_bytes){entry->leaf, entry->leaf_size}));
    au_buf_done(&out);
    au_flat_done(&flat);
}

static void check_trie(struct fuzz_input *input, struct proof *proof)
{
    static struct world world;
    open_world(&world);
    world.root = au_trie_empty_hash();
    take_batches(&world, input);
    check_made_at_once(&world);
    for (size_t i = 0; i < world.entry_count; i++) {
        check_entry(&world, &world.entries[i], proof);
    }
    close_world(&world);
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* The rest of the input becomes the record of a branch near the root, or of a slot. */
static void damage(struct world *world, struct fuzz_input *input)
{
    unsigned choice = fuzz_u8(input);
    struct au_hash path = world->entry_count > 0 ? world->entries[0].key : (struct au_hash){0};
    if (world->entry_count > 0) path = world->entries[(choice >> 3) % world->entry_count].key;
    const struct au_hash halves[2] = {world->owner, path};
    uint8_t trie_key[AU_TRIE_KEY_SIZE_MAX];
    struct au_bytes key = {trie_key,
                           au_trie_key(trie_key, &world->owner, &path, choice % NIBBLE_HEAD)};
    bool is_slot = (choice & NIBBLE_HEAD) != 0;
    if (is_slot) key = (struct au_bytes){halves[0].bytes, sizeof(halves)};
    au_kv_batch_clear(&world->records);
    au_kv_batch_put(&world->records, is_slot ? AU_CF_STO : AU_CF_TRI, key,
                    fuzz_take(input, AU_TRIE_RECORD_SIZE_MAX + 1));
    enum au_err err = au_kv_write(&world->kv, &world->records, false);
    AU_ASSERT(err == AU_OK);
}

static void check_damaged_trie(struct fuzz_input *input)
{
    static struct world world;
    struct au_flat flat;
    struct au_buf out;
    open_world(&world);
    take_batches(&world, input);
    flush(&world);
    damage(&world, input);
    au_trie_cache_forget(&world.cache);
    au_flat_init(&flat, &world.kv, NULL);
    au_buf_init(&out, PROOF_SIZE_MAX);
    for (size_t i = 0; i < world.entry_count; i++) {
        struct au_trie_root root;
        struct entry gone = {.key = world.entries[i].key};
        au_buf_clear(&out);
        const struct au_proof_source source = {&flat, NULL, &world.owner};
        enum au_err err = au_proof_make(&source, &gone.key, &out);
        AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
        err = apply(&world, &gone, 1, &root);
        AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
        au_trie_cache_forget(&world.cache);
    }
    au_buf_done(&out);
    au_flat_done(&flat);
    close_world(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct proof proof;
    struct fuzz_input input = {data, data + size};
    check_rlp((struct au_bytes){data, size}, 0);
    switch ((enum input_kind)(fuzz_u8(&input) % KIND_COUNT)) {
    case RAW_PROOF: check_raw_proof(&input, &proof); break;
    case LINKED_NODES: check_linked_nodes(&input, &proof); break;
    case TRIE: check_trie(&input, &proof); break;
    case DAMAGED_TRIE: check_damaged_trie(&input); break;
    case KIND_COUNT: break;
    }
    return 0;
}
