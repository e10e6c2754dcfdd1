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
    before=$(ls chain/store)
    aureon snapshot create chain chain/store
    expect_refused 2 "expected a folder of the snapshot's own, got 'chain/store', which is a store"
    [ "$(ls chain/store)" = "$before" ]
}

# damaged_is_refused FILE: a copy of the snapshot with a byte of FILE changed is refused, and FILE is named.
damaged_is_refused() {
    rm -rf damaged
    cp -r snapshot damaged
    size=$(stat --format %s "damaged/$1")
    for at in 0 $((size / 3)) $((size / 2)) $((size - 1)); do
        cp "snapshot/$1" "damaged/$1"
        byte=$(od -An -tu1 -j "$at" -N 1 "damaged/$1")
        # shellcheck disable=SC2059 # the format is the byte
        printf "\\$(printf %o $(((byte + 1) % 256)))" |
            dd of="damaged/$1" bs=1 seek="$at" conv=notrunc status=none
        aureon snapshot verify damaged
        expect_refused 4 "$1"
        aureon snapshot restore damaged "into-$1"
        expect_refused 4 "$1"
    done
}

@test "damage is found and named" {
    used_chain chain
    "$AUREON" snapshot create chain snapshot
    damaged_is_refused manifest
    damaged_is_refused chunk-000001
    rm damaged/chunk-000001
    aureon snapshot verify damaged
    expect_refused 4 "damaged/chunk-000001 is missing"
    rm damaged/manifest
    aureon snapshot verify damaged
    expect_refused 7 "damaged is no snapshot"
    aureon snapshot verify snapshot --block "0x$(printf '%064d' 1)"
    expect_refused 2 "the snapshot is of block 0x"
    aureon snapshot verify snapshot --block 0x12
    expect_refused 2 "--block '0x12': expected"

    for file in manifest chunk-000001; do
        rm -rf damaged
        cp -r snapshot damaged
        truncate -s 2G "damaged/$file"
        aureon snapshot verify damaged
        expect_refused 4 "damaged/$file is larger than a "
        truncate -s 0 "damaged/$file"
        aureon snapshot verify damaged
        expect_refused 4 "damaged/$file is damaged: "
    done
    touch file
    aureon snapshot create chain file
    expect_refused 1 "cannot make the folder file: File exists"
    aureon snapshot create chain ""
    expect_refused 2 "expected a snapshot's folder, got ''"
    aureon snapshot restore snapshot ""
    expect_refused 2 "expected a folder, got ''"
    aureon snapshot verify ""
    expect_refused 2 "expected a snapshot's folder, got ''"
    aureon state verify ""
    expect_refused 2 "expected a folder, got ''"
}

@test "blocks from before a snapshot are told as pruned" {
    used_chain chain
    "$AUREON" snapshot create chain snapshot
    "$AUREON" snapshot restore snapshot copy
    start_node dev --data-dir copy
    height=$(curl --silent "$AUREON_URL/v1/status" | jq --raw-output .height)
    request GET "/v1/block/$((height - 1))"
    expect_problem 410 pruned
    request GET "/v1/block/$height?txs=full"
    expect_problem 410 pruned
    request GET "/v1/block/$height"
    expect 200
    expect_json '"\(.height) \(.txs)"' "$height null"
    request GET /v1/block/latest
    expect 200
    request GET "/v1/blocks?order=asc"
    expect 200
    expect_json '.items | length' 1
    request GET "/v1/account/bob?height=$((height - 1))"
    expect_problem 410 pruned .expected "a height from $height to $height"
    request GET "/v1/account/bob?height=$height"
    expect 200
    request GET /v1/blocks
    expect 200
    expect_json '"\(.items | length) \(.next)"' "1 null"
    status=$(curl --silent --header 'Last-Event-ID: 0' --dump-header headers --output body \
        --write-out '%{http_code}' "$AUREON_URL/v1/blocks/stream")
    output=$(cat body)
    expect_problem 410 pruned
    for query in "from_height=$height" "order=asc&cursor=$height-9-0"; do
        request GET "/v1/events?$query"
        expect_problem 410 pruned .expected "a height above $height"
    done
    for query in "" "from_height=$((height + 1))" "cursor=$height-9-0"; do
        request GET "/v1/events?$query"
        expect 200
    done
    "$AUREON" send bob 1
    request GET "/v1/block/latest?txs=full"
    expect 200
    expect_json '.txs | length' 1
    request GET "/v1/account/bob?height=$height"
    expect 200
    request GET "/v1/account/bob?height=$((height - 1))"
    expect_problem 410 pruned
    stop_node
    aureon state rollback copy --to $((height - 1))
    expect_refused 7 "the store began with a snapshot of a later block"
    aureon state rollback copy --to "$height"
    expect 0
    aureon state verify copy
    expect 0
}

