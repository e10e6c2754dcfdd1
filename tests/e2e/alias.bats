#!/usr/bin/env bats
# Names of contracts: aureon deploy --as, --upgrade, and where a name stands for an address.

load helper.sh
load node.sh

setup_file() {
    export XDG_DATA_HOME=$BATS_FILE_TMPDIR/data
    cd "$BATS_FILE_TMPDIR" || return 1
    start_node dev
}

teardown_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    end_nodes
}

setup() {
    enter_temp
}

@test "a name stands for the contract wherever an account is meant" {
    aureon deploy "$counter_wat" --as counter
    expect 0
    address=$output
    aureon call counter increment 5 --as u64
    expect 0
    [ "$output" = 5 ]
    aureon view @counter get --as u64
    [ "$output" = 5 ]
    aureon send counter 1.5
    expect 0
    aureon balance counter
    [ "$output" = 1.5 ]
    aureon account counter --json
    expect_json .address "$address"
    aureon simulate counter increment
    expect 0
    aureon abi counter
    expect_refused 7 "counter has no section aureon_abi"
    # A name is of one folder.
    mkdir other
    cd other
    aureon view counter get
    expect_refused 8 "there is no contract and no key 'counter'; \`aureon deploy --as\` names contracts, for the folder that it is typed in"
    cd ..
    aureon view cuonter get
    expect_refused 8 "there is no contract and no key 'cuonter'; did you mean 'counter'?"
}

@test "addr: takes names" {
    cat >echo.wat <<'END'
(module
  (import "env" "return_data" (func $return (param i32 i32)))
  (memory 1 1)
  (func (export "echo") (param $data i32) (param $size i32)
    (call $return (local.get $data) (local.get $size))))
END
    aureon deploy echo.wat --as echo
    expect 0
    address=$output
    aureon view echo echo addr:echo --as addr
    expect 0
    [ "$output" = "$address" ]
    aureon call echo echo addr:@bob --as addr
    expect 0
    [ "$output" = "$("$AUREON" account bob --json | jq --raw-output .address)" ]
    aureon call echo echo addr:nobody
    expect_refused 8 "there is no contract and no key 'nobody'"
    aureon run echo.wat echo addr:bob
    expect_refused 2 "addr: expected"
}

@test "--upgrade keeps address and storage" {
    aureon deploy "$counter_wat" --as counter
    expect 0
    aureon call counter increment 7
    expect 0
    aureon deploy "$counter_c" --upgrade counter
    expect 0
    [[ $output == 0x* ]]
    aureon view counter get --as u64
    [ "$output" = 7 ]
    for word in counter @counter; do
        aureon abi "$word" --json
        expect 0
        [ "$output" = "$("$AUREON" abi "$counter_c" --json)" ]
    done
    cp "$counter_wat" counter
    aureon abi ./counter
    expect_refused 7 "./counter has no section aureon_abi"
    code=$(sha256sum <"$counter_c")
    aureon account counter --json
    expect_json .code_hash "0x${code%% *}"
    aureon deploy "$counter_wat" --upgrade counter --from bob
    expect 5
    [[ $stderr == *not_allowed* ]]
}

@test "a name that is given again is the new contract's" {
    aureon deploy "$counter_c" --as counter
    expect 0
    [ -z "$stderr" ]
    old=$output
    aureon call counter increment 7
    aureon deploy "$counter_c" --as other
    aureon deploy "$counter_c" --as counter
    expect 0
    new=$output
    [ "$stderr" = "\`counter\` was $old until now; --upgrade counter would have replaced its code" ]
    aureon view counter get --as u64
    [ "$output" = 0 ]
    run jq --raw-output '.chains[] | .counter' .aureon/aliases.json
    [ "$output" = "$new" ]
    run jq --raw-output '.chains[] | keys | join(" ")' .aureon/aliases.json
    [ "$output" = "counter other" ]
}

@test "what is not sent gives no name" {
    aureon deploy "$counter_wat" --as counter --dry-run
    expect 0
    aureon deploy "$counter_wat" --as counter --unsigned
    expect 0
    [ ! -e .aureon ]
}

@test "names and files that are none" {
    aureon deploy "$counter_wat" --as 'a b'
    expect_refused 2 "a name of 1 to 64 of a-z 0-9 - _"
    aureon deploy "$counter_wat" --as alice
    expect_refused 2 "alice"
    for option in as admin value; do
        aureon deploy "$counter_wat" --upgrade alice --"$option" bob
        expect_refused 2 "--$option is of a new contract"
    done
    mkdir .aureon
    for text in x '{}' '{"chains": {"0x00": 5}}' '{"chains": {"0x00": {"a": "b"}}}'; do
        echo "$text" >.aureon/aliases.json
        for command in 'view counter get' 'abi counter'; do
            aureon $command
            expect_refused 2 "'.aureon/aliases.json' is not what \`aureon deploy --as\` left there"
        done
        aureon deploy "$counter_wat" --as counter
        expect 2
        [ "$(cat .aureon/aliases.json)" = "$text" ]
    done
}

@test "on another chain a name is none" {
    aureon deploy "$counter_wat" --as counter
    expect 0
    start_node dev
    aureon view counter get
    expect_refused 7 "'counter' is a contract of another chain than this node's (one in memory is new after each start); \`aureon deploy FILE --as counter\` puts it on this one"
    aureon deploy "$counter_wat" --as counter
    expect 0
    aureon view counter get
    expect 0
    run jq '.chains | length' .aureon/aliases.json
    [ "$output" = 2 ]
    stop_node
}
