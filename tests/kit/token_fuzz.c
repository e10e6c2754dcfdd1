/* libFuzzer on the token: whatever is called, the balances of all accounts are the supply. Built
 * with -DTOKEN_LIMIT=n it also claims that nobody but the deployer has n tokens or more, which is
 * not so. */
#include "aureon_mock.h"

#include <stdlib.h>

#ifndef TOKEN_LIMIT
#define TOKEN_LIMIT UINT64_MAX
#endif

enum { ACCOUNTS = 3, SUPPLY = 100 };

static const char *const functions[] = {"transfer", "approve", "transfer_from"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct aureon_mock_result run(aureon_address token, aureon_address accounts[ACCOUNTS],
                                     const uint8_t step[4])
{
    struct aureon_mock_args args = {0};
    uint32_t function = step[0] % 3;
    uint64_t amount = step[3];
    if (function == 2)
        args.items[args.count++] = (aureon_bytes){accounts[step[1] / 3 % ACCOUNTS].bytes, 32};
    args.items[args.count++] = (aureon_bytes){accounts[step[2] % ACCOUNTS].bytes, 32};
    args.items[args.count++] = (aureon_bytes){(const uint8_t *)&amount, sizeof(amount)};
    return aureon_mock_call(token, functions[function], accounts[step[1] % ACCOUNTS], 0, &args);
}

static void check(aureon_address token, aureon_address accounts[ACCOUNTS])
{
    uint64_t sum = 0;
    for (int i = 0; i < ACCOUNTS; i++) {
        struct aureon_mock_args args = {1, {{accounts[i].bytes, 32}}};
        struct aureon_mock_result result = aureon_mock_view(token, "balance_of", &args);
        uint64_t balance;
        if (result.outcome != AUREON_SUCCESS) abort();
        memcpy(&balance, result.data.data, sizeof(balance));
        if (i > 0 && balance >= TOKEN_LIMIT) abort();
        sum += balance;
    }
    if (sum != SUPPLY) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t supply = SUPPLY;
    struct aureon_mock_args args = {1, {{(const uint8_t *)&supply, sizeof(supply)}}};
    aureon_address token;
    aureon_mock_reset();
    aureon_address accounts[ACCOUNTS] = {aureon_mock_account("alice"), aureon_mock_account("bob"),
                                         aureon_mock_account("carol")};
    if (aureon_mock_deploy("token", accounts[0], 0, &args, &token).outcome != AUREON_SUCCESS)
        abort();
    for (; size >= 4; data += 4, size -= 4)
        run(token, accounts, data);
    check(token, accounts);
    return 0;
}
