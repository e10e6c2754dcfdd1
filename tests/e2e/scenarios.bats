#!/usr/bin/env bats
# aureon test: what scenarios find, and what they find wrong.

load helper.sh

setup() {
    enter_temp
    cp "$counter_wat" counter.wat
}

# write_scenario STEP...: one.scen.json deploys the counter, then does these.
write_scenario() {
    local step
    {
        echo '{"format": 1, "steps": [{"deploy": "counter.wat"}'
        for step in "$@"; do echo ",$step"; done
        echo ']}'
    } >one.scen.json
}

# expect_fail TEXT: the last step, after the deployment, fails with a sentence that has this.
expect_fail() {
    aureon test
    expect 1
    [ -z "$stderr" ]
    if [[ $output != *"  FAIL  "*$'\n        '*"$1"* ]]; then
        printf 'expected a step that fails with: %s\nstdout: %s\n' "$1" "$output" >&2
        return 1
    fi
}

# write_typed STEP...: one.scen.json deploys the counter that tells of itself, then does these.
write_typed() {
    cp "$counter_c" counter.wasm
    write_scenario "$@"
    sed -i 's,counter\.wat,counter.wasm,' one.scen.json
}

@test "the counter's scenario passes; without an ABI values say their types" {
    sed 's,build/counter\.wasm,counter.wasm,' "$AUREON_SOURCE_DIR/contracts/counter/counter.scen.json" >c.scen.json
    cp "$counter_c" counter.wasm
    write_scenario '{"call": "counter", "function": "increment", "args": ["u64:41"], "from": "bob", "expect": {"output": "u64:41", "events": [], "storage": [{"contract": "counter", "key": "counter", "value": "u64:41"}]}}' \
        '{"call": "counter", "function": "increment", "args": ["u64:18446744073709551615"], "expect": {"outcome": "reverted", "revert_code": 1}}'
    aureon test
    expect 0
    [ "${lines[-1]}" = "14 passed, 0 failed" ]
}

@test "what is expected by name and type is told by name and type" {
    local increment='"call": "counter", "function": "increment", "args": {"by": 5}'
    local overflow='"call": "counter", "function": "increment", "args": ["18446744073709551615"]'
    write_typed "{$increment, \"expect\": {\"output\": 6}}"
    expect_fail 'output: expected "6", got "5"'
    write_typed "{$increment, \"expect\": {\"output\": \"five\"}}"
    expect_fail 'output: expected u64, got "five"'
    write_typed "{$increment, \"expect\": {\"output\": \"raw:0x0500000000000001\"}}"
    expect_fail 'output: expected "72057594037927941", got "5"'
    write_typed '{"call": "counter", "function": "increment", "args": {"bi": 5}}'
    expect_fail "args: expected the members by, got 'bi'"
    write_typed '{"call": "counter", "function": "increment", "args": ["u64:5"]}'
    expect_fail 'args.by: expected u64, got "u64:5"'
    write_typed "{$increment}" "{$overflow}"
    expect_fail 'expected success, got reverted Overflow(counter="5", by="18446744073709551615"): the counter would exceed 64 bits'
    write_typed "{$increment}" "{$overflow, \"expect\": {\"error\": {\"Overflow\": {\"counter\": 6}}}}"
    expect_fail 'error.counter: expected "6", got "5"'
    write_typed "{$increment}" "{$overflow, \"expect\": {\"error\": \"NotPayable\"}}"
    expect_fail 'error: expected NotPayable, got Overflow(counter="5"'
    write_typed "{$increment}" "{$overflow, \"expect\": {\"error\": \"Full\"}}"
    expect_fail "error: the contract's ABI has no 'Full'"
    write_typed "{$increment}" "{$overflow, \"expect\": {\"error\": {\"Overflow\": {\"b\": 1}}}}"
    expect_fail "error: expected a field of Overflow, got 'b'"
    write_typed "{$increment, \"expect\": {\"error\": \"Overflow\"}}"
    expect_fail 'expected reverted, got success'
    write_scenario "{$increment}"
    expect_fail 'args: expected a list, since no ABI names the arguments of this function, got an object'
}

