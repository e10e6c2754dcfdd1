#!/usr/bin/env bats
# Nodes as their operators see them: starting, stopping, refusing to, and what is left on disk.

load helper.sh
load node.sh

setup() {
    enter_temp
    export XDG_DATA_HOME=$BATS_TEST_TMPDIR/keys
    unset AUREON_PASSWORD_FILE
}

teardown() {
    end_nodes
}

# head_of_node: height and state root, as a line.
head_of_node() {
    curl --silent "$AUREON_URL/v1/status" | jq --raw-output '"\(.height) \(.state_root)"'
}

# head_of_store DIR: the same, proved.
head_of_store() {
    "$AUREON" state verify "$1" | awk '{word[$1] = $2} END {print word["height"], word["root"]}'
}

# new_chain DIR: a chain with the key treasury, which has 5 AUR, and the proposer's, which has none.
new_chain() {
    echo secret >password
    treasury=$("$AUREON" keys new treasury --password-file password)
    proposer=$("$AUREON" keys new proposer --password-file password)
    "$AUREON" node init "$1" --chain-id test-chain --proposer "$proposer" \
        --balance "$treasury=5000000000"
}

@test "dev serves until SIGTERM or SIGINT, and ends with 0" {
    for signal in TERM INT; do
        start_node dev
        [[ $AUREON_URL =~ ^http://127\.0\.0\.1:[0-9]+$ ]]
        request GET /health
        expect 200
        expect_json .status ok
        [ "$(grep -c '^  [a-z]* *aur1' node.err)" -eq 10 ]
        stop_node "$signal"
        [[ $(tail -n 1 node.err) == "aureon: stopping" ]]
        [ ! -s node.out ]
    done
}

@test "a node has large pages under its heap, beside what its environment says" {
    local given environment
    for given in "" glibc.malloc.arena_max=4: glibc.malloc.hugetlb=0; do
        GLIBC_TUNABLES=${given%:} start_node dev
        [ "$(cat "/proc/$node_pid/comm")" = aureon ]
        # glibc ends each of them by a zero, in place.
        environment=:$(tr '\0' ':' <"/proc/$node_pid/environ")
        [ "$given" = glibc.malloc.hugetlb=0 ] || given+=glibc.malloc.hugetlb=1
        [[ $environment == *":GLIBC_TUNABLES=$given:"* ]]
        stop_node
    done
}

# large_pages: 1 if Linux may give the node some, else 0.
large_pages() {
    awk '/^THP_enabled:/ {print $2}' "/proc/$node_pid/status"
}

@test "a node takes large pages once it is large, or its store is" {
    local module i
    # A memory of seven pages, and 384 KiB for it.
    module='\0asm\1\0\0\0\5\3\1\0\7\13\210\200\30\1\0\101\0\13\200\200\30'
    start_node dev
    for i in $(seq 40); do
        [ "$(large_pages)" = 0 ] || break
        { printf "$module%06d" "$i" && head --bytes=393210 /dev/zero; } >module.wasm
        "$AUREON" deploy module.wasm
    done
    [ "$i" -gt 1 ]
    [ "$(large_pages)" = 1 ]
    stop_node

    start_node dev --data-dir kept
    [ "$(large_pages)" = 0 ]
    stop_node
    truncate --size 127M kept/store/other
    start_node dev --data-dir kept
    [ "$(large_pages)" = 0 ]
    stop_node
    truncate --size 128M kept/store/other
    start_node dev --data-dir kept
    [ "$(large_pages)" = 1 ]
    stop_node
}

@test "a node that has requests to answer still stops" {
    start_node dev --manual
    curl --silent --header 'Content-Type: application/json' \
        --data '{"from": "alice", "kind": "transfer", "to": "bob", "amount": "1"}' \
        "$AUREON_URL/v1/tx?timeout=60s" >answer 3>&- &
    curl --silent --no-buffer "$AUREON_URL/v1/blocks/stream" >stream 3>&- &
    for _ in $(seq 100); do
        request GET /v1/mempool
        [ "$(json .count)" = 1 ] && break
        sleep 0.05
    done
    expect_json .count 1
    SECONDS=0
    stop_node
    [ "$SECONDS" -le 10 ]
}

@test "a port that is taken: exit 3 and a way out" {
    start_node dev
    port=${AUREON_URL##*:}
    aureon dev --port "$port"
    expect_refused 3 "port $port: the port is taken; \`--port 0\` picks a free one"
    request GET /health
    expect 200
    stop_node
}

@test "addresses that cannot be listened on" {
    aureon dev --port 0 --address localhost
    expect_refused "$status" "cannot listen on localhost"
    [ "$status" -ne 0 ]
    aureon dev --port 0 --address 192.0.2.1
    expect_refused "$status" "this machine does not have that address"
    [ "$status" -ne 0 ]
    aureon dev --port 65536
    expect_refused 2 "--port: expected a decimal number from 0 to 65535, got '65536'"
}

@test "folders that cannot be" {
    aureon dev --port 0 --data-dir missing/folder
    expect_refused 1 "cannot make the folder missing/folder: No such file or directory"
    aureon dev --port 0 --data-dir /proc # the system's: no folder can be made there
    expect_refused 1 "cannot make or read the folder /proc/compiled: No such file or directory"
    aureon node start missing --port 0
    expect_refused 7 "missing/genesis.json"
    aureon state verify missing
    expect_refused 7 "there is no store in missing/store"
    mkdir -p other/store
    echo text >other/store/notes
    aureon state verify other
    expect_refused 7 "there is no store in other/store"
    [ "$(ls other/store)" = notes ] # who only looks makes nothing
    aureon dev --port 0 --data-dir data --ready-file missing/ready
    expect 7
    [[ $stderr == *missing/ready* ]]
}

zero=0x0000000000000000000000000000000000000000000000000000000000000000

# Each command that takes a node's folder, with DIR in its place.
folder_commands=(
    "dev --port 0 --data-dir DIR"
    "node init DIR --chain-id test --proposer $zero"
    "node start DIR --port 0"
    "state verify DIR"
    "state stats DIR"
    "state rollback DIR --to 0"
    "snapshot create DIR snapshot"
    "snapshot restore snapshot DIR"
)

# with_own_rights COMMAND...: root is asked for its permissions, too.
with_own_rights() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --bounding-set=-dac_override,-dac_read_search "$@"
    else
        "$@"
    fi
}

# each_refuses DIR STATUS TEXT
each_refuses() {
    local command
    for command in "${folder_commands[@]}"; do
        local -a words
        read -ra words <<<"$command"
        run --separate-stderr "$AUREON" "${words[@]/#DIR/$1}"
        expect_refused "$2" "$3"
    done
}

@test "a node's folder that is none: all say what was expected, and what is there" {
    echo text >file
    long=$(printf 'a/%.0s' {1..2500})
    each_refuses file 2 "expected a folder, got the file 'file'"
    each_refuses "" 2 "expected a folder, got ''"
    each_refuses "$long" 2 "the folder's path is too long: expected at most 4000 bytes, got 5000"
    [ "$(cat file)" = text ]
    for command in verify stats "rollback --to 0"; do
        # shellcheck disable=SC2086 # words
        aureon state $command .
        expect_refused 7 "there is no store in ./store"
    done

    # A file in the place of the store, and a place that cannot be looked into.
    mkdir chain
    echo text >chain/store
    aureon dev --port 0 --data-dir chain
    expect_refused 1 "cannot make the folder chain/store: File exists"
    ln -sf store chain/store
    for command in "state verify chain" "state stats chain" "snapshot create chain snapshot"; do
        # shellcheck disable=SC2086 # words
        aureon $command
        expect_refused 1 "cannot look for a store in chain/store: Too many levels of symbolic links"
    done
    mkdir --mode 0 closed
    run --separate-stderr with_own_rights "$AUREON" node init closed --chain-id test --proposer "$zero"
    chmod 700 closed
    expect_refused 1 "cannot look for closed/genesis.json: Permission denied"
}

@test "two nodes on one folder: the second refuses, the first lives on" {
    start_node dev --data-dir data
    aureon dev --port 0 --data-dir data
    expect_refused 1 "cannot open the store in data/store"
    aureon state verify data
    expect_refused 1 "cannot open the store in data/store"
    "$AUREON" send bob 1
    stop_node
    [ "$(head_of_store data | cut -d' ' -f1)" = 1 ]
}

@test "a restart finds height, root, receipts and code where they were" {
    start_node dev --data-dir data
    contract=$("$AUREON" deploy "$counter_c")
    "$AUREON" call "$contract" increment u64:7 --json >call.json
    "$AUREON" send "$contract" 1.5
    before=$(head_of_node)
    [ "${before%% *}" = 3 ]
    hash=$(jq --raw-output '.hash // .receipt.hash' call.json)
    request GET "/v1/tx/$hash/receipt"
    cp body receipt
    stop_node
    [ "$(head_of_store data)" = "$before" ]
    start_node dev --data-dir data
    [ "$(head_of_node)" = "$before" ]
    request GET "/v1/tx/$hash/receipt"
    expect 200
    cmp body receipt
    aureon call "$contract" increment --as u64
    expect 0
    [ "$output" = 8 ]
    stop_node
}

@test "without a folder nothing is kept" {
    start_node dev
    "$AUREON" send bob 1
    stop_node
    start_node dev
    request GET /v1/status
    expect_json .height 0
    stop_node
}

@test "a chain of one's own: init, start, send, fees, restart" {
    new_chain chain
    aureon node init chain --chain-id test-chain --proposer "$proposer"
    expect_refused 2 "chain/genesis.json is there already"
    start_node node start chain
    request GET /v1/status
    expect_json .mode network
    expect_json .chain_id test-chain
    expect_json .height 0

    aureon send "$proposer" 1 --from treasury --password-file password
    expect 0
    hash=$output
    request GET "/v1/tx/$hash/receipt"
    expect_json .status success
    fee=$(json .fee)
    [ "$fee" -gt 0 ]
    request GET "/v1/balance/$proposer"
    expect_json .balance "$((1000000000 + fee))"
    request GET "/v1/balance/$treasury"
    expect_json .balance "$((4000000000 - fee))"

    aureon send "$proposer" 1 --from treasury --password-file password --gas-price 0
    expect_refused 4 tx-price-low
    request POST /v1/tx '{"from": "alice", "kind": "transfer", "to": "bob", "amount": "1"}'
    expect_problem 422 signature-required
    request POST /v1/dev/mine '{}'
    expect_problem 404 dev-only
    before=$(head_of_node)
    stop_node
    [ "$(head_of_store chain)" = "$before" ]
    start_node node start chain
    [ "$(head_of_node)" = "$before" ]
    stop_node
}

@test "a genesis that was edited afterwards is refused, and nothing is lost" {
    new_chain chain
    start_node node start chain
    "$AUREON" send "$proposer" 1 --from treasury --password-file password
    before=$(head_of_node)
    stop_node
    cp chain/genesis.json genesis.json
    sed 's/test-chain/best-chain/' genesis.json >chain/genesis.json
    aureon node start chain --port 0
    expect_refused 1 genesis
    echo '{}' >chain/genesis.json
    aureon node start chain --port 0
    expect_refused 2 "chain/genesis.json: "
    cp genesis.json chain/genesis.json
    start_node node start chain
    [ "$(head_of_node)" = "$before" ]
    stop_node
}

@test "what init refuses" {
    bob=aur1fhtqpuevmp92u2eydn0jpcvl29cw5atx50s2rvprw9qdusm5zrpqkgd2w9
    aureon node init chain --proposer "$bob"
    expect_refused 2 "--chain-id is missing"
    aureon node init chain --chain-id test
    expect_refused 2 "--proposer is missing"
    aureon node init chain --chain-id test --proposer bob
    expect_refused 2 "'bob' is no address"
    aureon node init chain --chain-id Test_1 --proposer "$bob"
    expect_refused 2 "a chain id that is not 1..50 of a-z 0-9 -"
    aureon node init chain --chain-id test --proposer "$bob" --balance "$bob"
    expect_refused 2 "expected ADDRESS=N"
    aureon node init chain --chain-id test --proposer "$bob" --balance "$bob=1.5"
    expect_refused 2 "the balance is no decimal number"
    aureon node init chain --chain-id test --proposer "$bob" --balance "$bob=1" --balance "$bob=2"
    [ "$status" -eq 2 ]
    [ ! -e chain/genesis.json ]
}

@test "older heights, by option" {
    start_node dev --data-dir data
    counter=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/counter.wasm" 2>/dev/null)
    for amount in 1 2 3; do
        "$AUREON" call "$counter" increment "$amount" --value 10
        "$AUREON" send bob 100
    done
    for height in 2 4 6; do
        sum=$((height / 2 * (height / 2 + 1) / 2))
        aureon view "$counter" get --as u64 --height "$height"
        expect 0 "$sum"
        aureon contract storage "$counter" counter --json --height "$height"
        expect 0
        expect_json '"\(.height) \(.value[0:4])"' "$height 0x0$sum"
        aureon contract storage "$counter" --json --height "$height"
        expect_json '"\(.height) \(.items | length)"' "$height 1"
        aureon contract show "$counter" --json --height "$height"
        expect_json '"\(.height) \(.balance)"' "$height $((height * 5000000000))"
        aureon account bob --json --height "$height"
        expect_json '"\(.height) \(.balance)"' \
            "$height $((1000000000000000 + (height / 2 - 1) * 100000000000))"
    done
    aureon balance bob --height 0
    expect 0 "1000000 AUR"
    aureon balance bob --height 8
    expect_refused 7 "expected a height up to 7, got 8 (unknown-block)"
    "$AUREON" api POST /v1/dev/mine --data '{"count":1000}' >/dev/null
    "$AUREON" api POST /v1/dev/mine --data '{"count":18}' >/dev/null
    aureon balance bob --height 0
    expect_refused 7 "expected a height from 1 to 1025, got 0 (pruned)"
    aureon view "$counter" get --as u64 --height 4
    expect 0 3
    stop_node
}

# The same transactions, signed once, give the same blocks: their time is their own.
@test "blocks are taken back, and the same transactions give the same state" {
    start_node dev --data-dir data
    counter=$("$AUREON" deploy "$AUREON_CONTRACTS_DIR/counter.wasm" 2>/dev/null)
    stop_node
    before=$(head_of_store data)
    start_node dev --data-dir data
    for round in 1 2 3; do
        tx=$("$AUREON" send bob "$round" --unsigned --nonce "$round")
        "$AUREON" tx sign "$tx" --from alice >>signed
    done
    submit() {
        while read -r tx; do "$AUREON" tx send "$tx" --json; done <signed |
            jq -c 'del(.receipt)'
    }
    submit >first
    "$AUREON" call "$counter" increment 5 --from bob --as u64
    aureon state rollback data --to 1
    expect_refused 1 "cannot open the store in data/store"
    stop_node
    after=$(head_of_store data)
    [ "${after%% *}" = 5 ]

    aureon state rollback data
    expect_refused 2 "--to is missing"
    aureon state rollback data --to 6
    expect_refused 7 "cannot go back to 6: the last block is 5"
    aureon state rollback missing --to 1
    expect_refused 7 "there is no store in missing/store"
    [ "$(head_of_store data)" = "$after" ]
    aureon state rollback data --to 1
    expect 0 "height    1
root      ${before#* }"
    [ "$(head_of_store data)" = "$before" ]

    start_node dev --data-dir data
    hash=$(head -n 1 first | jq -r .hash)
    aureon tx get "$hash"
    expect_refused 7 "unknown-tx"
    aureon balance bob
    expect 0 "1000000 AUR"
    submit >second
    cmp first second
    aureon call "$counter" increment 5 --from bob --as u64
    expect 0 5
    stop_node
    [ "$(head_of_store data)" = "$after" ]
}

# flip FILE: changes a byte of the first entries in a table.
flip() {
    python3 - "$1" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(40)
    byte = file.read(1)[0]
    file.seek(40)
    file.write(bytes([byte ^ 1]))
END
}

@test "a store that was damaged is found" {
    start_node dev --data-dir data
    for _ in 1 2 3; do "$AUREON" send bob 1; done
    stop_node
    # A node that starts writes what its log had into tables; of each, one bit changes.
    start_node dev --data-dir data
    stop_node
    found=0
    for table in data/store/*.sst; do
        rm -rf damaged
        cp -r data damaged
        flip "damaged${table#data}"
        aureon state stats damaged
        expect_refused 4 "aureon state stats: the store is damaged: Corruption: "
        [[ $stderr == *"damaged${table#data}"* ]]
        aureon state verify damaged
        if [ "$status" -eq 0 ]; then continue; fi # what blocks, receipts and undo are kept in
        expect_refused 4 "damaged${table#data}"
        aureon snapshot create damaged "snapshot-$found"
        if [ "$status" -ne 0 ]; then expect_refused 4 "damaged${table#data}"; fi
        aureon state rollback damaged --to 0
        if [ "$status" -ne 0 ]; then expect_refused 4 "damaged${table#data}"; fi
        found=$((found + 1))
    done
    [ "$found" -ge 3 ] # accounts, branches, what the head is

    # A start reads what the head is, and tells once of what it cannot read.
    rm -rf damaged
    cp -r data damaged
    for table in $(grep --files-with-matches --text namemeta damaged/store/*.sst); do
        flip "$table"
    done
    aureon dev --data-dir damaged --port 0
    expect_refused 4 "aureon dev: the store in damaged/store cannot be read: Corruption: "
    [[ $stderr == *"in damaged/store/"*".sst "*"; \`aureon state verify\` tells more"* ]]

    # What is damaged is told in the same words when blocks are taken back.
    rm -rf damaged
    cp -r data damaged
    for table in $(grep --files-with-matches --text namechg damaged/store/*.sst); do
        flip "$table"
    done
    aureon state rollback damaged --to 0
    expect_refused 4 "aureon state rollback: cannot go back to 0: Corruption: "
    [[ $stderr == *"in damaged/store/"*".sst "* ]]
}

# on_terminal COMMAND...: runs it with a terminal as standard error, prints what that shows.
on_terminal() {
    python3 - "$@" <<'END'
import os
import pty
import subprocess
import sys

ours, theirs = pty.openpty()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=theirs).returncode
os.close(theirs)
shown = b""
try:
    while piece := os.read(ours, 4096):
        shown += piece
except OSError:
    pass  # the end of a terminal
sys.stdout.buffer.write(shown)
sys.exit(code)
END
}

@test "on a terminal long walks show how far they are, and leave the line empty" {
    owner=aur1fhtqpuevmp92u2eydn0jpcvl29cw5atx50s2rvprw9qdusm5zrpqkgd2w9
    "$AUREON" node init chain --chain-id test --proposer "$owner" --balance "$owner=100000000000000"
    python3 - chain/genesis.json <<'END'
import json
import sys

with open(sys.argv[1]) as file:
    genesis = json.load(file)
account = genesis["accounts"][0]
genesis["accounts"] = [{**account, "address": f"0x{1 << 200 | n:064x}"} for n in range(70000)]
with open(sys.argv[1], "w") as file:
    json.dump(genesis, file)
END
    start_node node start chain
    stop_node
    for command in verify stats; do
        run on_terminal "$AUREON" state "$command" chain
        expect 0
        [[ $output == $'\r'"65536 entries "*$'\r' ]]
        [[ ${output##*entries } =~ ^$'\r'?" "+$'\r'$ ]]
        aureon state "$command" chain # no terminal
        expect 0
        [ -z "$stderr" ]
    done
}

@test "damage in an old block stops the node that is asked for it once, and no start serves it" {
    local table code
    start_node dev --data-dir data
    for _ in 1 2 3; do "$AUREON" send bob 1; done
    stop_node
    # A node that starts writes what its log had into tables. Each table names its family.
    start_node dev --data-dir data
    stop_node
    table=$(grep --files-with-matches --text nameblk data/store/*.sst)
    flip "$table"
    start_node dev --data-dir data
    # RocksDB may meet it first, compacting tables, and then takes no block any more.
    "$AUREON" send bob 1 || true
    request GET /v1/block/1 || true
    code=0
    wait "$node_pid" || code=$?
    [ "$code" -eq 1 ]
    grep --fixed-strings "the node stops: " node.err
    grep --fixed-strings "$table" node.err data/store/UNREADABLE
    for _ in 1 2; do
        run -4 --separate-stderr "$AUREON" dev --data-dir data --port 0
        [[ $stderr == *"the store in data/store cannot be read: "*"$table"* ]]
        [ "$(grep --count --fixed-strings "$table" <<<"$stderr")" -eq 1 ]
    done

    # The state is whole: a snapshot leads on from the last block.
    head=$(head_of_store data)
    aureon snapshot create data snapshot
    [ "$status" -eq 0 ]
    aureon snapshot restore snapshot rescued
    [ "$status" -eq 0 ]
    start_node dev --data-dir rescued
    [ "$(head_of_node)" = "$head" ]
    "$AUREON" send bob 1
    stop_node

    # The disk gives the right bytes again.
    flip "$table"
    start_node dev --data-dir data
    [ ! -e data/store/UNREADABLE ]
    request GET /v1/block/1
    expect 200
    stop_node
}

# say_of PATTERN: waits until the node has said it.
say_of() {
    for _ in $(seq 600); do
        if grep --quiet "$1" node.err; then return; fi
        sleep 0.02
    done
    printf 'the node does not say "%s" but: %s\n' "$1" "$(tail -n 3 node.err)" >&2
    return 1
}

@test "a node proves its state now and then, and stops for good where it is another" {
    local code root spoiled
    echo secret >password
    export AUREON_PASSWORD_FILE=$BATS_TEST_TMPDIR/password
    rich=$("$AUREON" keys new rich)
    poor=$("$AUREON" keys new poor)
    "$AUREON" node init chain --chain-id test-chain --proposer "$rich" \
        --balance "$rich=5000000000000" --balance "$poor=7"
    start_node node start chain --verify-every 3
    for _ in 1 2 3 4; do "$AUREON" send "$rich" 1 --from rich >/dev/null; done
    say_of '^aureon: the state at height 3 is whole: 3 accounts, [0-9]* slots, [0-9.]* s$'
    [ "$(grep --count "is whole" node.err)" -eq 1 ]
    stop_node

    # A stop waits for no proof that is under way.
    start_node node start chain --verify-every 1
    for _ in 1 2 3; do "$AUREON" send "$rich" 1 --from rich >/dev/null; done
    stop_node

    "$AUREON_BUILD_DIR/tests/spoil" chain/store "$poor"
    for every in 0 10000 3; do
        # Opening does not read what has not changed.
        start_node node start chain --verify-every "$every"
        [ ! -e chain/store/UNREADABLE ]
        if [ "$every" -ne 3 ]; then stop_node; fi
    done
    "$AUREON" send "$rich" 1 --from rich >/dev/null
    "$AUREON" send "$rich" 1 --from rich >/dev/null || true
    code=0
    wait "$node_pid" || code=$?
    [ "$code" -eq 4 ]
    grep "^aureon: the node stops: the state at height 9 is damaged: expected the root 0x" node.err
    root=$(sed -n 's/.* expected the root \(0x[0-9a-f]*\): .*/\1/p' node.err)
    spoiled=$(sed -n 's/.* the state root of the head, but \(0x[0-9a-f]*\)$/\1/p' node.err)
    [ "${#root}" -eq 66 ] && [ "${#spoiled}" -eq 66 ] && [ "$root" != "$spoiled" ]
    # Whoever starts it again does not make it serve.
    for _ in 1 2; do
        aureon node start chain --port 0
        expect 4
        [[ $stderr == *"the store in chain/store is damaged: the accounts do not give"*"$spoiled"* ]]
    done
    aureon state verify chain
    expect 4
}

# Files may not become larger than 3 MiB: a full disk for which one needs no privileges.
@test "streams that are closed do not become files of the store" {
    for closed in "<&- >&- 2>&-" "2>&-" "<&- >node.out"; do
        rm -rf ready data
        bash -c "exec '$AUREON' dev --data-dir data --port 0 --ready-file ready 3>&- $closed" &
        node_pid=$!
        echo "$node_pid" >>nodes
        for _ in $(seq 600); do
            [ -s ready ] && break
            sleep 0.02
        done
        for fd in 0 1 2; do
            [[ $(readlink "/proc/$node_pid/fd/$fd") != "$PWD/data/"* ]]
        done
        stop_node
    done
}

@test "no room on the disk: the node stops, says why, and has lost nothing" {
    start_node dev --data-dir data
    stop_node
    (
        trap '' XFSZ
        ulimit -f 3072
        exec "$AUREON" dev --data-dir data --port 0 --ready-file ready_small \
            >/dev/null 2>small.err 3>&-
    ) &
    node_pid=$!
    echo "$node_pid" >>nodes
    for _ in $(seq 600); do
        if [ -s ready_small ]; then break; fi
        sleep 0.02
    done
    AUREON_URL=$(cat ready_small)
    # With 180 KiB that nothing reads: a custom section of 184321 bytes, named room.
    {
        cat "$counter_c"
        printf '\0\201\240\13\4room'
        head -c 184316 /dev/zero
    } >large.wasm
    committed=0
    for _ in $(seq 60); do
        request POST '/v1/contract/deploy?from=alice&gas=auto' @large.wasm application/wasm || break
        [ "$status" = 200 ] || break
        jq --compact-output .receipt body >"receipt.$committed"
        committed=$((committed + 1))
    done
    [ "$committed" -ge 3 ]
    [ "$committed" -lt 60 ]
    code=0
    wait "$node_pid" || code=$?
    [ "$code" -eq 1 ]
    grep "the node stops: making a block: " small.err

    aureon state verify data
    expect 0
    start_node dev --data-dir data
    for file in receipt.*; do
        request GET "/v1/tx/$(jq --raw-output .hash "$file")/receipt"
        expect 200
        jq --compact-output . body | cmp - "$file"
    done
    "$AUREON" send bob 1
    stop_node
}

@test "less than --min-free on the disk: reads are served, transactions refused" {
    start_node dev --data-dir data
    request POST '/v1/contract/deploy?from=alice' "@$counter_c" application/wasm
    expect 200
    height=$(jq --raw-output .receipt.height body)
    stop_node
    start_node dev --data-dir data --min-free 4000000000
    grep -q "aureon_store_full 1" <(curl --silent "$AUREON_URL/metrics")
    request GET /health
    expect 200
    expect_json '"\(.status) \(.height)"' "store-full $height"
    request GET /v1/status
    expect_json .store full
    for route in tx txs contract/deploy?from=alice; do
        case $route in
            tx) request POST /v1/tx '{"from": "alice", "kind": "transfer", "to": "bob", "amount": 1}' ;;
            txs) request POST /v1/txs '{"txs": []}' ;;
            *) request POST "/v1/$route" "@$counter_c" application/wasm ;;
        esac
        expect_problem 503 store-full .wanted 4718592000000000
        grep -qi '^retry-after: 60' headers
        [ "$(jq '.free | tonumber > 0' body)" = true ]
    done
    request POST /v1/dev/mine '{"count": 3}'
    expect_problem 503 store-full
    request GET /balance/bob
    expect 200
    [ "$(grep -c 'the disk of the store is full' node.err)" = 1 ]
    stop_node
    start_node dev --data-dir data --min-free 0
    request GET /health
    expect_json '"\(.status) \(.height)"' "ok $height"
    "$AUREON" send bob 1
    stop_node
}

