#!/usr/bin/env bats
# A node that is given modules made to keep a compiler busy: it answers meanwhile, and goes on.

load helper.sh
load node.sh

setup() {
    enter_temp
}

teardown() {
    end_nodes
}

# bomb NAME [BYTES]: writes the module of tests/support/bombs.h.
bomb() {
    "$AUREON_BUILD_DIR/tests/bomb" "$@" >bomb.wasm
}

# deploy_bomb [COMMAND]: deploys it, and meanwhile asks the node again and again and runs the command
# each time. Sets deployed to deploy's status, answers to how often the node answered.
deploy_bomb() {
    local deploy
    "$AUREON" deploy bomb.wasm --gas 3990000 --timeout 60 >deploy.out 2>deploy.err 3>&- &
    deploy=$!
    answers=0
    while kill -0 "$deploy" 2>/dev/null; do
        ${1:-true}
        request GET /health
        expect 200
        request GET /v1/account/alice
        expect 200
        answers=$((answers + 1))
    done
    deployed=0
    wait "$deploy" || deployed=$?
}

stop_helper() {
    pkill -STOP -P "$node_pid" || true
}

@test "while a bomb is compiled the node answers; then it is there" {
    bomb "loops" 130000 # a quarter of the largest, which a busy machine may give up
    start_node dev
    deploy_bomb
    cat deploy.err
    [ "$deployed" -eq 0 ]
    [ "$answers" -ge 1 ]
    "$AUREON" contract show "$(cat deploy.out)"
    stop_node
}

@test "a module that no helper gets done is dropped, and the next contract deployed" {
    bomb "nested loops"
    start_node dev
    deploy_bomb stop_helper
    [ "$deployed" -ne 0 ]
    [[ $(cat deploy.err) == *tx-dropped* ]]
    [ "$answers" -ge 10 ]
    [ "$("$AUREON" account alice --json | jq --raw-output .next_nonce)" = 0 ]
    "$AUREON" deploy "$counter_wat"
    stop_node
}

@test "a module that takes all its price pays for it, and is there" {
    bomb "dead code"
    start_node dev
    contract=$("$AUREON" deploy bomb.wasm --gas 3990000 --timeout 60)
    "$AUREON" view "$contract" run i64:5
    stop_node
}

@test "what the validator refuses is never compiled" {
    start_node dev
    for name in "too many blocks" "one function" "blocks without end" "50,000 locals in a function"; do
        bomb "$name"
        aureon check bomb.wasm
        expect 4
        [[ $output == *limit* ]]
        aureon deploy bomb.wasm --gas 3990000
        [ "$status" -ne 0 ]
        [[ $stderr == *invalid_module* ]]
    done
    stop_node
}
