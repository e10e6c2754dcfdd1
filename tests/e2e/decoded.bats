#!/usr/bin/env bats
# What contracts did, decoded by their ABIs: in answers of a node and in what the commands print.

load helper.sh
load node.sh

setup() {
    enter_temp
    start_node dev
    token=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/token.wasm" amount=1000)
    alice=$("$AUREON" account alice --json | jq -r .address)
    bob=$("$AUREON" account bob --json | jq -r .address)
}

teardown() {
    end_nodes
}

@test "a call: events, storage, and the bytes as they were" {
    aureon call "$token" transfer to=@bob amount=30 --json
    expect 0
    expect_json '.events[0].name' Transfer
    expect_json '.events[0].topics | length' 2
    expect_json '.events[0].data' 0x1e00000000000000
    expect_json '.events[0].fields | tojson' \
        "{\"from\":\"$alice\",\"to\":\"$bob\",\"amount\":\"30\"}"
    expect_json '.storage_changes[0].entry | tojson' \
        "{\"name\":\"balance\",\"key\":\"$alice\",\"before\":\"1000\",\"after\":\"970\"}"
    expect_json '.storage_changes[1].entry | tojson' \
        "{\"name\":\"balance\",\"key\":\"$bob\",\"after\":\"30\"}"
    expect_json '[has("result", "error", "undecoded")] | any | not' true
    hash=$(json .hash)
    # What a deployment was given is told by the code that it brings, without a node.
    aureon tx decode "$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/token.wasm" amount=7 --unsigned)" --json
    expect_json '.arguments | tojson' '{"amount":"7"}'
    request GET "/v1/tx/$hash"
    expect_json .receipt.events[0].fields.amount 30
    expect_json '.tx.arguments | tojson' "{\"to\":\"$bob\",\"amount\":\"30\"}"
    request GET "/v1/tx/$hash/receipt"
    expect_json .events[0].fields.amount 30
    aureon tx get "$hash"
    expect 0
    [ "$(grep -Ec '^ +amount +30$' <<<"$output")" -eq 2 ]
    grep -Eq '^  arguments$' <<<"$output"
    request GET "/v1/block/latest?txs=full"
    expect_json .txs[0].arguments.amount 30
}

@test "a view, a simulation and a failure" {
    aureon view "$token" balance_of owner=@alice --json
    expect_json .output 0xe803000000000000
    expect_json .result 1000
    aureon view "$token" balance_of owner=@alice --as abi
    expect 0
    [ "$output" = 1000 ]
    aureon call "$token" approve spender=@bob amount=1 --as abi
    expect 0
    [ -z "$output" ]
    aureon simulate "$token" transfer to=@bob amount=1 --json
    expect_json .events[0].fields.amount 1
    aureon simulate "$token" transfer to=@bob amount=1001 --json
    expect 5
    expect_json '.error | tojson' \
        '{"name":"InsufficientBalance","fields":{"balance":"1000"},"text":"the balance is smaller than the amount"}'
    aureon call "$token" transfer to=@bob amount=1001
    expect_refused 5 'reverted with code 1 InsufficientBalance(balance="1000"): the balance is smaller than the amount; gas used '
}

@test "lines of logs and of storage" {
    "$AUREON" call "$token" transfer to=@bob amount=30 >/dev/null
    aureon logs "$token"
    expect 0
    [[ $output == "2-0-0 $token Transfer(from=\"$alice\", to=\"$bob\", amount=\"30\") ["*"] 0x1e00000000000000  u64 30" ]]
    aureon logs --json
    expect_json .fields.amount 30
    aureon contract storage "$token"
    expect 0
    [ "${#lines[@]}" -eq 3 ]
    grep -qF $'\t'"balance[\"$bob\"] = \"30\"" <<<"$output"
    grep -qF $'\t0xe803000000000000\tsupply = "1000"' <<<"$output"
    aureon contract storage "$token" str:supply
    [ "$output" = 0xe803000000000000 ]
    aureon proof storage "$token" str:supply
    expect_json '.entry | tojson' '{"name":"supply","value":"1000"}'
    request GET "/v1/contract/$token/storage"
    expect_json "[.items[].entry | select(.key == \"$alice\").value][0]" 970
}

