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

@test "an accepted module: sizes, prices, imports and exports" {
    cat >all.wat <<-END
	(module
	  (import "env" "log" (func \$log (param i32 i32)))
	  (import "env" "arg_count" (func (result i32)))
	  (memory (export "memory") 5 9) (table 7 funcref) (start 2) (func)
	  (data (i32.const 0) "nine byte")
	  (func (export "init") (param i32 i32))
	  (func (export "migrate"))
	  (func (export "__hidden"))
	  (func (export "a b"))
	  (func (export "float") (param i64 f32))
	  (func (export "half") (result f64) (f64.const 0.5))
	  (func (export "two") (result i32 i32) (i32.const 1) (i32.const 1))
	  (func (export "good") (param i64 i32 i32) (result i64) (local.get 0)))
	END
    aureon check all.wat
    expect 0
    [[ $output == *"memory   5 of at most 9 pages"* ]]
    [[ $output == *"table    7 entries"* ]]
    [[ $output == *"start "* ]]
    # 1 KiB of code, 2 x 8 bytes of data, 7 entries, one page beyond four: 41,009 steps
    [[ $output == *"entry    42 gas, of each call"* ]]
    [[ $output == *"import   log, 10 gas and 20 steps per byte"* ]]
    [[ $output == *"import   arg_count, 1 gas"$'\n'* ]]
    [[ $output == *"export   good(i64, i32, i32) -> i64"* ]]
    [ -z "$stderr" ]
    aureon check all.wat --json
    expect 0
    expect_json .entry_gas 42
    expect_json .compile_gas 1
    expect_json .data_size 9
    expect_json '[.pages_min, .pages_max, .table_size, .functions] | join(" ")' "5 9 7 9"
    expect_json '[.imports[] | .name + " " + .steps + " " + .steps_per_byte] | join(",")' \
        "log 10000 20,arg_count 1000 0"
    expect_json '[.exports[] | select(.callable) | .name] | join(" ")' good
    while IFS=: read -r name obstacle; do
        expect_json ".exports[] | select(.name == \"$name\") | .obstacle" "$obstacle"
    done <<-END
	init:only a deployment calls it
	migrate:only an upgrade calls it
	__hidden:names that begin with __ are reserved
	a b:names of functions are letters, digits and _, at most 64
	float:a parameter is a float
	half:its result is a float
	two:it gives more than one value
	END
    [ "$(json .bodies_size)" -lt "$(json .size)" ]
    [ "$(json .instrumented_size)" -gt "$(json .size)" ]
}

@test "functions that take bytes need a memory whose size nobody asks for" {
    echo '(module (func (export "f") (param i32 i32)))' >none.wat
    aureon check none.wat
    expect 0
    [[ $output == *"f(i32, i32), not callable: it takes bytes, but there is no memory"* ]]
    echo '(module (memory 1) (func (export "f") (param i32 i32) (drop (memory.size))))' >size.wat
    aureon check size.wat
    expect 0
    [[ $output == *"not callable: it takes bytes, but the module uses memory.size or grow"* ]]
    aureon run size.wat f abc
    expect 5
}

@test "a refused function is named, and the flag that mends it" {
    echo '(module (func $vec (export "f") (drop (v128.const i64x2 0 0))))' >simd.wat
    aureon check simd.wat
    expect 4
    [[ $output == *"function 0 vec"* ]]
    [[ $output == *"clang    -mno-simd128"* ]]
    [[ $output == *"rustc    -C target-feature=-simd128"* ]]
    [[ $output == *"asc      without --enable simd"* ]]
    aureon check simd.wat --json
    expect_json .function_name vec
    while IFS='|' read -r compiler flags text; do
        echo "$text" >refused.wat
        aureon check refused.wat --json
        expect 4
        expect_json ".flags.$compiler" "$flags"
    done <<-END
	clang|-mno-simd128|(module (func (param v128)))
	clang|-mno-atomics without -pthread -Wl,--shared-memory|(module (memory 1 1 shared))
	clang|-mno-atomics without -pthread -Wl,--shared-memory|(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))
	clang|-mcpu=mvp -mno-tail-call|(module (func return_call 0))
	clang|-mno-reference-types|(module (func (param externref)))
	clang|-mno-reference-types|(module (table 1 funcref) (func (drop (table.size 0))))
	clang|-mno-reference-types|(module (table 1 funcref) (table 1 funcref))
	clang|-mno-reference-types|(module (func $f) (elem declare func $f))
	clang|-mno-multimemory|(module (memory 1) (memory 1))
	clang|-fno-exceptions|(module (tag))
	rustc|-C target-feature=-gc|(module (type (struct)))
	clang|--target=wasm32|(module (memory i64 1))
	clang|-mno-extended-const|(module (global i32 (i32.add (i32.const 1) (i32.const 2))))
	clang|without -Wl,--import-memory -Wl,-shared|(module (import "env" "memory" (memory 1)))
	clang|without -Wl,--import-table -Wl,-pie|(module (import "env" "t" (table 1 funcref)))
	clang|-fno-PIC without -Wl,--unresolved-symbols=import-dynamic|(module (import "env" "__memory_base" (global i32)))
	clang|--target=wasm32 -nostdlib|(module (import "wasi_snapshot_preview1" "fd_write" (func)))
	clang|without -mllvm -wasm-enable-sjlj|(module (import "env" "__wasm_longjmp" (func)))
	clang|without -Wl,--allow-undefined|(module (import "env" "launch" (func)))
	asc|--initialMemory 1|(module (memory 257))
	END
    echo '(module (func (result i32)))' >type.wat
    aureon check type.wat --json
    expect 4
    expect_json '.flags // "none"' none
}

@test "names that would steer a terminal are escaped" {
    printf '(module (func (@name "a\\1b[31m") (result i32)))' >steer.wat
    aureon check steer.wat
    expect 4
    [[ $output == *'function 0 a\x1b[31m'* ]]
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
    expect_json .message 'line 2, column 1: expected `)`'
    aureon run cut.wat f
    expect 4
    [ -z "$output" ]
    [[ $stderr == *cut.wat* ]]
}

@test "a source in C is none, and aureon build is named" {
    for file in "$AUREON_SOURCE_DIR"/contracts/{counter/counter,token/token}.c; do
        aureon check "$file" --json
        expect 4
        expect_json .rule text
        [[ $(json .message) == *'`aureon build` makes binaries of sources in C' ]]
    done
    printf ' \t\r\n;; a comment\n(; one ;) (module)' >comment.wat
    aureon check comment.wat
    expect 0
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
