#include "aureon_verify.h"

#include <string.h>

#define NIBBLE_COUNT   (2u * AUREON_HASH_SIZE) /* of a key */
#define CHILD_COUNT    16u
#define BRANCH_ITEMS   17u
#define PATH_ITEMS     2u /* of a leaf or extension */
#define HEADER_VERSION 1u

/* ---- SHA-256: FIPS 180-4 ---- */

#define BLOCK_SIZE 64u /* bytes */
#define SIZE_AT    56u /* where the last block has the number of bits */

struct sha256 {
    uint32_t state[8];
    uint64_t size; /* bytes so far */
    uint8_t block[BLOCK_SIZE];
};

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

static void spread(const uint8_t *block, uint32_t words[64])
{
    for (size_t i = 0; i < 16; i++) {
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | (uint32_t)block[4 * i + 3];
    }
    for (size_t i = 16; i < 64; i++) {
        uint32_t early = words[i - 15], late = words[i - 2];
        early = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3;
        late = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10;
        words[i] = words[i - 16] + early + words[i - 7] + late;
    }
}

static void compress(struct sha256 *sha, const uint8_t *block)
{
    uint32_t words[64], v[8];
    spread(block, words);
    memcpy(v, sha->state, sizeof(v));
    for (size_t i = 0; i < 64; i++) {
        uint32_t high = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t low = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t first = v[7] + high + choice + round_constants[i] + words[i];
        memmove(v + 1, v, 7 * sizeof(v[0]));
        v[4] += first;
        v[0] = first + low + majority;
    }
    for (size_t i = 0; i < 8; i++) {
        sha->state[i] += v[i];
    }
}

static void sha256_init(struct sha256 *sha)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sha->state, initial, sizeof(initial));
    sha->size = 0;
}

static void sha256_put(struct sha256 *sha, const void *bytes, size_t size)
{
    const uint8_t *next = bytes;
    while (size > 0) {
        size_t used = (size_t)(sha->size % BLOCK_SIZE);
        size_t part = BLOCK_SIZE - used < size ? BLOCK_SIZE - used : size;
        memcpy(sha->block + used, next, part);
        sha->size += part;
        next += part;
        size -= part;
        if (used + part == BLOCK_SIZE) compress(sha, sha->block);
    }
}

