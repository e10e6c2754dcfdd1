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
    aureon deploy "$AUREON_CONTRACTS_DIR/token.wasm" u64:1000 --value 1 --gas 3000000 --json
    expect 5
    expect_json .revert_code 2147418118
}

# balance_is NAME_OR_ADDRESS AMOUNT: what it has, in base units.
balance_is() {
    [ "$("$AUREON" balance "$1" --json | jq --raw-output .balance)" = "$2" ]
}

# text TEXT, bytes HEX: an argument in Borsh.
text() {
    bytes "$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')"
}

bytes() {
    local size=$((${#1} / 2))
    printf 'raw:0x%02x%02x0000%s' $((size % 256)) $((size / 256)) "$1"
}

# output_of TEXT: the same bytes, as outputs are written.
output_of() {
    text "$1" | sed 's/^raw://'
}

# hex ADDRESS: its 32 bytes.
hex() {
    python3 - "$1" <<'END'
import sys
bits = 0
for letter in sys.argv[1][4:-6]:
    bits = bits << 5 | "qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(letter)
print(f"{bits >> 4:064x}")
END
}

@test "escrow: the payer releases, nobody else, and only once" {
    local to
    to=$("$AUREON" account carol --json | jq --raw-output .address)
    local before
    before=$("$AUREON" balance "$to" --json | jq --raw-output .balance)
    deploy escrow "$carol" u64:18446744073709551615 --value 2
    balance_is "$contract" 2000000000
    called bob fund --value 3
    balance_is "$contract" 5000000000
    refused bob 1 0x release
    refused bob 2 "" refund
    called alice release
    expect_json '.events[0].name' Paid
    balance_is "$contract" 0
    balance_is "$to" $((before + 5000000000))
    refused alice 3 0x release
    refused bob 3 0x fund --value 1
}

@test "escrow: after the deadline anyone sends the money back" {
    deploy escrow "$carol" u64:1
    called bob fund --value 5
    called carol refund
    balance_is "$contract" 0
    expect_json '.balance_changes | length' 2
    refused carol 3 0x refund
}

@test "multisig: a payment waits for its second owner" {
    run "$AUREON" deploy "$AUREON_CONTRACTS_DIR/multisig.wasm" '[@alice, @bob, @alice]' 2
    [ "$status" -ne 0 ]
    deploy multisig owners='[@alice, @bob, @carol]' approvals=2
    called alice fund --value 3
    refused dave 1 0x propose "$bob" u64:1
    called alice propose "$bob" u64:3000000000
    expect_json .output 0x0000000000000000
    balance_is "$contract" 3000000000
    refused alice 4 0x0000000000000000 approve u64:0
    refused dave 1 0x approve u64:0
    refused bob 2 0x0100000000000000 approve u64:1
    called carol approve u64:0
    expect_json .output 0x01
    balance_is "$contract" 0
    refused bob 3 0x0000000000000000 approve u64:0

    called bob propose "$bob" u64:1
    refused carol 5 0x01 approve u64:1
    called carol fund --value 1
    called carol approve u64:1
    balance_is "$contract" 999999999
}

@test "upgradeable: version 2 goes on with what version 1 stored, once" {
    deploy counter_v1
    called alice increment
    called alice increment
    aureon upgrade "$contract" "$AUREON_CONTRACTS_DIR/counter_v2.wasm" --from bob --gas 3000000
    [ "$status" -ne 0 ]
    shows 2 get
    aureon upgrade "$contract" "$AUREON_CONTRACTS_DIR/counter_v2.wasm"
    expect 0
    shows 2 get
    called bob increment u64:40
    shows 42 get
    shows 1 calls
    aureon upgrade "$contract" "$AUREON_CONTRACTS_DIR/counter_v2.wasm" --gas 3000000 --json
    expect 5
    expect_json .revert_code 2147418115
    expect_json .output "$(output_of 'counter_v2.c:12: version 2 was there before')"
    shows 42 get
}

@test "vault: the signature of its key moves money, once and there alone" {
    local curve of=0 key order sig
    for curve in ed25519 secp256k1 p256; do
        key=$("$AUREON_SOURCE_DIR/tests/kit/sign.py" $curve key)
        deploy vault "$of" "$(bytes "$key")"
        called alice fund --value 2
        order=$(hex "$contract")0000000000000000$(hex "${carol#addr:}")0100000000000000
        sig=$("$AUREON_SOURCE_DIR/tests/kit/sign.py" $curve "$order")
        refused bob 1 0x pay "$carol" u64:2 "$(bytes "$sig")"
        refused bob 1 0x pay "$bob" u64:1 "$(bytes "$sig")"
        refused bob 1 0x pay "$carol" u64:1 "$(bytes "${sig%??}")"
        called bob pay "$carol" u64:1 "$(bytes "$sig")"
        shows 1 next
        balance_is "$contract" 1999999999
        refused bob 1 0x pay "$carol" u64:1 "$(bytes "$sig")"
        of=$((of + 1))
    done
}

@test "registry: a name has one owner, who may give it away" {
    deploy registry
    called alice take "$(text "Grüße")"
    refused bob 1 "" take "$(text "Grüße")"
    refused bob 2 0x set "$(text "Grüße")" "$(text mine)"
    refused bob 3 0x set "$(text nobody)" "$(text mine)"
    called alice set "$(text "Grüße")" "$(text "hello")"
    called alice give "$(text "Grüße")" "$bob"
    called bob set "$(text "Grüße")" "$(text "hi")"
    aureon view "$contract" look_up "$(text "Grüße")" --json
    expect 0
    expect_json '.output[66:]' 020000006869
    shows 1 size
    aureon view "$contract" name_at u64:0 --json
    expect_json .output "$(output_of "Grüße")"
    local name
    for name in zeta beta alpha; do called alice take "$(text "$name")"; done
    shows 4 size
    local index=0
    for name in beta zeta alpha "Grüße"; do
        aureon view "$contract" name_at "u64:$index" --json
        expect_json .output "$(output_of "$name")"
        index=$((index + 1))
    done
    refused bob 3 0x name_at u64:4
    refused alice 2147418113 "" take raw:0x02000000fffe
    refused alice 2147418113 "" take raw:0x0200000061
    refused alice 2147418115 "" take "$(text "")"
    refused alice 2147418115 "" take "$(text "$(printf 'x%.0s' {1..65})")"
}
