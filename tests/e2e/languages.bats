#!/usr/bin/env bats
# Contracts in other languages than C, from source to call, with the commands of docs/contracts.md.

load helper.sh
load node.sh

setup() {
    enter_temp
}

teardown() {
    end_nodes
}

@test "AssemblyScript: compiled, given an ABI, deployed, called, decoded; and what ends in abort" {
    local tools=$AUREON_SOURCE_DIR/tools node modules
    node=$("$tools/node") && modules=$("$tools/node" --modules) || {
        [ -z "${CI:-}" ] || return 1
        skip "no npm packages: tools/bootstrap test installs them"
    }
    cp "$AUREON_SOURCE_DIR"/examples/assemblyscript/counter.{ts,abi} .
    sed -n '/^asc counter.ts/,/^llvm-objcopy/p' "$AUREON_SOURCE_DIR/docs/contracts.md" >commands
    [ "$(grep -c . commands)" -eq 3 ]
    asc() { "$node/node" "$modules/assemblyscript/bin/asc.js" "$@"; }
    . ./commands
    aureon check counter.wasm
    expect 0
    [[ $output != *"not callable"* ]]
    [[ $output == *"abi      4 records"* ]]

    start_node dev
    "$AUREON" deploy counter.wasm --as counter
    aureon call counter increment by=5 --as abi
    expect 0
    [ "$output" = 5 ]
    aureon call counter increment 18446744073709551615
    expect 5
    [[ $stderr == *"the contract called abort"* ]]
    aureon view counter get --as abi
    [ "$output" = 5 ]
    aureon view counter greet name=Åsa --json
    expect_json '.logs[0].text' 'Hello, Åsa'
    aureon contract storage counter
    [[ $output == *'total = "5"' ]]
}

@test "a function that takes a pointer in a module whose memory may grow: the way out is told" {
    echo '(module (memory 1) (func (export "f") (param i32 i32) (drop (memory.size))))' >size.wat
    aureon check size.wat
    expect 0
    [[ $output == *"f(i32, i32), not callable: it takes bytes, but the module uses memory.size or grow: arg_read reads them"* ]]
    aureon run size.wat f abc
    expect 5
    [[ $output == *'does not fit the function `f`(i32, i32): it takes bytes, but the module uses memory.size or grow: arg_read reads them'* ]]
}
