/* Proofs of every key that is there and of many that are not; what a proof says of another key; and
 * proofs that were damaged or made up, each of which is refused. */
#include "trie_fixture.h"

#include "aureon_verify.h"
#include "base/hex.h"
#include "state/proof.h"

#define PROOF_SIZE_MAX 65536u

struct proof {
    struct au_buf bytes;
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count;
};

/* From tries in memory, and with what the trie has under the key, it is the same proof. */
static void assert_made_likewise(struct world *world, struct au_flat *flat,
                                 const struct au_hash *key, const struct proof *proof)
{
    struct au_buf again, leaf;
    const struct au_proof_source stored = {flat, NULL, &world->owner};
    const struct au_proof_source held = {flat, &world->cache, &world->owner};
    au_buf_init(&again, PROOF_SIZE_MAX);
    au_buf_init(&leaf, PROOF_SIZE_MAX);
    enum au_err err = au_flat_key_leaf(flat, &world->owner, key, &leaf);
    assert_true(err == AU_OK || (err == AU_ERR_NOT_FOUND && leaf.size == 0));
    assert_ok(au_proof_make_of(&stored, key, au_buf_bytes(&leaf), &again));
    assert_true(au_bytes_is_equal(au_buf_bytes(&again), au_buf_bytes(&proof->bytes)));
    au_buf_clear(&again);
    assert_ok(au_proof_make_of(&held, key, au_buf_bytes(&leaf), &again));
    assert_true(au_bytes_is_equal(au_buf_bytes(&again), au_buf_bytes(&proof->bytes)));
    au_buf_clear(&again);
    assert_ok(au_proof_make(&held, key, &again));
    assert_true(au_bytes_is_equal(au_buf_bytes(&again), au_buf_bytes(&proof->bytes)));
    au_buf_done(&again);
    au_buf_done(&leaf);
}

static void make_at(struct world *world, const struct au_kv_snapshot *snapshot,
                    const struct au_hash *key, struct proof *proof)
{
    struct au_flat flat;
    au_flat_init(&flat, &world->kv, snapshot);
    au_buf_init(&proof->bytes, PROOF_SIZE_MAX);
    const struct au_proof_source source = {&flat, NULL, &world->owner};
    assert_ok(au_proof_make(&source, key, &proof->bytes));
    assert_true(au_proof_split(au_buf_bytes(&proof->bytes), proof->nodes, &proof->count));
    if (!snapshot) assert_made_likewise(world, &flat, key, proof);
    au_flat_done(&flat);
}

static void make(struct world *world, const struct au_hash *key, struct proof *proof)
{
    make_at(world, NULL, key, proof);
}

static enum au_err verify(const struct au_hash *root, const struct au_hash *key,
                          const struct proof *proof, struct au_proof_claim *out_claim)
{
    const char *reason = NULL;
    enum au_err err = au_proof_verify(root, key, proof->nodes, proof->count, out_claim, &reason);
    assert_int_equal(err != AU_OK, reason != NULL);
    return err;
}

/* A claim is what the model says. */
static void assert_claim(const struct model *model, const struct au_hash *key,
                         const struct au_proof_claim *claim)
{
    uint8_t leaf[VALUE_SIZE_MAX + 3];
    const struct entry *entry = &model->entries[model_find(model, key)];
    assert_int_equal(claim->exists, model_has(model, key));
    if (!claim->exists) {
        assert_int_equal(claim->value.size, 0);
        return;
    }
    assert_int_equal(claim->value.size, naive_string(leaf, entry->value, entry->size));
    assert_memory_equal(claim->value.data, leaf, claim->value.size);
}

static void assert_proves(struct world *world, const struct au_hash *key)
{
    struct proof proof;
    struct au_proof_claim claim;
    struct au_hash root = model_root(&world->model);
    make(world, key, &proof);
    assert_ok(verify(&root, key, &proof, &claim));
    assert_claim(&world->model, key, &claim);
    au_buf_done(&proof.bytes);
}

/* Of the branches none, some or all stay in memory, as start says. */
static struct world *world_with(size_t space, uint64_t start, size_t count)
{
    static const size_t sizes[] = {0, 4000, 1u << 24};
    struct random random = {start};
    struct world *world = world_open(sizes[start % AU_COUNT_OF(sizes)]);
    world_randomize(world, &key_spaces[space], &random, count, 20);
    (void)world_apply(world);
    world_commit(world);
    world_flush(world);
    world_randomize(world, &key_spaces[space], &random, count / 3, 60);
    (void)world_apply(world);
    world_commit(world);
    world_flush(world);
    return world;
}