static struct aureon_hash sha256_finish(struct sha256 *sha)
{
    static const uint8_t padding[BLOCK_SIZE] = {0x80};
    struct aureon_hash hash;
    uint8_t bits[8];
    for (size_t i = 0; i < sizeof(bits); i++) {
        bits[i] = (uint8_t)(sha->size * 8 >> (56 - 8 * i));
    }
    size_t used = (size_t)(sha->size % BLOCK_SIZE);
    sha256_put(sha, padding, used < SIZE_AT ? SIZE_AT - used : BLOCK_SIZE + SIZE_AT - used);
    sha256_put(sha, bits, sizeof(bits));
    for (size_t i = 0; i < AUREON_HASH_SIZE; i++) {
        hash.bytes[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
    }
    return hash;
}

struct aureon_hash aureon_sha256(struct aureon_bytes bytes)
{
    struct sha256 sha;
    sha256_init(&sha);
    sha256_put(&sha, bytes.data, bytes.size);
    return sha256_finish(&sha);
}

static bool is_equal(const struct aureon_hash *left, const struct aureon_hash *right)
{
    return memcmp(left->bytes, right->bytes, AUREON_HASH_SIZE) == 0;
}

/* ---- RLP: what is accepted has no other encoding ---- */

#define SHORT_SIZE_MAX 55u
#define STRING_BASE    0x80u
#define LIST_BASE      0xc0u

struct item {
    bool is_list;
    struct aureon_bytes payload;
    struct aureon_bytes encoded; /* with its head */
};

/* The size of a long item, in size_size bytes behind its first. */
static bool read_long_size(struct aureon_bytes rest, size_t size_size, uint64_t *out_size)
{
    uint64_t size = 0;
    if (rest.size < 1 + size_size || rest.data[1] == 0) return false;
    for (size_t i = 1; i <= size_size; i++) {
        size = size << 8 | rest.data[i];
    }
    *out_size = size;
    return size > SHORT_SIZE_MAX;
}

static bool next_item(struct aureon_bytes *rest, struct item *out_item)
{
    if (rest->size == 0) return false;
    uint8_t first = rest->data[0];
    bool is_list = first >= LIST_BASE;
    size_t head_size = first < STRING_BASE ? 0 : 1;
    uint64_t size = 1;
    if (head_size > 0) {
        size = first - (is_list ? LIST_BASE : STRING_BASE);
        if (size > SHORT_SIZE_MAX) {
            size_t size_size = (size_t)size - SHORT_SIZE_MAX;
            if (!read_long_size(*rest, size_size, &size)) return false;
            head_size += size_size;
        }
    }
    if (size > rest->size - head_size) return false;
    const uint8_t *payload = rest->data + head_size;
    bool needs_no_head = !is_list && head_size == 1 && size == 1 && payload[0] < STRING_BASE;
    if (needs_no_head) return false;
    size_t whole = head_size + (size_t)size;
    out_item->is_list = is_list;
    out_item->payload.data = payload;
    out_item->payload.size = (size_t)size;
    out_item->encoded.data = rest->data;
    out_item->encoded.size = whole;
    rest->data += whole;
    rest->size -= whole;
    return true;
}

static bool is_absent(const struct item *item)
{
    return !item->is_list && item->payload.size == 0;
}

/* ---- tries ---- */

/* A walk from the root to a key. */
struct walk {
    const struct aureon_hash *key;
    struct aureon_nodes rest; /* nodes that were not needed yet */
    size_t at;                /* nibbles of the key that are behind */
    bool is_after_extension;
    struct aureon_bytes node; /* the present one */
    bool is_done;
    struct aureon_claim claim;
};

static unsigned nibble_at(const uint8_t *bytes, size_t at)
{
    return at % 2 == 0 ? bytes[at / 2] >> 4 : bytes[at / 2] & 15u;
}

static const char *enter_hash(struct walk *walk, const struct aureon_hash *hash, bool is_root)
{
    if (walk->rest.count == 0) return "a node is missing";
    struct aureon_bytes node = *walk->rest.nodes++;
    walk->rest.count--;
    if (node.size < AUREON_HASH_SIZE && !is_root) {
        return "a node is listed that stands in its parent";
    }
    struct aureon_hash found = aureon_sha256(node);
    if (!is_equal(&found, hash)) return "a node's hash is not its parent's";
    walk->node = node;
    return NULL;
}

/* Whether an item may stand for a child: a hash, or a node shorter than one. */
static bool is_ref(const struct item *item)
{
    return item->is_list ? item->encoded.size < AUREON_HASH_SIZE
                         : item->payload.size == AUREON_HASH_SIZE;
}

static const char *enter_ref(struct walk *walk, const struct item *item)
{
    struct aureon_hash hash;
    if (item->is_list) {
        walk->node = item->encoded;
        return NULL;
    }
    memcpy(hash.bytes, item->payload.data, AUREON_HASH_SIZE);
    return enter_hash(walk, &hash, false);
}

static const char *step_branch(struct walk *walk, const struct item *items)
{
    size_t child_count = 0;
    for (size_t i = 0; i < CHILD_COUNT; i++) {
        if (is_absent(&items[i])) continue;
        if (!is_ref(&items[i])) return "a branch's child is no reference";
        child_count++;
    }
    if (!is_absent(&items[CHILD_COUNT])) return "a branch has a value";
    if (child_count < 2) return "a branch has less than two children";
    if (walk->at >= NIBBLE_COUNT) return "a branch lies below a whole key";
    const struct item *child = &items[nibble_at(walk->key->bytes, walk->at++)];
    walk->is_after_extension = false;
    if (!is_absent(child)) return enter_ref(walk, child);
    walk->is_done = true;
    return NULL;
}

/* The path of a leaf or extension. */
struct path {
    bool is_leaf;
    size_t count;     /* nibbles */
    bool is_followed; /* by the key */
};

static const char *read_path(const struct walk *walk, const struct item *item, struct path *path)
{
    if (item->is_list || item->payload.size == 0) return "a path is no string";
    const uint8_t *bytes = item->payload.data;
    unsigned flags = nibble_at(bytes, 0);
    size_t head = flags & 1u ? 1 : 2; /* nibbles */
    if (flags > 3) return "a path has unknown flags";
    if (head == 2 && nibble_at(bytes, 1) != 0) return "a path is padded with no zero";
    if (item->payload.size > 1 + NIBBLE_COUNT / 2) return "a path is too long";
    path->is_leaf = (flags & 2u) != 0;
    path->count = 2 * item->payload.size - head;
    path->is_followed = true;
    if (path->count > NIBBLE_COUNT - walk->at) return "a path is too long";
    for (size_t i = 0; i < path->count; i++) {
        if (nibble_at(bytes, head + i) != nibble_at(walk->key->bytes, walk->at + i)) {
            path->is_followed = false;
        }
    }
    return NULL;
}

static const char *step_leaf(struct walk *walk, const struct path *path, const struct item *value)
{
    if (path->count != NIBBLE_COUNT - walk->at) return "a leaf's path does not end the key";
    if (value->is_list || value->payload.size == 0) return "a leaf has no value";
    walk->is_done = true;
    walk->claim.exists = path->is_followed;
    if (path->is_followed) walk->claim.value = value->payload;
    return NULL;
}

static const char *step_path(struct walk *walk, const struct item *items)
{
    struct path path;
    const char *reason = read_path(walk, &items[0], &path);
    if (reason != NULL) return reason;
    if (walk->is_after_extension) return "an extension leads to no branch";
    if (path.is_leaf) return step_leaf(walk, &path, &items[1]);
    if (path.count == 0) return "an extension has no path";
    if (!is_ref(&items[1])) return "an extension's child is no reference";
    if (!path.is_followed) {
        walk->is_done = true;
        return NULL;
    }
    walk->at += path.count;
    walk->is_after_extension = true;
    return enter_ref(walk, &items[1]);
}

static const char *step(struct walk *walk)
{
    struct aureon_bytes rest = walk->node;
    struct item node, items[BRANCH_ITEMS];
    size_t count = 0;
    if (!next_item(&rest, &node) || !node.is_list || rest.size > 0) return "a node is no list";
    while (node.payload.size > 0) {
        if (count == BRANCH_ITEMS || !next_item(&node.payload, &items[count])) {
            return "a node's items are malformed";
        }
        count++;
    }
    if (count == BRANCH_ITEMS) return step_branch(walk, items);
    if (count == PATH_ITEMS) return step_path(walk, items);
    return "a node has neither 2 nor 17 items";
}

static bool is_empty_root(const struct aureon_hash *root)
{
    static const uint8_t empty = STRING_BASE;
    struct aureon_bytes bytes = {&empty, 1};
    struct aureon_hash hash = aureon_sha256(bytes);
    return is_equal(root, &hash);
}

/* Each step takes a nibble of the key at least, or is the last. */
const char *aureon_verify_key(const struct aureon_hash *root, const struct aureon_hash *key,
                              struct aureon_nodes nodes, struct aureon_claim *out_claim)
{
    struct walk walk;
    memset(&walk, 0, sizeof(walk));
    walk.key = key;
    walk.rest = nodes;
    walk.is_done = nodes.count == 0 && is_empty_root(root);
    const char *reason = walk.is_done ? NULL : enter_hash(&walk, root, true);
    while (reason == NULL && !walk.is_done) {
        reason = step(&walk);
    }
    if (reason != NULL) return reason;
    if (walk.rest.count > 0) return "a node is not needed";
    *out_claim = walk.claim;
    return NULL;
}

/* ---- accounts and slots ---- */

static bool next_number(struct aureon_bytes *rest, uint64_t *out_number)
{
    struct item item;
    uint64_t number = 0;
    if (!next_item(rest, &item) || item.is_list || item.payload.size > sizeof(number)) return false;
    if (item.payload.size > 0 && item.payload.data[0] == 0) return false;
    for (size_t i = 0; i < item.payload.size; i++) {
        number = number << 8 | item.payload.data[i];
    }
    *out_number = number;
    return true;
}

static bool next_hash(struct aureon_bytes *rest, bool *out_exists, struct aureon_hash *out_hash)
{
    struct item item;
    if (!next_item(rest, &item) || item.is_list) return false;
    *out_exists = item.payload.size > 0;
    if (!*out_exists) return true;
    if (item.payload.size != AUREON_HASH_SIZE) return false;
    memcpy(out_hash->bytes, item.payload.data, AUREON_HASH_SIZE);
    return true;
}

static bool read_account(struct aureon_bytes leaf, struct aureon_account *account)
{
    struct item list;
    if (!next_item(&leaf, &list) || !list.is_list || leaf.size > 0) return false;
    struct aureon_bytes rest = list.payload;
    account->exists = true;
    return next_number(&rest, &account->nonce) && next_number(&rest, &account->balance) &&
           next_number(&rest, &account->stake) &&
           next_hash(&rest, &account->has_storage, &account->storage_root) &&
           next_hash(&rest, &account->has_code, &account->code_hash) &&
           next_hash(&rest, &account->has_admin, &account->admin) && rest.size == 0;
}

static struct aureon_hash hash_of_hash(const struct aureon_hash *hash)
{
    struct aureon_bytes bytes = {hash->bytes, AUREON_HASH_SIZE};
    return aureon_sha256(bytes);
}

const char *aureon_verify_account(const struct aureon_hash *state_root,
                                  const struct aureon_hash *address, struct aureon_nodes nodes,
                                  struct aureon_account *out_account)
{
    struct aureon_claim claim;
    struct aureon_account account;
    struct aureon_hash key = hash_of_hash(address);
    const char *reason = aureon_verify_key(state_root, &key, nodes, &claim);
    if (reason != NULL) return reason;
    memset(&account, 0, sizeof(account));
    if (claim.exists && !read_account(claim.value, &account)) return "its leaf is no account";
    *out_account = account;
    return NULL;
}

const char *aureon_verify_slot(const struct aureon_account *contract, struct aureon_bytes key,
                               struct aureon_nodes nodes, struct aureon_claim *out_claim)
{
    struct aureon_claim claim = {false, {NULL, 0}};
    struct item item;
    if (contract->has_storage) {
        struct aureon_hash hash = aureon_sha256(key);
        const char *reason = aureon_verify_key(&contract->storage_root, &hash, nodes, &claim);
        if (reason != NULL) return reason;
    } else if (nodes.count > 0) {
        return "nodes that are not needed";
    }
    if (claim.exists) {
        bool is_string = next_item(&claim.value, &item) && !item.is_list && claim.value.size == 0;
        if (!is_string) return "its leaf is no value";
        claim.value = item.payload;
    }
    *out_claim = claim;
    return NULL;
}

/* ---- addresses: Bech32m, BIP 350 ---- */

#define ADDRESS_HEAD   "aur1"
#define SYMBOL_COUNT   58u /* 52 of the address, 6 of the checksum */
#define CHECKSUM_COUNT 6u
#define CHECKSUM       0x2bc830a3u

static uint32_t add_symbol(uint32_t sum, uint32_t symbol)
{
    static const uint32_t generators[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                          0x2a1462b3};
    uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffffu) << 5 ^ symbol;
    for (size_t i = 0; i < 5; i++) {
        if (top >> i & 1u) sum ^= generators[i];
    }
    return sum;
}

