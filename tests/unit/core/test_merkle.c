/* Merkle trees. The roots were made by another implementation, by recursion as RFC 6962 has it. */
#include "unit/unit.h"

#include "base/hex.h"
#include "core/merkle.h"
#include "crypto/sha256.h"

#define LEAVES_MAX 1000u
#define PROVED_MAX 33u /* every proof of every tree of so many leaves */

/* Leaf number i is SHA-256("leaf" || i u32). */
static struct au_hash leaves[LEAVES_MAX];

static const struct {
    uint32_t count;
    const char *root;
} roots[] = {
    {0, "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {1, "0x3500b93fdffd9a20f2286ae31637c4fd6d4f92fc820d99fd9c63f6dc65c2c34a"},
    {2, "0x0b827a662779303e248b106b972cd3f7a7a6c8b596962f122fc1aae6bcd01306"},
    {3, "0x91b13f09441ef6626b3ef7ee4052a5aaa336bdc6d1edde1d0e32d41047ee4b89"},
    {4, "0x8258b8355676e885abb95dd713619714f2f53b876d93bd940f54933215b5e982"},
    {5, "0x67c02c8e68c22e5c6eb756d407f8c41bd7e7b03c0b15742ce39aa847737b18ac"},
    {6, "0x21081e35ce8437920e0f6e35245469429bee591ccde638dcaeb99a9c7684b449"},
    {7, "0x2b622e4993da53e1bb4cda6c2f18a790e3aa190e861eec0b2296676ad5ecff9b"},
    {8, "0xe2d2957de0bf52da19f132a6b7a067841375b9b88b6058954f46b02add87bdd4"},
    {9, "0x076e08d85d99bd9d0c459797b5133b1d3c8a360eae71740e27fca43d3a5c4097"},
    {1000, "0x6f2471f710ec6d675e8df21f576f2a1f0ebce9f64540dca1364f48ac0a79b0eb"},
};

static int begin(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LEAVES_MAX; i++) {
        struct au_bytes parts[] = {au_bytes_of("leaf"), {(const uint8_t *)&i, sizeof(i)}};
        leaves[i] = au_sha256_parts(parts, AU_COUNT_OF(parts));
    }
    return 0;
}

static void test_roots(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(roots); i++) {
        uint8_t expected[AU_HASH_SIZE];
        struct au_hash root = au_merkle_root_of(leaves, roots[i].count);
        assert_ok(au_hex_parse(au_bytes_of(roots[i].root), expected, AU_HASH_SIZE));
        assert_memory_equal(root.bytes, expected, AU_HASH_SIZE);
    }
}

/* A root may be asked for at any time; the tree goes on as if nobody had. */
static void test_root_while_building(void **state)
{
    (void)state;
    struct au_merkle tree = {0};
    for (uint32_t count = 0; count < LEAVES_MAX; count++) {
        struct au_hash root = au_merkle_root(&tree);
        struct au_hash expected = au_merkle_root_of(leaves, count);
        assert_true(au_hash_is_equal(&root, &expected));
        au_merkle_add(&tree, &leaves[count]);
    }
}

struct proof {
    struct au_hash root;
    struct au_hash leaf;
    uint32_t index;
    uint32_t count;
    struct au_hash path[AU_MERKLE_DEPTH_MAX];
    uint32_t path_count;
};

static struct proof prove(uint32_t count, uint32_t index)
{
    struct proof proof = {
        .root = au_merkle_root_of(leaves, count),
        .leaf = leaves[index],
        .index = index,
        .count = count,
    };
    proof.path_count = au_merkle_prove(leaves, count, index, proof.path);
    return proof;
}

static bool is_valid(const struct proof *proof)
{
    return au_merkle_verify(&proof->root, &proof->leaf, proof->index, proof->count, proof->path,
                            proof->path_count);
}

