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
    expect_json .revert_code 1
    expect_json .output 0x0c
    [ "$("$AUREON" view "$counter" get --as u64)" = 0 ]
}

@test "an address without code is told to the caller" {
    local alice
    alice=$("$AUREON" account alice --json | jq --raw-output .address)
    aureon call "$caller" get "addr:$alice" --gas 1000000 --json
    expect 5
    expect_json .revert_code 1
    expect_json .output 0x08
}

@test "a transaction is traced through both contracts, as it was simulated" {
    aureon simulate "$caller" increment "addr:$counter" --trace
    expect 0
    printf '%s\n' "$output" >simulated
    local hash
    hash=$("$AUREON" call "$caller" increment "addr:$counter" --json | jq --raw-output .hash)
    aureon tx trace "$hash"
    expect 0
    diff simulated - <<<"$output"
    [ "$(grep -cv '^ *[0-9.]* *fn \|more of less than 1 %' <<<"$output")" -eq 16 ]
    grep -q '^ *[0-9]*\.[0-9]\{3\}        fn increment own=[0-9.]* calls=1$' <<<"$output"
    grep -q '^ *[0-9]*\.[0-9]\{3\}          fn func\[[0-9]*\] own=[0-9.]* calls=1$' <<<"$output"
    grep -q "^ *[0-9]*\.[0-9]\{3\}  $caller increment(contract=$counter) -> success 1\$" <<<"$output"
    grep -q "^ *[0-9]*\.[0-9]\{3\}      $counter increment(by=1) -> success 1\$" <<<"$output"
    grep -q '        storage_write counter = 1$' <<<"$output"
    grep -q '        log "counter = 1"$' <<<"$output"

    local gas steps
    gas=$("$AUREON" tx get "$hash" --json | jq --raw-output '.receipt.gas_used')
    steps=$("$AUREON" tx trace "$hash" --json | jq --raw-output '.trace[0].steps')
    [ "$steps" -lt $((gas * 1000)) ]
    aureon tx trace "$hash" --folded
    expect 0
    [ "$(awk '{ sum += $NF } END { print sum }' <<<"$output")" -eq "$steps" ]
    local inner="increment@$caller;increment;func\[[0-9]*\];call;increment@$counter;increment"
    grep -q "^$inner;func\[[0-9]*\];storage_write 33000\$" <<<"$output"
    grep -q "^$inner;func\[[0-9]*\] [0-9]*\$" <<<"$output"
    aureon tx trace "$hash" --speedscope
    expect 0
    [ "$(jq '.profiles[0] | .weights | add' <<<"$output")" -eq "$steps" ]
    [ "$(jq '.profiles[0].endValue' <<<"$output")" -eq "$steps" ]
    [ "$(jq '.shared.frames | length == (unique | length)' <<<"$output")" = true ]
    [ "$(jq --arg c "$counter" --arg d "$caller" '.shared.frames |
        map(select(.name == "increment").file) == [$d, $c]' <<<"$output")" = true ]
    jq --exit-status '(.shared.frames | length) as $count | .profiles[0].samples
        | flatten | (unique | length) == $count and max == $count - 1' <<<"$output"
}

@test "a trace has the functions of the code by their names, with the gas of each path of calls" {
    local contract
    contract=$("$AUREON" deploy "$AUREON_SOURCE_DIR/contracts/counter/counter.wat" 2>/dev/null)
    aureon simulate "$contract" increment --trace --json
    expect 0
    expect_json '.trace[0].functions[0] | [.name, .calls, has("within")] | tojson' '["increment","1",false]'
    expect_json '.trace[0].functions[1:] | map([.name, .within]) | tojson' \
        '[["read",0],["write",0],["log_counter",0]]'
    expect_json '.trace | map(select(.kind == "host") | [.function, .within]) | tojson' \
        '[["arg_count",0],["storage_size",1],["storage_read",1],["storage_write",2],["log",3]]'
    expect_json '.trace[0].functions_cut' false
    # What a function took is its own, and what it called took.
    expect_json '[.trace[0].functions[1].steps, .trace[0].functions[1].own_steps,
        (.trace[2,3].steps)] | map(tonumber) | .[0] == .[1] + .[2] + .[3]' true
    expect_json '(.trace[0].functions | map(.own_steps | tonumber) | add)
        + (.trace[1:] | map(.steps | tonumber) | add)
        == (.trace[0].functions[0].steps | tonumber)' true
    aureon simulate "$contract" increment --trace
    expect 0
    [[ ${lines[1]} =~ ^\ +[0-9.]+\ \ \ \ fn\ increment\ own=0\.[0-9]{3}\ calls=1$ ]]
    [[ ${lines[2]} =~ ^\ +[0-9.]+\ \ \ \ \ \ fn\ write\ own=0\.[0-9]{3}\ calls=1$ ]]
}

@test "a trace shows where a call failed, and a view's is had as well" {
    aureon simulate "$caller" increment_in_view "addr:$counter" --trace
    expect 5
    grep -q ' call flags=1 -> 12 not_allowed$' <<<"$output"
    grep -q '        storage_write .* -> ends the call$' <<<"$output"
    aureon view "$counter" get --trace
    expect 0
    grep -q "$counter get() in a view -> success 0\$" <<<"$output"
    aureon tx trace 0x0000000000000000000000000000000000000000000000000000000000000001
    expect 7
}
