/* A purse that its contract may spend from, for accounts of a chain and, in a run without one, for
 * those with names of 1 to 64 bytes: its arguments are plain bytes, which no type of the ABI says,
 * so it reads them itself. */
#include "aureon_contract.h"

enum purse_error { PURSE_BAD_ARGUMENT = 3 };

/* Returns the balance of an account. */
uint64_t AUREON_EXPORT(check_balance)(const uint8_t *account, uint32_t size)
{
    return aureon_get_balance(account, size);
}

static uint32_t account_arg(uint32_t index, uint8_t account[AUREON_ACCOUNT_MAX])
{
    int32_t size = aureon_arg_size(index);
    if (size < 0 || size > (int32_t)AUREON_ACCOUNT_MAX) {
        aureon_revert(PURSE_BAD_ARGUMENT,
                      AUREON_TEXT("send_funds takes to, amount u64, and maybe from"));
    }
    aureon_arg_read(index, account, 0, AUREON_ACCOUNT_MAX);
    return (uint32_t)size;
}

/* Moves funds: arguments to, amount u64 and, if not this contract, from. Returns what transfer
 * said: an enum aureon_transfer. */
int32_t AUREON_EXPORT(send_funds)(void)
{
    uint8_t to[AUREON_ACCOUNT_MAX];
    uint8_t from[AUREON_ACCOUNT_MAX];
    uint32_t count = aureon_arg_count();
    uint32_t to_size = account_arg(0, to);
    uint32_t from_size = AUREON_ADDRESS_SIZE;
    uint64_t amount = 0;
    if (count > 3 || aureon_arg_size(1) != sizeof(amount)) {
        aureon_revert(PURSE_BAD_ARGUMENT,
                      AUREON_TEXT("send_funds takes to, amount u64, and maybe from"));
    }

    aureon_arg_read(1, &amount, 0, sizeof(amount));
    if (count == 3) {
        from_size = account_arg(2, from);
    } else {
        aureon_self_address(from);
    }
    return aureon_transfer(from, from_size, to, to_size, amount);
}
