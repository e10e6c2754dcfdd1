/* Fuzzes snapshots. The first byte chooses:
 *
 *   - a manifest, whose digest is put behind it: what is read is written again, the same bytes;
 *   - a chunk as it comes, for some root: it is refused, with a sentence;
 *   - a state, the size of its chunks, and what is done to them: the chunks are accepted and give
 *     the state again, or, if anything about them is not as it was, are refused. */
#include "crypto/sha256.h"
#include "fuzz.h"
#include "ledger/snapshot.h"
#include "state/trie_build.h"
#include "store/memkv.h"

#define CHUNKS_MAX   256u
#define ACCOUNTS_MAX 24u
#define SLOTS_MAX    9u
#define SIZE_MAX_ALL (64u << 20) /* bytes of anything */

/* ---- manifests ---- */

static void check_manifest(struct au_bytes body)
{
    struct au_manifest manifest;
    struct au_buf bytes, again;
    const char *wrong = NULL;
    struct au_hash digest = au_sha256(body);
    au_buf_init(&bytes, SIZE_MAX_ALL);
    au_buf_put_bytes(&bytes, body);
    au_buf_put(&bytes, digest.bytes, AU_HASH_SIZE);
    AU_ASSERT(bytes.err == AU_OK);
    enum au_err err = au_manifest_decode(au_buf_bytes(&bytes), &manifest, &wrong);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
    AU_ASSERT((err == AU_OK) == (wrong == NULL));
    if (err == AU_OK) {
        au_buf_init(&again, SIZE_MAX_ALL);
        au_manifest_encode(&again, &manifest);
        AU_ASSERT(again.err == AU_OK);
        AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&bytes), au_buf_bytes(&again)));
        au_buf_done(&again);
    }
    bytes.data[bytes.size - 1] ^= 1;
    AU_ASSERT(au_manifest_decode(au_buf_bytes(&bytes), &manifest, &wrong) == AU_ERR_MALFORMED);
    au_buf_done(&bytes);
}

/* ---- chunks as they come ---- */

static enum au_err read_chunk(struct au_chunks_reader *reader, struct au_bytes chunk, bool is_last,
                              struct au_kv_batch *batch)
{
    struct au_buf message;
    au_buf_init(&message, 65536);
    enum au_err err = au_chunks_read(reader, chunk, is_last, batch, &message);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
    AU_ASSERT(message.err == AU_OK);
    AU_ASSERT((err == AU_OK) == (message.size == 0));
    au_buf_done(&message);
    return err;
}

static void check_raw(struct fuzz_input *input)
{
    struct au_chunks_reader *reader;
    struct au_hash root = {0};
    AU_ASSERT(au_chunks_reader_new(&root, &reader) == AU_OK);
    struct au_bytes chunk = fuzz_take(input, fuzz_left(input));
    AU_ASSERT(read_chunk(reader, chunk, true, NULL) == AU_ERR_MALFORMED);
    au_chunks_reader_free(reader);
}

/* ---- states ---- */

struct world {
    struct au_kv kv;
    struct au_kv_batch batch;
    struct au_hash root;
    struct au_buf chunks[CHUNKS_MAX];
    uint32_t count;
    bool is_damaged;
};

static void write_batch(struct world *world)
{
    AU_ASSERT(au_kv_write(&world->kv, &world->batch, false) == AU_OK);
    au_kv_batch_clear(&world->batch);
}

static void put_slots(struct world *world, struct fuzz_input *input, const struct au_hash *account,
                      unsigned count)
{
    struct au_buf bytes;
    au_buf_init(&bytes, SIZE_MAX_ALL);
    for (unsigned i = 0; i < count; i++) {
        uint8_t raw[3] = {(uint8_t)i, fuzz_u8(input), 7};
        struct au_bytes key = {raw, 1 + fuzz_u8(input) % 3u};
        struct au_hash halves[2] = {*account, au_flat_key_hash(key)};
        au_buf_clear(&bytes);
        au_flat_encode_slot(&bytes, fuzz_take(input, fuzz_u8(input) % 40u));
        au_kv_batch_put(&world->batch, AU_CF_STO,
                        (struct au_bytes){halves[0].bytes, sizeof(halves)}, au_buf_bytes(&bytes));
        au_buf_clear(&bytes);
        au_buf_put(&bytes, account->bytes, AU_HASH_SIZE);
        au_buf_put_bytes(&bytes, key);
        AU_ASSERT(bytes.err == AU_OK);
        au_kv_batch_put(&world->batch, AU_CF_KEY, au_buf_bytes(&bytes), (struct au_bytes){0});
    }
    au_buf_done(&bytes);
    write_batch(world);
}

