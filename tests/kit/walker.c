/* A contract that walks over its storage while it changes. */
#include "aureon_contract.h"

AUREON_CONTRACT(walker, 1.0.0)

static void put(const char *key, uint32_t size)
{
    aureon_storage_write(key, size, key, size);
}

AUREON_FN(walk, u64, mut, "The last bytes of the keys met, as digits of base 256")
{
    char key[4], value[4];
    put("ab", 2);
    put("b", 1);
    put("aa", 2);
    put("a", 1);
    uint64_t met = 0;
    int32_t iter = aureon_iter_open("a", 1);
    for (;;) {
        uint64_t sizes = aureon_iter_next(iter, key, sizeof(key), value, sizeof(value));
        if (sizes == AUREON_ITER_END) break;
        uint32_t size = aureon_iter_key_size(sizes);
        if (aureon_iter_value_size(sizes) != size) break;
        met = met << 8 | (uint8_t)key[size - 1];
        if (size == 1) aureon_storage_delete("aa", 2);
        if (key[size - 1] == 'b') put("ac", 2);
    }
    aureon_iter_close(iter);
    return met;
}

AUREON_FN(leave_open, void, mut, "Opens as many as there may be, and one more if told",
          (bool, more))
{
    for (int i = 0; i < 64 + more; i++)
        aureon_iter_open("", 0);
}

AUREON_FN(use_closed, void, mut, "Steps a walk that nobody opened")
{
    aureon_iter_next(0, NULL, 0, NULL, 0);
}