@test "a restoration that was killed goes on; until then no node starts" {
    used_chain chain
    "$AUREON" snapshot create chain snapshot
    mv snapshot/chunk-000001 hidden
    mkfifo snapshot/chunk-000001
    "$AUREON" snapshot restore snapshot copy 3>&- &
    restoring=$!
    exec 4>snapshot/chunk-000001 # waits for the other end
    kill -KILL "$restoring"
    wait "$restoring" || true
    exec 4>&-
    mv hidden snapshot/chunk-000001
    aureon dev --data-dir copy --port 0
    expect 1
    [[ $stderr == *"\`aureon snapshot restore SNAPSHOT DIR\` goes on"* ]]
    aureon snapshot restore snapshot copy
    expect 0
    aureon state verify copy
    expect 0
}

# wait_for FILE
wait_for() {
    for _ in $(seq 600); do
        if [ -e "$1" ]; then return; fi
        sleep 0.02
    done
    printf 'there is no %s; the node says: %s\n' "$1" "$(tail -n 3 node.err)" >&2
    return 1
}

@test "a node makes snapshots while it runs, and keeps two" {
    echo secret >password
    export AUREON_PASSWORD_FILE=$BATS_TEST_TMPDIR/password
    rich=$("$AUREON" keys new rich)
    "$AUREON" node init chain --chain-id test-chain --proposer "$rich" \
        --balance "$rich=5000000000000"
    mkdir -p chain/snapshots/1 # what an earlier node did not finish
    start_node node start chain --snapshot-every 2
    [ ! -e chain/snapshots/1 ]
    counter=$("$AUREON" deploy "$counter_wat" --from rich)
    for number in 1 2 3 4 5; do
        "$AUREON" call "$counter" increment --from rich >/dev/null
        if [ $((number % 2)) = 1 ]; then wait_for "chain/snapshots/$((number + 1))/manifest"; fi
    done
    for _ in $(seq 100); do
        if [ ! -e chain/snapshots/2 ]; then break; fi
        sleep 0.05
    done
    [ "$(cd chain/snapshots && echo *)" = "4 6" ]
    block=$(curl --silent "$AUREON_URL/v1/block/4" | jq --raw-output .hash)
    aureon snapshot restore chain/snapshots/4 copy --block "$block"
    expect 0
    [[ $output == *"height    4"* ]]
    grep -q "^aureon: snapshot chain/snapshots/6 is made" node.err
    stop_node

    start_node node start copy
    [ "$("$AUREON" view "$counter" get --as u64)" = 3 ]
    "$AUREON" call "$counter" increment --from rich >/dev/null
    [ "$("$AUREON" view "$counter" get --as u64)" = 4 ]
    stop_node
    aureon state verify copy
    expect 0
}

@test "the examples of the commands work" {
    used_chain chain
    "$AUREON" help --markdown |
        awk '/^Example:$/ {on = 1} on && /^aureon snapshot / {print} /^## / {on = 0}' >lines
    [ "$(wc -l <lines)" -eq 3 ]
    mkdir bin
    ln -s "$AUREON" bin/aureon
    PATH=$PWD/bin:$PATH run --separate-stderr bash -eu lines
    expect 0
}
