#!/usr/bin/env bats
# Arguments by name in requests, as the types of the contract's ABI say.

load helper.sh
load node.sh

counter=$AUREON_SOURCE_DIR/examples/abi/counter.wat

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    start_node dev
    cat >keeper.wat <<'END'
(module
  (import "env" "arg_size" (func $arg_size (param i32) (result i32)))
  (import "env" "arg_read" (func $arg_read (param i32 i32 i32 i32) (result i32)))
  (import "env" "return_data" (func $return_data (param i32 i32)))
  (memory 5 5)
  (func $echo (export "init")
    (drop (call $arg_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 262144)))
    (call $return_data (i32.const 0) (call $arg_size (i32.const 0))))
  (func (export "echo") (call $echo))
  (func (export "pay") (call $echo))
  (func (export "sum") (call $echo))
  (func (export "untold") (call $echo))
  (@custom "aureon_abi"
    "abi 1\0a"
    "enum Side{Buy,Sell(price:u64)}\0a"
    "type Order{side:Side,tags:vec<string>}\0a"
    "fn init(order:Order) init\0a"
    "fn echo(order:Order)->Order view\0a"
    "fn pay(who:address, memo:option<string>) mut\0a"
    "fn sum(numbers:vec<u8>) view\0a"))
END
    "$AUREON" deploy "$counter" >counter
    "$AUREON" deploy keeper.wat 'order={side:Buy,tags:[]}' >keeper
    "$AUREON" contract code "$(cat counter)" counter.wasm
    "$AUREON" contract code "$(cat keeper)" keeper.wasm
    "$AUREON" account bob --json | jq --raw-output .address >bob
}

teardown_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    end_nodes
}

setup() {
    enter_temp
    counter=$(cat "$BATS_FILE_TMPDIR/counter")
    keeper=$(cat "$BATS_FILE_TMPDIR/keeper")
    bob=$(cat "$BATS_FILE_TMPDIR/bob")
}

# call CONTRACT FUNCTION ARGS: the development account alice calls.
call() {
    request POST /v1/contract/call \
        "{\"from\": \"alice\", \"contract\": \"$1\", \"function\": \"$2\", \"args\": $3}"
}

# view CONTRACT FUNCTION ARGS
view() {
    request POST /v1/view "{\"contract\": \"$1\", \"function\": \"$2\", \"args\": $3}"
}

@test "a call, as a number, as a decimal string and as it is" {
    call "$counter" increment '{"by": 5}'
    expect 200
    expect_json .receipt.output 0x0500000000000000
    call "$counter" increment '{"by": "18446744073709551609"}'
    expect_json .receipt.output 0xfeffffffffffffff
    call "$counter" increment '["0x0100000000000000"]'
    expect_json .receipt.output 0xffffffffffffffff
    view "$counter" get '{}'
    expect_json .output 0xffffffffffffffff
}

@test "types with others inside, names of accounts, and what is left out" {
    bytes=0x0105000000000000000200000001000000610100000062
    view "$keeper" echo '{"order": {"tags": ["a", "b"], "side": {"Sell": {"price": 5}}}}'
    expect_json .output $bytes
    request GET "/v1/contract/$keeper/view/echo?args=%7B%22order%22:%7B%22side%22:%7B%22Sell%22:%7B%22price%22:5%7D%7D,%22tags%22:%5B%22a%22,%22b%22%5D%7D%7D"
    expect 200
    expect_json .output $bytes
    view "$keeper" pay "{\"who\": \"@bob\", \"memo\": null}"
    expect 200
    by_name=$(json .output)
    view "$keeper" pay "{\"who\": \"$bob\", \"memo\": \"for \\u20ac\"}"
    expect_json .output "$by_name"
}

@test "a deployment and an upgrade read the types of the code that they bring" {
    module=0x$(od -An -v -tx1 "$BATS_FILE_TMPDIR/keeper.wasm" | tr -d ' \n')
    request POST /v1/contract/deploy \
        "{\"from\": \"alice\", \"code\": \"$module\", \"args\": {\"order\": {\"side\": \"Buy\", \"tags\": []}}}"
    expect 200
    expect_json .receipt.output 0x0000000000
    request POST /v1/contract/deploy "{\"from\": \"alice\", \"code\": \"$module\", \"args\": {}}"
    expect_problem 400 missing-value .member args.order .expected Order
    request POST '/v1/contract/deploy?from=alice&args=%7B%22order%22:%7B%22side%22:%22Buy%22,%22tags%22:%5B%22x%22%5D%7D%7D' \
        "@$BATS_FILE_TMPDIR/keeper.wasm" application/wasm
    expect 200
    expect_json .receipt.output 0x00010000000100000078
    address=$(json .address)
    request POST "/v1/contract/upgrade?from=alice&contract=$address&args=%7B%7D" \
        "@$BATS_FILE_TMPDIR/keeper.wasm" application/wasm
    expect_problem 400 bad-value .member args .got 'an object' \
        .detail "arguments have no types here: the contract's ABI does not list this function"
}

