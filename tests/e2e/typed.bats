#!/usr/bin/env bats
# Arguments by what a contract says of itself, without a node and against a development node.

load helper.sh
load node.sh

counter=$AUREON_SOURCE_DIR/examples/abi/counter.wat

setup_file() {
    export XDG_DATA_HOME=$BATS_FILE_TMPDIR/data
    cd "$BATS_FILE_TMPDIR" || return 1
    start_node dev
}

teardown_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    end_nodes
}

setup() {
    enter_temp
}

# deploy FILE ARGUMENT...: sets contract to the address of a new one.
deploy() {
    contract=$("$AUREON" deploy "$@")
    [[ $contract == aur1* ]]
}

# write_keeper: keeper.wat gives back its first argument, and keeps that of init.
write_keeper() {
    cat >keeper.wat <<'END'
(module
  (import "env" "arg_size" (func $arg_size (param i32) (result i32)))
  (import "env" "arg_read" (func $arg_read (param i32 i32 i32 i32) (result i32)))
  (import "env" "return_data" (func $return_data (param i32 i32)))
  (memory 1 1)
  (func $echo (export "init")
    (drop (call $arg_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 65536)))
    (call $return_data (i32.const 0) (call $arg_size (i32.const 0))))
  (func (export "echo") (call $echo))
  (func (export "pay") (call $echo))
  (func (export "untold") (call $echo))
  (@custom "aureon_abi"
    "abi 1\0a"
    "enum Side{Buy,Sell(price:u64)}\0a"
    "type Order{side:Side,tags:vec<string>}\0a"
    "fn init(order:Order) init\0a"
    "fn echo(order:Order) view\0a"
    "fn pay(who:address) mut\0a"))
END
}

@test "by name, by place and as without types" {
    deploy "$counter"
    aureon call "$contract" increment by=5 --as u64
    expect 0
    [ "$output" = 5 ]
    aureon call "$contract" increment 6 --as u64
    [ "$output" = 11 ]
    aureon call "$contract" increment u64:7 --as u64
    [ "$output" = 18 ]
    aureon view "$contract" get --as u64
    [ "$output" = 18 ]
    aureon simulate "$contract" increment by=2
    expect 0
    aureon run "$counter" increment by=9
    expect 0
}

@test "what does not fit is refused with its place, before anything is sent" {
    deploy "$counter"
    aureon call "$contract" increment by=x
    expect 2
    [[ $stderr == *'args.by: expected u64, got "x"'* ]]
    aureon call "$contract" increment by=18446744073709551616
    expect 2
    [[ $stderr == *'args.by: expected u64 (64 bits), got "18446744073709551616"'* ]]
    aureon call "$contract" increment of=5
    expect_refused 2 'args: `increment` has no parameter `of`: it has `by`'
    aureon view "$contract" increment 1 2
    expect 2
    [[ $stderr == *'args: `increment` takes 1, got one more: "2"'* ]]
    aureon run "$counter" increment by=
    expect 2
    [[ $stderr == *'args.by: expected u64, got ""'* ]]
    aureon view "$contract" get --as u64
    [ "$output" = 0 ]
}

@test "types with others inside, at a deployment too" {
    write_keeper
    deploy keeper.wat 'order={side:Sell(price=5),tags:[a,b]}'
    bytes=0x0105000000000000000200000001000000610100000062
    aureon view "$contract" echo 'order={side:Sell(price=5),tags:[a,b]}'
    expect 0
    [ "$output" = $bytes ]
    aureon view "$contract" echo '{"tags": ["a", "b"], "side": {"Sell": {"price": "5"}}}'
    [ "$output" = $bytes ]
    aureon view "$contract" echo '{tags:[],side:Buy}'
    [ "$output" = 0x0000000000 ]
    aureon view "$contract" echo '{side:Sell(price=-1),tags:[]}'
    expect 2
    [[ $stderr == *'args.order.side.Sell.price: expected u64 (64 bits), got "-1"'* ]]
    aureon deploy keeper.wat 'order={side:Buy}'
    expect 2
    [[ $stderr == *'args.order.tags: expected a value, got none'* ]]
}

@test "names of accounts stand for addresses" {
    write_keeper
    deploy keeper.wat 'order={side:Buy,tags:[]}'
    bob=$("$AUREON" account bob --json | jq --raw-output .address)
    aureon view "$contract" pay who=@bob --as addr
    expect 0
    [ "$output" = "$bob" ]
    aureon view "$contract" pay "$bob" --as addr
    [ "$output" = "$bob" ]
    "$AUREON" deploy "$counter" --as adder >address
    aureon view "$contract" pay who=@adder --as addr
    expect 0
    [ "$output" = "$(cat address)" ]
    aureon view "$contract" pay who=@nobody
    expect 2
    [[ $stderr == *'args.who: expected address of a known @name, got "@nobody"'* ]]
}

