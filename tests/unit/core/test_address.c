/* The system account is what its definition says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/address.h"
#include "crypto/sha256.h"

static void test_system_account(void **state)
{
    (void)state;
    struct au_hash hash = au_sha256_tagged("aureon/system", (struct au_bytes){0});
    assert_memory_equal(au_address_system.bytes, hash.bytes, AU_ADDRESS_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system_account),
    };
    return cmocka_run_group_tests_name("core/address", tests, NULL, NULL);
}