/* The checksum's state behind the part in front of the 1. */
static uint32_t begin_sum(void)
{
    uint32_t sum = 1;
    for (const char *at = ADDRESS_HEAD; *at != '1'; at++) {
        sum = add_symbol(sum, (uint32_t)*at >> 5);
    }
    sum = add_symbol(sum, 0);
    for (const char *at = ADDRESS_HEAD; *at != '1'; at++) {
        sum = add_symbol(sum, (uint32_t)*at & 31u);
    }
    return sum;
}

const char *aureon_parse_address(const char *text, struct aureon_hash *out_address)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    struct aureon_hash address;
    uint32_t sum = begin_sum(), bits = 0;
    size_t bit_count = 0, size = 0, head_size = sizeof(ADDRESS_HEAD) - 1;
    if (strncmp(text, ADDRESS_HEAD, head_size) != 0) return "an address that does not begin aur1";
    text += head_size;
    for (size_t i = 0; i < SYMBOL_COUNT; i++) {
        const char *place = text[i] == '\0' ? NULL : strchr(alphabet, text[i]);
        if (place == NULL) return "an address that is too short, or has a wrong character";
        uint32_t symbol = (uint32_t)(place - alphabet);
        sum = add_symbol(sum, symbol);
        if (i >= SYMBOL_COUNT - CHECKSUM_COUNT) continue;
        bits = (bits << 5 | symbol) & 0xfffu;
        bit_count += 5;
        if (bit_count < 8) continue;
        bit_count -= 8;
        address.bytes[size++] = (uint8_t)(bits >> bit_count);
    }
    if (text[SYMBOL_COUNT] != '\0') return "an address that is too long";
    if (sum != CHECKSUM) return "an address with a typing error: its checksum is wrong";
    if ((bits & ((1u << bit_count) - 1)) != 0) return "an address that is padded with no zero";
    *out_address = address;
    return NULL;
}

