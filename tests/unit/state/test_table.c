/* The hash table against an array, with hashes chosen to collide, and the hash of keys against
 * values of an independent implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/key_hash.h"
#include "state/table.h"

#define ENTRIES 3000u

struct item {
    uint32_t key;
    uint64_t hash;
};

static struct item items[ENTRIES];

static struct item *find(const struct au_table *table, uint64_t hash, uint32_t key)
{
    struct au_table_cell *cell = au_table_find(table, hash);
    for (; cell; cell = au_table_next(table, cell, hash)) {
        struct item *item = cell->entry;
        if (item->key == key) return item;
    }
    return NULL;
}

static void fill_and_check(struct au_table *table, uint64_t hash_mask)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        items[i] = (struct item){i, (i * 0x9e3779b97f4a7c15u) & hash_mask};
        assert_null(find(table, items[i].hash, i));
        assert_int_equal(au_table_add(table, items[i].hash, &items[i]), AU_OK);
        assert_int_equal(table->count, i + 1);
        assert_true(table->capacity >= 2 * table->count);
    }
    for (uint32_t i = 0; i < ENTRIES; i++) {
        assert_ptr_equal(find(table, items[i].hash, i), &items[i]);
        assert_null(find(table, items[i].hash, i + ENTRIES));
    }
}

static void test_table_finds_all(void **state)
{
    (void)state;
    const uint64_t masks[] = {UINT64_MAX, 0xff, 0x3, 0, UINT64_MAX << 40};
    struct au_table table = {0};
    for (size_t i = 0; i < AU_COUNT_OF(masks); i++) {
        fill_and_check(&table, masks[i]);
        au_table_clear(&table);
        assert_int_equal(table.count, 0);
        assert_null(find(&table, items[7].hash, 7));
    }
    au_table_done(&table);
    assert_int_equal(table.capacity, 0);
}

static void test_table_keeps_small_cells(void **state)
{
    (void)state;
    struct au_table table = {0};
    struct item item = {1, 2};
    assert_int_equal(au_table_add(&table, item.hash, &item), AU_OK);
    struct au_table_cell *cells = table.cells;
    au_table_clear(&table);
    assert_int_equal(au_table_add(&table, item.hash, &item), AU_OK);
    assert_ptr_equal(table.cells, cells);
    au_table_done(&table);
}

/* SipHash-1-3 of address || key, seed words 0x0706050403020100 and 0x0f0e0d0c0b0a0908, address
 * bytes 0..31, key bytes 32, 33, ... */
static void test_key_hash_vectors(void **state)
{
    (void)state;
    static const struct {
        size_t key_size;
        uint64_t hash;
    } vectors[] = {
        {0, 0x81157b6c16a7b60du},   {1, 0x4d54b9e57a8ff9bfu},   {7, 0x626b57547b108392u},
        {8, 0xc1d2363299e41531u},   {9, 0x667cc1923f1ad944u},   {31, 0x9d199062b7bbb3a8u},
        {32, 0xf17997ec4b4a6065u},  {33, 0x5e1e6109660f720eu},  {64, 0x1688d0fb31335b28u},
        {255, 0xfdd14b3b9db91429u}, {256, 0x8d86a6fa390ec8f5u},
    };
    struct au_seed seed = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
    struct au_address address;
    uint8_t key[256];
    for (size_t i = 0; i < AU_ADDRESS_SIZE; i++)
        address.bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(AU_ADDRESS_SIZE + i);
    for (size_t i = 0; i < AU_COUNT_OF(vectors); i++) {
        uint64_t hash = au_key_hash(&seed, &address, (struct au_bytes){key, vectors[i].key_size});
        assert_int_equal(hash, vectors[i].hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_finds_all),
        cmocka_unit_test(test_table_keeps_small_cells),
        cmocka_unit_test(test_key_hash_vectors),
    };
    return cmocka_run_group_tests_name("state/table", tests, NULL, NULL);
}
