/* The token as C of this machine: `aureon test` compiles and runs it under sanitizers. Whatever is
 * moved, the supply stays. */
#include "aureon_mock.h"

#include <stdio.h>
#include <stdlib.h>

enum { OWNERS = 4, SUPPLY = 1000, MOVES = 1000 };

static aureon_address owners[OWNERS], token;

static void add(struct aureon_mock_args *args, const void *data, uint32_t size)
{
    args->items[args->count++] = (aureon_bytes){data, size};
}

static uint64_t balance_of(aureon_address owner)
{
    struct aureon_mock_args args = {0};
    uint64_t balance;
    add(&args, &owner, sizeof(owner));
    struct aureon_mock_result result = aureon_mock_view(token, "balance_of", &args);
    if (result.outcome != AUREON_SUCCESS || result.data.size != sizeof(balance)) {
        fprintf(stderr, "balance_of: outcome %d\n", result.outcome);
        exit(1);
    }
    memcpy(&balance, result.data.data, sizeof(balance));
    return balance;
}

/* A transfer succeeds exactly if the balance covers it: tried with all of the balance, with one
 * more, and with what was drawn. */
static void move(uint32_t from, uint32_t to, uint64_t drawn)
{
    struct aureon_mock_args args = {0};
    uint64_t before = balance_of(owners[from]);
    uint64_t amount = drawn % 4 < 2 ? before + drawn % 4 : drawn;
    add(&args, &owners[to], sizeof(owners[to]));
    add(&args, &amount, sizeof(amount));
    struct aureon_mock_result result = aureon_mock_call(token, "transfer", owners[from], 0, &args);
    bool is_covered = amount <= before;
    if ((result.outcome == AUREON_SUCCESS) == is_covered) return;
    fprintf(stderr, "owner %u has %llu and sends %llu: outcome %d\n", from,
            (unsigned long long)before, (unsigned long long)amount, result.outcome);
    exit(1);
}

int main(void)
{
    static const char *const names[OWNERS] = {"alice", "bob", "carol", "dave"};
    struct aureon_mock_args args = {0};
    uint64_t supply = SUPPLY, sum = 0;
    uint32_t state = 1;
    for (int i = 0; i < OWNERS; i++)
        owners[i] = aureon_mock_account(names[i]);
    add(&args, &supply, sizeof(supply));
    if (aureon_mock_deploy("token", owners[0], 0, &args, &token).outcome != AUREON_SUCCESS)
        return 1;
    for (int i = 0; i < MOVES; i++) {
        state = state * 1664525u + 1013904223u; /* any numbers, but the same each time */
        move(state >> 30, state >> 28 & 3, state >> 8 & 1023);
    }
    for (int i = 0; i < OWNERS; i++)
        sum += balance_of(owners[i]);
    if (sum != supply) fprintf(stderr, "the balances together are %llu\n", (unsigned long long)sum);
    return sum == supply ? 0 : 1;
}