@test "fields of events, and storage by name" {
    local increment='"call": "counter", "function": "increment", "args": {"by": 5}, "from": "bob"'
    write_typed "{$increment, \"expect\": {\"events\": [{\"name\": \"Incremented\", \"fields\": {\"who\": \"@carol\"}}]}}"
    expect_fail 'events[0].who: expected "aur1dl253d'
    [[ $output == *', got "aur1fhtqpue'* ]]
    write_typed "{$increment, \"expect\": {\"events\": [{\"name\": \"Incremented\", \"fields\": {\"by\": 6}}]}}"
    expect_fail 'events[0].by: expected "6", got "5"'
    write_typed "{$increment, \"expect\": {\"events\": [{\"name\": \"Incremented\", \"fields\": {\"at\": 6}}]}}"
    expect_fail "events[0]: expected a field of Incremented, got 'at'"
    write_typed "{$increment, \"expect\": {\"events\": [{\"name\": \"Incremented\", \"topics\": [\"str:x\"]}]}}"
    expect_fail 'events[0].topics[0]: expected 0x78'
    write_typed "{$increment, \"expect\": {\"storage\": [{\"contract\": \"counter\", \"name\": \"counter\", \"value\": 6}]}}"
    expect_fail 'storage of counter, counter: expected "6", got "5"'
    write_typed "{$increment, \"expect\": {\"storage\": [{\"contract\": \"counter\", \"name\": \"total\", \"value\": 6}]}}"
    expect_fail "storage: the contract's ABI has no 'total'"
    write_typed "{$increment, \"expect\": {\"storage\": [{\"contract\": \"counter\", \"name\": \"counter\", \"key\": \"x\", \"value\": 6}]}}"
    expect_fail 'storage: counter is no map: expected no key, got one'
}

@test "maps, records, and topics that are hashes" {
    local give='"call": "registry", "function": "give", "args": {"label": "pears", "to": "@bob"}'
    cp "$AUREON_CONTRACTS_DIR/registry.wasm" .
    # Of a scenario that takes a name and then does this.
    try() {
        echo '{"format": 1, "steps": [{"deploy": "registry.wasm"},' \
            '{"call": "registry", "function": "take", "args": ["pears"]},' "$1]}" >one.scen.json
    }
    try "{$give, \"expect\": {\"events\": [{\"name\": \"Given\", \"fields\": {\"name\": \"apples\"}}]}}"
    expect_fail "events[0].name: expected \"apples\", got another value, with the topic 0x$(
        printf '\5\0\0\0pears' | sha256sum | cut -c 1-64)"
    try '{"expect": {"storage": [{"contract": "registry", "name": "record", "key": "pears", "value": {"owner": "@bob", "text": ""}}]}}'
    expect_fail 'storage of registry, record["pears"]: expected {"owner":"aur1fhtqpue'
    [[ $output == *'"text":""}, got {"owner":"aur1epvfe'* ]]
    try '{"expect": {"storage": [{"contract": "registry", "name": "record", "key": "plums", "value": {"owner": "@bob", "text": ""}}]}}'
    expect_fail '"text":""}, got none'
    try '{"expect": {"storage": [{"contract": "registry", "name": "record", "value": null}]}}'
    expect_fail 'storage: record is a map: expected a key, got none'
    try '{"expect": {"storage": [{"contract": "registry", "name": "record", "key": 5, "value": null}]}}'
    expect_fail "storage.key: expected string, got \"5\""
}

@test "events that are too many are named" {
    local increment='"call": "counter", "function": "increment"'
    write_typed "{$increment, \"expect\": {\"events\": []}}"
    expect_fail 'events: expected 0, got 1: Incremented'
}

@test "an event that is not what the ABI says is no event of it" {
    cat >odd.c <<'END'
#include "aureon_contract.h"

AUREON_CONTRACT(odd, 1.0.0)
AUREON_EVENT(Odd, "eight bytes", (u64, size))
AUREON_FN(init, void, init, "Says what the ABI says")
{
    emit_Odd(8);
}
AUREON_FN(run, void, mut, "Says too much")
{
    emit_Odd(1);
    aureon_emit("Odd", 3, 0, 0, "123456789", 9);
}
END
    aureon build
    rm counter.wat
    echo '{"format": 1, "steps": [{"deploy": "build/odd.wasm", "expect":' \
        '{"events": [{"name": "Odd", "contract": "odd", "fields": {"size": 8}}]}},' \
        '{"call": "odd", "function": "run", "expect":' \
        '{"events": [{"name": "Odd", "fields": {"size": 1}}, {"name": "Odd", "fields": {"size": 1}}]}}]}' >one.scen.json
    expect_fail 'events[1]: what was given is not what the ABI says'
}

