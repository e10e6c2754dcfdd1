#!/usr/bin/env bats
# A contract that calls another one, through a node.

load helper.sh
load node.sh

setup() {
    enter_temp
    start_node dev
    counter=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/counter.wasm" 2>/dev/null)
    caller=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/caller.wasm" 2>/dev/null)
}

teardown() {
    end_nodes
}

@test "a call changes the other contract and moves value, and its output comes back" {
    aureon call "$caller" increment "addr:$counter" --value 5 --as u64 --json
    expect 0
    expect_json .output 0x0100000000000000
    [ "$("$AUREON" view "$counter" get --as u64)" = 1 ]
    [ "$("$AUREON" view "$caller" get "addr:$counter" --as u64)" = 1 ]
    [ "$("$AUREON" balance "$counter" --json | jq --raw-output .balance)" = 5000000000 ]
    [ "$("$AUREON" balance "$caller" --json | jq --raw-output .balance)" = 0 ]
}

@test "a callee that writes in a view fails, and leaves no trace" {
    aureon call "$caller" increment_in_view "addr:$counter" --gas 1000000 --json
    expect 5
    expect_json .revert_code 112
    [ "$("$AUREON" view "$counter" get --as u64)" = 0 ]
}

@test "an address without code is told to the caller" {
    local alice
    alice=$("$AUREON" account alice --json | jq --raw-output .address)
    aureon call "$caller" get "addr:$alice" --gas 1000000 --json
    expect 5
    expect_json .revert_code 108
}