@test "a value that does not fit is told by its place, the type and what is there" {
    call "$counter" increment '{"by": "x"}'
    expect_problem 400 bad-value .member args.by .expected u64 .got x \
        .detail 'args.by: expected u64, got "x"'
    call "$counter" increment '{"by": 1.5}'
    expect_problem 400 bad-value .member args.by .expected u64 .got 1.5
    call "$counter" increment '{"by": -1}'
    expect_problem 400 bad-value .member args.by .expected 'u64 (64 bits)' .got -1
    call "$counter" increment '{"by": 9007199254740993}'
    expect_problem 400 bad-value .member args.by .expected 'u64 above 2^53-1 as a string'
    call "$counter" increment '{"by": "18446744073709551616"}'
    expect_problem 400 bad-value .member args.by .expected 'u64 (64 bits)'
    call "$counter" increment '{"by": null}'
    expect_problem 400 bad-value .member args.by .expected u64 .got null
    view "$keeper" echo '{"order": {"side": {"Sell": {"price": true}}, "tags": []}}'
    expect_problem 400 bad-value .member args.order.side.Sell.price .expected u64 .got true
    view "$keeper" echo '{"order": {"side": "Hold", "tags": []}}'
    expect_problem 400 bad-value .member args.order.side .expected 'the name of a variant' .got Hold
    view "$keeper" echo '{"order": {"side": "Buy"}}'
    expect_problem 400 bad-value .member args.order.tags
    view "$keeper" pay '{"who": "@nobody", "memo": null}'
    expect_problem 400 bad-value .member args.who .expected 'address of a known @name' .got @nobody
    view "$counter" get '{}'
    expect 200
}

@test "missing and unknown arguments" {
    call "$counter" increment '{}'
    expect_problem 400 missing-value .member args.by .expected u64
    call "$counter" increment '{"by": 1, "of": 2}'
    expect_problem 400 unknown-member .member args.of .expected by
    call "$counter" get '{"by": 1}'
    expect_problem 400 unknown-member .member args.by .expected none
    call "$counter" increment '{"by": 1, "by": 2}'
    expect_problem 400 malformed-json
    call "$counter" increment 5
    expect_problem 400 bad-value .member args .got 'an integer' \
        .expected 'an object, the arguments by name, or an array of strings'
    call "$counter" increment '[5]'
    expect_problem 400 bad-value .member args .got 'an integer'
    [[ $output == *'by the contract'\''s types they are an object'* ]]
    request GET "/v1/contract/$counter/view/get?arg=u64:1&args=%7B%7D"
    expect_problem 400 bad-value .member args .got both
    request GET "/v1/contract/$counter/view/get?args=%5B%5D"
    expect_problem 400 bad-value .member args .expected 'a JSON object, the arguments by name'
}

@test "deep JSON and huge lists are refused, or fit" {
    deep=$(printf '[%.0s' $(seq 1000))$(printf ']%.0s' $(seq 1000))
    view "$keeper" echo "{\"order\": $deep}"
    expect_problem 400 bad-value .member args.order .expected '`{`'
    view "$keeper" sum "{\"numbers\": $deep}"
    expect_problem 400 bad-value '.member' 'args.numbers[0]' .expected u8
    jq -nc --arg keeper "$keeper" \
        '{contract: $keeper, function: "sum", args: {numbers: [range(262140) | 1]}}' >body.json
    request POST /v1/view @body.json
    expect 200
    expect_json '.output | length' $((2 + 2 * 262144))
    jq -c '.args.numbers += [1]' body.json >more.json
    request POST /v1/view @more.json
    expect_problem 400 bad-value .member args \
        .expected 'at most 262144 bytes of all arguments together'
}

@test "where there are no types a list is needed" {
    call "$keeper" untold '{"by": 1}'
    expect_problem 400 bad-value .member args .got 'an object' \
        .detail "arguments have no types here: the contract's ABI does not list this function"
    call "$keeper" untold '["str:by"]'
    expect_json .receipt.output 0x6279
    echo '(module (func (export "f")))' >silent.wat
    silent=$("$AUREON" deploy silent.wat)
    call "$silent" f '{"by": 1}'
    expect_problem 400 bad-value .member args \
        .detail 'arguments have no types here: the contract has no section aureon_abi'
    call "$bob" f '{"by": 1}'
    expect_problem 404 unknown-contract .got "$bob"
}

@test "an ABI that is not what the module exports gives no types" {
    # aureon deploy refuses it, the route takes any.
    LC_ALL=C sed 's/fn get()/fn gex()/' "$BATS_FILE_TMPDIR/counter.wasm" >wrong.wasm
    request POST '/v1/contract/deploy?from=alice' @wrong.wasm application/wasm
    expect 200
    wrong=$(json .address)
    call "$wrong" increment '{"by": 5}'
    expect_problem 400 bad-value .member args .got 'an object' .detail \
        'arguments have no types here: line 4 of aureon_abi: `gex` is not an exported function'
    call "$wrong" increment '["u64:5"]'
    expect_json .receipt.output 0x0500000000000000
}

@test "an older height has the types that the contract had" {
    old=$("$AUREON" deploy "$AUREON_SOURCE_DIR/examples/abi/counter.wat")
    height=$(curl -s "$AUREON_URL/v1/chain/head" | jq --raw-output .height)
    sed 's/by:u64/of:u64/' "$AUREON_SOURCE_DIR/examples/abi/counter.wat" >new.wat
    "$AUREON" upgrade "$old" new.wat
    view "$old" increment '{"by": 5}'
    expect_problem 400 unknown-member .member args.by .expected of
    request POST /v1/view \
        "{\"contract\": \"$old\", \"function\": \"increment\", \"height\": $height, \"args\": {\"by\": 5}}"
    expect 200
}