static void test_every_key(void **state)
{
    (void)state;
    const size_t counts[] = {1, 3, 12, 60, 250};
    struct random random = {4};
    for (size_t i = 0; i < 3 * AU_COUNT_OF(key_spaces) * AU_COUNT_OF(counts); i++) {
        size_t space = i / 3 % AU_COUNT_OF(key_spaces);
        struct world *world = world_with(space, i, counts[i / 3 / AU_COUNT_OF(key_spaces)]);
        for (size_t j = 0; j < world->model.count; j++) {
            assert_proves(world, &world->model.entries[j].key);
        }
        for (size_t j = 0; j < 60; j++) {
            struct au_hash key = j % 3 == 0
                                     ? hash_of_number(j)
                                     : key_in(&key_spaces[j % AU_COUNT_OF(key_spaces)], &random);
            assert_proves(world, &key);
        }
        world_close(world);
    }
}

static void test_empty_trie(void **state)
{
    (void)state;
    struct world *world = world_open(0);
    struct au_hash key = hash_of_number(1);
    struct proof proof;
    struct au_proof_claim claim;
    make(world, &key, &proof);
    assert_int_equal(proof.count, 0);
    assert_int_equal(proof.bytes.size, 4);
    struct au_hash root = au_trie_empty_hash();
    assert_ok(verify(&root, &key, &proof, &claim));
    assert_false(claim.exists);
    root.bytes[0] ^= 1;
    assert_err(verify(&root, &key, &proof, &claim), AU_ERR_MALFORMED);
    au_buf_done(&proof.bytes);
    world_close(world);
}

/* The proof of one key, taken for one of another, is refused or says the truth. */
static void test_other_keys(void **state)
{
    (void)state;
    for (size_t space = 0; space < AU_COUNT_OF(key_spaces); space++) {
        struct world *world = world_with(space, 50 + space, 60);
        struct au_hash root = model_root(&world->model);
        for (size_t i = 0; i < world->model.count; i++) {
            struct proof proof;
            make(world, &world->model.entries[i].key, &proof);
            for (size_t bit = 0; bit < 8 * AU_HASH_SIZE; bit++) {
                struct au_hash key = world->model.entries[i].key;
                struct au_proof_claim claim;
                key.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                if (verify(&root, &key, &proof, &claim) != AU_OK) continue;
                assert_claim(&world->model, &key, &claim);
            }
            au_buf_done(&proof.bytes);
        }
        world_close(world);
    }
}

static void test_snapshot(void **state)
{
    (void)state;
    struct random random = {9};
    struct world *world = world_with(3, 10, 100);
    struct au_hash root = model_root(&world->model);
    struct model before = world->model;
    struct au_kv_snapshot snapshot;
    assert_ok(au_kv_snapshot_open(&world->kv, &snapshot));
    world_randomize(world, &key_spaces[3], &random, 100, 60);
    (void)world_apply(world);
    world_commit(world);
    world_flush(world);
    for (size_t i = 0; i < before.count; i++) {
        struct proof proof;
        struct au_proof_claim claim;
        make_at(world, &snapshot, &before.entries[i].key, &proof);
        assert_ok(verify(&root, &before.entries[i].key, &proof, &claim));
        assert_claim(&before, &before.entries[i].key, &claim);
        au_buf_done(&proof.bytes);
    }
    au_kv_snapshot_close(&snapshot);
    world_close(world);
}

/* ---- damage ---- */

static void assert_refused(const struct au_hash *root, const struct au_hash *key,
                           const struct proof *proof)
{
    struct au_proof_claim claim;
    assert_err(verify(root, key, proof, &claim), AU_ERR_MALFORMED);
}

static void flip_each_bit(const struct au_hash *root, const struct au_hash *key,
                          const struct proof *proof)
{
    for (size_t bit = 0; bit < 8 * proof->bytes.size; bit++) {
        struct proof copy;
        uint8_t *byte = &proof->bytes.data[bit / 8];
        *byte ^= (uint8_t)(1u << bit % 8);
        if (au_proof_split(au_buf_bytes(&proof->bytes), copy.nodes, &copy.count)) {
            assert_refused(root, key, &copy);
        }
        *byte ^= (uint8_t)(1u << bit % 8);
    }
}

static void cut_each_end(const struct proof *proof)
{
    for (size_t size = 0; size < proof->bytes.size; size++) {
        struct proof copy;
        struct au_bytes cut = {proof->bytes.data, size};
        assert_false(au_proof_split(cut, copy.nodes, &copy.count));
    }
}