/* ---- headers ---- */

/* Takes size bytes off rest; after it ran out, zeros, and rest is marked by is_short. */
struct reader {
    struct aureon_bytes rest;
    bool is_short;
};

static void take(struct reader *reader, void *out, size_t size)
{
    if (reader->is_short || size > reader->rest.size) {
        reader->is_short = true;
        memset(out, 0, size);
        return;
    }
    memcpy(out, reader->rest.data, size);
    reader->rest.data += size;
    reader->rest.size -= size;
}

static uint64_t take_number(struct reader *reader, size_t size)
{
    uint8_t bytes[8];
    uint64_t number = 0;
    take(reader, bytes, size);
    for (size_t i = size; i > 0; i--) {
        number = number << 8 | bytes[i - 1];
    }
    return number;
}

static bool is_chain_id(const char *text, size_t size)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0' || strchr(alphabet, text[i]) == NULL) return false;
    }
    return size > 0;
}

static const char *read_header(struct aureon_bytes encoded, struct aureon_header *header)
{
    struct reader reader = {encoded, false};
    if (take_number(&reader, 4) != HEADER_VERSION) return "a version that is not 1";
    size_t size = (size_t)take_number(&reader, 4);
    bool is_id = size <= AUREON_CHAIN_ID_SIZE_MAX;
    if (is_id) take(&reader, header->chain_id, size);
    if (!is_id || !is_chain_id(header->chain_id, size)) {
        return "a chain id that is not 1..50 of a-z 0-9 -";
    }
    header->height = take_number(&reader, 8);
    take(&reader, header->parent.bytes, AUREON_HASH_SIZE);
    header->time_ms = take_number(&reader, 8);
    take(&reader, header->proposer.bytes, AUREON_HASH_SIZE);
    take(&reader, header->state_root.bytes, AUREON_HASH_SIZE);
    take(&reader, header->tx_root.bytes, AUREON_HASH_SIZE);
    take(&reader, header->receipts_root.bytes, AUREON_HASH_SIZE);
    header->gas_used = take_number(&reader, 8);
    header->gas_limit = take_number(&reader, 8);
    header->tx_count = (uint32_t)take_number(&reader, 4);
    if (reader.is_short) return "a header that is cut short";
    return reader.rest.size > 0 ? "bytes behind the header" : NULL;
}

