#!/usr/bin/env bats
# aureon abi, and what aureon check says of an ABI.

load helper.sh

counter_abi=$AUREON_SOURCE_DIR/examples/abi/counter.wat

setup() {
    enter_temp
}

# write_module LINE...: bad.wat exports f(i32, i32) and has these lines.
write_module() {
    {
        echo '(module (memory 1 1) (func (export "f") (param i32 i32))'
        echo '(@custom "aureon_abi" "abi 1\0a'
        printf '%s\\0a' "$@"
        echo '"))'
    } >bad.wat
    sed -i -z 's/"abi 1\\0a\n/"abi 1\\0a/' bad.wat
}

@test "the lines of a contract" {
    aureon abi "$counter_abi"
    expect 0
    [ -z "$stderr" ]
    [ "$output" = 'abi 1
meta name=counter
meta version=1.0.0
fn get()->u64 view "The total"
fn increment(by:u64)->u64 mut "Adds by to the total"
error 1 Overflow(total:u64) "total would exceed u64"
storage total:u64 @"total"' ]
}

@test "a contract in C tells of itself: functions, events, errors and storage, and the kit's errors" {
    aureon abi "$counter_c"
    expect 0
    [ "$output" = 'abi 1
meta name=counter
meta sdk=c/1
meta version=1.0.0
fn get()->u64 view "The counter; 0 before the first write"
fn increment(by:u64)->u64 payable mut "Adds by, or 1, and returns the sum"
fn init() init "Sets the counter to 0"
event Incremented(topic who:address, by:u64, counter:u64) "by was added"
error 1 Overflow(counter:u64, by:u64) "the counter would exceed 64 bits"
error 2147418113 BadArguments(message:string)
error 2147418114 ArithmeticError(message:string)
error 2147418115 AssertionFailed(message:string)
error 2147418116 OutOfMemory(message:string)
error 2147418117 BadEncoding(message:string)
error 2147418118 NotPayable(message:string)
storage counter:u64 @"counter"' ]
    aureon check "$counter_c"
    expect 0
}

@test "the canonical form, with the hash of the section" {
    aureon abi "$counter_abi" --json
    expect 0
    expect_json '[.functions[].name] | join(" ")' "get increment"
    expect_json '.functions[1].params[0] | .name + ":" + .type' "by:u64"
    expect_json '.errors[0].code' 1
    hash=$(json .abi_hash)
    [[ $hash =~ ^0x[0-9a-f]{64}$ ]]
    text=$(sed -n '/@custom/,$ {/@custom/d; s/^ *"//; s/\\0a".*$//; s/\\22/"/g; p}' "$counter_abi")
    [ "$hash" = "0x$(printf '%s\n' "$text" | sha256sum | cut -d' ' -f1)" ]
    aureon check "$counter_abi" --json
    expect 0
    expect_json .abi_hash "$hash"
}

@test "a module without an ABI, and no module" {
    aureon abi "$counter_wat"
    expect_refused 7 "has no section aureon_abi"
    aureon abi no.wasm
    expect_refused 7 "no.wasm"
    echo '(module' >bad.wat
    aureon abi bad.wat
    expect_refused 4 "bad.wat"
}

@test "a malformed section: its line, what was expected and what is there" {
    write_module 'fn f(a:bytes) mut' 'fn g(a:u65) mut'
    aureon abi bad.wat
    expect_refused 4 "line 3 of aureon_abi: unknown type \`u65\`"
    aureon check bad.wat
    expect 4
    [[ $output == *"rule     abi"*"line 3 of aureon_abi: unknown type \`u65\`"* ]]
}

@test "functions that are not what is exported are refused by check" {
    write_module 'fn f(a:bytes) mut'
    aureon check bad.wat
    expect 0
    [[ $output == *"abi      1 record" ]]
    write_module 'fn g(a:bytes) mut'
    aureon check bad.wat --json
    expect 4
    expect_json .rule abi
    expect_json .message 'line 2 of aureon_abi: `g` is not an exported function'
    write_module 'fn f(a:u32,b:u32) mut'
    aureon check bad.wat
    expect 4
    [[ $output == *"i32 i32 is one of bytes; pass small numbers as i64"* ]]
}

@test "the author's words do not steer a terminal" {
    write_module 'fn f(a:bytes) mut \"\e2\80\ae\"'
    aureon abi bad.wat
    expect 0
    [[ $output == *'mut "\xe2\x80\xae"'* ]]
}