/* Drops, doubles and swaps nodes. */
static void rearrange(const struct au_hash *root, const struct au_hash *key,
                      const struct proof *proof)
{
    assert_true(proof->count > 0 && proof->count < AU_PROOF_NODES_MAX);
    for (size_t i = 0; i < proof->count; i++) {
        struct proof copy = *proof;
        size_t after = proof->count - i - 1;
        memmove(&copy.nodes[i], &copy.nodes[i + 1], after * sizeof(copy.nodes[0]));
        copy.count = proof->count - 1;
        assert_refused(root, key, &copy);

        copy = *proof;
        memmove(&copy.nodes[i + 1], &copy.nodes[i], (after + 1) * sizeof(copy.nodes[0]));
        copy.count = proof->count + 1;
        assert_refused(root, key, &copy);

        for (size_t j = 0; j < i; j++) {
            copy = *proof;
            copy.nodes[i] = proof->nodes[j];
            copy.nodes[j] = proof->nodes[i];
            assert_refused(root, key, &copy);
        }
    }
}

static void test_damage(void **state)
{
    (void)state;
    for (size_t space = 0; space < AU_COUNT_OF(key_spaces); space++) {
        struct world *world = world_with(space, 100 + space, 80);
        struct au_hash root = model_root(&world->model);
        for (size_t i = 0; i < 4; i++) {
            struct proof proof;
            size_t at = i * (world->model.count - 1) / 3;
            struct au_hash key = world->model.entries[at].key;
            if (i % 2 == 1) key.bytes[i == 1 ? 31 : 0] ^= 0x10;
            make(world, &key, &proof);
            flip_each_bit(&root, &key, &proof);
            cut_each_end(&proof);
            rearrange(&root, &key, &proof);
            au_buf_done(&proof.bytes);
        }
        world_close(world);
    }
}

/* A store from which what a record promises is gone. */
static void test_damaged_store(void **state)
{
    (void)state;
    struct world *world = world_with(1, 7, 50);
    const struct au_hash halves[2] = {world->owner, world->model.entries[3].key};
    au_kv_batch_clear(&world->batch);
    au_kv_batch_del(&world->batch, AU_CF_STO, (struct au_bytes){halves[0].bytes, sizeof(halves)});
    assert_ok(au_kv_write(&world->kv, &world->batch, false));
    struct au_flat flat;
    struct au_buf out;
    au_flat_init(&flat, &world->kv, NULL);
    au_buf_init(&out, PROOF_SIZE_MAX);
    const struct au_proof_source source = {&flat, NULL, &world->owner};
    assert_err(au_proof_make(&source, &halves[1], &out), AU_ERR_MALFORMED);
    au_buf_done(&out);
    au_buf_init(&out, 100);
    assert_err(au_proof_make(&source, &world->model.entries[0].key, &out), AU_ERR_TOO_LARGE);
    au_buf_done(&out);
    au_flat_done(&flat);
    world_close(world);
}

/* ---- nodes that no trie has, under roots that are their hashes ---- */

#define ABSENT_14 "8080808080808080808080808080"
#define ABSENT_16 ABSENT_14 "8080"
#define ZEROS_32  "0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
    const char *hex;
    const char *reason;
} made_up[] = {
    {"0x", "a node is no list"},
    {"0x80", "a node is no list"},
    {"0xc000", "a node is no list"},
    {"0xf800", "a node is no list"},
    {"0xc0", "a node has neither 2 nor 17 items"},
    {"0xc100", "a node has neither 2 nor 17 items"},
    {"0xc3010203", "a node has neither 2 nor 17 items"},
    {"0xd0" ABSENT_16, "a node has neither 2 nor 17 items"},
    {"0xd2" ABSENT_16 "8080", "a node's items are malformed"},
    {"0xc38101"
     "20",
     "a node's items are malformed"},
    {"0xc22083", "a node's items are malformed"},
    {"0xd1" ABSENT_16 "80", "a branch has less than two children"},
    {"0xd3c22001" ABSENT_16, "a branch has less than two children"},
    {"0xd5c22001c22001" ABSENT_14 "01", "a branch has a value"},
    {"0xd5c22001c22001" ABSENT_14 "c0", "a branch has a value"},
    {"0xf0df" ABSENT_14 ABSENT_14 "808080" ABSENT_16, "a branch's child is no reference"},
    {"0xd483010203" ABSENT_16, "a branch's child is no reference"},
    {"0xc4c2200101", "a path is no string"},
    {"0xc28001", "a path is no string"},
    {"0xc24001", "a path has unknown flags"},
    {"0xc3818001", "a path has unknown flags"},
    {"0xc22101", "a path is padded with no zero"},
    {"0xc20101", "a path is padded with no zero"},
    {"0xe4a22000" ZEROS_32 "01", "a path is too long"},
    {"0xe3a130" ZEROS_32 "01", "a path is too long"},
    {"0xc22001", "a leaf's path does not end the key"},
    {"0xe3a120" ZEROS_32 "80", "a leaf has no value"},
    {"0xe3a120" ZEROS_32 "c0", "a leaf has no value"},
    {"0xc400c22001", "an extension has no path"},
    {"0xc21001", "an extension's child is no reference"},
    {"0xc21101", "an extension's child is no reference"},
    {"0xc410c22001", "an extension leads to no branch"},
    {"0xc610c410c22001", "an extension leads to no branch"},
    {"0xd910d710d5c22001c22001" ABSENT_14 "80", "an extension leads to no branch"},
    {"0xf838a100" ZEROS_32 "d5c22001c22001" ABSENT_14 "80", "a branch lies below a whole key"},
};

