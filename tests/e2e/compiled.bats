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