@test "each expectation that is not met is told" {
    local increment='"call": "counter", "function": "increment"'
    write_scenario "{$increment, \"expect\": {\"output\": \"u64:2\"}}"
    expect_fail 'output: expected 0x0200000000000000  u64 2, got 0x0100000000000000  u64 1'
    write_scenario "{$increment, \"expect\": {\"outcome\": \"trapped\"}}"
    expect_fail 'expected trapped, got success'
    write_scenario "{$increment, \"args\": [\"u64:1\", \"u64:1\", \"u64:1\"]}"
    expect_fail 'expected success, got reverted: the contract reverted with code 3: '
    write_scenario "{$increment, \"expect\": {\"logs\": [\"counter = 2\"]}}"
    expect_fail 'logs[0]: expected 0x636f756e746572203d2032  "counter = 2", got 0x636f756e746572203d2031  "counter = 1"'
    write_scenario "{$increment, \"expect\": {\"logs\": []}}"
    expect_fail 'logs: expected 0, got 1'
    write_scenario "{$increment, \"expect\": {\"events\": [{\"name\": \"E\"}]}}"
    expect_fail 'events: expected 1, got 0'
    write_scenario "{$increment, \"expect\": {\"gas_max\": 20}}"
    expect_fail 'gas_max: expected at most 20, got 146'
    write_scenario "{$increment, \"args\": [\"x\"], \"expect\": {\"outcome\": \"reverted\", \"revert_code\": 4}}"
    expect_fail 'revert_code: expected 4, got 3'
    write_scenario "{$increment, \"expect\": {\"balances\": {\"counter\": \"1\"}}}"
    expect_fail 'balances.counter: expected 1, got 0'
    write_scenario "{$increment, \"expect\": {\"storage\": [{\"contract\": \"counter\", \"key\": \"counter\", \"value\": null}]}}"
    expect_fail 'storage of counter, key 0x636f756e746572  "counter": expected none, got 0x0100000000000000  u64 1'
    write_scenario "{$increment, \"value\": \"2000000\"}"
    expect_fail 'expected success, got invalid balance: the balance does not cover fee and amount'
    write_scenario "{$increment, \"gas\": 90}"
    expect_fail 'expected success, got out_of_gas'
    write_scenario '{"upgrade": "counter", "code": "none.wat"}'
    expect_fail "there is no file './none.wat'; "
}

@test "a step that fails ends its scenario, not the others" {
    write_scenario '{"view": "counter", "function": "none"}' '{"advance": {}}'
    echo '{"format": 1, "steps": [{"advance": {}}]}' >two.scen.json
    aureon test
    expect 1
    [ "${lines[-1]}" = "2 passed, 1 failed, 1 not run" ]
    aureon test --json
    expect 1
    expect_json .passed 2
    expect_json .failed 1
    expect_json .not_run 1
    expect_json '.scenarios[0].steps[1].step' "view counter none"
    expect_json '.scenarios[0].not_run' 1
    aureon test two.scen.json
    expect 0
}

@test "gas is compared with that of the last run that passed" {
    mkdir build
    write_scenario '{"call": "counter", "function": "increment"}'
    aureon test
    expect 0
    [[ $output != *"than before"* ]]
    aureon test
    [[ $output != *"than before"* ]]
    sed -i 's/"146"/"150"/' .aureon/gas.json
    aureon test --json
    expect_json '.scenarios[0].steps[1].gas_before' 150
    aureon test
    expect 0
    [[ $output != *"than before"* ]] # the run before kept what it found
    sed -i 's/"146"/"140"/' .aureon/gas.json
    aureon test one.scen.json # of one file: nothing is kept
    [[ $output == *"6 more than before"* ]]
    aureon test
    [[ $output == *"6 more than before"* ]]
    echo x >.aureon/gas.json
    aureon test
    expect 0
    [[ $stderr == *".aureon/gas.json' is not what a test left there"* ]]
}

@test "files that are none" {
    aureon test none.scen.json
    expect_refused 7 "none.scen.json"
    aureon test counter.c
    expect_refused 2 "expected a scenario, NAME.scen.json, or a native test, NAME_test.c, got 'counter.c'"
    aureon test
    expect_refused 7 "there is no scenario in '.', a file whose name ends in .scen.json, and no native test, _test.c"
    echo '{"format": 2, "steps": []}' >a.scen.json
    aureon test
    expect_refused 2 "'a.scen.json': format: expected 1, got 2"
    echo '{"format": 1, "steps": [' >a.scen.json
    aureon test
    expect_refused 2 "'a.scen.json': line 2"
}