/* The root of what a family has below a beginning of keys. */
static struct au_hash root_of(const struct world *world, enum au_cf cf, struct au_bytes prefix)
{
    static struct au_trie_build build;
    struct au_kv_range range = {.cf = cf, .lower = prefix};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    struct au_buf leaf;
    struct au_hash root;
    au_trie_build_init(&build, NULL);
    au_buf_init(&leaf, SIZE_MAX_ALL);
    AU_ASSERT(au_kv_iter_open(&world->kv, NULL, &range, &iter) == AU_OK);
    while (au_kv_iter_next(&iter, &entry) == AU_OK) {
        struct au_account account;
        struct au_bytes value;
        struct au_hash key;
        if (prefix.size > 0 && memcmp(entry.key.data, prefix.data, prefix.size) != 0) break;
        memcpy(key.bytes, entry.key.data + prefix.size, AU_HASH_SIZE);
        au_buf_clear(&leaf);
        if (cf == AU_CF_ACC) {
            AU_ASSERT(au_flat_decode_account(entry.value, &account));
            au_flat_account_leaf(&leaf, &account);
        } else {
            AU_ASSERT(au_flat_decode_slot(entry.value, &value));
            au_flat_slot_leaf(&leaf, value);
        }
        AU_ASSERT(au_trie_build_add(&build, &key, au_buf_bytes(&leaf)) == AU_OK);
    }
    au_kv_iter_close(&iter);
    AU_ASSERT(au_trie_build_root(&build, (struct au_bytes){0}, &root));
    au_buf_done(&leaf);
    au_trie_build_done(&build);
    return root;
}

static void put_account(struct world *world, struct fuzz_input *input, const struct au_hash *key)
{
    unsigned flags = fuzz_u8(input);
    struct au_account account = {.exists = true, .nonce = flags >> 6, .balance = flags};
    unsigned slots = flags % (SLOTS_MAX + 1);
    put_slots(world, input, key, slots);
    account.has_storage = slots > 0;
    if (slots > 0) {
        account.storage_root =
            root_of(world, AU_CF_STO, (struct au_bytes){key->bytes, AU_HASH_SIZE});
    }
    account.has_code = (flags & 16) != 0;
    if (account.has_code) {
        struct au_bytes code = {(const uint8_t *)"contract", flags >> 5};
        account.code_hash = au_sha256(code);
        au_kv_batch_put(&world->batch, AU_CF_COD,
                        (struct au_bytes){account.code_hash.bytes, AU_HASH_SIZE}, code);
    }
    struct au_buf record;
    au_buf_init(&record, SIZE_MAX_ALL);
    au_flat_encode_account(&record, &account);
    au_kv_batch_put(&world->batch, AU_CF_ACC, (struct au_bytes){key->bytes, AU_HASH_SIZE},
                    au_buf_bytes(&record));
    au_buf_done(&record);
    write_batch(world);
}

/* Keys that rise, at places that make short and long ways. */
static void put_state(struct world *world, struct fuzz_input *input)
{
    static const uint8_t places[] = {0, 1, 15, 31};
    struct au_hash key = {0};
    unsigned count = fuzz_u8(input) % (ACCOUNTS_MAX + 1);
    for (unsigned i = 0; i < count; i++) {
        unsigned way = fuzz_u8(input);
        unsigned place = places[way % 4];
        unsigned step = 1 + (way >> 4);
        if (key.bytes[place] + step > 255) break;
        key.bytes[place] = (uint8_t)(key.bytes[place] + step);
        memset(key.bytes + place + 1, 0, AU_HASH_SIZE - 1 - place);
        put_account(world, input, &key);
    }
    world->root = root_of(world, AU_CF_ACC, (struct au_bytes){0});
}

