/* libFuzzer on the kit's readers of options, lists and maps: an argument is either taken, or ends
 * the call as wrong or too large. What comes back is the same bytes: a value has one encoding. */
#include "aureon_mock.h"

#include <stdlib.h>

static const char *const functions[] = {"same", "priced", "all", "truths", "halve"};
enum { FUNCTIONS = sizeof(functions) / sizeof(functions[0]), SAME = 0, HALVE = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_expected(const struct aureon_mock_result *result)
{
    if (result->outcome == AUREON_SUCCESS) return true;
    return result->outcome == AUREON_REVERTED && (result->revert_code == AUREON_ERROR_ARGUMENTS ||
                                                  result->revert_code == AUREON_ERROR_MEMORY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aureon_address lists, alice = aureon_mock_account("alice");
    if (size == 0) return 0;
    uint8_t function = data[0] % FUNCTIONS;
    struct aureon_mock_args args = {1, {{data + 1, (uint32_t)size - 1}}};
    aureon_mock_reset();
    if (aureon_mock_deploy("lists", alice, 0, NULL, &lists).outcome != AUREON_SUCCESS) abort();
    struct aureon_mock_result result = aureon_mock_view(lists, functions[function], &args);
    if (!is_expected(&result)) abort();
    if (result.outcome != AUREON_SUCCESS) return 0;
    if (function == HALVE && size != 2 && size != 10) abort();
    if (function == SAME &&
        (result.data.size != size - 1 || memcmp(result.data.data, data + 1, result.data.size) != 0))
        abort();
    return 0;
}
