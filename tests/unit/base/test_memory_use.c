/* What is mapped counts at once, what is written to as well. */
#include "unit/unit.h"

#include <sys/mman.h>

#include "base/memory_use.h"

#define SIZE ((size_t)16 << 20)

static void test_grows(void **state)
{
    struct au_memory_use before, mapped, written;
    (void)state;
    assert_ok(au_memory_use_read(&before));
    assert_true(before.resident > 0 && before.resident <= before.mapped);
    uint8_t *pages = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_ok(au_memory_use_read(&mapped));
    memset(pages, 1, SIZE);
    assert_ok(au_memory_use_read(&written));
    assert_true(mapped.mapped >= before.mapped + SIZE);
    assert_true(written.resident >= mapped.resident + SIZE - (SIZE >> 3));
    assert_int_equal(munmap(pages, SIZE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grows)};
    return cmocka_run_group_tests_name("base/memory_use", tests, NULL, NULL);
}
