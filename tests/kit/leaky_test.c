#include "aureon_mock.h"

int main(void)
{
    static const uint8_t text[] = {16, 0, 0, 0,  1,  2,  3,  4,  5,  6,
                                   7,  8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct aureon_mock_args args = {1, {{text, sizeof(text)}}};
    aureon_address alice = aureon_mock_account("alice"), contract;
    aureon_mock_deploy("leaky", alice, 0, NULL, &contract);
    return aureon_mock_call(contract, "store", alice, 0, &args).outcome == AUREON_SUCCESS ? 0 : 1;
}