static void check_bits(struct proof *proof, struct au_hash *hash)
{
    for (size_t bit = 0; bit < (size_t)AU_HASH_SIZE * 8; bit++) {
        hash->bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_false(is_valid(proof));
        hash->bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

/* Elements dropped, added and swapped. */
static void check_path(const struct proof *proof)
{
    for (uint32_t i = 0; i < proof->path_count; i++) {
        struct proof wrong = *proof;
        size_t behind = proof->path_count - i - 1;
        memmove(&wrong.path[i], &wrong.path[i + 1], behind * sizeof(wrong.path[0]));
        wrong.path_count--;
        assert_false(is_valid(&wrong));
    }
    for (uint32_t i = 0; i <= proof->path_count; i++) {
        struct proof wrong = *proof;
        size_t behind = proof->path_count - i;
        memmove(&wrong.path[i + 1], &wrong.path[i], behind * sizeof(wrong.path[0]));
        wrong.path[i] = proof->leaf;
        wrong.path_count++;
        assert_false(is_valid(&wrong));
    }
    for (uint32_t i = 1; i < proof->path_count; i++) {
        struct proof wrong = *proof;
        wrong.path[i] = proof->path[i - 1];
        wrong.path[i - 1] = proof->path[i];
        assert_false(is_valid(&wrong));
    }
}

static void check_places(const struct proof *proof)
{
    struct proof wrong = *proof;
    for (uint32_t index = 0; index <= proof->count + 1; index++) {
        wrong.index = index;
        assert_int_equal(is_valid(&wrong), index == proof->index);
    }
    wrong.index = UINT32_MAX;
    assert_false(is_valid(&wrong));
    wrong = *proof;
    wrong.count = proof->index;
    assert_false(is_valid(&wrong));
    wrong.count = 0;
    assert_false(is_valid(&wrong));
}

static void test_proofs(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= PROVED_MAX; count++) {
        for (uint32_t index = 0; index < count; index++) {
            struct proof proof = prove(count, index);
            assert_true(is_valid(&proof));
            check_path(&proof);
            check_places(&proof);
        }
    }
}

static void test_flipped_bits(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= PROVED_MAX; count++) {
        struct proof proof = prove(count, count * 2 / 3);
        check_bits(&proof, &proof.root);
        check_bits(&proof, &proof.leaf);
        for (uint32_t i = 0; i < proof.path_count; i++) {
            check_bits(&proof, &proof.path[i]);
        }
        assert_true(is_valid(&proof));
    }
}

/* The path has one size for an index and a count, and its shape is theirs: a count that gives
 * another size is refused, and so is a tree of another count with the root of its own. */
static void test_wrong_counts(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= PROVED_MAX; count++) {
        for (uint32_t index = 0; index < count; index++) {
            struct proof proof = prove(count, index);
            for (uint32_t other = index + 1; other <= PROVED_MAX; other++) {
                struct proof wrong = proof;
                struct proof own = prove(other, index);
                wrong.root = own.root;
                assert_int_equal(is_valid(&wrong), other == count);
                wrong = proof;
                wrong.count = other;
                if (own.path_count != proof.path_count) assert_false(is_valid(&wrong));
            }
        }
    }
}

/* The last leaf of a full tree has all others to its left, as a single leaf with a path would. */
static void test_a_single_leaf_has_no_path(void **state)
{
    (void)state;
    for (uint32_t count = 2; count <= PROVED_MAX; count *= 2) {
        struct proof wrong = prove(count, count - 1);
        wrong.index = 0;
        wrong.count = 1;
        assert_false(is_valid(&wrong));
    }
}

static void test_a_large_tree(void **state)
{
    (void)state;
    static const uint32_t places[] = {0, 1, 511, 512, 767, 768, 998, 999};
    for (size_t i = 0; i < AU_COUNT_OF(places); i++) {
        struct proof proof = prove(LEAVES_MAX, places[i]);
        assert_true(is_valid(&proof));
        check_path(&proof);
    }
}

/* No inner node passes for a leaf. */
static void test_leaves_are_apart_from_nodes(void **state)
{
    (void)state;
    struct au_hash left = au_merkle_root_of(leaves, 2);
    struct au_hash right = au_merkle_root_of(leaves + 2, 2);
    struct au_hash root = au_merkle_root_of(leaves, 4);
    assert_false(au_merkle_verify(&root, &left, 0, 2, &right, 1));
    assert_false(au_merkle_verify(&root, &root, 0, 1, NULL, 0));
}

static void prove_past_the_end(void *argument)
{
    struct au_hash path[AU_MERKLE_DEPTH_MAX];
    (void)argument;
    au_merkle_prove(leaves, 5, 5, path);
}

static void test_an_index_past_the_end_is_a_bug(void **state)
{
    (void)state;
    assert_true(unit_aborts(prove_past_the_end, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_root_while_building),
        cmocka_unit_test(test_proofs),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_wrong_counts),
        cmocka_unit_test(test_a_single_leaf_has_no_path),
        cmocka_unit_test(test_a_large_tree),
        cmocka_unit_test(test_leaves_are_apart_from_nodes),
        cmocka_unit_test(test_an_index_past_the_end_is_a_bug),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
