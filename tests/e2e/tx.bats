#!/usr/bin/env bats
# aureon tx: transactions without a node.

load helper.sh

# A call of add_1 with 5, made by another implementation of the encoding.
call=0x01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0200000000000000e803000000000000630000000000000002202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f050000006164645f310100000008000000050000000000000009000000000000000200000000000000404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f

setup() {
    enter_temp
}

@test "a transaction is shown" {
    aureon tx decode "$call"
    expect 0
    [[ $output == *"kind            ContractCall"* ]]
    [[ $output == *"arg             0x0500000000000000  u64 5"* ]]
    aureon tx decode "$call" --json
    expect 0
    expect_json .hash 0x78af0ed65b14584904f2e7c2fc5ddfee17f7099600fadbbadd3a589b1b13ab1b
    expect_json .from aur1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sfg07xl
    expect_json .nonce 2
    expect_json .function add_1
    expect_json '.args[0]' 0x0500000000000000
    expect_json .intrinsic_steps 69500
}

@test "arguments by name, of the contract whose module is given" {
    cat >adder.wat <<'END'
(module (func (export "add_1") (param i64))
  (@custom "aureon_abi" "abi 1\0afn add_1(by:u64) mut\0a"))
END
    sed 's/add_1(by:u64)/add_1(by:u64, to:u64)/' adder.wat >other.wat
    echo '(module)' >silent.wat
    aureon tx decode "$call" --json
    expect_json '[has("arguments", "arguments_undecoded")] | any | not' true
    aureon tx decode "$call" --abi adder.wat --json
    expect 0
    expect_json '.arguments | tojson' '{"by":"5"}'
    aureon tx decode "$call" --abi adder.wat
    grep -Eq '^  by +5$' <<<"$output"
    aureon tx decode "$call" --abi other.wat --json
    expect 0
    expect_json .arguments_undecoded 'the function takes another number of arguments'
    aureon tx decode "$call" --abi silent.wat
    expect_refused 7 'silent.wat has no section aureon_abi'
    aureon tx decode "$call" --abi missing.wat
    expect_refused 7 missing.wat
    aureon tx decode "$call" --abi "$AUREON_SOURCE_DIR/examples/call.tx"
    expect_refused 4 call.tx
}

@test "hex or a file, the same" {
    aureon tx decode "$call"
    shown=$output
    python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "${call#0x}" >call.tx
    aureon tx decode @call.tx
    expect 0
    [ "$output" = "$shown" ]
    aureon tx decode "@$AUREON_SOURCE_DIR/examples/call.tx"
    [ "$output" = "$shown" ]
}

@test "bytes that are no transaction: what and where, exit 4" {
    aureon tx decode "${call}00"
    expect_refused 4 "not a transaction: bytes left over, at byte 195 of 196"
    aureon tx decode "0x02${call#0x01}"
    expect_refused 4 "not a transaction: a version that is not 1, at byte 0 of 195"
    aureon tx decode 0x02
    expect_refused 4 "not a transaction: unexpected end, at byte 1 of 1"
    aureon tx decode 0x
    expect_refused 4 "not a transaction: unexpected end, at byte 0 of 0"
}

@test "what is no hex, no file, or too large" {
    for word in 0x0 0xzz x ""; do
        aureon tx decode "$word"
        expect_refused 2 "expected 0x and an even number of hex digits, or @path, got '$word'"
    done
    aureon tx decode "${call#0x}"
    expect_refused 2 "got '${call:2:40}...'"
    aureon tx decode @missing
    expect_refused 7 "there is no such file"
    head -c 1048577 /dev/zero >large
    aureon tx decode @large
    expect_refused 4 "more than 1 MiB"
    head -c 1048578 /dev/zero >larger
    aureon tx decode @larger
    [ "$status" -ne 0 ]
}

@test "a noun needs its verb" {
    aureon tx
    expect_refused 2 "'tx' needs a word after it: decode, get, trace, sign, send"
    aureon tx decod "$call"
    expect_refused 2 "unknown command 'tx decod'; did you mean 'tx decode'?"
    aureon help tx decode
    expect 0
    [[ $output == "aureon tx decode: "* ]]
    aureon help tx dekode
    expect_refused 2 "did you mean 'tx decode'?"
}
