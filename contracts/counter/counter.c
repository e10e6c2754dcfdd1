/* A counter that is kept in storage, and a purse that its contract may spend from. */
#include "aureon_contract.h"

enum counter_error {
    COUNTER_OVERFLOW = 1,
    COUNTER_MALFORMED = 2,
    COUNTER_BAD_ARGUMENT = 3,
};

#define COUNTER_KEY AUREON_TEXT("counter")

static uint64_t counter_read(void)
{
    int64_t size = aureon_storage_size(COUNTER_KEY);
    if (size < 0) return 0;

    uint64_t counter = 0;
    if (size != (int64_t)sizeof(counter)) {
        aureon_fail(COUNTER_MALFORMED, "the stored counter is not 8 bytes");
    }
    aureon_storage_read(COUNTER_KEY, &counter, sizeof(counter));
    return counter;
}

static void counter_write(uint64_t counter)
{
    aureon_storage_write(COUNTER_KEY, &counter, sizeof(counter));
}

static void counter_log(uint64_t counter)
{
    static const char name[10] = {'c', 'o', 'u', 'n', 't', 'e', 'r', ' ', '=', ' '};
    char line[sizeof(name) + AUREON_DECIMAL_MAX];
    for (uint32_t i = 0; i < sizeof(name); i++) {
        line[i] = name[i];
    }
    uint32_t size = aureon_format_u64(counter, line + sizeof(name));
    aureon_log(line, (uint32_t)sizeof(name) + size);
}

/* Sets the counter to 0. */
void AUREON_EXPORT(init)(void)
{
    counter_write(0);
}

/* Adds one, or the u64 given as the only argument, and returns the sum. */
uint64_t AUREON_EXPORT(increment)(void)
{
    uint64_t by = 1;
    uint32_t count = aureon_arg_count();
    if (count > 1 || (count == 1 && !aureon_arg_u64(0, &by))) {
        aureon_fail(COUNTER_BAD_ARGUMENT, "increment takes nothing or one u64");
    }

    uint64_t counter = 0;
    if (!aureon_add(counter_read(), by, &counter)) {
        aureon_fail(COUNTER_OVERFLOW, "the counter would exceed 64 bits");
    }
    counter_write(counter);
    counter_log(counter);
    return counter;
}

/* Returns the counter; 0 before the first write. */
uint64_t AUREON_EXPORT(get)(void)
{
    return counter_read();
}

/* Returns the balance of an account. */
uint64_t AUREON_EXPORT(check_balance)(const uint8_t *account, uint32_t size)
{
    return aureon_get_balance(account, size);
}

static uint32_t account_arg(uint32_t index, uint8_t account[AUREON_ACCOUNT_MAX])
{
    int32_t size = aureon_arg_size(index);
    if (size < 0 || size > (int32_t)AUREON_ACCOUNT_MAX) {
        aureon_fail(COUNTER_BAD_ARGUMENT, "send_funds takes to, amount u64, and maybe from");
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
    if (count > 3 || !aureon_arg_u64(1, &amount)) {
        aureon_fail(COUNTER_BAD_ARGUMENT, "send_funds takes to, amount u64, and maybe from");
    }

    if (count == 3) {
        from_size = account_arg(2, from);
    } else {
        aureon_self_address(from);
    }
    return aureon_transfer(from, from_size, to, to_size, amount);
}
