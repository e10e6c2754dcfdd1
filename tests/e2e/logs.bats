#!/usr/bin/env bats
# aureon logs: events of contracts, against a running development node.

load helper.sh
load node.sh

setup() {
    enter_temp
    cat >shop.wat <<'END'
(module (import "env" "emit" (func $emit (param i32 i32 i32 i32 i32 i32)))
  (memory 1 1) (data (i32.const 0) "soldpaid") (data (i32.const 64) "red")
  (func $say (param i32) (call $emit (local.get 0) (i32.const 4) (i32.const 32) (i32.const 1)
    (i32.const 64) (i32.const 3)))
  (func (export "sell") (param i64) (i64.store (i32.const 32) (local.get 0))
    (call $say (i32.const 0)))
  (func (export "pay") (call $say (i32.const 4)))
  (func (export "many") (local $i i32)
    (loop $more (call $say (i32.const 0))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 250))))))
END
    start_node dev
    shop=$("$AUREON" deploy shop.wat)
    "$AUREON" call "$shop" sell u64:1 >/dev/null
    "$AUREON" call "$shop" pay >/dev/null
    "$AUREON" call "$shop" sell u64:2 >/dev/null
}

teardown() {
    end_nodes
}

# wait_for_lines COUNT: until the follower has printed so many.
wait_for_lines() {
    for _ in $(seq 200); do
        [ "$(wc -l <followed)" -ge "$1" ] && break
        sleep 0.05
    done
    [ "$(wc -l <followed)" -eq "$1" ]
}

two=0x02$(printf '0%.0s' {1..62})

@test "a line for each event, the oldest first, filtered" {
    aureon logs
    expect 0
    [ "$(wc -l <<<"$output")" -eq 3 ]
    [[ $(sed -n 1p <<<"$output") == "2-0-0 $shop sold ["*"] "*red* ]]
    [[ $(sed -n 2p <<<"$output") == "3-0-0 $shop paid "* ]]
    aureon logs "$shop" --name sold
    [ "$(cut -d' ' -f1 <<<"$output" | xargs)" = "2-0-0 4-0-0" ]
    aureon logs --topic "$two"
    [ "$(cut -d' ' -f1 <<<"$output")" = 4-0-0 ]
    "$AUREON" call "$shop" pay --from bob >/dev/null
    aureon logs --account bob
    [ "$(cut -d' ' -f1 <<<"$output")" = 5-0-0 ]
    aureon logs "$shop" --account alice --name paid
    [ "$(cut -d' ' -f1 <<<"$output")" = 3-0-0 ]
    aureon logs --from-height 3 --to-height 3
    [ "$(cut -d' ' -f1 <<<"$output")" = 3-0-0 ]
    aureon logs --cursor 3-0-0 --to-height 4
    [ "$(cut -d' ' -f1 <<<"$output")" = 4-0-0 ]
    aureon logs alice
    expect 0
    [ -z "$output" ]
}

@test "--json: a document a line, as the node has them" {
    aureon logs "$shop" --json
    expect 0
    curl --silent "$AUREON_URL/v1/events?order=asc" | jq --compact-output '.items[]' >expected
    [ "$(wc -l <expected)" -eq 3 ]
    diff expected - <<<"$output"
}

@test "more than a page" {
    "$AUREON" call "$shop" many >/dev/null
    aureon logs
    expect 0
    [ "$(wc -l <<<"$output")" -eq 253 ]
    [ "$(cut -d' ' -f1 <<<"$output" | sort -u | wc -l)" -eq 253 ]
    [[ $(tail -n 1 <<<"$output") == "5-0-249 "* ]]
}

@test "--follow: what comes, each once, and where to go on after the node has gone" {
    "$AUREON" logs "$shop" --follow >followed 2>said 3>&- &
    follower=$!
    wait_for_lines 3
    "$AUREON" call "$shop" many >/dev/null
    wait_for_lines 253
    "$AUREON" call "$shop" pay >/dev/null
    wait_for_lines 254
    stop_node
    code=0
    wait "$follower" || code=$?
    [ "$code" -eq 3 ]
    grep --quiet -- "--cursor 6-0-0" said
    [ "$(cut -d' ' -f1 followed | sort -u | wc -l)" -eq 254 ]
}

# ids FROM: those of the stream behind a cursor.
ids() {
    curl --silent --no-buffer --max-time 1 --header "Last-Event-ID: $1" \
        "$AUREON_URL/v1/events/stream?contract=$shop&name=sold" | sed -n 's/^id: //p' | xargs
}

@test "the stream goes on where it was after a restart; a rollback takes events along" {
    stop_node
    start_node dev --data-dir chain
    shop=$("$AUREON" deploy shop.wat)
    for number in 1 2 3; do "$AUREON" call "$shop" sell "u64:$number" >/dev/null; done
    [ "$(ids 2-0-0)" = "3-0-0 4-0-0" ]
    stop_node
    start_node dev --data-dir chain
    "$AUREON" call "$shop" sell u64:4 >/dev/null
    [ "$(ids 2-0-0)" = "3-0-0 4-0-0 5-0-0" ]
    stop_node
    "$AUREON" state rollback chain --to 3
    start_node dev --data-dir chain
    [ "$(ids 1-0-0)" = "2-0-0 3-0-0" ]
}

@test "what is wrong is said" {
    aureon logs --follow --to-height 3
    expect_refused 2 "--to-height"
    aureon logs --topic 0x12
    expect_refused 4 "topic"
    aureon logs --account nobody
    expect_refused 8 "nobody"
    aureon logs --name ""
    expect_refused 4 "name"
    aureon logs --cursor 1-2
    expect_refused 4 "cursor"
}