@test "a trace of a transfer: names, arguments, storage, the event and what has changed" {
    aureon simulate "$token" transfer to=@bob amount=5 --trace
    expect 0
    printf '%s\n' "$output" >simulated
    grep -qE "^ +[0-9.]+  $token transfer\(to=@bob, amount=5\) -> success$" simulated
    grep -qE '^ +[0-9.]+    \([0-9] calls for its arguments and value\)$' simulated
    grep -qE '^ +[0-9.]+    caller address=@alice$' simulated
    grep -qE '^ +[0-9.]+    storage_read balance\[@alice\] = 1000$' simulated
    grep -qE '^ +[0-9.]+    storage_write balance\[@alice\] = 995$' simulated
    grep -qE '^ +[0-9.]+    storage_read balance\[@bob\] -> -1 absent$' simulated
    grep -qE '^ +[0-9.]+    emit Transfer\(from=@alice, to=@bob, amount=5\)$' simulated
    [ "$(tail -n 3 simulated)" = "     changes
              $token balance[@alice]: 1000 -> 995
              $token balance[@bob]: none -> 5" ]
    hash=$("$AUREON" call "$token" transfer to=@bob amount=5 --json | jq --raw-output .hash)
    aureon tx trace "$hash"
    expect 0
    diff simulated - <<<"$output"
    aureon view "$token" allowance owner=@alice spender=@bob --trace
    grep -qE '^ +[0-9.]+    storage_read grant\[\{owner=@alice, spender=@bob\}\] -> -1 absent$' <<<"$output"
    # What is long is cut short.
    lists=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/lists.wasm")
    aureon view "$lists" all "numbers=[$(printf '1,%.0s' {1..299})1]" --trace
    expect 0
    [ "$(grep -cF "$lists all(numbers=[$(printf '1,%.0s' {1..127})1...) in a view -> success [" <<<"$output")" -eq 1 ]
}

# status_requests: how often the node was asked for its status.
status_requests() {
    request GET /metrics
    sed -n 's|^aureon_http_requests_total{route="/v1/status",code="200"} ||p' body
}

@test "a failure inside of a call is seen at one glance, by the names of the contracts" {
    "$AUREON" deploy "$AUREON_CONTRACTS_DIR/limited.wasm" limit=0 --as limited >/dev/null
    "$AUREON" deploy "$AUREON_CONTRACTS_DIR/caller.wasm" --as caller >/dev/null
    local cause='inside, @caller increment called @limited increment, which ended with reverted Full(limit=0): the total would exceed the limit'
    aureon call caller increment contract=@limited
    expect 5
    [[ ${stderr_lines[0]} == *': reverted with code 1 CallFailed(outcome=1): the call of the counter failed; gas used '* ]]
    [ "${stderr_lines[1]}" = "$cause; \`aureon simulate --trace\` shows all of it" ]
    aureon simulate caller increment contract=@limited --trace
    expect 5
    grep -qE '^ +[0-9.]+  @caller increment\(contract=@limited\) -> reverted CallFailed\(outcome=1\): the call of the counter failed$' <<<"$output"
    grep -qE '^ +[0-9.]+    call -> 1 reverted$' <<<"$output"
    grep -qE '^ +[0-9.]+      @limited increment\(by=1\) -> reverted Full\(limit=0\): the total would exceed the limit$' <<<"$output"
    grep -qE '^ +[0-9.]+        revert Full\(limit=0\): the total would exceed the limit -> ends the call$' <<<"$output"
    [ "${stderr_lines[1]}" = "$cause" ]
    hash=$("$AUREON" call caller increment contract=@limited --gas 100000 --json | jq --raw-output .hash) || true
    asked=$(status_requests)
    aureon tx trace "$hash"
    expect 0
    [ "$stderr" = "$cause" ]
    [ "$(status_requests)" -eq $((asked + 1)) ] # for the names, once
    # Names are those of this chain; without any it is addresses.
    limited=$(jq --raw-output '.chains[].limited' .aureon/aliases.json)
    caller=$(jq --raw-output '.chains[].caller' .aureon/aliases.json)
    rm .aureon/aliases.json
    aureon simulate "$caller" increment "contract=$limited" --trace
    grep -qE "  $caller increment\\(contract=$limited\\) -> reverted " <<<"$output"
    # A call that is refused has no frame: it is told where it is made.
    aureon simulate "$caller" increment contract=@bob --trace
    expect 5
    grep -qE '^ +[0-9.]+    call contract=@bob function=0x696e6372656d656e74  "increment" .* -> 8 no_contract$' <<<"$output"
}

@test "a stream" {
    "$AUREON" call "$token" transfer to=@bob amount=30 >/dev/null
    curl --silent --no-buffer --max-time 1 "$AUREON_URL/v1/events/stream?from_height=0" >stream || true
    [ "$(sed -n 's/^data: //p' stream | jq -r .fields.amount)" = 30 ]
}

@test "what a contract says wrongly of itself is no error" {
    cat >odd.wat <<'END'
(module
  (import "env" "emit" (func $emit (param i32 i32 i32 i32 i32 i32)))
  (import "env" "return_data" (func $return_data (param i32 i32)))
  (memory 1 1) (data (i32.const 0) "Odd")
  (func (export "go")
    (call $emit (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3))
    (call $return_data (i32.const 0) (i32.const 3)))
  (@custom "aureon_abi" "abi 1\0afn go()->u64 mut\0aevent Odd(a:u64)\0a"))
END
    odd=$("$AUREON" deploy odd.wat)
    aureon call "$odd" go --json
    expect 0
    expect_json .output 0x4f6464
    expect_json .undecoded "the output is no value of the function's result"
    expect_json .events[0].undecoded "the data is not that of the event's fields"
    expect_json '.events[0] | has("fields") | not' true
    aureon call "$odd" go --as abi
    expect_refused 2 "the output is not decoded: the output is no value of the function's result"
    aureon logs "$odd" --to-height 3
    [[ $output == "3-0-0 $odd Odd 0x4f6464"* ]]
}

# odd_with FIELDS: a module whose `go` emits three bytes, which are these fields of its event.
odd_with() {
    cat <<END
(module
  (import "env" "emit" (func \$emit (param i32 i32 i32 i32 i32 i32)))
  (memory 1 1) (data (i32.const 0) "Odd")
  (func (export "go")
    (call \$emit (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3)))
  (@custom "aureon_abi" "abi 1\0afn go() mut\0aevent Odd($1)\0a"))
END
}

@test "on disk: an upgrade does not change how older events read" {
    stop_node
    start_node dev --data-dir data
    odd_with "a:u8, b:u16" >one.wat
    odd_with "all:(u8,u8,u8)" >two.wat
    odd=$("$AUREON" deploy one.wat)
    "$AUREON" call "$odd" go >/dev/null
    "$AUREON" upgrade "$odd" two.wat >/dev/null
    "$AUREON" call "$odd" go >/dev/null
    for _ in 1 2; do
        aureon logs "$odd"
        expect 0
        [[ ${lines[0]} == "2-0-0 $odd Odd(a=79, b=25700) 0x4f6464"* ]]
        [[ ${lines[1]} == "4-0-0 $odd Odd(all=[79,100,100]) 0x4f6464"* ]]
        stop_node
        start_node dev --data-dir data
    done
}
