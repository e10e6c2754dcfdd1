#!/usr/bin/env bats
# Client commands that something else than a node answers: it must not pass for one.

load helper.sh

contract=0x0000000000000000000000000000000000000000000000000000000000000000

setup() {
    enter_temp
    unset AUREON_URL
}

teardown() {
    hang_up
}

# answer_with NAME: an impostor (impostor.py) is at AUREON_URL.
answer_with() {
    hang_up
    rm -f port
    python3 "$BATS_TEST_DIRNAME/impostor.py" "$1" >port 3>&- &
    impostor_pid=$!
    for _ in $(seq 600); do
        [ -s port ] && break
        sleep 0.02
    done
    AUREON_URL=http://127.0.0.1:$(cat port)
    export AUREON_URL
}

hang_up() {
    [ -z "${impostor_pid-}" ] || kill "$impostor_pid" || true
    impostor_pid=
}

@test "no answer, half of one and one in another language: nobody is there" {
    for name in nothing short noise; do
        answer_with "$name"
        for command in "status" "send bob 1" "contract storage $contract" "view $contract f"; do
            # shellcheck disable=SC2086 # words of a command
            aureon $command
            expect_refused 3 "no node answers at $AUREON_URL ("
        done
    done
}

@test "an answer that no node gives: exit 3" {
    for name in endless elsewhere page list failure; do
        answer_with "$name"
        for command in "status" "balance bob" "contract storage $contract" "view $contract f"; do
            # shellcheck disable=SC2086
            aureon $command
            expect_refused 3 "what answers at $AUREON_URL is no node"
        done
    done
}

@test "a document without what was asked for: exit 3, the member" {
    for name in object deep; do
        answer_with "$name"
        aureon balance bob
        expect_refused 3 "'balance' is not a text"
        aureon send bob 1
        expect_refused 3 "'mode' is not a text"
        aureon contract storage "$contract"
        expect_refused 3 "'items' is not a list of entries"
        aureon view "$contract" f
        expect_refused 3 "'outcome' is not a number"
    done
    answer_with entries
    aureon contract storage "$contract"
    expect_refused 3 "'items' is not a list of entries"
}

@test "a transaction whose answer is lost: exit 3, and how to ask for it" {
    id=$("$AUREON" tx decode "@$AUREON_SOURCE_DIR/examples/call.tx" --json | jq --raw-output .hash)
    for name in short page; do
        answer_with "$name"
        aureon tx send "@$AUREON_SOURCE_DIR/examples/call.tx"
        expect 3
        [ -z "$output" ]
        [[ ${stderr_lines[1]} == *"\`aureon tx get $id\`" ]]
    done
}

@test "what is no module is not saved as code" {
    answer_with page
    printf 'old' >code.wasm
    aureon contract code "$contract" code.wasm
    expect_refused 3 "its answer is no module"
    [ "$(cat code.wasm)" = old ]
}

@test "a page reaches a file as it is, a terminal without what steers it" {
    answer_with page
    "$AUREON" api GET /page >page
    printf '<html>\033[31m</html>\n' | cmp - page
    run script --quiet --return --command "'$AUREON' api GET /page" /dev/null
    [ "$output" = $'<html>\\x1b[31m</html>\r' ]
}

@test "a problem document cannot steer the terminal" {
    answer_with steering
    aureon status
    expect_refused 4 't\x0at (c\x1b[31m)'
}

@test "decoded members of no form are no trouble, and cannot steer" {
    for i in {0..10}; do
        answer_with "trace-odd-$i"
        aureon tx trace "$contract"
        expect 0
        [ "${#lines[@]}" -ge 8 ]
        [[ $output$stderr != *$'\x1b'* ]]
    done
}

@test "a trace is refused if functions are inside of what cannot be; names cannot steer or split" {
    for name in itself later below nowhere unnumbered deep many; do
        answer_with "trace-$name"
        aureon tx trace "$contract"
        expect_refused 3 "'trace' is not a list of entries"
    done
    answer_with trace
    aureon tx trace "$contract"
    expect 0
    grep -qF '       0.090    fn \x1b[31m;\x0a own=0.001 calls=1' <<<"$output"
    grep -qF '       0.020      fn func[7] own=0.001 calls=1' <<<"$output"
    aureon tx trace "$contract" --folded
    expect 0
    grep -qxF 'f@;\x1b[31m,\x0a;func[7];log 1' <<<"$output"
    grep -qxF 'f@;\x1b[31m,\x0a;func[7] 19' <<<"$output"
    aureon tx trace "$contract" --speedscope
    expect 0
    [ "$(jq '.profiles[0].weights | add' <<<"$output")" -eq 100 ]
}