static enum au_err put_chunk(void *context, uint32_t index, struct au_bytes chunk)
{
    struct world *world = context;
    if (index == CHUNKS_MAX) return AU_ERR_TOO_LARGE;
    AU_ASSERT(index == world->count);
    au_buf_init(&world->chunks[world->count++], SIZE_MAX_ALL);
    au_buf_put_bytes(&world->chunks[index], chunk);
    return AU_OK;
}

static enum au_err put_end(void *context, uint32_t index, struct au_bytes end)
{
    struct world *world = context;
    au_buf_put_bytes(&world->chunks[index], end);
    return AU_OK;
}

static void write_chunks(struct world *world, size_t chunk_size)
{
    const struct au_chunks_source source = {
        .kv = world->kv, .root = world->root, .chunk_size = chunk_size, .keys_max = 4};
    const struct au_chunk_sink sink = {world, put_chunk, put_end};
    struct au_chunks_count count;
    struct au_buf message;
    au_buf_init(&message, 65536);
    AU_ASSERT(au_chunks_write(&source, &sink, &message, &count) == AU_OK);
    AU_ASSERT(count.chunk_count == world->count);
    au_buf_done(&message);
}

/* ---- what is done to chunks ---- */

static void swap(struct world *world, size_t a, size_t b)
{
    struct au_buf chunk = world->chunks[a];
    world->chunks[a] = world->chunks[b];
    world->chunks[b] = chunk;
    world->is_damaged |= a != b; /* no two chunks are the same */
}

static void damage(struct world *world, struct fuzz_input *input)
{
    unsigned how = fuzz_u8(input);
    size_t index = world->count == 0 ? 0 : fuzz_u8(input) % world->count;
    struct au_buf *chunk = &world->chunks[index];
    size_t at = world->count == 0 ? 0 : fuzz_number(input, 2) % chunk->size;
    if (world->count == 0) return;
    switch (how % 5) {
    case 0: break;
    case 1:
        chunk->data[at] ^= (uint8_t)(1 + how / 5);
        world->is_damaged = true;
        break;
    case 2:
        chunk->size = at;
        world->is_damaged = true;
        break;
    case 3: swap(world, index, at % world->count); break;
    default:
        swap(world, index, world->count - 1);
        au_buf_done(&world->chunks[--world->count]);
        world->is_damaged = true;
    }
}

static void read_all(struct world *world)
{
    struct au_chunks_reader *reader;
    struct au_kv kv;
    bool is_refused = world->count == 0;
    AU_ASSERT(au_memkv_open(&kv) == AU_OK);
    AU_ASSERT(au_chunks_reader_new(&world->root, &reader) == AU_OK);
    for (uint32_t i = 0; i < world->count && !is_refused; i++) {
        au_kv_batch_clear(&world->batch);
        is_refused = read_chunk(reader, au_buf_bytes(&world->chunks[i]), i + 1 == world->count,
                                &world->batch) != AU_OK;
        if (!is_refused) AU_ASSERT(au_kv_write(&kv, &world->batch, false) == AU_OK);
    }
    au_chunks_reader_free(reader);
    if (world->count > 0) AU_ASSERT(is_refused == world->is_damaged);
    struct world copy = {.kv = kv};
    struct au_hash root = root_of(&copy, AU_CF_ACC, (struct au_bytes){0});
    if (!is_refused) AU_ASSERT(au_hash_is_equal(&root, &world->root));
    au_kv_close(&kv);
}

static void check_state(struct fuzz_input *input)
{
    static struct world world;
    memset(&world, 0, sizeof(world));
    AU_ASSERT(au_memkv_open(&world.kv) == AU_OK);
    au_kv_batch_init(&world.batch, SIZE_MAX_ALL);
    size_t chunk_size = 1 + 4u * fuzz_u8(input);
    put_state(&world, input);
    write_chunks(&world, chunk_size);
    damage(&world, input);
    read_all(&world);
    for (uint32_t i = 0; i < world.count; i++) {
        au_buf_done(&world.chunks[i]);
    }
    au_kv_batch_done(&world.batch);
    au_kv_close(&world.kv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, data + size};
    switch (fuzz_u8(&input) % 3) {
    case 0: check_manifest(fuzz_take(&input, fuzz_left(&input))); break;
    case 1: check_raw(&input); break;
    default: check_state(&input);
    }
    return 0;
}
