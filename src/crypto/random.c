#include "crypto/random.h"

#include <sodium.h>

void au_random_bytes(void *out_bytes, size_t size)
{
    AU_ASSERT(sodium_init() >= 0);
    randombytes_buf(out_bytes, size);
}
