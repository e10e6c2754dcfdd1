/* A contract that writes behind what it allocated, which AddressSanitizer shows. */
#include "aureon_contract.h"

AUREON_CONTRACT(leaky, 1.0.0)

AUREON_FN(store, void, mut, "Copies a text into a block that is a byte too short", (bytes, text))
{
    uint8_t *copy = aureon_alloc(text.size);
    for (uint32_t i = 0; i <= text.size; i++)
        copy[i] = i < text.size ? text.data[i] : 0;
}