static struct aureon_hash hash_tagged(const char *tag, size_t tag_size, struct aureon_bytes bytes)
{
    struct sha256 sha;
    sha256_init(&sha);
    sha256_put(&sha, tag, tag_size);
    sha256_put(&sha, bytes.data, bytes.size);
    return sha256_finish(&sha);
}

const char *aureon_verify_header(struct aureon_bytes encoded, const struct aureon_hash *block,
                                 struct aureon_header *out_header)
{
    static const char tag[] = "\x0d"
                              "aureon/header"; /* its size in front */
    struct aureon_header header;
    memset(&header, 0, sizeof(header));
    const char *reason = read_header(encoded, &header);
    if (reason != NULL) return reason;
    header.hash = hash_tagged(tag, sizeof(tag) - 1, encoded);
    if (block != NULL && !is_equal(&header.hash, block)) return "another block's header";
    *out_header = header;
    return NULL;
}

/* ---- transactions and receipts: RFC 9162, section 2.1.3.2 ---- */

static struct aureon_hash hash_parts(uint8_t prefix, const struct aureon_hash *left,
                                     const struct aureon_hash *right)
{
    struct sha256 sha;
    sha256_init(&sha);
    sha256_put(&sha, &prefix, 1);
    sha256_put(&sha, left->bytes, AUREON_HASH_SIZE);
    if (right != NULL) sha256_put(&sha, right->bytes, AUREON_HASH_SIZE);
    return sha256_finish(&sha);
}