mine() { # COUNT
    for ((left = $1; left > 0; left -= 1000)); do
        request POST /v1/dev/mine "{\"count\": $((left < 1000 ? left : 1000))}"
        expect 200
    done
}

expect_history() { # FIRST KEPT
    request GET /v1/status
    expect_json '.history | "\(.first_height) \(.keep_blocks // "all")"' "$1 $2"
    grep -q "aureon_history_first_height $1\$" <(curl --silent "$AUREON_URL/metrics")
    request GET "/balance/bob?height=$1"
    expect 200
    [ "$1" = 0 ] && return
    request GET "/balance/bob?height=$(($1 - 1))"
    expect_problem 410 pruned .expected "a height from $1 to $(jq --raw-output .height <(
        curl --silent "$AUREON_URL/v1/status"))"
}

@test "as many states are kept as was said last, and what is gone does not come back" {
    start_node dev --data-dir data --archive
    "$AUREON" send bob 1
    mine 1299
    expect_history 0 all
    stop_node
    start_node dev --data-dir data # as before
    mine 100
    expect_history 0 all
    aureon balance bob --height 0
    expect 0 1000000 AUR
    stop_node
    # What is too much goes with the next blocks, those of 256 with each.
    start_node dev --data-dir data --keep-blocks 50
    expect_history 0 50
    mine 1
    expect_history 255 50
    mine 1
    expect_history 511 50
    kill -9 "$node_pid" && wait "$node_pid" || true
    start_node dev --data-dir data
    expect_history 511 50
    mine 3
    expect_history 1279 50
    mine 2
    expect_history 1357 50
    stop_node
    run -0 "$AUREON" state verify data
    aureon state rollback data --to 1356
    expect_refused 7 "kept from height 1357 on"
    cp -r data older
    aureon state rollback older --to 1357
    expect 0
    start_node dev --data-dir data --archive
    mine 60
    expect_history 1357 all
    stop_node
}

