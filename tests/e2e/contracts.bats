#!/usr/bin/env bats
# The contracts of contracts/, on a chain.

load helper.sh
load node.sh

setup() {
    enter_temp
    start_node dev
    local name
    for name in alice bob carol; do
        declare -g "$name=addr:$("$AUREON" account "$name" --json | jq --raw-output .address)"
    done
}

teardown() {
    end_nodes
}

# deploy NAME ARGUMENT...: $contract is a new contract of alice.
deploy() {
    local name=$1
    shift
    contract=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/$name.wasm" "$@" 2>/dev/null)
}

# called NAME FUNCTION ARGUMENT...: NAME calls the contract, which succeeds.
called() {
    local name=$1
    shift
    aureon call "$contract" "$@" --from "$name" --json
    expect 0
}

# refused NAME CODE DATA FUNCTION ARGUMENT...: the contract reverts with CODE and DATA.
refused() {
    local name=$1 code=$2 data=$3
    shift 3
    aureon call "$contract" "$@" --from "$name" --gas 1000000 --json
    expect 5
    expect_json .status reverted
    expect_json .revert_code "$code"
    [ -z "$data" ] || expect_json .output "$data"
}

# shows NUMBER FUNCTION ARGUMENT...
shows() {
    local expected=$1
    shift
    aureon view "$contract" "$@" --as u64
    expect 0
    [ "$output" = "$expected" ]
}

@test "token: the deployer has the supply, and transfers keep it" {
    deploy token u64:1000
    shows 1000 total_supply
    shows 1000 balance_of "$alice"
    called alice transfer "$bob" u64:300
    expect_json '.events[0].name' Transfer
    expect_json '.events[0].topics | length' 2
    expect_json '.events[0].data' 0x2c01000000000000
    shows 700 balance_of "$alice"
    shows 300 balance_of "$bob"
    called bob transfer "$bob" u64:300
    shows 300 balance_of "$bob"
    refused bob 1 0x2c01000000000000 transfer "$carol" u64:301
    shows 0 balance_of "$carol"
    shows 1000 total_supply
}

@test "token: an allowance is spent, and no more than it" {
    deploy token u64:1000
    refused bob 2 0x0000000000000000 transfer_from "$alice" "$bob" u64:1
    called alice approve "$bob" u64:50
    shows 50 allowance "$alice" "$bob"
    shows 0 allowance "$bob" "$alice"
    called bob transfer_from "$alice" "$carol" u64:30
    shows 20 allowance "$alice" "$bob"
    shows 30 balance_of "$carol"
    refused bob 2 0x1400000000000000 transfer_from "$alice" "$bob" u64:21
    called alice approve "$bob" u64:2000
    refused bob 1 0xca03000000000000 transfer_from "$alice" "$bob" u64:2000
    shows 2000 allowance "$alice" "$bob"
}

@test "a contract in C takes its arguments in their one encoding, and value only if it says so" {
    deploy token u64:1000
    refused alice 2147418113 "" transfer "$bob"
    refused alice 2147418113 "" transfer "$bob" u32:1
    refused alice 2147418113 "" transfer u64:1 u64:1
    refused alice 2147418113 "" transfer "$bob" u64:1 u64:1
    refused alice 2147418118 "" transfer "$bob" u64:1 --value 1
    shows 1000 balance_of "$alice"
}
