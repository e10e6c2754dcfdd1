/* The code registry: kept by hash, refused code leaves nothing, growth, threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "aureon.h"
#include "base/buf.h"
#include "crypto/sha256.h"

#define MODULES 300u
#define THREADS 8u

/* An empty module with a custom section that holds a number: each is other code. */
static struct au_bytes module_of(uint32_t number, uint8_t out_code[16])
{
    static const uint8_t head[12] = "\0asm\1\0\0\0\0\6\1n";
    memcpy(out_code, head, sizeof(head));
    memcpy(out_code + sizeof(head), &number, sizeof(number));
    return (struct au_bytes){out_code, 16};
}

static void deploy_all(struct au_registry *registry)
{
    for (uint32_t i = 0; i < MODULES; i++) {
        uint8_t bytes[16];
        struct au_bytes code = module_of(i, bytes);
        struct au_hash expected = au_sha256(code);
        struct au_hash hash;
        struct au_reject reject;
        struct au_bytes kept;
        assert_int_equal(au_registry_deploy(registry, code, &hash, &reject), AU_OK);
        assert_memory_equal(hash.bytes, expected.bytes, AU_HASH_SIZE);
        assert_true(au_registry_contract_exists(registry, &hash));
        assert_int_equal(au_registry_get_contract(registry, &hash, &kept), AU_OK);
        assert_int_equal(kept.size, code.size);
        assert_memory_equal(kept.data, code.data, code.size);
        assert_ptr_not_equal(kept.data, code.data);
    }
}

static void test_deploy_and_get(void **state)
{
    (void)state;
    struct au_registry *registry;
    assert_int_equal(au_registry_new(&registry), AU_OK);
    uint8_t bytes[16];
    struct au_hash first = au_sha256(module_of(0, bytes));
    struct au_bytes kept = {NULL, 77};
    assert_false(au_registry_contract_exists(registry, &first));
    assert_int_equal(au_registry_get_contract(registry, &first, &kept), AU_ERR_NOT_FOUND);
    assert_int_equal(kept.size, 77);

    deploy_all(registry);
    assert_int_equal(au_registry_get_contract(registry, &first, &kept), AU_OK);
    const uint8_t *place = kept.data;
    deploy_all(registry); /* again: nothing changes, nothing moves */
    assert_int_equal(au_registry_get_contract(registry, &first, &kept), AU_OK);
    assert_ptr_equal(kept.data, place);
    struct au_hash unknown = first;
    unknown.bytes[31] ^= 1; /* equal in all that the table looks at first */
    assert_false(au_registry_contract_exists(registry, &unknown));
    au_registry_free(registry);
    au_registry_free(NULL);
}

static void test_refused_code(void **state)
{
    (void)state;
    struct au_registry *registry;
    assert_int_equal(au_registry_new(&registry), AU_OK);
    struct au_bytes code = au_bytes_of("no module at all");
    struct au_hash expected = au_sha256(code);
    struct au_hash hash = {{0}};
    struct au_reject reject = {0};
    assert_int_equal(au_registry_deploy(registry, code, &hash, &reject), AU_ERR_INVALID_MODULE);
    assert_string_equal(reject.rule, "malformed");
    assert_true(strlen(reject.message) > 0);
    assert_int_equal(hash.bytes[0], 0);
    assert_false(au_registry_contract_exists(registry, &expected));
    au_registry_free(registry);
}

static void *deploy_on_thread(void *context)
{
    deploy_all(context);
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct au_registry *registry;
    assert_int_equal(au_registry_new(&registry), AU_OK);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, deploy_on_thread, registry), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    deploy_all(registry);
    au_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deploy_and_get),
        cmocka_unit_test(test_refused_code),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("contract/registry", tests, NULL, NULL);
}