const char *aureon_verify_inclusion(const struct aureon_hash *root, const struct aureon_hash *leaf,
                                    uint32_t index, uint32_t count, const struct aureon_hash *path,
                                    size_t path_count)
{
    if (index >= count) return "the index is not below the count";
    uint32_t at = index, last = count - 1;
    struct aureon_hash hash = hash_parts(0, leaf, NULL);
    for (size_t i = 0; i < path_count; i++) {
        if (last == 0) return "the path is too long";
        if (at & 1u || at == last) {
            hash = hash_parts(1, &path[i], &hash);
            while (!(at & 1u) && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = hash_parts(1, &hash, &path[i]);
        }
        at >>= 1;
        last >>= 1;
    }
    if (last != 0) return "the path is too short";
    return is_equal(&hash, root) ? NULL : "it does not lead to the root in the header";
}

/* ---- receipts ---- */

#define EVENT_SIZE_MIN 44u /* bytes: a contract, and three sizes */
#define LOG_SIZE_MIN   4u

static struct aureon_bytes take_bytes(struct reader *reader)
{
    size_t size = (size_t)take_number(reader, 4);
    struct aureon_bytes bytes = {reader->rest.data, size};
    reader->is_short |= size > reader->rest.size;
    if (reader->is_short) bytes.size = 0;
    if (bytes.size == 0) bytes.data = NULL;
    reader->rest.data += bytes.size;
    reader->rest.size -= bytes.size;
    return bytes;
}

/* The number of a list's items, none of which is smaller than size_min. */
static uint32_t take_count(struct reader *reader, size_t size_min)
{
    uint32_t count = (uint32_t)take_number(reader, 4);
    reader->is_short |= count > reader->rest.size / size_min;
    return reader->is_short ? 0 : count;
}

static struct aureon_event take_event(struct reader *reader)
{
    struct aureon_event event;
    struct aureon_hash skipped;
    take(reader, event.contract.bytes, AUREON_HASH_SIZE);
    event.name = take_bytes(reader);
    uint32_t topic_count = take_count(reader, AUREON_HASH_SIZE);
    event.topics.data = topic_count > 0 ? reader->rest.data : NULL;
    event.topics.size = (size_t)topic_count * AUREON_HASH_SIZE;
    for (uint32_t left = topic_count; left > 0; left--) {
        take(reader, skipped.bytes, AUREON_HASH_SIZE);
    }
    event.data = take_bytes(reader);
    return event;
}

/* What was read since: nothing if it was cut short. */
static struct aureon_bytes since(const struct reader *reader, const uint8_t *start)
{
    struct aureon_bytes read = {start, 0};
    if (!reader->is_short) read.size = (size_t)(reader->rest.data - start);
    return read;
}

static const char *read_receipt(struct aureon_bytes encoded, struct aureon_receipt *receipt)
{
    struct reader reader = {encoded, false};
    receipt->outcome = (uint8_t)take_number(&reader, 1);
    receipt->detail = (uint32_t)take_number(&reader, 4);
    receipt->revert_code = (uint32_t)take_number(&reader, 4);
    receipt->gas_used = take_number(&reader, 8);
    receipt->fee = take_number(&reader, 8);
    uint64_t option = take_number(&reader, 1);
    if (option > 1) return "a receipt with an option that is neither there nor not";
    receipt->has_created = option == 1;
    if (receipt->has_created) take(&reader, receipt->created.bytes, AUREON_HASH_SIZE);
    receipt->output = take_bytes(&reader);
    receipt->event_count = take_count(&reader, EVENT_SIZE_MIN);
    const uint8_t *start = reader.rest.data;
    for (uint32_t i = 0; i < receipt->event_count; i++) {
        (void)take_event(&reader);
    }
    receipt->events = since(&reader, start);
    receipt->log_count = take_count(&reader, LOG_SIZE_MIN);
    start = reader.rest.data;
    for (uint32_t i = 0; i < receipt->log_count; i++) {
        (void)take_bytes(&reader);
    }
    receipt->logs = since(&reader, start);
    if (reader.is_short) return "a receipt that is cut short";
    return reader.rest.size > 0 ? "bytes behind the receipt" : NULL;
}

const char *aureon_verify_receipt(const struct aureon_header *header, struct aureon_bytes encoded,
                                  uint32_t index, const struct aureon_hash *path, size_t path_count,
                                  struct aureon_receipt *out_receipt)
{
    static const char tag[] = "\x0e"
                              "aureon/receipt"; /* its size in front */
    struct aureon_receipt receipt;
    memset(&receipt, 0, sizeof(receipt));
    const char *reason = read_receipt(encoded, &receipt);
    if (reason != NULL) return reason;
    receipt.digest = hash_tagged(tag, sizeof(tag) - 1, encoded);
    reason = aureon_verify_inclusion(&header->receipts_root, &receipt.digest, index,
                                     header->tx_count, path, path_count);
    if (reason != NULL) return reason;
    *out_receipt = receipt;
    return NULL;
}

bool aureon_next_event(struct aureon_receipt *receipt, struct aureon_event *out_event)
{
    struct reader reader = {receipt->events, false};
    if (receipt->event_count == 0) return false;
    receipt->event_count--;
    *out_event = take_event(&reader);
    receipt->events = reader.rest;
    return true;
}

bool aureon_next_log(struct aureon_receipt *receipt, struct aureon_bytes *out_line)
{
    struct reader reader = {receipt->logs, false};
    if (receipt->log_count == 0) return false;
    receipt->log_count--;
    *out_line = take_bytes(&reader);
    receipt->logs = reader.rest;
    return true;
}
