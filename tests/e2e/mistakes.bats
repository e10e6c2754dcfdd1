#!/usr/bin/env bats
# What beginners do wrong, and that what they are told names it. Without a compiler, and with a
# function that is not exported: build.bats. A section without ABI: abi.bats.

load helper.sh
load node.sh

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    cat >slips.c <<'END'
#include "aureon_contract.h"

void AUREON_EXPORT(spin)(void)
{
    for (;;) aureon_arg_count();
}

void AUREON_EXPORT(stop)(void)
{
    __builtin_trap();
}

void AUREON_EXPORT(store)(const uint8_t *key, uint32_t size)
{
    if (aureon_storage_write(key, size, "v", 1) != 0) aureon_fail(1, "the key is too long");
}

void AUREON_EXPORT(astray)(void)
{
    aureon_log((const void *)0x7fffffff, 5);
}

uint64_t AUREON_EXPORT(number)(uint64_t n)
{
    return n;
}

uint64_t AUREON_EXPORT(twice)(uint64_t n)
{
    if (n > UINT64_MAX - n) aureon_fail(2, "the sum is too large");
    return n + n;
}

/* What calling itself is answered with. */
int32_t AUREON_EXPORT(again)(void)
{
    static const uint32_t no_args = 0;
    uint8_t self[AUREON_ADDRESS_SIZE];
    aureon_self_address(self);
    return aureon_call(self, AUREON_TEXT("stop"), &no_args, sizeof(no_args), 0, 0, 0);
}

void hidden(void)
{
}
END
    cat >typed.c <<'END'
#include "aureon_contract.h"

AUREON_CONTRACT(typed, 1.0.0)
AUREON_STORAGE(total, u64, "total")
AUREON_MAP(note, string, u64, "n:")
AUREON_ERROR(1, CallFailed, "the call failed", (u8, outcome))
AUREON_REMOTE(typed, u64, get)

AUREON_FN(get, u64, view, "The total")
{
    return total_get();
}

AUREON_FN(add, u64, mut, "Adds by", (u64, by))
{
    total_set(aureon_add(total_get(), by));
    return total_get();
}

AUREON_FN(note_it, void, mut, "Keeps a note under a key of any size", (string, key))
{
    note_set(key, 1);
}

AUREON_FN(again, u64, mut, "Calls itself", (u32, flags))
{
    struct aureon_target target = {aureon_get_self_address(), 0, 0, flags};
    uint64_t total = 0;
    enum aureon_outcome outcome = typed_get(target, &total);
    if (outcome != AUREON_SUCCESS) fail_CallFailed((uint8_t)outcome);
    return total;
}
END
    "$AUREON" build
    start_node dev
    "$AUREON" deploy build/slips.wasm --as slips
    "$AUREON" deploy build/typed.wasm --as typed
}

teardown_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    end_nodes
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return 1
}

@test "an argument of the wrong type" {
    aureon call slips number five
    expect_refused 5 'bad_arguments: 1 argument does not fit the function `number`(i64) -> (i64)'
    aureon call slips number u64:five
    expect_refused 2 "argument 1: u64: expected a decimal number from 0 to 18446744073709551615, got 'five'"
    aureon call slips number
    expect_refused 5 'bad_arguments: 0 arguments do not fit the function `number`(i64) -> (i64)'
}

@test "a number that is too large, written and added up" {
    aureon call slips number 18446744073709551616
    expect_refused 2 "begins like a number but is none from 0 to 18446744073709551615; for text write str:18446744073709551616"
    aureon call slips twice 9223372036854775807 --as u64
    expect 0
    aureon call slips twice 9223372036854775808
    expect_refused 5 'the contract reverted with code 2: `the sum is too large`'
}

@test "a function that is not exported: those that are get named" {
    aureon call slips hidden
    expect_refused 5 'no_function: the contract exports no function `hidden`; it exports `'
    [[ $stderr == *"(AUREON_FN, or AUREON_EXPORT, makes a function that can be called)" ]]
}

@test "unreachable: the function and the place" {
    aureon call slips stop
    expect_refused 5 'trapped, unreachable: the contract trapped: unreachable instruction, in function '
    [[ $stderr == *'`stop` in the block at byte '*'(`aureon simulate --trace` shows what it did up to there)' ]]
}

