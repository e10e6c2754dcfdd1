#!/usr/bin/env bats
# Compiled contracts: the process that makes them, the folder that keeps them. Whatever happens to
# both, receipts and roots are the same.

load helper.sh
load node.sh

setup() {
    enter_temp
}

teardown() {
    end_nodes
}

# The helper of the node that runs.
helper_pid() {
    pgrep --parent "$node_pid"
}

# The compiled files of the chain in DIR, each with the number that changes when it is written anew.
kept_files() {
    (cd "$1/compiled/chain" && stat --format '%n %i' -- *)
}

# first_node: a chain in the folder first, with a contract that was called, and its node stopped.
# Sets counter.
first_node() {
    start_node dev --data-dir first
    counter=$("$AUREON" deploy "$counter_wat")
    [ "$("$AUREON" call "$counter" increment 5 --as u64)" = 5 ]
    stop_node
    [ "$(kept_files first | wc -l)" -eq 1 ]
}

# continue_in DIR: starts its node, does the same as for every other DIR, and stops it. Sets told to
# what receipts and roots say about it.
continue_in() {
    start_node dev --data-dir "$1"
    "$AUREON" call "$counter" increment 37 --json >call.json
    "$AUREON" deploy "$counter_c" --from bob --json >deploy.json
    request GET /v1/status
    told=$(cat call.json deploy.json; json '"\(.height) \(.state_root)"')
    stop_node
}

@test "a warm, a deleted, a damaged and a foreign cache: the same receipts and roots" {
    first_node
    for kind in warm deleted damaged short foreign; do
        cp -r first "$kind"
    done
    local file
    file=$(echo first/compiled/chain/*)
    rm -r deleted/compiled
    file=${file##*/}
    printf '\377' | dd of="damaged/compiled/chain/$file" bs=1 seek=9000 conv=notrunc status=none
    truncate --size 9000 "short/compiled/chain/$file"
    mv "foreign/compiled/chain/$file" "foreign/compiled/chain/0000000000000000-${file#*-}"

    local before
    before=$(kept_files warm)
    continue_in warm
    [ "$(kept_files warm | grep --count --line-regexp --fixed-strings "$before")" -eq 1 ]
    [ "$(kept_files warm | wc -l)" -eq 2 ]
    local expected=$told
    [[ $expected == *'"success"'*'"success"'* ]]
    for kind in deleted damaged short foreign; do
        continue_in "$kind"
        [ "$told" = "$expected" ]
        [ "$(ls "$kind/compiled/chain")" = "$(ls warm/compiled/chain)" ]
        [ -z "$(ls "$kind/compiled/other")" ]
    done
}

@test "the cache is deleted, and the helper killed, while the node runs" {
    first_node
    start_node dev --data-dir first
    rm -r first/compiled
    [ "$("$AUREON" call "$counter" increment 1 --as u64)" = 6 ]
    kill -KILL "$(helper_pid)"
    "$AUREON" deploy "$counter_c"
    [ "$("$AUREON" call "$counter" increment 1 --as u64)" = 7 ]
    stop_node
    start_node dev --data-dir first
    [ "$("$AUREON" view "$counter" get --as u64)" = 7 ]
    [ "$(kept_files first | wc -l)" -eq 2 ]
    stop_node
}

# A module like the counter, but none that was compiled before: NUMBER is in a section of its own.
another_module() {
    cat "$counter_c"
    printf '\0\003\001%02d' "$1"
}

# simulate_another NUMBER: what a deploy of it would come to; status, headers and body in files.
simulate_another() {
    another_module "$1" >"$1.wasm"
    printf '{"tx": "%s"}' "$("$AUREON" deploy "$1.wasm" --gas 1000000 --unsigned)" >"$1.json"
    curl --silent --max-time 60 --data-binary "@$1.json" --header Expect: \
        --header 'Content-Type: application/json' --dump-header "$1.headers" \
        --output "$1.body" --write-out '%{http_code}\n' "$AUREON_URL/v1/tx/simulate" >"$1.status"
}

@test "simulating new code: three wait for the helper, a fourth is told to come back" {
    start_node dev
    kill -STOP "$(helper_pid)"
    local number refused
    for number in 1 2 3 4; do
        simulate_another "$number" 3>&- &
    done
    for _ in $(seq 500); do
        cat ./*.status 2>/dev/null | grep -q . && break
        sleep 0.02
    done
    kill -CONT "$(helper_pid)"
    for number in 1 2 3 4; do
        while ! grep -q . "$number.status"; do sleep 0.02; done
    done
    [ "$(sort ./*.status | tr '\n' ' ')" = "200 200 200 429 " ]
    refused=$(grep --files-with-matches 429 ./*.status)
    grep -qi '^retry-after: 1' "${refused%.status}.headers"
    output=$(cat "${refused%.status}.body")
    expect_json .code compiler-full
    simulate_another "$(basename "$refused" .status)"
    output=$(cat "${refused%.status}.body")
    expect_json .status success
    stop_node
}

@test "a node that is told to stop does not wait for its helper" {
    start_node dev
    kill -STOP "$(helper_pid)"
    simulate_another 1 3>&- &
    while [ ! -s 1.json ]; do sleep 0.02; done
    "$AUREON" deploy "$counter_c" --gas 1000000 --wait none
    local helper
    helper=$(helper_pid)
    stop_node
    [ ! -e "/proc/$helper" ]
}

@test "a helper that dies idle is replaced, and leaves no zombie" {
    start_node dev
    "$AUREON" deploy "$counter_c"
    local helper
    helper=$(helper_pid)
    kill -KILL "$helper"
    for _ in $(seq 500); do
        if [ ! -e "/proc/$helper" ] && [ -n "$(helper_pid)" ]; then break; fi
        sleep 0.02
    done
    [ ! -e "/proc/$helper" ]
    [ "$(helper_pid | wc -l)" -eq 1 ]
    "$AUREON" deploy "$counter_wat"
    stop_node
}

@test "one helper for a node, and none without it" {
    start_node dev
    [ "$(helper_pid | wc -l)" -eq 1 ]
    local helper
    helper=$(helper_pid)
    [ "$(ls "/proc/$helper/fd" | wc -l)" -eq 3 ]
    "$AUREON" deploy "$counter_wat"
    [ "$(helper_pid)" = "$helper" ]
    kill -KILL "$node_pid"
    wait "$node_pid" || true
    for _ in $(seq 100); do
        [ -e "/proc/$helper" ] || break
        sleep 0.05
    done
    [ ! -e "/proc/$helper" ]
}

@test "a cache that others may look into is refused" {
    first_node
    chmod 0755 first/compiled/chain
    aureon dev --data-dir first --port 0
    expect 1
    [[ $stderr == *"first/compiled"*"mode 0700"* ]]
}

@test "the helper's word is no command" {
    aureon help
    [[ $output != *compile-helper* ]]
    aureon compile-helper </dev/null
    expect 1
}
