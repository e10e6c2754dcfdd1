/* Goal: a topic is the value at the end of 32 bytes if all values of its type have one size that
 * fits, else its hash.
 *
 * Method: types as an ABI writes them, with a value each. */
#include "unit/unit.h"

#include "abi/topic.h"
#include "crypto/sha256.h"

static const char abi_text[] =
    "abi 1\n"
    "type Small{a:u64,b:(u128,bool)}\ntype Full{a:u128,b:u128}\ntype Large{a:u128,b:u128,c:u8}\n"
    "enum Side{Buy,Sell}\n"
    "fn f(a:u64,b:address,c:Small,d:Full,e:Large,f:string,g:option<u8>,h:Side,i:vec<u8>) mut\n";

static void test_sizes(void **state)
{
    static const size_t sizes[] = {8, 32, 25, 32, 0, 0, 0, 0, 0};
    struct au_arena arena;
    struct au_abi abi;
    struct au_abi_error error;
    (void)state;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    assert_int_equal(au_abi_parse(au_bytes_of(abi_text), &arena, &abi, &error), AU_OK);
    const struct au_abi_record *fn = au_abi_find(&abi, AU_ABI_FN, au_bytes_of("f"));
    assert_int_equal(fn->field_count, AU_COUNT_OF(sizes));
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        uint8_t value[64];
        uint8_t expected[AU_HASH_SIZE] = {0};
        const struct au_abi_type *type = &fn->fields[i].type;
        memset(value, 0x11, sizeof(value));
        assert_int_equal(au_abi_topic_size(type), sizes[i]);
        struct au_bytes bytes = {value, sizes[i] == 0 ? sizeof(value) : sizes[i]};
        struct au_hash topic = au_abi_topic_of(type, bytes);
        struct au_hash hash = au_sha256(bytes);
        memset(expected + AU_HASH_SIZE - sizes[i], 0x11, sizes[i]);
        assert_memory_equal(topic.bytes, sizes[i] == 0 ? hash.bytes : expected, AU_HASH_SIZE);
    }
    au_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