@test "a function that the contract does not tell of takes arguments as ever" {
    write_keeper
    deploy keeper.wat 'order={side:Buy,tags:[]}'
    aureon view "$contract" untold by=5 --as str
    expect 0
    [ "$output" = by=5 ]
}

@test "a contract that says wrong things of itself is not deployed, one that says nothing is" {
    sed 's/by:u64/by:u65/' "$counter" >wrong.wat
    aureon deploy wrong.wat
    expect 4
    [[ $stderr == *"line 3 of aureon_abi: unknown type \`u65\`"* ]]
    echo '(module (func (export "f")))' >silent.wat
    aureon deploy silent.wat
    expect 0
}

@test "the node tells what a contract offers, as aureon abi does" {
    deploy "$counter"
    "$AUREON" abi "$counter" --json | jq -c . >expected
    curl -s "$AUREON_URL/v1/contract/$contract/abi" | jq -c . >got
    diff expected got
    "$AUREON" abi "$counter" >expected
    "$AUREON" abi "$contract" >got
    diff expected got
    aureon abi "$contract" --json
    expect_json '.errors[0].name' Overflow
    echo '(module (func (export "f")))' >silent.wat
    deploy silent.wat
    aureon abi "$contract"
    expect 7
    [[ $stderr == *"$contract has no section aureon_abi"* ]]
    aureon abi "$("$AUREON" account bob --json | jq --raw-output .address)"
    expect 7
    [[ $stderr == *"no contract"* ]]
}

@test "the node says on which line an ABI is malformed" {
    # A module of that section alone: aureon deploy refuses it, the route takes any.
    printf '\0asm\1\0\0\0\0\35\12aureon_abiabi 1\nfn f() maybe' >wrong.wasm
    aureon deploy wrong.wasm
    expect 4
    contract=$(curl -s --data-binary @wrong.wasm -H 'Content-Type: application/wasm' \
        "$AUREON_URL/v1/contract/deploy?from=alice" | jq --raw-output .address)
    curl -s "$AUREON_URL/v1/contract/$contract/abi" >got
    [ "$(jq -c '[.status, .code, .line]' got)" = '[404,"malformed-abi",2]' ]
    [ "$(jq --raw-output .detail got)" = \
        'malformed at line 2: expected mut, view, init, migrate, payable mut or payable init, got `maybe`' ]
}

@test "a failure is told by the contract's errors" {
    deploy "$counter"
    "$AUREON" call "$contract" increment by=18446744073709551615
    aureon call "$contract" increment by=1
    expect 5
    [[ $stderr == *'with code 1 Overflow(total="18446744073709551615"): total would exceed u64'* ]]
    aureon call "$contract" increment by=1 --gas 100000
    expect 5
    [[ $stderr == *'with code 1 Overflow(total="18446744073709551615"): total would exceed u64'* ]]
    aureon simulate "$contract" increment by=1
    expect 5
    [[ $stderr == *'with code 1 Overflow(total="18446744073709551615"): total would exceed u64'* ]]
}

@test "--help after a contract: its functions, in the author's words" {
    deploy "$counter"
    aureon call "$contract" --help
    expect 0
    [ "$output" = 'get()->u64 view
    The total
increment(by:u64)->u64 mut
    Adds by to the total

`aureon help call` tells the options, `aureon help arguments` how arguments are written.' ]
    aureon view "$contract" get --help --url "$AUREON_URL"
    expect 0
    [ "$(sed -n 1,2p <<<"$output")" = 'get()->u64 view
    The total' ]
    aureon simulate "$contract" gone -h
    expect_refused 7 "no function 'gone'"
    aureon call "$contract" --bogus --help
    expect_refused 2 "--bogus"
    write_keeper
    deploy keeper.wat raw:0x
    aureon call "$contract" --help
    expect 0
    [[ $output != *init* ]]
    echo '(module (func (export "f")))' >dumb.wat
    deploy dumb.wat
    aureon call "$contract" --help
    expect_refused 7 "no section aureon_abi"
    aureon call alice --help
    expect_refused 7 "alice"
    aureon call --help
    expect 0
    [[ $output == "Usage: aureon call"* || $output == *"aureon call CONTRACT"* ]]
}