@test "how much is kept: one answer, and not none" {
    aureon dev --keep-blocks 5 --archive
    expect_refused 2 "--archive keeps all: --keep-blocks contradicts it"
    aureon dev --keep-blocks 0
    expect_refused 2 "--keep-blocks: expected a number from 1, got 0"
}

@test "simulations leave nothing behind" {
    count=${AUREON_SIMULATION_COUNT:-1000}
    start_node dev --data-dir data
    contract=$("$AUREON" deploy "$counter_c")
    before=$(head_of_node)
    tx=$("$AUREON" call "$contract" increment --gas 100000 --unsigned)
    # One connection; what is behind the # is not sent.
    curl --silent --show-error --data "{\"tx\": \"$tx\"}" \
        --header 'Content-Type: application/json' "$AUREON_URL/v1/tx/simulate#[1-$count]" >receipts
    jq --raw-output '[.status, .output] | join(" ")' receipts | sort | uniq -c | tr -s ' ' >sorts
    [ "$(cat sorts)" = " $count success 0x0100000000000000" ]
    [ "$(head_of_node)" = "$before" ]
    request GET "/v1/contract/$contract/storage/0x636f756e746572"
    expect_json .value 0x0000000000000000
    stop_node
    [ "$(head_of_store data)" = "$before" ]
}
