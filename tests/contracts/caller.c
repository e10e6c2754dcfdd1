/* A contract that works by another one, whose address is its first argument. */
#include "aureon_contract.h"

enum caller_error {
    CALLER_BAD_ARGUMENT = 1,
    CALLER_FAILED = 100, /* and the outcome of the call */
};

static const uint8_t no_args[4];

static void call(const char *function, uint32_t size, uint32_t flags)
{
    uint8_t address[AUREON_ADDRESS_SIZE];
    uint8_t output[64];
    if (aureon_arg_read(0, address, 0, sizeof(address)) != (int32_t)sizeof(address)) {
        aureon_fail(CALLER_BAD_ARGUMENT, "the first argument is an address");
    }
    int32_t outcome =
        aureon_call(address, function, size, no_args, sizeof(no_args), aureon_value(), 0, flags);
    if (outcome != 0) aureon_fail(CALLER_FAILED + (uint32_t)outcome, "the call failed");
    int32_t output_size = aureon_ret_read(output, 0, sizeof(output));
    aureon_return_data(output, (uint32_t)output_size);
}

/* Passes its value on, and returns what the other contract's increment does. */
void AUREON_EXPORT(increment)(void)
{
    call(AUREON_TEXT("increment"), 0);
}

/* Returns what the other contract's get does, which may not write. */
void AUREON_EXPORT(get)(void)
{
    call(AUREON_TEXT("get"), AUREON_CALL_VIEW);
}

/* Has the other contract write in a view, which fails. */
void AUREON_EXPORT(increment_in_view)(void)
{
    call(AUREON_TEXT("increment"), AUREON_CALL_VIEW);
}
