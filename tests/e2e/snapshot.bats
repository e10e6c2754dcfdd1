#!/usr/bin/env bats
# Snapshots: made of a stopped node and of one that runs, proved, damaged, restored, and gone on
# from.

load helper.sh
load node.sh

setup() {
    enter_temp
    export XDG_DATA_HOME=$BATS_TEST_TMPDIR/keys
}

teardown() {
    end_nodes
}

# used_chain DIR: a stopped development chain with contracts, slots and balances; sets counter,
# status_before and head.
used_chain() {
    start_node dev --data-dir "$1"
    counter=$("$AUREON" deploy "$counter_wat")
    "$AUREON" deploy "$AUREON_CONTRACTS_DIR/token.wasm" >/dev/null 2>&1 || true
    for _ in 1 2 3; do
        "$AUREON" call "$counter" increment >/dev/null
    done
    "$AUREON" send bob 7 >/dev/null
    balance=$("$AUREON" balance bob)
    head=$(curl --silent "$AUREON_URL/v1/status" | jq --raw-output .state_root)
    stop_node
}

@test "a restored node goes on" {
    used_chain chain
    aureon snapshot create chain snapshot
    expect 0
    [[ $output == *"$head"* ]]
    made=$output
    aureon snapshot verify snapshot
    expect 0
    [ "$output" = "$made" ]
    block=$(awk '$1 == "block" {print $2}' <<<"$output")
    aureon snapshot restore snapshot copy --block "$block"
    expect 0
    [ "$output" = "$made" ]
    aureon state verify copy
    expect 0
    [[ $output == *"$head"* ]]
    aureon snapshot restore snapshot copy # is done already
    expect 0

    start_node dev --data-dir copy
    [ "$("$AUREON" balance bob)" = "$balance" ]
    [ "$("$AUREON" view "$counter" get --as u64)" = 3 ]
    [ "$("$AUREON" call "$counter" increment --as u64)" = 4 ]
    stop_node
    start_node dev --data-dir copy
    [ "$("$AUREON" view "$counter" get --as u64)" = 4 ]
    stop_node
    aureon state verify copy
    expect 0

    aureon snapshot restore snapshot copy
    expect_refused 2 "the store has a chain already"
    aureon snapshot create chain snapshot
    expect_refused 2 "snapshot has a snapshot already"
}