@test "a loop without end: the limit and the place" {
    aureon call slips spin
    expect_refused 5 'out_of_gas: the gas limit of '
    [[ $stderr == *'`spin` at byte '*'gas used 4000000 (a loop without end takes all there is: `aureon simulate --trace`)' ]]
    aureon call slips number u64:1 --gas 70
    expect_refused 5 "out_of_gas: the gas limit of 0 was reached: entering this contract alone takes 2 gas"
    [[ $stderr == *"(--gas takes more, and without --gas it is found)" ]]
}

@test "a key that is too long is an answer, not a trap" {
    aureon call slips store "str:$(printf 'k%.0s' {1..257})"
    expect_refused 5 "the key is too long"
    aureon call slips store "str:$(printf 'k%.0s' {1..256})"
    expect 0
}

@test "a pointer outside the memory: the host function and the place" {
    aureon call slips astray
    expect_refused 5 'host_rejected, pointer: log was refused: a pointer is outside the memory, in function '
}

@test "a call back into a contract that waits" {
    aureon call slips again --as i32
    expect 0
    [ "$output" = 12 ] # not_allowed
    aureon simulate slips again --trace
    expect 0
    [[ $output == *"stop"*"not_allowed"* ]]
}

@test "an upgrade by somebody else than the admin" {
    aureon deploy build/slips.wasm --upgrade slips --from bob
    expect_refused 5 "not_allowed: the sender is not the contract's admin"
    [[ $stderr == *'(`aureon account CONTRACT` tells who is; --from signs as another)' ]]
    aureon account slips
    expect 0
    [[ $output == *"admin "*"$("$AUREON" account alice --json | jq -r .address)"* ]]
}

@test "a view that writes" {
    aureon view slips store str:k
    expect_refused 5 'not_allowed: storage_write is not allowed in a view, in function '
    [[ $stderr == *'(a function that writes is `mut`, or `payable`, and is called by `aureon call`)' ]]
}

@test "with the kit: the argument, the sum, the key and the value that are wrong are named" {
    aureon call typed add five
    expect_refused 2 'args.by: expected u64, got "five"'
    aureon call typed add 18446744073709551616
    expect_refused 2 'args.by: expected u64 (64 bits), got "18446744073709551616"'
    aureon call typed add
    expect_refused 5 'BadArguments(message="the number of arguments is wrong")'
    aureon call typed add 1
    expect 0
    aureon call typed add 18446744073709551615
    expect_refused 5 'ArithmeticError(message="a sum exceeds 64 bits")'
    aureon call typed note_it "$(printf 'k%.0s' {1..257})"
    expect_refused 5 'OutOfMemory(message="a storage key exceeds 256 bytes, or a value 64 KiB")'
    aureon call typed add 1 --value 1
    expect_refused 5 'NotPayable(message="the function takes no value")'
}

@test "a call from contract to contract that fails: the last that began is named" {
    caller=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/caller.wasm")
    limited=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/limited.wasm" limit=0)
    aureon call "$caller" increment "$limited"
    expect 5
    [[ ${stderr_lines[0]} == *"CallFailed(outcome=1)"* ]]
    [[ ${stderr_lines[1]} == *"inside, $caller increment called $limited increment, which ended with reverted Full(limit=0): the total would exceed the limit; "* ]]
    aureon call "$caller" increment "$caller"
    expect 5
    [[ ${stderr_lines[1]} == *"called $caller increment, which was refused: not_allowed, since that contract waits "* ]]
    aureon call "$caller" increment @bob
    expect 5
    [[ ${stderr_lines[1]} == *"increment, which was refused: no_contract; "* ]]
    limited=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/limited.wasm" limit=5)
    aureon call "$caller" increment_in_view "$limited"
    expect 5
    [[ ${stderr_lines[1]} == *"called $limited increment, which ended with not_allowed; "* ]]
}

@test "with the kit: a contract that calls itself says the flag for it, or is not allowed to" {
    aureon call typed again 0
    expect 5
    [[ ${stderr_lines[0]} == *'CallFailed(outcome=12): the call failed'* ]]
    [[ ${stderr_lines[1]} == *"inside, @typed again called @typed get, which was refused: not_allowed, since that contract waits in a call of its own, which did not consent to reentry; "* ]]
    aureon simulate typed again 0
    expect 5
    [[ $stderr == *"which did not consent to reentry; "* ]]
    [ "${#stderr_lines[@]}" -eq 2 ]
    aureon call typed again 2 --as u64 # AUREON_CALL_REENTRY
    expect 0
}
