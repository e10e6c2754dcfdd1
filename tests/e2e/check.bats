#!/usr/bin/env bats
# aureon check: the verdict on binary and text modules.

load helper.sh

setup() {
    enter_temp
}

@test "text and binary modules are accepted" {
    for file in "$counter_wat" "$counter_c" "$failures"; do
        aureon check "$file"
        expect 0
        [[ $output == "ok"* ]]
        [ -z "$stderr" ]
    done
    aureon check "$counter_c" --json
    expect 0
    expect_json .ok true
    expect_json .size "$(stat -c %s "$counter_c")"
}

@test "content decides, not the name" {
    cp "$counter_c" counter.wat
    cp "$counter_wat" counter.wasm
    aureon check counter.wat
    expect 0
    aureon check counter.wasm
    expect 0
}

@test "a refused module: rule, function, offset, sentence, exit 4" {
    echo '(module (func) (func (result i32) (f32.const 1) (drop) (i32.const 1) (i32.const 2)))' >bad.wat
    aureon check bad.wat
    expect 4
    [[ $output == *"refused"* ]]
    [[ $output == *"type"* ]]
    aureon check bad.wat --json
    expect 4
    expect_json .ok false
    expect_json .rule type
    expect_json .function 1
    [ -n "$(json .offset)" ]
    [ -n "$(json .message)" ]
}

@test "an import that is not offered is named" {
    echo '(module (import "env" "launch" (func)))' >import.wat
    aureon check import.wat --json
    expect 4
    expect_json .rule import
    [[ $(json .message) == *launch* ]]
}

@test "a feature that is not accepted" {
    echo '(module (func (export "f") (drop (v128.const i64x2 0 0))))' >simd.wat
    aureon check simd.wat --json
    expect 4
    expect_json .rule feature
}

@test "text that is no WebAssembly" {
    echo '(module (func' >cut.wat
    aureon check cut.wat --json
    expect 4
    expect_json .rule text
    [ -n "$(json .message)" ]
    aureon run cut.wat f
    expect 4
    [ -z "$output" ]
    [[ $stderr == *cut.wat* ]]
}

@test "a file that is neither" {
    printf '\211PNG\r\n\032\n' >image.wasm
    aureon check image.wasm --json
    expect 4
    expect_json .rule malformed
    : >empty.wasm
    aureon check empty.wasm --json
    expect 4
    [[ $(json .message) == *empty* ]]
    printf '\0asm' >cut.wasm
    aureon check cut.wasm --json
    expect 4
    expect_json .rule malformed
}

@test "a file that is too large" {
    { printf '\0asm\1\0\0\0\0\200\200\100'; head -c 1048576 /dev/zero; } >large.wasm
    aureon check large.wasm --json
    expect 4
    expect_json .rule limit
    head -c 8388609 /dev/zero | tr '\0' ' ' >huge.wat
    aureon check huge.wat --json
    expect 4
    expect_json .rule limit
    [[ $(json .message) == *"8 MiB"* ]]
}

@test "a file that is not there, or none" {
    aureon check nowhere.wasm
    expect_refused 7 "there is no such file"
    mkdir folder
    aureon check folder
    expect_refused 1 "folder"
}

@test "run refuses what check refuses, with the same document" {
    echo '(module (import "env" "launch" (func)) (func (export "f")))' >import.wat
    aureon check import.wat --json
    verdict=$output
    aureon run import.wat f --json
    expect 4
    [ "$output" = "$verdict" ]
    aureon run import.wat f
    expect 4
    [ -z "$output" ]
    [[ $stderr == *launch* ]]
}