# write_maker STEP...: maker.scen.json puts the counter's code on the chain and a factory that makes
# contracts, and becomes another; then it does these.
write_maker() {
    local step
    cp "$counter_c" counter.wasm
    cat >factory.wat <<'END'
(module
  (import "env" "deploy" (func $deploy (param i32 i32 i32 i64 i64 i32) (result i32)))
  (import "env" "upgrade" (func $upgrade (param i32) (result i32)))
  (memory 1 1)
  (func $make (export "make") (param $hash i32) (param $size i32) (result i32)
    (call $deploy (local.get $hash) (i32.const 0) (i32.const 4) (i64.const 0) (i64.const 0) (i32.const 64)))
  (func (export "make_two") (param $hash i32) (param $size i32) (result i32)
    (drop (call $make (local.get $hash) (local.get $size)))
    (call $make (local.get $hash) (local.get $size)))
  ;; another factory, whose init makes one of the code
  (func (export "make_maker") (param $own i32) (param i32) (param $hash i32) (param i32) (result i32)
    (i32.store (i32.const 128) (i32.const 1))
    (i32.store (i32.const 132) (i32.const 32))
    (memory.copy (i32.const 136) (local.get $hash) (i32.const 32))
    (call $deploy (local.get $own) (i32.const 128) (i32.const 40) (i64.const 0) (i64.const 0) (i32.const 64)))
  (func (export "init") (param $hash i32) (param $size i32)
    (if (local.get $size) (then (drop (call $make (local.get $hash) (local.get $size))))))
  (func (export "become") (param $hash i32) (param $size i32) (result i32)
    (call $upgrade (local.get $hash))))
END
    {
        echo '{"format": 1, "steps": [{"deploy": "counter.wasm"},'
        echo '{"deploy": "factory.wat", "args": ["0x"], "creates": []}'
        for step in "$@"; do echo ",$step"; done
        echo ']}'
    } >maker.scen.json
}

make='"call": "factory", "function": "make", "args": ["code_hash:counter"]'
make_two='"call": "factory", "function": "make_two", "args": ["code_hash:counter"]'

@test "contracts that contracts make are named, and known by the ABI of their code" {
    write_maker "{$make, \"creates\": [\"one\"], \"expect\": {\"output\": \"u32:0\", \"balances\": {\"one\": \"0\"}}}" \
        '{"call": "one", "function": "increment", "args": {"by": 5}, "expect": {"output": 5, "events": [{"name": "Incremented", "contract": "one", "fields": {"by": 5, "who": "@alice", "counter": 5}}]}}' \
        '{"expect": {"storage": [{"contract": "one", "name": "counter", "value": 5}, {"contract": "counter", "name": "counter", "value": 0}]}}' \
        "{$make}" \
        "{$make_two, \"creates\": [\"two\", \"three\"]}" \
        '{"call": "three", "function": "increment", "args": ["7"]}' \
        '{"expect": {"storage": [{"contract": "one", "name": "counter", "value": 5}, {"contract": "two", "name": "counter", "value": 0}, {"contract": "three", "name": "counter", "value": 7}]}}' \
        '{"transfer": "two", "amount": "1.5", "expect": {"balances": {"two": "1.5"}}}'
    aureon test
    expect 0
    [ "${lines[-1]}" = "10 passed, 0 failed" ]
}

@test "contracts that are made by made ones come last" {
    write_maker '{"call": "factory", "function": "make_maker", "args": ["code_hash:factory", "code_hash:counter"], "creates": ["maker", "counter-2"]}' \
        '{"view": "counter-2", "function": "get", "expect": {"output": 0}}' \
        '{"call": "maker", "function": "make", "args": ["code_hash:counter"], "creates": ["counter-3"]}' \
        '{"view": "counter-3", "function": "get", "expect": {"output": 0}}' \
        '{"deploy": "factory.wat", "as": "another", "args": ["code_hash:counter"], "creates": ["counter-4"]}' \
        '{"view": "counter-4", "function": "get", "expect": {"output": 0}}'
    aureon test
    expect 0
    [ "${lines[-1]}" = "8 passed, 0 failed" ]
}

@test "another number of made contracts than named is told" {
    write_maker "{$make_two, \"creates\": [\"a\"]}"
    expect_fail 'creates: expected 1, got 2'
    write_maker "{$make, \"creates\": [\"a\", \"b\"]}"
    expect_fail 'creates: expected 2, got 1'
    write_maker "{$make, \"gas\": 200, \"creates\": [\"a\"], \"expect\": {\"outcome\": \"out_of_gas\"}}"
    expect_fail 'creates: expected 1, got 0'
    write_maker '{"call": "factory", "function": "make", "args": ["code_hash:one"], "creates": ["one"]}'
    expect_fail "args[0]: expected behind code_hash: the name of a contract that was deployed, got 'one'"
}

@test "a contract that upgrades itself is known by its new code from the next step on" {
    write_maker '{"call": "factory", "function": "become", "args": ["code_hash:counter"], "expect": {"output": "u32:0"}}' \
        '{"call": "factory", "function": "increment", "args": {"by": 2}, "expect": {"output": 2}}' \
        '{"expect": {"storage": [{"contract": "factory", "name": "counter", "value": 2}]}}'
    aureon test
    expect 0
    [ "${lines[-1]}" = "5 passed, 0 failed" ]
}