static void assert_reason(const struct au_hash *root, const struct au_bytes *nodes, size_t count,
                          const char *expected)
{
    const struct au_hash key = {0};
    struct au_proof_claim claim;
    const char *reason = "";
    assert_err(au_proof_verify(root, &key, nodes, count, &claim, &reason), AU_ERR_MALFORMED);
    assert_string_equal(reason, expected);

    /* The verifier that others copy says the same. */
    const struct aureon_hash foreign_key = {{0}};
    struct aureon_hash foreign_root;
    struct aureon_bytes copies[3];
    struct aureon_claim foreign_claim;
    memcpy(foreign_root.bytes, root->bytes, AU_HASH_SIZE);
    assert_true(count <= AU_COUNT_OF(copies));
    for (size_t i = 0; i < count; i++)
        copies[i] = (struct aureon_bytes){nodes[i].data, nodes[i].size};
    const struct aureon_nodes list = {copies, count};
    reason = aureon_verify_key(&foreign_root, &foreign_key, list, &foreign_claim);
    assert_non_null(reason);
    assert_string_equal(reason, expected);
}

static struct au_bytes bytes_of_hex(const char *hex, uint8_t *out)
{
    struct au_bytes bytes = {out, strlen(hex) / 2 - 1};
    assert_ok(au_hex_parse(au_bytes_of(hex), out, bytes.size));
    return bytes;
}

static void test_made_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(made_up); i++) {
        uint8_t bytes[128];
        struct au_bytes node = bytes_of_hex(made_up[i].hex, bytes);
        struct au_hash root = au_sha256(node);
        assert_reason(&root, &node, 1, made_up[i].reason);
    }
}

/* A branch whose first child is the hash of a node. */
static struct au_bytes branch_above(struct au_bytes node, uint8_t *out)
{
    struct au_bytes branch = bytes_of_hex("0xf3a0" ZEROS_32 "c22001" ABSENT_14 "80", out);
    struct au_hash hash = au_sha256(node);
    memcpy(out + 2, hash.bytes, AU_HASH_SIZE);
    return branch;
}

static void test_made_up_lists(void **state)
{
    (void)state;
    uint8_t leaf[128], branch[128];
    struct au_bytes nodes[3];
    /* 63 nibbles of zero behind the branch */
    nodes[1] = bytes_of_hex("0xe2a030" ZEROS_32 "01", leaf);
    nodes[1].size--;
    leaf[34] = 1;
    nodes[0] = branch_above(nodes[1], branch);
    nodes[2] = nodes[1];
    struct au_hash root = au_sha256(nodes[0]);
    const struct au_hash key = {0};
    struct au_proof_claim claim;
    const char *reason = NULL;
    assert_ok(au_proof_verify(&root, &key, nodes, 2, &claim, &reason));
    assert_true(claim.exists);
    assert_bytes(claim.value, "\1");
    assert_reason(&root, nodes, 3, "a node is not needed");
    assert_reason(&root, nodes, 1, "a node is missing");
    assert_reason(&root, nodes, 0, "a node is missing");
    leaf[34] = 2;
    assert_reason(&root, nodes, 2, "a node's hash is not its parent's");
    nodes[1] = bytes_of_hex("0xc22001", leaf);
    nodes[0] = branch_above(nodes[1], branch);
    root = au_sha256(nodes[0]);
    assert_reason(&root, nodes, 2, "a node is listed that stands in its parent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),  cmocka_unit_test(test_empty_trie),
        cmocka_unit_test(test_other_keys), cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_damaged_store),
        cmocka_unit_test(test_made_up),    cmocka_unit_test(test_made_up_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
