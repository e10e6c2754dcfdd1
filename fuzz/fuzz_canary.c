/* Has bugs on purpose: tools/fuzz runs it first, and trusts its own silence about the other targets
 * only if this one is found out. Each bug needs a word of four letters, which only a search guided
 * by coverage finds. */
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, data + size};
    struct au_bytes word = fuzz_take(&input, 4);
    volatile size_t past_end = word.size;
    volatile int big = INT_MAX;

    if (au_bytes_is_equal(word, au_bytes_of("heap"))) {
        volatile uint8_t *block = malloc(past_end);
        AU_ASSERT(block != NULL);
        block[past_end] = 1;
    }
    if (au_bytes_is_equal(word, au_bytes_of("sign"))) big = big + (int)word.size;
    AU_ASSERT(!au_bytes_is_equal(word, au_bytes_of("halt")));
    return 0;
}
