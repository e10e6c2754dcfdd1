#!/usr/bin/env bats
# aureon dev --watch: what is written is what runs.

load helper.sh
load node.sh

setup() {
    enter_temp
    mkdir hello
    cat >hello/counter.c <<'END'
#include "aureon_contract.h"

uint64_t AUREON_EXPORT(increment)(void)
{
    uint64_t by = 1;
    uint64_t counter = 0;
    aureon_storage_read(AUREON_TEXT("counter"), &counter, sizeof(counter));
    counter += by;
    aureon_storage_write(AUREON_TEXT("counter"), &counter, sizeof(counter));
    return counter;
}
END
}

teardown() {
    end_nodes
}

# wait_for COMMAND...: until it succeeds.
wait_for() {
    for _ in $(seq 600); do
        "$@" && return
        sleep 0.05
    done
    cat node.err >&2
    return 1
}

# says N TEXT: the node said so at least N times.
says() {
    [ "$(grep -c "$2" node.err)" -ge "$1" ]
}

@test "a change is built and becomes the code of the same contract" {
    start_node dev --watch hello
    wait_for says 1 '^aureon dev: counter is deployed$'
    address=$("$AUREON" account counter --json | jq .address)
    aureon call counter increment --as u64
    expect 0
    [ "$output" = 1 ]
    sed -i 's/uint64_t by = 1;/uint64_t by = 10;/' hello/counter.c
    wait_for says 1 '^aureon dev: counter is upgraded$'
    aureon call counter increment --as u64
    expect 0
    [ "$output" = 11 ]
    [ "$("$AUREON" account counter --json | jq .address)" = "$address" ]

    # A mistake is told and changes nothing; the next change is looked at again.
    echo 'mistake' >>hello/counter.c
    wait_for says 1 "'hello/counter.c' does not compile"
    sed -i '$d; s/by = 10;/by = 100;/' hello/counter.c
    wait_for says 2 '^aureon dev: counter is upgraded$'
    aureon call counter increment --as u64
    [ "$output" = 111 ]

    # A second contract beside it; the first is as it was.
    sed 's/by = 100;/by = 1000;/' hello/counter.c >hello/other.c
    wait_for says 1 '^aureon dev: other is deployed$'
    aureon call other increment --as u64
    [ "$output" = 1000 ]
    says 2 '^aureon dev: counter is upgraded$'
    ! says 3 '^aureon dev: counter is upgraded$'
    [ ! -s node.out ]
    stop_node
}

@test "a node that starts again finds what it deployed on a chain that is kept" {
    start_node dev --watch hello --data-dir chain
    wait_for says 1 '^aureon dev: counter is deployed$'
    address=$("$AUREON" account counter --json | jq .address)
    "$AUREON" call counter increment
    stop_node

    start_node dev --watch hello --data-dir chain
    wait_for says 1 '^aureon dev: counter is there already$'
    stop_node

    sed -i 's/uint64_t by = 1;/uint64_t by = 10;/' hello/counter.c
    start_node dev --watch hello --data-dir chain
    wait_for says 1 '^aureon dev: counter is upgraded$'
    ! says 1 '^aureon dev: counter is deployed$'
    [ "$("$AUREON" account counter --json | jq .address)" = "$address" ]
    aureon call counter increment --as u64
    expect 0
    [ "$output" = 11 ]
    stop_node

    # Another chain of the same beginning does not know the name: it is a new contract there.
    start_node dev --watch hello --data-dir other
    wait_for says 1 '^aureon dev: counter is deployed$'
    stop_node
}

@test "what is no folder is not watched, and nothing is begun" {
    aureon dev --watch missing --data-dir chain
    expect_refused 7 "cannot watch 'missing': there is no such file"
    aureon dev --watch hello/counter.c --data-dir chain
    expect_refused 1 "cannot watch 'hello/counter.c': Not a directory"
    [ ! -e chain ]
}
